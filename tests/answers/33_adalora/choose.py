"Wrong answers to exercise 3, each below the message that it must get."

import torch


def budget_of(scores, t, last, t0, t1, power=3):
    first = sum(len(s) for s in scores)
    left = min(1.0, max(0.0, 1 - (t - t0) / (t1 - t0)))
    return int(last + (first - last) * left**power)


def best(scores, budget, largest=True):
    lengths = [len(s) for s in scores]
    kept = torch.zeros(sum(lengths), dtype=torch.bool)
    kept[torch.cat(scores).topk(budget, largest=largest).indices] = True
    return list(kept.split(lengths))


def without_bounds(t, least, most):
    "A budget of 8 triplets that is held at one end only: torch refuses the other one."
    left = min(most, max(least, 1 - (t - 10) / 10))
    return int(2 + 6 * left**3)


# %% one vector for each layer
def choose(scores, t, last, t0, t1):
    return [torch.cat(best(scores, budget_of(scores, t, last, t0, t1)))]


# %% the vectors are booleans
def choose(scores, t, last, t0, t1):
    return [row.float() for row in best(scores, budget_of(scores, t, last, t0, t1))]


# %% until t0 all triplets stay
def choose(scores, t, last, t0, t1):
    return best(scores, budget_of(scores, t, last, 0, t1))


# %% after t1 the budget stays at last
def choose(scores, t, last, t0, t1):
    first = sum(len(s) for s in scores)
    left = min(1.0, 1 - (t - t0) / (t1 - t0))
    return best(scores, max(0, int(last + (first - last) * left**3)))


# %% the cube is missing
def choose(scores, t, last, t0, t1):
    return best(scores, budget_of(scores, t, last, t0, t1, power=1))


# %% at step 12
def choose(scores, t, last, t0, t1):
    return best(scores, budget_of(scores, t, last, t0, t1, power=4))


# %% the best of all layers together
def choose(scores, t, last, t0, t1):
    budget = budget_of(scores, t, last, t0, t1)
    kept = [torch.zeros(len(s), dtype=torch.bool) for s in scores]
    place = 0
    while budget:  # in turns: the best of each, then the second of each
        for s, row in zip(scores, kept):
            if budget and place < len(s):
                row[s.argsort(descending=True)[place]] = True
                budget -= 1
        place += 1
    return kept


# %% these are the worst
def choose(scores, t, last, t0, t1):
    return best(scores, budget_of(scores, t, last, t0, t1), largest=False)


# %% three stay, though all scores are equal
def choose(scores, t, last, t0, t1):
    budget = budget_of(scores, t, last, t0, t1)
    limit = torch.cat(scores).sort(descending=True).values[budget - 1]
    return [s >= limit for s in scores]


# %% until t0 all triplets stay
def choose(scores, t, last, t0, t1):
    return best(scores, without_bounds(t, 0.0, 9.0))


# %% after t1 the budget stays at last
def choose(scores, t, last, t0, t1):
    return best(scores, without_bounds(t, -9.0, 1.0))
