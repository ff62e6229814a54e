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


# %% The minus is missing
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


# %% cast sines and cosines
def rotate(x, base):
    T, D = x.shape[-2:]
    angles = np.outer(np.arange(T), base ** (-np.arange(0, D, 2) / D))
    cos = Array(np.cos(np.concatenate([angles, angles], -1)))
    sin = Array(np.sin(np.concatenate([-angles, angles], -1)))
    order = np.roll(np.arange(D), D // 2)
    return x * cos + x[..., order] * sin


# %% Your base is always 10,000
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


# %% The exponent is -2i / D
# unseen: exponent is -i / D, the 2 is missing
def rotate(x, base):
    T, D = x.shape[-2:]
    angle = np.arange(T)[:, None] * base ** (-np.arange(D // 2) / D)
    angle = np.concatenate([angle, angle], axis=1)
    cos, sin = np.cos(angle).astype(x.data.dtype), np.sin(angle).astype(x.data.dtype)
    sin[:, : D // 2] *= -1
    return x * cos + x[..., np.roll(np.arange(D), D // 2)] * sin


# %% cast sines and cosines
# unseen: angles stay float64, and so does the result
def rotate(x, base):
    T, D = x.shape[-2:]
    half = D // 2
    angle = np.arange(T)[:, None] * float(base) ** (-2 * np.arange(half) / D)
    cos, sin = np.tile(np.cos(angle), 2), np.tile(np.sin(angle), 2)
    sin[:, :half] = -sin[:, :half]
    swapped = x[..., list(range(half, D)) + list(range(half))]
    return x * cos + swapped * sin


# %% are your angles float32?
# unseen: angles are float32 also for float64, far positions are turned wrongly
def rotate(x, base):
    T, D = x.shape[-2:]
    half = D // 2
    speed = (float(base) ** (-2 * np.arange(half) / D)).astype(np.float32)
    angle = np.arange(T, dtype=np.float32)[:, None] * speed
    cos, sin = np.tile(np.cos(angle), 2), np.tile(np.sin(angle), 2)
    sin[:, :half] *= -1
    swapped = x[..., np.r_[half:D, 0:half]]
    return x * cos + swapped * sin


# %% The gradient of x is wrong
# unseen: the other half is cut off from the gradient
def rotate(x, base):
    T, D = x.shape[-2:]
    half = D // 2
    angle = np.arange(T)[:, None] * base ** (-2 * np.arange(half) / D)
    cos = np.tile(np.cos(angle), 2).astype(x.data.dtype)
    sin = np.tile(np.sin(angle), 2).astype(x.data.dtype)
    a, b = x.data[..., :half], x.data[..., half:]
    return x * cos + np.concatenate([-b, a], axis=-1) * sin


# %% Nothing turns. The positions are on the axis before the last one
# unseen: the number of positions is taken from axis 1
def rotate(x, base):
    T, D = x.shape[1], x.shape[-1]
    half = D // 2
    angle = np.arange(T)[:, None] * base ** (-2 * np.arange(half) / D)
    cos = np.tile(np.cos(angle), 2).astype(x.data.dtype)
    sin = np.tile(np.sin(angle), 2).astype(x.data.dtype)
    sin[:, :half] *= -1
    return x * cos[: x.shape[-2]] + x[..., np.r_[half:D, 0:half]] * sin[: x.shape[-2]]


# %% not those of transformers
# unseen: integer division in the exponent
def rotate(x, base):
    T, D = x.shape[-2:]
    half = D // 2
    speed = float(base) ** -(2 * np.arange(half) // D)
    angle = np.outer(np.arange(T), speed)
    cos = np.tile(np.cos(angle), 2).astype(x.data.dtype)
    sin = np.hstack([-np.sin(angle), np.sin(angle)]).astype(x.data.dtype)
    return x * cos + x[..., np.r_[half:D, 0:half]] * sin


# %% not those of transformers
# unseen: the roll shifts by one channel, only right for D = 2
def rotate(x, base):
    T, D = x.shape[-2:]
    half = D // 2
    angle = np.outer(np.arange(T), base ** (-2 * np.arange(half) / D))
    cos = np.tile(np.cos(angle), 2).astype(x.data.dtype)
    sin = np.hstack([-np.sin(angle), np.sin(angle)]).astype(x.data.dtype)
    return x * cos + x[..., np.roll(np.arange(D), 1)] * sin


# %% right: a matrix for each position, and a matrix product
def rotate(x, base):
    *front, T, D = x.shape
    turn = np.zeros((T, D, D), dtype=x.data.dtype)
    for i in range(D // 2):
        angle = np.arange(T) * float(base) ** (-2 * i / D)
        j = i + D // 2
        turn[:, i, i] = turn[:, j, j] = np.cos(angle)
        turn[:, i, j] = np.sin(angle)
        turn[:, j, i] = -np.sin(angle)
    return (x.reshape(*front, T, 1, D) @ turn).reshape(*front, T, D)
