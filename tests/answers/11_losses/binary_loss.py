"Wrong answers to exercise 5, each below the message that it must get."

import torch
import torch.nn.functional as F


# %% a probability was rounded to 0
def binary_loss(z, y):
    p = 1 / (1 + torch.exp(-z))
    return -(y * p.log() + (1 - y) * (1 - p).log())


# %% exp(200) overflows
def binary_loss(z, y):
    return torch.log1p(torch.exp((1 - 2 * y) * z))


# %% two large numbers or a 1 swallow it
def binary_loss(z, y):
    return F.softplus(z) - y * z


# %% torch.where follows both branches
def binary_loss(z, y):
    x = (1 - 2 * y) * z
    return torch.where(x > 0, x + torch.log1p(torch.exp(-x)), torch.log1p(torch.exp(x)))


# %% clamp and relu aren't even there
def binary_loss(z, y):
    x = (1 - 2 * y) * z
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


# %% one loss for each example
def binary_loss(z, y):
    return F.softplus((1 - 2 * y) * z).mean()


# %% autograd adds 1, -1 and 2.06e-9
def binary_loss(z, y):
    return torch.maximum(z, torch.zeros_like(z)) - y * z + torch.log1p(torch.exp(-z.abs()))
