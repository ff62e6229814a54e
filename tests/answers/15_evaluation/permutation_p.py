"Wrong answers to exercise 3, each below the message that it must get."

import numpy as np


def differences(labels, a, b, metric, swaps, rng):
    found = []
    for _ in range(swaps):
        coin = rng.random(len(labels)) < 0.5
        found.append(metric(labels, np.where(coin, b, a)) - metric(labels, np.where(coin, a, b)))
    return np.array(found)


# %% that is one direction only
def permutation_p(labels, a, b, metric, swaps, rng):
    real = metric(labels, a) - metric(labels, b)
    count = (differences(labels, a, b, metric, swaps, rng) >= real).sum()
    return (1 + count) / (1 + swaps)


# %% count differences that are *as* large too
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = (abs(differences(labels, a, b, metric, swaps, rng)) > real).sum()
    return (1 + count) / (1 + swaps)


# %% toss a coin for each row, not for all
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = 0
    for _ in range(swaps):
        first, second = (b, a) if rng.random() < 0.5 else (a, b)
        count += abs(metric(labels, first) - metric(labels, second)) >= real
    return (1 + count) / (1 + swaps)


# %% does each prediction stay in its row
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = 0
    for _ in range(swaps):
        pool = rng.permutation(np.concatenate([a, b]))
        first, second = pool[: len(a)], pool[len(a) :]
        count += abs(metric(labels, first) - metric(labels, second)) >= real
    return (1 + count) / (1 + swaps)


# %% a p-value is never 0
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    return (abs(differences(labels, a, b, metric, swaps, rng)) >= real).mean()


# %% compute the metric that is given
def permutation_p(labels, a, b, metric, swaps, rng):
    def number_right(y, p):
        return (y == p).sum()

    real = abs(number_right(labels, a) - number_right(labels, b))
    count = (abs(differences(labels, a, b, number_right, swaps, rng)) >= real).sum()
    return (1 + count) / (1 + swaps)


# %% one row got the same classifier's prediction twice
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = 0
    for _ in range(swaps):
        first = np.where(rng.random(len(labels)) < 0.5, b, a)
        second = np.where(rng.random(len(labels)) < 0.5, a, b)
        count += abs(metric(labels, first) - metric(labels, second)) >= real
    return (1 + count) / (1 + swaps)


# %% one row got the same classifier's prediction twice
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = 0
    for _ in range(swaps):
        first = np.where(rng.random(len(labels)) < 0.5, b, a)
        count += abs(metric(labels, first) - metric(labels, b)) >= real
    return (1 + count) / (1 + swaps)


# %% does each prediction stay in its row
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = 0
    for _ in range(swaps):
        first = rng.permutation(a)
        second = rng.permutation(b)
        count += abs(metric(labels, first) - metric(labels, second)) >= real
    return (1 + count) / (1 + swaps)


# %% the labels are shuffled
def permutation_p(labels, a, b, metric, swaps, rng):
    real = abs(metric(labels, a) - metric(labels, b))
    count = 0
    for _ in range(swaps):
        mixed = rng.permutation(labels)
        count += abs(metric(mixed, a) - metric(mixed, b)) >= real
    return (1 + count) / (1 + swaps)
