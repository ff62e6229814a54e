"Answers to question 2, each below the message that it must get; those that are right say so."

import numpy as np


def letters_of(text):
    return "".join(filter(str.isalpha, text.casefold()))


def families_of(rows, keys_of):
    "Lists of row numbers: those that share a key, directly or through others."
    first = {}
    above = list(range(len(rows)))

    def head(i):
        while above[i] != i:
            i = above[i]
        return i

    for i, row in enumerate(rows):
        for key in keys_of(row):
            above[head(i)] = head(first.setdefault(key, i))
    families = {}
    for i in range(len(rows)):
        families.setdefault(head(i), []).append(i)
    return list(families.values())


def all_keys(row):
    keys = [("text", letters_of(row["text"]))]
    if row["group"] is not None:
        keys.append(("group", row["group"]))
    return keys


def deal(families, N, shares, seed):
    room = {part: round(share * N) for part, share in shares.items()}
    parts = ["train"] * N
    for k in np.random.default_rng(seed).permutation(len(families)):
        for part in room:
            if len(families[k]) <= room[part]:
                room[part] -= len(families[k])
                for i in families[k]:
                    parts[i] = part
                break
    return parts


# %% draw groups, not rows
def split_rows(rows, shares, seed):
    return deal([[i] for i in range(len(rows))], len(rows), shares, seed)


# %% Their letters are the same
def split_rows(rows, shares, seed):
    def keys_of(row):
        return [] if row["group"] is None else [row["group"]]

    return deal(families_of(rows, keys_of), len(rows), shares, seed)


# %% Their letters are the same, so they are relatives
def split_rows(rows, shares, seed):
    def keys_of(row):
        keys = [("text", " ".join(row["text"].casefold().split()))]
        return keys + [("group", row["group"])] * (row["group"] is not None)

    return deal(families_of(rows, keys_of), len(rows), shares, seed)


# %% groups lie in two parts
def split_rows(rows, shares, seed):
    return deal(families_of(rows, lambda row: [letters_of(row["text"])]), len(rows), shares, seed)


# %% Relatives of relatives are relatives
def split_rows(rows, shares, seed):
    number = {}  # the family of a row is that of its first key that is known: no chains
    families = {}
    for i, row in enumerate(rows):
        keys = all_keys(row)
        known = [number[key] for key in keys if key in number]
        family = known[0] if known else i
        for key in keys:
            number.setdefault(key, family)
        families.setdefault(family, []).append(i)
        if row["group"] is not None:
            number[("group", row["group"])] = i
    return deal(list(families.values()), len(rows), shares, seed)


# %% None is no group
def split_rows(rows, shares, seed):
    def keys_of(row):
        return [("text", letters_of(row["text"])), ("group", row["group"])]

    return deal(families_of(rows, keys_of), len(rows), shares, seed)


# %% Count rows, not families
def split_rows(rows, shares, seed):
    families = families_of(rows, all_keys)
    order = np.random.default_rng(seed).permutation(len(families))
    parts = ["train"] * len(rows)
    start = 0
    for part, share in shares.items():
        stop = start + round(share * len(rows))
        for k in order[start:stop]:
            for i in families[k]:
                parts[i] = part
        start = stop
    return parts


# %% look for room before a family goes in
def split_rows(rows, shares, seed):
    families = families_of(rows, all_keys)
    order = list(np.random.default_rng(seed).permutation(len(families)))
    parts = ["train"] * len(rows)
    for part, share in shares.items():
        while parts.count(part) < round(share * len(rows)) + 1:
            for i in families[order.pop()]:
                parts[i] = part
    return parts


# %% If one family does not fit, try the next
def split_rows(rows, shares, seed):
    families = families_of(rows, all_keys)
    parts = ["train"] * len(rows)
    order = np.random.default_rng(seed).permutation(len(families))
    for part, share in shares.items():
        room = round(share * len(rows)) // 2
        for k in order:
            if len(families[k]) <= room and parts[families[k][0]] == "train":
                room -= len(families[k])
                for i in families[k]:
                    parts[i] = part
    return parts


# %% Other seeds must give other splits
def split_rows(rows, shares, seed):
    return deal(families_of(rows, all_keys), len(rows), shares, 0)


# %% The same seed gives two splits
def split_rows(rows, shares, seed):
    return deal(families_of(rows, all_keys), len(rows), shares, None)


# %% draw the families at random
def split_rows(rows, shares, seed):
    parts = deal(families_of(rows, all_keys), len(rows), shares, seed)
    families = families_of(rows, all_keys)
    sizes = {len(family) for family in families}
    if sizes == {1}:  # the first row always trains
        other = parts.index("train")
        parts[0], parts[other] = "train", parts[0]
    return parts


# %% right: connected components by scipy
def split_rows(rows, shares, seed):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    N = len(rows)
    number = {}
    pairs = []
    for i, row in enumerate(rows):
        for key in all_keys(row):
            pairs.append((i, N + number.setdefault(key, len(number))))
    size = N + len(number)
    left, right = zip(*pairs)
    table = coo_matrix((np.ones(len(pairs)), (left, right)), shape=(size, size))
    family = connected_components(table, directed=False)[1][:N]
    rng = np.random.default_rng([seed, 5])
    parts = np.full(N, "train", dtype=object)
    for part, share in shares.items():
        left = round(share * N)
        for k in rng.permutation(np.unique(family)):
            own = family == k
            if own.sum() <= left and parts[own][0] == "train":
                parts[own] = part
                left -= own.sum()
    return parts.tolist()


# %% right: walk from relative to relative
def split_rows(rows, shares, seed):
    import random

    who = {}
    for i, row in enumerate(rows):
        for key in all_keys(row):
            who.setdefault(key, []).append(i)
    waiting = set(range(len(rows)))
    families = []
    while waiting:
        family = set()
        stack = [min(waiting)]
        while stack:
            i = stack.pop()
            if i in family:
                continue
            family.add(i)
            for key in all_keys(rows[i]):
                stack.extend(who[key])
        waiting -= family
        families.append(sorted(family))
    random.Random(seed).shuffle(families)
    sizes = dict.fromkeys(shares, 0)
    where = {}
    for family in families:
        open_parts = []
        for part in shares:
            if sizes[part] + len(family) <= round(shares[part] * len(rows)):
                open_parts.append(part)
        part = open_parts[-1] if open_parts else "train"
        if part in sizes:
            sizes[part] += len(family)
        where.update(dict.fromkeys(family, part))
    return [where[i] for i in range(len(rows))]


# %% Large families can come into each part
# unseen: small families first, the others get what room is left
def split_rows(rows, shares, seed):
    families = families_of(rows, all_keys)
    draw = np.random.default_rng(seed)
    room = {part: round(share * len(rows)) for part, share in shares.items()}
    parts = ["train"] * len(rows)
    for k in sorted(range(len(families)), key=lambda k: (len(families[k]), draw.random())):
        for part in room:
            if len(families[k]) <= room[part]:
                room[part] -= len(families[k])
                for i in families[k]:
                    parts[i] = part
                break
    return parts


# %% A group is no text
# unseen: groups and texts in one set of keys
def split_rows(rows, shares, seed):
    def keys_of(row):
        return [key for _, key in all_keys(row)]

    return deal(families_of(rows, keys_of), len(rows), shares, seed)


# %% fit exactly
def split_rows(rows, shares, seed):
    families = families_of(rows, all_keys)
    room = {part: round(share * len(rows)) for part, share in shares.items()}
    parts = ["train"] * len(rows)
    for k in np.random.default_rng(seed).permutation(len(families)):
        for part in room:
            if len(families[k]) < room[part]:
                room[part] -= len(families[k])
                for i in families[k]:
                    parts[i] = part
                break
    return parts
