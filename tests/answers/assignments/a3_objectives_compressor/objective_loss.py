"Answers to question 3, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


# %% That is the mean
def objective_loss(logits, labels):
    loss = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten())
    return loss, (labels != -100).sum()


# %% Places with -100 are asked nothing
def objective_loss(logits, labels):
    logp = logits.float().log_softmax(-1)
    surprise = -logp.gather(-1, labels.clamp(min=0)[..., None])
    return surprise.sum(), (labels != -100).sum()


# %% don't shift again
def objective_loss(logits, labels):
    logits = logits[:, :-1].float()
    labels_next = labels[:, 1:]
    total = F.cross_entropy(logits.flatten(0, 1), labels_next.flatten(), reduction="sum")
    return total, (labels != -100).sum()


# %% You count all places
def objective_loss(logits, labels):
    total = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="sum")
    return total, labels.numel()


# %% No gradient flows
def objective_loss(logits, labels):
    total = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="sum")
    return torch.tensor(total.item()), (labels != -100).sum()


# %% Is it finite for large logits
def objective_loss(logits, labels):
    asked = labels != -100
    odds = logits[asked].float().exp()
    p = odds.gather(1, labels[asked][:, None])[:, 0] / odds.sum(1)
    return -p.log().sum(), asked.sum()


# %% The sum is a tensor of float32
def objective_loss(logits, labels):
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, (labels != -100).sum()


# %% turn bfloat16 into float32 before the softmax
def objective_loss(logits, labels):
    asked = labels != -100
    logp = logits[asked].log_softmax(-1).float()
    return -logp.gather(1, labels[asked][:, None]).sum(), asked.sum()


# %% must still carry a gradient
def objective_loss(logits, labels):
    asked = labels != -100
    if not asked.any():
        return torch.tensor(0.0), 0
    total = F.cross_entropy(logits[asked].float(), labels[asked], reduction="sum")
    return total, int(asked.sum())


# %% nats were expected, you have
def objective_loss(logits, labels):
    asked = labels != -100
    logp = logits[asked].float().log_softmax(0)
    return -logp.gather(1, labels[asked][:, None]).sum(), asked.sum()


# %% right: the library's
def objective_loss(logits, labels):
    total = F.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum"
    )
    return total, int((labels != -100).sum())


# %% right: log-sum-exp minus the label's logit, and a mask by where
def objective_loss(logits, labels):
    logits = logits.to(torch.float32)
    asked = labels >= 0
    own = logits.gather(2, labels.clamp(min=0).unsqueeze(2)).squeeze(2)
    surprise = torch.logsumexp(logits, dim=2) - own
    return torch.where(asked, surprise, torch.zeros_like(surprise)).sum(), asked.sum()


# %% Is it finite for large logits
# unseen: log of softmax with a small number against log(0)
def objective_loss(logits, labels):
    p = torch.softmax(logits.float(), dim=-1)
    asked = labels != -100
    safe = torch.where(asked, labels, 0)
    true = p.gather(2, safe.unsqueeze(2)).squeeze(2)
    surprise = -torch.log(true + 1e-10)
    return (surprise * asked).sum(), asked.sum()


# %% Where nothing is asked the sum is 0
# unseen: mean times number, nan if nothing is asked
def objective_loss(logits, labels):
    count = (labels != -100).sum()
    mean = F.cross_entropy(logits.float().transpose(1, 2), labels)
    return mean * count, count


# %% Four places are asked
# unseen: token 0 is taken for padding
def objective_loss(logits, labels):
    asked = labels > 0
    logits = logits.float()
    logp = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
    picked = logp.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return -picked.masked_fill(~asked, 0.0).sum(), asked.sum()


# %% Each place has its own maximum
# unseen: one maximum for the whole batch is subtracted before exp
def objective_loss(logits, labels):
    logits = logits.to(torch.float32)
    logits = logits - logits.max().detach()
    log_z = logits.exp().sum(-1).log()
    asked = labels.ne(-100)
    own = logits.gather(-1, labels.masked_fill(~asked, 0).unsqueeze(-1)).squeeze(-1)
    surprise = torch.where(asked, log_z - own, 0.0)
    return surprise.sum(), asked.sum()


# %% Is it finite for large logits
# unseen: logits are clamped to be on the safe side
def objective_loss(logits, labels):
    logits = logits.float().clamp(-100, 100)
    asked = labels != -100
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total, asked.sum()


# %% yours is torch.float64
# unseen: the sum comes back as float64
def objective_loss(logits, labels):
    B, T, V = logits.shape
    total = F.cross_entropy(logits.double().view(B * T, V), labels.view(B * T), reduction="sum")
    return total, int((labels != -100).sum())


# %% right: nll_loss on (B, V, T), number as an int
def objective_loss(logits, labels):
    logp = logits.to(torch.float32).movedim(-1, 1).log_softmax(1)
    total = F.nll_loss(logp, labels.long(), ignore_index=-100, reduction="sum")
    return total, labels.numel() - torch.count_nonzero(labels == -100).item()
