"Wrong answers to exercise 2, each below the message that it must get."

import numpy as np


# %% deal out groups, not rows
def split_by_group(groups, share, seed):
    rows = np.random.default_rng(seed).permutation(len(groups))
    cut = round(share * len(groups))
    return rows[cut:], rows[:cut]


# %% count rows, not groups
def split_by_group(groups, share, seed):
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    chosen = order[: round(share * len(order))]
    inside = np.isin(groups, chosen)
    return np.flatnonzero(~inside), np.flatnonzero(inside)


# %% every seed gives the same test set
def split_by_group(groups, share, seed):
    test = []
    for g in np.unique(groups):
        if len(test) < share * len(groups):
            test += np.flatnonzero(groups == g).tolist()
    return sorted(set(range(len(groups))) - set(test)), test


# %% return train, test
def split_by_group(groups, share, seed):
    test = []
    for g in np.random.default_rng(seed).permutation(np.unique(groups)):
        if len(test) < share * len(groups):
            test += np.flatnonzero(groups == g).tolist()
    return test, sorted(set(range(len(groups))) - set(test))


# %% each row number from 0 to 99
def split_by_group(groups, share, seed):
    order = np.random.default_rng(seed).permutation(np.unique(groups)).tolist()
    test = []
    while len(test) < share * len(groups):
        test += np.flatnonzero(groups == order.pop()).tolist()
    return order, test  # groups in place of rows
