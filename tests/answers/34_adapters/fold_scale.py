"Wrong answers to exercise 2, each below the message that it must get."

import torch
from torch import nn


def filled(linear, weight, bias):
    "What all of them share."
    plain = nn.Linear(linear.in_features, linear.out_features, bias=bias is not None)
    with torch.no_grad():
        plain.weight.copy_(weight)
        if bias is not None:
            plain.bias.copy_(bias)
    return plain


# %% rows and columns are swapped
def fold_scale(linear, scale, side):
    if side == "output":
        return filled(linear, linear.weight * scale, linear.bias)
    return filled(linear, scale[:, None] * linear.weight, linear.bias)


# %% the bias is scaled too
def fold_scale(linear, scale, side):
    if side == "output":
        return filled(linear, scale[:, None] * linear.weight, linear.bias)
    return filled(linear, linear.weight * scale, linear.bias)


# %% so it stays
def fold_scale(linear, scale, side):
    weight = scale[:, None] * linear.weight if side == "output" else linear.weight * scale
    bias = None if linear.bias is None else scale * linear.bias
    return filled(linear, weight, bias)


# %% the old layer has changed
def fold_scale(linear, scale, side):
    with torch.no_grad():
        linear.weight.copy_(scale[:, None] * linear.weight)
        if linear.bias is not None:
            linear.bias.mul_(scale)
    return linear


# %% return an nn.Linear
def fold_scale(linear, scale, side):
    return scale[:, None] * linear.weight


# %% the weight is wrong
def fold_scale(linear, scale, side):
    return filled(linear, linear.weight, linear.bias)


# %% the inputs first, then the outputs
def fold_scale(linear, scale, side):
    scale_of_weight = scale[:, None] if side == "output" else scale
    bias = linear.bias
    if bias is not None and side == "output":
        bias = bias * scale
    plain = nn.Linear(linear.out_features, linear.in_features, bias=bias is not None)
    with torch.no_grad():
        plain.weight.copy_(linear.weight * scale_of_weight)
        if bias is not None:
            plain.bias.copy_(bias)
    return plain


# %% linear.bias is None here
def fold_scale(linear, scale, side):
    if side == "output":
        return filled(linear, scale[:, None] * linear.weight, scale * linear.bias)
    return filled(linear, linear.weight * scale, linear.bias)


# %% the new layer has a bias, a random one
def fold_scale(linear, scale, side):
    bias = linear.bias
    if bias is None:
        bias = torch.randn(linear.out_features)
    elif side == "output":
        bias = bias * scale
    weight = scale[:, None] * linear.weight if side == "output" else linear.weight * scale
    return filled(linear, weight, bias)
