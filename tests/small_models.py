"""Configurations and models small enough to be compared exactly, for several test files."""

import torch

from ftkit.foundations.training import sum_cross_entropy
from ftkit.foundations.transformer import bert_config, gpt_config, kinds, llama_config

V, context = 60, 32
small = dict(width=32, layers=2, heads=4, context=context)
gpt = gpt_config(V, **small)
bert = bert_config(V, **small)
llama = llama_config(V, kv_heads=2, **small)
waves = gpt_config(V, positions="sinusoidal", bias=False, **small)


def number(model):
    return sum(p.numel() for p in model.parameters())


def ids_and_mask(B=3, T=12, seed=0):
    g = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, T + 1, (B, 1), generator=g)
    lengths[0] = T
    return torch.randint(3, V, (B, T), generator=g), (torch.arange(T) < lengths).long()


def made(kind, config, seed=0):
    "A small model of ours."
    torch.manual_seed(seed)
    return kinds[kind](config).eval()


class Stop(Exception):
    "Stands for a kill inside a test."


class Fragile:
    "The usual loss; it counts its calls, and one of them fails."

    def identity(self):
        "Neither the calls nor the failure changes a number."
        return "the usual loss"

    def __init__(self, fatal=None):
        self.calls = 0
        self.fatal = fatal

    def __call__(self, model, batch):
        self.calls += 1
        if self.calls == self.fatal:
            raise Stop
        return sum_cross_entropy(model, batch)
