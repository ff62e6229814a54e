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


# %% Padding looks at itself and at nothing else
# unseen: only rows that came out empty are repaired
def visible(attention_mask, kind, prefix=None):
    B, T = attention_mask.shape
    see = torch.ones(T, T).tril().bool().repeat(B, 1, 1)
    if kind == "full":
        see[:] = True
    elif kind == "prefix":
        for b in range(B):
            see[b, :, : prefix[b]] = True
    see = see & attention_mask.bool()[:, None, :]
    empty = ~see.any(dim=-1, keepdim=True)
    return see | (empty & torch.eye(T, dtype=torch.bool))


# %% not which rows see all
# unseen: axis of the prefix, places in the prefix see everything
def visible(attention_mask, kind, prefix=None):
    B, T = attention_mask.shape
    real = attention_mask.bool()
    eye = torch.eye(T, dtype=torch.bool)
    columns = torch.arange(T)
    if kind == "full":
        allowed = torch.ones(B, T, T, dtype=torch.bool)
    else:
        allowed = torch.tril(torch.ones(B, T, T, dtype=torch.bool))
    if kind == "prefix":
        in_prefix = columns[None, :] < prefix[:, None]
        allowed = allowed | in_prefix.unsqueeze(-1)
    allowed = allowed & real.unsqueeze(1) & real.unsqueeze(2)
    return allowed | eye


# %% Columns are counted with their padding
# unseen: the prefix is counted in tokens, padding in front left out
def visible(attention_mask, kind, prefix=None):
    B, T = attention_mask.shape
    real = attention_mask.bool()
    number = attention_mask.cumsum(1)  # 1 for the first token
    if kind == "full":
        see = real[:, None, :].expand(B, T, T)
    else:
        see = torch.ones(T, T, dtype=torch.bool).tril().expand(B, T, T)
    if kind == "prefix":
        see = see | (number <= prefix[:, None])[:, None, :]
    see = see & real[:, None, :] & real[:, :, None]
    return see | torch.eye(T, dtype=torch.bool)


# %% The prefix brings padding back
# unseen: the prefix is opened after padding was closed
def visible(attention_mask, kind, prefix=None):
    T = attention_mask.shape[1]
    real = attention_mask.bool()
    pairs = real[:, :, None] & real[:, None, :]
    if kind in ("causal", "prefix"):
        pairs = pairs & torch.ones(T, T, dtype=torch.bool).tril()
    if kind == "prefix":
        given = torch.arange(T) < prefix[:, None]
        pairs = pairs | (given[:, None, :] & real[:, :, None])
    return pairs | torch.eye(T, dtype=torch.bool)


# %% A token looks at the padding before it
# unseen: closes padding by length, so padding in front is taken for text
def visible(attention_mask, kind, prefix=None):
    B, T = attention_mask.shape
    length = attention_mask.sum(1)
    place = torch.arange(T)
    real = place[None, :] < length[:, None]
    if kind == "full":
        look = torch.ones(B, T, T, dtype=torch.bool)
    else:
        look = (place[None, :] <= place[:, None]).repeat(B, 1, 1)
    if kind == "prefix":
        look = look | (place[None, :] < prefix[:, None])[:, None, :]
    look = look & real[:, None, :] & real[:, :, None]
    return look | torch.eye(T, dtype=torch.bool)


# %% right: loop over rows, prefix as a block of everybody inside it
def visible(attention_mask, kind, prefix=None):
    rows = []
    for b, mask in enumerate(attention_mask.tolist()):
        end = len(mask) if kind == "full" else int(prefix[b]) if kind == "prefix" else 0
        rows.append(
            [
                [i == j or bool(mask[i] and mask[j] and j < max(end, i)) for j in range(len(mask))]
                for i in range(len(mask))
            ]
        )
    return torch.tensor(rows, dtype=torch.bool)
