"Properties of the optimisers, their schedules and their groups of parameters."

import copy
import io
import math

import pytest
import torch
import torch.nn.functional as F
import transformers
from small_models import Fragile, Stop

from ftkit.core import FtkitError
from ftkit.foundations import optimizers as O
from ftkit.foundations import training
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


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_a_parameter_whose_first_gradient_comes_late_counts_its_own_steps(name):
    ends = []
    for make in pairs[name]:
        early = torch.ones(3, requires_grad=True)
        late = torch.ones(3, requires_grad=True)
        optimizer = make([early, late])
        for t in range(6):
            early.grad = torch.tensor([1.0, -2.0, 0.5]) * (t + 1)
            late.grad = early.grad.clone() if t >= 3 else None
            optimizer.step()
        ends.append(torch.cat([early.detach(), late.detach()]))
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


@pytest.mark.parametrize("name", O.schedules)
def test_a_schedule_has_no_steps_outside_its_own(name):
    assert 0 <= O.schedule(name, 10, 10, 2) <= 1  # just after the last
    for step in (-3, 11, 20, math.nan):
        with pytest.raises(FtkitError, match=r"does not exist; a schedule goes from 0 to 10"):
            O.schedule(name, step, 10, 2)
    assert O.schedule(name, 0, 10, 10) == 1 / 11
    for warmup in (20, 11, -1, math.nan):
        with pytest.raises(FtkitError, match=r"warmup_steps is .*; it must be from 0 to 10"):
            O.schedule(name, 5, 10, warmup)


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


# Muon

shapes = [(8, 8), (24, 6), (6, 24), (1, 9), (9, 1), (64, 48)]


def muon_of(W, **options):
    return O.Muon([("layers.0.mlp.weight", W)], **options)


@pytest.mark.parametrize("adjust", ["match_rms_adamw", "original"])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("shape", shapes)
def test_muon_takes_the_steps_of_torch(shape, nesterov, adjust):
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(shape, generator=generator)
    ours = start.clone().requires_grad_()
    theirs = start.clone().requires_grad_()
    options = dict(lr=0.02, weight_decay=0.3, momentum=0.9, nesterov=nesterov, adjust_lr_fn=adjust)
    optimizer = muon_of(ours, **options)
    other = torch.optim.Muon([theirs], **options)
    for step in range(12):
        ours.grad = torch.randn(shape, generator=generator) * 10.0**-step  # down to tiny ones
        theirs.grad = ours.grad.clone()
        optimizer.step()
        other.step()
    assert (ours - start).abs().max() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


def test_adjust_lr_fn_makes_a_difference_and_the_default_is_adamws():
    ends = {}
    for name in (None, *O.step_scales):
        W = torch.zeros(64, 16, requires_grad=True)
        W.grad = torch.randn(64, 16, generator=torch.Generator().manual_seed(0))
        muon_of(W, lr=0.1, **({} if name is None else dict(adjust_lr_fn=name))).step()
        ends[name] = W.detach()
    assert torch.equal(ends[None], ends["match_rms_adamw"])
    ratio = (ends["original"].norm() / ends["match_rms_adamw"].norm()).item()
    assert ratio == pytest.approx(2 / (0.2 * 8), rel=1e-3)
    rms = ends["match_rms_adamw"].square().mean().sqrt().item()
    assert rms / 0.1 == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize("shape", shapes)
def test_orthogonalize_turns_with_its_matrix(shape):
    G = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    upright = O.orthogonalize(G)
    on_its_side = O.orthogonalize(G.T)
    assert upright.shape == shape
    torch.testing.assert_close(upright, on_its_side.T, atol=0.03, rtol=0)
    torch.testing.assert_close(O.orthogonalize(-3 * G), -upright, atol=0.03, rtol=0)


def test_orthogonalize_levels_the_singular_values_and_keeps_the_directions():
    generator = torch.Generator().manual_seed(2)
    U, _ = torch.linalg.qr(torch.randn(20, 12, generator=generator))
    V, _ = torch.linalg.qr(torch.randn(12, 12, generator=generator))
    G = U @ torch.diag(torch.logspace(-1.5, 0, 12)) @ V.T
    inner = U.T @ O.orthogonalize(G).float() @ V
    assert (inner.diag() > 0.6).all() and (inner.diag() < 1.3).all()
    assert (inner - torch.diag(inner.diag())).abs().max() < 0.05
    assert torch.equal(O.orthogonalize(torch.zeros(3, 4)).float(), torch.zeros(3, 4))


def test_the_momentum_is_left_alone_in_bfloat16_too():
    "A cast of bfloat16 to bfloat16 is no copy; a division in place would scale the momentum."
    W = torch.zeros(8, 5, dtype=torch.bfloat16, requires_grad=True)
    W.grad = torch.full_like(W, 3.0)
    optimizer = muon_of(W, lr=0.1, nesterov=False, momentum=0.5)
    optimizer.step()
    assert (optimizer.state[W]["momentum_buffer"] == 1.5).all()
    assert (W.grad == 3).all()


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.layers = nn.ModuleList(
            nn.ModuleDict(dict(up=nn.Linear(6, 10), norm=nn.LayerNorm(10), down=nn.Linear(10, 6)))
            for _ in range(2)
        )
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        h = self.embedding(x).mean(1)
        for layer in self.layers:
            h = h + layer["down"](layer["norm"](layer["up"](h)).relu())
        return self.head(h)


def small(seed=0):
    torch.manual_seed(seed)
    return Small()


def train(model, optimizer, steps, first=0):
    for step in range(first, first + steps):
        generator = torch.Generator().manual_seed(step)
        x = torch.randint(11, (16, 4), generator=generator)
        y = torch.randint(3, (16,), generator=generator)
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()


hidden_of_small = [f"layers.{i}.{part}.weight" for i in range(2) for part in ("up", "down")]


def test_what_is_no_hidden_matrix_takes_adamws_steps():
    model = small()
    twin = small()
    optimizer = O.Muon(model.named_parameters(), lr=0.01, weight_decay=0.2)
    rest = {n: p for n, p in twin.named_parameters() if n not in hidden_of_small}
    tables = [p for p in rest.values() if p.ndim == 2]
    vectors = [p for p in rest.values() if p.ndim == 1]
    groups = [dict(params=tables, weight_decay=0.2), dict(params=vectors, weight_decay=0.0)]
    other = torch.optim.AdamW(groups, lr=0.01)
    for step in range(10):
        generator = torch.Generator().manual_seed(step)
        for p, q in zip(model.parameters(), twin.parameters()):
            p.grad = torch.randn(p.shape, generator=generator)
            q.grad = p.grad.clone()
        optimizer.step()
        other.step()
    for (name, p), q in zip(model.named_parameters(), twin.parameters()):
        if name in rest:
            torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-5)
        else:
            assert not torch.equal(p, q)


def test_muon_resumes_to_the_same_bits():
    whole = small()
    train(whole, O.Muon(whole.named_parameters(), lr=0.02), 8)
    model = small()
    optimizer = O.Muon(model.named_parameters(), lr=0.02)
    train(model, optimizer, 3)
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    later = O.Muon(model.named_parameters(), lr=0.5, momentum=0.1)
    later.load_state_dict(torch.load(file, weights_only=True))
    train(model, later, 5, first=3)
    assert torch.equal(flat(model), flat(whole))
    forgetful = small()
    train(forgetful, O.Muon(forgetful.named_parameters(), lr=0.02), 3)
    train(forgetful, O.Muon(forgetful.named_parameters(), lr=0.02), 5, first=3)
    assert not torch.equal(flat(forgetful), flat(whole)), "the control: the state matters"


def test_a_state_of_another_choice_is_refused():
    model = small()
    saved = O.Muon(model.named_parameters(), lr=0.1, hidden=["layers.0"]).state_dict()
    for other in (
        O.Muon(model.named_parameters(), lr=0.1),
        O.Muon(model.named_parameters(), lr=0.1, hidden=["layers.1"]),
    ):
        with pytest.raises(FtkitError, match="another choice of hidden matrices"):
            other.load_state_dict(saved)
    with pytest.raises(FtkitError, match="another choice of hidden matrices"):
        plain = torch.optim.AdamW(model.parameters()).state_dict()
        O.Muon(model.named_parameters(), lr=0.1).load_state_dict(plain)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["layers.1.up.weight", "head.bias"])
def test_a_gradient_that_is_no_number_is_refused_and_nothing_moves(bad, name):
    model = small()
    optimizer = O.Muon(model.named_parameters(), lr=0.1)
    train(model, optimizer, 2)
    before = flat(model)
    state = copy.deepcopy(optimizer.state_dict())
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    dict(model.named_parameters())[name].grad.view(-1)[0] = bad
    with pytest.raises(FtkitError, match=rf"The gradient of {name} holds NaN or infinity"):
        optimizer.step()
    assert torch.equal(flat(model), before)
    after = optimizer.state_dict()["state"]
    for number, values in state["state"].items():
        for key, value in values.items():
            assert torch.equal(torch.as_tensor(after[number][key]), torch.as_tensor(value))


def test_a_sparse_gradient_is_refused():
    model = small()
    model.embedding = nn.Embedding(11, 6, sparse=True)
    optimizer = O.Muon(model.named_parameters(), lr=0.1)
    with pytest.raises(FtkitError, match=r"embedding.weight is sparse"):
        train(model, optimizer, 1)


def test_large_gradients_whose_norm_overflows_are_numbers():
    W = torch.zeros(4, 4, requires_grad=True)
    bias = torch.zeros(2, requires_grad=True)
    W.grad = torch.eye(4)
    bias.grad = torch.full((2,), 3e38)
    O.Muon([("layers.0.mlp.weight", W), ("bias", bias)], lr=0.1).step()
    assert W.isfinite().all() and W.abs().max() > 0


def test_frozen_parameters_stay():
    model = small()
    model.layers[0].requires_grad_(False)
    before = flat(model.layers[0])
    optimizer = O.Muon(model.named_parameters(), lr=0.1, weight_decay=0.5)
    train(model, optimizer, 2)
    assert torch.equal(flat(model.layers[0]), before)
    names = [name for group in optimizer.param_groups for name in group["param_names"]]
    assert not any(name.startswith("layers.0") for name in names)


# which matrices are hidden


def test_hidden_matrices_are_found_by_name_not_by_shape():
    model = small()
    assert O.hidden_matrices(model.named_parameters()) == hidden_of_small
    by_shape = [name for name, p in model.named_parameters() if p.ndim == 2]
    assert set(by_shape) - set(hidden_of_small) == {"embedding.weight", "head.weight"}


@pytest.mark.parametrize(
    "name, hidden",
    [
        ("blocks.11.attention.qkv.weight", True),  # our transformer
        ("model.layers.0.self_attn.q_proj.weight", True),  # Llama
        ("transformer.h.3.attn.c_attn.weight", True),  # GPT-2
        ("bert.encoder.layer.0.attention.self.query.weight", True),
        ("encoder.block.0.layer.0.SelfAttention.q.weight", True),  # T5
        ("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", False),
        ("embeddings.tokens.weight", False),
        ("transformer.wte.weight", False),
        ("layers.0.embed.weight", False),
        ("lm_head.weight", False),
        ("heads.0.lm_head.weight", False),
        ("classifier.0.dense.weight", False),
        ("score.weight", False),
        ("0.weight", False),  # a sequence of layers does not tell which is the last
        ("net.4.weight", False),
    ],
)
def test_what_a_name_says(name, hidden):
    pair = [("layers.0.known.weight", nn.Parameter(torch.ones(2, 2)))]
    found = O.hidden_matrices([*pair, (name, nn.Parameter(torch.ones(3, 3)))])
    assert (name in found) == hidden


def test_hidden_matrices_of_a_library_model():
    config = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=2, num_attention_heads=2)
    model = BertForSequenceClassification(config)
    found = O.hidden_matrices(model.named_parameters())
    assert len(found) == 2 * 6
    assert not any("embeddings" in n or "classifier" in n or "pooler" in n for n in found)


@pytest.mark.parametrize(
    "hidden, message",
    [
        (["layer.0"], "Unknown part of a parameter's name 'layer.0'"),
        (["layers.0", "layers.7"], "Unknown part of a parameter's name 'layers.7'"),
        (["laye"], "Unknown part"),  # whole words between the dots
        (["norm"], r"'norm' fits no matrix: layers.0.norm.weight has the shape \(10,\)"),
        ([], "hidden is empty"),
    ],
)
def test_names_that_select_nothing_are_refused(hidden, message):
    with pytest.raises(FtkitError, match=message):
        O.Muon(small().named_parameters(), lr=0.1, hidden=hidden)


def test_names_that_are_given_select():
    parameters = list(small().named_parameters())
    assert O.hidden_matrices(parameters, ["layers.1"]) == hidden_of_small[2:]
    assert O.hidden_matrices(parameters, "up") == hidden_of_small[::2]
    assert O.hidden_matrices(parameters, ["layers.0.up.weight"]) == hidden_of_small[:1]


def refused(message, *arguments, **options):
    with pytest.raises(FtkitError, match=message):
        O.Muon(*arguments, **options)


def test_muon_refuses_what_it_cannot_take():
    named = list(small().named_parameters())
    refused("give it model.named_parameters", small().parameters(), lr=0.1)
    refused("give it model.named_parameters", [], lr=0.1)
    kernel = nn.Parameter(torch.ones(2, 2, 3))
    refused(r"fits no matrix: conv has the shape \(2, 2, 3\)", [("conv", kernel)], 0.1, ["conv"])
    refused("No hidden matrix was found by its name", nn.Linear(2, 2).named_parameters(), lr=0.1)
    for lr in (-1, math.nan, math.inf):
        refused("lr must be a finite number", named, lr=lr)
    refused("momentum must be from 0 to below 1", named, lr=0.1, momentum=1.0)
    refused("weight_decay must be 0 or more", named, lr=0.1, weight_decay=-0.1)
    refused("betas must be", named, lr=0.1, betas=(0.9, 1.0))
    refused("eps must be above 0", named, lr=0.1, eps=0)
    refused("Unknown adjust_lr_fn 'rms'", named, lr=0.1, adjust_lr_fn="rms")
    for shape in ((3,), (2, 3, 4)):
        with pytest.raises(FtkitError, match="A matrix has two axes"):
            O.orthogonalize(torch.ones(shape))


def test_the_loop_gets_muon_by_its_word():
    model = small()
    optimizer = O.make_optimizer("muon", model, 0.02, 0.3)
    methods = {n: g["method"] for g in optimizer.param_groups for n in g["param_names"]}
    assert [n for n, method in methods.items() if method == "muon"] == hidden_of_small
    assert len(methods) == len(list(model.parameters()))
    decay = {n: g["weight_decay"] for g in optimizer.param_groups for n in g["param_names"]}
    assert {n for n, share in decay.items() if share == 0.0} == {
        n for n, p in model.named_parameters() if p.ndim == 1
    }
    assert {group["lr"] for group in optimizer.param_groups} == {0.02}


def test_fit_trains_with_muon_and_resumes_to_the_same_bits(tmp_path):
    "The loop of lesson 14 takes it by its word, with schedule, clipping and checkpoint."
    data = [dict(input_ids=[2 + i % 7, 10 + i % 5, 4], labels=i % 7 % 2) for i in range(35)]

    def fitted(fatal=None, **more):
        torch.manual_seed(0)
        sizes = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        config = BertConfig(vocab_size=20, intermediate_size=16, **sizes)
        model = BertForSequenceClassification(config)
        options = dict(batch_size=8, max_steps=30, learning_rate=3e-2, optimizer="muon", **more)
        options |= dict(device="cpu", dtype=torch.float32, progress=False, loss=Fragile(fatal))
        history = training.fit(model, data, **options)
        return flat(model), history

    whole, history = fitted()
    losses = [step["loss"] for step in history.steps]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    folder = dict(checkpoint=tmp_path / "run", checkpoint_every=1)
    with pytest.raises(Stop):
        fitted(fatal=12, **folder)
    resumed, _ = fitted(**folder)
    assert torch.equal(resumed, whole)


# settings out of range


@pytest.mark.parametrize("name", O.optimizers)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_a_rate_or_a_decay_that_is_no_number_is_refused(name, bad):
    with pytest.raises(FtkitError, match=r"learning_rate must be a finite number, 0 or more"):
        O.make_optimizer(name, small(), bad, 0.1)
    with pytest.raises(FtkitError, match=r"weight_decay must be a finite number, 0 or more"):
        O.make_optimizer(name, small(), 0.1, bad)


@pytest.mark.parametrize("betas", [(0.9,), (0.9, 0.99, 0.999), (0.9, 1.0)])
def test_muon_takes_two_betas(betas):
    with pytest.raises(FtkitError, match=r"betas must be two numbers from 0 to below 1"):
        O.Muon(small().named_parameters(), lr=0.1, betas=betas)
