"Wrong answers to exercise 4, each below the message that it must get."

import numpy as np


# %% draw from each label on its own
def stratified(labels, share, seed):
    rows = np.random.default_rng(seed).permutation(len(labels))
    return rows[: round(share * len(labels))].tolist()


# %% every seed gives the same rows
def stratified(labels, share, seed):
    labels = np.asarray(labels)
    test = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        test.extend(rows[: round(share * len(rows))].tolist())
    return test


# %% a row is drawn twice
def stratified(labels, share, seed):
    labels = np.asarray(labels)
    generator = np.random.default_rng(seed)
    test = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        test.extend(generator.choice(rows, round(share * len(rows))).tolist())
    return test


# %% the same seed gives other rows
def stratified(labels, share, seed):
    labels = np.asarray(labels)
    test = []
    for label in np.unique(labels):
        rows = np.random.permutation(np.flatnonzero(labels == label))
        test.extend(rows[: round(share * len(rows))].tolist())
    return test


# %% rounded 2, and of eight it is 2: 4 in all; yours has 3
def stratified(labels, share, seed):
    labels = np.asarray(labels)
    generator = np.random.default_rng(seed)
    test = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        test.extend(generator.permutation(rows)[: int(share * len(rows) + 1e-9)].tolist())
    return test
