"""The loss of next-token prediction, models that must not look ahead, measuring in windows."""

import math
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.core import FtkitError
from ftkit.foundations.text import collate
from ftkit.foundations.transformer import Decoder, llama_config
from ftkit.pretraining.causal_lm import (
    Blocks,
    DecoderReader,
    WindowMLP,
    address_bits,
    causal_loss,
    looks_ahead,
    next_token_labels,
    scored_windows,
    stack,
    surprises,
    train_decoder,
    window_start,
)
from ftkit.pretraining.counting import compress, decompress

settings.register_profile("ftkit", deadline=None, max_examples=25)
settings.load_profile("ftkit")  # no test of time


def decoder(V=30, context=16, seed=0, **more):
    torch.manual_seed(seed)
    config = llama_config(V, width=16, layers=2, heads=2, context=context, tied=True, **more)
    return Decoder(config).eval()


# labels and loss


def test_labels_are_the_next_tokens():
    assert next_token_labels(torch.tensor([[5, 7, 7, 2]])).tolist() == [[7, 7, 2, -100]]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4).filter(lambda n: max(n) > 1))
def test_labels_under_a_mask(lengths):
    rows = [list(range(1, n + 1)) for n in lengths]
    batch = collate([dict(input_ids=row) for row in rows])
    labels = next_token_labels(batch["input_ids"], batch["attention_mask"]).tolist()
    for row, found in zip(rows, labels):
        asked = len(row) - 1
        assert found[:asked] == row[1:]
        assert set(found[asked:]) <= {-100}


def their_model(kind):
    if kind == "gpt2":
        config = transformers.GPT2Config(vocab_size=40, n_embd=16, n_layer=1, n_head=2)
        return transformers.GPT2LMHeadModel(config).eval()
    config = transformers.LlamaConfig(
        vocab_size=40,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    return transformers.LlamaForCausalLM(config).eval()


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("lengths", [(7,), (9, 5, 2), (1, 6)])
def test_loss_equals_that_of_transformers(kind, lengths):
    torch.manual_seed(len(lengths))
    model = their_model(kind)
    batch = collate([dict(input_ids=torch.randint(40, (n,)).tolist()) for n in lengths])
    total, count = causal_loss(model, batch)
    labels = batch["input_ids"].where(batch["attention_mask"] == 1, -100)
    theirs = model(**batch, labels=labels).loss
    assert count == sum(n - 1 for n in lengths)
    torch.testing.assert_close(total / count, theirs, atol=1e-5, rtol=1e-5)


# padding on the left


def padded(rows, left=False, pad=0):
    "A batch with its padding on one side."
    T = max(map(len, rows))
    ids = torch.full((len(rows), T), pad)
    mask = torch.zeros(len(rows), T, dtype=torch.long)
    for i, row in enumerate(rows):
        places = slice(T - len(row), T) if left else slice(0, len(row))
        ids[i, places] = torch.tensor(row)
        mask[i, places] = 1
    return dict(input_ids=ids, attention_mask=mask)


def one_by_one(model, rows):
    "Loss and labels of each text alone, added up."
    found = [causal_loss(model, dict(input_ids=torch.tensor([row]))) for row in rows]
    return sum(total for total, _ in found), sum(count for _, count in found)


def random_rows(lengths, V=30, seed=0):
    g = torch.Generator().manual_seed(seed)
    return [torch.randint(3, V, (n,), generator=g).tolist() for n in lengths]


positions = ["learned", "sinusoidal", "rotary"]


def test_no_label_is_counted_across_the_border_of_padding():
    batch = padded([[5, 6, 7, 8], [3, 4]], left=True)
    labels = next_token_labels(batch["input_ids"], batch["attention_mask"])
    assert labels.tolist() == [[6, 7, 8, -100], [-100, -100, 4, -100]]
    total, count = causal_loss(decoder(), batch)
    assert count == 4  # with the border it was 5
    torch.testing.assert_close(total, one_by_one(decoder(), [[5, 6, 7, 8], [3, 4]])[0])
    own = dict(batch, labels=batch["input_ids"] + 1)
    assert causal_loss(decoder(), own)[1] == 4


@pytest.mark.parametrize("kind", positions)
@pytest.mark.parametrize("lengths", [(7, 4), (9, 5, 2), (1, 6), (6, 1, 1)])
def test_left_padding_gives_what_each_text_gives_alone(kind, lengths):
    rows = random_rows(lengths)
    model = decoder()
    torch.manual_seed(0)
    model = Decoder(replace(model.config, positions=kind)).eval()
    asked = [row for row in rows if len(row) > 1]
    expected, number = one_by_one(model, asked)
    expected.backward()
    gradient = model.head.weight.grad.clone()
    for left in (True, False):
        model.zero_grad()
        total, count = causal_loss(model, padded(rows, left))
        total.backward()
        assert count == number
        torch.testing.assert_close(total, expected)
        torch.testing.assert_close(model.head.weight.grad, gradient, atol=1e-4, rtol=1e-4)


def foreign(name):
    sizes = dict(vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
    if name == "gpt2":
        return their_model("gpt2")
    if name == "llama":
        return their_model("llama")
    if name == "opt":
        config = transformers.OPTConfig(ffn_dim=32, word_embed_proj_dim=16, **sizes)
        return transformers.OPTForCausalLM(config).eval()
    config = transformers.RobertaConfig(intermediate_size=32, is_decoder=True, **sizes)
    return transformers.RobertaForCausalLM(config).eval()


@pytest.mark.parametrize("name", ["gpt2", "llama", "opt", "roberta"])
@pytest.mark.parametrize("lengths", [(7, 4), (6, 1, 2)])
def test_left_padding_with_models_of_transformers(name, lengths):
    torch.manual_seed(0)
    model = foreign(name)
    for parameter in model.parameters():  # positions that matter
        if parameter.ndim == 2:
            parameter.data *= 10
    rows = random_rows(lengths, V=40)
    expected, number = one_by_one(model, [row for row in rows if len(row) > 1])
    for left in (True, False):
        total, count = causal_loss(model, padded(rows, left))
        assert count == number
        torch.testing.assert_close(total, expected, atol=1e-3, rtol=1e-5)


class Wrapped(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *args, **options):
        return self.model(*args, **options)


def test_left_padding_behind_a_wrapper():
    rows = random_rows((7, 4))
    torch.manual_seed(0)
    for model in (their_model("gpt2"), decoder()):
        expected, _ = one_by_one(model, rows)
        total, _ = causal_loss(Wrapped(model), padded(rows, left=True))
        torch.testing.assert_close(total, expected)


def test_left_padding_is_refused_where_no_one_can_be_told():
    rows = random_rows((4, 7))
    sizes = dict(vocab_size=40, d_model=16, decoder_layers=1, decoder_attention_heads=2)
    model = transformers.BartForCausalLM(transformers.BartConfig(**sizes)).eval()
    expected, _ = one_by_one(model, rows)
    total, _ = causal_loss(model, padded(rows))
    torch.testing.assert_close(total, expected)
    said = (
        r"Row 0 \(counted from 0\) begins with padding, and BartForCausalLM takes no position_ids"
    )
    with pytest.raises(FtkitError, match=said):
        causal_loss(model, padded(rows, left=True))


def test_a_row_of_padding_alone_is_refused():
    batch = padded([[5, 6, 7, 8], [3, 4]], left=True)
    batch["attention_mask"][1] = 0
    with pytest.raises(FtkitError, match=r"Row 1 of the attention_mask is all 0"):
        causal_loss(decoder(), batch)


def test_loss_of_our_decoder_is_that_of_its_logits_and_so_is_the_gradient():
    model = decoder()
    ids = torch.randint(30, (3, 9))
    total, count = causal_loss(model, dict(input_ids=ids))
    total.backward()
    ours = model.head.weight.grad.clone()
    model.zero_grad()
    logits = model(ids[:, :-1]).flatten(0, 1)
    plain = F.cross_entropy(logits, ids[:, 1:].flatten(), reduction="sum")
    plain.backward()
    assert count == 24
    torch.testing.assert_close(total, plain)
    torch.testing.assert_close(ours, model.head.weight.grad, atol=1e-4, rtol=1e-4)


def test_labels_that_do_not_count_are_left_out():
    ids = torch.randint(30, (1, 6))
    labels = ids.clone()
    labels[:, :3] = -100
    _, count = causal_loss(decoder(), dict(input_ids=ids, labels=labels))
    assert count == 3


def test_what_has_no_next_token_is_refused():
    with pytest.raises(FtkitError, match="no next token"):
        next_token_labels(torch.tensor([[1]]))
    with pytest.raises(FtkitError, match="All 6 positions are masked"):
        next_token_labels(torch.ones(2, 3).long(), torch.zeros(2, 3))
    masked = dict(input_ids=torch.ones(1, 4).long(), attention_mask=torch.zeros(1, 4))
    with pytest.raises(FtkitError, match=r"all 0|masked"):
        causal_loss(decoder(), masked)
    with pytest.raises(FtkitError, match="context is 16"):
        causal_loss(decoder(), dict(input_ids=torch.ones(1, 40).long()))
    with pytest.raises(FtkitError, match="outside the vocabulary of 30"):
        causal_loss(decoder(), dict(input_ids=torch.full((1, 4), 30)))


# models


def test_window_mlp_sees_its_window_and_nothing_else():
    torch.manual_seed(0)
    model = WindowMLP(20, window=3)
    ids = torch.randint(2, 20, (2, 10))
    assert looks_ahead(model, ids) == 0
    old = ids.clone()
    old[:, :5] = 0
    torch.testing.assert_close(model(ids)[:, 7:], model(old)[:, 7:])
    assert not torch.allclose(model(ids)[:, 6], model(old)[:, 6])


class Peeking(Decoder):
    ahead = 1

    def hidden(self, input_ids, attention_mask=None, cache=None):
        T = input_ids.shape[1]
        mask = torch.ones(T, T, dtype=torch.bool).tril(self.ahead)
        return self.through(self.embeddings(input_ids), mask=mask)


@pytest.mark.parametrize("ahead, layers", [(0, 2), (1, 1), (1, 3), (2, 1)])
def test_looking_ahead_is_found_and_how_far(ahead, layers):
    torch.manual_seed(0)
    model = Peeking(llama_config(20, width=16, layers=layers, heads=2, context=16, init_std=0.3))
    model.ahead = ahead
    assert looks_ahead(model, torch.randint(20, (3, 12))) == ahead * layers


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_can_not_be_compared_does_not_pass_as_causal(value):
    "With NaN nothing would seem to move, and a model that looks ahead would pass."
    model = Peeking(llama_config(20, width=16, layers=1, heads=2, context=16)).train()
    model.head.weight.data[3] = value
    with pytest.raises(FtkitError, match=r"logits at place 0 of row 0 .* are not all finite"):
        looks_ahead(model, torch.randint(20, (3, 12)))
    assert model.training


def test_a_surprise_that_is_no_number_is_refused():
    model = decoder()
    model.embeddings.tokens.weight.data[7] = math.nan
    assert np.isfinite(surprises(decoder(), [1, 2, 3, 7, 5], 4, 8)).all()
    with pytest.raises(FtkitError, match=r"for token 0 .* hold NaN, and 5 of 5 tokens"):
        surprises(model, [1, 2, 3, 7, 5], 4, 8)


@given(st.integers(2, 60), st.integers(1, 9))
def test_blocks_ask_for_each_token_once(n, length):
    if n - 1 < length:
        with pytest.raises(FtkitError, match="do not fill one block"):
            Blocks(range(n), length)
        return
    blocks = Blocks(range(n), length)
    asked = [token for block in blocks for token in block["input_ids"][1:].tolist()]
    assert asked == list(range(1, 1 + (n - 1) // length * length))
    part = stack(list(blocks.sample(3, seed=n)))["input_ids"]
    assert part.shape == (min(3, len(blocks)), length + 1)
    assert len({tuple(row) for row in part.tolist()}) == len(part)


def test_each_pass_is_cut_elsewhere():
    blocks = Blocks(range(1000), 10)
    twice = blocks.passes(2, seed=1)
    rows = [block["input_ids"].tolist() for block in twice]
    assert all(row == list(range(row[0], row[0] + 11)) for row in rows)
    assert len({row[0] % 10 for row in rows}) == 2
    for cut in {row[0] % 10 for row in rows}:
        asked = [token for row in rows if row[0] % 10 == cut for token in row[1:]]
        assert asked == list(range(cut + 1, cut + 1 + len(asked)))
        assert len(asked) >= 980
    again = [block["input_ids"].tolist() for block in blocks.passes(2, seed=1)]
    assert rows == again


@given(st.integers(1, 90), st.sampled_from([4, 8, 16]))
def test_windows_that_fit_watches_are_those_of_surprises(n, context):
    model = decoder()
    ids = np.random.default_rng(n).integers(0, 30, n).tolist()
    windows = scored_windows(ids, 3, context)
    if n < context:
        assert windows == []
        return
    asked = torch.cat([window["labels"][1:] for window in windows])
    asked = asked[asked != -100].tolist()
    assert asked == ids[: len(asked)]
    assert len(ids) - len(asked) < context
    total, count = causal_loss(model, stack(windows))
    assert count == len(asked)
    with torch.no_grad():
        nats = surprises(model, ids, 3, context)
    assert abs(total.item() - nats[: len(asked)].sum()) < 1e-2
    assert [w["input_ids"].tolist() for w in scored_windows(ids, 3, context, every=3)] == [
        w["input_ids"].tolist() for w in windows[::3]
    ]


def test_a_token_belongs_to_the_address_in_which_it_ends(monkeypatch):
    from ftkit.pretraining import causal_lm

    monkeypatch.setattr(causal_lm, "load_speeches", lambda: dict(test=["ab", "cde"]))
    # the second token lies over the border of the two
    bpe = types.SimpleNamespace(vocabulary=[b"a", b"b\nc", b"d", b"e"])
    ids = [0, 1, 2, 3]
    bits, sizes = address_bits(np.full(len(ids), math.log(2)), ids, bpe)
    assert bits.tolist() == [1, 3]
    assert sizes.tolist() == [1, 5]


@given(st.integers(1, 70), st.sampled_from([4, 8, 16]), st.integers(1, 4))
def test_surprises_in_windows_equal_one_by_one(n, context, batch_size):
    model = decoder()
    ids = np.random.default_rng(n).integers(0, 30, n).tolist()
    stream = [3, *ids]
    found = surprises(model, ids, 3, context, batch_size)
    for i in sorted({0, n // 2, n - 1}):
        first = window_start(i, context, context // 4)
        assert 0 <= i - first < context
        assert first == 0 or i - first >= context // 4
        with torch.no_grad():
            logits = model(torch.tensor([stream[first : i + 1]]))[0, -1]
        expected = -logits.log_softmax(-1)[ids[i]].item()
        assert abs(found[i] - expected) < 1e-4


def test_the_reader_agrees_with_surprises_and_twice_with_itself():
    model = decoder(context=8)
    ids = np.random.default_rng(0).integers(0, 30, 40).tolist()
    reader = DecoderReader(model, 3)
    once = [reader(ids[:i]) for i in range(40)]
    nats = [-math.log(p[token]) for p, token in zip(once, ids)]
    np.testing.assert_allclose(nats, surprises(model, ids, 3, 8), atol=1e-4)
    np.testing.assert_array_equal(once, [reader(ids[:i]) for i in range(40)])
    # out of turn: it reads its window anew
    np.testing.assert_allclose(reader(ids[:17]), once[17], atol=1e-6)
    packed = compress(ids, DecoderReader(model, 3))
    assert decompress(packed, DecoderReader(model, 3)) == ids
    with pytest.raises(FtkitError, match="context is 8"):
        surprises(model, ids, 3, context=16)


def test_training_learns_and_is_a_function_of_the_seed():
    run = types.SimpleNamespace(seed=0, device=torch.device("cpu"), dtype=torch.float32)
    sizes = dict(
        width=16,
        layers=1,
        heads=2,
        context=8,
        dropout=0.0,
        tokens=3200,
        batch_size=4,
        learning_rate=1e-2,
    )
    text = [1, 2, 3, 4, 5] * 800
    model, history = train_decoder(run, text, 8, **sizes)
    again, _ = train_decoder(run, text, 8, **sizes)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters()))
    assert len(history.steps) == 100
    assert history.steps[-1]["loss"] < 0.5 < history.steps[0]["loss"]
