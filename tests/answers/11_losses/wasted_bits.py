"Wrong answers to exercise 1, each below the message that it must get."

from math import log, log2


# %% that is in nats
def wasted_bits(p, q, n):
    return n * sum(a * log(a / b) for a, b in zip(p, q) if a > 0)


# %% subtract what the best code needs
def wasted_bits(p, q, n):
    return -n * sum(a * log2(b) for a, b in zip(p, q))


# %% truth and belief have changed places
def wasted_bits(p, q, n):
    return n * sum(b * log2(b / a) for a, b in zip(p, q) if a > 0)


# %% the text has n of them
def wasted_bits(p, q, n):
    return sum(a * log2(a / b) for a, b in zip(p, q) if a > 0)


# %% skip the words that never come
def wasted_bits(p, q, n):
    import torch

    p = torch.tensor(p)
    q = torch.tensor(q)
    return n * (p * (p / q).log2()).sum()


# %% 0 times log 0 is no number
def wasted_bits(p, q, n):
    with_q = -sum(a * log2(b) for a, b in zip(p, q))
    with_p = -sum(a * log2(a) for a in p)
    return n * (with_q - with_p)
