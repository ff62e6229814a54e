"Answers to question 6, each below the message that it must get; those that are right say so."

from collections import Counter

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


# %% The last row is not the neighbour
# unseen: the first row's neighbour is the last one (roll)
def split_report(groups, labels, is_test):
    n = len(labels)
    counts = torch.unique(labels, return_counts=True)[1]
    return dict(
        leaking=float(torch.isin(groups[is_test], groups[~is_test]).float().mean()),
        neighbours=float((labels == labels.roll(1)).float().mean()),
        chance=float((counts * (counts - 1)).sum() / (n * (n - 1))),
    )


# %% is no leak
# unseen: a group that stands twice in the test is called a leak
def split_report(groups, labels, is_test):
    n = len(labels)
    _, inverse, sizes = groups.unique(return_inverse=True, return_counts=True)
    shared = sizes[inverse] > 1
    counts = labels.unique(return_counts=True)[1]
    return dict(
        leaking=shared[is_test].double().mean().item(),
        neighbours=(labels[1:] == labels[:-1]).double().mean().item(),
        chance=(counts * (counts - 1)).sum().item() / n / (n - 1),
    )


# %% are never equal
# unseen: tensors in a set are never equal
def split_report(groups, labels, is_test):
    n = len(labels)
    train = set(groups[~is_test])
    test = list(groups[is_test])
    leaking = sum(group in train for group in test) / len(test)
    neighbours = sum(bool(a == b) for a, b in zip(labels[1:], labels[:-1])) / (n - 1)
    counts = Counter(labels.tolist()).values()
    chance = sum(c * (c - 1) for c in counts) / (n * (n - 1))
    return dict(leaking=leaking, neighbours=neighbours, chance=chance)


# %% split_report raises RuntimeError
# unseen: bincount, no negative labels
def split_report(groups, labels, is_test):
    n = len(labels)
    in_training = torch.zeros(int(groups.max()) + 1, dtype=torch.bool)
    in_training[groups[~is_test]] = True
    counts = torch.bincount(labels)
    return dict(
        leaking=in_training[groups[is_test]].double().mean().item(),
        neighbours=(labels[1:] == labels[:-1]).double().mean().item(),
        chance=(counts * (counts - 1)).sum().item() / (n * (n - 1)),
    )


# %% count it, draw nothing
# unseen: chance by shuffling, near it but not it
def split_report(groups, labels, is_test):
    draw = torch.Generator().manual_seed(0)
    same = []
    for _ in range(200):
        mixed = labels[torch.randperm(len(labels), generator=draw)]
        same.append((mixed[1:] == mixed[:-1]).double().mean())
    return dict(
        leaking=torch.isin(groups[is_test], groups[~is_test]).double().mean().item(),
        neighbours=(labels[1:] == labels[:-1]).double().mean().item(),
        chance=torch.stack(same).mean().item(),
    )


# %% 3 of 5 rows
# unseen: neighbours among the test rows only
def split_report(groups, labels, is_test):
    n = len(labels)
    same = labels[1:] == labels[:-1]
    counts = labels.unique(return_counts=True)[1]
    return dict(
        leaking=torch.isin(groups[is_test], groups[~is_test]).double().mean().item(),
        neighbours=same[is_test[1:]].double().mean().item(),
        chance=(counts * (counts - 1)).sum().item() / (n * (n - 1)),
    )


# %% right: lists and fractions
def split_report(groups, labels, is_test):
    from fractions import Fraction
    from itertools import pairwise

    rows = list(zip(groups.tolist(), is_test.tolist()))
    train = {g for g, t in rows if not t}
    leaks = [g in train for g, t in rows if t]
    y = labels.tolist()
    same = [a == b for a, b in pairwise(y)]
    pairs = sum(y.count(c) - 1 for c in y)
    return {
        "chance": float(Fraction(pairs, len(y) * (len(y) - 1))),
        "leaking": float(Fraction(sum(leaks), len(leaks))),
        "neighbours": float(Fraction(sum(same), len(same))),
    }


# %% a float was asked for
# unseen: tensors of one number
def split_report(groups, labels, is_test):
    N = len(labels)
    _, counts = labels.unique(return_counts=True)
    return dict(
        leaking=torch.isin(groups[is_test], groups[~is_test]).double().mean(),
        neighbours=(labels[1:] == labels[:-1]).double().mean(),
        chance=(counts * (counts - 1)).sum() / (N * (N - 1)),
    )
