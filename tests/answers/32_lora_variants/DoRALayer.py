"Wrong answers to exercise 2, each below the message that it must get."

import torch
import torch.nn.functional as F
from torch import nn


class Base(nn.Module):
    "What all of them share."

    def __init__(self, linear, r, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(r, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, r))
        self.m = nn.Parameter(linear.weight.norm(dim=1))
        self.scaling = alpha / r

    def direction(self):
        return self.linear.weight + self.scaling * self.B @ self.A

    def forward(self, x):
        V = self.direction()
        norms = V.norm(dim=1, keepdim=True).detach()
        return F.linear(x, self.m.unsqueeze(1) * V / norms, self.linear.bias)


# %% what are m and B at the start?
class DoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        nn.init.ones_(self.m)


# %% and nothing else; found
class DoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        self.linear.requires_grad_(True)


# %% the norm is taken of columns
class DoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        self.fresh = True

    def forward(self, x):
        if not self.B.any():
            return self.linear(x)
        V = self.direction()
        W = self.m.unsqueeze(1) * V / V.norm(dim=0, keepdim=True).detach()
        return F.linear(x, W, self.linear.bias)


# %% you divide by the norm of W
class DoRALayer(Base):
    def forward(self, x):
        norms = self.linear.weight.norm(dim=1, keepdim=True)
        return F.linear(x, self.m.unsqueeze(1) * self.direction() / norms, self.linear.bias)


# %% the bias is scaled too
class DoRALayer(Base):
    def forward(self, x):
        norms = self.direction().norm(dim=1).detach()
        return F.linear(x, self.direction(), self.linear.bias) * self.m / norms


# %% let A begin at random
class DoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        nn.init.zeros_(self.A)


# %% B A is multiplied by 6; alpha / r is
class DoRALayer(Base):
    def __init__(self, linear, r, alpha):
        super().__init__(linear, r, alpha)
        self.scaling = alpha


# %% A gets no gradient
class DoRALayer(Base):
    def forward(self, x):
        V = self.direction()
        W = self.m.unsqueeze(1) * (V / V.norm(dim=1, keepdim=True)).detach()
        return F.linear(x, W, self.linear.bias)


# %% m gets no gradient
class DoRALayer(Base):
    def forward(self, x):
        V = self.direction()
        size = (self.m / V.norm(dim=1)).detach()
        return F.linear(x, size.unsqueeze(1) * V, self.linear.bias)


# %% is the norm detached
class DoRALayer(Base):
    def forward(self, x):
        V = self.direction()
        norms = V.norm(dim=1, keepdim=True)
        return F.linear(x, self.m.unsqueeze(1) * V / norms, self.linear.bias)
