"Wrong answers to exercise 3, each below the message that it must get."

import math

import numpy as np
from scipy import stats


# %% you take all 12 as independent
def two_level(differences, level):
    values = np.ravel(differences)
    error = values.std(ddof=1) / math.sqrt(len(values))
    return values.mean(), stats.t.ppf((1 + level) / 2, len(values) - 1) * error


# %% you average over pretrainings
def two_level(differences, level):
    means = np.mean(differences, axis=0)
    error = means.std(ddof=1) / math.sqrt(len(means))
    return means.mean(), stats.t.ppf((1 + level) / 2, len(means) - 1) * error


# %% Student's t, not the normal
def two_level(differences, level):
    means = np.mean(differences, axis=1)
    error = means.std(ddof=1) / math.sqrt(len(means))
    return means.mean(), stats.norm.ppf((1 + level) / 2) * error


# %% the deviation of an estimate has ddof=1
def two_level(differences, level):
    means = np.mean(differences, axis=1)
    error = means.std() / math.sqrt(len(means))
    return means.mean(), stats.t.ppf((1 + level) / 2, len(means) - 1) * error


# %% four means have three degrees of freedom
def two_level(differences, level):
    means = np.mean(differences, axis=1)
    error = means.std(ddof=1) / math.sqrt(len(means))
    return means.mean(), stats.t.ppf((1 + level) / 2, len(means)) * error


# %% degrees of freedom: means less one
def two_level(differences, level):
    means = np.mean(differences, axis=1)
    error = means.std(ddof=1) / math.sqrt(len(means))
    return means.mean(), stats.t.ppf((1 + level) / 2, np.size(differences) - 1) * error


# %% 0.9 in the middle leaves 0.05
def two_level(differences, level):
    means = np.mean(differences, axis=1)
    error = means.std(ddof=1) / math.sqrt(len(means))
    return means.mean(), stats.t.ppf(level, len(means) - 1) * error


# %% divide by the root of the number
def two_level(differences, level):
    means = np.mean(differences, axis=1)
    return means.mean(), stats.t.ppf((1 + level) / 2, len(means) - 1) * means.std(ddof=1)
