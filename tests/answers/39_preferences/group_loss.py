"Wrong answers to exercise 4, each below the message that it must get."

import torch


def gain_of(ratio, A, clip):
    return torch.minimum(ratio * A, ratio.clamp(1 - clip, 1 + clip) * A)


# %% old gets a gradient
def group_loss(log_probs, old, rewards, clip):
    A = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    return -gain_of((log_probs - old).exp(), A, clip).mean()


# %% equal points give NaN
def group_loss(log_probs, old, rewards, clip):
    A = (rewards - rewards.mean()) / rewards.std()
    return -gain_of((log_probs - old.detach()).exp(), A, clip).mean()


# %% the sign is wrong
def group_loss(log_probs, old, rewards, clip):
    A = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    return gain_of((log_probs - old.detach()).exp(), A, clip).mean()


# %% divide by the standard deviation
def group_loss(log_probs, old, rewards, clip):
    A = rewards - rewards.mean()
    return -gain_of((log_probs - old.detach()).exp(), A, clip).mean()


# %% the standard deviation divides by G - 1
def group_loss(log_probs, old, rewards, clip):
    A = (rewards - rewards.mean()) / (rewards.std(correction=0) + 1e-4)
    return -gain_of((log_probs - old.detach()).exp(), A, clip).mean()


# %% a good answer that has gained 50% already must get no more
def group_loss(log_probs, old, rewards, clip):
    A = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    return -((log_probs - old.detach()).exp() * A).mean()


# %% a bad answer that has gained must be pulled back
def group_loss(log_probs, old, rewards, clip):
    A = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    ratio = (log_probs - old.detach()).exp()
    return -(ratio.clamp(1 - clip, 1 + clip) * A).mean()
