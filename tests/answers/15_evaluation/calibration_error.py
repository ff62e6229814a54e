"Wrong answers to exercise 4, each below the message that it must get."

import numpy as np


def bins_of(confidence, bins):
    place = np.minimum(np.floor(confidence * bins).astype(int), bins - 1)
    return [place == number for number in np.unique(place)]


def error_of(places, confidence, right):
    total = 0
    for number in np.unique(places):
        inside = places == number
        total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


# %% weight each bin by how many it holds
def calibration_error(confidence, right, bins):
    gaps = [abs(right[i].mean() - confidence[i].mean()) for i in bins_of(confidence, bins)]
    return np.mean(gaps)


# %% an empty bin has no mean
def calibration_error(confidence, right, bins):
    place = np.minimum(np.floor(confidence * bins).astype(int), bins - 1)
    total = 0
    for number in range(bins):
        inside = place == number
        with np.errstate(all="ignore"):
            gap = abs(right[inside].sum() / inside.sum() - confidence[inside].mean())
        total += inside.mean() * gap
    return total


# %% too sure and too modest cancel
def calibration_error(confidence, right, bins):
    return abs(right.mean() - confidence.mean())


# %% take the mean confidence in a bin, not its middle
def calibration_error(confidence, right, bins):
    place = np.minimum(np.floor(confidence * bins).astype(int), bins - 1)
    total = 0
    for number in np.unique(place):
        inside = place == number
        total += inside.mean() * abs(right[inside].mean() - (number + 0.5) / bins)
    return total


# %% a confidence of exactly 1 belongs to the last bin
def calibration_error(confidence, right, bins):
    place = np.floor(confidence * bins).astype(int)
    total = 0
    for number in range(bins):
        inside = place == number
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


# %% whatever the data are
def calibration_error(confidence, right, bins):
    edges = np.linspace(confidence.min(), confidence.max(), bins + 1)
    return error_of(np.searchsorted(edges[1:-1], confidence, "right"), confidence, right)


# %% whatever the data are
def calibration_error(confidence, right, bins):
    edges = np.linspace(0.5, 1, bins + 1)
    return error_of(np.searchsorted(edges[1:-1], confidence, "right"), confidence, right)


# %% whatever the data are
def calibration_error(confidence, right, bins):
    edges = np.quantile(confidence, np.linspace(0, 1, bins + 1))
    return error_of(np.searchsorted(edges[1:-1], confidence, "right"), confidence, right)


# %% whatever the data are
def calibration_error(confidence, right, bins):
    places = np.minimum(np.round(confidence * bins), bins - 1)
    return error_of(places, confidence, right)
