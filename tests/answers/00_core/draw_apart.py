"Wrong answers to exercise 3, each below the message that it must get."

import torch

kept = torch.Generator().manual_seed(7)


# %% draw from one of your own
def draw_apart(seed, n):
    torch.manual_seed(seed)
    return torch.randn(n)


# %% begin anew in each call
def draw_apart(seed, n):
    return torch.randn(n, generator=kept)


# %% is the seed used?
def draw_apart(seed, n):
    return torch.randn(n, generator=torch.Generator().manual_seed(0))


# %% randn draws from the normal distribution
def draw_apart(seed, n):
    return torch.rand(n, generator=torch.Generator().manual_seed(seed))


# %% have the shape (1000,)
def draw_apart(seed, n):
    return torch.randn(1, n, generator=torch.Generator().manual_seed(seed))
