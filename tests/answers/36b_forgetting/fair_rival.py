"Wrong answers to exercise 3, each below the message that it must get."

import torch


def smaller(tuned, places, factor):
    U, S, Vh = torch.linalg.svd(tuned, full_matrices=False)
    values = S.clone()
    values[places] *= factor
    return (U * values) @ Vh


# %% only the directions at `others` may change
def fair_rival(tuned, places, others, keep):
    return smaller(tuned, places, keep)


# %% the same factor takes away another norm
def fair_rival(tuned, places, others, keep):
    return smaller(tuned, others, keep)


# %% a sum of singular values is no Frobenius norm
def fair_rival(tuned, places, others, keep):
    S = torch.linalg.svdvals(tuned)
    return smaller(tuned, others, 1 - (1 - keep) * S[places].sum() / S[others].sum())


# %% the largest alone is no Frobenius norm
def fair_rival(tuned, places, others, keep):
    S = torch.linalg.svdvals(tuned)
    taken = (1 - keep) * S[places].max()
    return smaller(tuned, others, 1 - taken / S[others].norm())


# %% leave the matrix that came in as it is
def fair_rival(tuned, places, others, keep):
    S = torch.linalg.svdvals(tuned)
    less = (1 - keep) * S[places].norm() / S[others].norm()
    tuned.copy_(smaller(tuned, others, 1 - less))
    return tuned


# %% one factor for all of `others`
def fair_rival(tuned, places, others, keep):
    U, S, Vh = torch.linalg.svd(tuned, full_matrices=False)
    taken = (1 - keep) * S[places].norm()
    values = S.clone()
    values[others] -= taken / len(others) ** 0.5
    return (U * values) @ Vh


# %% the singular values at `others` get *smaller*
def fair_rival(tuned, places, others, keep):
    S = torch.linalg.svdvals(tuned)
    return smaller(tuned, others, 1 + (1 - keep) * S[places].norm() / S[others].norm())


# %% its singular vectors must stay as they are
def fair_rival(tuned, places, others, keep):
    changed = tuned.clone()
    S = torch.linalg.svdvals(tuned)
    for place in others:
        changed[place, place] *= 1 - (1 - keep) * S[places].norm() / S[others].norm()
    return changed
