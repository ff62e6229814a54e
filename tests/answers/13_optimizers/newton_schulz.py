"Wrong answers to exercise 4, each below the message that it must get."

import torch


# %% is G divided by its norm first
def newton_schulz(G, steps):
    X = G
    for _ in range(steps):
        A = X @ X.T
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
    return X


# %% you divide by the largest singular value
def newton_schulz(G, steps):
    X = G / torch.linalg.matrix_norm(G, 2)
    for _ in range(steps):
        A = X @ X.T
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
    return X


# %% Did you turn it back
def newton_schulz(G, steps):
    X = G / G.norm()
    if G.shape[0] > G.shape[1]:
        X = X.T
    for _ in range(steps):
        A = X @ X.T
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
    return X


# %% that is U V^T itself
def newton_schulz(G, steps):
    U, _, Vt = torch.linalg.svd(G, full_matrices=False)
    return U @ Vt


# %% a new A, in each round
def newton_schulz(G, steps):
    X = G / G.norm()
    A = X @ X.T
    for _ in range(steps):
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
    return X


# %% look at the three terms
def newton_schulz(G, steps):
    X = G / G.norm()
    for _ in range(steps):
        A = X @ X.T
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ X
    return X
