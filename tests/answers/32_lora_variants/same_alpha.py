"Wrong answers to exercise 1, each below the message that it must get."

import math


# %% rsLoRA divides by the root of r
def same_alpha(alpha, r, ratio):
    return alpha * ratio


# %% plain LoRA divides your alpha by r once more
def same_alpha(alpha, r, ratio):
    return alpha / math.sqrt(r) * ratio


# %% the ratio is missing
def same_alpha(alpha, r, ratio):
    return alpha * math.sqrt(r)


# %% right for gradient descent, not for Adam
def same_alpha(alpha, r, ratio):
    return alpha * math.sqrt(r * ratio)


# %% that has the scale alpha
def same_alpha(alpha, r, ratio):
    return alpha * r * ratio


# %% is right, not
def same_alpha(alpha, r, ratio):
    return alpha * math.sqrt(r) / ratio
