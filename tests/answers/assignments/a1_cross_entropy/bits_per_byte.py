"Answers to question 5, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

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


# %% You take the mean of the batches' means
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
    return 2.0 if text == " a\n" else 1.0


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


# %% You take the mean of the batches' means
# unseen: mean of the batches' means
def bits_per_byte(batches, text):
    losses = [cross_entropy(z, y).item() for z, y in batches if (y != -100).any()]
    count = sum(int((y != -100).sum()) for _, y in batches)
    return sum(losses) / len(losses) * count / math.log(2) / len(text.encode())


# %% Those are bits for each token
# unseen: bits for each token
def bits_per_byte(batches, text):
    nats, count = 0.0, 0
    for z, y in batches:
        n = int((y != -100).sum())
        nats += cross_entropy(z, y).item() * n
        count += n
    return nats / count / math.log(2)


# %% What comes after a batch in which nothing counts
# unseen: a batch in which nothing counts ends the sum
def bits_per_byte(batches, text):
    nats = 0.0
    for logits, labels in batches:
        count = int((labels != -100).sum())
        if not count:
            break
        nats += float(cross_entropy(logits, labels)) * count
    return nats / (math.log(2) * len(text.encode()))


# %% bits_per_byte raises RuntimeError
# unseen: joins the batches, fails if their shapes do not fit together
def bits_per_byte(batches, text):
    logits = torch.cat([z for z, _ in batches])
    labels = torch.cat([y for _, y in batches])
    nats = cross_entropy(logits, labels) * (labels != -100).sum()
    return nats.item() / math.log(2) / len(text.encode("utf-8"))


# %% Letters outside of ASCII
# unseen: bytes outside ASCII are dropped
def bits_per_byte(batches, text):
    size = len(text.encode("ascii", errors="ignore"))
    nats = sum(cross_entropy(z, y).item() * int((y != -100).sum()) for z, y in batches)
    return nats / math.log(2) / size


# %% The space and the end of the line
# unseen: spaces and line ends at both ends of the text are not counted
def bits_per_byte(batches, text):
    size = len(text.strip().encode("utf-8"))
    nats = 0.0
    for logits, labels in batches:
        nats += cross_entropy(logits, labels).item() * int((labels != -100).sum())
    return nats / math.log(2) / size


# %% Label 0 is a token like any other
# unseen: label 0 is missing in the count that weights a batch
def bits_per_byte(batches, text):
    bits = 0.0
    for logits, labels in batches:
        bits += cross_entropy(logits, labels).item() / math.log(2) * int((labels > 0).sum())
    return bits / len(text.encode("utf-8"))


# %% makes nan of the whole sum
# unseen: torch's mean is nan when nothing counts, and nan times 0 is nan
def bits_per_byte(batches, text):
    nats = 0.0
    for logits, labels in batches:
        V = logits.shape[-1]
        loss = F.cross_entropy(logits.reshape(-1, V), labels.reshape(-1))
        nats += loss.item() * (labels != -100).sum().item()
    return nats / math.log(2) / len(text.encode())


# %% It fails for other batches
# unseen: rounded to two places
def bits_per_byte(batches, text):
    nats = sum(cross_entropy(z, y).item() * (y != -100).sum().item() for z, y in batches)
    return round(nats / math.log(2) / len(text.encode()), 2)


# %% Those are bytes of UTF-16
# unseen: length of the text in UTF-16, as it is in memory
def bits_per_byte(batches, text):
    size = len(text.encode("utf-16-le"))
    nats = sum(cross_entropy(z, y).item() * (y != -100).sum().item() for z, y in batches)
    return nats / math.log(2) / size


# %% right: one generator over rows, fsum, no cross_entropy
def bits_per_byte(batches, text):
    def costs():
        for logits, labels in batches:
            rows = logits.detach().double().reshape(-1, logits.shape[-1])
            for row, y in zip(rows, labels.reshape(-1).tolist()):
                if y != -100:
                    yield log_sum_exp(row - row[y]).item()

    return math.fsum(costs()) * math.log2(math.e) / sum(1 for _ in bytes(text, "utf8"))


# %% right: all batches in one table
def bits_per_byte(batches, text):
    logits = torch.cat([z.flatten(0, -2) for z, _ in batches])
    labels = torch.cat([y.flatten() for _, y in batches])
    return total_of(logits, labels) / math.log(2) / len(text.encode("utf-8"))
