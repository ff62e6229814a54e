"Wrong answers to exercise 1, each below the message that it must get."

import torch


# %% divide the scores by the root of D
def masked_attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1)
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return weights.masked_fill(~mask, 0) @ v


# %% the softmax runs along the keys
def masked_attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-2)
    return weights.masked_fill(~mask, 0) @ v


# %% hide the scores, before the softmax
def masked_attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.softmax(-1).masked_fill(~mask, 0) @ v


# %% the scores are transposed
def masked_attention(q, k, v, mask):
    scores = k @ q.transpose(-2, -1) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return weights.masked_fill(~mask, 0) @ v


# %% use -torch.inf
def masked_attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.masked_fill(~mask, 0).softmax(-1) @ v


# %% it should get zeros
def masked_attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v


# %% the mask is turned around
def masked_attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(mask, -torch.inf).softmax(-1)
    return weights @ v
