"Answers to question 3, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import torch
import torch.nn.functional as F


# %% That is the slope of the sum
def logit_gradient(logits, labels):
    valid = labels != -100
    gradient = torch.zeros_like(logits)
    one_hot = F.one_hot(labels[valid], logits.shape[-1])
    gradient[valid] = logits[valid].softmax(-1) - one_hot
    return gradient


# %% You divide by all three rows
def logit_gradient(logits, labels):
    valid = labels != -100
    gradient = torch.zeros_like(logits)
    one_hot = F.one_hot(labels[valid], logits.shape[-1])
    gradient[valid] = (logits[valid].softmax(-1) - one_hot) / labels.numel()
    return gradient


# %% The sign
def logit_gradient(logits, labels):
    valid = labels != -100
    gradient = torch.zeros_like(logits)
    one_hot = F.one_hot(labels[valid], logits.shape[-1])
    gradient[valid] = (one_hot - logits[valid].softmax(-1)) / max(int(valid.sum()), 1)
    return gradient


# %% You forgot to subtract 1 at the label
def logit_gradient(logits, labels):
    valid = labels != -100
    gradient = torch.zeros_like(logits)
    gradient[valid] = logits[valid].softmax(-1) / max(int(valid.sum()), 1)
    return gradient


# %% The last row does not count
def logit_gradient(logits, labels):
    valid = labels != -100
    one_hot = F.one_hot(labels.clamp(min=0), logits.shape[-1]) * valid[..., None]
    return (logits.softmax(-1) - one_hot) / valid.sum().clamp(min=1)


# %% is the softmax over the last axis?
def logit_gradient(logits, labels):
    valid = labels != -100
    gradient = torch.zeros_like(logits)
    one_hot = F.one_hot(labels[valid], logits.shape[-1])
    gradient[valid] = (logits[valid].softmax(0) - one_hot) / max(int(valid.sum()), 1)
    return gradient


# %% subtract the 1 in each row on its own
def logit_gradient(logits, labels):
    valid = labels != -100
    if logits.ndim == 3:
        z = logits.flatten(0, 1)
        p = z.softmax(-1)
        y = labels.flatten()
        p[0, y[y != -100]] -= 1
        p[y == -100] = 0
        return (p / valid.sum()).view(logits.shape)
    gradient = torch.zeros_like(logits)
    one_hot = F.one_hot(labels[valid], logits.shape[-1])
    gradient[valid] = (logits[valid].softmax(-1) - one_hot) / max(int(valid.sum()), 1)
    return gradient


# %% nan in a row that does not count
def logit_gradient(logits, labels):
    valid = labels != -100
    one_hot = F.one_hot(labels.clamp(min=0), logits.shape[-1])
    slopes = (logits.softmax(-1) - one_hot) * valid[..., None]
    return slopes / valid.sum().clamp(min=1)


# %% exp(10,000) overflows
def logit_gradient(logits, labels):
    valid = labels != -100
    odds = logits[valid].exp()
    gradient = torch.zeros_like(logits)
    one_hot = F.one_hot(labels[valid], logits.shape[-1])
    p = odds / odds.sum(-1, keepdim=True)
    gradient[valid] = (p - one_hot) / max(int(valid.sum()), 1)
    return gradient


# %% Your function changes its logits
def logit_gradient(logits, labels):
    valid = labels != -100
    y = labels[valid]
    p = logits[valid].softmax(-1)
    p[torch.arange(len(y)), y] -= 1
    logits[~valid] = 0
    logits[valid] = p / max(len(y), 1)
    return logits


# %% Your function changes its labels
def logit_gradient(logits, labels):
    valid = labels != -100
    labels[~valid] = 0
    one_hot = F.one_hot(labels, logits.shape[-1])
    p = torch.where(valid[..., None], logits, 0).softmax(-1)
    return (p - one_hot) * valid[..., None] / valid.sum().clamp(min=1)


# %% You ask autograd. Write it by hand.
def logit_gradient(logits, labels):
    z = logits.clone().requires_grad_()
    valid = labels != -100
    loss = F.cross_entropy(z[valid], labels[valid], reduction="sum") / max(int(valid.sum()), 1)
    loss.backward()
    return z.grad


# %% right: a loop over rows
def logit_gradient(logits, labels):
    found = []
    count = max(int((labels != -100).sum()), 1)
    for z, y in zip(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1).tolist()):
        slope = torch.zeros_like(z)
        if y != -100:
            slope = (z - z.max()).exp()
            slope = slope / slope.sum()
            slope[y] -= 1
        found.append(slope / count)
    return torch.stack(found).view(logits.shape)


# %% right: scatter_add, and where for what does not count
def logit_gradient(logits, labels):
    valid = (labels != -100).unsqueeze(-1)
    p = torch.softmax(torch.where(valid, logits, 0), -1)
    minus = -torch.ones_like(p[..., :1])
    slopes = p.scatter_add(-1, labels.clamp(min=0).unsqueeze(-1), minus)
    return torch.where(valid, slopes, 0) / valid.sum().clamp(min=1)


# %% nan in a row that does not count
# unseen: rows that do not count are multiplied by 0, nan stays nan
def logit_gradient(logits, labels):
    keep = (labels != -100).unsqueeze(-1)
    one_hot = F.one_hot(labels.clamp(min=0), logits.shape[-1])
    p = torch.softmax(logits, -1)
    return (p - one_hot) * keep / keep.sum().clamp(min=1)


# %% Your function changes its logits
# unseen: writes into the logits
def logit_gradient(logits, labels):
    keep = labels != -100
    logits[~keep] = 0
    p = torch.softmax(logits, -1)
    p = p - F.one_hot(labels.clamp(min=0), p.shape[-1]).to(p.dtype)
    p[~keep] = 0
    return p / keep.sum().clamp(min=1)


# %% Your function changes its labels
# unseen: replaces -100 inside the labels that belong to the caller
def logit_gradient(logits, labels):
    keep = labels != -100
    flat = labels.view(-1)
    flat[flat == -100] = 0
    p = torch.softmax(logits, -1)
    slope = (p - F.one_hot(labels, logits.shape[-1])).to(logits.dtype)
    slope = slope.masked_fill(~keep.unsqueeze(-1), 0.0)
    return slope / keep.sum().clamp(min=1)


# %% Your softmax is over axis 1
# unseen: softmax over axis 1, only right for a table
def logit_gradient(logits, labels):
    keep = labels != -100
    p = logits.softmax(1)
    p = p - F.one_hot(labels.clamp(min=0), logits.shape[-1]).to(p.dtype)
    p[~keep] = 0
    return p / keep.sum().clamp(min=1)


# %% the gradient is 0, not 0 / 0
# unseen: 0 / 0 when nothing counts
def logit_gradient(logits, labels):
    keep = labels != -100
    slope = torch.softmax(logits, -1)
    slope = slope - F.one_hot(labels.clamp(min=0), slope.shape[-1]).to(slope.dtype)
    slope[~keep] = 0
    return slope / keep.sum()


# %% what you write into it is lost
# unseen: writes through reshape, lost if the logits are not contiguous
def logit_gradient(logits, labels):
    V = logits.shape[-1]
    rows, y = logits.reshape(-1, V), labels.reshape(-1)
    keep = y != -100
    slope = torch.zeros_like(logits)
    p = torch.softmax(rows[keep], -1)
    p[torch.arange(len(p)), y[keep]] -= 1
    slope.reshape(-1, V)[keep] = p / max(len(p), 1)
    return slope


# %% `view` fails if the logits are not contiguous
# unseen: view, fails if the logits are not contiguous
def logit_gradient(logits, labels):
    V = logits.shape[-1]
    rows, y = logits.view(-1, V), labels.view(-1)
    keep = y != -100
    slope = torch.zeros(len(y), V, dtype=logits.dtype)
    p = torch.softmax(rows[keep], -1)
    p[torch.arange(len(p)), y[keep]] -= 1
    slope[keep] = p / max(len(p), 1)
    return slope.view(logits.shape)


# %% You divide each text by its own count
# unseen: each sequence is divided by its own count
def logit_gradient(logits, labels):
    keep = (labels != -100).unsqueeze(-1)
    p = torch.softmax(logits, -1)
    p = p - F.one_hot(labels.clamp(min=0), logits.shape[-1]).to(p.dtype)
    counts = keep.sum(-2, keepdim=True).clamp(min=1)
    return torch.where(keep, p / counts, torch.zeros_like(p))


# %% float64 goes in, torch.float32 comes out
# unseen: softmax always in float32, result loses dtype and digits
def logit_gradient(logits, labels):
    keep = labels != -100
    p = torch.softmax(logits, -1, dtype=torch.float32)
    p = p - F.one_hot(labels.clamp(min=0), logits.shape[-1])
    p = torch.where(keep[..., None], p, torch.tensor(0.0))
    return p / max(int(keep.sum()), 1)


# %% You ask autograd. Write it by hand.
# unseen: lets autograd do it
def logit_gradient(logits, labels):
    x = logits.detach().clone().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(cross_entropy(x, labels), x)
    return slope


# %% Label 0 is a class like any other
# unseen: label 0 does not count
def logit_gradient(logits, labels):
    keep = labels > 0
    slope = torch.zeros_like(logits)
    p = torch.softmax(logits[keep], -1)
    p[torch.arange(len(p)), labels[keep]] -= 1
    slope[keep] = p / max(len(p), 1)
    return slope


# %% right: row by row in a loop over places
def logit_gradient(logits, labels):
    with torch.no_grad():
        places = [tuple(place) for place in (labels + 100).nonzero().tolist()]
        slope = logits.new_zeros(logits.shape)
        for place in places:
            slope[place] = logits[place].softmax(0) / len(places)
            slope[(*place, labels[place].item())] -= 1 / len(places)
        return slope
