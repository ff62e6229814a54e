"Wrong answers to exercise 2, each below the message that it must get."


def walk(tags, closes=True, joins=False, kinds=True, lenient=True, last=0):
    found = set()
    start = None
    row = [*tags, "O"] if closes else list(tags)
    for i, tag in enumerate(row):
        if start is not None:
            goes_on = tag[0] == "I" and (not kinds or tag[2:] == tags[start][2:])
            goes_on = goes_on or (joins and tag == tags[start])
            if not goes_on:
                found.add((start, i - last, tags[start][2:]))
                start = None
        if start is None and (tag[0] == "B" or (lenient and tag != "O")):
            start = i
    return found


# %% end is the first word after the name
def names_in(tags):
    return walk(tags, last=1)


# %% a name that ends with the sentence is lost
def names_in(tags):
    return walk(tags, closes=False)


# %% B after B begins a second name
def names_in(tags):
    return walk(tags, joins=True)


# %% I-LOC does not continue a PER
def names_in(tags):
    return walk(tags, kinds=False)


# %% an I that continues nothing begins a name
def names_in(tags):
    return walk(tags, lenient=False)


# %% one name of two words is
def names_in(tags):
    return {(i, i + 1, tag[2:]) for i, tag in enumerate(tags) if tag != "O"}
