"Wrong answers to exercise 4, each below the message that it must get."

import torch


def advantage_of(rewards):
    return ((rewards - rewards.mean()) / (rewards.std() + 1e-4))[:, None]


def gain_of(log_probs, old, A, clip):
    ratio = (log_probs - old.detach()).exp()
    return torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)


def distance_of(log_probs, reference):
    d = reference.detach() - log_probs
    return d.exp() - d - 1


def mean_of(gain, mask):
    return ((gain * mask).sum(1) / mask.sum(1)).mean()


# %% one number: the mean over answers
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -(gain * mask).sum(1) / mask.sum(1)


# %% old gets a gradient
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    ratio = (log_probs - old).exp()
    gain = torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% the reference gets a gradient
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    d = reference - log_probs
    gain = gain - beta * (d.exp() - d - 1)
    return -mean_of(gain, mask)


# %% equal points give NaN
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = ((rewards - rewards.mean()) / rewards.std())[:, None]
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% the sign is wrong
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return mean_of(gain, mask)


# %% divide by the standard deviation
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = (rewards - rewards.mean())[:, None]
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% the standard deviation divides by G - 1
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = ((rewards - rewards.mean()) / (rewards.std(correction=0) + 1e-4))[:, None]
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% a good answer that has gained 50% already must get no more
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = (log_probs - old.detach()).exp() * A
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% a bad answer that has gained must be pulled back
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    ratio = (log_probs - old.detach()).exp()
    gain = ratio.clamp(1 - clip, 1 + clip) * A
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% take the minimum last
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    ratio = (log_probs - old.detach()).exp()
    gain = torch.minimum(ratio, ratio.clamp(1 - clip, 1 + clip)) * A
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% clip is an argument
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, 0.2)
    gain = gain - beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% each token has a ratio of its own
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)[:, 0]
    ratio = ((log_probs - old.detach()) * mask).sum(1).exp()
    gain = torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)
    price = (distance_of(log_probs, reference) * mask).sum(1)
    return -(gain - beta * price).mean()


# %% padding gets a gradient
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -gain.mean()


# %% not their sum
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -(gain * mask).sum(1).mean()


# %% not by T
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -(gain * mask).mean()


# %% first the mean over an answer's tokens
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs, reference)
    return -(gain * mask).sum() / mask.sum()


# %% a distance never pays
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain + beta * distance_of(log_probs, reference)
    return -mean_of(gain, mask)


# %% d is the reference minus what it is now
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    d = log_probs - reference.detach()
    gain = gain - beta * (d.exp() - d - 1)
    return -mean_of(gain, mask)


# %% the distance to the reference costs nothing
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    return -mean_of(gain, mask)


# %% the distance must send back a gradient too
def group_loss(log_probs, old, reference, rewards, mask, clip, beta):
    A = advantage_of(rewards)
    gain = gain_of(log_probs, old, A, clip)
    gain = gain - beta * distance_of(log_probs.detach(), reference)
    return -mean_of(gain, mask)
