"Answers to question 4, each below the message that it must get; those that are right say so."

import numpy as np


def make(rates, chosen, seeds, shuffles, search_seeds=(99,), rate_of=lambda method: None):
    "A plan from the rates that each method tries."
    plan = []
    for method, found in chosen.items():
        for place, rate in enumerate(found):
            seed = search_seeds[place % len(search_seeds)]
            plan.append(dict(stage="search", method=method, rate=rate, seed=seed))
    for stage, number in (("final", seeds), ("shuffled", shuffles)):
        for method in rates:
            for seed in range(number):
                rate = rate_of(method)
                plan.append(dict(stage=stage, method=method, rate=rate, seed=seed))
    return plan


def number_of(rates, budget, seeds, shuffles):
    k = (budget - len(rates) * (seeds + shuffles)) // len(rates)
    k = min([k, *map(len, rates.values())])
    if k < 2:
        raise ValueError(f"{k} rates are no search")
    return k


def spread(known, k):
    return [known[i] for i in np.linspace(0, len(known) - 1, k).round().astype(int)]


# %% equal searches, please
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = (budget - len(rates) * (seeds + shuffles)) // len(rates)
    chosen = {method: spread(known, min(k, len(known))) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles)


# %% which are not in its list
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    first = next(iter(rates.values()))
    chosen = {method: spread(first, k) for method in rates}
    return make(rates, chosen, seeds, shuffles)


# %% but the budget is 23
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = min([budget // len(rates), *map(len, rates.values())])
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles)


# %% doesn't try both ends
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: known[:k] for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles)


# %% Each method tries 3 rates. With 27 runs, 11 runs are left
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = min(number_of(rates, budget, seeds, shuffles), 3)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles)


# %% is a final seed too
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles, search_seeds=(0,))


# %% is a final seed too
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles, search_seeds=(5,))


# %% one is wanted
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles, search_seeds=range(100, 120))


# %% A final run has a rate already
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles, rate_of=lambda method: rates[method][0])


# %% First the search, then the final runs
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    plan = make(rates, chosen, seeds, shuffles)
    return sorted(plan, key=lambda run: run["method"])


# %% The shuffled runs of full have the seeds 0 and 1, yours []
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = number_of(rates, budget, seeds, shuffles)
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return [run for run in make(rates, chosen, seeds, shuffles) if run["stage"] != "shuffled"]


# %% raise a ValueError
def plan_runs(rates, budget, seeds=5, shuffles=3):
    k = (budget - len(rates) * (seeds + shuffles)) // len(rates)
    k = max(1, min([k, *map(len, rates.values())]))
    chosen = {method: spread(known, k) for method, known in rates.items()}
    return make(rates, chosen, seeds, shuffles)


# %% right: the budget is spent run by run
def plan_runs(rates, budget, seeds=5, shuffles=3):
    from itertools import product

    final = list(product(["final"], rates, range(seeds)))
    final += list(product(["shuffled"], rates, range(shuffles)))
    left = budget - len(final)
    k = 0
    while left >= len(rates) and all(k < len(known) for known in rates.values()):
        left -= len(rates)
        k += 1
    if k < 2:
        raise ValueError("The budget or a list of rates is too short for a search.")
    plan = []
    for method in rates:
        for rate in [*rates[method][: k - 1], rates[method][-1]]:
            plan.append({"stage": "search", "method": method, "rate": rate, "seed": 10**6})
    for stage, method, seed in final:
        plan.append({"stage": stage, "method": method, "rate": None, "seed": seed})
    return plan


# %% right: both ends, and others drawn between them
def plan_runs(rates, budget, seeds=5, shuffles=3):
    import random

    methods = list(rates)
    shortest = min(len(known) for known in rates.values())
    k = min(shortest, budget // len(methods) - seeds - shuffles)
    if k <= 1:
        raise ValueError("no search")
    rng = random.Random(0)
    searches, finals, shuffled = [], [], []
    for method in methods:
        low, *between, high = rates[method]
        for rate in sorted([low, *rng.sample(between, k - 2), high]):
            searches.append(dict(stage="search", method=method, rate=rate, seed=-1))
        for seed in range(seeds):
            finals.append(dict(stage="final", method=method, rate=None, seed=seed))
        for seed in range(shuffles):
            shuffled.append(dict(stage="shuffled", method=method, rate=None, seed=seed))
    return searches + finals + shuffled
