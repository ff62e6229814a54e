"Properties of the training loop, on networks so small that all of it takes seconds."

import contextlib
import functools
import math
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_models import Fragile, Stop

from ftkit.core import FtkitError
from ftkit.foundations import training as T
from ftkit.foundations.optimizers import parameter_groups, schedule, schedules
from ftkit.foundations.text import collate
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

settings.register_profile("ftkit", deadline=None)
settings.load_profile("ftkit")  # no test of time
quiet = dict(progress=False, device="cpu", dtype=torch.float32)
exact = dict(device="cpu", dtype=torch.float32)


def bert(seed=0, dropout=0.1, **more):
    torch.manual_seed(seed)
    config = BertConfig(
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
    return BertForSequenceClassification(config)


def rows(n, seed=0, noise=0.0):
    "Random texts; the label says whether token 7 occurs, and is wrong in a share of them."
    rng = random.Random(seed)
    made = [[rng.randrange(8, 50) for _ in range(rng.randrange(3, 16))] for _ in range(n)]
    for ids in made[::2]:
        ids[rng.randrange(len(ids))] = 7
    examples = []
    for ids in made:
        label = int(7 in ids)
        if rng.random() < noise:
            label = 1 - label
        examples.append(dict(input_ids=ids, labels=label))
    return examples


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
        self.embed = nn.Embedding(50, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, input_ids, attention_mask):
        return self.head(self.embed(input_ids).tanh())


class FirstTagger(Tagger):
    "A label for each text: that of its first token."

    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids, attention_mask)[:, 0]


# the schedule at work


@pytest.mark.parametrize("name", schedules)
def test_the_rate_at_work_follows_the_schedule(name):
    """Under a constant gradient AdamW moves a weight by the learning rate itself.

    So the weight shows which rate was at work.
    """
    model = nn.Linear(1, 1, bias=False)
    seen = []

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
    expected = [0.01 * schedule(name, step, 6, 3) for step in range(6)]
    assert [s["learning_rate"] for s in history.steps] == pytest.approx(expected)
    assert -np.diff([*seen, model.weight.item()]) == pytest.approx(expected, rel=1e-3)


# loss and accumulation


def test_sum_cross_entropy_counts_valid_labels_only():
    model = Tagger()
    three = dict(input_ids=[1, 2, 3], labels=[0, -100, 2])
    one = dict(input_ids=[4], labels=[1])
    batch = collate([three, one])
    total, count = T.sum_cross_entropy(model, batch)
    log_p = model(batch["input_ids"], None).log_softmax(-1)
    by_hand = -(log_p[0, 0, 0] + log_p[0, 2, 2] + log_p[1, 0, 1])
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
    data = []
    for n in lengths:
        ids = [rng.randrange(50) for _ in range(n)]
        labels = [rng.choice([-100, 0, 1, 2]) for _ in range(n)]
        data.append(dict(input_ids=ids, labels=labels))
    data[0]["labels"][0] = 1
    found = []
    whole = (len(data), 1)
    parts = (size, math.ceil(len(data) / size))
    for batch_size, accumulate in (whole, parts):
        model = Tagger()
        history = T.fit(
            model,
            data,
            batch_size=batch_size,
            accumulate=accumulate,
            optimizer="sgd",
            learning_rate=1.0,
            weight_decay=0,
            clip=clip,
            warmup=0,
            **quiet,
        )
        assert len(history.steps) == 1
        step = history.steps[0]
        assert step["tokens"] == sum(lengths)
        found.append((flat(model), step["loss"], step["gradient_norm"]))
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-6, rtol=0)
    assert found[0][1:] == pytest.approx(found[1][1:], abs=1e-6)


def test_average_of_averages_would_be_noticed():
    "The control of the test above: a loss that divides by itself gives other weights."
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
    ours = [torch.zeros(3, 2), torch.zeros(4), torch.zeros(1)]
    theirs = [torch.zeros(3, 2), torch.zeros(4), torch.zeros(1)]
    for a, b in zip(ours[:2], theirs[:2]):
        a.grad = torch.randn_like(a) * 30
        b.grad = a.grad / divisor
    norm = T.scale_gradients(ours, torch.tensor(divisor), clip)
    torch.testing.assert_close(norm, torch.nn.utils.clip_grad_norm_(theirs, clip))
    for a, b in zip(ours[:2], theirs[:2]):
        torch.testing.assert_close(a.grad, b.grad)


# one step of the loop equals a step of the library, written out


def test_one_step_is_the_textbook_step():
    data = rows(8)
    model = bert(dropout=0.0)
    plain = bert(dropout=0.0)
    options = dict(batch_size=8, learning_rate=1e-3, weight_decay=0.1, warmup=0, clip=0.5)
    T.fit(model, data, **options, **quiet)
    optimizer = torch.optim.AdamW(parameter_groups(plain, 0.1), lr=1e-3)
    batch = collate(data)
    labels = batch.pop("labels")
    F.cross_entropy(plain(**batch).logits, labels).backward()
    torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
    optimizer.step()
    change = flat(plain) - flat(bert(dropout=0.0))
    moved = change.abs() > 1e-5  # where Adam's division is not by almost 0
    torch.testing.assert_close(flat(model)[moved], flat(plain)[moved], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "adafactor", "sgd"])
def test_every_optimizer_learns(optimizer):
    model = bert(dropout=0.0)
    data = rows(64)
    rate = 0.05 if optimizer == "sgd" else 2e-3
    before = T.evaluate_loss(model, data, **exact)
    options = dict(batch_size=16, epochs=10, learning_rate=rate, optimizer=optimizer)
    T.fit(model, data, **options, **quiet)
    assert T.evaluate_loss(model, data, **exact) < before - 0.02


def two_rates(model, learning_rate, weight_decay):
    "An optimizer that a caller made: the head learns ten times as fast as the rest."
    head = list(model.classifier.parameters())
    body = list(model.bert.parameters())
    groups = [dict(params=body), dict(params=head, lr=10 * learning_rate)]
    return torch.optim.SGD(groups, lr=learning_rate, weight_decay=weight_decay)


def test_an_optimizer_can_be_a_function_that_makes_one():
    def plain(model, learning_rate, weight_decay):
        groups = parameter_groups(model, weight_decay)
        return torch.optim.SGD(groups, lr=learning_rate, momentum=0.9)

    by_function, _ = trained(optimizer=plain, learning_rate=0.05)
    by_name, _ = trained(optimizer="sgd", learning_rate=0.05)
    assert torch.equal(by_function, by_name)


def test_the_schedule_multiplies_the_rate_of_each_group():
    rates = []

    def watched(*arguments):
        made = two_rates(*arguments)
        made.register_step_pre_hook(lambda o, *_: rates.append([g["lr"] for g in o.param_groups]))
        return made

    _, history = trained(optimizer=watched, learning_rate=0.01, warmup=0.5, n=32)
    noted = [s["learning_rate"] for s in history.steps]
    assert len(set(noted)) > 1
    assert [r[0] for r in rates] == pytest.approx(noted)
    assert [r[1] for r in rates] == pytest.approx([10 * rate for rate in noted])


def test_a_part_of_the_model_is_told_that_training_begins():
    "It sees each step of the optimizer, with the gradient of the whole batch."

    class Watcher(nn.Module):
        def fit_begins(self, optimizer, total_steps):
            self.total_steps = total_steps
            self.steps = 0
            optimizer.register_step_post_hook(self.after_step)

        def after_step(self, optimizer, *_):
            self.steps += 1
            group = optimizer.param_groups[0]["params"]
            assert any(p.grad is not None for p in group)

    model = bert()
    model.watcher = Watcher()
    _, history = trained(model, n=32, epochs=2, batch_size=4, accumulate=2)
    assert model.watcher.total_steps == model.watcher.steps == len(history.steps) == 8


def test_a_run_with_an_optimizer_of_the_callers_resumes_or_is_refused(tmp_path):
    options = dict(epochs=3, n=32, optimizer=two_rates, learning_rate=0.01)
    assert_resumes_to_the_same(tmp_path, 6, options)
    with pytest.raises(FtkitError, match=r"belongs to another run.* optimizer \("):
        trained(
            **options | dict(optimizer="sgd"),
            loss=Fragile(),
            checkpoint=tmp_path / "c",
            checkpoint_every=2,
        )


def test_what_makes_no_optimizer_is_refused():
    with pytest.raises(FtkitError, match="this one returned NoneType"):
        trained(optimizer=lambda *_: None)


def test_bf16_computes_coarsely_and_keeps_weights_exact():
    weights, history = trained(dtype=torch.bfloat16)
    fine_weights, fine_history = trained()
    assert weights.dtype == torch.float32
    assert not torch.equal(weights, fine_weights)
    coarse = [s["loss"] for s in history.steps]
    fine = [s["loss"] for s in fine_history.steps]
    assert coarse == pytest.approx(fine, abs=0.02)


# a function of weights, data and seed


def test_same_seed_same_bits_other_seed_other_bits():
    torch.manual_seed(5)
    a, _ = trained()
    torch.manual_seed(6)
    random.random()
    b, _ = trained()
    c, _ = trained(seed=1)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def of_another_name(model, batch):
    return T.sum_cross_entropy(model, batch)


def test_every_example_once_per_epoch():
    seen = []

    def spy(examples):
        seen.extend(e["input_ids"][0] for e in examples)
        return collate(examples)

    data = [dict(input_ids=[i] * (1 + i % 7), labels=0) for i in range(23)]
    history = T.fit(
        FirstTagger(),
        data,
        collate=spy,
        loss=of_another_name,
        batch_size=4,
        accumulate=2,
        epochs=2,
        **quiet,
    )
    assert sorted(seen) == sorted([*range(23), *range(23)])
    assert seen[:23] != seen[23:]
    assert len(history.steps) == 6


def test_predict_keeps_order_and_mode():
    model = bert().train()
    data = rows(17)
    alone = torch.cat([T.predict(model, [e], **exact) for e in data])
    together = T.predict(model, data, batch_size=5, **exact)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert model.training
    assert together.shape == (17, 2)
    assert not together.requires_grad
    assert T.predict(model, []).shape == (0, 2)
    with pytest.raises(FtkitError, match="one row of logits per example"):
        T.predict(Tagger(), data, device="cpu")


def test_evaluate_loss_is_no_average_of_averages():
    data = [
        dict(input_ids=[1], labels=[0]),
        dict(input_ids=[2] * 9, labels=[1] * 9),
        dict(input_ids=[3] * 5, labels=[2] * 5),
    ]
    whole = T.evaluate_loss(Tagger(), data, batch_size=3, **exact)
    one_by_one = T.evaluate_loss(Tagger(), data, batch_size=1, **exact)
    assert one_by_one == pytest.approx(whole, abs=1e-6)


# early stopping


def test_early_stopping_restores_the_best_weights():
    model = bert()
    validation = rows(40, seed=9)
    options = dict(batch_size=8, epochs=40, patience=2, learning_rate=3e-3)
    history = T.fit(model, rows(64, noise=0.3), validation, **options, **quiet)
    losses = [e["loss"] for e in history.evaluations]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3
    assert "2 evaluations without a new best" in history.stopped
    assert history.best_step == history.evaluations[best]["step"]
    loss = T.evaluate_loss(model, validation, **exact)
    assert loss == pytest.approx(losses[best], abs=1e-7)


def test_evaluations_come_when_asked_and_at_the_end():
    _, history = trained(n=40, validation=rows(8, seed=1), evaluate_every=2)
    assert [e["step"] for e in history.evaluations] == [2, 4, 5]


def test_patience_keeps_a_copy_of_the_best_and_counts_anew():
    model = nn.Linear(1, 1, bias=False)
    patience = T.Patience(2)
    over = []
    for number, loss in enumerate([3.0, 3.5, 2.0, 2.0, math.nan, 1.0], 1):
        with torch.no_grad():
            model.weight.fill_(number)
        patience.note(loss, model)
        over.append(patience.is_over())
        if over[-1]:
            break
    assert over == [False, False, False, False, True]
    assert patience.best["weight"].item() == 3
    endless = T.Patience(None)
    assert not endless.note(1.0, model)
    assert endless.best is None and not endless.is_over()


def test_best_copy_holds_only_what_is_trained():
    model = bert().requires_grad_(False)
    model.classifier.requires_grad_(True)
    buffers = {name for name, _ in model.named_buffers()}
    assert set(T.trained_state(model)) - buffers == {"classifier.weight", "classifier.bias"}


# gradient checkpointing


def test_gradients_flow_through_a_frozen_base():
    found = []
    for wanted in (False, True):
        model = bert(dropout=0.0).requires_grad_(False)
        model.bert.encoder.layer[0].attention.self.query.weight.requires_grad_(True)
        before = flat(model)
        options = dict(learning_rate=1e-2, optimizer="sgd", warmup=0)
        T.fit(model, rows(8), gradient_checkpointing=wanted, **options, **quiet)
        found.append(flat(model) - before)
        assert not model.is_gradient_checkpointing
        assert not model.bert.embeddings(torch.tensor([[5]])).requires_grad
    assert found[1].abs().max() > 0
    torch.testing.assert_close(*found, atol=1e-7, rtol=1e-4)


def test_checkpointing_remembers_dropout():
    weights, _ = trained(gradient_checkpointing=True)
    plain, _ = trained()
    assert torch.allclose(weights, plain, atol=1e-6)


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
    assert mask.dtype == dtype
    assert set(mask.float().unique().tolist()) <= {0.0, 1.0}
    odd = torch.empty(200_001, dtype=dtype)  # half a word is left over
    big = T.draw_mask_(odd, p).float()
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
    assert T.draw_mask_(torch.empty(1000), 1).all()
    assert not T.draw_mask_(torch.empty(1000), 0).any()


def test_masks_of_a_generator_repeat():
    def mask():
        mine = torch.Generator().manual_seed(5)
        return T.draw_mask_(torch.empty(99), 0.5, generator=mine)

    assert torch.equal(mask(), mask())


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
    assert torch.equal(dropped(), plain)
    assert not torch.equal(plain, fast)

    def broken(model, batch):
        raise RuntimeError("of the caller")

    with pytest.raises(RuntimeError, match="of the caller"):
        trained(loss=broken)
    assert torch.equal(dropped(), plain)


def test_threads_share_the_kernel():
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
    assert not T._exchanged
    assert torch.equal(dropped(), plain)


def test_fit_and_only_fit_draws_fast(monkeypatch):
    calls = []

    def ones(mask, p=0.5, *, generator=None):
        calls.append(p)
        return mask.fill_(1)

    monkeypatch.setattr(T, "draw_mask_", ones)
    trained(n=8)
    assert calls and all(p == pytest.approx(0.9) for p in calls)
    n = len(calls)
    bert().train()(**collate(rows(4)))
    assert len(calls) == n


# stop on NaN


def test_nan_stops_with_step_and_causes():
    factors = iter([1, 1, math.nan])

    def poisoned(model, batch):
        total, n = T.sum_cross_entropy(model, batch)
        return total * next(factors), n

    model = bert()
    with pytest.raises(FtkitError, match=r"The loss is nan at step 3 .*Likely causes"):
        trained(model, loss=poisoned)
    assert flat(model).isfinite().all()
    assert not model.training


def test_infinite_gradient_stops_too():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(1))

        def forward(self, **_):
            return self.w

    def loss(model, batch):
        return model().sqrt().sum(), torch.tensor(1)

    with pytest.raises(FtkitError, match="norm is inf at step 1"):
        T.fit(Root(), rows(8), loss=loss, **quiet)


def test_all_labels_missing_is_said():
    with pytest.raises(FtkitError, match="No label of step 1 is valid"):
        T.fit(Tagger(), [dict(input_ids=[1, 2], labels=[-100, -100])], **quiet)


def test_numbers_read_late_are_the_same(monkeypatch):
    "On a GPU the numbers of 16 steps are read at once."
    _, at_once = trained(validation=rows(4))
    monkeypatch.setitem(T.steps_between_reads, "cpu", 16)
    _, late = trained(validation=rows(4))
    assert len(late.steps) == 3
    assert [s["loss"] for s in late.steps] == [s["loss"] for s in at_once.steps]
    factors = iter([1, math.nan, 1])

    def poisoned(model, batch):
        return T.sum_cross_entropy(model, batch)[0] * next(factors), torch.tensor(1)

    with pytest.raises(FtkitError, match="is nan at step 2 "):
        trained(loss=poisoned)


# numbers just below


def planned(examples, **options):
    "The plan that `fit` would make."
    plans = []

    def stop(run):
        plans.append(run)
        return T.History()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(T, "train_loop", stop)
        T.fit(FirstTagger(), examples, **options, **quiet)
    return plans[0]


@pytest.mark.parametrize(
    "epochs, steps",
    [(1.1, 55), (0.14, 7), (0.07, 4), (2.2, 110), (np.float64(1.1), 55), (3, 150), (1e-9, 1)],
)
def test_a_share_of_an_epoch_is_the_decimal_that_was_written(epochs, steps):
    assert planned(rows(50), batch_size=1, epochs=epochs).total_steps == steps


@given(st.integers(1, 999), st.integers(1, 500))
def test_steps_of_warm_up_are_whole_number_arithmetic(thousandths, steps):
    share = thousandths / 1000
    assert int(T.exact_product(share, steps)) == thousandths * steps // 1000
    assert math.ceil(T.exact_product(share, steps)) == -(-thousandths * steps // 1000)


def test_warm_up_of_029_of_a_hundred_is_29_steps():
    assert planned(rows(4), max_steps=100, warmup=0.29).warmup_steps == 29


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "adafactor", "sgd"])
@pytest.mark.parametrize("rate", [0, 0.0])
def test_a_learning_rate_of_0_trains_at_0(optimizer, rate):
    weights, history = trained(optimizer=optimizer, learning_rate=rate, weight_decay=0.5)
    assert torch.equal(weights, flat(bert()))
    assert [s["learning_rate"] for s in history.steps] == [0, 0, 0]


# padding of models that read their last token


def llama():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        pad_token_id=3,
    )
    return LlamaForSequenceClassification(config)


def test_a_last_token_classifier_trains_and_predicts_with_its_own_padding():
    data = rows(12)
    pads = functools.partial(collate, pad_id=3)
    alone = torch.cat([T.predict(llama(), [e], **exact) for e in data])
    together = T.predict(llama(), data, collate=pads, **exact)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    T.fit(llama(), data, data, collate=pads, batch_size=4, **quiet)


@pytest.mark.parametrize("function", [T.predict, T.evaluate_loss, T.fit])
def test_padding_that_the_model_would_read_is_refused(function):
    options = quiet if function is T.fit else exact
    with pytest.raises(FtkitError, match=r"pad_token_id 3.*collate=collate_for\(tokenizer\)"):
        function(llama(), rows(12), **options)


# NaN decides nothing


def spoiled(model, value=math.nan):
    with torch.no_grad():
        model.classifier.bias[0] = value
    return model


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_predict_refuses_logits_that_say_nothing(value):
    with pytest.raises(FtkitError, match=r"for example 0 \(counted from 0\), and 3 of 3 rows"):
        T.predict(spoiled(bert(), value), rows(3), **exact)


def test_predict_names_the_example_in_the_callers_order():
    model = bert()
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[49] = math.nan
    data = [dict(input_ids=[5] * n) for n in (9, 2, 7, 4)]
    data[2]["input_ids"][3] = 49
    with pytest.raises(FtkitError, match=r"example 2 .*1 of 4 rows"):
        T.predict(model, data, batch_size=2, **exact)


def test_logits_of_minus_infinity_are_allowed():
    assert T.predict(spoiled(bert(), -math.inf), rows(2), **exact)[:, 0].isinf().all()


def test_evaluate_loss_refuses_nan_and_names_the_batch():
    with pytest.raises(FtkitError, match=r"loss is NaN.*examples \[0, 1, 2\]"):
        T.evaluate_loss(spoiled(bert()), rows(3), **exact)


@pytest.mark.parametrize("patience", [None, 3])
def test_a_validation_loss_of_nan_ends_the_run_with_its_step(patience):
    validation = [dict(e, here=True) for e in rows(4, seed=1)]

    def poisoned(model, batch):
        total, n = T.sum_cross_entropy(model, batch)
        if model.training:
            return total, n
        return total * math.nan, n

    with pytest.raises(FtkitError, match=r"validation after step 2 can't be used.*NaN"):
        trained(loss=poisoned, validation=validation, evaluate_every=2, patience=patience)


def test_an_infinite_validation_loss_ends_the_run_with_its_step():
    def poisoned(model, batch):
        total, n = T.sum_cross_entropy(model, batch)
        return total if model.training else total / 0, n

    with pytest.raises(FtkitError, match="validation loss after step 3 is inf"):
        trained(loss=poisoned, validation=rows(4))


def test_weights_that_broke_in_the_last_step_are_neither_saved_nor_handed_back(tmp_path):
    "The loss of the last step is fine, and its update is not."
    steep = dict(optimizer="sgd", learning_rate=1e38, warmup=0, clip=None, max_steps=1)
    validation = dict(validation=rows(4), evaluate_every=1)
    for more in (dict(), validation, dict(checkpoint=tmp_path, checkpoint_every=1)):
        with pytest.raises(FtkitError, match=r"After step 1 the weight .* holds NaN or infinity"):
            trained(bert_with_one_steep_weight(), loss=steep_loss, **steep, **more)
    assert not list(tmp_path.iterdir())


def bert_with_one_steep_weight():
    model = bert()
    model.steep = nn.Parameter(torch.zeros(1))
    return model


def steep_loss(model, batch):
    return 100 * model.steep.sum(), torch.tensor(1)


def test_a_label_of_nan_or_half_a_class_is_refused():
    for label in (math.nan, 0.5):
        with pytest.raises(FtkitError, match=f"Training example 1 .* label {label}, but the model"):
            T.fit(bert(), [*rows(1), dict(input_ids=[5], labels=label)], **quiet)


def test_a_range_test_without_a_number_says_so():
    found = T.learning_rate_range_test(spoiled(bert()), rows(8), **quiet)
    assert found.exploded
    with pytest.raises(FtkitError, match="no loss that is a number"):
        _ = found.suggestion
    unlabelled = [dict(input_ids=[1, 2], labels=[-100, -100])]
    with pytest.raises(FtkitError, match="No label of step 1 is valid"):
        T.learning_rate_range_test(Tagger(), unlabelled, **quiet)


@pytest.mark.parametrize("function", [T.predict, T.evaluate_loss])
def test_the_mode_of_every_part_comes_back_after_an_error(function):
    model = bert().train()
    model.classifier.eval()
    function(model, rows(4), **exact)
    assert model.training and not model.classifier.training
    with pytest.raises(IndexError, match="index out of range"):
        function(model, [dict(input_ids=[999], labels=0)], **exact)
    assert model.training and not model.classifier.training


# checkpoint and resume


def without_seconds(entries):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]


def assert_resumes_to_the_same(tmp_path, fatal, options):
    "A run that was stopped and goes on ends with the weights and the history of one that was not."
    checkpoint = dict(checkpoint=tmp_path / "c", checkpoint_every=2)
    undisturbed, history = trained(loss=Fragile(), **options)
    with pytest.raises(Stop):
        trained(loss=Fragile(fatal), **options, **checkpoint)
    resumed, again = trained(loss=Fragile(), **options, **checkpoint)
    assert torch.equal(resumed, undisturbed)
    assert without_seconds(again.steps) == without_seconds(history.steps)
    assert without_seconds(again.evaluations) == without_seconds(history.evaluations)
    assert again.stopped == history.stopped
    assert again.best_step == history.best_step


@pytest.mark.parametrize("fatal", [1, 2, 5, 6, 12])
@pytest.mark.parametrize(
    "more",
    [
        dict(),
        dict(accumulate=2, optimizer="adafactor", schedule="cosine"),
        dict(patience=1, evaluate_every=2),
        dict(optimizer="muon"),
    ],
    ids=["plain", "adafactor", "patience", "muon"],
)
def test_resume_is_bit_identical(tmp_path, fatal, more):
    if "patience" in more:
        more = more | dict(validation=rows(8, seed=3))
    options = dict(epochs=3, n=32, **more)
    assert_resumes_to_the_same(tmp_path, fatal, options)


def test_finished_run_resumes_to_its_end_without_a_step(tmp_path):
    whole = Fragile()
    first, _ = trained(loss=whole, checkpoint=tmp_path)
    later = Fragile()
    again, history = trained(loss=later, checkpoint=tmp_path)
    assert torch.equal(first, again)
    assert later.calls == 0
    assert len(history.steps) == whole.calls


@pytest.mark.parametrize("first, later", [(1, 2), (2, 1)])
def test_a_resumed_run_goes_on_with_its_own_number_of_threads(tmp_path, first, later):
    "Each thread adds up its own part of a sum: another number of threads, other last bits."
    seen = set()

    class Watching(Fragile):
        def __call__(self, model, batch):
            seen.add(torch.get_num_threads())
            return super().__call__(model, batch)

    torch.set_num_threads(first)
    whole, _ = trained(loss=Watching(), epochs=3)
    with pytest.raises(Stop):
        trained(loss=Watching(6), epochs=3, checkpoint=tmp_path, checkpoint_every=2)
    torch.set_num_threads(later)
    resumed, _ = trained(loss=Watching(), epochs=3, checkpoint=tmp_path, checkpoint_every=2)
    assert seen == {first}
    assert torch.equal(resumed, whole)
    assert torch.get_num_threads() == later, "the caller's own number is put back"


# streams of random numbers


def hiding(examples, generator=None):
    "A collate that draws: a third of the tokens become token 1."
    batch = collate(examples)
    chosen = torch.rand(batch["input_ids"].shape, generator=generator) < 0.3
    return batch | dict(input_ids=batch["input_ids"].masked_fill(chosen, 1))


def hiding_by_the_common_generator(examples):
    return hiding(examples)


class Hiding:
    "The same as an object; NumPy and Python draw too, from their common generators."

    def __call__(self, examples, *, generator):
        np.random.rand()
        random.random()
        return hiding(examples, generator)


def drawn_loss(model, batch):
    "A loss that draws, as replaced-token detection does."
    total, count = T.sum_cross_entropy(model, batch)
    return total * torch.rand(()), count


collates = [hiding, hiding_by_the_common_generator, Hiding(), functools.partial(hiding)]


@pytest.mark.parametrize("collate", collates)
@pytest.mark.parametrize("loss", [T.sum_cross_entropy, drawn_loss])
def test_how_often_is_evaluated_changes_no_weight(collate, loss):
    """With `evaluate_every` 1 and 6 the same weights, bit for bit.

    Before, evaluations drew from the stream that training draws from.
    """
    options = dict(n=32, epochs=3, collate=collate, loss=loss)
    weights = [trained(**options)[0]]
    for every in (1, 6):
        validation = dict(validation=rows(10, seed=4), evaluate_every=every)
        weights.append(trained(**options, **validation)[0])
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("collate", collates)
@pytest.mark.parametrize("loss", [T.sum_cross_entropy, drawn_loss])
def test_two_evaluations_of_the_same_weights_agree(collate, loss):
    "Before, each drew its own masks: two losses of the same weights differed."
    model = bert()
    options = dict(collate=collate, loss=loss, batch_size=4, **exact)
    first = T.evaluate_loss(model, rows(10), **options)
    torch.rand(1)
    assert T.evaluate_loss(model, rows(10), **options) == first
    assert T.evaluate_loss(model, rows(10), seed=1, **options) != first


def test_in_a_run_too_the_same_weights_have_the_same_validation_loss():
    frozen = dict(learning_rate=0, collate=hiding, loss=drawn_loss, evaluate_every=1)
    _, history = trained(validation=rows(10, seed=4), **frozen)
    losses = [e["loss"] for e in history.evaluations]
    assert len(losses) == 3
    assert len(set(losses)) == 1


def everything_drawn():
    return random.random(), np.random.rand(), torch.rand(1).item()


@pytest.mark.parametrize("fails", [False, True])
def test_an_evaluation_uses_up_no_random_number(fails):
    def loss(model, batch):
        everything_drawn()
        if fails:
            raise Stop
        return T.sum_cross_entropy(model, batch)

    model = bert()
    T.seed_everything(3)
    expected = everything_drawn()
    T.seed_everything(3)
    with pytest.raises(Stop) if fails else contextlib.nullcontext():
        T.evaluate_loss(model, rows(4), loss=loss, collate=Hiding(), **exact)
    assert everything_drawn() == expected


def test_the_data_of_a_step_are_a_function_of_seed_and_step():
    options = dict(collate=hiding, batch_size=4, accumulate=2, epochs=2)

    def ids(plan, step):
        return [batch["input_ids"] for batch in plan.micro_batches(step)]

    def same(some, others):
        return all(map(torch.equal, some, others))

    same_rows = [rows(1)[0] for _ in range(16)]  # what differs was drawn
    plan = planned(same_rows, **options)
    in_order = [ids(plan, step) for step in range(4)]
    again = planned(same_rows, **options)
    torch.rand(1)
    assert same(ids(again, 3), in_order[3])
    assert same(ids(again, 1), in_order[1])
    assert not same(in_order[0], in_order[1])
    assert not torch.equal(*in_order[0]), "each part of a step has gaps of its own"
    assert not same(ids(planned(same_rows, seed=1, **options), 0), in_order[0])


@pytest.mark.parametrize("fatal", [1, 5, 12])
def test_a_resumed_run_draws_the_same_data(tmp_path, fatal):
    "Before, a collate that drew from a generator of its own went on from that one's beginning."
    options = dict(epochs=3, n=32, collate=hiding, validation=rows(8, seed=3), evaluate_every=3)
    assert_resumes_to_the_same(tmp_path, fatal, options)


def test_a_collate_that_keeps_a_generator_is_refused_for_a_checkpoint(tmp_path):
    own = functools.partial(hiding, generator=torch.Generator())
    trained(n=8, collate=own)
    with pytest.raises(FtkitError, match=r"a random generator of its own.*argument `generator`"):
        trained(n=8, collate=own, checkpoint=tmp_path)


def test_a_step_without_a_label_says_whose_fault_it_is():
    def unlucky(examples, generator=None):
        batch = hiding(examples, generator)
        return batch | dict(labels=torch.full_like(batch["labels"], -100))

    with pytest.raises(FtkitError, match="must draw one label at least"):
        trained(collate=unlucky, loss=T.sum_cross_entropy)
    with pytest.raises(FtkitError, match="Leave out examples without a label"):
        T.fit(Tagger(), [dict(input_ids=[1, 2], labels=[-100, -100])], **quiet)


def test_predict_draws_the_same_each_time():
    model = bert()
    first = T.predict(model, rows(10), collate=hiding, batch_size=4, **exact)
    assert torch.equal(T.predict(model, rows(10), collate=hiding, batch_size=4, **exact), first)


def test_the_row_of_a_logit_that_says_nothing_is_counted_as_asked():
    logits = torch.zeros(3, 30_000)
    T.check_logits(logits, torch.arange(3))
    logits[1] = -math.inf
    logits[2, 7] = math.nan
    with pytest.raises(FtkitError, match=r"largest logit is -inf for gap 1 .* 2 of 3 rows"):
        T.check_logits(logits, torch.arange(3), "gap")
    with pytest.raises(FtkitError, match="largest logit is nan for example 4 "):
        T.check_logits(logits, torch.tensor([9, 5, 4]))


# what a checkpoint holds


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
    sentence = f"belongs to another run.*{said}.*Delete .* or choose another folder"
    with pytest.raises(FtkitError, match=sentence):
        trained(**change, checkpoint=tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def weighted(model, batch, weight=1.0):
    total, n = T.sum_cross_entropy(model, batch)
    return weight * total, n


def closure_loss(weight):
    def loss(model, batch):
        return weighted(model, batch, weight)

    return loss


def default_loss(weight):
    def loss(model, batch, weight=weight, *, scale=weight):
        return weighted(model, batch, weight)

    return loss


class ObjectLoss:
    def __init__(self, weight):
        self.weight = weight
        self.inside = dict(weights=torch.tensor([weight]), names={"a", "b"})
        self.itself = self

    def __call__(self, model, batch):
        return weighted(model, batch, self.weight)

    def loss(self, model, batch):
        return self(model, batch)


@dataclass
class DataLoss:
    weight: float

    def __call__(self, model, batch):
        return weighted(model, batch, self.weight)


class ModuleLoss(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, model, batch):
        return weighted(model, batch, self.weight)


class SlotLoss:
    __slots__ = ("weight",)

    def __init__(self, weight):
        self.weight = weight

    __call__ = ObjectLoss.__call__


def deep_loss(weight):
    return functools.partial(closure_loss(weight))


def lambda_loss(weight):
    if weight == 1.0:
        return lambda model, batch: weighted(model, batch, 1.0)
    return lambda model, batch: weighted(model, batch, 0.5)


losses = {
    "closure": (closure_loss, "loss.weight (1.0 there, 0.5 now)"),
    "defaults": (default_loss, "loss.scale (1.0 there, 0.5 now), loss.weight (1.0 there"),
    "partial": (lambda w: functools.partial(weighted, weight=w), "loss.weight (1.0 there"),
    "partial of a closure": (deep_loss, "differ: loss: its function."),
    "object": (ObjectLoss, "loss.weight (1.0 there, 0.5 now), loss: inside, loss: itself."),
    "method": (lambda w: ObjectLoss(w).loss, "differ: loss: its object."),
    "dataclass": (DataLoss, "loss.weight (1.0 there, 0.5 now)"),
    "module": (ModuleLoss, "differ: loss: its settings."),
    "slots": (SlotLoss, "differ: loss: state."),
    "lambda": (lambda_loss, "differ: loss: its code."),
}


@pytest.mark.parametrize("name", losses)
def test_a_run_with_another_loss_inside_is_refused(tmp_path, name):
    make, said = losses[name]
    first, _ = trained(n=8, loss=make(1.0), checkpoint=tmp_path)
    again, _ = trained(n=8, loss=make(1.0), checkpoint=tmp_path)
    assert torch.equal(first, again)
    with pytest.raises(FtkitError, match=re.escape(said)):
        trained(n=8, loss=make(0.5), checkpoint=tmp_path)


def test_a_run_with_another_collate_inside_is_refused(tmp_path):
    trained(n=8, collate=functools.partial(collate, pad_id=0), checkpoint=tmp_path)
    with pytest.raises(FtkitError, match=r"differ: collate\.pad_id \(0 there, 3 now\)"):
        trained(n=8, collate=functools.partial(collate, pad_id=3), checkpoint=tmp_path)


def test_another_dropout_or_scaling_of_the_model_is_refused(tmp_path):
    def scaled(scaling):
        model = bert()
        model.classifier.scaling = scaling
        return model

    trained(scaled(2.0), n=8, checkpoint=tmp_path)
    trained(scaled(2.0), n=8, checkpoint=tmp_path)
    for other in (scaled(1.0), bert(dropout=0.3)):
        with pytest.raises(FtkitError, match="differ: model settings"):
            trained(other, n=8, checkpoint=tmp_path)


def test_what_cannot_be_compared_is_refused_by_name_and_only_for_a_checkpoint(tmp_path):
    lock = threading.Lock()

    def locked(model, batch):
        with lock:
            return T.sum_cross_entropy(model, batch)

    drawn = functools.partial(weighted, weight=1.0)
    drawn.keywords["weight"] = random.Random(0)
    trained(n=8, loss=locked)
    said = {
        r"loss, lock, is of type lock, .* method identity\(\)": locked,
        "loss, weight, is a random generator of its own": drawn,
    }
    for sentence, loss in said.items():
        with pytest.raises(FtkitError, match=sentence):
            trained(n=8, loss=loss, checkpoint=tmp_path)
    with pytest.raises(FtkitError, match="The training data, 0, of is of type lock"):
        T.fit(bert(), [rows(1)[0] | dict(of=lock)], checkpoint=tmp_path, **quiet)


def test_the_common_random_sources_and_builtins_may_be_used():
    common = [random.random, np.random.rand, torch.default_generator, torch.rand, len, np.add, math]
    found = [T.fingerprint([thing]) for thing in common]
    torch.rand(1)
    random.random()
    np.random.rand()
    assert [T.fingerprint([thing]) for thing in common] == found
    assert len(set(found)) == len(found)
    assert T.fingerprint([[1].append]) != T.fingerprint([[2].append])


def test_fingerprints_tell_nested_things_apart():
    apart = [
        {"a": {"b": 1}, "c": 2},
        {"a": {"b": 1, "c": 2}},
        [[1, 2], [3]],
        [[1], [2, 3]],
        [{1, 2}],
        [[1, 2]],
        {"a": None},
        np.array([1, "1"], dtype=object),
    ]
    assert len({T.fingerprint(value) for value in apart}) == len(apart)
    assert T.fingerprint({"x", "y", "z"}) == T.fingerprint({"z", "y", "x"})


def test_a_tokenizers_fingerprint_is_its_vocabulary_not_its_folder(tmp_path):
    def tokenizer(words, name):
        backend = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="a"))
        return PreTrainedTokenizerFast(tokenizer_object=backend, name_or_path=name)

    one = T.fingerprint(tokenizer("abc", "here"))
    assert one == T.fingerprint(tokenizer("abc", "there"))
    assert one != T.fingerprint(tokenizer("acb", "here"))


def test_a_learning_rate_of_numpy_resumes(tmp_path):
    first, _ = trained(n=8, learning_rate=np.float64(1e-3), checkpoint=tmp_path)
    again, _ = trained(n=8, learning_rate=np.float64(1e-3), checkpoint=tmp_path)
    assert torch.equal(first, again)


def test_broken_checkpoint_is_said(tmp_path):
    trained(checkpoint=tmp_path)
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(FtkitError, match=r"can't be read.*Delete"):
        trained(checkpoint=tmp_path)


def test_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    trained(checkpoint=tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FtkitError, match=r"No space left.*older checkpoint is untouched"):
        trained(checkpoint=tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


child = textwrap.dedent("""
    import os
    import signal
    import sys

    import torch
    from torch import nn

    from ftkit.foundations import training as T

    torch.set_num_threads(1)
    folder = sys.argv[1]
    calls = 0
    fatal = None  # the call of the loss that kills the process, or "writing"


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.embed = nn.Embedding(50, 16)
            self.drop = nn.Dropout(0.3)
            self.head = nn.Linear(16, 2)

        def forward(self, input_ids, attention_mask):
            return self.head(self.drop(self.embed(input_ids)).mean(1))


    def loss(model, batch):
        global calls
        calls += 1
        if fatal == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return T.sum_cross_entropy(model, batch)


    whole = torch.save


    def save(state, path):
        if fatal != "writing" or state["step"] < 6:
            return whole(state, path)
        with open(path, "wb") as f:
            f.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)


    torch.save = save
    data = []
    for i in range(40):
        data.append(dict(input_ids=[(7 * i + j) % 50 for j in range(1 + i % 9)], labels=i % 2))


    def run(out, when, checkpoint):
        "Train in a process of its own; print its exit code and the files in the folder."
        global fatal
        process = os.fork()
        if process:
            _, status = os.waitpid(process, 0)
            print(-os.waitstatus_to_exitcode(status), len(os.listdir(folder)), flush=True)
            return
        fatal = when
        model = Net()
        options = dict(batch_size=8, epochs=3, learning_rate=1e-2, loss=loss)
        quiet = dict(progress=False, device="cpu", dtype=torch.float32)
        T.fit(model, data, checkpoint=checkpoint, checkpoint_every=2, **options, **quiet)
        whole(model.state_dict(), out)
        os._exit(0)


    os.mkdir(folder)
    run(f"{folder}-undisturbed", None, None)
    run(f"{folder}-resumed", 4, folder)  # after the checkpoint of step 2
    run(f"{folder}-resumed", "writing", folder)  # while the one of step 6 is written
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
    found = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    # exit, and files in the folder: a half one lay beside the good one
    assert found == [(0, 0), (signal.SIGKILL, 1), (signal.SIGKILL, 2), (0, 1)]
    ours = torch.load(tmp_path / "c-resumed", weights_only=True)
    theirs = torch.load(tmp_path / "c-undisturbed", weights_only=True)
    assert all(torch.equal(ours[name], w) for name, w in theirs.items())


# bad input


@pytest.mark.parametrize(
    "options, said",
    [
        (dict(batch_size=0), "batch_size must be a whole number, 1 or more; 0 was given"),
        (dict(batch_size=2.5), "2.5 was given"),
        (dict(accumulate=0), "accumulate"),
        (dict(epochs=0), "epochs must be above 0"),
        (dict(epochs=True), "epochs must be above 0; True was given"),
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
    wrong = dict(input_ids=[5], labels=label)
    sentence = rf"Training example 5 .* label {label}, but the model has 2 classes: 0 to 1"
    with pytest.raises(FtkitError, match=sentence):
        T.fit(bert(), [*rows(5), wrong], **quiet)
    with pytest.raises(FtkitError, match="Validation example 1 "):
        T.fit(bert(), rows(5), [*rows(1), wrong], **quiet)


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
        T.fit(FirstTagger(), rows(4), gradient_checkpointing=True, **quiet)
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

    def log(values, step):
        got.append((step, set(values)))

    def close():
        got.append("closed")

    monkeypatch.setattr(T, "open_tracker", lambda track, settings: (log, close))
    trained(validation=rows(4), track="tensorboard")
    step = {"loss", "gradient_norm", "learning_rate"}
    assert got == [(1, step), (2, step), (3, step), (3, {"validation_loss"}), "closed"]


# range test and figures


def test_range_test_puts_weights_back_and_stops_at_the_explosion():
    model = bert()
    rates = dict(low=1e-5, high=1e3, steps=60)
    options = dict(batch_size=8, optimizer="sgd", clip=None)
    found = T.learning_rate_range_test(model, rows(64), **rates, **options, **quiet)
    assert torch.equal(flat(model), flat(bert()))
    assert found.exploded
    assert len(found.losses) < 60
    ratio = np.diff(np.log(found.learning_rates))
    assert np.allclose(ratio, np.log(1e8) / 59)
    lowest = found.learning_rates[int(np.argmin(found.smoothed))]
    assert found.suggestion == pytest.approx(lowest / 10)
    with pytest.raises(FtkitError, match="0 < low < high"):
        T.learning_rate_range_test(model, rows(8), low=1, high=1)


def test_range_test_refuses_what_it_would_ignore():
    with pytest.raises(FtkitError, match=r"Unknown option 'batchsize'\. Did you mean 'batch_size'"):
        T.learning_rate_range_test(bert(), rows(8), batchsize=4, **quiet)
    for name in ("learning_rate", "max_steps", "warmup", "patience", "checkpoint"):
        with pytest.raises(FtkitError, match=f"The range test takes no {name}"):
            T.learning_rate_range_test(bert(), rows(8), **{name: 1}, **quiet)


def test_range_test_puts_weights_back_after_an_error():
    model = bert()
    rates = dict(low=1e-2, high=1e-1, steps=9)
    with pytest.raises(Stop):
        T.learning_rate_range_test(model, rows(24), loss=Fragile(4), **rates, **quiet)
    assert torch.equal(flat(model), flat(bert()))


# devices


def test_a_torch_that_refuses_the_exchange_trains_with_its_own_dropout(monkeypatch):
    def refuse(*_):
        raise RuntimeError("not for aten")

    monkeypatch.setattr(T, "_refusals", [])
    monkeypatch.setattr(torch.library.Library, "impl", refuse)
    with pytest.warns(UserWarning, match=r"kernel be exchanged \(not for aten\)") as warned:
        trained(n=8)
        trained(n=8)
    assert len([w for w in warned if "exchanged" in str(w.message)]) == 1
    assert not T._exchanged


@pytest.mark.parametrize("before, strict", [(False, False), (True, False), (True, True)])
def test_a_gpu_gets_deterministic_kernels_for_as_long_as_it_trains(monkeypatch, before, strict):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    enabled = torch.are_deterministic_algorithms_enabled
    warns = torch.is_deterministic_algorithms_warn_only_enabled
    torch.use_deterministic_algorithms(before, warn_only=before and not strict)
    try:
        with pytest.raises(KeyError), T.deterministic(torch.device("cuda")):
            assert enabled() and warns() == (not strict)
            assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
            raise KeyError
        assert enabled() == before
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
        with T.deterministic(torch.device("cpu")):
            assert enabled() == before
    finally:
        torch.use_deterministic_algorithms(False)


def test_fit_trains_inside_deterministic(monkeypatch):
    devices = []

    @contextlib.contextmanager
    def watched(device):
        devices.append(device.type)
        yield
        devices.append("back")

    monkeypatch.setattr(T, "deterministic", watched)
    trained(n=8)
    assert devices == ["cpu", "back"]


def test_numbers_read_late_are_read_before_a_checkpoint_or_an_evaluation(tmp_path, monkeypatch):
    "On a GPU: the step is named, and neither file nor evaluation has seen the NaN."
    monkeypatch.setitem(T.steps_between_reads, "cpu", 16)

    class Poisoned(Fragile):
        def __call__(self, model, batch):
            assert model.training
            self.calls += 1
            total, n = T.sum_cross_entropy(model, batch)
            return total * (math.nan if self.calls == 3 else 1), n

    saving = dict(checkpoint=tmp_path, checkpoint_every=2)
    for more in (saving, dict(validation=rows(4), evaluate_every=4)):
        with pytest.raises(FtkitError, match=r"is nan at step 3 .*up to 16 steps .* load them"):
            trained(n=48, loss=Poisoned(), **more)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] == 2
    assert all(w.isfinite().all() for w in state["weights"].values())


def test_a_state_of_a_gpu_is_no_obstacle_on_a_machine_without():
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    T.set_random_state(T.random_state() | dict(cuda=[torch.get_rng_state()]))


def test_figures_draw():
    import matplotlib

    matplotlib.use("Agg")
    _, history = trained(validation=rows(8))
    left, _ = history.plot()
    assert left.get_xlabel() == "step"
    assert len(left.get_lines()) == 3
    assert T.RangeTest([1e-4, 1e-3], [0.7, 0.6]).plot().get_xscale() == "log"
    with pytest.raises(FtkitError, match="no step"):
        T.History().plot()
