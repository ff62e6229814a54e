"Wrong answers to exercise 5, each below the message that it must get."


# %% each method may need rates of its own
def unfair():
    return {"A", "B", "C"}


# %% both tried four rates
def unfair():
    return {"A", "C", "D"}


# %% both read 32 tokens
def unfair():
    return {"C", "E", "F"}


# %% look at the rates
def unfair():
    return {"C", "E"}


# %% look at the seeds
def unfair():
    return {"A", "E"}


# %% look at the heads
def unfair():
    return {"A", "C"}


# %% a set of letters
def unfair():
    return "ACE"
