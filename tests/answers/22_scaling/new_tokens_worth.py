"Wrong answers to exercise 4, each below the message that it must get."

import numpy as np


# %% n passes are n - 1 repetitions
def new_tokens_worth(U, passes, R=15.39):
    return U + U * R * (1 - np.exp(-passes / R))


# %% half a pass is worth 500
def new_tokens_worth(U, passes, R=15.39):
    return U + U * R * (1 - np.exp(-max(0, passes - 1) / R))


# %% worth less than a first reading
def new_tokens_worth(U, passes, R=15.39):
    return U * passes


# %% worth more than one
def new_tokens_worth(U, passes, R=15.39):
    return U * min(1, passes)


# %% R is not used
def new_tokens_worth(U, passes, R=15.39):
    if passes <= 1:
        return U * passes
    return U + U * 15.39 * (1 - np.exp(-(passes - 1) / 15.39))
