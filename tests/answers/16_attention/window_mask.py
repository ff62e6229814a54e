"Wrong answers to exercise 4, each below the message that it must get."

import torch


# %% w counts the token itself
def window_mask(T, w):
    everything = torch.ones(T, T, dtype=torch.bool)
    return everything.tril() & ~everything.tril(-w - 1)


# %% nothing limits the window
def window_mask(T, w):
    return torch.ones(T, T, dtype=torch.bool).tril()


# %% a token sees tokens that come after it
def window_mask(T, w):
    place = torch.arange(T)
    return (place[:, None] - place).abs() < w


# %% a token doesn't see itself
def window_mask(T, w):
    everything = torch.ones(T, T, dtype=torch.bool)
    return everything.tril(-1) & ~everything.tril(-w)


# %% the mask is boolean
def window_mask(T, w):
    return torch.ones(T, T).tril() - torch.ones(T, T).tril(-w)


# %% a token doesn't see itself
def window_mask(T, w):
    place = torch.arange(T)
    distance = place[:, None] - place
    return (distance > 0) & (distance <= w)
