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


# %% unbroadcast raises ValueError
# unseen: shapes compared from the left
def unbroadcast(gradient, shape):
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    gradient = gradient.sum(axis=axes, keepdims=True)
    return gradient.reshape(shape)


# %% (2, 3) to (2, 1): [[3], [12]]
# unseen: reshape groups the wrong numbers if an axis of 1 is not at the front
def unbroadcast(gradient, shape):
    shape = tuple(shape)
    return np.asarray(gradient.reshape(-1, *shape).sum(axis=0))


# %% (2, 3) to (3,): expected [3, 5, 7]
# unseen: axes move while they are summed one after the other
def unbroadcast(gradient, shape):
    shape = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    target = shape[len(shape) - gradient.ndim :]
    for axis, n in enumerate(target):
        if n == 1 and axis < gradient.ndim:
            gradient = gradient.sum(axis)
    return np.asarray(gradient).reshape(shape)


# %% float32 goes in, float64 comes out
# unseen: result is float64
def unbroadcast(gradient, shape):
    extra = gradient.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1)
    result = np.zeros(shape)
    result += gradient.sum(axis=axes, keepdims=True).reshape(shape)
    return result


# %% which has no dtype
# unseen: the shape () gives a Python number, not an array
def unbroadcast(gradient, shape):
    if shape == ():
        return float(gradient.sum())
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=axes, keepdims=True)


# %% unbroadcast raises ValueError
# unseen: axes are found by their length, sizes that come twice confuse it
def unbroadcast(gradient, shape):
    axes = tuple(i for i, n in enumerate(gradient.shape) if n not in shape)
    return np.asarray(gradient.sum(axis=axes)).reshape(shape)


# %% an axis of size 1 was broadcast to size 0
# unseen: an axis of 1 that was broadcast to 0 is not summed
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1 and gradient.shape[axis] > 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return np.asarray(gradient)


# %% (1, 5) to (1, 1)
# unseen: only the first axis of 1 is summed
def unbroadcast(gradient, shape):
    extra = gradient.ndim - len(shape)
    gradient = np.asarray(gradient.sum(axis=tuple(range(extra))))
    if 1 in shape:
        gradient = gradient.sum(axis=shape.index(1), keepdims=True)
    return gradient


# %% (2, 3) to (3,): expected [3, 5, 7]
# unseen: missing axes are taken from the back
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = np.asarray(gradient.sum(axis=-1))
    axes = tuple(i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=axes, keepdims=True)


# %% right: each number is sent to its place, and bincount adds
def unbroadcast(gradient, shape):
    size = int(np.prod(shape))
    place = np.broadcast_to(np.arange(size).reshape(shape), gradient.shape)
    sums = np.bincount(place.ravel(), weights=gradient.ravel(), minlength=size)
    return sums.astype(gradient.dtype).reshape(shape)
