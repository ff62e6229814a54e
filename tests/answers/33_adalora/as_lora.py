"Wrong answers to exercise 4, each below the message that it must get."


# %% three triplets stay
def as_lora(A, E, B, kept, alpha):
    return E * A, B, alpha


# %% E is lost
def as_lora(A, E, B, kept, alpha):
    return A[kept], B[:, kept], alpha * int(kept.sum()) / len(A)


# %% the update is 4/3 of what it was
def as_lora(A, E, B, kept, alpha):
    return (E * A)[kept], B[:, kept], alpha


# %% another update
def as_lora(A, E, B, kept, alpha):
    return (E * A)[kept], (B * E.T)[:, kept], alpha * int(kept.sum()) / len(A)


# %% three triplets stay, as kept says
def as_lora(A, E, B, kept, alpha):
    kept = (E != 0).flatten()
    return (E * A)[kept], B[:, kept], alpha * int(kept.sum()) / len(A)


# %% E is lost
def as_lora(A, E, B, kept, alpha):
    return A[kept], B[:, kept], alpha
