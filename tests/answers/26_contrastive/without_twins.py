"Wrong answers to exercise 3, each below the message that it must get."

import torch
import torch.nn.functional as F


# %% the twins are still counted
def without_twins(cosines, captions):
    return F.cross_entropy(cosines / 0.1, torch.arange(len(cosines)))


# %% is the own key left in
def without_twins(cosines, captions):
    same = captions[:, None] == captions
    logits = (cosines / 0.1).masked_fill(same, -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(cosines)))


# %% a logit of 0 counts too
def without_twins(cosines, captions):
    twins = (captions[:, None] == captions) & ~torch.eye(len(captions), dtype=torch.bool)
    logits = (cosines / 0.1).masked_fill(twins, 0)
    return F.cross_entropy(logits, torch.arange(len(cosines)))


# %% that runs down the columns
def without_twins(cosines, captions):
    twins = (captions[:, None] == captions) & ~torch.eye(len(captions), dtype=torch.bool)
    logits = (cosines / 0.1).masked_fill(twins, -torch.inf)
    return F.cross_entropy(logits.T, torch.arange(len(cosines)))
