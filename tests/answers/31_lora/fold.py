"Wrong answers to exercise 4, each below the message that it must get."

import torch


# %% is what you kept a copy?
@torch.no_grad()
def fold(weight, A, B, scaling):
    kept = weight.data
    weight += (scaling * B @ A).to(weight.dtype)
    return kept


@torch.no_grad()
def unfold(weight, kept):
    weight.copy_(kept)


# %% subtracting leaves rounding errors
@torch.no_grad()
def fold(weight, A, B, scaling):
    update = (scaling * B @ A).to(weight.dtype)
    weight += update
    return update


@torch.no_grad()
def unfold(weight, kept):
    weight -= kept


# %% the scaling is missing
@torch.no_grad()
def fold(weight, A, B, scaling):
    kept = weight.clone()
    weight += (B @ A).to(weight.dtype)
    return kept


# %% add in place
def fold(weight, A, B, scaling):
    kept = weight.detach().clone()
    weight = weight + scaling * B @ A
    return kept


# %% the weight is not W + scaling B A
@torch.no_grad()
def fold(weight, A, B, scaling):
    kept = weight.clone()
    weight.copy_(scaling * B @ A)
    return kept


# %% the weight was torch.bfloat16
def fold(weight, A, B, scaling):
    kept = weight.detach().clone()
    weight.data = weight.data + scaling * B @ A
    return kept


def unfold(weight, kept):
    weight.data = kept
