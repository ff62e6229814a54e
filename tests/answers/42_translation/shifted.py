"Wrong answers to exercise 1, each below the message that it must get."


# %% the answer is visible
def shifted(targets, start, stop):
    rows = [[*ids, stop] for ids in targets]
    return rows, rows


# %% at each place one token is read and one is said
def shifted(targets, start, stop):
    return [[start, *ids] for ids in targets], [list(ids) for ids in targets]


# %% a target of n tokens has n + 1 places
def shifted(targets, start, stop):
    reads = [[start, *ids[:-1]] for ids in targets]
    return reads, [ids or [stop] for ids in targets]


# %% what is read begins with the start sign
def shifted(targets, start, stop):
    return [[stop, *ids] for ids in targets], [[*ids, stop] for ids in targets]


# %% the targets were changed
def shifted(targets, start, stop):
    for ids in targets:
        ids.insert(0, start)
    return targets, [[*ids[1:], stop] for ids in targets]
