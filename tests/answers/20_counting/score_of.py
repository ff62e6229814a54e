"Wrong answers to exercise 1, each below the message that it must get."

from math import log, log2


# %% that is in nats
def score_of(text, cut, probability):
    tokens = cut(text)
    cost = sum(-log(probability(tokens[:i], token)) for i, token in enumerate(tokens))
    return cost / len(text.encode())


# %% that is per character
def score_of(text, cut, probability):
    tokens = cut(text)
    cost = sum(-log2(probability(tokens[:i], token)) for i, token in enumerate(tokens))
    return cost / len(text)


# %% that is per token
def score_of(text, cut, probability):
    tokens = cut(text)
    cost = sum(-log2(probability(tokens[:i], token)) for i, token in enumerate(tokens))
    return cost / len(tokens)


# %% divide by the number of its bytes
def score_of(text, cut, probability):
    tokens = cut(text)
    return sum(-log2(probability(tokens[:i], token)) for i, token in enumerate(tokens))


# %% before the first token the history is empty
def score_of(text, cut, probability):
    tokens = cut(text)
    cost = 0
    for i, token in enumerate(tokens):
        cost -= log2(probability(tokens[: i + 1], token))
    return cost / len(text.encode())


# %% the two tokens before it
def score_of(text, cut, probability):
    tokens = cut(text)
    cost = 0
    for i, token in enumerate(tokens):
        cost -= log2(probability(tokens[i - 1 : i], token))
    return cost / len(text.encode())


# %% ask for each token of cut(text) once
def score_of(text, cut, probability):
    cost = 0
    for i, token in enumerate(text):
        cost -= log2(probability([] if i == 0 else [text[i - 1]], token))
    return cost / len(text.encode())


# %% the sign
def score_of(text, cut, probability):
    tokens = cut(text)
    cost = sum(log2(probability(tokens[:i], token)) for i, token in enumerate(tokens))
    return cost / len(text.encode())
