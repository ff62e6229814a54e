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


# %% an average over tokens
def score_of(text, cut, probability):
    tokens = cut(text)
    each = []
    for i, token in enumerate(tokens):
        each.append(-log2(probability(tokens[:i], token)) / len(token.encode()))
    return sum(each) / len(each)


# %% a long product becomes 0
def score_of(text, cut, probability):
    tokens = cut(text)
    p = 1
    for i, token in enumerate(tokens):
        p *= probability(tokens[:i], token)
    return -log2(p) / len(text.encode())


# %% not one string
def score_of(text, cut, probability):
    history = ""
    bits = 0
    for token in cut(text):
        bits -= log2(probability(history, token))
        history += token
    return bits / len(text.encode())
