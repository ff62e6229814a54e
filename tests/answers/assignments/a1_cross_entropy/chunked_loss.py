"Answers to question 7, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

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


# %% the rows that are left over are lost
# unseen: rows that are left over behind the last full chunk are lost, fewer rows than chunks fail
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        size = len(hidden) // chunks
        total, count = hidden.new_zeros(()), 0
        d_hidden, d_weight = torch.zeros_like(hidden), torch.zeros_like(weight)
        for i in range(chunks):
            part = slice(i * size, (i + 1) * size)
            t, n, d_hidden[part], dw = chunk_step(hidden[part], weight, labels[part])
            total, count = total + t, count + n
            d_weight += dw
        ctx.save_for_backward(d_hidden, d_weight)
        ctx.count = max(count, 1)
        return total / ctx.count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return d_hidden * slope / ctx.count, d_weight * slope / ctx.count, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% That is a mean of the chunks' means
# unseen: mean of the chunks' means
def chunked_loss(hidden, weight, labels, chunks):
    def mean(h, w, y):
        return cross_entropy(h[y != -100] @ w.T, y[y != -100])

    pairs = list(zip(hidden.chunk(chunks), labels.chunk(chunks)))
    losses = [checkpoint(mean, h, weight, y, use_reentrant=False) for h, y in pairs]
    return sum(losses) / len(losses)


# %% the loss is 0; yours is nan
# unseen: nothing counts gives 0 / 0
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        total, count, d_hiddens, d_weight = 0, 0, [], torch.zeros_like(weight)
        for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
            t, n, dh, dw = chunk_step(h, weight, y)
            total, count = total + t, count + n
            d_hiddens.append(dh)
            d_weight += dw
        ctx.save_for_backward(torch.cat(d_hiddens) / count, d_weight / count)
        return total / count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden, slope * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% In the forward pass you hold
# unseen: keeps a gradient of weight for each chunk, too much memory
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        pairs = zip(hidden.chunk(chunks), labels.chunk(chunks))
        parts = [chunk_step(h, weight, y) for h, y in pairs]
        totals, counts, d_hiddens, d_weights = zip(*parts)
        count = max(sum(counts), 1)
        ctx.save_for_backward(torch.cat(d_hiddens) / count, sum(d_weights) / count)
        return sum(totals) / count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden, slope * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% are divided by the count of that chunk
# unseen: gradients of each chunk are divided by the count of that chunk
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        total, count = hidden.new_zeros(()), 0
        d_hiddens, d_weight = [], torch.zeros_like(weight)
        parts = list(zip(hidden.chunk(chunks), labels.chunk(chunks)))
        for h, y in parts:
            t, n, dh, dw = chunk_step(h, weight, y)
            total, count = total + t, count + n
            d_hiddens.append(dh / max(n, 1) / len(parts))
            d_weight += dw / max(n, 1) / len(parts)
        ctx.save_for_backward(torch.cat(d_hiddens), d_weight)
        return total / max(count, 1)

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden, slope * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% which dtype do sums have?
# unseen: the sums are float32 also for float64 arguments
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        total, count = torch.zeros(()), 0
        d_hidden, d_weight = torch.zeros(hidden.shape), torch.zeros(weight.shape)
        size = max(1, -(-len(hidden) // chunks))
        for i in range(0, len(hidden), size):
            rows = slice(i, i + size)
            t, n, d_hidden[rows], dw = chunk_step(hidden[rows], weight, labels[rows])
            total += t
            count += n
            d_weight += dw
        count = max(count, 1)
        ctx.save_for_backward(d_hidden / count, d_weight / count)
        return total / count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden, slope * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% One of the differentiated Tensors does not require grad
# unseen: asks autograd for both gradients, fails if only one is wanted
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        ctx.save_for_backward(hidden, weight, labels)
        ctx.chunks = chunks
        ctx.count = max(int((labels != -100).sum()), 1)
        steps = zip(hidden.chunk(chunks), labels.chunk(chunks))
        return sum(chunk_step(h, weight, y)[0] for h, y in steps) / ctx.count

    @staticmethod
    def backward(ctx, slope):
        hidden, weight, labels = ctx.saved_tensors
        h_grad, w_grad = torch.zeros_like(hidden), torch.zeros_like(weight)
        for rows in torch.arange(len(hidden)).chunk(ctx.chunks):
            rows = rows[labels[rows] != -100]
            with torch.enable_grad():
                h = hidden[rows]
                loss = cross_entropy(h @ weight.T, labels[rows]) * len(rows) / ctx.count
            h_grad[rows], dw = torch.autograd.grad(loss, (h, weight), slope)
            w_grad += dw
        return h_grad, w_grad, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% In the forward pass you hold
# unseen: one-hot table of all rows is made before the chunks, too much memory
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        V, keep = len(weight), labels != -100
        count = max(int(keep.sum()), 1)
        targets = F.one_hot(labels.clamp(min=0), V).to(hidden.dtype)
        total, d_hidden, d_weight = 0, torch.zeros_like(hidden), torch.zeros_like(weight)
        for part in torch.arange(len(hidden)).chunk(chunks):
            part = part[keep[part]]
            z = hidden[part] @ weight.T
            total = total + (log_sum_exp(z) - z[torch.arange(len(part)), labels[part]]).sum()
            slope = (torch.softmax(z, -1) - targets[part]) / count
            d_hidden[part] = slope @ weight
            d_weight += slope.T @ hidden[part]
        ctx.save_for_backward(d_hidden, d_weight)
        return total / count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden, slope * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% You stop at the first chunk in which nothing counts
# unseen: stops at the first chunk in which nothing counts
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        total, count = hidden.new_zeros(()), 0
        d_hidden, d_weight = torch.zeros_like(hidden), torch.zeros_like(weight)
        size = -(-len(hidden) // chunks)
        for i in range(0, len(hidden), size):
            rows = slice(i, i + size)
            t, n, dh, dw = chunk_step(hidden[rows], weight, labels[rows])
            if n == 0:
                break
            total, count = total + t, count + n
            d_hidden[rows] = dh
            d_weight += dw
        count = max(count, 1)
        ctx.save_for_backward(d_hidden / count, d_weight / count)
        return total / count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden, slope * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% all chunks add to it
# unseen: gradient of weight is that of the last chunk
class ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        total, count, d_hidden, d_weight = 0, 0, [], None
        for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
            t, n, dh, d_weight = chunk_step(h, weight, y)
            total, count = total + t, count + n
            d_hidden.append(dh)
        ctx.save_for_backward(torch.cat(d_hidden), d_weight)
        ctx.count = max(count, 1)
        return total / ctx.count

    @staticmethod
    def backward(ctx, slope):
        d_hidden, d_weight = ctx.saved_tensors
        return slope * d_hidden / ctx.count, slope * d_weight / ctx.count, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return ChunkedLoss.apply(hidden, weight, labels, chunks)


# %% chunked_loss raises RuntimeError
# unseen: fills grad already in the forward pass, later factors change nothing
def chunked_loss(hidden, weight, labels, chunks):
    count = max(int((labels != -100).sum()), 1)
    total = hidden.new_zeros(())
    size = max(1, -(-len(labels) // chunks))
    for i in range(0, len(labels), size):
        h, y = hidden[i : i + size], labels[i : i + size]
        keep = y != -100
        loss = cross_entropy(h[keep] @ weight.T, y[keep]) * keep.sum() / count
        loss.backward()  # frees the logits of this chunk
        total += loss.detach()
    return total.requires_grad_()


# %% right: checkpoint, each chunk is computed again in backward
def chunked_loss(hidden, weight, labels, chunks):
    def part(h, w, y):
        z = h[y != -100] @ w.T
        return cross_entropy(z, y[y != -100]) * len(z)

    count = max((labels != -100).sum().item(), 1)
    loss = (hidden[:0].sum() + weight[:0].sum()) * 0
    for h, y in zip(hidden.tensor_split(chunks), labels.tensor_split(chunks)):
        loss = loss + checkpoint(part, h, weight, y, use_reentrant=False)
    return loss / count


# %% A single row counts
class AtLeastTwo(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks):
        total = 0
        d_weight = torch.zeros_like(weight)
        d_hidden = []
        for h, y in zip(hidden.chunk(chunks), labels.chunk(chunks)):
            part, _, dh, dw = chunk_step(h, weight, y)
            total = total + part
            d_hidden.append(dh)
            d_weight += dw
        count = max(int((labels != -100).sum()), 2)
        ctx.save_for_backward(torch.cat(d_hidden) / count, d_weight / count)
        return total / count

    @staticmethod
    def backward(ctx, gradient):
        d_hidden, d_weight = ctx.saved_tensors
        return gradient * d_hidden, gradient * d_weight, None, None


def chunked_loss(hidden, weight, labels, chunks):
    return AtLeastTwo.apply(hidden, weight, labels, chunks)
