"Answers to question 1, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


def table(images, texts, temperature):
    return F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T / temperature


def without_twins(logits, captions, value=-torch.inf):
    twins = (captions[:, None] == captions) & ~torch.eye(len(captions), dtype=torch.bool)
    return logits.masked_fill(twins, value)


def both(logits):
    own = torch.arange(len(logits))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


# %% each text looks for a picture too
def pair_loss(images, texts, captions, temperature):
    logits = without_twins(table(images, texts, temperature), captions)
    return F.cross_entropy(logits, torch.arange(len(logits)))


# %% not their sum
def pair_loss(images, texts, captions, temperature):
    return 2 * both(without_twins(table(images, texts, temperature), captions))


# %% Twins are still counted
def pair_loss(images, texts, captions, temperature):
    return both(table(images, texts, temperature))


# %% exp(0) is 1
def pair_loss(images, texts, captions, temperature):
    return both(without_twins(table(images, texts, temperature), captions, 0.0))


# %% In the second direction twins are still strangers
def pair_loss(images, texts, captions, temperature):
    logits = table(images, texts, temperature)
    own = torch.arange(len(logits))
    rows = F.cross_entropy(without_twins(logits, captions), own)
    return (rows + F.cross_entropy(logits.T, own)) / 2


# %% is the own pair left in
def pair_loss(images, texts, captions, temperature):
    logits = table(images, texts, temperature)
    equal = captions[:, None] == captions
    if equal.sum() > len(captions):
        logits = logits.masked_fill(equal, -torch.inf)
    return both(logits)


# %% You multiply by the temperature
def pair_loss(images, texts, captions, temperature):
    return both(without_twins(table(images, texts, 1 / temperature), captions))


# %% make the vectors unit long
def pair_loss(images, texts, captions, temperature):
    return both(without_twins(images @ texts.T / temperature, captions))


# %% A mean over the pairs, not a sum
def pair_loss(images, texts, captions, temperature):
    return len(images) * both(without_twins(table(images, texts, temperature), captions))


# %% No gradient flows
def pair_loss(images, texts, captions, temperature):
    return both(without_twins(table(images, texts, temperature), captions)).item()


# %% The temperature gets no gradient
def pair_loss(images, texts, captions, temperature):
    return both(
        without_twins(
            table(
                images, texts, temperature.item() if torch.is_tensor(temperature) else temperature
            ),
            captions,
        )
    )


# %% exp(100) does not fit
def pair_loss(images, texts, captions, temperature):
    odds = (table(images, texts, temperature)).exp()
    twins = (captions[:, None] == captions) & ~torch.eye(len(captions), dtype=torch.bool)
    odds = odds.masked_fill(twins, 0.0)
    rows = -(odds.diag() / odds.sum(1)).log().mean()
    return (rows - (odds.diag() / odds.sum(0)).log().mean()) / 2


# %% is a vector detached
def pair_loss(images, texts, captions, temperature):
    return (
        both(without_twins(table(images.detach(), texts, temperature), captions)) + 0 * images.sum()
    )


# %% nats were expected
def pair_loss(images, texts, captions, temperature):
    logits = without_twins(table(images, texts, temperature), captions)
    return -(logits.softmax(0).diag().mean() + logits.softmax(1).diag().mean()).log() / 2


# %% right: log-sum-exp, both axes of one table
def pair_loss(images, texts, captions, temperature):
    x = images / images.norm(dim=1, keepdim=True)
    y = texts / texts.norm(dim=1, keepdim=True)
    s = x @ y.t() / temperature
    hidden = captions.unsqueeze(0) == captions.unsqueeze(1)
    hidden.fill_diagonal_(False)
    s = torch.where(hidden, torch.full_like(s, float("-inf")), s)
    own = s.diagonal()
    return ((s.logsumexp(0) - own).mean() + (s.logsumexp(1) - own).mean()) / 2


# %% right: a very small number instead of infinity, row by row
def pair_loss(images, texts, captions, temperature):
    total = 0
    for a, b in ((images, texts), (texts, images)):
        for i in range(len(a)):
            cosines = F.cosine_similarity(a[i][None], b, dim=1) / temperature
            twin = captions == captions[i]
            twin[i] = False
            logits = torch.where(twin, torch.tensor(-1e9, dtype=cosines.dtype), cosines)
            total = total - logits.log_softmax(0)[i]
    return total / (2 * len(images))


# %% Is each twin's logit minus infinity
# unseen: twins get -1 before the division, as if the worst cosine were nothing
def pair_loss(images, texts, captions, temperature):
    cosines = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    twins = captions[:, None] == captions[None, :]
    twins.fill_diagonal_(False)
    logits = cosines.masked_fill(twins, -1.0) / temperature
    own = torch.arange(len(captions))
    return 0.5 * (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own))


# %% -100 hides no twin
# unseen: twins get -100, which a cosine reaches at temperature 0.01
def pair_loss(images, texts, captions, temperature):
    images = F.normalize(images, dim=1)
    texts = F.normalize(texts, dim=1)
    logits = images @ texts.T / temperature
    twins = captions.unsqueeze(0) == captions.unsqueeze(1)
    twins = twins & ~torch.eye(len(captions), dtype=torch.bool)
    logits = torch.where(twins, -100.0, logits)
    own = torch.arange(len(captions))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


# %% nats were expected
# unseen: mean over captions of means over their pairs
def pair_loss(images, texts, captions, temperature):
    logits = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T / temperature
    twins = captions[:, None] == captions[None, :]
    twins = twins ^ torch.eye(len(captions), dtype=torch.bool)
    logits = logits.masked_fill(twins, float("-inf"))
    own = torch.arange(len(captions))
    loss = F.cross_entropy(logits, own, reduction="none")
    loss = (loss + F.cross_entropy(logits.T, own, reduction="none")) / 2
    return torch.stack([loss[captions == c].mean() for c in captions.unique()]).mean()


# %% Twins are no right answers either
# unseen: twins are right answers too
def pair_loss(images, texts, captions, temperature):
    logits = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T / temperature
    same = (captions[:, None] == captions[None, :]).float()
    target = same / same.sum(1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


# %% add nothing to their length
# unseen: a small number is added to the lengths
def pair_loss(images, texts, captions, temperature):
    images = images / (images.norm(dim=1, keepdim=True) + 1e-6)
    texts = texts / (texts.norm(dim=1, keepdim=True) + 1e-6)
    logits = images @ texts.T / temperature
    twins = (captions[:, None] == captions) & ~torch.eye(len(captions), dtype=torch.bool)
    logits = logits.masked_fill(twins, float("-inf"))
    own = torch.arange(len(captions))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


# %% is the own pair left in
# unseen: 0 times minus infinity on the twins
def pair_loss(images, texts, captions, temperature):
    logits = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T / temperature
    eye = torch.eye(len(captions))
    twins = (captions[:, None] == captions) & (eye == 0)
    logits = logits.masked_fill(twins, float("-inf"))
    rows = -(logits.log_softmax(1) * eye).sum() / len(captions)
    columns = -(logits.log_softmax(0) * eye).sum() / len(captions)
    return (rows + columns) / 2


# %% right: logsumexp over a list of strangers, pair by pair
def pair_loss(images, texts, captions, temperature):
    a = images * images.square().sum(1, keepdim=True).rsqrt()
    b = texts * texts.square().sum(1, keepdim=True).rsqrt()
    z = torch.einsum("ic,jc->ij", a, b).div(temperature)
    total = z.new_zeros(())
    for i in range(len(captions)):
        part = captions != captions[i]
        part[i] = True
        total = total + z[i, part].logsumexp(0) + z[part, i].logsumexp(0) - 2 * z[i, i]
    return total / (2 * len(captions))


# %% At the temperature 5 all are twins
# unseen: a cosine that none can have, before the division
def pair_loss(images, texts, captions, temperature):
    cosines = F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T
    own = torch.arange(len(images))
    twins = (captions[:, None] == captions) & (own[:, None] != own)
    logits = cosines.masked_fill(twins, -2.0) / temperature
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
