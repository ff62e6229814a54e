"Wrong answers to exercise 2, each below the message that it must get."

import torch

from ftkit.foundations.attention import causal_mask
from ftkit.pretraining.pretraining_pays import RARE, next_word, question


# %% that is the *next* word
def previous_word(rows):
    return next_word(rows)


# %% that mask shows what is before
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    labels = labels.masked_fill(labels == RARE, -100)
    return question(rows, labels, "words", causal_mask(rows.shape[1]))


# %% a rare word is not asked for
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    return question(rows, labels, "words", causal_mask(rows.shape[1]).T)


# %% the first word has no previous one
def previous_word(rows):
    labels = rows.roll(1, 1)
    labels = labels.masked_fill(labels == RARE, -100)
    return question(rows, labels, "words", causal_mask(rows.shape[1]).T)


# %% the inputs stay as they are
def previous_word(rows):
    return next_word(rows.flip(1))


# %% without a mask each word sees its label
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    labels = labels.masked_fill(labels == RARE, -100)
    return question(rows, labels, "words")


# %% a word sees itself too
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    labels = labels.masked_fill(labels == RARE, -100)
    T = rows.shape[1]
    return question(rows, labels, "words", ~causal_mask(T))


# %% a mask holds True and False
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    labels = labels.masked_fill(labels == RARE, -100)
    return question(rows, labels, "words", torch.ones(rows.shape[1], rows.shape[1]).triu())


# %% that mask shows what is before
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    labels = labels.masked_fill(labels == RARE, -100)
    return question(rows, labels, "words", causal_mask(rows.shape[1])[None, None])


# %% return what `question` returns
def previous_word(rows):
    labels = torch.full_like(rows, -100)
    labels[:, 1:] = rows[:, :-1]
    return rows, labels.masked_fill(labels == RARE, -100), causal_mask(rows.shape[1]).T
