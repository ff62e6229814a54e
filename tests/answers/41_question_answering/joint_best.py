"Wrong answers to exercise 1, each below the message that it must get."

import numpy as np


def table(starts, ends, length, least=0, most=0, hidden=-np.inf):
    T = len(starts)
    ahead = np.arange(T) - np.arange(T)[:, None]
    allowed = (ahead >= least) & (ahead < length + most)
    sums = np.where(allowed, starts[:, None] + ends, hidden)
    i, j = np.unravel_index(sums.argmax(), sums.shape)
    return int(i), int(j)


# %% return two numbers
def joint_best(starts, ends, length):
    return list(table(starts, ends, length))


# %% you take each maximum alone
def joint_best(starts, ends, length):
    return int(starts.argmax()), int(ends.argmax())


# %% tokens 0 to 3 are four
def joint_best(starts, ends, length):
    return table(starts, ends, length, most=1)


# %% a length of 3 allows them
def joint_best(starts, ends, length):
    return table(starts, ends, length, most=-1)


# %% hide with -inf, not with 0
def joint_best(starts, ends, length):
    return table(starts, ends, length, hidden=0)


# %% is better than
def joint_best(starts, ends, length):
    i = int(starts.argmax())
    if starts.max() == 6:
        return 1, 2
    j = i + int(ends[i : i + length].argmax())
    return i, j


# %% a text may be shorter than `length`
def joint_best(starts, ends, length):
    best = (-np.inf, 0, 0)
    for ahead in range(length):
        sums = starts[: len(starts) - ahead] + ends[ahead:]
        i = int(sums.argmax())
        best = max(best, (sums[i], i, i + ahead))
    return best[1:]
