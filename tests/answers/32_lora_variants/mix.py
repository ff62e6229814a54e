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


# %% the tensors in updates have changed
def mix(updates, weights):
    for w, (A, _, s) in zip(weights, updates):
        A *= w * s
    return torch.cat([A for A, _, _ in updates]), torch.cat([B for _, B, _ in updates], dim=1)


# %% are counted in A and in B
def mix(updates, weights):
    A = torch.cat([w * s * A for w, (A, _, s) in zip(weights, updates)])
    return A, torch.cat([w * B for w, (_, B, _) in zip(weights, updates)], dim=1)


# %% put the factors side by side
def mix(updates, weights):
    total = sum(w * s * B @ A for w, (A, B, s) in zip(weights, updates))
    U, S, Vt = torch.linalg.svd(total, full_matrices=False)
    rank = sum(len(A) for A, _, _ in updates)
    return Vt[:rank], U[:, :rank] * S[:rank]


# %% a weight of 0 should leave the update out
def mix(updates, weights):
    weights = [w or 1.0 for w in weights]
    A = torch.cat([w * s * A for w, (A, _, s) in zip(weights, updates)])
    return A, torch.cat([B for _, B, _ in updates], dim=1)
