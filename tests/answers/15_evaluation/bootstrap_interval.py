"Wrong answers to exercise 2, each below the message that it must get."

import numpy as np


# %% draw *with* replacement
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.permutation(len(labels))
        differences.append(metric(labels[rows], a[rows]) - metric(labels[rows], b[rows]))
    return np.quantile(differences, [0.025, 0.975])


# %% draw the *same* rows for a and b
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.integers(len(labels), size=len(labels))
        others = rng.integers(len(labels), size=len(labels))
        differences.append(metric(labels[rows], a[rows]) - metric(labels[others], b[others]))
    return np.quantile(differences, [0.025, 0.975])


# %% do the label and the predictions of a row stay together
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.integers(len(labels), size=len(labels))
        differences.append(metric(labels, a[rows]) - metric(labels, b[rows]))
    return np.quantile(differences, [0.025, 0.975])


# %% that is a 90% interval
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.integers(len(labels), size=len(labels))
        differences.append(metric(labels[rows], a[rows]) - metric(labels[rows], b[rows]))
    return np.quantile(differences, [0.05, 0.95])


# %% are the ends the smallest and the largest
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.integers(len(labels), size=len(labels))
        differences.append(metric(labels[rows], a[rows]) - metric(labels[rows], b[rows]))
    return min(differences), max(differences)


# %% use the metric that is given
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.integers(len(labels), size=len(labels))
        better = (a[rows] == labels[rows]).mean() - (b[rows] == labels[rows]).mean()
        differences.append(better)
    return np.quantile(differences, [0.025, 0.975])


# %% keep the sign of each difference
def bootstrap_interval(labels, a, b, metric, resamples, rng):
    differences = []
    for _ in range(resamples):
        rows = rng.integers(len(labels), size=len(labels))
        differences.append(abs(metric(labels[rows], a[rows]) - metric(labels[rows], b[rows])))
    return np.quantile(differences, [0.025, 0.975])
