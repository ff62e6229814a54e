"""Scaling laws: what they find, how often their intervals hold, bad input; the ladder of runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.builds import find_job, read_builds
from ftkit.core import FtkitError, setup
from ftkit.pretraining.scaling import (
    PowerLaw,
    ScalingLaw,
    bootstrap_forecast,
    effective_tokens,
    ladder_plan,
)

settings.register_profile("ftkit", deadline=None, max_examples=25)
settings.load_profile("ftkit")  # no test of time


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-2, 2))
def test_a_power_law_is_found(b, c, a):
    def true_value(n, d):
        return np.exp(a + b * np.log(n) + c * np.log(d))

    x = np.array([(n, d) for n in (1, 10, 100) for d in (3, 30)], float)
    law = PowerLaw(x, true_value(x[:, 0], x[:, 1]))
    np.testing.assert_allclose(law.exponents, [b, c], atol=1e-6)
    np.testing.assert_allclose(law.predict([1000, 300]), true_value(1000, 300), rtol=1e-5)


def test_the_interval_holds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    x = np.geomspace(1, 100, 6)
    inside = 0
    for _ in range(1000):
        *y, new = np.exp(1 - 0.3 * np.log([*x, 1000]) + 0.05 * rng.standard_normal(7))
        _, low, high = PowerLaw(x, np.array(y)).predict([1000])
        if low < new < high:
            inside += 1
    assert 925 <= inside <= 975


def test_too_few_runs_are_refused():
    with pytest.raises(FtkitError, match="3 runs can't fix 3 numbers"):
        PowerLaw([(1, 2), (2, 3), (3, 5)], [1, 2, 3])
    with pytest.raises(FtkitError, match="above 0"):
        PowerLaw([1, 2, 0], [1, 2, 3])


def grid():
    N, D = np.meshgrid(np.geomspace(5e4, 1e6, 5), np.geomspace(1e5, 1e6, 4))
    return N.ravel(), D.ravel()


@settings(max_examples=8)
@given(st.floats(0.3, 2), st.floats(0.2, 0.7), st.floats(0.2, 0.7))
def test_a_law_with_a_floor_is_found(floor, alpha, beta):
    N, D = grid()
    loss = floor + 0.5 * (N / 2e5) ** -alpha + 0.7 * (D / 3e5) ** -beta
    law = ScalingLaw(N, D, loss)
    assert law.floor == pytest.approx(floor, abs=1e-3)
    assert (law.alpha, law.beta) == pytest.approx((alpha, beta), abs=1e-3)
    known = ScalingLaw(N, D, loss, floor=floor)
    assert (known.alpha, known.beta) == pytest.approx((alpha, beta), abs=1e-3)


def test_one_bad_run_does_not_move_the_law():
    N, D = grid()
    loss = 1 + 0.5 * (N / 2e5) ** -0.4 + 0.7 * (D / 3e5) ** -0.3
    loss[7] *= 1.5
    law = ScalingLaw(N, D, loss, delta=0.001)
    assert (law.alpha, law.beta) == pytest.approx((0.4, 0.3), abs=0.01)
    assert law.residuals[7] == pytest.approx(np.log(1.5), abs=0.01)


def test_the_best_split_is_the_lowest_point():
    N, D = grid()
    law = ScalingLaw(N, D, 1 + 0.5 * (N / 2e5) ** -0.4 + 0.7 * (D / 3e5) ** -0.3)
    n, d = law.best_split(1e15)
    assert 6 * n * d == pytest.approx(1e15)
    for factor in (0.9, 1.1):
        assert law.at(n, d) < law.at(n * factor, d / factor)


def test_the_bootstrap_holds_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    N, D = grid()
    inside = 0
    for i in range(100):
        error = np.exp(0.01 * rng.standard_normal(len(N) + 1))
        law = PowerLaw(np.c_[N, D], 9 * (N * D) ** -0.1 * error[:-1])
        new = 9 * (1e7 * 1e7) ** -0.1 * error[-1]
        rows = bootstrap_forecast(
            law, N, D, law.at(N, D) * np.exp(law.residuals), [(1e7, 1e7)], seed=i
        )
        inside += rows[0, 1] < new < rows[0, 2]
    assert 82 <= inside <= 100


def test_what_a_scaling_law_refuses():
    N, D = grid()
    loss = 1 + (N / 1e5) ** -0.4
    with pytest.raises(FtkitError, match="5 runs can't fix 5 numbers"):
        ScalingLaw(N[:5], D[:5], loss[:5])
    with pytest.raises(FtkitError, match="finite sizes and losses above 0"):
        ScalingLaw(N, D, loss * np.nan)
    with pytest.raises(FtkitError, match="the least loss"):
        ScalingLaw(N, D, loss, floor=9)
    with pytest.raises(FtkitError, match="above 0"):
        effective_tokens(0, 1)


@given(st.floats(0.1, 50), st.floats(0.1, 50))
def test_more_reading_is_worth_more_and_never_more_than_new_text(passes, more):
    worth = effective_tokens(1000, 1000 * passes)
    assert worth <= 1000 * passes * (1 + 1e-9)
    assert effective_tokens(1000, 1000 * (passes + more)) > worth
    assert effective_tokens(1000, 1000 * min(passes, 1)) == pytest.approx(1000 * min(passes, 1))


def test_the_ladder_spans_two_decades_and_stops_before_the_text_ends():
    plan = ladder_plan(setup("22_scaling", "cpu", device="cpu"))
    assert plan["search"] in plan["tokens"]
    assert len(plan["widths"]) * len(plan["tokens"]) >= 20
    # parameters grow faster than the width
    assert (
        max(plan["widths"]) / min(plan["widths"]) * max(plan["tokens"]) / min(plan["tokens"]) > 50
    )
    assert max(plan["tokens"]) < plan["epoch"]["tokens"] < 2_873_680


def test_what_the_job_found_is_what_it_planned():
    job = find_job("scaling_ladder")
    if not job.file.is_file():
        pytest.skip("the job has not run")
    found = read_builds(job.file)["scaling_ladder"].results
    plan = ladder_plan(setup("22_scaling", "cpu", device="cpu"))
    sizes = {(run["width"], run["tokens"]) for run in found["runs"]}
    assert sizes == {(width, tokens) for width in plan["widths"] for tokens in plan["tokens"]}
    best = {}
    for run in found["tried"]:
        best[run["width"]] = min(best.get(run["width"], np.inf), run["bits_per_byte"])
    for run in found["runs"]:
        if run["tokens"] == plan["search"]:
            assert run["bits_per_byte"] == best[run["width"]]
