"Wrong answers to exercise 1, each below the message that it must get."

from torch import nn


class Parts(nn.Module):
    def __init__(self, C, attention, mlp):
        super().__init__()
        self.attention = attention
        self.mlp = mlp
        self.norm1 = nn.LayerNorm(C)
        self.norm2 = nn.LayerNorm(C)


# %% the norm comes after the sum, as in BERT
class PreNormBlock(Parts):
    def forward(self, x):
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.mlp(x))


# %% both ways around are missing
class PreNormBlock(Parts):
    def forward(self, x):
        x = self.attention(self.norm1(x))
        return self.mlp(self.norm2(x))


# %% the MLP's way around is missing
class PreNormBlock(Parts):
    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return self.mlp(self.norm2(x))


# %% one norm for both
class PreNormBlock(Parts):
    def __init__(self, C, attention, mlp):
        super().__init__(C, attention, mlp)
        self.norm2 = self.norm1

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm1(x))


# %% norm1 is used twice
class PreNormBlock(Parts):
    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm1(x))


# %% the stream after the first sum
class PreNormBlock(Parts):
    def forward(self, x):
        return x + self.attention(self.norm1(x)) + self.mlp(self.norm2(x))


# %% you add to the normed stream
class PreNormBlock(Parts):
    def forward(self, x):
        x = self.norm1(x)
        x = x + self.attention(x)
        x = self.norm2(x)
        return x + self.mlp(x)


# %% += changes the tensor you were given
class PreNormBlock(Parts):
    def forward(self, x):
        x += self.attention(self.norm1(x))
        x += self.mlp(self.norm2(x))
        return x
