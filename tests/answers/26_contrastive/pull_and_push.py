"Wrong answers to exercise 2, each below the message that it must get."

import torch


# %% those are the rows alone
def pull_and_push(cosines, temperature):
    B = len(cosines)
    return ((cosines / temperature).softmax(1) - torch.eye(B)) / (B * temperature)


# %% the sum of both directions
def pull_and_push(cosines, temperature):
    B = len(cosines)
    logits = cosines / temperature
    p = logits.softmax(1) + logits.softmax(0)
    return (p - 2 * torch.eye(B)) / (B * temperature)


# %% the chain rule is missing
def pull_and_push(cosines, temperature):
    B = len(cosines)
    logits = cosines / temperature
    return ((logits.softmax(1) + logits.softmax(0)) / 2 - torch.eye(B)) / B


# %% divide by B
def pull_and_push(cosines, temperature):
    logits = cosines / temperature
    p = (logits.softmax(1) + logits.softmax(0)) / 2
    return (p - torch.eye(len(cosines))) / temperature


# %% the one-hot is missing
def pull_and_push(cosines, temperature):
    logits = cosines / temperature
    return (logits.softmax(1) + logits.softmax(0)) / 2 / (len(cosines) * temperature)


# %% must be pulled
def pull_and_push(cosines, temperature):
    B = len(cosines)
    logits = cosines / temperature
    return (torch.eye(B) - (logits.softmax(1) + logits.softmax(0)) / 2) / (B * temperature)


# %% the softmax is of the cosines
def pull_and_push(cosines, temperature):
    B = len(cosines)
    p = (cosines.softmax(1) + cosines.softmax(0)) / 2
    return (p - torch.eye(B)) / (B * temperature)
