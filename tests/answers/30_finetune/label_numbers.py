"Wrong answers to exercise 1, each below the message that it must get."


# %% without spaces
def label_numbers(labels, names=None):
    if names is None:
        names = sorted(set(labels))
    for label in labels:
        if label not in names:
            raise ValueError(label)
    return [names.index(label) for label in labels], names


# %% names that are given stay
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = sorted(set(clean))
    return [names.index(label) for label in clean], names


# %% good was 1 in training
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    here = sorted(set(clean))
    return [here.index(label) for label in clean], names or here


# %% it got the number -1
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = names or sorted(set(clean))
    number = {name: i for i, name in enumerate(names)}
    return [number.get(label, -1) for label in clean], names


# %% the message should hold the label
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = names or sorted(set(clean))
    if not set(clean) <= set(names):
        raise ValueError("unknown label")
    return [names.index(label) for label in clean], names


# %% good, bad, good are 1, 0, 1
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = names or sorted(set(clean))
    return [names.index(label) + 1 for label in clean], names


# %% the order of the alphabet
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = names or list(dict.fromkeys(clean))
    return [names.index(label) for label in clean], names


# %% first the numbers, then the names
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = names or sorted(set(clean))
    return names, [names.index(label) for label in clean]


# %% with given names too
def label_numbers(labels, names=None):
    if names is None:
        labels = [label.strip() for label in labels]
        names = sorted(set(labels))
    return [names.index(label) for label in labels], names


# %% raise a ValueError, not KeyError
def label_numbers(labels, names=None):
    clean = [label.strip() for label in labels]
    names = names or sorted(set(clean))
    number = {name: i for i, name in enumerate(names)}
    return [number[label] for label in clean], names
