"Wrong answers to exercise 1, each below the message that it must get."

import torch
from torch import nn


class Base(nn.Module):
    "What all of them share."

    std = 0.02

    def __init__(self, linear, r, scale):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A = nn.Parameter(self.std * torch.randn(r, linear.in_features))
        self.E = nn.Parameter(torch.zeros(r, 1))
        self.B = nn.Parameter(self.std * torch.randn(linear.out_features, r))
        self.kept = torch.ones(r, dtype=torch.bool)
        self.scale = scale

    def forward(self, x):
        return self.linear(x) + self.scale * (x @ (self.E * self.A).T @ self.B.T)

    def drop(self):
        with torch.no_grad():
            self.E[~self.kept] = 0


# %% what learns should be
class Triplets(Base):
    def __init__(self, linear, r, scale):
        super().__init__(linear, r, scale)
        linear.requires_grad_(True)


# %% and is E zero?
class Triplets(Base):
    def __init__(self, linear, r, scale):
        super().__init__(linear, r, scale)
        nn.init.ones_(self.E)


# %% would never move: draw them
class Triplets(Base):
    std = 0.0


# %% a standard deviation of
class Triplets(Base):
    std = 0.3


# %% the scale is missing
class Triplets(Base):
    def forward(self, x):
        return self.linear(x) + x @ (self.E * self.A).T @ self.B.T


# %% is linear(x) there
class Triplets(Base):
    def forward(self, x):
        return self.scale * (x @ (self.E * self.A).T @ self.B.T)


# %% forward is not linear(x) + scale B diag(E) A x
class Triplets(Base):
    def forward(self, x):
        return self.linear(x) + self.scale * (x @ (self.E**2 * self.A).T @ self.B.T)


# %% mind the direction of kept
class Triplets(Base):
    def drop(self):
        with torch.no_grad():
            self.E[self.kept] = 0


# %% drop leaves E of dropped triplets as it was
class Triplets(Base):
    def drop(self):
        pass


# %% drop touches A or B
class Triplets(Base):
    def drop(self):
        with torch.no_grad():
            self.E[~self.kept] = 0
            self.A[~self.kept] = 0


# %% E must go on learning
class Triplets(Base):
    def drop(self):
        super().drop()
        self.E.requires_grad_(False)


# %% kept begins as a tensor of four booleans, all true; it is None
class Triplets(Base):
    def __init__(self, linear, r, scale):
        super().__init__(linear, r, scale)
        del self.kept


# %% kept begins as a tensor of four booleans, all true; it is tensor([False
class Triplets(Base):
    def __init__(self, linear, r, scale):
        super().__init__(linear, r, scale)
        self.kept = torch.zeros(r, dtype=torch.bool)


# %% B has a standard deviation of
class Triplets(Base):
    def __init__(self, linear, r, scale):
        super().__init__(linear, r, scale)
        nn.init.ones_(self.B)


# %% drop makes a new E, which no optimizer knows
class Triplets(Base):
    def drop(self):
        self.E = nn.Parameter(self.E.detach() * self.kept[:, None])
