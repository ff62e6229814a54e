"Answers to question 4, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


# %% is s used?
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].log_softmax(-1)
    return -logp.gather(-1, labels[valid][:, None]).mean()


# %% You spread s over the V - 1 other classes
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].log_softmax(-1)
    target = torch.full_like(logp, smoothing / (logp.shape[-1] - 1))
    target.scatter_(-1, labels[valid][:, None], 1 - smoothing)
    return -(target * logp).sum(-1).mean()


# %% Each class gets s / V, not s
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].log_softmax(-1)
    hard = -logp.gather(-1, labels[valid][:, None]).mean()
    return (1 - smoothing) * hard - smoothing * logp.sum(-1).mean()


# %% You only shrink the loss
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].log_softmax(-1)
    return -(1 - smoothing) * logp.gather(-1, labels[valid][:, None]).mean()


# %% You have exchanged s and 1 - s
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].log_softmax(-1)
    hard = -logp.gather(-1, labels[valid][:, None]).mean()
    return smoothing * hard - (1 - smoothing) * logp.mean(-1).mean()


# %% counts rows with the label -100 too
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits.log_softmax(-1)
    hard = -logp[valid].gather(-1, labels[valid][:, None]).mean()
    return (1 - smoothing) * hard - smoothing * logp.mean()


# %% adds up all six rows
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits.log_softmax(-1)
    hard = -logp[valid].gather(-1, labels[valid][:, None]).mean()
    return (1 - smoothing) * hard - smoothing * logp.mean(-1).sum() / valid.sum()


# %% No slope comes back
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].log_softmax(-1)
    hard = -logp.gather(-1, labels[valid][:, None]).mean().item()
    soft = -logp.mean().item()
    return torch.tensor((1 - smoothing) * hard + smoothing * soft, requires_grad=True)


# %% logits of +-300
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    logp = logits[valid].softmax(-1).log()
    hard = -logp.gather(-1, labels[valid][:, None]).mean()
    return (1 - smoothing) * hard - smoothing * logp.mean()


# %% You call a finished loss of torch
def smoothed_loss(logits, labels, smoothing):
    return F.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), label_smoothing=smoothing, ignore_index=-100
    )


# %% right: the whole target
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    z = logits[valid]
    V = z.shape[-1]
    target = F.one_hot(labels[valid], V) * (1 - smoothing) + smoothing / V
    return -(target * F.log_softmax(z, -1)).sum() / len(z)


# %% right: row by row
def smoothed_loss(logits, labels, smoothing):
    losses = []
    for z, y in zip(logits.flatten(0, -2), labels.flatten().tolist()):
        if y >= 0:
            total = z.logsumexp(0)
            losses.append(total - (1 - smoothing) * z[y] - smoothing * z.mean())
    return torch.stack(losses).mean()
