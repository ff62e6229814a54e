"Wrong answers to exercise 4, each below the message that it must get."


# %% you return the layer that differs most
def first_difference(ours, theirs, seen, most=1e-4):
    worst = [((a - b) * seen[..., None]).abs().max().item() for a, b in zip(ours, theirs)]
    return worst.index(max(worst))


# %% Is the size compared, not the sign?
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if ((a - b) * seen[..., None]).max() > most:
            return layer


# %% layer 1 differs in padding only
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if (a - b).abs().max() > most:
            return layer


# %% is that lost in a mean?
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if (a - b).mean().abs() > 0.01:
            return layer


# %% the limit is given as `most`
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if not ((a - b)[seen.bool()].abs() <= 1e-4).all():
            return layer


# %% in padding, and layer 1 differs by 0.5
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if ((a - b) * seen[..., None]).abs().max() > most:
            return layer


# %% there is NaN in padding only
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if not (((a - b) * seen[..., None]).abs() <= most).all():
            return layer


# %% a real token has NaN
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if (a - b)[seen.bool()].abs().max() > most:
            return layer


# %% each number differs by 5e-5 at most
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if (a - b)[seen.bool()].norm() > most:
            return layer


# %% are they added up?
def first_difference(ours, theirs, seen, most=1e-4):
    for layer, (a, b) in enumerate(zip(ours, theirs)):
        if (a - b)[seen.bool()].sum(-1).abs().max() > most:
            return layer
