"Answers to question 2, each below the message that it must get; those that are right say so."

# ruff: noqa: B007

import math
from collections import Counter

import torch


# %% The head is missing
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        pass
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% One layer of the head has a bias
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% You give each layer of the head a bias
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% A layer's own bias is frozen with it
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        if rank:
            trained += rank * (rows + columns) + rows
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% count both
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * columns
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% W stays beside its correction
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        if not rank:
            frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% A layer of rank 0 is frozen, but it is there
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        if rank == 0:
            continue
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% The other weights of the body are frozen too
def count_lora(layers, head, other):
    trained = 0
    frozen = 0
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% A frozen number has no gradient
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=16 * (frozen + trained))


# %% not three
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 12 * trained)


# %% Each takes 4 bytes
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=frozen + 4 * trained)


# %% A dict of trained, frozen and bytes was expected
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    for rows, columns, rank in layers:
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return trained, frozen, 4 * frozen + 16 * trained


# %% Layers may have different ranks
def count_lora(layers, head, other):
    trained = 0
    frozen = other
    most = max([rank for _, _, rank in layers], default=0)
    for rows, columns, rank in layers:
        rank = most if rank else 0
        trained += rank * (rows + columns)
        frozen += rows * columns
    for rows, columns, bias in head:
        trained += rows * columns
        if bias:
            trained += rows
    return dict(trained=trained, frozen=frozen, bytes=4 * frozen + 16 * trained)


# %% right: sums of comprehensions
def count_lora(layers, head, other):
    thin = sum(r * n for n, _, r in layers) + sum(r * m for _, m, r in layers)
    full = sum(n * m + n * bool(b) for n, m, b in head)
    still = other + sum(n * m for n, m, _ in layers)
    return {"trained": thin + full, "frozen": still, "bytes": 4 * (still + 4 * (thin + full))}


# %% right: real tensors without memory, counted
def count_lora(layers, head, other):
    learn = []
    still = []
    for rows, columns, rank in layers:
        still.append(torch.empty(rows, columns, device="meta"))
        learn.append(torch.empty(rank, columns, device="meta"))
        learn.append(torch.empty(rows, rank, device="meta"))
    for rows, columns, bias in head:
        learn.extend(torch.nn.Linear(columns, rows, bias=bias, device="meta").parameters())
    trained = sum(t.numel() for t in learn)
    frozen = sum(t.numel() for t in still) + other
    return dict(trained=trained, frozen=frozen, bytes=(frozen + 4 * trained) * 4)


# %% A layer of rank 0 is frozen, but it is there
# unseen: frozen layers (rank 0) are skipped altogether, so their weights are not counted
def count_lora(layers, head, other):
    trained, frozen = 0, other
    for out, in_, rank in layers:
        if rank == 0:
            continue
        trained += rank * (out + in_)
        frozen += out * in_
    for out, in_, bias in head:
        trained += out * in_ + (out if bias else 0)
    return {"trained": trained, "frozen": frozen, "bytes": 4 * frozen + 16 * trained}


# %% A bias has one number for each output
# unseen: a bias of the head counts as one number
def count_lora(layers, head, other):
    trained = sum(rank * (out + n) for out, n, rank in layers)
    trained += sum(out * n + bias for out, n, bias in head)
    frozen = sum(out * n for out, n, rank in layers) + other
    return {"trained": trained, "frozen": frozen, "bytes": 4 * (frozen + 4 * trained)}


# %% not three
# unseen: gradient and two means, but the trained number itself is forgotten
def count_lora(layers, head, other):
    lora = sum(out * rank + rank * n for out, n, rank in layers)
    full = sum(out * n + (out if bias else 0) for out, n, bias in head)
    trained = lora + full
    frozen = other + sum(out * n for out, n, _ in layers)
    memory = 4 * frozen  # each frozen number once
    memory += 4 * trained  # gradients
    memory += 2 * 4 * trained  # AdamW
    return {"trained": trained, "frozen": frozen, "bytes": memory}


# %% What learns stands beside the body
# unseen: what learns is subtracted from the body, as if the corrections were a part of it
def count_lora(layers, head, other):
    total, trained = other, 0
    for rows, columns, rank in layers:
        total += rows * columns
        trained += rank * (rows + columns)
    for rows, columns, bias in head:
        size = rows * columns + rows * bool(bias)
        total += size
        trained += size
    frozen = total - trained
    return {"trained": trained, "frozen": frozen, "bytes": 4 * total + 12 * trained}


# %% float32 is exact up to 2**24 only
# unseen: counted in float32, exact only up to 2**24
def count_lora(layers, head, other):
    body = torch.tensor(layers, dtype=torch.float32).reshape(-1, 3)
    top = torch.tensor(head, dtype=torch.float32).reshape(-1, 3)
    out, size, rank = body.unbind(dim=1)
    trained = (rank * (out + size)).sum()
    frozen = (out * size).sum() + other
    out, size, bias = top.unbind(dim=1)
    trained = trained + (out * size + out * bias).sum()
    held = 4 * frozen + 16 * trained
    return {"trained": int(trained), "frozen": int(frozen), "bytes": int(held)}


# %% do you change the lists?
# unseen: empties the caller's lists
def count_lora(layers, head, other):
    trained, frozen = 0, other
    while layers:
        out, size, rank = layers.pop()
        trained += rank * (out + size)
        frozen += out * size
    while head:
        out, size, bias = head.pop()
        trained += out * (size + 1 if bias else size)
    return {"trained": trained, "frozen": frozen, "bytes": 4 * frozen + 4 * 4 * trained}


# %% right: a Counter, with the keys in another order
def count_lora(layers, head, other):
    held = Counter(frozen=other)
    for *shape, rank in layers:
        held["frozen"] += math.prod(shape)
        held["trained"] += rank * sum(shape)
    for out, size, bias in head:
        held["trained"] += out * (size + int(bias))
    held["trained"] += 0
    copies = dict(frozen=1, trained=1 + 1 + 2)
    held["bytes"] = sum(4 * copies[kind] * held[kind] for kind in copies)
    return held
