"Wrong answers to exercise 1, each below the message that it must get."


# %% it is twice as much: either end can be the one
def share_that_crosses(p):
    return p * (1 - p)


# %% then both ends are in the test set
def share_that_crosses(p):
    return p**2


# %% crosses, not
def share_that_crosses(p):
    return p


# %% crosses, not
def share_that_crosses(p):
    return 1 - p**2


# %% a number is asked, not the text
def share_that_crosses(p):
    return f"{2 * p * (1 - p):.0%}"
