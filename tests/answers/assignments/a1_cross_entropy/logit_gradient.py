"Answers to question 3, each below the message that it must get; those that are right say so."

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


# %% logit_gradient raises RuntimeError
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
