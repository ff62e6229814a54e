"Wrong answers to exercise 2, each below the message that it must get."

import torch
import torch.nn.functional as F


# %% one loss for each pair, no mean
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -F.logsigmoid(beta * ((chosen - ref_chosen) - (rejected - ref_rejected))).mean()


# %% the reference is missing
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -F.logsigmoid(beta * (chosen - rejected))


# %% the sign is wrong
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -F.logsigmoid(beta * ((rejected - ref_rejected) - (chosen - ref_chosen)))


# %% beta belongs inside: it scales the margin
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -F.logsigmoid((chosen - ref_chosen) - (rejected - ref_rejected))


# %% beta belongs inside the sigmoid
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -beta * F.logsigmoid((chosen - ref_chosen) - (rejected - ref_rejected))


# %% use logsigmoid
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return -torch.sigmoid(margin).log()


# %% costs 10,000 nats, not 20.7: use logsigmoid
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return -(torch.sigmoid(margin) + 1e-9).log()


# %% costs 10,000 nats, not 50.0: use logsigmoid
def dpo_losses(chosen, rejected, ref_chosen, ref_rejected, beta):
    margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return -F.logsigmoid(margin.clamp(-50, 50))
