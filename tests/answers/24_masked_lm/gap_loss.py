"Wrong answers to exercise 3, each below the message that it must get."

import torch.nn.functional as F


# %% that is the mean
def gap_loss(model, batch):
    asked = batch["labels"] != -100
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[asked]
    return F.cross_entropy(model.head(states), batch["labels"][asked]), asked.sum()


# %% the head saw 24 places
def gap_loss(model, batch):
    logits = model.head(model.encoder(batch["input_ids"], batch["attention_mask"]))
    labels = batch["labels"].flatten()
    loss = F.cross_entropy(logits.flatten(0, 1), labels, reduction="sum")
    return loss, (labels != -100).sum()


# %% the encoder reads the padding
def gap_loss(model, batch):
    asked = batch["labels"] != -100
    logits = model.head(model.encoder(batch["input_ids"])[asked])
    return F.cross_entropy(logits, batch["labels"][asked], reduction="sum"), asked.sum()


# %% you count all tokens
def gap_loss(model, batch):
    asked = batch["labels"] != -100
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[asked]
    loss = F.cross_entropy(model.head(states), batch["labels"][asked], reduction="sum")
    return loss, batch["attention_mask"].sum()


# %% a label of 0 is a word
def gap_loss(model, batch):
    asked = batch["labels"] > 0
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[asked]
    loss = F.cross_entropy(model.head(states), batch["labels"][asked], reduction="sum")
    return loss, asked.sum()


# %% the labels are shifted by one
def gap_loss(model, batch):
    labels = batch["labels"][:, 1:]
    asked = labels != -100
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[:, :-1][asked]
    return F.cross_entropy(model.head(states), labels[asked], reduction="sum"), asked.sum()


# %% nothing is asked, and your sum is nan
def gap_loss(model, batch):
    asked = batch["labels"] != -100
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[asked]
    mean = F.cross_entropy(model.head(states), batch["labels"][asked])
    return mean * asked.sum(), asked.sum()


# %% return two things
def gap_loss(model, batch):
    asked = batch["labels"] != -100
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[asked]
    return F.cross_entropy(model.head(states), batch["labels"][asked], reduction="sum")


# %% 4 places are asked; you count 0
def gap_loss(model, batch):
    asked = batch["input_ids"] == 103
    states = model.encoder(batch["input_ids"], batch["attention_mask"])[asked]
    loss = F.cross_entropy(model.head(states), batch["labels"][asked], reduction="sum")
    return loss, asked.sum()
