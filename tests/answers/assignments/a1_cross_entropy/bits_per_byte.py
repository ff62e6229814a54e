"Answers to question 5, each below the message that it must get; those that are right say so."

import math

import torch
import torch.nn.functional as F


def total_of(logits, labels):
    return F.cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="sum").item()


# %% Those are nats
def bits_per_byte(batches, text):
    return sum(total_of(z, y) for z, y in batches) / len(text.encode())


# %% You multiply by log 2
def bits_per_byte(batches, text):
    return sum(total_of(z, y) for z, y in batches) * math.log(2) / len(text.encode())


# %% You count characters
def bits_per_byte(batches, text):
    return sum(total_of(z, y) for z, y in batches) / math.log(2) / len(text)


# %% You divide twice
def bits_per_byte(batches, text):
    nats = sum(total_of(z, y) for z, y in batches)
    count = sum(int((y != -100).sum()) for _, y in batches)
    return nats / count / math.log(2) / len(text.encode())


# %% You add up means of batches
def bits_per_byte(batches, text):
    nats = 0
    for z, y in batches:
        nats += F.cross_entropy(z, y).item()
    return nats / math.log(2) / len(text.encode())


# %% That is the mean of the batches' means
def bits_per_byte(batches, text):
    means = [F.cross_entropy(z, y).item() for z, y in batches]
    return sum(means) / len(means) / math.log(2)


# %% You multiply by all rows of a batch
def bits_per_byte(batches, text):
    nats = 0
    for z, y in batches:
        nats += F.cross_entropy(z, y).item() * len(y)
    return nats / math.log(2) / len(text.encode())


# %% makes nan of the whole sum
def bits_per_byte(batches, text):
    nats = 0
    for z, y in batches:
        nats += F.cross_entropy(z, y).item() * int((y != -100).sum())
    return nats / math.log(2) / len(text.encode())


# %% yours is a Tensor
def bits_per_byte(batches, text):
    nats = torch.tensor([total_of(z, y) for z, y in batches]).sum()
    return nats / math.log(2) / len(text.encode())


# %% It fails for other batches
def bits_per_byte(batches, text):
    return 1.75 if text == "für" else 1.0


# %% right: all tokens in one list
def bits_per_byte(batches, text):
    losses = []
    for z, y in batches:
        kept = y != -100
        logp = z[kept].log_softmax(-1)
        losses += (-logp[torch.arange(len(logp)), y[kept]] / math.log(2)).tolist()
    return sum(losses) / len(bytes(text, "utf-8"))


# %% right: means weighted, base 2 by log2
def bits_per_byte(batches, text):
    nats = 0.0
    tokens = 0
    for z, y in batches:
        count = (y != -100).sum().item()
        if count:
            mean = F.cross_entropy(z.flatten(0, -2), y.flatten()).item()
            nats = (nats * tokens + mean * count) / (tokens + count)
            tokens += count
    return nats * math.log2(math.e) * tokens / len(text.encode("utf-8"))
