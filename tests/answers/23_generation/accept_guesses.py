"Wrong answers to exercise 5, each below the message that it must get."

import numpy as np

from ftkit.pretraining.generation import draw


# %% one more token comes from the last row of p
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() >= p[i, x] / q[i, x]:
            return [*kept, draw(np.maximum(p[i] - q[i], 0), rng)]
        kept.append(x)
    return kept


# %% drawn from p again
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() >= p[i, x] / q[i, x]:
            return [*kept, draw(p[i], rng)]
        kept.append(x)
    return [*kept, draw(p[-1], rng)]


# %% the later guesses are thrown away
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() < p[i, x] / q[i, x]:
            kept.append(x)
        else:
            kept.append(draw(np.maximum(p[i] - q[i], 0), rng))
    return [*kept, draw(p[-1], rng)]


# %% a guess stays with probability 1/2
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() >= p[i, x]:
            return [*kept, draw(np.maximum(p[i] - q[i], 0), rng)]
        kept.append(x)
    return [*kept, draw(p[-1], rng)]


# %% not below 1/2: reject
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() >= q[i, x] / p[i, x]:
            return [*kept, draw(np.maximum(p[i] - q[i], 0), rng)]
        kept.append(x)
    return [*kept, draw(p[-1], rng)]


# %% what is missing is p - q
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() >= p[i, x] / q[i, x]:
            return [*kept, draw(np.maximum(q[i] - p[i], 0), rng)]
        kept.append(x)
    return [*kept, draw(p[-1], rng)]


# %% a chance of its own
def accept_guesses(p, q, guesses, rng):
    kept = []
    u = rng.random()
    for i, x in enumerate(guesses):
        if u >= p[i, x] / q[i, x]:
            return [*kept, draw(np.maximum(p[i] - q[i], 0), rng)]
        kept.append(x)
    return [*kept, draw(p[-1], rng)]


# %% of 4,000
def accept_guesses(p, q, guesses, rng):
    kept = []
    for i, x in enumerate(guesses):
        if rng.random() >= p[i, x] / q[i, x]:
            return [*kept, draw(np.abs(p[i] - q[i]), rng)]
        kept.append(x)
    return [*kept, draw(p[-1], rng)]
