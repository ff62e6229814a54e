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


# %% numbers learn, not
def adapter_numbers(C, L, classes, r):
    return r * (L * 12 * C + 2 * C) + C * classes + classes
