"""Counting, compressors and the arithmetic coder: properties, damage, bad input."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.core import FtkitError
from ftkit.pretraining.counting import (
    NGram,
    adaptive_ngram,
    codecs,
    compress,
    decompress,
    primed_size,
    quantise,
)

settings.register_profile("ftkit", deadline=None, max_examples=25)
settings.load_profile("ftkit")  # no test of time


def ids_of(V, low, high):
    return st.lists(st.integers(0, V - 1), min_size=low, max_size=high)


# counting


def naive(text, h, V):
    "Witten-Bell by counting, (V,)."
    if h is None:
        return np.full(V, 1 / V)
    shorter = naive(text, h[1:] if h else None, V)
    after = [text[i + len(h)] for i in range(len(text) - len(h)) if text[i : i + len(h)] == h]
    if not after:
        return shorter
    n = np.bincount(after, minlength=V)
    kinds = len(set(after))
    return (n + kinds * shorter) / (n.sum() + kinds)


@given(ids_of(4, 0, 30), ids_of(4, 0, 12), st.integers(0, 3))
def test_ngram_equals_counting_anew(text, other, order):
    model = NGram(text, 4, order)
    surprise = model.surprises(other)
    for i, token in enumerate(other):
        expected = naive(text, other[max(0, i - order) : i], 4)
        np.testing.assert_allclose(model.probabilities(other[:i]), expected, atol=1e-12)
        np.testing.assert_allclose(surprise[i], -np.log(expected[token]), atol=1e-9)
    assert abs(model.probabilities(other).sum() - 1) < 1e-9


def test_ngram_refuses_bad_input():
    with pytest.raises(FtkitError, match="Token 4 at position 1 is outside the vocabulary of 4"):
        NGram([0, 4], 4, 1)
    with pytest.raises(FtkitError, match="Token -1 at position 0"):
        NGram([0], 4, 1).surprises([-1])
    with pytest.raises(FtkitError, match="highest that does is 6"):
        NGram([0], 256, 7)
    with pytest.raises(FtkitError, match="order of 0 or more"):
        NGram([0], 4, -1)


@pytest.mark.parametrize("parts", [2, 5])
def test_counts_that_learn_as_they_read_know_only_what_came_before(parts):
    ids = np.random.default_rng(0).integers(0, 4, 600)
    ends = np.unique(np.geomspace(500, 600, parts).astype(int))
    expected = ends[0] * np.log(4)
    for start, end in pairwise(ends):
        known = ids[:start].tolist()
        for i in range(start, end):
            history = ids[i - 2 : i].tolist()
            expected -= np.log(naive(known, history, 4)[ids[i]])
    np.testing.assert_allclose(adaptive_ngram(ids, 4, 2, parts), expected)


# compressors and the coder


def test_priming():
    rng = np.random.default_rng(0)
    data = rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()
    for codec in codecs:
        limit = 1.1 if codec == "bz2" else 0.2
        assert primed_size(codec, data) >= 5000
        assert primed_size(codec, data, data) < 5000 * limit
    far = data + rng.integers(0, 256, 40_000, dtype=np.uint8).tobytes()
    # 32 KiB back, and no further
    assert primed_size("zlib", data, far) >= 5000
    assert primed_size("lzma", data, far) < 1000


@given(st.integers(1, 300), st.integers(0, 2**31), st.sampled_from([12, 16, 24]))
def test_quantised_shares_sum_and_none_is_empty(V, seed, bits):
    p = np.random.default_rng(seed).dirichlet(np.full(V, 0.02))
    shares = np.diff(quantise(p, bits))
    assert shares.sum() == 2**bits
    assert shares.min() >= 1
    assert np.abs(shares / 2**bits - p).max() <= (2 * V + 1) / 2**bits


@given(ids_of(40, 0, 60), st.integers(0, 2**31), st.sampled_from([0.01, 0.3, 10.0]))
def test_coder_gives_back_any_text_under_any_model(ids, seed, evenness):
    "Also when the text is most unlikely."
    table = np.random.default_rng(seed).dirichlet(np.full(40, evenness), size=41)
    table = np.nan_to_num(table) + 1e-300
    table /= table.sum(1, keepdims=True)

    def predict(history):
        last = history[-1] if history else 40
        return table[last]

    packed = compress(ids, predict)
    assert decompress(packed, predict) == ids
    if not ids:
        assert len(packed) == 9
        return
    shares = [np.diff(quantise(predict(ids[:i])))[token] / 2**24 for i, token in enumerate(ids)]
    ideal = -np.log2(shares).sum() / 8
    assert 0 <= len(packed) - 8 - ideal <= 2


def test_a_sure_model_needs_nearly_nothing():
    ids = [1] * 3000
    assert len(compress(ids, lambda history: np.array([0.0, 1.0]))) <= 8 + 2


def test_damage_is_noticed():
    model = NGram(list(b"banana and ananas") * 3, 256, 2)
    packed = compress(list(b"bananas"), model.probabilities)
    for i in range(len(packed) - 1):
        broken = bytearray(packed)
        broken[i] ^= 1
        if i < 4 and int.from_bytes(broken[:4], "big") > 1000:
            continue  # a count of millions: true, but slow
        with pytest.raises(FtkitError, match="checksum"):
            decompress(bytes(broken), model.probabilities)
    with pytest.raises(FtkitError, match="9 bytes or more; 3 were given"):
        decompress(b"abc", model.probabilities)
    with pytest.raises(FtkitError, match="outside the vocabulary"):
        compress([256], model.probabilities)
    with pytest.raises(FtkitError, match="checksum"):
        decompress(packed, NGram(list(b"other"), 256, 2).probabilities)


@pytest.mark.parametrize("bad", [[0.5, np.nan], [0.5, 0.2], [-0.5, 1.5], [[1.0]], []])
def test_what_is_no_distribution_is_refused(bad):
    with pytest.raises(FtkitError, match="not negative, with sum 1"):
        quantise(np.array(bad))
