"Wrong answers to exercise 4, each below the message that it must get."

import itertools

import numpy as np


def row_of(scores, names, start=True, kinds=True):
    C = len(names)
    moves = np.zeros((C, C))
    first = np.zeros(C)
    for b, tag in enumerate(names):
        if tag[0] == "I":
            if start:
                first[b] = -np.inf
            for a, before in enumerate(names):
                if before == "O" or (kinds and before[2:] != tag[2:]):
                    moves[a, b] = -np.inf
    best = scores[0] + first
    pointers = []
    for row in scores[1:]:
        totals = best[:, None] + moves
        pointers.append(totals.argmax(0))
        best = totals.max(0) + row
    path = [int(best.argmax())]
    for came in reversed(pointers):
        path.append(int(came[path[-1]]))
    return path[::-1]


# %% no row begins with I
def best_row(scores, names):
    return row_of(scores, names, start=False)


# %% I-b follows B-a
def best_row(scores, names):
    return row_of(scores, names, kinds=False)


# %% the row is turned round
def best_row(scores, names):
    return row_of(scores, names)[::-1]


# %% do you look back from each word
def best_row(scores, names):
    path = []
    for row in scores:
        before = names[path[-1]] if path else "O"
        legal = [tag[0] != "I" or (before != "O" and before[2:] == tag[2:]) for tag in names]
        path.append(int(np.where(legal, row, -np.inf).argmax()))
    return path


# %% words, but 1 tags
def best_row(scores, names):
    path = row_of(scores, names)
    return path if len(path) == 1 else path[1:]


# %% 200 words: your sum is
def best_row(scores, names):
    if len(scores) <= 10:
        return row_of(scores, names)
    return [0] * len(scores)


# %% ten words take you more than 2 seconds
def best_row(scores, names):
    best = None
    highest = -np.inf
    for path in itertools.product(range(len(names)), repeat=len(scores)):
        row = ["O", *(names[i] for i in path)]
        legal = all(
            b[0] != "I" or (a != "O" and a[2:] == b[2:]) for a, b in itertools.pairwise(row)
        )
        total = sum(scores[i, tag] for i, tag in enumerate(path))
        if legal and total > highest:
            best = list(path)
            highest = total
    return best


# %% return a list, not ndarray
def best_row(scores, names):
    return np.array(row_of(scores, names))
