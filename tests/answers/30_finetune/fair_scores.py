"Wrong answers to exercise 5, each below the message that it must get."

import numpy as np


def grouped(points, *names):
    found = {}
    for point in points:
        found.setdefault(tuple(point[name] for name in names), []).append(point)
    return found


def mean(points, name):
    return float(np.mean([point[name] for point in points]))


# %% it is best in the test
def fair_scores(points):
    found = {}
    for (labels, way, _), runs in grouped(points, "labels", "way", "setting").items():
        found[labels, way] = max(found.get((labels, way), 0), mean(runs, "test"))
    return found


# %% best single validation score
def fair_scores(points):
    found = {}
    for key, runs in grouped(points, "labels", "way").items():
        best = max(runs, key=lambda point: point["validation"])["setting"]
        found[key] = mean([point for point in runs if point["setting"] == best], "test")
    return found


# %% you chose one for each draw
def fair_scores(points):
    best = {}
    for (labels, way, _), runs in grouped(points, "labels", "way", "draw").items():
        score = max(runs, key=lambda point: point["validation"])["test"]
        best.setdefault((labels, way), []).append(score)
    return {key: float(np.mean(scores)) for key, scores in best.items()}


# %% that is one draw
def fair_scores(points):
    best = {}
    for (labels, way, _), runs in grouped(points, "labels", "way", "setting").items():
        validation = mean(runs, "validation")
        if (labels, way) not in best or validation > best[labels, way][0]:
            best[labels, way] = (validation, runs[0]["test"])
    return {key: test for key, (_, test) in best.items()}


# %% the keys are
def fair_scores(points):
    best = {}
    for (way, _), runs in grouped(points, "way", "setting").items():
        validation = mean(runs, "validation")
        if way not in best or validation > best[way][0]:
            best[way] = (validation, mean(runs, "test"))
    return {way: test for way, (_, test) in best.items()}


# %% the run with the best single validation score
def fair_scores(points):
    found = {}
    for key, runs in grouped(points, "labels", "way").items():
        found[key] = max(runs, key=lambda point: point["validation"])["test"]
    return found


# %% return the test score
def fair_scores(points):
    found = {}
    for (labels, way, _), runs in grouped(points, "labels", "way", "setting").items():
        found[labels, way] = max(found.get((labels, way), 0), mean(runs, "validation"))
    return found


# %% the mean of all settings
def fair_scores(points):
    return {key: mean(runs, "test") for key, runs in grouped(points, "labels", "way").items()}


# %% the mean of all settings: choose one
def fair_scores(points):
    means = {}
    for (labels, way, _), runs in grouped(points, "labels", "way", "setting").items():
        means.setdefault((labels, way), []).append(mean(runs, "test"))
    return {key: float(np.mean(scores)) for key, scores in means.items()}


# %% not sums
def fair_scores(points):
    best = {}
    for (labels, way, _), runs in grouped(points, "labels", "way", "setting").items():
        total = sum(point["validation"] for point in runs)
        if (labels, way) not in best or total > best[labels, way][0]:
            best[labels, way] = (total, mean(runs, "test"))
    return {key: test for key, (_, test) in best.items()}


# %% choose anew for each number of labels
def fair_scores(points):
    best = {}
    for (way, setting), runs in grouped(points, "way", "setting").items():
        validation = mean(runs, "validation")
        if way not in best or validation > best[way][0]:
            best[way] = (validation, setting)
    found = {}
    for (labels, way, setting), runs in grouped(points, "labels", "way", "setting").items():
        if setting == best[way][1]:
            found[labels, way] = mean(runs, "test")
    return found
