"Wrong answers to exercise 2, each below the message that it must get."

from itertools import pairwise


# %% Neither the leftmost pair nor the longest piece goes first
def bpe_encode(word, merges):
    tokens = list(word)
    i = 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) in merges:
            tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
            i = 0
        else:
            i += 1
    return tokens


# %% Neither the leftmost pair nor the longest piece goes first
def bpe_encode(word, merges):
    pieces = {a + b for a, b in merges} | set(word)
    tokens = []
    while word:
        longest = max((p for p in pieces if word.startswith(p)), key=len)
        tokens.append(longest)
        word = word[len(longest) :]
    return tokens


# %% the merge learned first goes first, and you took the last
def bpe_encode(word, merges):
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        places = [i for i in range(len(tokens) - 1) if (tokens[i], tokens[i + 1]) in rank]
        if not places:
            return tokens
        i = max(places, key=lambda i: rank[tokens[i], tokens[i + 1]])
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


# %% a merge makes new pairs: go on until none fits
def bpe_encode(word, merges):
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = list(word)
    pairs = sorted({p for p in pairwise(tokens) if p in rank}, key=rank.get)
    for a, b in pairs:
        i = 0
        while i < len(tokens) - 1:
            if (tokens[i], tokens[i + 1]) == (a, b):
                tokens[i : i + 2] = [a + b]
            i += 1
    return tokens


# %% of two places the left one goes first
def bpe_encode(word, merges):
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        places = [i for i in range(len(tokens) - 1) if (tokens[i], tokens[i + 1]) in rank]
        if not places:
            return tokens
        i = min(reversed(places), key=lambda i: rank[tokens[i], tokens[i + 1]])
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


# %% return a list of tokens
def bpe_encode(word, merges):
    return " ".join(word)
