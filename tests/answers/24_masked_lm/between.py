"Wrong answers to exercise 4, each below the message that it must get."

import itertools

import numpy as np


def shares(rows, V, left, right, imagined=1):
    common = np.bincount([word for row in rows for word in row], minlength=V) + 0.5
    common = common / common.sum()
    after = imagined * common
    before = imagined * common
    for row in rows:
        for first, second in itertools.pairwise(row):
            after[second] += first == left
            before[first] += second == right
    return common, after / after.sum(), before / before.sum()


# %% how common a word is counts twice
def between(rows, V, left, right):
    _, after, before = shares(rows, V, left, right)
    return after * before / (after * before).sum()


# %% left and right have changed places
def between(rows, V, left, right):
    common, after, before = shares(rows, V, right, left)
    guess = after * before / common
    return guess / guess.sum()


# %% the probabilities add up to
def between(rows, V, left, right):
    common, after, before = shares(rows, V, left, right)
    return after * before / common


# %% you count pairs across two rows
def between(rows, V, left, right):
    text = [word for row in rows for word in row]
    common, after, before = shares([text], V, left, right)
    guess = after * before / common
    return guess / guess.sum()


# %% the imagined count is missing
def between(rows, V, left, right):
    common, after, before = shares(rows, V, left, right, imagined=0)
    guess = after * before / common
    return guess / guess.sum()


# %% one probability for each of the V words
def between(rows, V, left, right):
    common, after, before = shares(rows, V, left, right)
    return (after * before / common)[left]


# %% you count what comes right after it
def between(rows, V, left, right):
    common, after, _ = shares(rows, V, left, right)
    _, after_right, _ = shares(rows, V, right, right)
    guess = after * after_right / common
    return guess / guess.sum()


# %% one imagined count for each word is too many
def between(rows, V, left, right):
    common, _, _ = shares(rows, V, left, right)
    after = np.ones(V)
    before = np.ones(V)
    for row in rows:
        for first, second in itertools.pairwise(row):
            after[second] += first == left
            before[first] += second == right
    guess = after * before / common
    return guess / guess.sum()


# %% P(w) misses its 0.5
def between(rows, V, left, right):
    common = np.bincount([word for row in rows for word in row], minlength=V).astype(float)
    common /= common.sum()
    after = common.copy()
    before = common.copy()
    for row in rows:
        for first, second in itertools.pairwise(row):
            after[second] += first == left
            before[first] += second == right
    guess = after * before / common
    return guess / guess.sum()
