"Wrong answers to exercise 2, each below the message that it must get."


# %% each gradient was shortened alone
def clip_gradients(parameters, limit):
    for p in parameters:
        length = p.grad.norm()
        if length > limit:
            p.grad *= limit / length
    return length


# %% each gradient was shortened alone
def clip_gradients(parameters, limit):
    length = sum((p.grad**2).sum() for p in parameters) ** 0.5
    for p in parameters:
        p.grad.clamp_(-limit, limit)
    return length


# %% is below the limit 1 and stays as it is
def clip_gradients(parameters, limit):
    length = sum((p.grad**2).sum() for p in parameters) ** 0.5
    for p in parameters:
        p.grad *= limit / length
    return length


# %% nothing has changed
def clip_gradients(parameters, limit):
    length = sum((p.grad**2).sum() for p in parameters) ** 0.5
    for p in parameters:
        gradient = p.grad
        if length > limit:
            gradient = gradient * limit / length
    return length


# %% so (0.6, 0) and (0.8) remain
def clip_gradients(parameters, limit):
    length = sum((p.grad**2).sum() for p in parameters)
    if length > limit:
        for p in parameters:
            p.grad *= limit / length
    return length


# %% pass over None
def clip_gradients(parameters, limit):
    length = sum((p.grad**2).sum() for p in parameters) ** 0.5
    if length > limit:
        for p in parameters:
            p.grad *= limit / length
    return length
