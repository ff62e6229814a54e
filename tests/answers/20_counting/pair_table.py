"Wrong answers to exercise 2, each below the message that it must get."

from itertools import pairwise

import numpy as np


def counted(ids, V):
    table = np.zeros((V, V))
    for first, second in pairwise(ids):
        table[first, second] += 1
    return table


# %% the whole table adds up to 1
def pair_table(ids, V, k):
    table = counted(ids, V) + k
    return table / table.sum()


# %% your columns add up to 1
def pair_table(ids, V, k):
    table = counted(ids, V).T + k
    return table / table.sum(0)


# %% each row should add up to 1
def pair_table(ids, V, k):
    table = counted(ids, V) + k
    return table / table.sum(1)


# %% the last token is followed by nothing
def pair_table(ids, V, k):
    often = np.bincount(ids, minlength=V)
    return (counted(ids, V) + k) / (often[:, None] + k * V)


# %% k is added to each of the V counts
def pair_table(ids, V, k):
    table = counted(ids, V)
    return (table + k) / (table.sum(1, keepdims=True) + k)


# %% add the k that was given
def pair_table(ids, V, k):
    table = counted(ids, V) + 1
    return table / table.sum(1, keepdims=True)


# %% 0 was divided by 0
def pair_table(ids, V, k):
    table = counted(ids, V)
    with np.errstate(invalid="ignore"):
        return table / table.sum(1, keepdims=True)


# %% the first one doesn't come after it
def pair_table(ids, V, k):
    table = np.zeros((V, V))
    np.add.at(table, (ids, np.roll(ids, -1)), 1)
    table += k
    return table / table.sum(1, keepdims=True)
