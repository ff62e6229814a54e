"Wrong answers to exercise 2, each below the message that it must get."

import torch
from torch import tensor

from ftkit.foundations.checkpoints import from_pretrained

_, words = from_pretrained("minilm")
goes_on = tensor([t.startswith("##") for t in words.convert_ids_to_tokens(range(len(words)))])


# %% the long word is hidden in part
def choose_whole(ids, special_ids, rate):
    return (torch.rand(ids.shape) < rate) & ~torch.isin(ids, tensor(special_ids))


# %% you choose tokens and fill up their words
def choose_whole(ids, special_ids, rate):
    special = torch.isin(ids, tensor(special_ids))
    number = (~goes_on[ids]).cumsum(1) - 1
    coins = (torch.rand(ids.shape) < rate) & ~special
    hit = torch.zeros(ids.shape, dtype=torch.long).scatter_add(1, number, coins.long())
    return (hit.gather(1, number) > 0) & ~special


# %% the pieces right after [CLS] are never hidden
def choose_whole(ids, special_ids, rate):
    special = torch.isin(ids, tensor(special_ids))
    number = (~goes_on[ids]).cumsum(1) - 1
    coins = (torch.rand(ids.shape) < rate) & ~special & ~goes_on[ids]
    hit = torch.zeros(ids.shape, dtype=torch.long).scatter_add(1, number, coins.long())
    return (hit.gather(1, number) > 0) & ~special


# %% [CLS] or [SEP] is chosen
def choose_whole(ids, special_ids, rate):
    number = (~goes_on[ids]).cumsum(1) - 1
    return (torch.rand(ids.shape) < rate).gather(1, number)


# %% all rows have the same words hidden
def choose_whole(ids, special_ids, rate):
    number = (~goes_on[ids]).cumsum(1) - 1
    coins = torch.rand(ids.shape[1]) < rate
    return coins[number] & ~torch.isin(ids, tensor(special_ids))


# %% each word needs a coin of its own
def choose_whole(ids, special_ids, rate):
    coins = torch.rand(len(ids), 1) < rate
    return coins & ~torch.isin(ids, tensor(special_ids))


# %% True and False
def choose_whole(ids, special_ids, rate):
    number = (~goes_on[ids]).cumsum(1) - 1
    return (torch.rand(ids.shape) < rate).long().gather(1, number)
