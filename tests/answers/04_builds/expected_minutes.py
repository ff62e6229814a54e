"Wrong answers to exercise 2, each below the message that it must get."

import math


# %% four steps save four times
def expected_minutes(steps, work, saving, between):
    return steps * between * (math.exp(work / steps / between) - 1)


# %% four steps save four times
def expected_minutes(steps, work, saving, between):
    return steps * between * (math.exp(work / steps / between) - 1) + saving


# %% with nearly no cuts and no saving an hour takes an hour
def expected_minutes(steps, work, saving, between):
    return between * (math.exp((work / steps + saving) / between) - 1)


# %% 30 (e**2 - 1) = 191.7 minutes
def expected_minutes(steps, work, saving, between):
    one_step = work / steps + saving
    cuts = steps * one_step / between
    return steps * one_step + cuts * one_step / 2
