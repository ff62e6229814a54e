"Wrong answers to exercise 5, each below the message that it must get."

import torch

from ftkit.foundations.attention import rotate


# %% you turn channel i with i + D/2
def rotate_neighbours(x, positions):
    return rotate(x, positions)


# %% stack the pairs side by side
def rotate_neighbours(x, positions):
    size = x.shape[-1]
    angles = positions[:, None] * 10000 ** (-torch.arange(0, size, 2) / size)
    a = x[..., 0::2]
    b = x[..., 1::2]
    cos = angles.cos()
    sin = angles.sin()
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


# %% you turn the other way round
def rotate_neighbours(x, positions):
    size = x.shape[-1]
    angles = positions[:, None] * 10000 ** (-torch.arange(0, size, 2) / size)
    a = x[..., 0::2]
    b = x[..., 1::2]
    cos = angles.cos()
    sin = angles.sin()
    return torch.stack([a * cos + b * sin, b * cos - a * sin], -1).flatten(-2)


# %% the second pair has its own, slower speed
def rotate_neighbours(x, positions):
    angles = positions[:, None].float()
    a = x[..., 0::2]
    b = x[..., 1::2]
    cos = angles.cos()
    sin = angles.sin()
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


# %% turns by 0.01 for each position
def rotate_neighbours(x, positions):
    size = x.shape[-1]
    angles = positions[:, None] * 10000 ** (-torch.arange(size // 2) / size)
    a = x[..., 0::2]
    b = x[..., 1::2]
    cos = angles.cos()
    sin = angles.sin()
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


# %% keep the old a until both are made
def rotate_neighbours(x, positions):
    size = x.shape[-1]
    angles = positions[:, None] * 10000 ** (-torch.arange(0, size, 2) / size)
    turned = x.clone()
    a = turned[..., 0::2]
    b = turned[..., 1::2]
    a[:] = a * angles.cos() - b * angles.sin()
    b[:] = b * angles.cos() + a * angles.sin()
    return turned
