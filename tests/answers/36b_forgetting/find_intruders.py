"Wrong answers to exercise 1, each below the message that it must get."

import torch


# %% whatever their sign
def find_intruders(before, tuned, top, threshold):
    old, _, _ = torch.linalg.svd(before, full_matrices=False)
    new, _, _ = torch.linalg.svd(tuned, full_matrices=False)
    likest = (new[:, :top].T @ old).max(1).values
    return [place for place, value in enumerate(likest.tolist()) if value < threshold]


# %% compare with *all* old vectors
def find_intruders(before, tuned, top, threshold):
    old, _, _ = torch.linalg.svd(before, full_matrices=False)
    new, _, _ = torch.linalg.svd(tuned, full_matrices=False)
    likest = (new[:, :top].T @ old[:, :top]).abs().max(1).values
    return [place for place, value in enumerate(likest.tolist()) if value < threshold]


# %% whatever the right vectors are
def find_intruders(before, tuned, top, threshold):
    _, _, old = torch.linalg.svd(before, full_matrices=False)
    _, _, new = torch.linalg.svd(tuned, full_matrices=False)
    likest = (new[:top] @ old.T).abs().max(1).values
    return [place for place, value in enumerate(likest.tolist()) if value < threshold]


# %% the left vectors are the old ones
def find_intruders(before, tuned, top, threshold):
    old, _, _ = torch.linalg.svd(before, full_matrices=False)
    new, _, _ = torch.linalg.svd(tuned, full_matrices=False)
    likest = (new[:top] @ old.T).abs().max(1).values
    return [place for place, value in enumerate(likest.tolist()) if value < threshold]


# %% only the first `top` of the tuned ones count
def find_intruders(before, tuned, top, threshold):
    old, _, _ = torch.linalg.svd(before, full_matrices=False)
    new, _, _ = torch.linalg.svd(tuned, full_matrices=False)
    likest = (new.T @ old).abs().max(1).values
    return [place for place, value in enumerate(likest.tolist()) if value < threshold]


# %% heed the threshold
def find_intruders(before, tuned, top, threshold):
    old, _, _ = torch.linalg.svd(before, full_matrices=False)
    new, _, _ = torch.linalg.svd(tuned, full_matrices=False)
    likest = (new[:, :top].T @ old).abs().max(1).values
    return [place for place, value in enumerate(likest.tolist()) if value < 0.5]
