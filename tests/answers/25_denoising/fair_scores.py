"Wrong answers to exercise 4, each below the message that it must get."


def refuse_unequal(racers):
    if len({len(racer["runs"]) for racer in racers.values()}) > 1:
        raise ValueError("the searches are not equal")


def paid(racer, points, budget):
    return [point for point in points if point[0] * racer["cost"] <= budget]


def ends_of(racer, budget):
    return [paid(racer, points, budget)[-1] for points in racer["runs"].values()]


# %% slow spent 80 of 40 operations
def fair_scores(racers, budget):
    refuse_unequal(racers)
    scores = {}
    for name, racer in racers.items():
        ends = [points[-1] for points in racer["runs"].values()]
        scores[name] = max(ends, key=lambda point: point[1])[2]
    return scores


# %% slow spent 80 of 40 operations
def fair_scores(racers, budget):
    refuse_unequal(racers)
    scores = {}
    for name, racer in racers.items():
        ends = []
        for points in racer["runs"].values():
            ends.append([point for point in points if point[0] <= budget][-1])
        scores[name] = max(ends, key=lambda point: point[1])[2]
    return scores


# %% the rate was chosen by the test score
def fair_scores(racers, budget):
    refuse_unequal(racers)
    return {name: max(end[2] for end in ends_of(r, budget)) for name, r in racers.items()}


# %% a point from the middle of a run
def fair_scores(racers, budget):
    refuse_unequal(racers)
    scores = {}
    for name, racer in racers.items():
        all_points = [p for points in racer["runs"].values() for p in paid(racer, points, budget)]
        scores[name] = max(all_points, key=lambda point: point[1])[2]
    return scores


# %% both got the same number of steps
def fair_scores(racers, budget):
    refuse_unequal(racers)
    dearest = max(racer["cost"] for racer in racers.values())
    scores = {}
    for name, racer in racers.items():
        same = dict(cost=dearest, runs=racer["runs"])
        scores[name] = max(ends_of(same, budget), key=lambda point: point[1])[2]
    return scores


# %% quick got a rate that suits slow
def fair_scores(racers, budget):
    refuse_unequal(racers)
    first = next(iter(racers.values()))
    ends = ends_of(first, budget)
    best = max(range(len(ends)), key=lambda i: ends[i][1])
    return {name: ends_of(racer, budget)[best][2] for name, racer in racers.items()}


# %% that is a validation score
def fair_scores(racers, budget):
    refuse_unequal(racers)
    return {name: max(end[1] for end in ends_of(r, budget)) for name, r in racers.items()}


# %% an unequal search is refused
def fair_scores(racers, budget):
    scores = {}
    for name, racer in racers.items():
        scores[name] = max(ends_of(racer, budget), key=lambda point: point[1])[2]
    return scores
