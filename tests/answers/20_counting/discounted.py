"Wrong answers to exercise 3, each below the message that it must get."


# %% what was taken is lost
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts.get(history[len(history) - n :])
        if after is not None:
            p = max(after[x] - d, 0) / after.total()
    return p


# %% d S(h) is what there is to give
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts.get(history[len(history) - n :])
        if after is not None:
            p = (max(after[x] - d, 0) + d * p) / after.total()
    return p


# %% max(0 - d, 0) is 0
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts.get(history[len(history) - n :])
        if after is not None:
            p = (after[x] - d + d * len(after) * p) / after.total()
    return p


# %% drop the oldest one
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts.get(history[:n])
        if after is not None:
            p = (max(after[x] - d, 0) + d * len(after) * p) / after.total()
    return p


# %% keep the shorter context's p
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts[history[len(history) - n :]]
        p = (max(after[x] - d, 0) + d * len(after) * p) / after.total()
    return p


# %% does the loop begin at the empty context
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(1, len(history) + 1):
        after = counts.get(history[len(history) - n :])
        if after is not None:
            p = (max(after[x] - d, 0) + d * len(after) * p) / after.total()
    return p


# %% use the d and the V that were given
def discounted(counts, history, x, V, d):
    p = 1 / 4
    for n in range(len(history) + 1):
        after = counts.get(history[len(history) - n :])
        if after is not None:
            p = (max(after[x] - d, 0) + d * len(after) * p) / after.total()
    return p


# %% keep the shorter context's p
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts.get(history[len(history) - n :])
        p = (max(after[x] - d, 0) + d * len(after) * p) / after.total()
    return p


# %% history[-n:] is the whole history
def discounted(counts, history, x, V, d):
    p = 1 / V
    for n in range(len(history) + 1):
        after = counts.get(history[-n:])
        if after is not None:
            p = (max(after[x] - d, 0) + d * len(after) * p) / after.total()
    return p


# %% you took 1/V
def discounted(counts, history, x, V, d):
    after = counts.get(history)
    if after is None:
        return discounted(counts, history[1:], x, V, d)
    return (max(after[x] - d, 0) + d * len(after) / V) / after.total()
