"Wrong answers to exercise 5, each below the message that it must get."

import numpy as np


# %% that fills up to 8 real tokens; padding counts too
def token_batches(lengths, budget):
    found = [[]]
    for i in np.argsort(lengths, kind="stable").tolist():
        if found[-1] and sum(lengths[j] for j in found[-1]) + lengths[i] > budget:
            found.append([])
        found[-1].append(i)
    return found


# %% a row longer than the budget goes in alone
def token_batches(lengths, budget):
    found = [[]]
    for i in np.argsort(lengths, kind="stable").tolist():
        if lengths[i] * (len(found[-1]) + 1) > budget:
            found.append([])
        found[-1].append(i)
    return found


# %% each index should be there once
def token_batches(lengths, budget):
    found = []
    batch = []
    for i in np.argsort(lengths, kind="stable").tolist():
        if batch and lengths[i] * (len(batch) + 1) > budget:
            found.append(batch)
            batch = []
        batch.append(i)
    return found


# %% rows 1 and 3, of length 2, fit together
def token_batches(lengths, budget):
    found = [[]]
    longest = 0
    for i in range(len(lengths)):
        longest = max(longest, lengths[i])
        if found[-1] and longest * (len(found[-1]) + 1) > budget:
            found.append([])
            longest = lengths[i]
        found[-1].append(i)
    return found


# %% exactly the budget
def token_batches(lengths, budget):
    found = [[]]
    for i in np.argsort(lengths, kind="stable").tolist():
        if found[-1] and lengths[i] * (len(found[-1]) + 1) >= budget:
            found.append([])
        found[-1].append(i)
    return [batch for batch in found if batch]


# %% begin with the shortest rows
def token_batches(lengths, budget):
    found = [[]]
    for i in np.argsort(lengths, kind="stable").tolist():
        if found[-1] and lengths[i] * (len(found[-1]) + 1) > budget:
            found.append([])
        found[-1].append(i)
    return found[::-1]
