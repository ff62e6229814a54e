"Wrong answers to exercise 4, each below the message that it must get."

import numpy as np


# %% a probability is at most 1
def keep_and_replace(p, q):
    keep = np.ones_like(p)
    keep[q > 0] = p[q > 0] / q[q > 0]
    missing = np.maximum(p - q, 0)
    return keep, missing / missing.sum()


# %% upside down
def keep_and_replace(p, q):
    missing = np.maximum(p - q, 0)
    return np.minimum(1, q / p), missing / missing.sum()


# %% p itself is not the share
def keep_and_replace(p, q):
    missing = np.maximum(p - q, 0)
    return p, missing / missing.sum()


# %% from p again
def keep_and_replace(p, q):
    return np.minimum(1, p / q), p


# %% divide what is missing by its sum
def keep_and_replace(p, q):
    return np.minimum(1, p / q), np.maximum(p - q, 0)


# %% what is rejected is no longer missing
def keep_and_replace(p, q):
    missing = np.abs(p - q)
    return np.minimum(1, p / q), missing / missing.sum()


# %% turn it round
def keep_and_replace(p, q):
    missing = np.maximum(q - p, 0)
    return np.minimum(1, p / q), missing / missing.sum()


# %% there is a division by 0
def keep_and_replace(p, q):
    missing = np.maximum(p - q, 0)
    return np.minimum(1, p / q), missing / missing.sum()


# %% a token with q = 0 gets 1
def keep_and_replace(p, q):
    keep = np.zeros_like(p)
    keep[q > 0] = np.minimum(1, p[q > 0] / q[q > 0])
    missing = np.maximum(p - q, 0)
    return keep, missing / missing.sum()


# %% which share of its guesses
def keep_and_replace(p, q):
    both = np.minimum(p, q)
    return both, (p - both) / (p - both).sum()
