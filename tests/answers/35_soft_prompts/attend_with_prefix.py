"Wrong answers to exercise 2, each below the message that it must get."

import math

import torch


def mixed(q, keys, values, seen, scale=None):
    "What all of them share: attention with a mask."
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = scale * q @ keys.transpose(1, 2)
    return scores.masked_fill(seen[:, None] == 0, -math.inf).softmax(-1) @ values


def joined(prefix, text):
    return torch.cat([prefix.expand(len(text), -1, -1), text], 1)


def longer(mask, n):
    return torch.cat([mask.new_ones(len(mask), n), mask], 1)


# %% nobody looks at the prefix
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    return mixed(q, k, v, mask)


# %% not divided by the root of d
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    seen = longer(mask, len(prefix_k))
    return mixed(q, joined(prefix_k, k), joined(prefix_v, v), seen, scale=1.0)


# %% padding is looked at
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    seen = longer(torch.ones_like(mask), len(prefix_k))
    return mixed(q, joined(prefix_k, k), joined(prefix_v, v), seen)


# %% in another order than the keys
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    values = torch.cat([v, prefix_v.expand(len(v), -1, -1)], 1)
    return mixed(q, joined(prefix_k, k), values, longer(mask, len(prefix_k)))


# %% these are two softmaxes
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    of_prefix = (q @ prefix_k.T / q.shape[-1] ** 0.5).softmax(-1) @ prefix_v
    return mixed(q, k, v, mask) + of_prefix


# %% expected (2, 5, 4)
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    asking = joined(prefix_k, q)
    return mixed(asking, joined(prefix_k, k), joined(prefix_v, v), longer(mask, len(prefix_k)))


# %% this is not softmax
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    return mixed(q, joined(prefix_k, k), joined(0 * prefix_v, v), longer(mask, len(prefix_k)))


# %% softmax gives e^0 = 1 to it
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    keys = joined(prefix_k, k)
    scores = q @ keys.transpose(1, 2) / q.shape[-1] ** 0.5
    seen = longer(mask, len(prefix_k))[:, None]
    return (scores * seen).softmax(-1) @ joined(prefix_v, v)


# %% the weights don't sum to 1
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    keys = joined(prefix_k, k)
    weights = (q @ keys.transpose(1, 2) / q.shape[-1] ** 0.5).softmax(-1)
    return (weights * longer(mask, len(prefix_k))[:, None]) @ joined(prefix_v, v)


# %% its ones belong in front of the mask
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    seen = torch.cat([mask, mask.new_ones(len(q), len(prefix_k))], 1)
    return mixed(q, joined(prefix_k, k), joined(prefix_v, v), seen)


# %% divided by d
def attend_with_prefix(q, k, v, prefix_k, prefix_v, mask):
    seen = longer(mask, len(prefix_k))
    return mixed(q, joined(prefix_k, k), joined(prefix_v, v), seen, 1 / q.shape[-1])
