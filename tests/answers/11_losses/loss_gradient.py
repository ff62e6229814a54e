"Wrong answers to exercise 4, each below the message that it must get."

import torch
import torch.nn.functional as F


# %% each row counts one sixth
def loss_gradient(z, t):
    return z.softmax(-1) - t


# %% the sign
def loss_gradient(z, t):
    return (t - z.softmax(-1)) / len(z)


# %% not over all B * V numbers
def loss_gradient(z, t):
    return (z.softmax(-1) - t) / z.numel()


# %% you made the labels hard
def loss_gradient(z, t):
    one_hot = F.one_hot(t.argmax(-1), z.shape[-1])
    return (z.softmax(-1) - one_hot) / len(z)


# %% each row should add up to 0
def loss_gradient(z, t):
    return -t / torch.softmax(z, -1) / len(z)
