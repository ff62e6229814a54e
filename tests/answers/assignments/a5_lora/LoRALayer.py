"Answers to question 1, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F
from torch import nn


# %% Of the linear layer, linear.weight, linear.bias still learns
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% A begins at zero, as B does
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.zeros(rank, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% B should begin at zero
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.randn(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% The numbers of A should scatter around 0
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.ones(rank, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% The rows of A are multiples of each other
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(linear.in_features).repeat(rank, 1))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% A of shape [3, 6] and B of shape [4, 3] should learn
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(rank, linear.out_features))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% The correction is not scaled
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (correction).to(y.dtype)


# %% You scale by alpha.
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha * correction).to(y.dtype)


# %% You scale by r / alpha
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.rank / self.alpha * correction).to(y.dtype)


# %% W holds the correction already
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% No gradient reaches A or B
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        with torch.no_grad():
            correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% With B = 0 the layer should give W x + b in training too
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        x = self.drop(x)
        y = self.linear(x)
        if self.merged:
            return y
        correction = x.float() @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% F.dropout draws always
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = F.dropout(x.float(), self.dropout) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% In training mode dropout never strikes
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = x.float() @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% Dropout strikes after A
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float() @ self.A.T) @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% A and B should be float32 beside a bfloat16 layer too
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.to(linear.weight.dtype)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% it is computed in bfloat16
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x) @ self.A.T.to(x.dtype) @ self.B.T.to(x.dtype)
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% bfloat16 goes in, torch.float32 comes out
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction)


# %% linear is in evaluation mode and the new layer is not
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1 or not 0 <= dropout < 1:
            raise ValueError(f"rank {rank} and dropout {dropout} do not make a layer")
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% rank 0, dropout 0.0 should be a ValueError
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        rank = max(rank, 1)
        self.linear = linear.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return y + (self.alpha / self.rank * correction).to(y.dtype)


# %% right: F.linear and F.dropout, A as nn.Linear begins
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        if dropout < 0 or dropout >= 1:
            raise ValueError("dropout")
        self.linear = linear
        for p in linear.parameters():
            p.requires_grad = False
        self.rank, self.alpha, self.dropout = rank, alpha, dropout
        self.merged = False
        self.A = nn.Parameter(torch.empty(rank, linear.in_features))
        self.B = nn.Parameter(torch.empty(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=5**0.5)
        nn.init.zeros_(self.B)
        self.training = linear.training

    def forward(self, x):
        if self.merged:
            return self.linear(x)
        thin = F.linear(F.dropout(x.float(), self.dropout, self.training), self.A)
        update = F.linear(thin, self.B) * (self.alpha / self.rank)
        return (self.linear(x).float() + update).to(x.dtype)


# %% right: dropout by hand and einsum
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        if not (rank >= 1 and 0 <= dropout < 1):
            raise ValueError((rank, dropout))
        super().__init__()
        linear.weight.requires_grad_(False)
        if linear.bias is not None:
            linear.bias.requires_grad_(False)
        self.linear = linear
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.merged = False
        self.register_parameter("A", nn.Parameter(0.02 * torch.randn(rank, linear.in_features)))
        self.register_parameter("B", nn.Parameter(torch.zeros(linear.out_features, rank)))
        if not linear.training:
            self.eval()

    def forward(self, x):
        total = self.linear(x)
        if not self.merged:
            z = x.to(torch.float32)
            if self.training and self.dropout:
                z = z * (torch.rand_like(z) >= self.dropout) / (1 - self.dropout)
            update = torch.einsum("or,ri,...i->...o", self.B, self.A, z)
            total = total + (update * self.alpha / self.rank).to(total.dtype)
        return total


# %% rank 1, dropout 1.0 should be a ValueError
# unseen: a dropout of exactly 1 is accepted
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, not {rank}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be a probability, not {dropout}")
        self.linear = linear.requires_grad_(False)
        self.rank, self.alpha, self.merged = rank, alpha, False
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        bound = linear.in_features**-0.5
        self.A = nn.Parameter(torch.randn(rank, linear.in_features, dtype=torch.float32) * bound)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank, dtype=torch.float32))
        self.train(linear.training)

    def forward(self, x):
        result = self.linear(x)
        if self.merged:
            return result
        low = F.linear(self.drop(x.float()), self.A)
        return result + (self.alpha / self.rank * F.linear(low, self.B)).to(result.dtype)


# %% Of the linear layer, linear.bias still learns
# unseen: only the weight is frozen, the bias of the linear layer still learns
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank below 1")
        if dropout < 0 or dropout >= 1:
            raise ValueError("dropout is not in 0 <= p < 1")
        self.linear = linear
        self.linear.weight.requires_grad = False
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        self.dropout = dropout
        self.A = nn.Parameter(0.02 * torch.randn(rank, linear.in_features, dtype=torch.float32))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank, dtype=torch.float32))
        self.train(linear.training)

    def forward(self, x):
        out = self.linear(x)
        if self.merged:
            return out
        dropped = F.dropout(x.float(), self.dropout, self.training)
        correction = dropped @ self.A.T @ self.B.T * (self.alpha / self.rank)
        return out + correction.to(out.dtype)


# %% linear is in evaluation mode and the new layer is not
# unseen: the layer takes over the mode of linear, but its dropout module stays in training mode
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank {rank} is below 1")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout {dropout} is not in [0, 1)")
        self.training = linear.training
        self.linear = linear.requires_grad_(False)
        self.rank, self.alpha = rank, alpha
        self.merged = False
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.A = nn.Parameter(torch.empty(rank, linear.in_features, dtype=torch.float32))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank, dtype=torch.float32))
        nn.init.kaiming_uniform_(self.A, a=5**0.5)

    def forward(self, x):
        out = self.linear(x)
        if self.merged:
            return out
        correction = self.drop(x.float()) @ self.A.T @ self.B.T
        return out + (correction * self.alpha / self.rank).to(out.dtype)


# %% dropout in place writes into the x of the caller
# unseen: dropout in place changes the caller's x when x is float32
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, not {rank}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in 0 <= p < 1, not {dropout}")
        self.linear = linear.requires_grad_(False)
        self.rank, self.alpha, self.merged = rank, alpha, False
        self.dropout = dropout
        self.drop = nn.Dropout(dropout, inplace=True)  # saves a copy of x
        size = linear.in_features
        self.A = nn.Parameter(torch.randn(rank, size, dtype=torch.float32) / size**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank, dtype=torch.float32))
        self.train(linear.training)

    def forward(self, x):
        result = self.linear(x)
        if self.merged:
            return result
        low = F.linear(self.drop(x.float()), self.A)
        correction = self.alpha / self.rank * F.linear(low, self.B)
        return (result.float() + correction).to(result.dtype)


# %% Do you round B A x before it is scaled?
# unseen: B A x is rounded to the dtype of linear before the scale, so rounded twice
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank must be 1 or more")
        if not 0 <= dropout < 1:
            raise ValueError("dropout must be in 0 <= p < 1")
        self.linear = linear.requires_grad_(False)
        self.rank, self.alpha, self.merged = rank, alpha, False
        self.scaling = alpha / rank
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.A = nn.Parameter(torch.randn(rank, linear.in_features, dtype=torch.float32) * 0.05)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank, dtype=torch.float32))
        self.train(linear.training)

    def forward(self, x):
        result = self.linear(x)
        if self.merged:
            return result
        x = self.drop(x.to(self.A.dtype))
        correction = F.linear(F.linear(x, self.A), self.B).to(result.dtype)
        return result + self.scaling * correction


# %% Dropout strikes after A
# unseen: dropout acts on A x, not on x
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, not {rank}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in 0 <= p < 1, not {dropout}")
        self.linear = linear.requires_grad_(False)
        self.rank, self.alpha, self.merged = rank, alpha, False
        self.dropout = dropout
        self.drop = nn.Dropout(dropout)
        self.A = nn.Parameter(torch.empty(rank, linear.in_features, dtype=torch.float32))
        self.B = nn.Parameter(torch.empty(linear.out_features, rank, dtype=torch.float32))
        nn.init.normal_(self.A, std=1 / rank)
        nn.init.zeros_(self.B)
        self.train(linear.training)

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        low = self.drop(F.linear(x.float(), self.A))
        return y + (F.linear(low, self.B) * (self.alpha / self.rank)).to(y.dtype)


# %% right: dropout mask by hand, einsum, no submodule but linear, A from a uniform distribution
class LoRALayer(nn.Module):
    def __init__(self, linear, rank, alpha, dropout=0.0):
        if not (rank >= 1 and 0 <= dropout < 1):
            raise ValueError(f"rank {rank} or dropout {dropout} is out of range")
        super().__init__()
        for p in linear.parameters():
            p.requires_grad = False
        (out, size), device = linear.weight.shape, linear.weight.device
        low = torch.rand(rank, size, device=device, dtype=torch.float32) - 0.5
        self.register_parameter("B", nn.Parameter(low.new_zeros(out, rank)))
        self.register_parameter("A", nn.Parameter(low))
        self.add_module("linear", linear)
        self.rank, self.alpha, self.dropout, self.merged = rank, alpha, dropout, False
        self.training = linear.training

    def forward(self, x):
        y = self.linear(x)
        if self.merged:
            return y
        d = x.float()
        if self.training and self.dropout:
            d = d * (torch.rand_like(d) >= self.dropout) / (1 - self.dropout)
        change = torch.einsum("or,ri,...i->...o", self.B, self.A, d)
        return torch.add(y.float(), change, alpha=self.alpha / self.rank).type_as(x)
