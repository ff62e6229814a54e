"Wrong answers to exercise 1, each below the message that it must get."

from collections import Counter
from itertools import pairwise


def commonest(words):
    counts = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] += times
    return min(counts, key=lambda pair: (-counts[pair], pair))


def replaced(word, pair):
    found = []
    i = 0
    while i < len(word):
        if word[i : i + 2] == pair:
            found.append(pair[0] + pair[1])
            i += 2
        else:
            found.append(word[i])
            i += 1
    return tuple(found)


# %% a pair in a word that occurs 9 times counts 9 times
def merge_step(words):
    counts = Counter(pair for word in words for pair in pairwise(word))
    pair = min(counts, key=lambda pair: (-counts[pair], pair))
    return pair, {replaced(word, pair): times for word, times in words.items()}


# %% compare symbols, not text
def merge_step(words):
    pair = commonest(words)
    merged = {}
    for word, times in words.items():
        text = " ".join(word).replace(" ".join(pair), "".join(pair))
        merged[tuple(text.split())] = times
    return pair, merged


# %% the two places overlap
def merge_step(words):
    pair = commonest(words)
    merged = {}
    for word, times in words.items():
        found = []
        for i, symbol in enumerate(word):
            if word[i : i + 2] == pair:
                found.append(pair[0] + pair[1])
            elif i == 0 or word[i - 1 : i + 1] != pair:
                found.append(symbol)
        merged[tuple(found)] = times
    return pair, merged


# %% replace the pair everywhere, not only once
def merge_step(words):
    pair = commonest(words)
    merged = {}
    for word, times in words.items():
        at = list(pairwise(word)).index(pair) if pair in pairwise(word) else None
        if at is not None:
            word = (*word[:at], pair[0] + pair[1], *word[at + 2 :])
        merged[word] = times
    return pair, merged


# %% of equally common pairs the first in the alphabet wins
def merge_step(words):
    counts = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] += times
    pair = counts.most_common(1)[0][0]
    return pair, {replaced(word, pair): times for word, times in words.items()}


# %% a b stands twice in a b a b
def merge_step(words):
    counts = Counter()
    for word, times in words.items():
        for pair in set(pairwise(word)):
            counts[pair] += times
    pair = min(counts, key=lambda pair: (-counts[pair], pair))
    return pair, {replaced(word, pair): times for word, times in words.items()}


# %% the dictionary you got has changed
def merge_step(words):
    pair = commonest(words)
    for word in list(words):
        words[replaced(word, pair)] = words.pop(word)
    return pair, words


# %% the smaller tuple is
def merge_step(words):
    counts = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] += times
    pair = min(counts, key=lambda pair: (-counts[pair], "".join(pair)))
    return pair, {replaced(word, pair): times for word, times in words.items()}


# %% the smaller tuple is
def merge_step(words):
    counts = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] += times
    pair = min(counts, key=lambda pair: (-counts[pair], [(len(s), s) for s in pair]))
    return pair, {replaced(word, pair): times for word, times in words.items()}
