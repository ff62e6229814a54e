"Wrong answers to exercise 3, each below the message that it must get."

import torch
import torch.nn.functional as F


# %% the windows share nothing
def window_losses(model, ids, start, context, overlap):
    inputs = [start, *ids[:-1]]
    found = []
    for first in range(0, len(ids), context):
        logits = model(torch.tensor([inputs[first : first + context]]))[0]
        labels = torch.tensor(ids[first : first + context])
        found += F.cross_entropy(logits, labels, reduction="none").tolist()
    return found


# %% the overlap is scored twice
def window_losses(model, ids, start, context, overlap):
    inputs = [start, *ids[:-1]]
    found = []
    for first in range(0, len(ids) - overlap, context - overlap):
        logits = model(torch.tensor([inputs[first : first + context]]))[0]
        labels = torch.tensor(ids[first : first + context])
        found += F.cross_entropy(logits, labels, reduction="none").tolist()
    return found


# %% some are never scored
def window_losses(model, ids, start, context, overlap):
    inputs = [start, *ids[:-1]]
    found = []
    for first in range(0, len(ids) - context + 1, context - overlap):
        logits = model(torch.tensor([inputs[first : first + context]]))[0]
        labels = torch.tensor(ids[first : first + context])
        losses = F.cross_entropy(logits, labels, reduction="none").tolist()
        found += losses[len(found) - first :]
    return found


# %% the second window scores what the first has scored
def window_losses(model, ids, start, context, overlap):
    inputs = [start, *ids[:-1]]
    found = [0.0] * len(ids)
    for first in range(0, len(ids) - overlap, context - overlap):
        logits = model(torch.tensor([inputs[first : first + context]]))[0]
        labels = torch.tensor(ids[first : first + context])
        losses = F.cross_entropy(logits, labels, reduction="none").tolist()
        found[first : first + len(losses)] = losses
    return found


# %% the first input is `start`
def window_losses(model, ids, start, context, overlap):
    found = [0.0]
    first = 0
    while len(found) < len(ids):
        logits = model(torch.tensor([ids[first : first + context]]))[0]
        labels = torch.tensor(ids[first + 1 : first + context + 1])
        losses = F.cross_entropy(logits[: len(labels)], labels, reduction="none").tolist()
        found += losses[len(found) - first - 1 :]
        first += context - overlap
    return found


# %% a window is longer than the context
def window_losses(model, ids, start, context, overlap):
    inputs = [start, *ids[:-1]]
    found = []
    first = 0
    while len(found) < len(ids):
        logits = model(torch.tensor([inputs[first : first + context + overlap]]))[0]
        labels = torch.tensor(ids[first : first + context + overlap])
        losses = F.cross_entropy(logits, labels, reduction="none").tolist()
        found += losses[len(found) - first :]
        first += context
    return found


# %% ask the model once
def window_losses(model, ids, start, context, overlap):
    inputs = [start, *ids[:-1]]
    found = []
    for first in range(0, len(ids), context - overlap):
        logits = model(torch.tensor([inputs[first : first + context]]))[0]
        labels = torch.tensor(ids[first : first + context])
        losses = F.cross_entropy(logits, labels, reduction="none").tolist()
        found += losses[len(found) - first :]
    return found
