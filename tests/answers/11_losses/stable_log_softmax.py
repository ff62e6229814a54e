"Wrong answers to exercise 3, each below the message that it must get."


# %% exp(1000) overflows
def stable_log_softmax(z):
    return z - z.exp().sum(-1, keepdim=True).log()


# %% a probability was rounded to 0
def stable_log_softmax(z):
    odds = (z - z.amax(-1, keepdim=True)).exp()
    return (odds / odds.sum(-1, keepdim=True)).log()


# %% add nothing inside the logarithm
def stable_log_softmax(z):
    odds = (z - z.amax(-1, keepdim=True)).exp()
    return (odds / odds.sum(-1, keepdim=True) + 1e-12).log()


# %% of each row, not of the whole table
def stable_log_softmax(z):
    shifted = z - z.max()
    return shifted - shifted.exp().sum(-1, keepdim=True).log()


# %% added back to the logarithm
def stable_log_softmax(z):
    m = z.amax(-1, keepdim=True)
    return z - (m + (z - m).exp().sum(-1, keepdim=True).log())


# %% you add up over the rows
def stable_log_softmax(z):
    shifted = z - z.amax(0)
    return shifted - shifted.exp().sum(0).log()


# %% those are the probabilities
def stable_log_softmax(z):
    odds = (z - z.amax(-1, keepdim=True)).exp()
    return odds / odds.sum(-1, keepdim=True)
