"Answers to question 1, each below the message that it must get; those that are right say so."

import math

import torch


# %% exp(10,000) is infinite in float32
def log_sum_exp(z):
    return z.exp().sum(-1).log()


# %% Each row needs its own largest logit
def log_sum_exp(z):
    top = z.max()
    return (z - top).exp().sum(-1).log() + top


# %% You sum over the first axis
def log_sum_exp(z):
    top = z.amax(0, keepdim=True)
    return (z - top).exp().sum(0).log() + top.squeeze(0)


# %% you have (2, 1)
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    return (z - top).exp().sum(-1, keepdim=True).log() + top


# %% never add it again
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    return (z - top).exp().sum(-1).log()


# %% That is the logarithm of the mean
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    return (z - top).exp().mean(-1).log() + top.squeeze(-1)


# %% its largest logit is -inf
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    return (z - top).exp().sum(-1).log() + top.squeeze(-1)


# %% no small number stands for it
def log_sum_exp(z):
    z = z.clamp(min=-1e9)
    top = z.amax(-1, keepdim=True)
    return (z - top).exp().sum(-1).log() + top.squeeze(-1)


# %% No slope comes back
def log_sum_exp(z):
    z = z.detach()
    top = z.amax(-1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0)
    return (z - top).exp().sum(-1).log() + top.squeeze(-1)


# %% You call a finished loss of torch
def log_sum_exp(z):
    return torch.logsumexp(z, -1)


# %% log_sum_exp raises IndexError
def log_sum_exp(z):
    top = z.amax(1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0)
    return (z - top).exp().sum(1).log() + top.squeeze(1)


# %% any number of axes may stand before the last
def log_sum_exp(z):
    top = z.detach().amax(-1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0)
    if z.ndim == 3:
        z = z.mean(1, keepdim=True)
    return (z - top).exp().sum(-1).log() + top.squeeze(-1)


# %% log_sum_exp gives None: does it end with a `return`?
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    print((z - top).exp().sum(-1).log() + top.squeeze(-1))


# %% right: class by class, with logaddexp
def log_sum_exp(z):
    total = torch.full_like(z[..., 0], -torch.inf)
    allowed = z != -torch.inf
    for k in range(z.shape[-1]):
        both = torch.logaddexp(torch.where(allowed[..., k], total, 0), z[..., k])
        total = torch.where(allowed[..., k], both, total)
    return total


# %% right: the largest by max, and forbidden rows set at the end
def log_sum_exp(z):
    top = z.max(dim=-1).values
    nothing = top == -torch.inf
    safe = top.masked_fill(nothing, 0.0)
    total = torch.sum(torch.exp(z - safe.unsqueeze(-1)), dim=-1)
    return (safe + total.masked_fill(nothing, 1.0).log()).masked_fill(nothing, -torch.inf)


# %% its largest logit is -inf
# unseen: a row with everything forbidden gives nan
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    return (z - top).exp().sum(-1).log() + top[..., 0]


# %% log_sum_exp raises IndexError
# unseen: sums over axis 1, only right for a table
def log_sum_exp(z):
    top = z.amax(1, keepdim=True)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    return ((z - top).exp().sum(1, keepdim=True).log() + top).squeeze(1)


# %% Does the forbidden class count like one that is only unlikely?
# unseen: a forbidden class gets the logit -1e4, which is an allowed value
def log_sum_exp(z):
    none = (z == -math.inf).all(-1)
    z = z.clamp(min=-1e4)
    top = z.amax(-1, keepdim=True)
    result = (z - top).exp().sum(-1).log() + top.squeeze(-1)
    return torch.where(none, torch.full_like(result, -math.inf), result)


# %% Do you add a small number before you take the logarithm?
# unseen: 1e-6 in the logarithm, seen where the result is near 0
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    nothing = top == -math.inf
    top = torch.where(nothing, torch.zeros_like(top), top)
    total = (z - top).exp().sum(-1)
    result = torch.log(total + 1e-6) + top.squeeze(-1)
    return torch.where(nothing.squeeze(-1), -math.inf, result)


# %% Each row needs its own largest logit
# unseen: shift is never negative, so a row of very low logits underflows
def log_sum_exp(z):
    # clamp: a row with everything forbidden has no shift, exp(-inf) is 0 and log(0) is -inf
    top = z.amax(dim=-1, keepdim=True).clamp(min=0)
    return torch.log(torch.exp(z - top).sum(dim=-1)) + top.squeeze(-1)


# %% The largest logit has a slope that is 1 too high
# unseen: shift detached inside but not outside, the largest class gets a slope 1 too high
def log_sum_exp(z):
    top = z.amax(-1)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    shifted = z - top.detach().unsqueeze(-1)
    return shifted.exp().sum(-1).log() + top


# %% a row that begins with two forbidden classes
# unseen: class after class, slope is nan when a row begins with two forbidden classes
def log_sum_exp(z):
    total = z[..., 0]
    for k in range(1, z.shape[-1]):
        pair = torch.stack([total, z[..., k]])
        top = pair.amax(0)
        new = top + (pair - top).exp().sum(0).log()
        total = torch.where(top == -math.inf, top, new)
    return total


# %% Logits (3, 1, 5) give (3, 1), not (3, 3)
# unseen: squeeze without an axis, shape breaks when another axis is 1
def log_sum_exp(z):
    top = z.amax(-1, keepdim=True)
    top = torch.where(top > -math.inf, top, 0.0)
    return (z - top).exp().sum(-1).log() + top.squeeze()


# %% torch.float64 goes in, torch.float32 comes out
# unseen: float32 inside, so float64 comes back as float32
def log_sum_exp(z):
    z = z.float()
    top = z.amax(-1, keepdim=True)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    return (z - top).exp().sum(-1).log() + top.squeeze(-1)


# %% You call a finished loss of torch
# unseen: the finished function under its other name
def log_sum_exp(z):
    return torch.special.logsumexp(z, -1)


# %% right: last axis brought to the front, -inf put in at the end
def log_sum_exp(z):
    z = z.movedim(-1, 0)
    top = z.amax(0)
    forbidden = top.isinf()
    shift = torch.where(forbidden, 0, top)
    parts = torch.where(z.isinf(), 0, (z - shift).exp())
    total = torch.where(forbidden, 1, parts.sum(0))
    return torch.where(forbidden, -torch.inf, total.log() + shift)
