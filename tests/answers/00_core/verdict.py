"Wrong answers to exercise 4, each below the message that it must get."


# %% which can't know: 'FAILED' says too much
def verdict(condition, scale, at):
    if scale >= at:  # by the alphabet
        return "held" if condition else "FAILED"
    return "not checked"


# %% a larger scale can know too
def verdict(condition, scale, at):
    if scale != at:
        return "not checked"
    return "held" if condition else "FAILED"


# %% lets it pass for proven
def verdict(condition, scale, at):
    order = ["smoke", "cpu", "gpu"]
    if condition:
        return "held"
    if order.index(scale) < order.index(at):
        return "not checked"
    return "FAILED"


# %% true, at the scale it needs
def verdict(condition, scale, at):
    order = ["smoke", "cpu", "gpu"]
    if order.index(scale) <= order.index(at):
        return "not checked"
    return "held" if condition else "FAILED"


# %% NumPy has a True of its own
def verdict(condition, scale, at):
    order = ["smoke", "cpu", "gpu"]
    if order.index(scale) < order.index(at):
        return "not checked"
    return "held" if condition is True else "FAILED"
