"Wrong answers to exercise 4, each below the message that it must get."

# ruff: noqa: F821
import torch

from ftkit.pretraining.causal_lm import looks_ahead


def measured(model):
    "In evaluation mode; the mode is put back."
    mode = model.training
    model.eval()
    found = loss_of(model, held_out)
    model.train(mode)
    return found


def ahead(model):
    ids = torch.randint(256, (2, 40), device=next(model.parameters()).device)
    return looks_ahead(model, ids)


# %% whose answer is 'mask'
def diagnose(model, logged_loss):
    if abs(measured(model) - logged_loss) > 1:
        return "shift"
    return "mask" if ahead(model) else "sound"


# %% whose answer is 'shift', with a logged loss of
def diagnose(model, logged_loss):
    if ahead(model):
        return "mask"
    return "sound"


# %% was called 'sound'
def diagnose(model, logged_loss):
    if ahead(model):
        return "mask"
    if measured(model) - logged_loss > 1:
        return "shift"
    return "sound"


# %% a model in training mode, whose answer is 'sound'
def diagnose(model, logged_loss):
    if ahead(model):
        return "mask"
    if abs(measured(model) - logged_loss) > 1:
        return "shift"
    return "dropout" if model.training else "sound"


# %% whose answer is 'dropout'
def diagnose(model, logged_loss):
    if ahead(model):
        return "mask"
    if abs(measured(model) - logged_loss) > 1:
        return "shift"
    return "sound"


# %% was in training mode and is not any more
def diagnose(model, logged_loss):
    trembles = loss_of(model, held_out) != loss_of(model, held_out)
    if ahead(model):
        return "mask"
    model.eval()
    if abs(loss_of(model, held_out) - logged_loss) > 1:
        return "shift"
    return "dropout" if trembles else "sound"
