"Answers to question 6, each below the message that it must get; those that are right say so."

import numpy as np


def recalls(right, y):
    return np.mean([right[y == c].mean() for c in np.unique(y)])


def tables(labels, a, b):
    y = np.asarray(labels)
    return y, (np.asarray(a) == y).astype(float), (np.asarray(b) == y).astype(float)


def report(value, found, ends=(0.025, 0.975)):
    low, high = np.quantile(found, ends)
    return dict(difference=float(value), low=float(low), high=float(high))


def solve(labels, a, b, resamples, seed, rows=True, runs=True, ends=(0.025, 0.975), score=recalls):
    "The right way, with places to go wrong."
    y, first, second = tables(labels, a, b)
    gap = first - second
    S, N = gap.shape
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        s = draw.integers(S, size=S) if runs else np.arange(S)
        i = draw.integers(N, size=N) if rows else np.arange(N)
        found.append(score(gap[np.ix_(s, i)].mean(0), y[i]))
    return report(score(gap.mean(0), y), found, ends)


# %% It covers other rows, but no other seeds
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, a, b, resamples, seed, runs=False)


# %% It covers no other rows
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, a, b, resamples, seed, rows=False)


# %% Draw the rows once for both methods
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    S, N = first.shape
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        s = draw.integers(S, size=S)
        i = draw.integers(N, size=N)
        j = draw.integers(N, size=N)
        one = recalls(first[np.ix_(s, i)].mean(0), y[i])
        found.append(one - recalls(second[np.ix_(s, j)].mean(0), y[j]))
    return report(recalls(first.mean(0), y) - recalls(second.mean(0), y), found)


# %% a bad seed is bad for both methods
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    S, N = first.shape
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        i = draw.integers(N, size=N)
        s = draw.integers(S, size=S)
        t = draw.integers(S, size=S) if S > 5 else s
        one = recalls(first[np.ix_(s, i)].mean(0), y[i])
        found.append(one - recalls(second[np.ix_(t, i)].mean(0), y[i]))
    return report(recalls(first.mean(0), y) - recalls(second.mean(0), y), found)


# %% All runs must get the same drawn rows
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    S, N = first.shape
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        total = 0
        for s in draw.integers(S, size=S):
            i = draw.integers(N, size=N)
            total += (recalls(first[s, i], y[i]) - recalls(second[s, i], y[i])) / S
        found.append(total)
    return report(recalls(first.mean(0), y) - recalls(second.mean(0), y), found)


# %% That is accuracy
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, a, b, resamples, seed, score=lambda right, y: right.mean())


# %% The sign: a minus b
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, b, a, resamples, seed)


# %% not the best of each
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    best = max(recalls(run, y) for run in first) - max(recalls(run, y) for run in second)
    return dict(solve(labels, a, b, resamples, seed), difference=best)


# %% That is an interval of 90%
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, a, b, resamples, seed, ends=(0.05, 0.95))


# %% drawn with replacement, as many as there are
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    gap = first - second
    S, N = gap.shape
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        i = draw.integers(N, size=max(N // 2, 1))
        s = draw.integers(S, size=S)
        found.append(recalls(gap[np.ix_(s, i)].mean(0), y[i]))
    return report(recalls(gap.mean(0), y), found)


# %% The same seed gives another interval
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, a, b, resamples, None)


# %% Another seed gives the very same interval
def interval(labels, a, b, resamples=2000, seed=0):
    return solve(labels, a, b, resamples, 0)


# %% the rare class is not drawn
def interval(labels, a, b, resamples=2000, seed=0):
    classes = np.unique(labels)

    def score(right, y):
        return np.mean([right[y == c].sum() / max((y == c).sum(), 0) for c in classes])

    with np.errstate(all="ignore"):
        return solve(labels, a, b, resamples, seed, score=score)


# %% right: counts instead of drawn rows, without a loop
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    S, N = first.shape
    rng = np.random.default_rng(seed)
    rows = rng.multinomial(N, [1 / N] * N, resamples)
    runs = rng.multinomial(S, [1 / S] * S, resamples) / S
    total = np.zeros(resamples)
    classes = np.zeros(resamples)
    for c in np.unique(y):
        own = rows[:, y == c]
        number = own.sum(1)
        of_run = own @ (first - second)[:, y == c].T / np.maximum(number, 1)[:, None]
        total += (of_run * runs).sum(1)
        classes += number > 0
    return report(recalls((first - second).mean(0), y), total / classes)


# %% right: scores of both methods, by torch
def interval(labels, a, b, resamples=2000, seed=0):
    import torch

    y = torch.tensor(labels)
    right = torch.stack([torch.tensor(a) == y, torch.tensor(b) == y]).double()
    _, S, N = right.shape
    draw = torch.Generator().manual_seed(seed)
    names = y.unique()

    def gap(runs, rows):
        drawn = right[:, runs][:, :, rows].mean(1)
        scores = [drawn[:, y[rows] == c].mean(1) for c in names if (y[rows] == c).any()]
        first, second = torch.stack(scores).mean(0)
        return first - second

    found = []
    for _ in range(resamples):
        rows = torch.randint(N, (N,), generator=draw)
        found.append(gap(torch.randint(S, (S,), generator=draw), rows))
    quantiles = torch.quantile(torch.stack(found), torch.tensor([0.025, 0.975]).double())
    whole = gap(torch.arange(S), torch.arange(N))
    return dict(zip(("difference", "low", "high"), [whole.item(), *quantiles.tolist()]))


# %% You draw within each class
def interval(labels, a, b, resamples=2000, seed=0):
    y, first, second = tables(labels, a, b)
    gap = first - second
    S = len(gap)
    draw = np.random.default_rng(seed)
    places = [np.flatnonzero(y == c) for c in np.unique(y)]
    found = []
    for _ in range(resamples):
        i = np.concatenate([draw.choice(own, len(own)) for own in places])
        s = draw.integers(S, size=S)
        found.append(recalls(gap[np.ix_(s, i)].mean(0), y[i]))
    return report(recalls(gap.mean(0), y), found)
