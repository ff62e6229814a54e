"""Sampling: parity with transformers, draws that follow the distribution, bad input."""

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.core import FtkitError
from ftkit.pretraining.generation import repeated, sampler, tempered, top_k, top_p

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
