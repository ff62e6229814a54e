"Answers to question 5, each below the message that it must get; those that are right say so."

# ruff: noqa: F821, RUF059
# What is not defined here comes from the notebook.

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


# %% np.sqrt(D) and np.full are float64
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
