"Wrong answers to exercise 1, each below the message that it must get."

import math

import torch.nn.functional as F

from ftkit.pretraining.contrastive import mean_of_tokens


# %% that is the mean
def ask(network, batch):
    states = network.states(batch)
    if batch["labels"].ndim == 2:
        states = states.flatten(0, 1)
    else:
        states = mean_of_tokens(states, batch["attention_mask"])
    labels = batch["labels"].flatten()
    asked = labels != -100
    logits = network.answer(states[asked], batch["among"], states[~asked])
    return F.cross_entropy(logits, labels[asked]), asked.sum()


# %% you count all places
def ask(network, batch):
    states = network.states(batch)
    if batch["labels"].ndim == 2:
        states = states.flatten(0, 1)
    else:
        states = mean_of_tokens(states, batch["attention_mask"])
    labels = batch["labels"].flatten()
    logits = network.answer(states, batch["among"], states)
    return F.cross_entropy(logits, labels, reduction="sum"), labels.numel()


# %% padding is part of your mean
def ask(network, batch):
    states = network.states(batch)
    states = states.flatten(0, 1) if batch["labels"].ndim == 2 else states.mean(1)
    labels = batch["labels"].flatten()
    asked = labels != -100
    logits = network.answer(states[asked], batch["among"], states[~asked])
    return F.cross_entropy(logits, labels[asked], reduction="sum"), asked.sum()


# %% the answers are the states that are not asked
def ask(network, batch):
    states = network.states(batch)
    if batch["labels"].ndim == 2:
        states = states.flatten(0, 1)
    else:
        states = mean_of_tokens(states, batch["attention_mask"])
    labels = batch["labels"].flatten()
    asked = labels != -100
    logits = network.answer(states[asked], batch["among"], states)
    return F.cross_entropy(logits, labels[asked], reduction="sum"), asked.sum()


# %% return the sum and the number
def ask(network, batch):
    states = network.states(batch).flatten(0, 1)
    labels = batch["labels"].flatten()
    asked = labels != -100
    logits = network.answer(states[asked], batch["among"], states[~asked])
    return F.cross_entropy(logits, labels[asked], reduction="sum")


# %% that is in bits
def ask(network, batch):
    states = network.states(batch)
    if batch["labels"].ndim == 2:
        states = states.flatten(0, 1)
    else:
        states = mean_of_tokens(states, batch["attention_mask"])
    labels = batch["labels"].flatten()
    asked = labels != -100
    logits = network.answer(states[asked], batch["among"], states[~asked])
    return F.cross_entropy(logits, labels[asked], reduction="sum") / math.log(2), asked.sum()


# %% no gradient goes through your sum
def ask(network, batch):
    states = network.states(batch)
    if batch["labels"].ndim == 2:
        states = states.flatten(0, 1)
    else:
        states = mean_of_tokens(states, batch["attention_mask"])
    labels = batch["labels"].flatten()
    asked = labels != -100
    logits = network.answer(states[asked], batch["among"], states[~asked])
    return F.cross_entropy(logits, labels[asked], reduction="sum").item(), int(asked.sum())
