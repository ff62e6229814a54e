"Wrong answers to exercise 5, each below the message that it must get."

import torch
import torch.nn.functional as F


def plain(x, y, temperature):
    cosines = F.normalize(x, dim=1) @ F.normalize(y, dim=1).T
    return F.cross_entropy(cosines / temperature, torch.arange(len(x)))


# %% cut first, then normalise
def nested_loss(x, y, widths, temperature):
    x = F.normalize(x, dim=1)
    y = F.normalize(y, dim=1)
    own = torch.arange(len(x))
    losses = [F.cross_entropy(x[:, :w] @ y[:, :w].T / temperature, own) for w in widths]
    return torch.stack(losses).mean()


# %% that is the sum over the widths
def nested_loss(x, y, widths, temperature):
    return sum(plain(x[:, :w], y[:, :w], temperature) for w in widths)


# %% the loss at full width alone
def nested_loss(x, y, widths, temperature):
    return plain(x, y, temperature)


# %% those are the last numbers
def nested_loss(x, y, widths, temperature):
    losses = [plain(x[:, -w:], y[:, -w:], temperature) for w in widths]
    return torch.stack(losses).mean()


# %% only the numbers that the smaller ones lack
def nested_loss(x, y, widths, temperature):
    losses = []
    begin = 0
    for w in widths:
        losses.append(plain(x[:, begin:w], y[:, begin:w], temperature))
        begin = w
    return torch.stack(losses).mean()


# %% is a number of widths written into it
def nested_loss(x, y, widths, temperature):
    total = sum(plain(x[:, :w], y[:, :w], temperature) for w in widths)
    if len(widths) == 1:
        return total
    return total / 3


# %% no gradient flows
def nested_loss(x, y, widths, temperature):
    losses = [plain(x[:, :w], y[:, :w], temperature).item() for w in widths]
    return torch.tensor(losses).mean()
