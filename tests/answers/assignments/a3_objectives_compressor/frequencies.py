"Answers to question 4, each below the message that it must get; those that are right say so."

import numpy as np


def refuse(p):
    if not np.isfinite(p).all() or p.min() < 0 or abs(p.sum() - 1) > 0.001:
        raise ValueError("no probabilities")


# %% the sum is 16383
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    return 1 + np.floor(p / p.sum() * (2**14 - len(p))).astype(np.int64)


# %% could never be written
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    f = np.floor(p / p.sum() * 2**14).astype(np.int64)
    f[p.argmax()] += 2**14 - f.sum()
    return f


# %% exactly 16384 is needed
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    return np.maximum(1, np.round(p * 2**14)).astype(np.int64)


# %% Whole numbers of int64 are needed
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    return 1 + p / p.sum() * (2**14 - len(p))


# %% the least entry is
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    f = 1 + np.round(p / p.sum() * (2**14 - len(p))).astype(np.int64)
    f[-1] += 2**14 - f.sum()
    return f


# %% in proportion to its probability
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    f = 1 + np.floor(p / p.sum() * (2**12 - len(p))).astype(np.int64)
    f[0] += 2**14 - f.sum()
    return f


# %% in proportion to its probability
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    refuse(p)
    f = np.full(len(p), 2**14 // len(p), dtype=np.int64)
    f[p.argmax()] += 2**14 - f.sum()
    return f


# %% It holds nan: raise ValueError
def frequencies(probabilities):
    p = np.nan_to_num(np.asarray(probabilities, dtype=np.float64)).clip(0)
    f = 1 + np.floor(p / p.sum() * (2**14 - len(p))).astype(np.int64)
    f[p.argmax()] += 2**14 - f.sum()
    return f


# %% It adds up to 0.9
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or p.min() < 0:
        raise ValueError("no probabilities")
    f = 1 + np.floor(p / p.sum() * (2**14 - len(p))).astype(np.int64)
    f[p.argmax()] += 2**14 - f.sum()
    return f


# %% that were given have changed
def frequencies(probabilities):
    refuse(probabilities)
    probabilities /= probabilities.sum()
    probabilities *= 2**14 - len(probabilities)
    f = 1 + np.floor(probabilities).astype(np.int64)
    f[f.argmax()] += 2**14 - f.sum()
    return f


# %% right: largest remainders
def frequencies(probabilities):
    p = np.array(probabilities, dtype=float)
    refuse(p)
    exact = p / p.sum() * (2**14 - p.size)
    f = np.floor(exact).astype(np.int64)
    left = 2**14 - p.size - f.sum()
    order = np.argsort(f - exact, kind="stable")
    f[order[:left]] += 1
    return f + 1


# %% right: differences of rounded edges
def frequencies(probabilities):
    p = np.array(probabilities, dtype=np.float64)
    refuse(p)
    edges = np.cumsum(p) / p.sum() * (2**14 - len(p))
    edges = np.r_[0, np.round(edges)].astype(np.int64)
    edges[-1] = 2**14 - len(p)
    return np.diff(edges) + 1


# %% right: at least 1, and the largest pays
def frequencies(probabilities):
    p = [float(one) for one in probabilities]
    if not all(0 <= one < 2 for one in p) or not 0.999 <= sum(p) <= 1.001:
        raise ValueError("no probabilities")
    room = 2**14 - len(p)
    f = [1 + int(one * room / sum(p)) for one in p]
    f[f.index(max(f))] += 2**14 - sum(f)
    return np.array(f, dtype=np.int64)
