"Answers to question 4, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import numpy as np


# %% You turn neighbours
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = np.repeat(np.cos(angles), 2, -1)
    sin = np.repeat(np.sin(angles), 2, -1)
    sin[:, ::2] *= -1
    order = np.arange(D).reshape(-1, 2)[:, ::-1].ravel()
    return x * cos + x[..., order] * sin


# %% The first position is 0
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(1, T + 1), base ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% The exponent is -2i / D
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(D // 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% You turn the other way round
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([angles, -angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% not those of transformers
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% not those of transformers
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% not those of transformers
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.arange(D)
    return x * cos + x[..., order] * sin


# %% No gradient reaches x
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return Array(x.data * cos + x.data[..., order] * sin)


# %% cast the angles
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = Array(np.cos(np.concatenate([angles, angles], -1)))
    sin = Array(np.sin(np.concatenate([-angles, angles], -1)))
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% not those of transformers
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), 10000.0 ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% right: a product with a matrix that exchanges the halves
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = np.cos(np.concatenate([angles, angles], -1)).astype(x.data.dtype)
    sin = np.sin(np.concatenate([-angles, angles], -1)).astype(x.data.dtype)
    order = np.roll(np.eye(D), D // 2, 1)
    return x * cos + x @ Array(order.astype(x.data.dtype)) * sin


# %% right: halves, joined by padding products
def rotate(x, base):
    T, D = x.shape[-2:]
    half = D // 2
    speeds = np.array([base ** (-2 * i / D) for i in range(half)])
    angles = np.arange(T)[:, None] * speeds
    kind = x.data.dtype
    cos, sin = np.cos(angles).astype(kind), np.sin(angles).astype(kind)
    a, b = x[..., :half], x[..., half:]
    left = Array(np.eye(half, D, dtype=kind))
    right = Array(np.eye(half, D, half, dtype=kind))
    return (a * cos - b * sin) @ left + (b * cos + a * sin) @ right
