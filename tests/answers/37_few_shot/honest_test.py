"Wrong answers to exercise 4, each below the message that it must get."


def alike(text):
    return " ".join(text.lower().split())


def kept_of(examples, test, same):
    met = {same(text) for text, _ in examples}
    kept = []
    for text, label in test:
        if same(text) not in met:
            met.add(same(text))
            kept.append((text, label))
    return kept


# %% 'A  joy ' is example 0 with a capital and more spaces
def honest_test(examples, test):
    seen = {text for text, _ in examples}
    return [pair for pair in test if pair[0] not in seen]


# %% 'a joyless film' only contains the words of an example
def honest_test(examples, test):
    kept = []
    met = set()
    for text, label in test:
        inside = any(alike(one) in alike(text) for one, _ in examples)
        if not inside and alike(text) not in met:
            met.add(alike(text))
            kept.append((text, label))
    return kept


# %% 'bad' stands in the test twice
def honest_test(examples, test):
    seen = {alike(text) for text, _ in examples}
    return [pair for pair in test if alike(pair[0]) not in seen]


# %% these should be kept
def honest_test(examples, test):
    met = {alike(text) for text, _ in examples}
    kept = []
    for text, _ in test:
        if alike(text) not in met:
            met.add(alike(text))
            kept.append((text, "pos"))
    return kept


# %% keep the first, as it was written
def honest_test(examples, test):
    met = {alike(text): None for text, _ in examples}
    kept = {}
    for text, label in test:
        if alike(text) not in met:
            kept[alike(text)] = (text, label)
    return list(kept.values())


# %% keep the order of the test
def honest_test(examples, test):
    met = {alike(text) for text, _ in examples}
    kept = []
    for text, label in test:
        if alike(text) not in met:
            met.add(alike(text))
            kept.append((text, label))
    return sorted(kept)


# %% 'a joy' is example 0, word for word
def honest_test(examples, test):
    return list(test)


# %% 'dull and long' is example 1
def honest_test(examples, test):
    met = {text for text, _ in examples}
    kept = []
    for text, label in test:
        if alike(text) not in met:
            met.add(alike(text))
            kept.append((text, label))
    return kept


# %% with four spaces and another label
def honest_test(examples, test):
    met = {(alike(text), label) for text, label in examples}
    kept = []
    for text, label in test:
        if (alike(text), label) not in met:
            met.add((alike(text), label))
            kept.append((text, label))
    return kept


# %% with four spaces
def honest_test(examples, test):
    return kept_of(examples, test, lambda text: text.lower().strip().replace("  ", " "))


# %% 'FINE' is 'fine' with another label
def honest_test(examples, test):
    met = {alike(text) for text, _ in examples}
    judged = set()
    kept = []
    for text, label in test:
        if alike(text) not in met and (alike(text), label) not in judged:
            judged.add((alike(text), label))
            kept.append((text, label))
    return kept


# %% 'any one' and 'anyone' are two texts
def honest_test(examples, test):
    return kept_of(examples, test, lambda text: "".join(text.lower().split()))


# %% give the pairs back as they were written
def honest_test(examples, test):
    return [(alike(text), label) for text, label in kept_of(examples, test, alike)]


# %% return a list
def honest_test(examples, test):
    return tuple(kept_of(examples, test, alike))
