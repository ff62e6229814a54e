"Answers to question 5, each below the message that it must get; those that are right say so."

import math

import numpy as np


def scores_of(results, entry="validation"):
    found = {}
    for run in results:
        found.setdefault(run["method"], {}).setdefault(run["rate"], []).append(run[entry])
    return found


def choose(found, summary=np.mean, order=sorted, out=np.isnan, edges=None):
    "The right way, with places to go wrong."
    chosen = {}
    for method, tried in found.items():
        means = {rate: summary(tried[rate]) for rate in order(tried)}
        means = {rate: mean for rate, mean in means.items() if not out(mean)}
        if not means:
            raise ValueError(f"{method}: nothing to choose from")
        best = max(means, key=means.get)
        ends = tried if edges is None else edges(means)
        chosen[method] = dict(rate=best, at_edge=best in (min(ends), max(ends)))
    return chosen


# %% You chose by the test scores
def choose_rates(results):
    return choose(scores_of(results, "test"))


# %% The order of the runs plays no part
def choose_rates(results):
    chosen = {}
    for run in results:
        chosen.setdefault(run["method"], dict(rate=run["rate"], at_edge=False))
    return chosen


# %% The edges are those of the rates
def choose_rates(results):
    chosen = choose(scores_of(results))
    for method, found in chosen.items():
        tried = [run["rate"] for run in results if run["method"] == method]
        found["at_edge"] = found["rate"] in (tried[0], tried[-1])
    chosen["full"] = dict(chosen.get("full", {}), at_edge=True)
    return chosen


# %% The best single run is luck
def choose_rates(results):
    return choose(scores_of(results), summary=max)


# %% mean, not sum
def choose_rates(results):
    return choose(scores_of(results), summary=sum)


# %% Of equally good rates the lowest
def choose_rates(results):
    return choose(scores_of(results), order=lambda tried: sorted(tried, reverse=True))


# %% For each method a dict with rate and at_edge
def choose_rates(results):
    return {method: found["rate"] for method, found in choose(scores_of(results)).items()}


# %% at_edge is True, you have False
def choose_rates(results):
    chosen = choose(scores_of(results))
    return {method: dict(found, at_edge=False) for method, found in chosen.items()}


# %% nan has won
def choose_rates(results):
    chosen = {}
    for method, tried in scores_of(results).items():
        means = {rate: np.mean(tried[rate]) for rate in sorted(tried)}
        rates = list(means)
        best = rates[int(np.argmax(list(means.values())))]
        chosen[method] = dict(rate=best, at_edge=best in (rates[0], rates[-1]))
    return chosen


# %% A rate at which one run of two diverged is out
def choose_rates(results):
    return choose(scores_of(results), summary=np.nanmean)


# %% 1e-3 is not at the edge
def choose_rates(results):
    found = {}
    for method, tried in scores_of(results).items():
        finished = {r: s for r, s in tried.items() if not any(map(math.isnan, s))}
        if finished:
            found[method] = finished
    if not found:
        raise ValueError("sunk")
    return choose(found, edges=lambda means: [*means, max(means)])


# %% All rates diverged: raise a ValueError
def choose_rates(results):
    found = scores_of(results)
    kept = {
        m: tried
        for m, tried in found.items()
        if not np.isnan(np.concatenate(list(tried.values()))).all()
    }
    return choose(kept)


# %% right: with pandas
def choose_rates(results):
    import pandas as pd

    table = pd.DataFrame(results)[["method", "rate", "validation"]]
    chosen = {}
    for method, own in table.groupby("method"):
        means = own.groupby("rate")["validation"].agg(lambda column: column.mean(skipna=False))
        means = means.dropna().sort_index()
        if means.empty:
            raise ValueError(f"Every rate of {method} diverged.")
        best = float(means.idxmax())
        chosen[str(method)] = dict(
            rate=best, at_edge=bool(best <= own["rate"].min() or best >= own["rate"].max())
        )
    return chosen


# %% right: sorted by score and rate
def choose_rates(results):
    from fractions import Fraction

    methods = sorted({run["method"] for run in results})
    chosen = {}
    for method in methods:
        own = [run for run in results if run["method"] == method]
        rates = sorted({run["rate"] for run in own})
        ranking = []
        for rate in rates:
            scores = [run["validation"] for run in own if run["rate"] == rate]
            if not any(score != score for score in scores):
                mean = sum(map(Fraction, scores)) / len(scores)
                ranking.append((-mean, rate))
        if not ranking:
            raise ValueError("no rate left for " + method)
        rate = min(ranking)[1]
        chosen[method] = {"rate": rate, "at_edge": rate == rates[0] or rate == rates[-1]}
    return chosen
