"Wrong answers to exercise 2, each below the message that it must get."

import math


# %% that is in nats
def bits_for_each_byte(nats, tokens):
    scored = [(loss, len(token)) for loss, token in zip(nats, tokens) if loss is not None]
    return sum(loss for loss, _ in scored) / sum(size for _, size in scored)


# %% divide by log 2; you multiply by it
def bits_for_each_byte(nats, tokens):
    scored = [(loss, len(token)) for loss, token in zip(nats, tokens) if loss is not None]
    return sum(loss for loss, _ in scored) * math.log(2) / sum(size for _, size in scored)


# %% that is bits per token
def bits_for_each_byte(nats, tokens):
    scored = [loss for loss in nats if loss is not None]
    return sum(scored) / math.log(2) / len(scored)


# %% one letter and two bytes
def bits_for_each_byte(nats, tokens):
    total = sum(loss for loss in nats if loss is not None) / math.log(2)
    text = b"".join(token for loss, token in zip(nats, tokens) if loss is not None)
    return total / len(text.decode())


# %% an average of the tokens' rates
def bits_for_each_byte(nats, tokens):
    rates = []
    for loss, token in zip(nats, tokens):
        if loss is not None:
            rates.append(loss / math.log(2) / len(token))
    return sum(rates) / len(rates)


# %% pass over that token
def bits_for_each_byte(nats, tokens):
    return sum(nats) / math.log(2) / sum(len(token) for token in tokens)


# %% has no bytes to pay for either
def bits_for_each_byte(nats, tokens):
    total = sum(loss for loss in nats if loss is not None) / math.log(2)
    return total / sum(len(token) for token in tokens)


# %% only None is left out
def bits_for_each_byte(nats, tokens):
    scored = [(loss, len(token)) for loss, token in zip(nats, tokens) if loss]
    return sum(loss for loss, _ in scored) / math.log(2) / sum(size for _, size in scored)
