"Wrong answers to exercise 1, each below the message that it must get."

import numpy as np


def parts(confusion):
    return confusion.diagonal(), confusion.sum(1), confusion.sum(0)


# %% that is accuracy
def macro_f1(confusion):
    return confusion.diagonal().sum() / confusion.sum()


# %% macro counts each class once
def macro_f1(confusion):
    hits, support, named = parts(confusion)
    return (2 * hits / (support + named) * support).sum() / support.sum()


# %% take F1 of each class, then the mean
def macro_f1(confusion):
    hits, support, named = parts(confusion)
    precision = (hits / named).mean()
    recall = (hits / support).mean()
    return 2 * precision * recall / (precision + recall)


# %% a class that is never predicted has F1 of 0
def macro_f1(confusion):
    hits, support, named = parts(confusion)
    with np.errstate(all="ignore"):
        precision = hits / named
        recall = hits / support
        return (2 * precision * recall / (precision + recall)).mean()


# %% a class that never occurs is left out of the mean
def macro_f1(confusion):
    hits, support, named = parts(confusion)
    return (2 * hits / np.maximum(support + named, 1)).mean()


# %% a class that is predicted but never true occurs
def macro_f1(confusion):
    hits, support, named = parts(confusion)
    occurs = support > 0
    return (2 * hits[occurs] / (support + named)[occurs]).mean()
