"Wrong answers to exercise 5, each below the message that it must get."

import re


def plain(text):
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


# %% row 1: 'ouvrir !' is 'Ouvrir' but for case and signs
def leaks(train, test):
    sources = {source for source, _ in train}
    targets = {target.casefold() for _, target in train}
    found = []
    for row, (source, target) in enumerate(test):
        if source in sources or target.casefold() in targets:
            found.append(row)
    return found


# %% row 2: its target was a target of training
def leaks(train, test):
    sources = {plain(source) for source, _ in train} - {""}
    return [row for row, (source, _) in enumerate(test) if plain(source) in sources]


# %% row 3: 'Menu' was a target, and here it is a source
def leaks(train, test):
    seen = {plain(text) for pair in train for text in pair} - {""}
    found = []
    for row, pair in enumerate(test):
        if any(plain(text) in seen for text in pair):
            found.append(row)
    return found


# %% an empty key is no leak
def leaks(train, test):
    sources = {plain(source) for source, _ in train}
    targets = {plain(target) for _, target in train}
    found = []
    for row, (source, target) in enumerate(test):
        if plain(source) in sources or plain(target) in targets:
            found.append(row)
    return found


# %% a list of row numbers is asked for
def leaks(train, test):
    sources = {plain(source) for source, _ in train} - {""}
    return {row for row, (source, _) in enumerate(test) if plain(source) in sources}


# %% row 5: only its source is empty
def leaks(train, test):
    sources = {plain(source) for source, _ in train}
    targets = {plain(target) for _, target in train}
    found = []
    for row, (source, target) in enumerate(test):
        seen = plain(source) in sources or plain(target) in targets
        if plain(source) and plain(target) and seen:
            found.append(row)
    return found


# %% look up in sets
def leaks(train, test):
    sources = [plain(source) for source, _ in train if plain(source)]
    targets = [plain(target) for _, target in train if plain(target)]
    found = []
    for row, (source, target) in enumerate(test):
        if plain(source) in sources or plain(target) in targets:
            found.append(row)
    return found
