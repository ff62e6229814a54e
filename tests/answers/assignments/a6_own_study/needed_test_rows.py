"Answers to question 3, each below the message that it must get; those that are right say so."

import math
from statistics import NormalDist

quantile = NormalDist().inv_cdf


# %% You forgot the power
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return math.ceil(row_spread**2 / left)


# %% The interval is two-sided
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile(level) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return math.ceil(row_spread**2 / left)


# %% You forgot the seeds' part
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    return math.ceil((z * row_spread / effect) ** 2)


# %% divide seed_spread squared by their number
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2
    return math.ceil(row_spread**2 / left)


# %% round up
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return int(row_spread**2 / left)


# %% An effect below 0 needs as many rows
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    if effect <= 0:
        return math.inf
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return math.ceil(row_spread**2 / left)


# %% a number below 0 means that no number is enough
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return math.ceil(row_spread**2 / left)


# %% no number of rows shows 0.02
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return math.ceil(row_spread**2 / max(left, 1e-9))


# %% Without any spread between rows one row is enough
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return math.ceil(row_spread**2 / left) if left > 0 else math.inf


# %% A difference of 0 is never seen
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return max(1, math.ceil(row_spread**2 / left)) if left > 0 else math.inf


# %% needed_test_rows gives None
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    return max(1, math.ceil(row_spread**2 / left)) if left > 0 else None


# %% right: torch's quantiles and a condition
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    import torch

    if not effect:
        raise ValueError("no effect")
    at = torch.tensor([(1 + level) / 2, power], dtype=torch.float64)
    z = torch.special.ndtri(at).sum().item()
    allowed = (abs(effect) / z) ** 2
    from_seeds = seed_spread * seed_spread / seeds
    if from_seeds >= allowed:
        return math.inf
    exact = row_spread * row_spread / (allowed - from_seeds)
    whole = int(exact)
    if whole < exact:
        whole += 1
    return whole or 1


# %% right: a search by halves
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    from scipy.stats import norm

    if effect == 0:
        raise ValueError("An effect of 0 can't be seen.")
    z = norm.ppf((1 + level) / 2) + norm.ppf(power)

    def enough(n):
        return z * math.sqrt(row_spread**2 / n + seed_spread**2 / seeds) <= abs(effect)

    high = 1
    while not enough(high):
        high *= 2
        if high > 1e15:
            return float("inf")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


# %% Ask the seeds first
# unseen: no spread between rows, so one row, whatever the seeds do
def needed_test_rows(effect, row_spread, seed_spread, seeds, level=0.95, power=0.8):
    if effect == 0:
        raise ValueError("no effect")
    if row_spread == 0:
        return 1
    z = quantile((1 + level) / 2) + quantile(power)
    left = (effect / z) ** 2 - seed_spread**2 / seeds
    if left <= 0:
        return math.inf
    return max(1, math.ceil(row_spread**2 / left))
