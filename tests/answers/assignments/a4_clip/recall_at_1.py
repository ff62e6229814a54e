"Answers to question 2, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


def cosine_table(queries, keys):
    return F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T


# %% give the share
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = cosine_table(queries, keys).argmax(1)
    return float((key_captions[nearest] == query_captions).sum())


# %% not an equal row number
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = cosine_table(queries, keys).argmax(1)
    return (nearest == torch.arange(len(queries))).double().mean().item()


# %% compare cosines
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = (queries @ keys.T).argmax(1)
    return (key_captions[nearest] == query_captions).double().mean().item()


# %% a tie is no answer
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = cosine_table(queries, keys).argmax(1)
    return (key_captions[nearest] == query_captions).double().mean().item()


# %% You accept only one
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = cosine_table(queries, keys)
    first = (query_captions[:, None] == key_captions).int().argmax(1)
    return (cosines.argmax(1) == first).double().mean().item()


# %% no tie between right and wrong
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = cosine_table(queries, keys)
    right = query_captions[:, None] == key_captions
    best = cosines.masked_fill(~right, -torch.inf).amax(1)
    ahead = (cosines >= best[:, None]).sum(1)
    return (ahead == 1).double().mean().item()


# %% A vector with nan has found nothing
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = cosine_table(queries, keys)
    right = query_captions[:, None] == key_captions
    best_right = cosines.masked_fill(~right, -torch.inf).amax(1)
    best_wrong = cosines.masked_fill(right, -torch.inf).amax(1)
    return 1 - (best_right <= best_wrong).double().mean().item()


# %% The result is a float
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = cosine_table(queries, keys).argmax(1)
    return (key_captions[nearest] == query_captions).double().mean()


# %% Four of five find their caption
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = cosine_table(queries, keys).argmin(1)
    return (key_captions[nearest] == query_captions).double().mean().item()


# %% gives None
def recall_at_1(queries, keys, query_captions, key_captions):
    nearest = cosine_table(queries, keys).argmax(1)
    print((key_captions[nearest] == query_captions).double().mean().item())


# %% right: one query at a time
def recall_at_1(queries, keys, query_captions, key_captions):
    found = 0
    for query, caption in zip(queries, query_captions.tolist()):
        cosines = F.cosine_similarity(query[None], keys, dim=1)
        right = key_captions == caption
        if cosines.isnan().any() or not right.any():
            continue
        if right.all() or cosines[right].max() > cosines[~right].max():
            found += 1
    return found / len(queries)


# %% right: the set of the nearest keys must all be right
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = cosine_table(queries, keys)
    right = query_captions[:, None] == key_captions
    nearest = cosines == cosines.amax(1, keepdim=True)
    good = nearest.any(1) & (right | ~nearest).all(1)
    return float(good.sum()) / len(good)


# %% 0 is larger
# unseen: the product with the mask makes 0 of the others
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T
    right = (query_captions[:, None] == key_captions[None, :]).float()
    best_right = (cosines * right).max(dim=1).values
    best_wrong = (cosines * (1 - right)).max(dim=1).values
    return (best_right > best_wrong).float().mean().item()


# %% A vector with nan has found nothing
# unseen: queries with nan are left out of the share
def recall_at_1(queries, keys, query_captions, key_captions):
    good = ~queries.isnan().any(dim=1)
    queries = queries[good]
    query_captions = query_captions[good]
    if len(queries) == 0:
        return 0.0
    cosines = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    right = query_captions[:, None] == key_captions[None, :]
    best_right = cosines.masked_fill(~right, -9).max(1).values
    best_wrong = cosines.masked_fill(right, -9).max(1).values
    return (best_right > best_wrong).double().mean().item()


# %% but is one of two
# unseen: queries without a right key are left out of the share
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    right = query_captions[:, None] == key_captions[None, :]
    possible = right.any(1)
    best_right = cosines.masked_fill(~right, float("-inf")).amax(1)
    best_wrong = cosines.masked_fill(right, float("-inf")).amax(1)
    found = (best_right > best_wrong) & possible
    return found.sum().item() / max(possible.sum().item(), 1)


# %% without a margin
# unseen: nearest only if it leads by a margin
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    right = query_captions[:, None] == key_captions[None, :]
    best_right = cosines.masked_fill(~right, float("-inf")).amax(1)
    best_wrong = cosines.masked_fill(right, float("-inf")).amax(1)
    return (best_right > best_wrong + 1e-3).double().mean().item()


# %% even at a cosine of -1
# unseen: without a wrong key the rival is -1, which a right one need not beat
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    right = query_captions[:, None] == key_captions[None, :]
    best_right = torch.where(right, cosines, -1.0).amax(1)
    best_wrong = torch.where(right, -1.0, cosines).amax(1)
    return (best_right > best_wrong).double().mean().item()


# %% One right key in the first place is enough
# unseen: all right keys must be nearer than the wrong ones
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    right = query_captions[:, None] == key_captions[None, :]
    worst_right = cosines.masked_fill(~right, float("inf")).amin(1)
    best_wrong = cosines.masked_fill(right, float("-inf")).amax(1)
    found = (worst_right > best_wrong) & right.any(1)
    return found.double().mean().item()


# %% right: query by query, in plain Python
def recall_at_1(queries, keys, query_captions, key_captions):
    found = 0
    unit = keys / torch.linalg.vector_norm(keys, dim=1, keepdim=True)
    for query, caption in zip(queries, query_captions.tolist()):
        cosines = (unit @ (query / torch.linalg.vector_norm(query))).tolist()
        right = [c for c, k in zip(cosines, key_captions.tolist()) if k == caption]
        wrong = [c for c, k in zip(cosines, key_captions.tolist()) if k != caption]
        if right and not any(c != c for c in cosines):
            found += not wrong or max(right) > max(wrong)
    return found / len(queries)


# %% among the right ones too
# unseen: a product with the mask, so that 0 stands for an absent key
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T
    right = query_captions[:, None] == key_captions[None, :]
    best_right = (cosines * right).amax(dim=1)
    best_wrong = cosines.masked_fill(right, float("-inf")).amax(dim=1)
    found = (best_right > best_wrong) & right.any(dim=1)
    return found.double().mean().item()


# %% The query is nan, and no key is wrong
# unseen: nan becomes a very small cosine
def recall_at_1(queries, keys, query_captions, key_captions):
    cosines = (F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T).nan_to_num(nan=-2)
    right = query_captions[:, None] == key_captions
    best = cosines.masked_fill(~right, -torch.inf).amax(1)
    other = cosines.masked_fill(right, -torch.inf).amax(1)
    return float((best > other).double().mean())
