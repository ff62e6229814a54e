"Wrong answers to exercise 1, each below the message that it must get."


# %% you count the first occurrences too
def repetition(texts, n):
    shares = []
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        again = [s for s in sequences if sequences.count(s) > 1]
        shares.append(len(again) / len(sequences))
    return sum(shares) / len(shares)


# %% that is the share of different ones
def repetition(texts, n):
    shares = []
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        shares.append(len(set(sequences)) / len(sequences))
    return sum(shares) / len(shares)


# %% you divide by 6
def repetition(texts, n):
    shares = []
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        shares.append((len(sequences) - len(set(sequences))) / len(text))
    return sum(shares) / len(shares)


# %% those are single tokens
def repetition(texts, n):
    shares = [1 - len(set(text)) / len(text) for text in texts]
    return sum(shares) / len(shares)


# %% each text has a set of its own
def repetition(texts, n):
    seen = set()
    shares = []
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        again = 0
        for s in sequences:
            again += s in seen
            seen.add(s)
        shares.append(again / len(sequences))
    return sum(shares) / len(shares)


# %% you throw all pairs together
def repetition(texts, n):
    again = 0
    total = 0
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        again += len(sequences) - len(set(sequences))
        total += len(sequences)
    return again / total


# %% a text of one token has no pair
def repetition(texts, n):
    shares = []
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        shares.append(1 - len(set(sequences)) / len(sequences))
    return sum(shares) / len(shares)


# %% a text without a pair counts as 0 in your mean
def repetition(texts, n):
    total = 0
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        if sequences:
            total += 1 - len(set(sequences)) / len(sequences)
    return total / len(texts)


# %% they overlap
def repetition(texts, n):
    shares = []
    for text in texts:
        sequences = [tuple(text[i : i + n]) for i in range(0, len(text) - n + 1, n)]
        if sequences:
            shares.append(1 - len(set(sequences)) / len(sequences))
    return sum(shares) / len(shares)
