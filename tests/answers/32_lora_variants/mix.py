"Wrong answers to exercise 4, each below the message that it must get."

import math

import torch


# %% cross terms that nobody trained
def mix(updates, weights):
    A = sum(w * A for w, (A, _, _) in zip(weights, updates))
    B = sum(B for _, B, _ in updates)
    return A, B


# %% the scaling s of each is missing
def mix(updates, weights):
    A = torch.cat([w * A for w, (A, _, _) in zip(weights, updates)])
    return A, torch.cat([B for _, B, _ in updates], dim=1)


# %% is counted in A and in B
def mix(updates, weights):
    A = torch.cat([w * s * A for w, (A, _, s) in zip(weights, updates)])
    return A, torch.cat([w * s * B for w, (_, B, s) in zip(weights, updates)], dim=1)


# %% where do the weights come in?
def mix(updates, weights):
    A = torch.cat([s * A for A, _, s in updates])
    return A, torch.cat([B for _, B, _ in updates], dim=1)


# %% a negative weight should take the update away
def mix(updates, weights):
    roots = [math.sqrt(abs(w * s)) for w, (_, _, s) in zip(weights, updates)]
    A = torch.cat([root * A for root, (A, _, _) in zip(roots, updates)])
    return A, torch.cat([root * B for root, (_, B, _) in zip(roots, updates)], dim=1)
