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
