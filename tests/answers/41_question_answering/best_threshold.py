"Wrong answers to exercise 4, each below the message that it must get."

import numpy as np


def gain(t, margins, f1, impossible):
    return np.where(np.asarray(margins) > t, f1, impossible).mean()


def tried(margins):
    steps = np.unique(np.asarray(margins, float))
    return [steps[0] - 1, *(steps[1:] + steps[:-1]) / 2, steps[-1] + 1]


def chosen(candidates, *case):
    return float(max(candidates, key=lambda t: gain(t, *case)))


# %% return one number
def best_threshold(margins, f1, impossible):
    case = (margins, f1, impossible)
    best = chosen(tried(margins), *case)
    return best, gain(best, *case)


# %% here it is best to answer always
def best_threshold(margins, f1, impossible):
    return chosen(tried(margins)[1:], margins, np.where(impossible, 0, f1), impossible)


# %% here it is best never to answer
def best_threshold(margins, f1, impossible):
    return chosen(tried(margins)[:-1], margins, np.where(impossible, 0, f1), impossible)


# %% a grid is too coarse
def best_threshold(margins, f1, impossible):
    return chosen(np.arange(-1, 6, 0.25), margins, np.where(impossible, 0, f1), impossible)


# %% an impossible question scores no F1
def best_threshold(margins, f1, impossible):
    return chosen(tried(margins), margins, f1, impossible)


# %% perhaps the wrong way round
def best_threshold(margins, f1, impossible):
    def turned(t):
        return np.where(np.asarray(margins) < t, np.where(impossible, 0, f1), impossible).mean()

    return float(max(tried(margins), key=turned))


# %% two neighbours may be close
def best_threshold(margins, f1, impossible):
    places = np.linspace(min(margins), max(margins), 101)
    places = [min(margins) - 1, *places, max(margins) + 1]
    return chosen(places, margins, np.where(impossible, 0, f1), impossible)


# %% these margins are not sorted
def best_threshold(margins, f1, impossible):
    m = np.asarray(margins, float)
    places = [m.min() - 1, *(m[1:] + m[:-1]) / 2, m.max() + 1]
    return chosen(places, margins, np.where(impossible, 0, f1), impossible)


# %% do not count questions
def best_threshold(margins, f1, impossible):
    right = np.where(impossible, 0, np.asarray(f1) > 0)
    return chosen(tried(margins), margins, right, impossible)
