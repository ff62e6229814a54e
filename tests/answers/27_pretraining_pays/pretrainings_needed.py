"Wrong answers to exercise 4, each below the message that it must get."

import math

from scipy import stats


# %% you use the normal
def pretrainings_needed(effect, spread, draw_spread, draws):
    total = math.sqrt(spread**2 + draw_spread**2 / draws)
    errors = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    return max(2, math.ceil((errors * total / effect) ** 2))


# %% are too few
def pretrainings_needed(effect, spread, draw_spread, draws):
    for P in range(2, 1001):  # without power
        error = math.sqrt(spread**2 / P + draw_spread**2 / (P * draws))
        if stats.t.ppf(0.975, P - 1) * error <= effect:
            return P
    raise ValueError("not enough")


# %% are too many
def pretrainings_needed(effect, spread, draw_spread, draws):
    for P in range(2, 1001):  # as if each pretraining had one draw
        error = math.sqrt((spread**2 + draw_spread**2) / P)
        if (stats.t.ppf(0.975, P - 1) + stats.t.ppf(0.8, P - 1)) * error <= effect:
            return P
    raise ValueError("not enough")


# %% so raise a ValueError
def pretrainings_needed(effect, spread, draw_spread, draws):
    P = 2
    while P < 1000:
        error = math.sqrt(spread**2 / P + draw_spread**2 / (P * draws))
        if (stats.t.ppf(0.975, P - 1) + stats.t.ppf(0.8, P - 1)) * error <= effect:
            break
        P += 1
    return P


# %% 1,000 pretrainings are enough here
def pretrainings_needed(effect, spread, draw_spread, draws):
    for P in range(2, 100):
        error = math.sqrt(spread**2 / P + draw_spread**2 / (P * draws))
        if (stats.t.ppf(0.975, P - 1) + stats.t.ppf(0.8, P - 1)) * error <= effect:
            return P
    raise ValueError("not enough")


# %% 2 are needed, and 3 are too many
def pretrainings_needed(effect, spread, draw_spread, draws):
    for P in range(3, 1001):
        error = math.sqrt(spread**2 / P + draw_spread**2 / (P * draws))
        if (stats.t.ppf(0.975, P - 1) + stats.t.ppf(0.8, P - 1)) * error <= effect:
            return P
    raise ValueError("not enough")


# %% are too few
def pretrainings_needed(effect, spread, draw_spread, draws):
    for P in range(2, 1001):  # degrees of freedom of all draws
        error = math.sqrt(spread**2 / P + draw_spread**2 / (P * draws))
        errors = stats.t.ppf(0.975, P * draws - 1) + stats.t.ppf(0.8, P * draws - 1)
        if errors * error <= effect:
            return P
    raise ValueError("not enough")
