"Wrong answers to exercise 5, each below the message that it must get."


# %% you looked at rows, not columns
def dead_units(h):
    return (h == 0).all(1).nonzero().flatten().tolist()


# %% `all`, not `any`
def dead_units(h):
    return (h == 0).any(0).nonzero().flatten().tolist()


# %% it still learns
def dead_units(h):
    share = (h == 0).float().mean(0)
    return (share > 0.5).nonzero().flatten().tolist()


# %% that is a mask
def dead_units(h):
    return (h == 0).all(0)


# %% use .flatten() before .tolist()
def dead_units(h):
    return (h == 0).all(0).nonzero().tolist()
