"Wrong answers to exercise 1, each below the message that it must get."

import torch
import torch.nn.functional as F


# %% each token predicts itself
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    counts = (mask[:, :-1] == 1) & (mask[:, 1:] == 1)
    labels = ids[:, :-1].masked_fill(~counts, -100)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, counts.sum()


# %% the model got the last column too
def next_token_sum(model, ids, mask):
    logits = model(ids)[:, :-1]
    counts = (mask[:, :-1] == 1) & (mask[:, 1:] == 1)
    labels = ids[:, 1:].masked_fill(~counts, -100)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, counts.sum()


# %% that is the mean
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    counts = (mask[:, :-1] == 1) & (mask[:, 1:] == 1)
    labels = ids[:, 1:].masked_fill(~counts, -100)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten()), counts.sum()


# %% padding behind a text counts as a label
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    labels = ids[:, 1:]
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, mask[:, 1:].sum()


# %% the number counts the padding
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    counts = (mask[:, :-1] == 1) & (mask[:, 1:] == 1)
    labels = ids[:, 1:].masked_fill(~counts, -100)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, torch.tensor(labels.numel())


# %% padding in front asks for a text's first token
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    labels = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, (labels != -100).sum()


# %% you have changed `ids`
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    ids[mask == 0] = -100
    ids[:, 0] = -100
    labels = ids[:, 1:]
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, (labels != -100).sum()


# %% ask the mask, not the id
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    counts = (mask[:, :-1] == 1) & (mask[:, 1:] == 1) & (ids[:, 1:] != 0)
    labels = ids[:, 1:].masked_fill(~counts, -100)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, counts.sum()


# %% don't turn it into a number
def next_token_sum(model, ids, mask):
    logits = model(ids[:, :-1])
    counts = (mask[:, :-1] == 1) & (mask[:, 1:] == 1)
    labels = ids[:, 1:].masked_fill(~counts, -100)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total.detach(), counts.sum()
