"Wrong answers to exercise 1, each below the message that it must get."

import numpy as np
import scipy.stats


def interval(sizes, losses, new, level, *, lost=2, quantile=None, own=1, half=True):
    x = np.log(sizes)
    y = np.log(losses)
    slope, start = np.polyfit(x, y, 1)
    spread = np.sqrt(((y - start - slope * x) ** 2).sum() / (len(x) - lost))
    away = (np.log(new) - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum()
    share = (1 + level) / 2 if half else level
    if quantile is None:
        quantile = scipy.stats.t.ppf(share, len(x) - 2)
    reach = quantile * spread * np.sqrt(own + 1 / len(x) + away)
    middle = start + slope * np.log(new)
    return middle, middle - reach, middle + reach


# %% take the exponential
def line_with_interval(sizes, losses, new, level=0.95):
    return interval(sizes, losses, new, level)


# %% go on with 0.5
def line_with_interval(sizes, losses, new, level=0.95):
    slope, start = np.polyfit(sizes, losses, 1)
    middle = start + slope * new
    return middle, middle - 1, middle + 1


# %% divides by n - 2
def line_with_interval(sizes, losses, new, level=0.95):
    return np.exp(interval(sizes, losses, new, level, lost=0))


# %% take Student's t
def line_with_interval(sizes, losses, new, level=0.95):
    return np.exp(interval(sizes, losses, new, level, quantile=1.96))


# %% not 5%
def line_with_interval(sizes, losses, new, level=0.95):
    return np.exp(interval(sizes, losses, new, level, half=False))


# %% the line's own error
def line_with_interval(sizes, losses, new, level=0.95):
    return np.exp(interval(sizes, losses, new, level, own=0))


# %% changes nothing
def line_with_interval(sizes, losses, new, level=0.95):
    return np.exp(interval(sizes, losses, new, 0.95))


# %% the lower end first
def line_with_interval(sizes, losses, new, level=0.95):
    middle, low, high = np.exp(interval(sizes, losses, new, level))
    return middle, high, low
