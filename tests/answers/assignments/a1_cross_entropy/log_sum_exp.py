"Answers to question 1, each below the message that it must get; those that are right say so."

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
