"Wrong answers to exercise 2, each below the message that it must get."

import numpy as np


def among(rows):
    p = np.exp(rows - rows.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


# %% nothing is calibrated
def calibrate(scores, empty):
    return among(scores)


# %% the rows must add up to 1 again
def calibrate(scores, empty):
    return among(scores) / among(empty).mean(0)


# %% divide by the prior, don't multiply
def calibrate(scores, empty):
    ratio = among(scores) * among(empty).mean(0)
    return ratio / ratio.sum(1, keepdims=True)


# %% normalise each empty text before you average
def calibrate(scores, empty):
    prior = np.exp(empty).mean(0)
    return among(scores - np.log(prior))


# %% average the probabilities, not their logs
def calibrate(scores, empty):
    return among(scores - empty.mean(0))


# %% subtract the largest score of each row first
def calibrate(scores, empty):
    p = np.exp(scores)
    p = p / p.sum(1, keepdims=True)
    ratio = p / among(empty).mean(0)
    return ratio / ratio.sum(1, keepdims=True)


# %% a row for each text
def calibrate(scores, empty):
    ratio = among(scores) / among(empty).mean(0)
    return ratio[:, 1]
