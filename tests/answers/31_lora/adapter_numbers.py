"Wrong answers to exercise 2, each below the message that it must get."


# %% the head is missing
def adapter_numbers(C, L, classes, r):
    return r * (L * 18 * C + 2 * C)


# %% the head has a bias for each class
def adapter_numbers(C, L, classes, r):
    return r * (L * 18 * C + 2 * C) + C * classes


# %% the pooler is missing
def adapter_numbers(C, L, classes, r):
    return r * L * 18 * C + C * classes + classes


# %% a correction has B too
def adapter_numbers(C, L, classes, r):
    return r * (L * (5 * C + 4 * C) + C) + C * classes + classes


# %% another block should add
def adapter_numbers(C, L, classes, r):
    return r * (L * 12 * C + 2 * C) + C * classes + classes


# %% numbers learn, not
def adapter_numbers(C, L, classes, r):
    return r * (L * 18 * C + 2 * C) + C * classes + 2 * classes


# %% pooler and head are missing
def adapter_numbers(C, L, classes, r):
    return r * L * 18 * C


# %% it is not the head
def adapter_numbers(C, L, classes, r):
    return r * L * 18 * C + C * C + C + C * classes + classes


# %% own bias is frozen
def adapter_numbers(C, L, classes, r):
    return r * (L * 18 * C + 2 * C) + L * 9 * C + C + C * classes + classes
