"Wrong answers to exercise 5, each below the message that it must get."

import torch


def made(examples, pad_id, label=-100, mask=True, by_id=False):
    T = max(len(e["input_ids"]) for e in examples)
    ids = torch.full((len(examples), T), pad_id)
    seen = torch.zeros_like(ids) if mask else torch.ones_like(ids)
    labels = torch.full((len(examples), T), label)
    for i, e in enumerate(examples):
        n = len(e["input_ids"])
        ids[i, :n] = torch.tensor(e["input_ids"])
        seen[i, :n] = 1
        labels[i, :n] = torch.tensor(e["labels"])
    if by_id:
        seen = (ids != pad_id).long()
    return dict(input_ids=ids, attention_mask=seen, labels=labels)


# %% padding is labelled 0
def mended(examples, pad_id):
    return made(examples, pad_id, label=0)


# %% the mask shows the padding
def mended(examples, pad_id):
    return made(examples, pad_id, mask=False)


# %% a real token may have the id of the padding
def mended(examples, pad_id):
    return made(examples, pad_id, by_id=True)


# %% the padding is not pad_id
def mended(examples, pad_id):
    return made(examples, 0)


# %% all three are (2, 5)
def mended(examples, pad_id):
    found = made(examples, pad_id)
    return found | dict(attention_mask=found["attention_mask"][0])


# %% all three are torch.long
def mended(examples, pad_id):
    return {name: rows.float() for name, rows in made(examples, pad_id).items()}


# %% the loss counts 5
def mended(examples, pad_id):
    return made(examples, pad_id, label=0)


# %% the scores of the first one move by
def mended(examples, pad_id):
    return made(examples, pad_id, mask=False)
