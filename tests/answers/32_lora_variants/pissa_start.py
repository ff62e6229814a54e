"Wrong answers to exercise 3, each below the message that it must get."

import torch


# %% share them evenly
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    A = S[:r].unsqueeze(1) / s * Vt[:r]
    B = U[:, :r]
    return A, B, W - s * B @ A


# %% the layer multiplies it by s = 3
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = S[:r].sqrt()
    A = root.unsqueeze(1) * Vt[:r]
    B = U[:, :r] * root
    return A, B, W - B @ A


# %% you took the smallest directions
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = (S[-r:] / s).sqrt()
    A = root.unsqueeze(1) * Vt[-r:]
    B = U[:, -r:] * root
    return A, B, W - s * B @ A


# %% W has changed
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = (S[:r] / s).sqrt()
    A = root.unsqueeze(1) * Vt[:r]
    B = U[:, :r] * root
    W -= s * B @ A
    return A, B, W


# %% the rest is W itself
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = (S[:r] / s).sqrt()
    A = root.unsqueeze(1) * Vt[:r]
    B = U[:, :r] * root
    return A, B, W


# %% the shapes of A, B and the rest are
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = (S / s).sqrt()
    A = root.unsqueeze(1) * Vt
    B = U * root
    return A, B, W - s * B @ A


# %% where does s come into A and B?
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = S[:r].sqrt()
    A = root.unsqueeze(1) * Vt[:r]
    B = U[:, :r] * root
    return A, B, W - s * B @ A


# %% is not the best matrix of rank 2
def pissa_start(W, r, s):
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = (S[:r] / s).sqrt()
    A = root.unsqueeze(1) * Vt[:, :r].T
    B = U[:, :r] * root
    return A, B, W - s * B @ A
