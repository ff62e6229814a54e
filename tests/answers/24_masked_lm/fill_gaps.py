"Wrong answers to exercise 5, each below the message that it must get."

import torch

mask_id = 103


# %% all gaps are filled from one look
def fill_gaps(predict, ids):
    p = torch.as_tensor(predict(list(ids))).clone()
    p[:, mask_id] = 0
    best = p.argmax(-1).tolist()
    return [best[i] if token == mask_id else token for i, token in enumerate(ids)]


# %% the surest gap comes first
def fill_gaps(predict, ids):
    ids = list(ids)
    for i in range(len(ids)):
        if ids[i] == mask_id:
            p = predict(ids).clone()
            p[:, mask_id] = 0
            ids[i] = p[i].argmax().item()
    return ids


# %% is a gap filled with the mask
def fill_gaps(predict, ids):
    ids = list(ids)
    while mask_id in ids:
        gaps = [i for i, token in enumerate(ids) if token == mask_id]
        best = predict(ids).max(-1)
        surest = max(gaps, key=lambda i: best.values[i].item())
        ids[surest] = best.indices[surest].item()
    return ids


# %% a word that was there has changed
def fill_gaps(predict, ids):
    ids = list(ids)
    for _ in range(ids.count(mask_id)):
        p = predict(ids).clone()
        p[:, mask_id] = 0
        best = p.max(-1)
        surest = best.values.argmax().item()
        ids[surest] = best.indices[surest].item()
    return [5 if token == mask_id else token for token in ids]


# %% the list you were given has changed
def fill_gaps(predict, ids):
    while mask_id in ids:
        p = predict(ids).clone()
        p[:, mask_id] = 0
        best = p.max(-1)
        gaps = [i for i, token in enumerate(ids) if token == mask_id]
        surest = max(gaps, key=lambda i: best.values[i].item())
        ids[surest] = best.indices[surest].item()
    return ids


# %% without gaps the list comes back
def fill_gaps(predict, ids):
    ids = list(ids)
    while True:
        gaps = [i for i, token in enumerate(ids) if token == mask_id]
        p = predict(ids if gaps else [*ids, mask_id]).clone()
        p[:, mask_id] = 0
        best = p.max(-1)
        surest = max(gaps or [0], key=lambda i: best.values[i].item())
        ids[surest] = best.indices[surest].item()
        if len(gaps) <= 1:
            return ids
