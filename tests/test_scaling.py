"""Power laws: what they find, how often their intervals hold, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.core import FtkitError
from ftkit.pretraining.scaling import PowerLaw

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
