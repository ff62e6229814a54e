"Answers to question 4, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

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
    z = torch.where((labels != -100).unsqueeze(-1), logits, 0)
    return F.cross_entropy(z.flatten(0, -2), labels.flatten(), label_smoothing=smoothing)


# %% right: the whole target
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    z = logits[valid]
    V = z.shape[-1]
    target = F.one_hot(labels[valid], V).to(z.dtype) * (1 - smoothing) + smoothing / V
    return -(target * F.log_softmax(z, -1)).sum() / len(z)


# %% right: row by row
def smoothed_loss(logits, labels, smoothing):
    losses = []
    for z, y in zip(logits.flatten(0, -2), labels.flatten().tolist()):
        if y >= 0:
            total = z.logsumexp(0)
            losses.append(total - (1 - smoothing) * z[y] - smoothing * z.mean())
    return torch.stack(losses).mean()


# %% the right class gets its share s / V too
# unseen: right class has the target 1 - s, the s / V of its own is missing
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    z, y = logits[keep], labels[keep]
    target = torch.full_like(z, smoothing / z.shape[-1])
    target[torch.arange(len(y)), y] = 1 - smoothing
    return (target * (log_sum_exp(z)[:, None] - z)).sum(-1).mean()


# %% reaches the slope
# unseen: where after the loss, nan logits of rows that do not count give a nan slope
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    losses = log_sum_exp(logits).unsqueeze(-1) - logits
    hard = losses.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    loss = (1 - smoothing) * hard + smoothing * losses.mean(-1)
    return torch.where(keep, loss, torch.zeros_like(loss)).sum() / keep.sum()


# %% logits of +-300
# unseen: logarithm of probabilities that have underflowed
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    z, y = logits[keep], labels[keep]
    log_p = torch.softmax(z, -1).log()
    hard = log_p[torch.arange(len(y)), y]
    return -((1 - smoothing) * hard + smoothing * log_p.mean(-1)).mean()


# %% logits of +-300
# unseen: 1e-9 in the logarithm, so no class costs more than 20.7
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    z, y = logits[keep], labels[keep]
    log_p = torch.log(torch.softmax(z, -1) + 1e-9)
    target = F.one_hot(y, z.shape[-1]).to(z.dtype) * (1 - smoothing)
    target = target + smoothing / z.shape[-1]
    return -(target * log_p).sum(-1).mean()


# %% No slope comes back from the smoothed part
# unseen: the uniform part is under no_grad, value right, slope wrong
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    z = logits[keep]
    with torch.no_grad():
        uniform = (log_sum_exp(z) - z.mean(-1)).mean()
    return (1 - smoothing) * cross_entropy(logits, labels) + smoothing * uniform


# %% is the target float32
# unseen: target in float32, float64 logits lose their digits
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    z, y = logits[keep], labels[keep]
    V = z.shape[-1]
    target = (1 - smoothing) * F.one_hot(y, V).float() + smoothing / V
    return (target * (log_sum_exp(z)[:, None] - z)).sum(-1).mean()


# %% with the model's own probabilities
# unseen: smooths with the entropy of the prediction in place of the uniform target
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    z = logits[keep]
    log_p = z - log_sum_exp(z)[:, None]
    entropy = -(log_p.exp() * log_p).sum(-1).mean()
    return (1 - smoothing) * cross_entropy(logits, labels) + smoothing * entropy


# %% You average the smoothed part over each text first
# unseen: uniform part is averaged over each sequence first
def smoothed_loss(logits, labels, smoothing):
    keep = labels != -100
    safe = torch.where(keep.unsqueeze(-1), logits, torch.zeros_like(logits))
    uniform = log_sum_exp(safe) - safe.mean(-1)
    uniform = torch.where(keep, uniform, torch.zeros_like(uniform))
    counts = keep.sum(-1)
    uniform = (uniform.sum(-1) / counts.clamp(min=1)).sum() / (counts > 0).sum()
    return (1 - smoothing) * cross_entropy(logits, labels) + smoothing * uniform


# %% The smoothed part divides by all six rows
# unseen: the smoothed part divides by all rows
def smoothed_loss(logits, labels, smoothing):
    z = logits[labels != -100]
    uniform = (log_sum_exp(z) - z.mean(-1)).sum() / labels.numel()
    return (1 - smoothing) * cross_entropy(logits, labels) + smoothing * uniform


# %% right: every class once as the label of every row
def smoothed_loss(logits, labels, smoothing):
    V = logits.shape[-1]
    loss = (1 - smoothing) * cross_entropy(logits, labels)
    for k in range(V):
        as_if = labels.masked_fill(labels != -100, k)
        loss = loss + smoothing / V * cross_entropy(logits, as_if)
    return loss


# %% You call a finished loss of torch
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    z = logits[valid]
    V = z.shape[-1]
    target = F.one_hot(labels[valid], V).to(z.dtype) * (1 - smoothing) + smoothing / V
    return F.cross_entropy(z, target)


# %% You call a finished loss of torch
def smoothed_loss(logits, labels, smoothing):
    valid = labels != -100
    log_p = logits[valid].log_softmax(-1)
    V = log_p.shape[-1]
    target = F.one_hot(labels[valid], V).to(log_p.dtype) * (1 - smoothing) + smoothing / V
    distance = F.kl_div(log_p, target, reduction="batchmean")
    return distance - torch.xlogy(target, target).sum(-1).mean()
