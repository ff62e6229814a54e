"Wrong answers to exercise 4, each below the message that it must get."

import numpy as np


# %% the two rows are exchanged
def head_of(w, b):
    return np.stack([w / 2, -w / 2]), np.array([b / 2, -b / 2])


# %% too sure
def head_of(w, b):
    return np.stack([-w, w]), np.array([-b, b])


# %% b is not in it
def head_of(w, b):
    return np.stack([-w / 2, w / 2]), np.zeros(2)


# %% b cancels
def head_of(w, b):
    return np.stack([-w / 2, w / 2]), np.array([b, b])


# %% w cancels
def head_of(w, b):
    return np.stack([w, w]), np.array([-b / 2, b / 2])


# %% b counts twice
def head_of(w, b):
    return np.stack([-w / 2, w / 2]), np.array([-b, b])


# %% w counts twice
def head_of(w, b):
    return np.stack([-w, w]), np.array([0, b])


# %% b has the wrong sign
def head_of(w, b):
    return np.stack([0 * w, w]), np.array([b, 0])


# %% the weight of two classes is (2, 3)
def head_of(w, b):
    return np.stack([-w / 2, w / 2]).T, np.array([-b / 2, b / 2])


# %% the bias is (2,)
def head_of(w, b):
    return np.stack([0 * w, w]), np.array([b])
