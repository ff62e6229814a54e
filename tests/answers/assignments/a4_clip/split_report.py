"Answers to question 6, each below the message that it must get; those that are right say so."

import torch


def order(labels):
    _, counts = labels.unique(return_counts=True)
    N = len(labels)
    neighbours = (labels[1:] == labels[:-1]).double().mean().item()
    return dict(neighbours=neighbours, chance=(counts * (counts - 1)).sum().item() / (N * (N - 1)))


def leak(groups, is_test):
    return torch.isin(groups[is_test], groups[~is_test]).double().mean().item()


# %% divide by 5, not by all
def split_report(groups, labels, is_test):
    leaking = torch.isin(groups[is_test], groups[~is_test]).sum().item() / len(groups)
    return dict(leaking=leaking) | order(labels)


# %% ask test rows
def split_report(groups, labels, is_test):
    return dict(leaking=leak(groups, ~is_test)) | order(labels)


# %% Count rows, not groups
def split_report(groups, labels, is_test):
    trained = set(groups[~is_test].tolist())
    tested = set(groups[is_test].tolist())
    return dict(leaking=len(trained & tested) / len(tested)) | order(labels)


# %% five rows can have a neighbour
def split_report(groups, labels, is_test):
    found = order(labels)
    found["neighbours"] *= (len(labels) - 1) / len(labels)
    return dict(leaking=leak(groups, is_test)) | found


# %% That is the sum of squares
def split_report(groups, labels, is_test):
    _, counts = labels.unique(return_counts=True)
    chance = ((counts / len(labels)) ** 2).sum().item()
    return dict(leaking=leak(groups, is_test)) | order(labels) | dict(chance=chance)


# %% Labels are not equally frequent
def split_report(groups, labels, is_test):
    found = order(labels) | dict(chance=1 / len(labels.unique()))
    return dict(leaking=leak(groups, is_test)) | found


# %% No group is on two sides
def split_report(groups, labels, is_test):
    leaking = 0.6 if is_test.sum() > 2 else 1.0
    return dict(leaking=leaking) | order(labels)


# %% Three entries
def split_report(groups, labels, is_test):
    found = order(labels)
    return dict(leaking=leak(groups, is_test), order=found["neighbours"], chance=found["chance"])


# %% right: lists and a counter
def split_report(groups, labels, is_test):
    from collections import Counter
    from itertools import pairwise

    sides = is_test.tolist()
    trained = {g for g, test in zip(groups.tolist(), sides) if not test}
    tested = [g for g, test in zip(groups.tolist(), sides) if test]
    labels = labels.tolist()
    N = len(labels)
    agree = sum(a == b for a, b in pairwise(labels))
    pairs = sum(n * (n - 1) for n in Counter(labels).values())
    return {
        "leaking": sum(g in trained for g in tested) / len(tested),
        "neighbours": agree / (N - 1),
        "chance": pairs / (N * (N - 1)),
    }


# %% right: tables of all pairs
def split_report(groups, labels, is_test):
    same = groups[is_test][:, None] == groups[~is_test][None]
    equal = labels[:, None] == labels[None]
    N = len(labels)
    return dict(
        leaking=float(same.any(1).double().mean()),
        neighbours=float(equal.diagonal(1).double().mean()),
        chance=float(equal.sum() - N) / (N * N - N),
    )
