"Wrong answers to exercise 3, each below the message that it must get."

import numpy as np
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


# %% Python's or NumPy's generator draws other numbers afterwards
def draw_apart(seed, n):
    np.random.seed(seed)
    return torch.from_numpy(np.random.randn(n))


# %% a tensor is asked, not a list
def draw_apart(seed, n):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, generator=generator).tolist()


# %% does it end with a `return`?
def draw_apart(seed, n):
    torch.randn(n, generator=torch.Generator().manual_seed(seed))


# %% none of 1,000 numbers is beyond 2: draw with randn
def draw_apart(seed, n):
    uniform = torch.rand(n, generator=torch.Generator().manual_seed(seed))
    return (uniform - 0.5) * 12**0.5


# %% 5 numbers are asked and 1000 come: is n used?
def draw_apart(seed, n):
    return torch.randn(1000, generator=torch.Generator().manual_seed(seed))
