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
