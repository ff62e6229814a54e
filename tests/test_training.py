"Properties of the training loop, on networks so small that all of it takes seconds."

import math, os, random, signal, subprocess, sys, textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings, strategies as st
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

from ftkit.foundations import training as T
from ftkit.core import FtkitError
from ftkit.foundations.text import collate

settings.register_profile("ftkit", deadline=None)
settings.load_profile("ftkit")  # no test of time
quiet = dict(progress=False, device="cpu", dtype=torch.float32)


def bert(seed=0, dropout=0.1, **more):
    torch.manual_seed(seed)
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=50,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=32,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
            **more,
        )
    )


def rows(n, seed=0, noise=0.0):
    rng = random.Random(seed)
    made = [[rng.randrange(8, 50) for _ in range(rng.randrange(3, 16))] for _ in range(n)]
    for ids in made[::2]:
        ids[rng.randrange(len(ids))] = 7
    return [dict(input_ids=ids, labels=int(7 in ids) ^ (rng.random() < noise)) for ids in made]


def flat(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def trained(model=None, n=24, **more):
    model = model or bert()
    options = quiet | dict(batch_size=8, learning_rate=1e-3) | more
    history = T.fit(model, rows(n), options.pop("validation", None), **options)
    return flat(model), history


class Tagger(nn.Module):
    "A label for every token; no mixing between tokens, so padding can't matter."

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.head = nn.Embedding(50, 8), nn.Linear(8, 3)

    def forward(self, input_ids, attention_mask):
        return self.head(self.embed(input_ids).tanh())


# optimisers

pairs = {
    "GradientDescent": (lambda p: T.GradientDescent(p, 0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "Momentum": (
        lambda p: T.Momentum(p, 0.1, 0.8),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8),
    ),
    "Adam": (
        lambda p: T.Adam(p, 0.01, (0.8, 0.99), 1e-6),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6),
    ),
    "AdamW": (
        lambda p: T.AdamW(p, 0.01, weight_decay=0.2),
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.2),
    ),
}


@pytest.mark.parametrize("name", pairs)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_optimisers_take_the_steps_of_torch(name, seed):
    paths = []
    for make in pairs[name]:
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))
        x, y, optimizer = torch.randn(9, 5), torch.randint(0, 3, (9,)), make(net.parameters())
        for _ in range(20):
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
        paths.append(flat(net))
    torch.testing.assert_close(*paths, atol=1e-6, rtol=1e-5)


# schedules


def test_schedule_values_by_hand():
    ours = lambda name, total, warmup: [T.schedule(name, s, total, warmup) for s in range(total)]
    assert ours("linear", 4, 0) == [1, 0.75, 0.5, 0.25]
    assert ours("linear", 3, 1) == [0.5, 1, 0.5]
    assert ours("constant", 3, 2) == pytest.approx([1 / 3, 2 / 3, 1])
    assert ours("cosine", 4, 0) == pytest.approx(
        [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2]
    )


@given(st.sampled_from(["linear", "cosine"]), st.integers(1, 60), st.data())
def test_schedules_are_those_of_transformers_one_step_on(name, total, data):
    warmup = data.draw(st.integers(0, total - 1))
    theirs = transformers.get_scheduler(
        name,
        torch.optim.SGD([torch.zeros(1)], lr=1),
        num_warmup_steps=warmup + 1,
        num_training_steps=total + 1,
    ).lr_lambdas[0]
    found = [T.schedule(name, s, total, warmup) for s in range(total)]
    assert found == pytest.approx([theirs(s + 1) for s in range(total)])
    assert all(0 < f <= 1 for f in found)


@pytest.mark.parametrize("name", T.schedules)
def test_the_rate_at_work_follows_the_schedule(name):
    "Under a constant gradient AdamW moves a weight by the learning rate itself, so the weight shows which rate was at work."
    model, seen = nn.Linear(1, 1, bias=False), []

    def loss(model, batch):
        seen.append(model.weight.item())
        return model.weight.sum(), torch.tensor(1)

    history = T.fit(
        model,
        rows(24),
        loss=loss,
        batch_size=4,
        learning_rate=0.01,
        weight_decay=0.0,
        clip=None,
        schedule=name,
        warmup=0.5,
        **quiet,
    )
    expected = [0.01 * T.schedule(name, step, 6, 3) for step in range(6)]
    assert [s["learning_rate"] for s in history.steps] == pytest.approx(expected)
    assert -np.diff([*seen, model.weight.item()]) == pytest.approx(expected, rel=1e-3)


# loss and accumulation


def test_sum_cross_entropy_counts_valid_labels_only():
    model, batch = (
        Tagger(),
        collate([dict(input_ids=[1, 2, 3], labels=[0, -100, 2]), dict(input_ids=[4], labels=[1])]),
    )
    total, count = T.sum_cross_entropy(model, batch)
    logits = model(batch["input_ids"], None)
    by_hand = -sum(logits[i, j].log_softmax(-1)[y] for i, j, y in ((0, 0, 0), (0, 2, 2), (1, 0, 1)))
    assert count == 3
    torch.testing.assert_close(total, by_hand)


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 25), min_size=1, max_size=12),
    st.integers(1, 12),
    st.integers(0, 99),
    st.sampled_from([None, 0.01, 1.0]),
)
def test_accumulated_parts_are_the_large_batch(lengths, size, seed, clip):
    rng = random.Random(seed)
    data = [
        dict(
            input_ids=[rng.randrange(50) for _ in range(n)],
            labels=[rng.choice([-100, 0, 1, 2]) for _ in range(n)],
        )
        for n in lengths
    ]
    data[0]["labels"][0] = 1
    found = []
    for size, accumulate in ((len(data), 1), (size, math.ceil(len(data) / size))):
        model = Tagger()
        history = T.fit(
            model,
            data,
            batch_size=size,
            accumulate=accumulate,
            optimizer="sgd",
            learning_rate=1.0,
            weight_decay=0,
            clip=clip,
            warmup=0,
            **quiet,
        )
        assert len(history.steps) == 1 and history.steps[0]["tokens"] == sum(lengths)
        found.append((flat(model), history.steps[0]["loss"], history.steps[0]["gradient_norm"]))
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-6, rtol=0)
    assert found[0][1:] == pytest.approx(found[1][1:], abs=1e-6)


def test_average_of_averages_would_be_noticed():
    "The control of the test above: a loss that divides by itself gives other weights when the parts differ."
    data = [dict(input_ids=[1], labels=[0]), dict(input_ids=[2] * 9, labels=[1] * 9)]

    def naive(model, batch):
        total, n = T.sum_cross_entropy(model, batch)
        return total / n, torch.tensor(1)

    found = []
    for size, accumulate in ((2, 1), (1, 2)):
        model = Tagger()
        T.fit(
            model,
            data,
            batch_size=size,
            accumulate=accumulate,
            loss=naive,
            optimizer="sgd",
            learning_rate=1.0,
            **quiet,
        )
        found.append(flat(model))
    assert (found[0] - found[1]).abs().max() > 1e-2


@given(st.floats(0.01, 100), st.integers(1, 50), st.integers(0, 99))
def test_scaling_is_division_then_clip(clip, divisor, seed):
    torch.manual_seed(seed)
    ours, theirs = [[torch.zeros(3, 2), torch.zeros(4), torch.zeros(1)] for _ in range(2)]
    for a, b in zip(ours[:2], theirs[:2]):
        a.grad = torch.randn_like(a) * 30
        b.grad = a.grad / divisor
    norm = T.scale_gradients(ours, torch.tensor(divisor), clip)
    torch.testing.assert_close(norm, torch.nn.utils.clip_grad_norm_(theirs, clip))
    for a, b in zip(ours[:2], theirs[:2]):
        torch.testing.assert_close(a.grad, b.grad)


# one step of the loop equals a step of the library, written out


def test_one_step_is_the_textbook_step():
    data, model, plain = rows(8), bert(dropout=0.0), bert(dropout=0.0)
    T.fit(
        model, data, batch_size=8, learning_rate=1e-3, weight_decay=0.1, warmup=0, clip=0.5, **quiet
    )
    optimizer = torch.optim.AdamW(T.parameter_groups(plain, 0.1), lr=1e-3)
    batch = collate(data)
    labels = batch.pop("labels")
    F.cross_entropy(plain(**batch).logits, labels).backward()
    torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
    optimizer.step()
    moved = (
        flat(plain) - flat(bert(dropout=0.0))
    ).abs() > 1e-5  # where Adam's division is not by almost 0
    torch.testing.assert_close(flat(model)[moved], flat(plain)[moved], atol=2e-5, rtol=1e-4)


def test_decay_spares_biases_and_norms():
    model = bert()
    names = {id(p): n for n, p in model.named_parameters()}
    decayed, spared = ([names[id(p)] for p in g["params"]] for g in T.parameter_groups(model, 0.3))
    assert len(decayed) + len(spared) == len(names)
    assert spared and all(n.endswith("bias") or "LayerNorm" in n for n in spared)
    assert decayed and not any(n.endswith("bias") or "LayerNorm" in n for n in decayed)
    assert [g["weight_decay"] for g in T.parameter_groups(model, 0.3)] == [0.3, 0.0]


@pytest.mark.parametrize("optimizer", ["adamw", "adafactor", "sgd"])
def test_every_optimizer_learns(optimizer):
    model, data = bert(dropout=0.0), rows(64)
    before = T.evaluate_loss(model, data, device="cpu", dtype=torch.float32)
    T.fit(
        model,
        data,
        batch_size=16,
        epochs=10,
        learning_rate=0.05 if optimizer == "sgd" else 2e-3,
        optimizer=optimizer,
        **quiet,
    )
    assert T.evaluate_loss(model, data, device="cpu", dtype=torch.float32) < before - 0.02


def test_bf16_computes_coarsely_and_keeps_weights_exact():
    weights, history = trained(dtype=torch.bfloat16)
    exact, exact_history = trained()
    assert weights.dtype == torch.float32
    assert not torch.equal(weights, exact)
    assert [s["loss"] for s in history.steps] == pytest.approx(
        [s["loss"] for s in exact_history.steps], abs=0.02
    )


# a function of weights, data and seed


def test_same_seed_same_bits_other_seed_other_bits():
    torch.manual_seed(5)
    a, _ = trained()
    torch.manual_seed(6)
    random.random()
    b, _ = trained()
    c, _ = trained(seed=1)
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_every_example_once_per_epoch():
    seen = []

    def spy(examples):
        seen.extend(e["input_ids"][0] for e in examples)
        return collate(examples)

    data = [dict(input_ids=[i] * (1 + i % 7), labels=0) for i in range(23)]
    history = T.fit(
        Tagger_of_one(),
        data,
        collate=spy,
        loss=sum_of_first,
        batch_size=4,
        accumulate=2,
        epochs=2,
        **quiet,
    )
    assert sorted(seen) == sorted(list(range(23)) * 2)
    assert seen[:23] != seen[23:] and len(history.steps) == 6


class Tagger_of_one(Tagger):
    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids, attention_mask)[:, 0]


def sum_of_first(model, batch):
    return T.sum_cross_entropy(model, batch)


def test_predict_keeps_order_and_mode():
    model, data = bert().train(), rows(17)
    alone = torch.cat([T.predict(model, [e], device="cpu", dtype=torch.float32) for e in data])
    together = T.predict(model, data, batch_size=5, device="cpu", dtype=torch.float32)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert model.training and together.shape == (17, 2) and not together.requires_grad
    assert T.predict(model, []).shape == (0, 2)
    with pytest.raises(FtkitError, match="one row of logits per example"):
        T.predict(Tagger(), data, device="cpu")


def test_evaluate_loss_is_no_average_of_averages():
    data = [
        dict(input_ids=[1], labels=[0]),
        dict(input_ids=[2] * 9, labels=[1] * 9),
        dict(input_ids=[3] * 5, labels=[2] * 5),
    ]
    whole = T.evaluate_loss(Tagger(), data, batch_size=3, device="cpu", dtype=torch.float32)
    assert T.evaluate_loss(
        Tagger(), data, batch_size=1, device="cpu", dtype=torch.float32
    ) == pytest.approx(whole, abs=1e-6)


# early stopping


def test_early_stopping_restores_the_best_weights():
    model, validation = bert(), rows(40, seed=9)
    history = T.fit(
        model,
        rows(64, noise=0.3),
        validation,
        batch_size=8,
        epochs=40,
        patience=2,
        learning_rate=3e-3,
        **quiet,
    )
    losses = [e["loss"] for e in history.evaluations]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 and "2 evaluations without a new best" in history.stopped
    assert history.best_step == history.evaluations[best]["step"]
    assert T.evaluate_loss(model, validation, device="cpu", dtype=torch.float32) == pytest.approx(
        losses[best], abs=1e-7
    )


def test_evaluations_come_when_asked_and_at_the_end():
    _, history = trained(n=40, validation=rows(8, seed=1), evaluate_every=2)
    assert [e["step"] for e in history.evaluations] == [2, 4, 5]


def test_best_copy_holds_only_what_is_trained():
    model = bert().requires_grad_(False)
    model.classifier.requires_grad_(True)
    assert set(T.trained_state(model)) - {n for n, _ in model.named_buffers()} == {
        "classifier.weight",
        "classifier.bias",
    }


# gradient checkpointing


def test_gradients_flow_through_a_frozen_base():
    found = []
    for wanted in (False, True):
        model = bert(dropout=0.0).requires_grad_(False)
        model.bert.encoder.layer[0].attention.self.query.weight.requires_grad_(True)
        before = flat(model)
        T.fit(
            model,
            rows(8),
            gradient_checkpointing=wanted,
            learning_rate=1e-2,
            optimizer="sgd",
            warmup=0,
            **quiet,
        )
        found.append(flat(model) - before)
        assert (
            not model.is_gradient_checkpointing
            and not model.bert.embeddings(torch.tensor([[5]])).requires_grad
        )
    assert found[1].abs().max() > 0
    torch.testing.assert_close(*found, atol=1e-7, rtol=1e-4)


def test_checkpointing_remembers_dropout():
    assert torch.allclose(trained(gradient_checkpointing=True)[0], trained()[0], atol=1e-6)


# dropout's masks


@given(
    p=st.floats(0.01, 0.99),
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.bool]),
)
def test_masks_are_zeros_and_ones_in_their_share(p, shape, seed, dtype):
    torch.manual_seed(seed)
    mask = T.draw_mask_(torch.empty(shape, dtype=dtype), p)
    assert mask.dtype == dtype and set(mask.float().unique().tolist()) <= {0.0, 1.0}
    big = T.draw_mask_(
        torch.empty(200_001, dtype=dtype), p
    ).float()  # an odd number: half a word is left over
    assert abs(big.mean() - p) < 6 * (p * (1 - p) / len(big)) ** 0.5


def test_masks_hold_no_pattern():
    torch.manual_seed(0)
    rows = torch.stack([T.draw_mask_(torch.empty(100_000), 0.5) for _ in range(4)]) * 2 - 1
    limit = 5 / 100_000**0.5
    for i in range(4):
        for j in range(i):
            assert abs((rows[i] * rows[j]).mean()) < limit  # call after call
        for shift in (1, 2, 3, 4, 64):
            assert abs((rows[i, shift:] * rows[i, :-shift]).mean()) < limit  # number after number


def test_masks_of_any_layout_and_at_the_ends():
    transposed = torch.empty(30, 50).t()
    torch.manual_seed(3)
    a = T.draw_mask_(transposed, 0.5).clone()
    torch.manual_seed(3)
    b = T.draw_mask_(torch.empty(50, 30), 0.5)
    assert torch.equal(a, b)
    assert T.draw_mask_(torch.empty(0), 0.5).numel() == 0
    assert T.draw_mask_(torch.empty(1000), 1).all() and not T.draw_mask_(torch.empty(1000), 0).any()
    mine = lambda: torch.Generator().manual_seed(5)
    assert torch.equal(
        T.draw_mask_(torch.empty(99), 0.5, generator=mine()),
        T.draw_mask_(torch.empty(99), 0.5, generator=mine()),
    )


def test_masks_do_not_depend_on_threads():
    def mask(threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        try:
            return T.draw_mask_(torch.empty(300_000), 0.9)
        finally:
            torch.set_num_threads(before)

    assert torch.equal(mask(1), mask(3))


def test_the_kernel_of_torch_comes_back():
    def dropped():
        torch.manual_seed(0)
        return F.dropout(torch.ones(1000), 0.5)

    plain = dropped()
    with T.fast_dropout():
        fast = dropped()
        with pytest.raises(KeyError), T.fast_dropout():
            raise KeyError
        assert torch.equal(dropped(), fast)  # the outer block is still open
    assert torch.equal(dropped(), plain) and not torch.equal(plain, fast)

    def broken(model, batch):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        trained(loss=broken)
    assert torch.equal(dropped(), plain)


def test_threads_share_the_kernel():
    from concurrent.futures import ThreadPoolExecutor

    def dropped(seed=0):
        torch.manual_seed(seed)
        return F.dropout(torch.ones(1000), 0.5)

    def work(i):
        for _ in range(20):
            with T.fast_dropout():
                pass

    plain = dropped()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert not T._exchanged and torch.equal(dropped(), plain)


def test_fit_and_only_fit_draws_fast(monkeypatch):
    calls = []
    monkeypatch.setattr(
        T, "draw_mask_", lambda mask, p=0.5, *, generator=None: calls.append(p) or mask.fill_(1)
    )
    trained(n=8)
    assert calls and all(p == pytest.approx(0.9) for p in calls)
    n = len(calls)
    bert().train()(**collate(rows(4)))
    assert len(calls) == n


# stop on NaN


def test_nan_stops_with_step_and_causes():
    def poisoned(model, batch):
        total, n = T.sum_cross_entropy(model, batch)
        poisoned.calls += 1
        return total * (math.nan if poisoned.calls == 3 else 1), n

    poisoned.calls, model = 0, bert()
    with pytest.raises(FtkitError, match=r"The loss is nan at step 3 .*Likely causes"):
        trained(model, loss=poisoned)
    assert flat(model).isfinite().all() and not model.training


def test_infinite_gradient_stops_too():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(1))

        def forward(self, **_):
            return self.w

    with pytest.raises(FtkitError, match="norm is inf at step 1"):
        T.fit(
            Root(),
            rows(8),
            loss=lambda model, batch: (model().sqrt().sum(), torch.tensor(1)),
            **quiet,
        )


def test_all_labels_missing_is_said():
    with pytest.raises(FtkitError, match="No label of step 1 is valid"):
        T.fit(Tagger(), [dict(input_ids=[1, 2], labels=[-100, -100])], **quiet)


def test_numbers_read_late_are_the_same(monkeypatch):
    "On a GPU the numbers of 16 steps are read at once."
    _, at_once = trained(validation=rows(4))
    monkeypatch.setitem(T.steps_between_reads, "cpu", 16)
    _, late = trained(validation=rows(4))
    assert [s["loss"] for s in late.steps] == [s["loss"] for s in at_once.steps] and len(
        late.steps
    ) == 3
    factors = iter([1, math.nan, 1])

    def poisoned(model, batch):
        return T.sum_cross_entropy(model, batch)[0] * next(factors), torch.tensor(1)

    with pytest.raises(FtkitError, match="is nan at step 2 "):
        trained(loss=poisoned)


# checkpoint and resume


class Stop(Exception):
    "Stands for a kill inside a test."


def fragile(model, batch):
    fragile.calls += 1
    if fragile.calls == fragile.fatal:
        raise Stop
    return T.sum_cross_entropy(model, batch)


@pytest.mark.parametrize("fatal", [1, 2, 5, 6, 12])
@pytest.mark.parametrize(
    "more",
    [
        dict(),
        dict(accumulate=2, optimizer="adafactor", schedule="cosine"),
        dict(patience=1, evaluate_every=2),
    ],
    ids=["plain", "adafactor", "patience"],
)
def test_resume_is_bit_identical(tmp_path, fatal, more):
    if "patience" in more:
        more = more | dict(validation=rows(8, seed=3))
    options = dict(loss=fragile, epochs=3, n=32, **more)
    fragile.calls, fragile.fatal = 0, None
    undisturbed, history = trained(**options)
    fragile.calls, fragile.fatal = 0, fatal
    with pytest.raises(Stop):
        trained(**options, checkpoint=tmp_path / "c", checkpoint_every=2)
    fragile.calls, fragile.fatal = 0, None
    resumed, again = trained(**options, checkpoint=tmp_path / "c", checkpoint_every=2)
    assert torch.equal(resumed, undisturbed)
    strip = lambda entries: [{k: v for k, v in e.items() if k != "seconds"} for e in entries]
    assert strip(again.steps) == strip(history.steps) and strip(again.evaluations) == strip(
        history.evaluations
    )
    assert (again.stopped, again.best_step) == (history.stopped, history.best_step)


def test_finished_run_resumes_to_its_end_without_a_step(tmp_path):
    fragile.calls, fragile.fatal = 0, None
    first, _ = trained(loss=fragile, checkpoint=tmp_path)
    steps, fragile.calls = fragile.calls, 0
    again, history = trained(loss=fragile, checkpoint=tmp_path)
    assert torch.equal(first, again) and fragile.calls == 0 and len(history.steps) == steps


@pytest.mark.parametrize("first, later", [(1, 2), (2, 1)])
def test_a_resumed_run_goes_on_with_its_own_number_of_threads(tmp_path, first, later):
    "Each thread adds up its own part of a sum: another number of threads, other last bits."
    seen, fatal = [], None

    def loss(model, batch):
        seen.append(torch.get_num_threads())
        if len(seen) == fatal:
            raise KeyboardInterrupt
        return T.sum_cross_entropy(model, batch)

    torch.set_num_threads(first)
    whole, _ = trained(loss=loss, epochs=3)
    seen.clear()
    fatal = 6
    with pytest.raises(KeyboardInterrupt):
        trained(loss=loss, epochs=3, checkpoint=tmp_path, checkpoint_every=2)
    torch.set_num_threads(later)
    resumed, _ = trained(loss=loss, epochs=3, checkpoint=tmp_path, checkpoint_every=2)
    assert set(seen) == {first} and torch.equal(resumed, whole)
    assert torch.get_num_threads() == later, "the caller's own number is put back"


def test_checkpoint_holds_only_what_is_trained(tmp_path):
    model = bert().requires_grad_(False)
    model.classifier.requires_grad_(True)
    trained(model, checkpoint=tmp_path)
    weights = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["weights"]
    assert sum(w.numel() for w in weights.values() if w.is_floating_point()) == 2 * 32 + 2


@pytest.mark.parametrize(
    "change, said",
    [
        (dict(seed=1), r"seed \(0 there, 1 now\)"),
        (dict(learning_rate=2e-3), r"learning_rate \(0.001 there, 0.002 now\)"),
        (dict(n=32), "training data"),
        (dict(validation=rows(4)), "validation data"),
        (dict(model=bert(1)), "starting weights"),
    ],
    ids=lambda v: "",
)
def test_checkpoint_of_another_run_is_refused(tmp_path, change, said):
    trained(checkpoint=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(
        FtkitError, match=f"belongs to another run.*{said}.*Delete .* or choose another folder"
    ):
        trained(**change, checkpoint=tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_broken_checkpoint_is_said(tmp_path):
    trained(checkpoint=tmp_path)
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(FtkitError, match="can't be read.*Delete"):
        trained(checkpoint=tmp_path)


def test_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    trained(checkpoint=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FtkitError, match="No space left.*older checkpoint is untouched"):
        trained(checkpoint=tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before and len(
        list(tmp_path.iterdir())
    ) == 1


child = textwrap.dedent("""
    import os, signal, sys, torch
    from torch import nn
    from ftkit import training as T
    torch.set_num_threads(1)
    folder = sys.argv[1]
    class Net(nn.Module):
        def __init__(self):
            super().__init__(); torch.manual_seed(0)
            self.embed, self.drop, self.head = nn.Embedding(50, 16), nn.Dropout(0.3), nn.Linear(16, 2)
        def forward(self, input_ids, attention_mask): return self.head(self.drop(self.embed(input_ids)).mean(1))
    calls, fatal = 0, None
    def loss(model, batch):
        global calls; calls += 1
        if fatal == calls: os.kill(os.getpid(), signal.SIGKILL)
        return T.sum_cross_entropy(model, batch)
    whole = torch.save
    def save(state, path):
        if fatal != "writing" or state["step"] < 6: return whole(state, path)
        with open(path, "wb") as f: f.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    torch.save = save
    data = [dict(input_ids=[(7 * i + j) % 50 for j in range(1 + i % 9)], labels=i % 2) for i in range(40)]
    def run(out, when, checkpoint):
        global fatal
        if process := os.fork(): return print(-os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), len(os.listdir(folder)), flush=True)
        fatal, model = when, Net()
        T.fit(model, data, batch_size=8, epochs=3, learning_rate=1e-2, loss=loss, checkpoint=checkpoint, checkpoint_every=2,
              progress=False, device="cpu", dtype=torch.float32)
        whole(model.state_dict(), out)
        os._exit(0)
    os.mkdir(folder)
    run(f"{folder}-undisturbed", None, None)
    run(f"{folder}-resumed", 4, folder)            # after the checkpoint of step 2
    run(f"{folder}-resumed", "writing", folder)    # while the one of step 6 is written
    assert not os.path.exists(f"{folder}-resumed")
    run(f"{folder}-resumed", None, folder)
""")


def test_killed_by_the_system_at_any_moment(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", child, tmp_path / "c"],
        capture_output=True,
        text=True,
        env=os.environ | dict(OMP_NUM_THREADS="1"),
    )
    assert done.returncode == 0, done.stderr
    exits = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert exits == [
        (0, 0),
        (signal.SIGKILL, 1),
        (signal.SIGKILL, 2),
        (0, 1),
    ]  # exit, and files in the folder: a half one lay beside the good one
    ours, theirs = (
        torch.load(tmp_path / f"c-{name}", weights_only=True) for name in ("resumed", "undisturbed")
    )
    assert all(torch.equal(ours[name], w) for name, w in theirs.items())


# bad input


@pytest.mark.parametrize(
    "options, said",
    [
        (dict(batch_size=0), "batch_size must be a whole number, 1 or more; 0 was given"),
        (dict(batch_size=2.5), "2.5 was given"),
        (dict(accumulate=0), "accumulate"),
        (dict(epochs=0), "epochs must be above 0"),
        (dict(max_steps=0), "max_steps"),
        (dict(warmup=1.5), "a share of the steps"),
        (dict(clip=0), "clip"),
        (dict(learning_rate=math.nan), "learning_rate"),
        (dict(learning_rate=-1), "learning_rate"),
        (dict(optimizer="adam"), "Did you mean 'adamw'"),
        (dict(schedule="cos"), "Unknown schedule 'cos'"),
        (dict(patience=2), "need validation examples"),
        (dict(validation=[]), "validation examples are empty"),
        (dict(dtype=torch.float16), "float16"),
        (dict(device="cdua"), "cdua"),
        (dict(seed=-1), "seed"),
        (dict(track="tensorbord"), "Did you mean 'tensorboard'"),
    ],
    ids=str,
)
def test_bad_options_get_a_sentence(options, said):
    with pytest.raises(FtkitError, match=said):
        trained(**options)


@pytest.mark.parametrize("label", [2, -1, -3])
def test_labels_out_of_range_get_a_sentence(label):
    with pytest.raises(
        FtkitError,
        match=rf"Training example 5 .* label {label}, but the model has 2 classes: 0 to 1",
    ):
        T.fit(bert(), rows(5) + [dict(input_ids=[5], labels=label)], **quiet)
    with pytest.raises(FtkitError, match="Validation example 1 "):
        T.fit(bert(), rows(5), rows(1) + [dict(input_ids=[5], labels=label)], **quiet)


def test_other_bad_input_gets_a_sentence():
    with pytest.raises(FtkitError, match="training examples are empty"):
        T.fit(bert(), [], **quiet)
    with pytest.raises(FtkitError, match="has no 'labels'; it has input_ids"):
        T.fit(bert(), [dict(input_ids=[5])], **quiet)
    with pytest.raises(FtkitError, match="no trainable parameter"):
        T.fit(bert().requires_grad_(False), rows(4), **quiet)
    with pytest.raises(FtkitError, match="not float32"):
        T.fit(bert().bfloat16(), rows(4), **quiet)
    with pytest.raises(FtkitError, match="has no gradient checkpointing"):
        T.fit(Tagger_of_one(), rows(4), gradient_checkpointing=True, **quiet)
    with pytest.raises(FtkitError, match="nothing to evaluate"):
        T.evaluate_loss(bert(), [])


@pytest.mark.parametrize(
    "name, module", [("tensorboard", "torch.utils.tensorboard"), ("wandb", "wandb")]
)
def test_tracker_that_is_not_installed_says_how(monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FtkitError, match=r"pip install 'ftkit\[track\]'"):
        T.open_tracker(name, {})


def test_tracker_gets_every_step(monkeypatch):
    got = []
    monkeypatch.setattr(
        T,
        "open_tracker",
        lambda track, settings: (
            (lambda values, step: got.append((step, set(values)))),
            lambda: got.append("closed"),
        ),
    )
    trained(validation=rows(4), track="tensorboard")
    step = {"loss", "gradient_norm", "learning_rate"}
    assert got == [(1, step), (2, step), (3, step), (3, {"validation_loss"}), "closed"]


# range test and figures


def test_range_test_puts_weights_back_and_stops_at_the_explosion():
    model = bert()
    found = T.learning_rate_range_test(
        model,
        rows(64),
        low=1e-5,
        high=1e3,
        steps=60,
        batch_size=8,
        optimizer="sgd",
        clip=None,
        **quiet,
    )
    assert torch.equal(flat(model), flat(bert()))
    assert found.exploded and len(found.losses) < 60
    ratio = np.diff(np.log(found.learning_rates))
    assert np.allclose(ratio, np.log(1e8) / 59)
    assert found.suggestion == pytest.approx(
        found.learning_rates[int(np.argmin(found.smoothed))] / 10
    )
    with pytest.raises(FtkitError, match="0 < low < high"):
        T.learning_rate_range_test(model, rows(8), low=1, high=1)


def test_figures_draw():
    import matplotlib

    matplotlib.use("Agg")
    _, history = trained(validation=rows(8))
    left, right = history.plot()
    assert left.get_xlabel() == "step" and len(left.get_lines()) == 3
    assert T.RangeTest([1e-4, 1e-3], [0.7, 0.6]).plot().get_xscale() == "log"
    with pytest.raises(FtkitError, match="no step"):
        T.History().plot()
