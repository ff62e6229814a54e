"Wrong answers to exercise 3, each below the message that it must get."

import string
from collections import Counter


def words_in(text, gap=""):
    text = "".join(gap if c in string.punctuation else c for c in text.lower())
    return [word for word in text.split() if word not in ("a", "an", "the")]


def f1_in(a, b):
    same = sum((Counter(a) & Counter(b)).values())
    return 2 * same / (len(a) + len(b)) if a and b else float(a == b)


def scored(found, wanted, words=words_in, f1=f1_in):
    pairs = [(words(found), words(text)) for text in wanted]
    return max(float(a == b) for a, b in pairs), max(f1(a, b) for a, b in pairs)


# %% return two numbers
def squad_scores(found, wanted):
    return scored(found, wanted)[1]


# %% case, punctuation and articles do not count
def squad_scores(found, wanted):
    return scored(found, wanted, words=lambda text: text.lower().split())


# %% an article is a whole word
def squad_scores(found, wanted):
    return scored(found, wanted, words=lambda text: words_in(text.lower().replace("the", "")))


# %% punctuation is dropped
def squad_scores(found, wanted):
    return scored(found, wanted, words=lambda text: words_in(text, " "))


# %% that is precision
def squad_scores(found, wanted):
    def share(a, b):
        return sum((Counter(a) & Counter(b)).values()) / len(a) if a and b else float(a == b)

    return scored(found, wanted, f1=share)


# %% not as a set
def squad_scores(found, wanted):
    def of_sets(a, b):
        return f1_in(sorted(set(a)), sorted(set(b)))

    return scored(found, wanted, f1=of_sets)


# %% the best counts
def squad_scores(found, wanted):
    return scored(found, wanted[:1])


# %% no answer, rightly
def squad_scores(found, wanted):
    def strict(a, b):
        return f1_in(a, b) if a and b else 0.0

    return scored(found, wanted, f1=strict)


# %% wherever it stands in the list
def squad_scores(found, wanted):
    return scored(found, wanted[-1:])


# %% punctuation goes before the articles
def squad_scores(found, wanted):
    def words(text):
        kept = " ".join(word for word in text.lower().split() if word not in ("a", "an", "the"))
        return "".join(c for c in kept if c not in string.punctuation).split()

    return scored(found, wanted, words=words)


# %% exact match minds the order
def squad_scores(found, wanted):
    return scored(found, wanted, words=lambda text: sorted(words_in(text)))


# %% each by itself
def squad_scores(found, wanted):
    pairs = [(words_in(found), words_in(text)) for text in wanted]
    mine, theirs = max(pairs, key=lambda pair: f1_in(*pair))
    return float(mine == theirs), f1_in(mine, theirs)
