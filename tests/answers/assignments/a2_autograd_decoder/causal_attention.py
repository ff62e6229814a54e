"Answers to question 5, each below the message that it must get; those that are right say so."

# ruff: noqa: F821, RUF059
# What is not defined here comes from the notebook.

import math

import numpy as np


# %% the mask is missing
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = 0
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% what comes after them
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.tril(np.full((T, T), -np.inf, dtype=q.data.dtype), -1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% Each token also sees the next one
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 2)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% A token does not see itself
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -1e9, dtype=q.data.dtype), 0)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% not divided by the root of D
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * 1 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% You divide by D
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * (1 / D) + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% You deal them out in turns
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) % k.shape[1]
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% Mask the scores
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.tril(np.ones((T, T), dtype=q.data.dtype))
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) * hidden @ v[:, heads]


# %% A score of 0 hides nothing
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.tril(np.ones((T, T), dtype=q.data.dtype))
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 * hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% subtract the largest of each row
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = scores.exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% No gradient reaches k
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ Array(k.data[:, heads].swapaxes(-1, -2)) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% The gradient of q is not torch's
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return Array(odds.data) / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% np.full, np.tri and np.where make float64
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = Array(np.triu(np.full((T, T), -np.inf), 1))
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return odds / odds.sum(-1, keepdims=True) @ v[:, heads]


# %% right: -1e30 by a mask of numbers, groups as an axis
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    G = k.shape[1]
    seen = np.tril(np.ones((T, T), dtype=q.data.dtype))
    q = (q / float(D) ** 0.5).reshape(B, G, H // G, T, D)
    k = k.reshape(B, G, 1, T, D).transpose(0, 1, 2, 4, 3)
    scores = (q @ k) * seen + (1 - seen) * -1e30
    odds = (scores - np.max(scores.data, -1, keepdims=True)).exp()
    weights = odds * odds.sum(-1, keepdims=True) ** -1
    return (weights @ v.reshape(B, G, 1, T, D)).reshape(B, H, T, D)


# %% right: the division comes last
def causal_attention(q, k, v):
    H, T, D = q.shape[1:]
    heads = np.arange(H) // (H // k.shape[1])
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), 1)
    scores = q @ k[:, heads].transpose(0, 1, 3, 2) * D**-0.5 + hidden
    odds = (scores - scores.data.max(-1, keepdims=True)).exp()
    return (odds @ v[:, heads]) / odds.sum(-1, keepdims=True)


# %% A mask of -10,000 is too little
# unseen: mask adds -10,000, too little if scores are as large
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    G = k.shape[1]
    q = q.reshape(B, G, H // G, T, D)
    k, v = k.reshape(B, G, 1, T, D), v.reshape(B, G, 1, T, D)
    scores = q @ k.transpose(0, 1, 2, 4, 3) * D**-0.5
    scores = scores + np.triu(np.full((T, T), -1e4, dtype=q.data.dtype), k=1)
    e = (scores - scores.data.max(-1, keepdims=True)).exp()
    return (e / e.sum(-1, keepdims=True) @ v).reshape(B, H, T, D)


# %% Mask first, then subtract
# unseen: the largest score is taken before the mask, 0 / 0 if it is a later token's
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    head = np.arange(H) // (H // k.shape[1])
    k, v = k[:, head], v[:, head]
    seen = np.tri(T, dtype=q.data.dtype)
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(D)
    e = (scores - scores.data.max(axis=-1, keepdims=True)).exp() * seen
    return e / e.sum(axis=-1, keepdims=True) @ v


# %% Mask first, then subtract
# unseen: one shift for all rows, rows with low scores underflow
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    head = np.arange(H) // (H // k.shape[1])
    k, v = k[:, head], v[:, head]
    hidden = np.where(np.tri(T, dtype=bool), 0, -np.inf).astype(q.data.dtype)
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(D) + hidden
    e = (scores - float(scores.data.max())).exp()
    return e / e.sum(-1, keepdims=True) @ v


# %% np.full, np.tri and np.where make float64
# unseen: the mask is float64, and so is the result
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    G = k.shape[1]
    q = q.reshape(B, G, H // G, T, D)
    k, v = k.reshape(B, G, 1, T, D), v.reshape(B, G, 1, T, D)
    hidden = np.where(np.tri(T) == 1, 0.0, -np.inf)
    scores = q @ k.transpose(0, 1, 2, 4, 3) * D**-0.5 + hidden
    e = (scores - scores.data.max(-1, keepdims=True)).exp()
    return (e / e.sum(-1, keepdims=True) @ v).reshape(B, H, T, D)


# %% Your softmax is over the queries
# unseen: softmax over the queries
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    head = np.arange(H) // (H // k.shape[1])
    k, v = k[:, head], v[:, head]
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), k=1)
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(D) + hidden
    e = (scores - scores.data.max(-2, keepdims=True)).exp()
    return e / e.sum(-2, keepdims=True) @ v


# %% Does it also flow through the sum of a row?
# unseen: the softmax divides by a plain array, its part of the gradient is missing
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    head = np.arange(H) // (H // k.shape[1])
    k, v = k[:, head], v[:, head]
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), k=1)
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(D) + hidden
    top = scores.data.max(-1, keepdims=True)
    total = np.log(np.exp(scores.data - top).sum(-1, keepdims=True)) + top
    return (scores - total).exp() @ v


# %% No gradient reaches k
# unseen: keys are repeated outside the engine, no gradient reaches k
def causal_attention(q, k, v):
    B, H, T, D = q.shape
    times = H // k.shape[1]
    keys = k.data.repeat(times, axis=1).swapaxes(-1, -2)
    v = v[:, np.arange(H) // times]
    hidden = np.triu(np.full((T, T), -np.inf, dtype=q.data.dtype), k=1)
    scores = q @ keys * D**-0.5 + hidden
    e = (scores - scores.data.max(-1, keepdims=True)).exp()
    return e / e.sum(-1, keepdims=True) @ v


# %% right: one query after the other, normalised behind the values
def causal_attention(q, k, v):
    (B, H, T, D), G = q.shape, k.shape[1]
    q = q.reshape(B, G, H // G, T, D)
    result = 0
    for t in range(T):
        keys = k[:, :, : t + 1].transpose(0, 1, 3, 2)
        scores = q[:, :, :, t] @ keys * (1 / math.sqrt(D))
        e = (scores - scores.data.max(-1, keepdims=True)).exp()
        row = (e @ v[:, :, : t + 1]) / e.sum(-1, keepdims=True)
        place = np.zeros((T, 1), dtype=q.data.dtype)
        place[t] = 1
        result = row.reshape(B, G, H // G, 1, D) * place + result
    return result.reshape(B, H, T, D)
