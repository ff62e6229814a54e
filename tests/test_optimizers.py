"Properties of the optimisers, their schedules and their groups of parameters."

import math

import pytest
import torch
import torch.nn.functional as F
import transformers
from ftkit.foundations import optimizers as O
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

settings.register_profile("ftkit", deadline=None)
settings.load_profile("ftkit")  # no test of time


def flat(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# optimisers

pairs = {
    "GradientDescent": (
        lambda p: O.GradientDescent(p, 0.1),
        lambda p: torch.optim.SGD(p, lr=0.1),
    ),
    "Momentum": (
        lambda p: O.Momentum(p, 0.1, 0.8),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8),
    ),
    "Adam": (
        lambda p: O.Adam(p, 0.01, (0.8, 0.99), 1e-6),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6),
    ),
    "AdamW": (
        lambda p: O.AdamW(p, 0.01, weight_decay=0.2),
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.2),
    ),
}


@pytest.mark.parametrize("name", pairs)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_optimisers_take_the_steps_of_torch(name, seed):
    ends = []
    for make in pairs[name]:
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))
        x = torch.randn(9, 5)
        y = torch.randint(0, 3, (9,))
        optimizer = make(net.parameters())
        for _ in range(20):
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
        ends.append(flat(net))
    torch.testing.assert_close(*ends, atol=1e-6, rtol=1e-5)


# schedules


def all_steps(name, total, warmup):
    return [O.schedule(name, step, total, warmup) for step in range(total)]


def test_schedule_values_by_hand():
    assert all_steps("linear", 4, 0) == [1, 0.75, 0.5, 0.25]
    assert all_steps("linear", 3, 1) == [0.5, 1, 0.5]
    assert all_steps("constant", 3, 2) == pytest.approx([1 / 3, 2 / 3, 1])
    half = math.sqrt(0.5)
    assert all_steps("cosine", 4, 0) == pytest.approx([1, (1 + half) / 2, 0.5, (1 - half) / 2])


@given(st.sampled_from(["linear", "cosine"]), st.integers(1, 60), st.data())
def test_schedules_are_those_of_transformers_one_step_on(name, total, data):
    warmup = data.draw(st.integers(0, total - 1))
    scheduler = transformers.get_scheduler(
        name,
        torch.optim.SGD([torch.zeros(1)], lr=1),
        num_warmup_steps=warmup + 1,
        num_training_steps=total + 1,
    )
    theirs = scheduler.lr_lambdas[0]
    found = all_steps(name, total, warmup)
    assert found == pytest.approx([theirs(step + 1) for step in range(total)])
    assert all(0 < factor <= 1 for factor in found)


# groups of parameters


def test_decay_spares_biases_and_norms():
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    model = BertForSequenceClassification(config)
    names = {id(p): name for name, p in model.named_parameters()}
    groups = O.parameter_groups(model, 0.3)
    decayed, spared = ([names[id(p)] for p in group["params"]] for group in groups)
    assert len(decayed) + len(spared) == len(names)
    assert spared
    assert all(name.endswith("bias") or "LayerNorm" in name for name in spared)
    assert decayed
    assert not any(name.endswith("bias") or "LayerNorm" in name for name in decayed)
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]
