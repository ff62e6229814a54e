"Wrong answers to exercise 6, each below the message that it must get."

from collections import Counter, defaultdict
from itertools import pairwise
from math import log, log2


# %% before you have coded it
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    bits = log2(V)
    for first, second in pairwise(ids):
        rows[first][second] += 1
        bits -= log2((rows[first][second] + 1) / (rows[first].total() + V))
    return bits


# %% use only what came before
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    for first, second in pairwise(ids):
        rows[first][second] += 1
    bits = log2(V)
    for first, second in pairwise(ids):
        bits -= log2((rows[first][second] + 1) / (rows[first].total() + V))
    return bits


# %% the first token costs something too
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    bits = 0
    for first, second in pairwise(ids):
        bits -= log2((rows[first][second] + 1) / (rows[first].total() + V))
        rows[first][second] += 1
    return bits


# %% those are counts of letters
def learning_cost(ids, V):
    seen = Counter()
    bits = 0
    for x in ids:
        bits -= log2((seen[x] + 1) / (seen.total() + V))
        seen[x] += 1
    return bits


# %% not how often h has come
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    came = Counter()
    bits = log2(V)
    for first, second in pairwise(ids):
        came[first] += 1
        bits -= log2((rows[first][second] + 1) / (came[first] + V))
        rows[first][second] += 1
    return bits


# %% that is in nats
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    nats = log(V)
    for first, second in pairwise(ids):
        nats -= log((rows[first][second] + 1) / (rows[first].total() + V))
        rows[first][second] += 1
    return nats


# %% that is the mean per token
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    bits = log2(V)
    for first, second in pairwise(ids):
        bits -= log2((rows[first][second] + 1) / (rows[first].total() + V))
        rows[first][second] += 1
    return bits / len(ids)


# %% V is the number of possible tokens
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    bits = log2(V)
    for first, second in pairwise(ids):
        row = rows[first]
        bits -= log2((row[second] + 1) / (row.total() + len(row) + 1))
        row[second] += 1
    return bits


# %% the row is that of the token *before*
def learning_cost(ids, V):
    rows = defaultdict(Counter)
    bits = log2(V)
    for first, second in pairwise(ids):
        bits -= log2((rows[second][first] + 1) / (rows[second].total() + V))
        rows[second][first] += 1
    return bits
