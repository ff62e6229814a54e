"Answers to question 3, each below the message that it must get; those that are right say so."

import math

import torch
import torch.nn.functional as F
from torch import nn


class Usual(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.image = nn.Sequential(
            nn.Flatten(), nn.Linear(588, 128), nn.ReLU(), nn.Linear(128, width)
        )
        self.word = nn.Embedding(n_words, width)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_images(self, images):
        return F.normalize(self.image(images), dim=1)

    def embed_texts(self, ids):
        mask = (ids != 0)[..., None]
        return F.normalize((self.word(ids) * mask).sum(1) / mask.sum(1), dim=1)

    def temperature(self):
        return torch.exp(-self.log_scale.clamp(max=math.log(100)))

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% make them unit long
class SmallCLIP(Usual):
    def embed_images(self, images):
        return self.image(images)


# %% changes with its padding
class SmallCLIP(Usual):
    def embed_texts(self, ids):
        return F.normalize(self.word(ids).mean(1), dim=1)


# %% depends on the batch around it
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        self.image.insert(2, nn.BatchNorm1d(128))


# %% no dropout
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        self.image.append(nn.Dropout(0.2))


# %% 300,000 are the most
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        self.image = nn.Sequential(
            nn.Flatten(), nn.Linear(588, 1024), nn.ReLU(), nn.Linear(1024, width)
        )


# %% That is 1 / temperature
class SmallCLIP(Usual):
    def temperature(self):
        return self.log_scale.clamp(max=math.log(100)).exp()


# %% log_scale is no parameter
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        start = self.log_scale.detach().clone()
        del self.log_scale
        self.log_scale = start


# %% 0.01 is the least
class SmallCLIP(Usual):
    def temperature(self):
        return (-self.log_scale).exp()


# %% does not follow log_scale
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        self.kept = 1 / self.log_scale.exp()

    def temperature(self):
        return self.kept


# %% No gradient reaches log_scale
class SmallCLIP(Usual):
    def temperature(self):
        return torch.tensor(max(math.exp(-self.log_scale.item()), 0.01))


# %% Three vectors of the width 24
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words)


# %% These parameters get no gradient
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        self.unused = nn.Linear(width, width)


# %% These parameters get no gradient
class SmallCLIP(Usual):
    def embed_texts(self, ids):
        with torch.no_grad():
            return super().embed_texts(ids)


# %% it should be below 0.3
class SmallCLIP(Usual):
    def __init__(self, n_words, width=32):
        super().__init__(n_words, width)
        self.image = nn.Sequential(nn.AvgPool2d(14), nn.Flatten(), nn.Linear(3, width))


# %% Two captions give one vector
class SmallCLIP(Usual):
    def embed_texts(self, ids):
        mask = (ids != 0)[..., None]
        mean = (self.word(ids) * mask).sum((0, 1)) / mask.sum()
        return F.normalize(mean, dim=0).expand(len(ids), -1)


# %% right: convolutions, and a sum of words
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.second = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.last = nn.Linear(32 * 16, width)
        self.word = nn.Embedding(n_words, width, padding_idx=0)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(0.07)))

    def embed_images(self, images):
        x = F.relu(self.first(images))
        x = F.relu(self.second(x))
        return F.normalize(self.last(x.flatten(1)), dim=-1)

    def embed_texts(self, ids):
        return F.normalize(self.word(ids).sum(1), dim=-1)

    def temperature(self):
        return 1 / self.log_scale.exp().clamp(max=100)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% right: patches with a norm, a linear map behind an EmbeddingBag
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(588, 200), nn.LayerNorm(200), nn.GELU(), nn.Linear(200, width, bias=False)
        )
        self.bag = nn.EmbeddingBag(n_words, 48, padding_idx=0, mode="mean")
        self.map = nn.Linear(48, width)
        self.log_scale = nn.Parameter(torch.log(torch.tensor(1 / 0.07)))

    def embed_images(self, images):
        x = self.layers(images.reshape(len(images), -1))
        return x / x.norm(dim=1, keepdim=True)

    def embed_texts(self, ids):
        x = self.map(self.bag(ids))
        return x / x.norm(dim=1, keepdim=True)

    def temperature(self):
        return (-self.log_scale).clamp(min=math.log(0.01)).exp()

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% changes with its padding
# unseen: the largest over words takes the zeros of padding with it
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.project = nn.Linear(32 * 9, width)
        self.words = nn.Embedding(n_words, width, padding_idx=0)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_images(self, images):
        x = F.max_pool2d(F.relu(self.conv1(images)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.normalize(self.project(x.flatten(1)), dim=-1)

    def embed_texts(self, ids):
        return F.normalize(self.words(ids).amax(dim=1), dim=-1)

    def temperature(self):
        return self.log_scale.neg().exp().clamp(min=0.01)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% mind the sign
# unseen: log_scale holds the log of the temperature
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.look = nn.Sequential(
            nn.Flatten(), nn.Linear(588, 128), nn.ReLU(), nn.Linear(128, width)
        )
        self.words = nn.Embedding(n_words, width, padding_idx=0)
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.07)))

    def embed_images(self, images):
        return F.normalize(self.look(images), dim=1)

    def embed_texts(self, ids):
        return F.normalize(self.words(ids).sum(1), dim=1)

    def temperature(self):
        return self.log_scale.exp().clamp(min=0.01)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% log_scale = log 20 is 0.05
# unseen: 0.01 is added, so log_scale is no longer the log of 1 / temperature
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.look = nn.Sequential(nn.Flatten(), nn.Linear(588, 96), nn.GELU(), nn.Linear(96, width))
        self.words = nn.Embedding(n_words, width, padding_idx=0)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.06)))

    def embed_images(self, images):
        return F.normalize(self.look(images), dim=1)

    def embed_texts(self, ids):
        return F.normalize(self.words(ids).sum(1), dim=1)

    def temperature(self):
        return 0.01 + torch.exp(-self.log_scale)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% it is a batch too
# unseen: squeeze takes the batch away from a single picture
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, width, 7),
        )
        self.words = nn.Embedding(n_words, width, padding_idx=0)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_images(self, images):
        return F.normalize(self.look(images).squeeze(), dim=-1)

    def embed_texts(self, ids):
        return F.normalize(self.words(ids).sum(1), dim=-1)

    def temperature(self):
        return torch.exp(-self.log_scale).clamp(min=0.01)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% SmallCLIP raises RuntimeError
# unseen: places of words are learned for eight places only
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.look = nn.Sequential(
            nn.Flatten(), nn.Linear(588, 128), nn.ReLU(), nn.Linear(128, width)
        )
        self.words = nn.Embedding(n_words, width)
        self.places = nn.Parameter(0.1 * torch.randn(8, width))
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_images(self, images):
        return F.normalize(self.look(images), dim=-1)

    def embed_texts(self, ids):
        x = self.words(ids) + self.places[: ids.shape[1]]
        keep = (ids != 0).unsqueeze(-1)
        return F.normalize((x * keep).sum(1) / keep.sum(1), dim=-1)

    def temperature(self):
        return torch.exp(-self.log_scale).clamp(min=0.01)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% no dropout
# unseen: dropout in the text tower
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.look = nn.Sequential(
            nn.Flatten(), nn.Linear(588, 128), nn.ReLU(), nn.Linear(128, width)
        )
        self.words = nn.Embedding(n_words, width, padding_idx=0)
        self.drop = nn.Dropout(0.1)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_images(self, images):
        return F.normalize(self.look(images), dim=-1)

    def embed_texts(self, ids):
        return F.normalize(self.drop(self.words(ids)).sum(1), dim=-1)

    def temperature(self):
        return torch.exp(-self.log_scale).clamp(min=0.01)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% right: towers without modules for the text, words looked up by one-hot
class SmallCLIP(nn.Module):
    def __init__(self, n_words, width=32):
        super().__init__()
        self.patches = nn.Unfold(2, stride=2)
        self.mix = nn.ModuleList([nn.Linear(12, 16), nn.Linear(16 * 49, 64), nn.Linear(64, width)])
        self.table = nn.Parameter(torch.randn(n_words - 1, width) / 6)
        self.log_scale = nn.Parameter(-torch.tensor(0.07).log())

    def embed_images(self, images):
        x = self.mix[0](self.patches(images).mT).tanh()
        x = self.mix[2](self.mix[1](x.flatten(1)).tanh())
        return x / x.norm(dim=-1, keepdim=True)

    def embed_texts(self, ids):
        counts = F.one_hot(ids, len(self.table) + 1)[..., 1:].sum(1)
        x = counts.to(self.table) @ self.table
        return x / x.norm(dim=-1, keepdim=True)

    def temperature(self):
        floor = torch.full_like(self.log_scale, 0.01)
        return torch.maximum(self.log_scale.neg().exp(), floor)

    def forward(self, images, ids):
        return self.embed_images(images), self.embed_texts(ids)


# %% 32, if nothing else is said
class SmallCLIP(Usual):
    def __init__(self, n_words, width=64):
        super().__init__(n_words, width)
