"Wrong answers to exercise 2, each below the message that it must get."

import random

import numpy as np
import torch


# %% Python's random draws another number
def seed_everywhere(seed):
    torch.manual_seed(seed)


# %% NumPy draws another number
def seed_everywhere(seed):
    random.seed(seed)
    np.random.default_rng(seed)  # a new generator, which nobody uses
    torch.manual_seed(seed)


# %% pass on the seed that was given
def seed_everywhere(seed):
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


# %% torch draws another number
def seed_everywhere(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.seed()
