"Wrong answers to exercise 3, each below the message that it must get."

import torch


# %% a token looks into the future
def document_view(documents):
    mask = documents[:, None] == documents[None, :]
    return mask, mask.tril().sum(1) - 1


# %% a token sees the document before its own
def document_view(documents):
    T = len(documents)
    mask = torch.ones(T, T, dtype=torch.bool).tril()
    same = documents[:, None] == documents[None, :]
    return mask, same.tril().sum(1) - 1


# %% a token must see itself
def document_view(documents):
    mask = (documents[:, None] == documents[None, :]).tril(-1)
    return mask, mask.sum(1)


# %% begin again with each document
def document_view(documents):
    mask = (documents[:, None] == documents[None, :]).tril()
    return mask, torch.arange(len(documents))


# %% places begin at 0
def document_view(documents):
    mask = (documents[:, None] == documents[None, :]).tril()
    return mask, mask.sum(1)


# %% a mask of true and false
def document_view(documents):
    mask = (documents[:, None] == documents[None, :]).tril()
    return mask.float(), mask.sum(1) - 1


# %% for the documents [7, 7, 4, 4, 4], places should be
def document_view(documents):
    mask = (documents[:, None] == documents[None, :]).tril()
    counted = [torch.arange((documents == x).sum()) for x in documents.unique()]
    return mask, torch.cat(counted)


# %% a token sees the document before its own
def document_view(documents):
    mask = (documents[:, None] >= documents[None, :]).tril()
    same = (documents[:, None] == documents[None, :]).tril()
    return mask, same.sum(1) - 1
