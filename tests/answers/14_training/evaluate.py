"Wrong answers to exercise 4, each below the message that it must get."

import torch
import torch.nn.functional as F


def sums_of(model, parts):
    total = 0.0
    count = 0
    for part in parts:
        logits = model(part["input_ids"]).flatten(0, 1)
        labels = part["labels"].flatten()
        total += F.cross_entropy(logits, labels, reduction="sum").item()
        count += (labels != -100).sum().item()
    return total / count


# %% the model was in training mode, with dropout
@torch.no_grad()
def evaluate(model, parts):
    return sums_of(model, parts)


# %% autograd was on
def evaluate(model, parts):
    model.eval()
    mean = sums_of(model, parts)
    model.train()
    return mean


# %% an average of averages
@torch.no_grad()
def evaluate(model, parts):
    model.eval()
    return sum(sums_of(model, [part]) for part in parts) / len(parts)


# %% the model was in training mode before and is not any more
@torch.no_grad()
def evaluate(model, parts):
    model.eval()
    return sums_of(model, parts)


# %% you used up random numbers
@torch.no_grad()
def evaluate(model, parts):
    mode = model.training
    model.eval()
    mean = sums_of(model, parts)
    model.train(mode)
    return mean


# %% in evaluation mode before, and now it trains
@torch.no_grad()
def evaluate(model, parts):
    state = torch.get_rng_state()
    model.eval()
    mean = sums_of(model, parts)
    model.train()
    torch.set_rng_state(state)
    return mean


# %% autograd is still off
def evaluate(model, parts):
    mode = model.training
    state = torch.get_rng_state()
    torch.set_grad_enabled(False)
    model.eval()
    mean = sums_of(model, parts)
    model.train(mode)
    torch.set_rng_state(state)
    return mean


# %% you used up random numbers
@torch.no_grad()
def evaluate(model, parts):
    mode = model.training
    model.eval()
    mean = sums_of(model, parts)
    model.train(mode)
    torch.manual_seed(torch.initial_seed())
    return mean


# %% return the mean as a plain number
@torch.no_grad()
def evaluate(model, parts):
    mode = model.training
    state = torch.get_rng_state()
    model.eval()
    mean = torch.tensor(sums_of(model, parts))
    model.train(mode)
    torch.set_rng_state(state)
    return mean


# %% you count the places with -100 too
@torch.no_grad()
def evaluate(model, parts):
    mode = model.training
    state = torch.get_rng_state()
    model.eval()
    places = sum(part["labels"].numel() for part in parts)
    labels = sum((part["labels"] != -100).sum().item() for part in parts)
    mean = sums_of(model, parts) * labels / places
    model.train(mode)
    torch.set_rng_state(state)
    return mean
