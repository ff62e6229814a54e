"Answers to question 1, each below the message that it must get; those that are right say so."

import torch


# %% transposed
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    places = torch.arange(T)
    seen = (places[:, None] <= places[None, :])[None] | (kind == "full")
    if kind == "prefix":
        seen = seen | (places < prefix[:, None])[:, None, :]
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% A place may look at itself
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    places = torch.arange(T)
    seen = (places[None, :] < places[:, None])[None] | (kind == "full")
    if kind == "prefix":
        seen = seen | (places < prefix[:, None])[:, None, :]
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% one too far
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    seen = torch.ones(1, T, T, dtype=torch.bool)
    if kind != "full":
        seen = seen.tril(1)
    if kind == "prefix":
        seen = seen | (torch.arange(T) < prefix[:, None])[:, None, :]
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% gives nan: let it look at itself
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    seen = torch.ones(1, T, T, dtype=torch.bool)
    if kind != "full":
        seen = seen.tril()
    if kind == "prefix":
        seen = seen | (torch.arange(T) < prefix[:, None])[:, None, :]
    return seen & token[:, None, :] & token[:, :, None]


# %% Padding looks at itself and at nothing else
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    seen = torch.ones(1, T, T, dtype=torch.bool)
    if kind != "full":
        seen = seen.tril()
    if kind == "prefix":
        seen = seen | (torch.arange(T) < prefix[:, None])[:, None, :]
    return (seen & token[:, None, :]) | torch.eye(T, dtype=torch.bool)


# %% A token looks at the padding before it
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    seen = torch.ones(len(token), T, T, dtype=torch.bool)
    if kind != "full":
        seen = seen.tril()
    if kind == "prefix":
        seen = seen | (torch.arange(T) < prefix[:, None])[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% A mask is bool
def visible(attention_mask, kind, prefix=None):
    T = attention_mask.shape[1]
    return torch.ones(T, T).tril() * attention_mask[:, None, :]


# %% One table (T, T) for each row
def visible(attention_mask, kind, prefix=None):
    T = attention_mask.shape[1]
    return torch.ones(T, T, dtype=torch.bool).tril()


# %% A prefix of 2 is the columns 0 and 1
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    places = torch.arange(T)
    seen = (places[None, :] <= places[:, None])[None] | (kind == "full")
    if kind == "prefix":
        seen = seen | (places <= prefix[:, None])[:, None, :]
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% Each row has its own prefix
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    places = torch.arange(T)
    seen = (places[None, :] <= places[:, None])[None] | (kind == "full")
    if kind == "prefix":
        seen = seen | (places < prefix.max())[None, None, :]
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% Within the prefix, place 0 may look forward
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    T = token.shape[1]
    places = torch.arange(T)
    seen = (places[None, :] <= places[:, None])[None] | (kind == "full")
    if kind == "prefix":
        seen = seen & (places[None, :, None] >= 0) & (prefix[:, None, None] >= 0)
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% No token may look at padding, when all
def visible(attention_mask, kind, prefix=None):
    token = attention_mask != 0
    B, T = token.shape
    if kind == "full":
        return torch.ones(B, T, T, dtype=torch.bool)
    places = torch.arange(T)
    seen = (places[None, :] <= places[:, None])[None]
    if kind == "prefix":
        seen = seen | (places < prefix[:, None])[:, None, :]
    seen = seen & token[:, None, :]
    return torch.where(token[:, :, None], seen, torch.eye(T, dtype=torch.bool))


# %% right: loops
def visible(attention_mask, kind, prefix=None):
    B, T = attention_mask.shape
    result = torch.zeros(B, T, T, dtype=torch.bool)
    for b in range(B):
        for i in range(T):
            if attention_mask[b, i] == 0:
                result[b, i, i] = True
                continue
            for j in range(T):
                near = kind == "full" or j <= i or (kind == "prefix" and j < prefix[b])
                result[b, i, j] = near and attention_mask[b, j] == 1
    return result


# %% right: causal is a prefix of nothing, full a prefix of all
def visible(attention_mask, kind, prefix=None):
    B, T = attention_mask.shape
    if kind != "prefix":
        prefix = torch.full((B,), T if kind == "full" else 0)
    last = torch.maximum(torch.arange(T)[None], prefix[:, None] - 1)  # that place i may see
    seen = torch.arange(T)[None, None] <= last[:, :, None]
    token = attention_mask.bool()
    both = token[:, :, None] & token[:, None, :]
    return (seen & both) | torch.diag_embed(~token)
