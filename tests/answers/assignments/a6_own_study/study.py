"Answers to question 8, each below the message that it must get; those that are right say so."

import copy
import json

import numpy as np


def changed(**entries):
    "The stored study, with other entries."
    return copy.deepcopy(json.loads(report_text)) | entries  # noqa: F821


def runs_of(report, stage, method):
    return [run for run in report[stage] if run["method"] == method]


# %% These entries are missing: interval
def study():
    report = changed()
    del report["interval"]
    return report


# %% The report is a dict
def study():
    return report_text  # noqa: F821


# %% a row lies in one part, once
def study():
    report = changed()
    report["rows"]["train"] += report["rows"]["test"][:50]
    return report


# %% a row lies in one part, once
def study():
    report = changed()
    joined = report["rows"]["test"]
    report["rows"]["test"] = joined[:-10] + joined[:10]
    return report


# %% test has 20 rows: 200 are the least
def study():
    report = changed()
    report["rows"]["test"] = report["rows"]["test"][:200]
    report["labels"]["test"] = report["labels"]["test"][:20]
    for stage in ("final", "shuffled"):
        for run in report[stage]:
            run["predictions"] = run["predictions"][:20]
    return report


# %% but its predictions give
def study():
    report = changed()
    for run in runs_of(report, "final", "lora"):
        run["score"] += 0.05
    return report


# %% predictions for
def study():
    report = changed()
    for run in report["search"]:
        run["predictions"] += "0"
    return report


# %% The score of full is that of its best run
def study():
    report = changed()
    for method in report["scores"]:
        found = [run["score"] for run in runs_of(report, "final", method)]
        report["scores"][method] = max(found)
    return report


# %% equal searches
def study():
    report = changed()
    best = report["chosen"]["full"]["rate"]
    report["search"] = [
        run for run in report["search"] if run["method"] == "lora" or run["rate"] == best
    ]
    report["chosen"]["full"]["at_edge"] = True
    return report


# %% Was it chosen by the test
def study():
    report = changed()
    tried = runs_of(report, "search", "lora")
    worst = min(tried, key=lambda run: run["score"])["rate"]
    report["chosen"]["lora"]["rate"] = worst
    return report


# %% not the chosen one
def study():
    report = changed()
    for run in runs_of(report, "final", "full"):
        run["rate"] = 1e-5
    return report


# %% Are they copies of one run
def study():
    report = changed()
    for method in ("full", "lora"):
        own = runs_of(report, "final", method)
        for run in own:
            run.update(score=own[0]["score"], predictions=own[0]["predictions"])
        report["scores"][method] = own[0]["score"]
    return report


# %% and 5 are the least
def study():
    report = changed()
    report["final"] = [run for run in report["final"] if run["seed"] < 3]
    for method in ("full", "lora"):
        found = [run["score"] for run in runs_of(report, "final", method)]
        report["scores"][method] = float(np.mean(found))
    return report


# %% were in the search, and are final runs too
def study():
    report = changed()
    for run in report["search"]:
        run["seed"] = 0
    return report


# %% The difference has the other sign
def study():
    report = changed()
    found = report["interval"]
    report["interval"] = dict(
        difference=-found["difference"], low=-found["high"], high=-found["low"]
    )
    return report


# %% Does it cover rows and seeds
def study():
    report = changed()
    labels = list(map(int, report["labels"]["test"]))
    a, b = (
        [list(map(int, run["predictions"])) for run in runs_of(report, "final", method)]
        for method in ("full", "lora")
    )
    rng = np.random.default_rng(0)
    y = np.array(labels)
    gap = (np.array(a) == y).astype(float) - (np.array(b) == y)
    of_run = np.mean([gap[:, y == c].mean(1) for c in set(labels)], 0)
    found = [rng.choice(of_run, len(of_run)).mean() for _ in range(2000)]
    low, high = np.quantile(found, [0.025, 0.975])
    report["interval"].update(low=float(low), high=float(high))
    return report


# %% Were the labels shuffled at all
def study():
    report = changed()
    report["shuffled"] = copy.deepcopy(report["final"])
    return report


# %% Nothing was learned that could be compared
def study():
    report = changed()
    best = max(report["final"], key=lambda run: run["score"])
    report["shuffled"][0].update(score=best["score"], predictions=best["predictions"])
    return report


# %% the verdict is
def study():
    word = changed()["verdict"]
    return changed(verdict="unknown" if word != "unknown" else "equal")


# %% The sentence does not say the verdict's word
def study():
    return changed(sentence="LoRA is as good as full fine-tuning.")


# %% the interval's low
def study():
    report = changed()
    value = report["interval"]["difference"]
    number = len(report["labels"]["test"])
    report["sentence"] = f"On {number} rows: {report['verdict']}, with {value:+.3f}."
    return report


# %% right: the sentence is written by code
def study():
    report = json.loads(report_text)  # noqa: F821
    found = report["interval"]
    report["sentence"] = (
        f"Verdict: {report['verdict']}. Full minus LoRA is {found['difference']:+.3f} "
        f"(95% interval {found['low']:+.3f} to {found['high']:+.3f}) on "
        f"{len(report['labels']['test'])} test rows."
    )
    return report


# %% right: runs in another order, unrounded scores, another seed of the interval
def study():
    report = json.loads(report_text)  # noqa: F821
    for stage in ("search", "final", "shuffled"):
        report[stage].reverse()
        part = "validation" if stage == "search" else "test"
        y = list(map(int, report["labels"][part]))
        for run in report[stage]:
            run["score"] = balanced_accuracy(y, list(map(int, run["predictions"])))  # noqa: F821
    arms = {}
    for method in ("full", "lora"):
        own = sorted(runs_of(report, "final", method), key=lambda run: run["seed"])
        arms[method] = [list(map(int, run["predictions"])) for run in own]
        report["scores"][method] = float(np.mean([run["score"] for run in own]))
    y = list(map(int, report["labels"]["test"]))
    again = interval(y, arms["full"], arms["lora"], 4000, 9)  # noqa: F821
    report["interval"] = again
    ends = f"{again['difference']:+.3f} [{again['low']:+.3f}, {again['high']:+.3f}]"
    report["sentence"] = f"{report['verdict'].capitalize()}? {report['verdict']}: {ends}, {len(y)}."
    return report
