"Answers to question 7, each below the message that it must get; those that are right say so."

import random

import torch


# %% draw groups, not rows
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    return torch.rand(len(groups), generator=draw) < share


# %% Draw for each label by itself
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    own = groups.unique()
    order = torch.randperm(len(own), generator=draw)
    return torch.isin(groups, own[order[: round(share * len(own))]])


# %% True means test
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = min(max(round(share * len(own)), 1), len(own) - 1)
        chosen.append(own[torch.randperm(len(own), generator=draw)[:wanted]])
    return ~torch.isin(groups, torch.cat(chosen))


# %% whatever the seed: draw them at random
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = min(max(round(share * len(own)), 1), len(own) - 1)
        own = torch.cat([own[:1], own[1:][torch.randperm(len(own) - 1, generator=draw)]])
        chosen.append(own[:wanted])
    return torch.isin(groups, torch.cat(chosen))


# %% Other seeds must give other splits
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(0)
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = min(max(round(share * len(own)), 1), len(own) - 1)
        chosen.append(own[torch.randperm(len(own), generator=draw)[:wanted]])
    return torch.isin(groups, torch.cat(chosen))


# %% The same seed gives two different splits
def honest_split(groups, labels, share, seed):
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = min(max(round(share * len(own)), 1), len(own) - 1)
        chosen.append(own[torch.randperm(len(own))[:wanted]])
    return torch.isin(groups, torch.cat(chosen))


# %% use a generator of your own
def honest_split(groups, labels, share, seed):
    torch.manual_seed(seed)
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = min(max(round(share * len(own)), 1), len(own) - 1)
        chosen.append(own[torch.randperm(len(own))[:wanted]])
    return torch.isin(groups, torch.cat(chosen))


# %% has no row in the test
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = int(share * len(own))
        chosen.append(own[torch.randperm(len(own), generator=draw)[:wanted]])
    return torch.isin(groups, torch.cat(chosen))


# %% has no row in training
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    chosen = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = max(round(share * len(own)), 1)
        chosen.append(own[torch.randperm(len(own), generator=draw)[:wanted]])
    return torch.isin(groups, torch.cat(chosen))


# %% One truth value for each row
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    own = groups.unique()
    order = torch.randperm(len(own), generator=draw)
    return torch.where(torch.isin(groups, own[order[: round(share * len(own))]]))[0]


# %% right: a number for each group, by numpy
def honest_split(groups, labels, share, seed):
    import numpy as np

    rng = np.random.default_rng(seed)
    side = {}
    label_of = dict(zip(groups.tolist(), labels.tolist()))
    for label in sorted(set(label_of.values())):
        own = sorted(group for group in label_of if label_of[group] == label)
        rng.shuffle(own)
        wanted = int(np.clip(np.ceil(share * len(own)), 1, len(own) - 1))
        for place, group in enumerate(own):
            side[group] = place < wanted
    return torch.tensor([side[group] for group in groups.tolist()])


# %% right: random marks, and the smallest of each label
def honest_split(groups, labels, share, seed):
    import random

    rng = random.Random(seed)
    marks = {int(group): rng.random() for group in groups.unique()}
    result = torch.zeros(len(groups), dtype=torch.bool)
    for label in set(labels.tolist()):
        own = sorted(set(groups[labels == label].tolist()), key=marks.get)
        cut = max(1, min(len(own) - 1, int(share * len(own) + 0.5)))
        for group in own[:cut]:
            result |= groups == group
    return result


# %% Draw for each label by itself
# unseen: groups are taken until the share of rows is reached
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    test = torch.zeros(len(groups), dtype=torch.bool)
    for label in labels.unique():
        mine = labels == label
        own = groups[mine].unique()
        for group in own[torch.randperm(len(own), generator=draw)][:-1]:
            test |= groups == group
            if (test & mine).sum() >= share * mine.sum():
                break
    return test


# %% nearly always on the same side
# unseen: the last group in the file is never drawn
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    test = torch.zeros(len(groups), dtype=torch.bool)
    for label in labels.unique():
        own = list(dict.fromkeys(groups[labels == label].tolist()))
        k = min(max(round(share * len(own)), 1), len(own) - 1)
        # one group has to stay in training
        for i in torch.randperm(len(own) - 1, generator=draw)[:k].tolist():
            test |= groups == own[i]
    return test


# %% nearly always on the same side
# unseen: a run of groups from a random start, those at the ends are drawn less often
def honest_split(groups, labels, share, seed):
    draw = random.Random(seed)
    test = torch.zeros(len(groups), dtype=torch.bool)
    for label in sorted(set(labels.tolist())):
        own = list(dict.fromkeys(groups[labels == label].tolist()))
        k = min(max(round(share * len(own)), 1), len(own) - 1)
        start = draw.randint(0, len(own) - k)
        test |= torch.isin(groups, torch.tensor(own[start : start + k]))
    return test


# %% honest_split raises
# unseen: group numbers are used as places in a table
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    label_of = torch.zeros(int(groups.max()) + 1, dtype=labels.dtype)
    label_of[groups] = labels
    in_test = torch.zeros(int(groups.max()) + 1, dtype=torch.bool)
    present = groups.unique()
    for label in labels.unique():
        own = present[label_of[present] == label]
        k = min(max(round(share * len(own)), 1), len(own) - 1)
        in_test[own[torch.randperm(len(own), generator=draw)[:k]]] = True
    return in_test[groups]


# %% Draw for each label by itself
# unseen: each group throws its own coin
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    test = torch.zeros(len(groups), dtype=torch.bool)
    for label in labels.unique():
        own = groups[labels == label].unique()
        coin = torch.rand(len(own), generator=draw)
        chosen = coin < share
        chosen[coin.argmin()] = True
        chosen[coin.argmax()] = False
        test |= torch.isin(groups, own[chosen])
    return test


# %% right: sorted by a random number, state lent and given back
def honest_split(groups, labels, share, seed):
    numbers, which = torch.unique(groups, return_inverse=True)
    label_of = torch.empty(len(numbers), dtype=labels.dtype).scatter_(0, which, labels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        lot = torch.rand(len(numbers), dtype=torch.float64)
    side = torch.zeros(len(numbers), dtype=torch.bool)
    for label in set(label_of.tolist()):
        own = (label_of == label).nonzero().flatten()
        k = sorted([1, int(share * len(own) + 0.5), len(own) - 1])[1]
        side[own[lot[own].argsort()][:k]] = True
    return side[which]


# %% A label of ten groups at a share of 0.05
def honest_split(groups, labels, share, seed):
    draw = torch.Generator().manual_seed(seed)
    test = torch.zeros(len(groups), dtype=torch.bool)
    for label in labels.unique():
        own = groups[labels == label].unique()
        wanted = min(max(round(share * len(own)), 2), len(own) - 1)
        test |= torch.isin(groups, own[torch.randperm(len(own), generator=draw)[:wanted]])
    return test
