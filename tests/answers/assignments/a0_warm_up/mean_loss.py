"Answers to question 1, each below the message that it must get; those that are right say so."

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


# %% do you count rows?
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
