"Wrong answers to exercise 1, each below the message that it must get."

import torch


# %% each drawn word counts as false, also one that is what the author wrote
def replaced_labels(original, asked, drawn):
    inputs = original.clone()
    inputs[asked] = drawn
    return inputs, asked.float()


# %% 1 is for false words
def replaced_labels(original, asked, drawn):
    inputs = original.clone()
    inputs[asked] = drawn
    return inputs, (inputs == original).float()


# %% the original has changed
def replaced_labels(original, asked, drawn):
    before = original.clone()
    original[asked] = drawn
    return original, (original != before).float()


# %% the drawn words go to the asked places row by row
def replaced_labels(original, asked, drawn):
    columns = original.T.clone()
    columns[asked.T] = drawn
    inputs = columns.T
    return inputs, (inputs != original).float()


# %% the labels are floats
def replaced_labels(original, asked, drawn):
    inputs = original.clone()
    inputs[asked] = drawn
    return inputs, inputs != original


# %% a word that was not asked for has changed
def replaced_labels(original, asked, drawn):
    inputs = torch.where(asked, original, drawn[0])
    inputs[asked] = drawn
    return inputs, (inputs != original).float()
