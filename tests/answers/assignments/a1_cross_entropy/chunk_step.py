"Answers to question 6, each below the message that it must get; those that are right say so."

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
