"""Sampling: parity with transformers, draws that follow the distribution, bad input.

Guesses: the same distribution and the same greedy text, whoever guesses."""

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from ftkit.core import FtkitError
from ftkit.foundations.transformer import Decoder, generate, gpt_config, llama_config
from ftkit.pretraining.counting import NGram
from ftkit.pretraining.generation import (
    CachedReader,
    accept,
    draw,
    repeated,
    sampler,
    speculate,
    tempered,
    top_k,
    top_p,
    warper,
)

settings.register_profile("ftkit", deadline=None, max_examples=25)
settings.load_profile("ftkit")  # no test of time


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
    theirs = transformers.TemperatureLogitsWarper(temperature)(None, logits)
    assert torch.equal(tempered(logits, temperature), theirs)
    theirs = transformers.TopKLogitsWarper(k)(None, logits)
    assert torch.equal(top_k(logits, k), theirs)
    theirs = transformers.TopPLogitsWarper(p)(None, logits)
    for our_row, their_row, row in zip(top_p(logits, p), theirs, logits):
        if torch.equal(our_row, their_row):
            continue
        # only a sum that equals p but for rounding may differ
        mass = row.softmax(-1).sort(descending=True).values.cumsum(-1)
        assert (mass - p).abs().min() < 1e-6


def test_the_likeliest_always_stays():
    logits = torch.tensor([[0.0, 50.0, 0.0]])
    assert top_p(logits, 1e-6).isfinite().tolist() == [[False, True, False]]
    assert top_p(logits, 1).isfinite().all()
    assert sampler(k=1)(logits).tolist() == [1]
    assert sampler(p=0.5)(logits).tolist() == [1]
    assert sampler(temperature=1e-3)(logits).tolist() == [1]


def test_draws_follow_the_distribution_and_the_seed():
    shares = torch.tensor([0.5, 0.3, 0.2])
    logits = shares.log().expand(20_000, 3)
    drawn = sampler(seed=1)(logits)
    assert torch.equal(drawn, sampler(seed=1)(logits))
    assert not torch.equal(drawn, sampler(seed=2)(logits))
    torch.testing.assert_close(torch.bincount(drawn) / 20_000, shares, atol=0.02, rtol=0)


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_named(temperature):
    with pytest.raises(FtkitError, match=f"above 0; {temperature} was given"):
        sampler(temperature=temperature)


@pytest.mark.parametrize("k", [0, -2, 1.5])
def test_a_number_of_tokens_that_is_none_is_named(k):
    with pytest.raises(FtkitError, match=f"1 or more; {k} was given"):
        top_k(torch.zeros(1, 4), k)


@pytest.mark.parametrize("p", [0, -0.1, 1.1])
def test_a_mass_that_is_none_is_named(p):
    with pytest.raises(FtkitError, match=f"at most 1; {p} was given"):
        top_p(torch.zeros(1, 4), p)


def test_repetition():
    assert repeated([1, 2, 3, 4, 5, 6]) == 0
    assert repeated([1] * 13) == 0.9
    with pytest.raises(FtkitError, match="2 tokens has no sequence of 4"):
        repeated([1, 2])


@pytest.mark.parametrize("keep", [lambda x: top_k(x, 1), lambda x: top_p(x, 0.5)])
def test_no_token_is_the_likeliest_beside_nan(keep):
    "A NaN in the logits kept every token, with k = 1 too."
    logits = torch.tensor([[1.0, 2.0, 3.0], [1.0, torch.nan, 3.0]])
    with pytest.raises(FtkitError, match=r"Row 1 of the logits .* holds NaN"):
        keep(logits)
    assert keep(torch.tensor([[1.0, -torch.inf, 3.0]])).isfinite().sum() == 1


def decoder_of(make_config, vocab_size=7, seed=0):
    "A decoder with decided opinions, in float64."
    torch.manual_seed(seed)
    decoder = Decoder(make_config(vocab_size, width=16, layers=2, heads=2, context=24))
    decoder.head.weight.data *= 20
    return decoder.double().eval()


def test_warper_is_the_filters_in_a_row():
    logits = torch.randn(4, 30)
    both = warper(0.7, k=9, p=0.8)(logits)
    assert torch.equal(both, top_p(top_k(logits / 0.7, 9), 0.8))
    assert torch.equal(warper()(logits), logits)
    with pytest.raises(FtkitError, match="at most 1; 2 was given"):
        warper(p=2)


@pytest.mark.parametrize("seed", range(3))
def test_accepted_tokens_follow_the_decoder(seed):
    "The first token by p[0]; after a guess that stays, the next by p[1]."
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(4, 5), 2)
    q = rng.dirichlet(np.full(4, 2), 1)
    rounds = [accept(p, q, [draw(q[0], rng)], rng) for _ in range(4000)]
    firsts = np.bincount([tokens[0] for tokens in rounds], minlength=4)
    assert chisquare(firsts, 4000 * p[0]).pvalue > 1e-6
    kept = [tokens[1] for tokens in rounds if len(tokens) == 2]
    assert chisquare(np.bincount(kept, minlength=4), len(kept) * p[1]).pvalue > 1e-6
    assert abs(len(kept) / 4000 - np.minimum(p[0], q[0]).sum()) < 0.05


def test_what_no_draw_can_give_is_never_drawn():
    rng = np.random.default_rng(0)
    assert {draw([0, 2, 0, 1, 0], rng) for _ in range(200)} == {1, 3}
    same = np.array([[0.5, 0.5], [0.0, 1.0]])
    assert all(accept(same, same[:1], [0], rng) == [0, 1] for _ in range(50))
    # q is above p by rounding, and nothing is missing
    assert accept(np.array([[0.0, 1.0]] * 2), [np.array([1e-17, 1.0])], [0], rng) == [1]


@pytest.mark.parametrize("make_config", [gpt_config, llama_config])
@pytest.mark.parametrize("guesses", [0, 1, 5])
def test_the_likeliest_with_guesses_is_greedy(make_config, guesses):
    decoder = decoder_of(make_config)
    start = torch.tensor([[1, 2, 3]])
    expected = generate(decoder, start, 21)
    other = CachedReader(decoder_of(make_config, seed=1))
    counts = NGram([1, 2, 3, 4, 5, 6, 0] * 5, 7, 2).probabilities
    for draft in (other, counts):
        found = speculate(decoder, draft, start, 21, guesses, warp=warper(k=1))
        assert torch.equal(found.ids, expected)
        assert 1 <= found.tokens_per_pass <= guesses + 1
        assert sum(found.kept) + len(found.kept) == 21
        assert all(kept <= guessed for kept, guessed in zip(found.kept, found.guessed))


def test_a_draft_that_is_the_decoder_is_always_right():
    decoder = decoder_of(llama_config)
    found = speculate(decoder, CachedReader(decoder), torch.tensor([[1, 2]]), 20, guesses=3)
    assert found.kept == found.guessed
    assert found.tokens_per_pass == 4


def test_texts_with_guesses_are_distributed_as_without():
    decoder = decoder_of(llama_config, vocab_size=3)
    decoder.head.weight.data /= 8
    start = torch.tensor([[1]])
    draft = NGram([0, 1, 2, 1, 1, 0, 2] * 3, 3, 1).probabilities
    reader = CachedReader(decoder)
    first = reader([1])
    expected = np.array([first[x] * reader([1, x]) for x in range(3)])
    counts = np.zeros((3, 3))
    for seed in range(600):
        x, y = speculate(decoder, draft, start, 2, guesses=2, seed=seed).ids[0, 1:].tolist()
        counts[x, y] += 1
    assert chisquare(counts.flatten(), 600 * expected.flatten()).pvalue > 1e-6


@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=12), min_size=1, max_size=6))
def test_a_reader_remembers_only_what_still_holds(histories):
    decoder = decoder_of(llama_config)
    reader = CachedReader(decoder)
    for history in histories:
        with torch.no_grad():
            expected = decoder(torch.tensor([history]))[0].softmax(-1).numpy()
        np.testing.assert_allclose(reader.last(history, 2), expected[-2:], atol=1e-9)
        np.testing.assert_allclose(reader(history), expected[-1], atol=1e-9)


def test_guessing_ahead_refuses():
    decoder = decoder_of(llama_config)
    start = torch.tensor([[1, 2, 3]])
    draft = CachedReader(decoder)
    with pytest.raises(FtkitError, match="One text that fits into a context of 24"):
        speculate(decoder, draft, start.expand(2, 3), 4)
    with pytest.raises(FtkitError, match="22 new ones"):
        speculate(decoder, draft, start, 22)
    with pytest.raises(FtkitError, match="-1 guesses"):
        speculate(decoder, draft, start, 4, guesses=-1)
    for wrong in (np.ones(6) / 6, np.ones(7), np.full(7, np.nan), np.array([2, -1, 0, 0, 0, 0, 0])):
        with pytest.raises(FtkitError, match="one vocabulary"):
            speculate(decoder, lambda history, q=wrong: q, start, 4)
    decoder.head.weight.data[2] = torch.nan
    with pytest.raises(FtkitError, match="holds NaN"):
        speculate(decoder, NGram(range(7), 7, 0).probabilities, start, 4)
