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


# %% from somebody who has more than 1
# unseen: the whole difference goes to the largest, which may fall below 1
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.all(np.isfinite(p)) or np.any(p < 0) or abs(p.sum() - 1) > 0.001:
        raise ValueError("these are no probabilities")
    p = p / p.sum()
    f = np.maximum(np.rint(p * 2**14).astype(np.int64), 1)
    f[np.argmax(f)] += 2**14 - f.sum()
    return f


# %% divide by it first
# unseen: no normalising, the rest may be negative or more than V
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or (p < 0).any() or not 0.999 <= p.sum() <= 1.001:
        raise ValueError("not a distribution")
    share = p * (2**14 - len(p))
    f = 1 + np.floor(share).astype(np.int64)
    rest = 2**14 - f.sum()
    order = np.argsort(-(share % 1), kind="stable")
    f[order[:rest]] += 1
    return f


# %% 4096 symbols
# unseen: works for 256 symbols only
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or p.min() < 0 or abs(p.sum() - 1) > 0.001:
        raise ValueError("broken probabilities")
    p = p / p.sum()
    share = p * (2**14 - 256)
    f = np.floor(share).astype(np.int64) + 1
    missing = 2**14 - int(f.sum())
    best = np.argsort(share - np.floor(share), kind="stable")[::-1]
    for k in range(missing):
        f[best[k % len(p)]] += 1
    return f


# %% you divide the array that was given
# unseen: normalises the caller's array in place
def frequencies(probabilities):
    p = probabilities
    if not np.isfinite(p).all() or (p < 0).any():
        raise ValueError("an entry is nan, infinite or negative")
    total = p.sum(dtype=np.float64)
    if total < 0.999 or total > 1.001:
        raise ValueError("the sum is not 1")
    p /= total
    free = 2**14 - len(p)
    f = np.floor(p.astype(np.float64) * free * (1 - 1e-6)).astype(np.int64) + 1
    f[np.argmax(p)] += 2**14 - f.sum()
    return f


# %% no error
# unseen: tests the sum far too strictly
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not (np.isfinite(p).all() and (p >= 0).all() and np.isclose(p.sum(), 1)):
        raise ValueError("not a distribution")
    p = p / p.sum()
    share = p * (2**14 - p.size)
    f = share.astype(np.int64)
    rest = 2**14 - p.size - f.sum()
    f[np.argsort(f - share, kind="stable")[:rest]] += 1
    return f + 1


# %% in proportion to its probability
# unseen: a tenth for all symbols alike wastes bits
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or (p < 0).any() or not 0.999 <= p.sum() <= 1.001:
        raise ValueError("not a distribution")
    V = len(p)
    p = 0.9 * p / p.sum() + 0.1 / V
    f = np.maximum(np.floor(p * 2**14).astype(np.int64), 1)
    rest = 2**14 - f.sum()
    f[np.argsort(-p, kind="stable")[:rest]] += 1
    return f


# %% from somebody who has more than 1
# unseen: too much is taken from the first symbols, some fall to 0
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or (p < 0).any() or not 0.999 <= p.sum() <= 1.001:
        raise ValueError("not a distribution")
    p = p / p.sum()
    f = np.round(p * (2**14 - len(p))).astype(np.int64) + 1
    difference = 2**14 - int(f.sum())
    step = 1 if difference > 0 else -1
    f[: abs(difference)] += step
    return f


# %% yours is int32
# unseen: int32 instead of int64
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or (p < 0).any() or not 0.999 <= p.sum() <= 1.001:
        raise ValueError("not a distribution")
    edges = np.cumsum(p / p.sum()) * (2**14 - len(p))
    edges[-1] = 2**14 - len(p)
    edges = np.floor(edges).astype(np.int32)
    return np.diff(edges, prepend=np.int32(0)) + np.int32(1)


# %% frequencies raises AssertionError
# unseen: assert instead of ValueError
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    assert np.isfinite(p).all() and (p >= 0).all(), "bad entry"
    assert 0.999 <= p.sum() <= 1.001, "bad sum"
    p = p / p.sum()
    share = p * (2**14 - len(p))
    f = np.floor(share).astype(np.int64)
    f[np.argsort(f - share, kind="stable")[: 2**14 - len(p) - f.sum()]] += 1
    return f + 1


# %% right: differences of rounded cumulative sums
def frequencies(probabilities):
    p = np.array(probabilities, dtype=np.float64)
    if not ((p >= 0) & (p < np.inf)).all() or not abs(p.sum() - 1) <= 0.001:
        raise ValueError("a model has gone wrong")
    free = 2**14 - len(p)
    edges = np.rint(np.concatenate([[0.0], np.cumsum(p)]) * (free / p.sum())).astype(np.int64)
    edges[-1] = free
    return np.diff(np.minimum(edges, free)) + 1


# %% adds up to 1.003
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or p.min() < 0 or p.sum() < 0.999:
        raise ValueError("not a distribution")
    p = p / p.sum()
    found = np.floor(p * (2**14 - len(p))).astype(np.int64) + 1
    found[found.argmax()] += 2**14 - found.sum()
    return found


# %% Divide by the sum first
# unseen: nothing is divided by the sum
def frequencies(probabilities):
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or p.min() < 0 or not 0.999 <= p.sum() <= 1.001:
        raise ValueError("not a distribution")
    found = np.floor(p * (2**14 - len(p))).astype(np.int64) + 1
    found[found.argmax()] += 2**14 - found.sum()
    return found
