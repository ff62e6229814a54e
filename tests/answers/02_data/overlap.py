"Wrong answers to exercise 3, each below the message that it must get."


def runs(text, n):
    words = text.lower().split()
    starts = range(max(1, len(words) - n + 1))
    return [tuple(words[i : i + n]) for i in starts]


# %% these are single words
def overlap(a, b, n=3):
    x = set(a.lower().split())
    y = set(b.lower().split())
    return len(x & y) / len(x | y)


# %% you divide by the runs of one text
def overlap(a, b, n=3):
    x = set(runs(a, n))
    return len(x & set(runs(b, n))) / len(x)


# %% are counted twice below
def overlap(a, b, n=3):
    x = runs(a, n)
    y = runs(b, n)
    return len(set(x) & set(y)) / (len(x) + len(y))


# %% case and spacing must not count
def overlap(a, b, n=3):
    x = {tuple(a.split()[i : i + n]) for i in range(max(1, len(a.split()) - n + 1))}
    y = {tuple(b.split()[i : i + n]) for i in range(max(1, len(b.split()) - n + 1))}
    return len(x & y) / len(x | y)


# %% is n used?
def overlap(a, b, n=3):
    x = set(runs(a, 3))
    y = set(runs(b, 3))
    return len(x & y) / len(x | y)


# %% keep words apart
def overlap(a, b, n=3):
    def runs(text):
        words = text.lower().split()
        return {"".join(words[i : i + n]) for i in range(max(1, len(words) - n + 1))}

    return len(runs(a) & runs(b)) / len(runs(a) | runs(b))
