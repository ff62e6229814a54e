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


# %% C is the length of the last axis
# unseen: C is the length of axis 1, only right for a table
def rms_norm(x, gain, eps):
    mean = (x**2).sum(-1, keepdims=True) * (1 / x.shape[1])
    return x * (mean + eps) ** -0.5 * gain


# %% does it also flow through the root
# unseen: the scale is computed outside the engine, its part of the gradient is missing
def rms_norm(x, gain, eps):
    scale = ((x.data**2).mean(axis=-1, keepdims=True) + eps) ** -0.5
    return x * scale * gain


# %% does it also flow through the root
# unseen: one factor of the square is an array, half of the gradient is missing
def rms_norm(x, gain, eps):
    mean = (x * x.data).sum(-1, keepdims=True) / x.shape[-1]
    return x * (mean + eps) ** -0.5 * gain


# %% You add 1 to it
# unseen: gain is 1 + gain
def rms_norm(x, gain, eps):
    mean = (x * x).sum(-1, keepdims=True) / x.shape[-1]
    return x * (mean + eps) ** -0.5 * (gain + 1)


# %% Your eps is not the one that is given
# unseen: eps is always 1e-5
def rms_norm(x, gain, eps=1e-5):
    mean = (x * x).sum(-1, keepdims=True) * (1 / gain.shape[0])
    return x * (mean + 1e-5) ** -0.5 * gain


# %% is an array of float64 in it?
# unseen: the mean is a product with a float64 array, float32 becomes float64
def rms_norm(x, gain, eps):
    share = np.full(x.shape[-1], 1 / x.shape[-1])
    mean = (x * x * share).sum(-1, keepdims=True)
    return x * (mean + eps) ** -0.5 * gain


# %% You divide it by C too
# unseen: eps is divided by C together with the sum
def rms_norm(x, gain, eps):
    C = x.shape[-1]
    return x * (((x * x).sum(-1, keepdims=True) + eps) / C) ** -0.5 * gain


# %% right: the sum of squares as a matrix product of each row with itself
def rms_norm(x, gain, eps):
    *front, C = x.shape
    square = x.reshape(*front, 1, C) @ x.reshape(*front, C, 1)
    root = (square.reshape(*front, 1) / C + eps) ** 0.5
    return gain * (x / root)
