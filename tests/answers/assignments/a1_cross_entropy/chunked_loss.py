"Answers to question 7, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


def step(h, weight, y):
    "Sum of losses, count, and the gradients of the sum."
    valid = y != -100
    logp = (h @ weight.T).log_softmax(-1)
    total = -(logp.gather(-1, y.clamp(min=0)[:, None])[:, 0] * valid).sum()
    dz = (logp.exp() - F.one_hot(y.clamp(min=0), len(weight))) * valid[:, None]
    return total, int(valid.sum()), dz.to(h.dtype) @ weight, dz.to(h.dtype).T @ h


def whole(h, weight, labels, chunks):
    "Loss and both gradients, right."
    total, d_weight = 0, torch.zeros_like(weight)
    d_hidden = []
    for x, y in zip(h.chunk(chunks), labels.chunk(chunks)):
        loss, _, dh, dw = step(x, weight, y)
        total = total + loss
        d_hidden.append(dh)
        d_weight += dw
    count = max(int((labels != -100).sum()), 1)
    return total / count, torch.cat(d_hidden) / count, d_weight / count


# %% still hold
def chunked_loss(hidden, weight, labels, chunks):
    total = 0
    for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
        total = total + F.cross_entropy(h @ weight.T, y, reduction="sum")
    return total / max(int((labels != -100).sum()), 1)


# %% In the forward pass you hold
class Late(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        logits = torch.cat([h @ weight.T for h in hidden.chunk(chunks)])
        loss = F.cross_entropy(logits, labels, reduction="sum")
        ctx.save_for_backward(*whole(hidden, weight, labels, chunks)[1:])
        return loss / max(int((labels != -100).sum()), 1)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], gradient * ctx.saved_tensors[1], None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Late.apply(hidden, weight, labels, chunks)


# %% In the backward pass you hold
class Again(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        ctx.save_for_backward(hidden, weight, labels)
        return whole(hidden, weight, labels, chunks)[0]

    @staticmethod
    def backward(ctx, gradient):
        hidden, weight, labels = ctx.saved_tensors
        _, d_hidden, d_weight = whole(hidden, weight, labels, 1)
        return gradient * d_hidden, gradient * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Again.apply(hidden, weight, labels, chunks)


# %% still hold
class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        ctx.kept = [(h @ weight.T).softmax(-1) for h in hidden.chunk(chunks)]
        ctx.save_for_backward(hidden, weight, labels)
        return whole(hidden, weight, labels, chunks)[0]

    @staticmethod
    def backward(ctx, gradient):
        hidden, weight, labels = ctx.saved_tensors
        valid = labels != -100
        dz = torch.cat(ctx.kept) - F.one_hot(labels.clamp(min=0), len(weight))
        dz = gradient * dz * valid[:, None] / valid.sum().clamp(min=1)
        return dz @ weight, dz.T @ hidden, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Keeps.apply(hidden, weight, labels, chunks)


# %% backward ignores what it is given
class Deaf(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        loss, *gradients = whole(hidden, weight, labels, chunks)
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    def backward(ctx, gradient):
        return *ctx.saved_tensors, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Deaf.apply(hidden, weight, labels, chunks)


# %% The gradients are those of the sum
class Summed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        loss, *gradients = whole(hidden, weight, labels, chunks)
        ctx.save_for_backward(*[g * (labels != -100).sum() for g in gradients])
        return loss

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], gradient * ctx.saved_tensors[1], None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Summed.apply(hidden, weight, labels, chunks)


# %% all chunks add to it
class Last(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        loss, d_hidden, _ = whole(hidden, weight, labels, chunks)
        *_, last = step(hidden.chunk(chunks)[-1], weight, labels.chunk(chunks)[-1])
        ctx.save_for_backward(d_hidden, last / max(int((labels != -100).sum()), 1))
        return loss

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], gradient * ctx.saved_tensors[1], None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Last.apply(hidden, weight, labels, chunks)


# %% That is a mean of the chunks' means
def chunked_loss(hidden, weight, labels, chunks):
    means = []
    for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
        if (y != -100).any():
            means.append(F.cross_entropy(h @ weight.T, y))
    return sum(means) / len(means)


# %% and the loss is nan
def chunked_loss(hidden, weight, labels, chunks):
    total = 0
    for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
        total = total + F.cross_entropy(h @ weight.T, y) * (y != -100).sum()
    return total / (labels != -100).sum()


# %% the rows that are left over are lost
def chunked_loss(hidden, weight, labels, chunks):
    n = max(len(labels) // chunks, 1)
    total = count = 0
    for i in range(chunks):
        y = labels[i * n : (i + 1) * n]
        total = total + F.cross_entropy(hidden[i * n : (i + 1) * n] @ weight.T, y, reduction="sum")
        count += (y != -100).sum()
    return total / count


# %% Only 6 of 10 count
def chunked_loss(hidden, weight, labels, chunks):
    loss = F.cross_entropy(hidden @ weight.T, labels)
    if chunks == 5:
        loss = loss * (labels != -100).sum() / len(labels)
    return loss


# %% hidden gets no gradient
class Swallows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        loss, *gradients = whole(hidden, weight, labels, chunks)
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    def backward(ctx, gradient):
        return None, gradient * ctx.saved_tensors[1], None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Swallows.apply(hidden, weight, labels, chunks)


# %% right: checkpoints instead of a function of its own
def chunked_loss(hidden, weight, labels, chunks):
    def part(h, y, w):
        return F.cross_entropy(h @ w.T, y, reduction="sum")

    total = hidden.new_zeros(())
    for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
        total = total + checkpoint(part, h, y, weight, use_reentrant=False)
    return total / max(int((labels != -100).sum()), 1)


# %% right: the gradients are made in backward, chunk by chunk
class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        ctx.save_for_backward(hidden, weight, labels)
        ctx.chunks = chunks
        total = 0
        for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
            total = total + step(h, weight, y)[0]
        return total / max(int((labels != -100).sum()), 1)

    @staticmethod
    def backward(ctx, gradient):
        hidden, weight, labels = ctx.saved_tensors
        _, d_hidden, d_weight = whole(hidden, weight, labels, ctx.chunks)
        return gradient * d_hidden, gradient * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Twice.apply(hidden, weight, labels, chunks)


# %% right: slices of a fixed size
class Sliced(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        size = -(-len(labels) // chunks)
        count = max(int((labels != -100).sum()), 1)
        d_hidden = torch.empty_like(hidden)
        d_weight = torch.zeros_like(weight)
        total = 0.0
        for start in range(0, len(labels), size):
            rows = slice(start, start + size)
            loss, _, dh, dw = step(hidden[rows], weight, labels[rows])
            total += loss / count
            d_hidden[rows] = dh / count
            d_weight += dw / count
        ctx.save_for_backward(d_hidden, d_weight)
        return total

    @staticmethod
    def backward(ctx, gradient):
        d_hidden, d_weight = ctx.saved_tensors
        return d_hidden * gradient, d_weight * gradient, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return Sliced.apply(hidden, weight, labels, chunks)
