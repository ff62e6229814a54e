"Wrong answers to exercise 1, each below the message that it must get."

import torch
from torch import nn


class Base(nn.Module):
    "What all of them share."

    def __init__(self, linear, r, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(r, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, r))
        self.scaling = alpha / r

    def forward(self, x):
        return self.linear(x) + self.scaling * x @ self.A.T @ self.B.T


# %% which matrix begins at 0?
class LoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        nn.init.normal_(self.B)


# %% A and B are both zero
class LoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        nn.init.zeros_(self.A)


# %% multiplied by 1.00
class LoRALayer(Base):
    def forward(self, x):
        return self.linear(x) + x @ self.A.T @ self.B.T


# %% multiplied by 9.00
class LoRALayer(Base):
    def forward(self, x):
        return self.linear(x) + (x @ (self.scaling * self.A).T) @ (self.scaling * self.B).T


# %% the linear layer still learns
class LoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        self.linear.requires_grad_(True)


# %% A of shape (2, 5) and B of shape (4, 2) should learn
class LoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        self.A = nn.Parameter(torch.randn(linear.in_features, r))

    def forward(self, x):
        return self.linear(x) + self.scaling * x @ self.A @ self.B.T


# %% its bias too
class LoRALayer(Base):
    def forward(self, x):
        merged = self.linear.weight + self.scaling * self.B @ self.A
        return x @ merged.T


# %% not a multiple of B A x
class LoRALayer(Base):
    def forward(self, x):
        return self.linear(x) + self.scaling * (x @ self.A.T).relu() @ self.B.T
