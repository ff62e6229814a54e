"Answers to question 2, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


def log_sum_exp(z):
    top = z.detach().amax(-1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0)
    return (z - top).exp().sum(-1).log() + top.squeeze(-1)


# %% You divide by all 8 rows
def cross_entropy(logits, labels):
    valid = labels != -100
    z = logits[valid]
    chosen = z.gather(-1, labels[valid][:, None]).squeeze(-1)
    return (log_sum_exp(z) - chosen).sum() / labels.numel()


# %% That is the sum
def cross_entropy(logits, labels):
    valid = labels != -100
    z = logits[valid]
    return (log_sum_exp(z) - z.gather(-1, labels[valid][:, None]).squeeze(-1)).sum()


# %% The sign
def cross_entropy(logits, labels):
    valid = labels != -100
    z = logits[valid]
    return (z.gather(-1, labels[valid][:, None]).squeeze(-1) - log_sum_exp(z)).mean()


# %% mean of the means of each text
def cross_entropy(logits, labels):
    means = []
    for z, y in zip(logits, labels):
        valid = y != -100
        z = z[valid]
        means.append((log_sum_exp(z) - z.gather(-1, y[valid][:, None]).squeeze(-1)).mean())
    return torch.stack(means).mean()


# %% Label 0 is a class like any other
def cross_entropy(logits, labels):
    valid = labels > 0
    z = logits[valid]
    return (log_sum_exp(z) - z.gather(-1, labels[valid][:, None]).squeeze(-1)).mean()


# %% -100 means the 100th from the end
def cross_entropy(logits, labels):
    z = logits.flatten(0, -2)
    y = labels.flatten()
    return (log_sum_exp(z) - z[torch.arange(len(y)), y]).mean()


# %% cross_entropy raises
def cross_entropy(logits, labels):
    chosen = logits.gather(-1, labels[..., None]).squeeze(-1)
    losses = log_sum_exp(logits) - chosen
    return losses[labels != -100].mean()


# %% nan * 0 is nan
def cross_entropy(logits, labels):
    valid = labels != -100
    y = labels.clamp(min=0)
    losses = log_sum_exp(logits) - logits.gather(-1, y[..., None]).squeeze(-1)
    return (losses * valid).sum() / valid.sum().clamp(min=1)


# %% do not multiply with a one-hot vector
def cross_entropy(logits, labels):
    valid = labels != -100
    z = logits[valid]
    one_hot = F.one_hot(labels[valid], z.shape[-1])
    return (log_sum_exp(z) - (z * one_hot).sum(-1)).sum() / max(int(valid.sum()), 1)


# %% never compute the probability
def cross_entropy(logits, labels):
    valid = labels != -100
    z = logits[valid]
    odds = (z - z.amax(-1, keepdim=True)).exp() if len(z) else z
    p = odds / odds.sum(-1, keepdim=True)
    chosen = p.gather(-1, labels[valid][:, None]).squeeze(-1)
    return -chosen.log().sum() / max(int(valid.sum()), 1)


# %% 0 / 0 is nan
def cross_entropy(logits, labels):
    valid = labels != -100
    z = logits[valid]
    return (log_sum_exp(z) - z.gather(-1, labels[valid][:, None]).squeeze(-1)).mean()


# %% the shape
def cross_entropy(logits, labels):
    z = logits[labels != -100]
    return log_sum_exp(z) - z.gather(-1, labels[labels != -100][:, None]).squeeze(-1)


# %% You call a finished loss of torch
def cross_entropy(logits, labels):
    valid = labels != -100
    total = F.cross_entropy(logits[valid], labels[valid], reduction="sum")
    return total / max(int(valid.sum()), 1)


# %% right: a loop over the rows
def cross_entropy(logits, labels):
    total = logits[:0].sum()
    count = 0
    for z, y in zip(logits.flatten(0, -2), labels.flatten().tolist()):
        if y != -100:
            total = total + log_sum_exp(z) - z[y]
            count += 1
    return total / max(count, 1)


# %% right: nothing is thrown out, and rows are replaced by where
def cross_entropy(logits, labels):
    valid = labels.ne(-100)
    z = torch.where(valid.unsqueeze(-1), logits, torch.zeros_like(logits))
    chosen = torch.take_along_dim(z, labels.where(valid, 0).unsqueeze(-1), -1)[..., 0]
    losses = torch.where(valid, log_sum_exp(z) - chosen, 0)
    return losses.sum() / valid.sum().clamp(min=1)


# %% reaches the slope
# unseen: where after the loss, the value is right but nan logits give a nan slope
def cross_entropy(logits, labels):
    keep = labels != -100
    y = torch.where(keep, labels, torch.zeros_like(labels)).unsqueeze(-1)
    losses = log_sum_exp(logits) - logits.gather(-1, y).squeeze(-1)
    losses = torch.where(keep, losses, torch.zeros_like(losses))
    return losses.sum() / keep.sum().clamp(min=1)


# %% the 0 that you return has no slope
# unseen: nothing counts gives a float32 constant without a slope
def cross_entropy(logits, labels):
    keep = labels != -100
    if not keep.any():
        return torch.tensor(0.0)
    z, y = logits[keep], labels[keep]
    return (log_sum_exp(z) - z.gather(1, y[:, None]).squeeze(1)).mean()


# %% and all logits are nan
# unseen: nothing counts gives logits.sum() * 0, which is nan if the logits are
def cross_entropy(logits, labels):
    keep = labels != -100
    if keep.sum() == 0:
        return logits.sum() * 0  # 0, but with a graph
    z, y = logits[keep], labels[keep]
    return (log_sum_exp(z) - z.gather(1, y[:, None]).squeeze(1)).mean()


# %% mean of the means of each text
# unseen: mean of each sequence first, then mean over the sequences
def cross_entropy(logits, labels):
    if labels.dim() > 1:
        parts = [cross_entropy(z, y) for z, y in zip(logits, labels) if (y != -100).any()]
        if parts:
            return torch.stack(parts).mean()
    keep = labels != -100
    z, y = logits[keep], labels[keep]
    losses = log_sum_exp(z) - z.gather(1, y[:, None]).squeeze(1)
    return losses.sum() / max(len(y), 1)


# %% never compute the probability
# unseen: goes through the probability, which underflows, loss is inf
def cross_entropy(logits, labels):
    keep = labels != -100
    z, y = logits[keep], labels[keep]
    p = (z - log_sum_exp(z).unsqueeze(-1)).exp()
    chosen = p.gather(-1, y.unsqueeze(-1))
    return -chosen.log().sum() / max(len(y), 1)


# %% float64 goes in, torch.float32 comes out
# unseen: float32 inside, float64 logits lose digits and the result its dtype
def cross_entropy(logits, labels):
    keep = labels != -100
    z, y = logits[keep].float(), labels[keep]
    losses = log_sum_exp(z) - z.gather(1, y[:, None]).squeeze(1)
    return losses.sum() / max(len(y), 1)


# %% right: a loop over rows, each shifted by the logit of its label
def cross_entropy(logits, labels):
    flat = logits.reshape(-1, logits.shape[-1])
    losses = [
        log_sum_exp(flat[i] - flat[i, y])
        for i, y in enumerate(labels.reshape(-1).tolist())
        if y != -100
    ]
    start = flat[:0].sum()
    return sum(losses, start) / max(len(losses), 1)
