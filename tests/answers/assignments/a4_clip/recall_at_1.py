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
