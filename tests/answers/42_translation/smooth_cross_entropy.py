"Wrong answers to exercise 2, each below the message that it must get."

import torch


def parts(logits, labels, ignore):
    valid = labels != ignore
    logp = logits[valid].log_softmax(-1)
    return logp, logp.gather(1, labels[valid][:, None])[:, 0]


# %% this is the loss without smoothing
def smooth_cross_entropy(logits, labels, share, ignore):
    _, right = parts(logits, labels, ignore)
    return -right.mean()


# %% do rows to ignore count, or is it divided by all rows
def smooth_cross_entropy(logits, labels, share, ignore):
    logp, right = parts(logits, labels, ignore)
    return (-(1 - share) * right - share * logp.mean(-1)).sum() / len(labels)


# %% spread over all V tokens, the right one too
def smooth_cross_entropy(logits, labels, share, ignore):
    logp, right = parts(logits, labels, ignore)
    others = (logp.sum(-1) - right) / (logits.shape[1] - 1)
    return (-(1 - share) * right - share * others).mean()


# %% each token gets share / V
def smooth_cross_entropy(logits, labels, share, ignore):
    logp, right = parts(logits, labels, ignore)
    return (-(1 - share) * right - share * logp.sum(-1)).mean()


# %% one number is asked for
def smooth_cross_entropy(logits, labels, share, ignore):
    logp, right = parts(logits, labels, ignore)
    return -(1 - share) * right - share * logp.mean(-1)


# %% large logits overflow
def smooth_cross_entropy(logits, labels, share, ignore):
    valid = labels != ignore
    logits = logits[valid]
    logp = (logits.exp() / logits.exp().sum(-1, keepdim=True)).log()
    right = logp[torch.arange(len(logp)), labels[valid]]
    return (-(1 - share) * right - share * logp.mean(-1)).mean()


# %% compare the labels with `ignore`
def smooth_cross_entropy(logits, labels, share, ignore):
    valid = labels >= 0
    logp = logits[valid].log_softmax(-1)
    right = logp.gather(1, labels[valid][:, None])[:, 0]
    return (-(1 - share) * right - share * logp.mean(-1)).mean()


# %% the label too gets share / V
def smooth_cross_entropy(logits, labels, share, ignore):
    logp, right = parts(logits, labels, ignore)
    others = (logp.sum(-1) - right) / logits.shape[1]
    return (-(1 - share) * right - share * others).mean()


# %% a row to ignore counts in the share that is spread
def smooth_cross_entropy(logits, labels, share, ignore):
    _, right = parts(logits, labels, ignore)
    spread = logits.log_softmax(-1).mean(-1)
    return -(1 - share) * right.mean() - share * spread.mean()
