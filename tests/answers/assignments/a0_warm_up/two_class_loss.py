"Answers to question 2, each below the message that it must get; those that are right say so."

import torch


# %% exp(200) overflows float32
def two_class_loss(m):
    return torch.log(1 + torch.exp(-m))


# %% exp(200) overflows float32
def two_class_loss(m):
    return torch.log1p(torch.exp(-m))


# %% use torch.log1p
def two_class_loss(m):
    return (-m).clamp(min=0) + torch.log(1 + torch.exp(-m.abs()))


# %% At -200 the loss is 200: the sign?
def two_class_loss(m):
    return m.clamp(min=0) + torch.log1p(torch.exp(-m.abs()))


# %% One loss for each margin
def two_class_loss(m):
    return ((-m).clamp(min=0) + torch.log1p(torch.exp(-m.abs()))).mean()


# %% You have
def two_class_loss(m):
    return (-m).clamp(min=0)


# %% right: logaddexp
def two_class_loss(m):
    return torch.logaddexp(torch.zeros_like(m), -m)


# %% right: in float64, by cases
def two_class_loss(m):
    x = m.double()
    small = torch.log1p(torch.exp(-x.clamp(min=0)))
    large = -x + torch.log1p(torch.exp(x.clamp(max=0)))
    return torch.where(x > 0, small, large).to(m.dtype)
