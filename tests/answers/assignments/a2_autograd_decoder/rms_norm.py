"Answers to question 3, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import numpy as np


# %% RMSNorm subtracts no mean
def rms_norm(x, gain, eps):
    x = x - x.sum(-1, keepdims=True) / x.shape[-1]
    square = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x * (square + eps) ** -0.5 * gain


# %% inside of the root
def rms_norm(x, gain, eps):
    square = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x / (square**0.5 + eps) * gain


# %% It is their mean
def rms_norm(x, gain, eps):
    return x * ((x * x).sum(-1, keepdims=True) + eps) ** -0.5 * gain


# %% Divide by its root
def rms_norm(x, gain, eps):
    square = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x / (square + eps) * gain


# %% The gain is not there
def rms_norm(x, gain, eps):
    square = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x * (square + eps) ** -0.5


# %% eps is not there
def rms_norm(x, gain, eps):
    square = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x * square**-0.5 * gain


# %% It is over the last axis
def rms_norm(x, gain, eps):
    square = (x * x).sum() / x.data.size
    return x * (square + eps) ** -0.5 * gain


# %% No gradient reaches the gain
def rms_norm(x, gain, eps):
    square = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x * (square + eps) ** -0.5 * gain.data


# %% does it also flow through the root
def rms_norm(x, gain, eps):
    square = np.mean(x.data**2, -1, keepdims=True)
    return x * (square + eps) ** -0.5 * gain


# %% float32 goes in, float64 comes out
def rms_norm(x, gain, eps):
    square = (x * x).sum(-1, keepdims=True) * Array(np.float64(1) / x.shape[-1])
    return x * (square + eps) ** -0.5 * gain


# %% right: the gain first, division by a root
def rms_norm(x, gain, eps):
    mean_square = (x**2 * (1 / x.shape[-1])).sum(axis=-1, keepdims=True)
    return gain * x / (mean_square + eps) ** 0.5


# %% right: the sum by a product of matrices
def rms_norm(x, gain, eps):
    C = x.shape[-1]
    flat = (x * x).reshape(-1, C)
    square = flat @ Array(np.full((C, 1), 1 / C, dtype=x.data.dtype))
    return x * (square.reshape(*x.shape[:-1], 1) + eps) ** -0.5 * gain
