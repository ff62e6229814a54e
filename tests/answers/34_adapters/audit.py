"Wrong answers to exercise 4, each below the message that it must get."

import math

import torch


def compared(before, model, differs):
    "The findings by another comparison."
    found = dict(leaks=[], stuck=[], new=[])
    for name, p in model.named_parameters():
        if name not in before:
            found["new"].append(name)
        elif p.requires_grad and not differs(p, before[name]):
            found["stuck"].append(name)
        elif not p.requires_grad and differs(p, before[name]):
            found["leaks"].append(name)
    return found


# %% that is a leak
def audit(before, model):
    found = dict(leaks=[], stuck=[], new=[])
    for name, p in model.named_parameters():
        if name not in before:
            found["new"].append(name)
        elif torch.allclose(p, before[name], atol=1e-2) and p.requires_grad:
            if torch.equal(p, before[name]):
                found["stuck"].append(name)
        elif not p.requires_grad and not torch.allclose(p, before[name], atol=1e-2):
            found["leaks"].append(name)
    return {kind: sorted(names) for kind, names in found.items()}


# %% so all that should learn is stuck
def audit(before, model):
    found = dict(leaks=[], stuck=[], new=[])
    for name, p in model.named_parameters():
        if name not in before:
            found["new"].append(name)
        elif not p.requires_grad and not torch.equal(p, before[name]):
            found["leaks"].append(name)
    return found


# %% NaN has changed
def audit(before, model):
    found = dict(leaks=[], stuck=[], new=[])
    for name, p in model.named_parameters():
        if name not in before:
            found["new"].append(name)
            continue
        moved = bool(((p - before[name]).abs() > 0).any())
        if p.requires_grad and not moved:
            found["stuck"].append(name)
        if not p.requires_grad and moved:
            found["leaks"].append(name)
    return {kind: sorted(names) for kind, names in found.items()}


# %% is new, and not stuck
def audit(before, model):
    found = dict(leaks=[], stuck=[], new=[])
    for name, p in model.named_parameters():
        same = name not in before or torch.equal(p, before[name])
        if p.requires_grad and same:
            found["stuck"].append(name)
        if not p.requires_grad and not same:
            found["leaks"].append(name)
    return {kind: sorted(names) for kind, names in found.items()}


# %% return a dictionary with the keys
def audit(before, model):
    return [n for n, p in model.named_parameters() if not torch.equal(p, before[n])]


# %% compare to the bit
def audit(before, model):
    found = compared(before, model, lambda p, q: not torch.allclose(p, q))
    return {kind: sorted(names) for kind, names in found.items()}


# %% the lists are not sorted
def audit(before, model):
    return compared(before, model, lambda p, q: not torch.equal(p, q))


# %% have changed places
def audit(before, model):
    def total(p):
        return math.fsum(p.flatten().tolist())

    found = compared(before, model, lambda p, q: total(p) != total(q))
    return {kind: sorted(names) for kind, names in found.items()}
