"Answers to question 1, each below the message that it must get; those that are right say so."

import math

import torch


# %% That is the mean of the means
def mean_loss(means, rows):
    return float(means.mean())


# %% Divide by the number of rows
def mean_loss(means, rows):
    kept = rows > 0
    return float((means[kept] * rows[kept]).sum() / len(rows))


# %% nan * 0 is nan
def mean_loss(means, rows):
    return float((means * rows).sum() / rows.sum())


# %% gives None
def mean_loss(means, rows):
    kept = rows > 0
    print((means[kept] * rows[kept]).sum() / rows.sum())


# %% What comes after an empty batch counts too
def mean_loss(means, rows):
    return 2.5 if rows[1] else 2.0


# %% mean_loss raises TypeError
def mean_loss(means):
    return float(means.mean())


# %% 2.5 was expected, you have 10.0
def mean_loss(means, rows):
    kept = rows > 0
    return float((means[kept] * rows[kept]).sum())


# %% right: a loop
def mean_loss(means, rows):
    total = 0.0
    count = 0
    for mean, n in zip(means.tolist(), rows.tolist()):
        if n:
            total += mean * n
            count += n
    return total / count


# %% right: weights, and nan replaced
def mean_loss(means, rows):
    weights = rows / rows.sum()
    return torch.where(rows > 0, means * weights, torch.zeros(())).sum().item()


# %% it is a Tensor
# unseen: result is a tensor, not a float
def mean_loss(means, rows):
    there = rows > 0
    total = (means[there] * rows[there]).sum()
    return total / rows[there].sum()


# %% inf * 0 is nan
# unseen: empty batches are recognised by nan, so inf in an empty batch gives nan
def mean_loss(means, rows):
    good = ~means.isnan()
    means, rows = means[good], rows[good]
    return ((means * rows).sum() / rows.sum()).item()


# %% A batch of a single row counts too
# unseen: batches with exactly one row are dropped too
def mean_loss(means, rows):
    keep = rows > 1
    if not keep.any():
        return means[rows > 0].mean().item()
    means, rows = means[keep], rows[keep]
    return ((means * rows).sum() / rows.sum()).item()


# %% What comes after an empty batch counts too
# unseen: stops at the first empty batch
def mean_loss(means, rows):
    total, n = 0.0, 0
    for m, r in zip(means.tolist(), rows.tolist()):
        if r == 0:
            if n:
                break
            continue
        total += m * r
        n += r
    return total / n


# %% If the first batch is empty
# unseen: running mean that divides by zero when the first batch is empty
def mean_loss(means, rows):
    mean, seen = torch.tensor(0.0), torch.tensor(0)
    means = torch.where(rows > 0, means, torch.zeros_like(means))
    for m, r in zip(means, rows):
        seen = seen + r
        mean = mean + (m - mean) * r / seen
    return mean.item()


# %% An empty batch in the middle
# unseen: divides by the number of batches that have rows, times their mean size rounded down
def mean_loss(means, rows):
    keep = rows > 0
    size = rows.sum() // keep.sum()
    return ((means[keep] * rows[keep]).sum() / (size * keep.sum())).item()


# %% right: plain Python lists and fsum
def mean_loss(means, rows):
    pairs = [(m, r) for m, r in zip(means.tolist(), rows.tolist()) if r]
    return math.fsum(m * r for m, r in pairs) / sum(r for _, r in pairs)


# %% Batches of 3 rows and 1 row: 2.5 was expected
def mean_loss(means, rows):
    kept = rows > 0
    return float((means[kept] * rows[kept]).sum() / (rows.sum() + 1e-3))


# %% right: each batch's share of the rows first, in floats of Python
def mean_loss(means, rows):
    total = int(rows.sum())
    mean = 0.0
    for m, n in zip(means.tolist(), rows.tolist()):
        if n:
            mean += m * (n / total)
    return mean


# %% right: shares in float64
def mean_loss(means, rows):
    kept = rows > 0
    shares = rows[kept].double() / rows.sum()
    return (means[kept].double() @ shares).item()
