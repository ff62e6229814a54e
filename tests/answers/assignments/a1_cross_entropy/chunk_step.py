"Answers to question 6, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import torch
import torch.nn.functional as F


def parts_of(logits, labels):
    "Sum of losses, count, slope of the sum towards the logits."
    valid = labels != -100
    logp = logits.log_softmax(-1)
    y = labels.clamp(min=0)
    total = -(logp.gather(-1, y[:, None])[:, 0] * valid).sum()
    slope = (logp.exp() - F.one_hot(y, logits.shape[-1])) * valid[:, None]
    return total, int(valid.sum()), slope


# %% total is the mean
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(hidden @ weight.T, labels)
    dz = dz / max(count, 1)
    return total / max(count, 1), count, dz @ weight, dz.T @ hidden


# %% Your gradients are those of the mean
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(hidden @ weight.T, labels)
    dz = dz / max(count, 1)
    return total, count, dz @ weight, dz.T @ hidden


# %% yours has (3, 5)
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(hidden @ weight.T, labels)
    return total, count, dz @ weight, hidden.T @ dz


# %% d_weight is transposed
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(hidden @ weight.T, labels)
    d_weight = dz.T @ hidden
    if len(d_weight) == len(d_weight.T):
        d_weight = hidden.T @ dz
    return total, count, dz @ weight, d_weight


# %% The gradients have the wrong sign
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(hidden @ weight.T, labels)
    return total, count, -dz @ weight, -dz.T @ hidden


# %% Three of four labels count; you have 4
def chunk_step(hidden, weight, labels):
    total, _, dz = parts_of(hidden @ weight.T, labels)
    return total, len(labels), dz @ weight, dz.T @ hidden


# %% Row 1 does not count
def chunk_step(hidden, weight, labels):
    logits = hidden @ weight.T
    total, count, _ = parts_of(logits, labels)
    dz = logits.softmax(-1) - F.one_hot(labels.clamp(min=0), len(weight))
    return total, count, dz @ weight, dz.T @ hidden


# %% in which nothing counts gives nan
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(hidden @ weight.T, labels)
    return total / torch.tensor(count) * count, count, dz @ weight, dz.T @ hidden


# %% The total is
def chunk_step(hidden, weight, labels):
    columns = weight.reshape(hidden.shape[1], -1)  # not the transpose
    total, count, dz = parts_of(hidden @ columns, labels)
    return total, count, dz @ weight, dz.T @ hidden


# %% Four results
def chunk_step(hidden, weight, labels):
    total, _, dz = parts_of(hidden @ weight.T, labels)
    return total, dz @ weight, dz.T @ hidden


# %% right: rows that count first
def chunk_step(hidden, weight, labels):
    valid = labels != -100
    h = hidden[valid]
    y = labels[valid]
    p = (h @ weight.T).softmax(-1)
    total = F.cross_entropy(h @ weight.T, y, reduction="sum")
    p[range(len(y)), y] -= 1
    d_hidden = torch.zeros_like(hidden)
    d_hidden[valid] = p @ weight
    return total, len(y), d_hidden, p.T @ h


# %% right: with einsum
def chunk_step(hidden, weight, labels):
    total, count, dz = parts_of(torch.einsum("nc,vc->nv", hidden, weight), labels)
    d_hidden = torch.einsum("nv,vc->nc", dz, weight)
    return total, count, d_hidden, torch.einsum("nv,nc->vc", dz, hidden)


# %% total is the mean
# unseen: total is the mean
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    slope = torch.softmax(z, -1) - F.one_hot(y, len(weight)).to(z.dtype)
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = slope @ weight
    return cross_entropy(z, y), len(y), d_hidden, slope.T @ h


# %% Your function changes hidden
# unseen: clears the rows that do not count inside hidden
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    hidden[~keep] = 0
    logits = hidden @ weight.T
    count = int(keep.sum())
    slope = logit_gradient(logits, labels) * count
    return cross_entropy(logits, labels) * count, count, slope @ weight, slope.T @ hidden


# %% count is a Tensor
# unseen: count is a tensor
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    slope = torch.softmax(z, -1)
    slope[torch.arange(len(y)), y] -= 1
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = slope @ weight
    return cross_entropy(z, y) * len(y), keep.sum(), d_hidden, slope.T @ h


# %% Label 4 comes twice
# unseen: a label that comes twice is subtracted once in the gradient of weight
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    p = torch.softmax(z, -1)
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = p @ weight - weight[y]
    d_weight = p.T @ h
    d_weight[y] -= h
    total = (log_sum_exp(z) - z.gather(1, y[:, None]).squeeze(1)).sum()
    return total, len(y), d_hidden, d_weight


# %% never take the logarithm of a probability
# unseen: loss through the probability, inf when it underflows
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    p = torch.softmax(h @ weight.T, -1)
    rows = torch.arange(len(y))
    total = -p[rows, y].log().sum()
    p[rows, y] -= 1
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = p @ weight
    return total, len(y), d_hidden, p.T @ h


# %% total is a tensor, also if nothing counts
# unseen: nothing counts gives a number, not a tensor
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    count = int(keep.sum())
    if count == 0:
        return 0.0, 0, torch.zeros_like(hidden), torch.zeros_like(weight)
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    slope = logit_gradient(z, y) * count
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = slope @ weight
    return cross_entropy(z, y) * count, count, d_hidden, slope.T @ h


# %% a gradient is not finite
# unseen: own softmax without a shift, overflows
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    e = z.exp()
    p = e / e.sum(-1, keepdim=True)
    p[torch.arange(len(y)), y] -= 1
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = p @ weight
    return cross_entropy(z, y) * len(y), len(y), d_hidden, p.T @ h


# %% You ask autograd. Write it by hand.
# unseen: lets autograd do it
def chunk_step(hidden, weight, labels):
    h = hidden.detach().clone().requires_grad_()
    w = weight.detach().clone().requires_grad_()
    keep = labels != -100
    count = int(keep.sum())
    total = cross_entropy(h[keep] @ w.T, labels[keep]) * count
    d_hidden, d_weight = torch.autograd.grad(total, (h, w))
    return total.detach(), count, d_hidden, d_weight


# %% yours has (3, 3)
# unseen: d_hidden has only the rows that count
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    slope = torch.softmax(z, -1) - F.one_hot(y, len(weight)).to(z.dtype)
    return cross_entropy(z, y) * len(y), len(y), slope @ weight, slope.T @ h


# %% In d_weight you forgot to subtract 1
# unseen: one-hot missing in the gradient of weight
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    p = torch.softmax(z, -1)
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = p @ weight - weight[y]
    return cross_entropy(z, y) * len(y), len(y), d_hidden, p.T @ h


# %% is something float32 inside?
# unseen: float32 softmax, float64 gradients lose their digits
def chunk_step(hidden, weight, labels):
    keep = labels != -100
    h, y = hidden[keep], labels[keep]
    z = h @ weight.T
    slope = torch.softmax(z, -1, dtype=torch.float32)
    slope[torch.arange(len(y)), y] -= 1
    slope = slope.to(hidden.dtype)
    d_hidden = torch.zeros_like(hidden)
    d_hidden[keep] = slope @ weight
    return cross_entropy(z, y) * len(y), len(y), d_hidden, slope.T @ h


# %% right: row after row, with outer products
@torch.no_grad()
def chunk_step(hidden, weight, labels):
    total, count = hidden.new_zeros(()), 0
    d_hidden, d_weight = torch.zeros_like(hidden), torch.zeros_like(weight)
    for t, y in enumerate(labels.tolist()):
        if y == -100:
            continue
        z = weight.mv(hidden[t])
        total, count = total + log_sum_exp(z - z[y]), count + 1
        slope = z.softmax(0).index_add(0, labels[t : t + 1], -z.new_ones(1))
        d_hidden[t] = slope @ weight
        d_weight.addr_(slope, hidden[t])
    return total, count, d_hidden, d_weight


# %% zeros have the dtype of the arguments too
# unseen: where nothing counts, the zeros are float32
def chunk_step(hidden, weight, labels):
    count = int((labels != -100).sum())
    if count == 0:
        return torch.tensor(0.0), 0, torch.zeros(hidden.shape), torch.zeros(weight.shape)
    with torch.no_grad():
        logits = hidden @ weight.T
        total = cross_entropy(logits, labels) * count
        dz = logit_gradient(logits, labels) * count
        return total, count, dz @ weight, dz.T @ hidden
