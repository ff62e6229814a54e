"Wrong answers to exercise 1, each below the message that it must get."

import torch.nn.functional as F
from torch import nn


class Base(nn.Module):
    "What all of them share."

    std = 0.01

    def __init__(self, C, m):
        super().__init__()
        self.down = nn.Linear(C, m)
        self.up = nn.Linear(m, C)
        for layer in (self.down, self.up):
            nn.init.normal_(layer.weight, std=self.std)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x)))


# %% is the skip connection there?
class Narrow(Base):
    def forward(self, x):
        return self.up(F.gelu(self.down(x)))


# %% draw smaller matrices
class Narrow(Base):
    std = 0.2


# %% don't begin at zero
class Narrow(Base):
    def __init__(self, C, m):
        super().__init__(C, m)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.up.weight)


# %% no gradient reaches the matrix of down
class Narrow(Base):
    def __init__(self, C, m):
        super().__init__(C, m)
        nn.init.zeros_(self.up.weight)


# %% nothing bends
class Narrow(Base):
    def forward(self, x):
        return x + self.up(self.down(x))


# %% that is ReLU
class Narrow(Base):
    def forward(self, x):
        return x + self.up(self.down(x).relu())


# %% where does the bend stand
class Narrow(Base):
    def forward(self, x):
        return x + F.gelu(self.up(self.down(x)))


# %% the biases begin at zero
class Narrow(nn.Module):
    def __init__(self, C, m):
        super().__init__()
        self.down = nn.Linear(C, m)
        self.up = nn.Linear(m, C)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x)))


# %% the parameters should be
class Narrow(Base):
    def __init__(self, C, m):
        super().__init__(C, m)
        self.up = nn.Linear(m, C, bias=False)


# %% not approximated by tanh
class Narrow(Base):
    def forward(self, x):
        return x + self.up(F.gelu(self.down(x), approximate="tanh"))
