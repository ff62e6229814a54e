"Wrong answers to exercise 1, each below the message that it must get."


def inside(lengths, labels):
    found = []
    for n, label in zip(lengths, labels, strict=True):
        found += [label] + [-100] * (n - 1)
    return found


# %% six pieces, but [CLS] and [SEP] are tokens too
def align(lengths, labels):
    return inside(lengths, labels)


# %% three words of 3, 1 and 2 pieces are 8 tokens, not 7
def align(lengths, labels):
    return [-100, *inside(lengths, labels)]


# %% [CLS] and [SEP] stand for no word
def align(lengths, labels):
    return [0, *inside(lengths, labels), 0]


# %% every piece has a label
def align(lengths, labels):
    found = [-100]
    for n, label in zip(lengths, labels, strict=True):
        found += [label] * n
    return [*found, -100]


# %% the label stands on the last piece
def align(lengths, labels):
    found = [-100]
    for n, label in zip(lengths, labels, strict=True):
        found += [-100] * (n - 1) + [label]
    return [*found, -100]


# %% label 0 is a label like the others
def align(lengths, labels):
    found = [label or -100 for label in inside(lengths, labels)]
    if len(lengths) > 1:
        found = inside(lengths, labels)
    return [-100, *found, -100]


# %% a word of five pieces has one label
def align(lengths, labels):
    found = [-100]
    for n, label in zip(lengths, labels, strict=True):
        found += [label, *[-100] * (min(n, 3) - 1)]
    return [*found, -100]


# %% two neighbours may have the same label
def align(lengths, labels):
    found = [-100]
    before = None
    for n, label in zip(lengths, labels, strict=True):
        found += [-100 if label == before else label] + [-100] * (n - 1)
        before = label
    return [*found, -100]
