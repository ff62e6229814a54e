"Answers to question 1, each below the message that it must get; those that are right say so."

import numpy as np


# %% a sum, not a mean
def unbroadcast(gradient, shape):
    front = gradient.ndim - len(shape)
    gradient = gradient.mean(axis=tuple(range(front)))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.mean(axis=ones, keepdims=True)


# %% Every row was a use
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=ones, keepdims=True)


# %% The axis of size 1 is lost
def unbroadcast(gradient, shape):
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=ones)


# %% An axis of size 1 was broadcast too
def unbroadcast(gradient, shape):
    return gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))


# %% Both are summed
def unbroadcast(gradient, shape):
    if gradient.ndim > len(shape):
        return gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=ones, keepdims=True)


# %% (2, 3) to (3,)
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=-1)
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=ones, keepdims=True)


# %% float32 goes in, float64 comes out
def unbroadcast(gradient, shape):
    gradient = gradient.astype(float).sum(axis=tuple(range(gradient.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=ones, keepdims=True)


# %% unbroadcast gives None
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    print(gradient)


# %% right: one axis after the other
def unbroadcast(gradient, shape):
    while np.ndim(gradient) > len(shape):
        gradient = gradient.sum(0)
    for i, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(i, keepdims=True)
    return gradient


# %% right: all axes at once, then the shape
def unbroadcast(gradient, shape):
    padded = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i in range(gradient.ndim) if padded[i] == 1)
    return np.sum(gradient, axis=axes).reshape(shape)
