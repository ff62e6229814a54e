"Answers to question 2, each below the message that it must get; those that are right say so."

import numpy as np
import torch


# %% exp(200) overflows float32
def two_class_loss(m):
    return torch.log(1 + torch.exp(-m))


# %% exp(200) overflows float32
def two_class_loss(m):
    return torch.log1p(torch.exp(-m))


# %% use torch.log1p
def two_class_loss(m):
    return (-m).clamp(min=0) + torch.log(1 + torch.exp(-m.abs()))


# %% At -200 the loss is 200: the sign?
def two_class_loss(m):
    return m.clamp(min=0) + torch.log1p(torch.exp(-m.abs()))


# %% One loss for each margin
def two_class_loss(m):
    return ((-m).clamp(min=0) + torch.log1p(torch.exp(-m.abs()))).mean()


# %% You have
def two_class_loss(m):
    return (-m).clamp(min=0)


# %% right: logaddexp
def two_class_loss(m):
    return torch.logaddexp(torch.zeros_like(m), -m)


# %% right: in float64, by cases
def two_class_loss(m):
    x = m.double()
    small = torch.log1p(torch.exp(-x.clamp(min=0)))
    large = -x + torch.log1p(torch.exp(x.clamp(max=0)))
    return torch.where(x > 0, small, large).to(m.dtype)


# %% exp(200) overflows float32
# unseen: minus the log of the sigmoid, inf on the left and 0 on the right
def two_class_loss(m):
    return -torch.log(torch.sigmoid(m))


# %% use torch.log1p
# unseen: logsumexp of (0, -m) loses the small losses of large margins
def two_class_loss(m):
    z = torch.stack([torch.zeros_like(m), -m])
    return torch.logsumexp(z, 0)


# %% At the margin -8.125
# unseen: the line takes over too early (at -8) and misses exp(m)
def two_class_loss(m):
    safe = m.clamp(min=-8)
    return torch.where(m < -8, -m, torch.log1p(torch.exp(-safe)))


# %% At the margin 10.125
# unseen: exp(-m) takes over too early (at 10), the second term is missing
def two_class_loss(m):
    near = m.clamp(min=-80, max=80)
    middle = torch.log1p(torch.exp(-near))
    right = torch.exp(-m.clamp(min=0))
    return torch.where(m > 10, right, torch.where(m < -80, -m, middle))


# %% At the margin -10000
# unseen: in float64 with a clamp, so every margin below -700 has the same loss
def two_class_loss(m):
    x = m.double().clamp(min=-700)
    return torch.log1p(torch.exp(-x)).to(m.dtype)


# %% Is this margin in neither of your cases?
# unseen: margin exactly 0 is in neither of the two cases
def two_class_loss(m):
    loss = torch.zeros_like(m)
    ahead, behind = m > 0, m < 0
    loss[ahead] = torch.log1p(torch.exp(-m[ahead]))
    loss[behind] = -m[behind] + torch.log1p(torch.exp(m[behind]))
    return loss


# %% your losses torch.float64
# unseen: result is float64
def two_class_loss(m):
    x = m.to(torch.float64)
    return torch.clamp(-x, min=0) + torch.log1p(torch.exp(-x.abs()))


# %% You call torch._C._nn.softplus
# unseen: a finished function of torch.nn.functional
def two_class_loss(m):
    return torch.nn.functional.softplus(-m)


# %% two_class_loss raises RuntimeError
# unseen: goes through a list, so a margin without axes or with two axes fails
def two_class_loss(m):
    losses = [max(-x, 0) + torch.log1p(torch.exp(-abs(x))) for x in m]
    return torch.stack(losses)


# %% right: NumPy in float64
def two_class_loss(m):
    x = m.detach().numpy().astype(np.float64)
    return torch.as_tensor(np.logaddexp(0.0, -x)).to(m.dtype).reshape(m.shape)
