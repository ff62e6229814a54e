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


# %% subtract the largest of each row
def calibrate(scores, empty):
    p = np.exp(np.maximum(scores, -700))
    p = p / p.sum(1, keepdims=True)
    ratio = p / among(empty).mean(0)
    return ratio / ratio.sum(1, keepdims=True)


# %% subtract the largest score of each row first
def calibrate(scores, empty):
    p = np.exp(scores - scores.max())
    p = p / p.sum(1, keepdims=True)
    ratio = p / among(empty).mean(0)
    return ratio / ratio.sum(1, keepdims=True)


# %% it works for two words only
def calibrate(scores, empty):
    prior = among(empty).mean(0)
    odds = scores[:, 1] - scores[:, 0] - np.log(prior[1] / prior[0])
    second = 1 / (1 + np.exp(-odds))
    return np.stack([1 - second, second], 1)
