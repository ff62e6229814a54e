"Wrong answers to exercise 1, each below the message that it must get."

import torch
from torch import tensor

V = 30_522
mask_id = 103


def fates(ids, chosen):
    u = torch.rand(ids.shape)
    inputs = torch.where(chosen & (u < 0.8), mask_id, ids)
    return torch.where(chosen & (u >= 0.9), torch.randint(V, ids.shape), inputs)


# %% a special token was hidden
def hide_tokens(ids, special_ids, rate):
    chosen = torch.rand(ids.shape) < rate
    return fates(ids, chosen), torch.where(chosen, ids, -100)


# %% every place has a label
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    return fates(ids, chosen), ids.clone()


# %% a token changed and nobody asks about it
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    inputs = fates(ids, chosen)
    return inputs, torch.where(inputs == mask_id, ids, -100)


# %% no asked token stays as it is
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    inputs = fates(ids, chosen)
    return inputs, torch.where(inputs != ids, ids, -100)


# %% your second coin of 10%
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    masked = chosen & (torch.rand(ids.shape) < 0.8)
    swapped = chosen & ~masked & (torch.rand(ids.shape) < 0.1)
    inputs = torch.where(masked, mask_id, ids)
    inputs = torch.where(swapped, torch.randint(V, ids.shape), inputs)
    return inputs, torch.where(chosen, ids, -100)


# %% the text itself has changed
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    labels = torch.where(chosen, ids, -100)
    ids[chosen] = fates(ids, chosen)[chosen]
    return ids, labels


# %% a label is the mask
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    inputs = fates(ids, chosen)
    return inputs, torch.where(chosen, inputs, -100)


# %% the random words are few
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    u = torch.rand(ids.shape)
    inputs = torch.where(chosen & (u < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (u >= 0.9), torch.randint(V, (1,)), inputs)
    return inputs, torch.where(chosen, ids, -100)


# %% each row has the same gaps
def hide_tokens(ids, special_ids, rate):
    coins = torch.rand(ids.shape[1]) < rate
    chosen = ~torch.isin(ids, tensor(special_ids)) & coins
    return fates(ids, chosen), torch.where(chosen, ids, -100)


# %% no label is asked for
def hide_tokens(ids, special_ids, rate):
    chosen = torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < 0)
    return fates(ids, chosen), torch.where(chosen, ids, -100)


# %% the inputs hold -100
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    return torch.where(chosen, ids, -100), fates(ids, chosen)


# %% all gaps of a row have the same fate
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < rate)
    u = torch.rand(len(ids), 1)
    inputs = torch.where(chosen & (u < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (u >= 0.9), torch.randint(V, ids.shape), inputs)
    return inputs, torch.where(chosen, ids, -100)


# %% at the rate 0.2 you choose
def hide_tokens(ids, special_ids, rate):
    chosen = ~torch.isin(ids, tensor(special_ids)) & (torch.rand(ids.shape) < 0.15)
    return fates(ids, chosen), torch.where(chosen, ids, -100)
