"Counting, coding, sampling and the loss of language models: parity with transformers, properties, bad input."

import math, types

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings, strategies as st

from ftkit.pretraining import causal_lm as L
from ftkit.core import FtkitError
from ftkit.foundations.text import collate
from ftkit.foundations.training import evaluate_loss, fit
from ftkit.foundations.transformer import Decoder, gpt_config, llama_config

settings.register_profile("ftkit", deadline=None, max_examples=25)
settings.load_profile("ftkit")  # no test of time

ids_of = lambda V, low, high: st.lists(st.integers(0, V - 1), min_size=low, max_size=high)


def decoder(V=30, context=16, seed=0, **more):
    torch.manual_seed(seed)
    return Decoder(
        llama_config(V, width=16, layers=2, heads=2, context=context, tied=True, **more)
    ).eval()


# labels and loss


def test_labels_are_the_next_tokens():
    assert L.next_token_labels(torch.tensor([[5, 7, 7, 2]])).tolist() == [[7, 7, 2, -100]]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4).filter(lambda n: max(n) > 1))
def test_labels_under_a_mask(lengths):
    rows = [list(range(1, n + 1)) for n in lengths]
    batch = collate([dict(input_ids=r) for r in rows])
    labels = L.next_token_labels(batch["input_ids"], batch["attention_mask"]).tolist()
    for r, y in zip(rows, labels):
        assert y[: len(r) - 1] == r[1:] and set(y[len(r) - 1 :]) <= {-100}


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("lengths", [(7,), (9, 5, 2), (1, 6)])
def test_loss_equals_that_of_transformers(kind, lengths):
    torch.manual_seed(len(lengths))
    if kind == "gpt2":
        model = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(vocab_size=40, n_embd=16, n_layer=1, n_head=2)
        ).eval()
    else:
        model = transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                vocab_size=40,
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=1,
                num_attention_heads=2,
            )
        ).eval()
    batch = collate([dict(input_ids=torch.randint(40, (n,)).tolist()) for n in lengths])
    total, count = L.causal_loss(model, batch)
    theirs = model(
        **batch, labels=batch["input_ids"].where(batch["attention_mask"] == 1, -100)
    ).loss
    assert count == sum(n - 1 for n in lengths)
    torch.testing.assert_close(total / count, theirs, atol=1e-5, rtol=1e-5)


def test_loss_of_our_decoder_is_that_of_its_logits_and_so_is_the_gradient():
    model, ids = decoder(), torch.randint(30, (3, 9))
    total, count = L.causal_loss(model, dict(input_ids=ids))
    total.backward()
    ours = model.head.weight.grad.clone()
    model.zero_grad()
    plain = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten(), reduction="sum")
    plain.backward()
    assert count == 24
    torch.testing.assert_close(total, plain)
    torch.testing.assert_close(ours, model.head.weight.grad, atol=1e-4, rtol=1e-4)


def test_labels_that_do_not_count_are_left_out():
    model, ids = decoder(), torch.randint(30, (1, 6))
    labels = ids.clone()
    labels[:, :3] = -100
    assert L.causal_loss(model, dict(input_ids=ids, labels=labels))[1] == 3


def test_what_has_no_next_token_is_refused():
    with pytest.raises(FtkitError, match="no next token"):
        L.next_token_labels(torch.tensor([[1]]))
    with pytest.raises(FtkitError, match="All 6 positions are masked"):
        L.next_token_labels(torch.ones(2, 3).long(), torch.zeros(2, 3))
    with pytest.raises(FtkitError, match="all 0|masked"):
        L.causal_loss(
            decoder(), dict(input_ids=torch.ones(1, 4).long(), attention_mask=torch.zeros(1, 4))
        )
    with pytest.raises(FtkitError, match="context is 16"):
        L.causal_loss(decoder(), dict(input_ids=torch.ones(1, 40).long()))
    with pytest.raises(FtkitError, match="outside the vocabulary of 30"):
        L.causal_loss(decoder(), dict(input_ids=torch.full((1, 4), 30)))


# counting


def naive(text, h, V):
    "Witten-Bell by counting, (V,)."
    if h is None:
        return np.full(V, 1 / V)
    after = [text[i + len(h)] for i in range(len(text) - len(h)) if text[i : i + len(h)] == h]
    shorter, n = (
        naive(text, h[1:] if h else None, V),
        np.bincount(after, minlength=V) if after else np.zeros(V),
    )
    return (n + len(set(after)) * shorter) / (n.sum() + len(set(after))) if after else shorter


@given(ids_of(4, 0, 30), ids_of(4, 0, 12), st.integers(0, 3))
def test_ngram_equals_counting_anew(text, other, order):
    model = L.NGram(text, 4, order)
    surprise = model.surprises(other)
    for i, token in enumerate(other):
        expected = naive(text, other[max(0, i - order) : i], 4)
        np.testing.assert_allclose(model.probabilities(other[:i]), expected, atol=1e-12)
        np.testing.assert_allclose(surprise[i], -np.log(expected[token]), atol=1e-9)
    assert abs(model.probabilities(other).sum() - 1) < 1e-9


def test_ngram_refuses_bad_input():
    with pytest.raises(FtkitError, match="Token 4 at position 1 is outside the vocabulary of 4"):
        L.NGram([0, 4], 4, 1)
    with pytest.raises(FtkitError, match="Token -1 at position 0"):
        L.NGram([0], 4, 1).surprises([-1])
    with pytest.raises(FtkitError, match="highest that does is 6"):
        L.NGram([0], 256, 7)
    with pytest.raises(FtkitError, match="order of 0 or more"):
        L.NGram([0], 4, -1)


# compressors and the coder


def test_priming():
    rng = np.random.default_rng(0)
    data = rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()
    for codec in L.codecs:
        assert L.primed_size(codec, data) >= 5000
        assert L.primed_size(codec, data, data) < 5000 * (0.2 if codec != "bz2" else 1.1)
    far = data + rng.integers(0, 256, 40_000, dtype=np.uint8).tobytes()
    assert (
        L.primed_size("zlib", data, far) >= 5000 > 1000 > L.primed_size("lzma", data, far)
    )  # 32 KiB back, and no further


@given(st.integers(1, 300), st.integers(0, 2**31), st.sampled_from([12, 16, 24]))
def test_quantised_shares_sum_and_none_is_empty(V, seed, bits):
    p = np.random.default_rng(seed).dirichlet(np.full(V, 0.02))
    shares = np.diff(L.quantise(p, bits))
    assert shares.sum() == 2**bits and shares.min() >= 1
    assert np.abs(shares / 2**bits - p).max() <= (2 * V + 1) / 2**bits


@given(ids_of(40, 0, 60), st.integers(0, 2**31), st.sampled_from([0.01, 0.3, 10.0]))
def test_coder_gives_back_any_text_under_any_model(ids, seed, evenness):
    "Also when the text is most unlikely."
    table = np.random.default_rng(seed).dirichlet(np.full(40, evenness), size=41)
    table = np.nan_to_num(table) + 1e-300
    table /= table.sum(1, keepdims=True)
    predict = lambda history: table[history[-1] if history else 40]
    packed = L.compress(ids, predict)
    assert L.decompress(packed, predict) == ids
    shares = [np.diff(L.quantise(predict(ids[:i])))[t] / 2**24 for i, t in enumerate(ids)]
    assert 0 <= len(packed) - 8 - -np.log2(shares).sum() / 8 <= 2 if ids else len(packed) == 9


def test_a_sure_model_needs_nearly_nothing():
    ids = [1] * 3000
    assert len(L.compress(ids, lambda h: np.array([0.0, 1.0]))) <= 8 + 2


def test_damage_is_noticed():
    model = L.NGram(list(b"banana and ananas") * 3, 256, 2)
    packed = L.compress(list(b"bananas"), model.probabilities)
    for i in range(len(packed) - 1):
        broken = bytearray(packed)
        broken[i] ^= 1
        if i < 4 and int.from_bytes(broken[:4], "big") > 1000:
            continue  # a count of millions: true, but slow
        with pytest.raises(FtkitError, match="checksum"):
            L.decompress(bytes(broken), model.probabilities)
    with pytest.raises(FtkitError, match="9 bytes or more; 3 were given"):
        L.decompress(b"abc", model.probabilities)
    with pytest.raises(FtkitError, match="outside the vocabulary"):
        L.compress([256], model.probabilities)
    with pytest.raises(FtkitError, match="checksum"):
        L.decompress(packed, L.NGram(list(b"other"), 256, 2).probabilities)
    for bad in ([0.5, np.nan], [0.5, 0.2], [-0.5, 1.5], [[1.0]], []):
        with pytest.raises(FtkitError, match="not negative, with sum 1"):
            L.quantise(np.array(bad))


# models


def test_window_mlp_sees_its_window_and_nothing_else():
    torch.manual_seed(0)
    model, ids = L.WindowMLP(20, window=3), torch.randint(2, 20, (2, 10))
    assert L.looks_ahead(model, ids) == 0
    old = ids.clone()
    old[:, :5] = 0
    torch.testing.assert_close(model(ids)[:, 7:], model(old)[:, 7:])
    assert not torch.allclose(model(ids)[:, 6], model(old)[:, 6])


class Peeking(Decoder):
    ahead = 1

    def hidden(self, input_ids, attention_mask=None, cache=None):
        T = input_ids.shape[1]
        return self.through(
            self.embeddings(input_ids), mask=torch.ones(T, T, dtype=torch.bool).tril(self.ahead)
        )


@pytest.mark.parametrize("ahead, layers", [(0, 2), (1, 1), (1, 3), (2, 1)])
def test_looking_ahead_is_found_and_how_far(ahead, layers):
    torch.manual_seed(0)
    model = Peeking(llama_config(20, width=16, layers=layers, heads=2, context=16, init_std=0.3))
    model.ahead = ahead
    assert L.looks_ahead(model, torch.randint(20, (3, 12))) == ahead * layers


@given(st.integers(2, 60), st.integers(1, 9))
def test_blocks_ask_for_each_token_once(n, length):
    if n - 1 < length:
        with pytest.raises(FtkitError, match="do not fill one block"):
            L.Blocks(range(n), length)
        return
    blocks = L.Blocks(range(n), length)
    asked = [t for b in blocks for t in b["input_ids"][1:].tolist()]
    assert asked == list(range(1, 1 + (n - 1) // length * length))
    part = L.stack(list(blocks.sample(3, seed=n)))["input_ids"]
    assert part.shape == (min(3, len(blocks)), length + 1) and len(
        {tuple(r) for r in part.tolist()}
    ) == len(part)


@given(st.integers(1, 70), st.sampled_from([4, 8, 16]), st.integers(1, 4))
def test_surprises_in_windows_equal_one_by_one(n, context, batch_size):
    model, ids = decoder(), np.random.default_rng(n).integers(0, 30, n).tolist()
    found, stream = L.surprises(model, ids, 3, context, batch_size), [3, *ids]
    for i in sorted({0, n // 2, n - 1}):
        first = L.window_start(i, context, context // 4)
        assert 0 <= i - first < context and (first == 0 or i - first >= context // 4)
        with torch.no_grad():
            expected = (
                -model(torch.tensor([stream[first : i + 1]]))[0, -1].log_softmax(-1)[ids[i]].item()
            )
        assert abs(found[i] - expected) < 1e-4


def test_the_reader_agrees_with_surprises_and_twice_with_itself():
    model, ids = decoder(context=8), np.random.default_rng(0).integers(0, 30, 40).tolist()
    reader = L.DecoderReader(model, 3)
    once = [reader(ids[:i]) for i in range(40)]
    np.testing.assert_allclose(
        [-math.log(p[t]) for p, t in zip(once, ids)], L.surprises(model, ids, 3, 8), atol=1e-4
    )
    np.testing.assert_array_equal(once, [reader(ids[:i]) for i in range(40)])
    np.testing.assert_allclose(
        reader(ids[:17]), once[17], atol=1e-6
    )  # out of turn: it reads its window anew
    packed = L.compress(ids, L.DecoderReader(model, 3))
    assert L.decompress(packed, L.DecoderReader(model, 3)) == ids
    with pytest.raises(FtkitError, match="context is 8"):
        L.surprises(model, ids, 3, context=16)


def test_training_learns_and_is_a_function_of_the_seed():
    run = types.SimpleNamespace(seed=0, device=torch.device("cpu"), dtype=torch.float32)
    sizes = dict(
        width=16,
        layers=1,
        heads=2,
        context=8,
        dropout=0.0,
        tokens=1600,
        batch_size=4,
        learning_rate=1e-2,
    )
    text = [1, 2, 3, 4, 5] * 400
    model, history = L.train_decoder(run, text, 8, **sizes)
    again, _ = L.train_decoder(run, text, 8, **sizes)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters()))
    assert len(history.steps) == 50 and history.steps[-1]["loss"] < 0.5 < history.steps[0]["loss"]


# sampling


@given(
    st.integers(1, 5),
    st.integers(2, 60),
    st.integers(0, 2**31),
    st.floats(0.05, 5),
    st.integers(1, 80),
    st.floats(0.01, 0.999),
)
def test_filters_equal_those_of_transformers(B, V, seed, temperature, k, p):
    logits = 3 * torch.randn(B, V, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(
        L.tempered(logits, temperature),
        transformers.TemperatureLogitsWarper(temperature)(None, logits),
    )
    assert torch.equal(L.top_k(logits, k), transformers.TopKLogitsWarper(k)(None, logits))
    ours, theirs = L.top_p(logits, p), transformers.TopPLogitsWarper(p)(None, logits)
    for a, b, z in zip(ours, theirs, logits):
        if torch.equal(a, b):
            continue
        mass = (
            z.softmax(-1).sort(descending=True).values.cumsum(-1)
        )  # only a sum that equals p but for rounding may differ
        assert (mass - p).abs().min() < 1e-6


def test_the_likeliest_always_stays():
    logits = torch.tensor([[0.0, 50.0, 0.0]])
    assert L.top_p(logits, 1e-6).isfinite().tolist() == [[False, True, False]]
    assert L.top_p(logits, 1).isfinite().all()
    assert L.sampler(k=1)(logits).tolist() == [1] and L.sampler(p=0.5)(logits).tolist() == [1]
    assert L.sampler(temperature=1e-3)(logits).tolist() == [1]


def test_draws_follow_the_distribution_and_the_seed():
    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(20_000, 3)
    drawn = L.sampler(seed=1)(logits)
    assert torch.equal(drawn, L.sampler(seed=1)(logits)) and not torch.equal(
        drawn, L.sampler(seed=2)(logits)
    )
    torch.testing.assert_close(
        torch.bincount(drawn) / 20_000, torch.tensor([0.5, 0.3, 0.2]), atol=0.02, rtol=0
    )


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_named(temperature):
    with pytest.raises(FtkitError, match=f"above 0; {temperature} was given"):
        L.sampler(temperature=temperature)


def test_other_bad_filters_are_named():
    z = torch.zeros(1, 4)
    for k in (0, -2, 1.5):
        with pytest.raises(FtkitError, match=f"1 or more; {k} was given"):
            L.top_k(z, k)
    for p in (0, -0.1, 1.1):
        with pytest.raises(FtkitError, match=f"at most 1; {p} was given"):
            L.top_p(z, p)


def test_repetition():
    assert L.repeated([1, 2, 3, 4, 5, 6]) == 0 and L.repeated([1] * 13) == 0.9
    with pytest.raises(FtkitError, match="2 tokens has no sequence of 4"):
        L.repeated([1, 2])


# scaling


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-2, 2))
def test_a_power_law_is_found(b, c, a):
    x = np.array([(n, d) for n in (1, 10, 100) for d in (3, 30)], float)
    law = L.PowerLaw(x, np.exp(a + b * np.log(x[:, 0]) + c * np.log(x[:, 1])))
    np.testing.assert_allclose(law.exponents, [b, c], atol=1e-6)
    np.testing.assert_allclose(
        law.predict([1000, 300]), np.exp(a + b * np.log(1000) + c * np.log(300)), rtol=1e-5
    )


def test_the_interval_holds_as_often_as_it_says():
    rng, x, inside = np.random.default_rng(0), np.geomspace(1, 100, 6), 0
    for _ in range(1000):
        *y, new = np.exp(1 - 0.3 * np.log([*x, 1000]) + 0.05 * rng.standard_normal(7))
        _, low, high = L.PowerLaw(x, np.array(y)).predict([1000])
        inside += low < new < high
    assert 925 <= inside <= 975


def test_too_few_runs_are_refused():
    with pytest.raises(FtkitError, match="3 runs can't fix 3 numbers"):
        L.PowerLaw([(1, 2), (2, 3), (3, 5)], [1, 2, 3])
    with pytest.raises(FtkitError, match="above 0"):
        L.PowerLaw([1, 2, 0], [1, 2, 3])
