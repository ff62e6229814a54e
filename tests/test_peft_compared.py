"Lesson 36: the interval with both kinds of luck, Holm's correction, four endings, the search."

import numpy as np
import pytest
from scipy import stats

from ftkit.core import FtkitError
from ftkit.finetuning import peft_compared
from ftkit.finetuning.peft_compared import (
    Difference,
    difference_of,
    fixed_rate,
    holm,
    ladder,
    packed,
    search,
    searched,
    unpacked,
    verdict_of,
)

rng = np.random.default_rng(0)


def test_one_seed_each_is_the_paired_t_test():
    a, b = rng.random((2, 400)) < [[0.7], [0.6]]
    found = difference_of(a, b)
    test = stats.ttest_rel(a.astype(float), b.astype(float))
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-9)
    interval = test.confidence_interval(0.95)
    assert found.interval() == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.seeds == 0


def test_texts_that_all_differ_alike_leave_welchs_test_of_the_seeds():
    shares_a, shares_b = [0.71, 0.75, 0.70, 0.74, 0.73], [0.70, 0.66, 0.72, 0.60]
    N = 2000
    a, b = (np.repeat(np.array(shares)[:, None], N, 1) for shares in (shares_a, shares_b))
    found = difference_of(a, b)  # not right and wrong, but the formula is of means
    test = stats.ttest_ind(shares_a, shares_b, equal_var=False)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-3)
    assert found.freedom == pytest.approx(test.df, rel=1e-3)
    assert found.seeds > 0.999


def test_the_order_of_seeds_and_of_texts_does_not_matter():
    a, b = rng.random((5, 300)) < 0.7, rng.random((4, 300)) < 0.6
    found = difference_of(a, b)
    texts = rng.permutation(300)
    again = difference_of(a[::-1][:, texts], b[:, texts])
    assert again == pytest.approx(found)
    other = difference_of(b, a)
    assert (other.value, other.error) == pytest.approx((-found.value, found.error))
    unpaired = difference_of(a, b[:, texts])
    assert unpaired.value == pytest.approx(found.value)


def test_the_same_seeds_leave_the_paired_test_of_the_seeds():
    shares_a, shares_b = [0.71, 0.75, 0.70, 0.74, 0.73], [0.70, 0.73, 0.70, 0.72, 0.73]
    a, b = (np.repeat(np.array(shares)[:, None], 5000, 1) for shares in (shares_a, shares_b))
    found = difference_of(a, b, same_seeds=True)
    test = stats.ttest_rel(shares_a, shares_b)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-2)
    assert found.error < difference_of(a, b).error
    swapped = difference_of(a[[1, 0, 2, 3, 4]], b, same_seeds=True)
    assert swapped.error > found.error
    one = rng.random((2, 400)) < 0.7
    assert difference_of(one[0], one[1], same_seeds=True) == difference_of(one[0], one[1])


def test_it_says_what_it_needs():
    with pytest.raises(FtkitError, match="2 and 3 were given"):
        difference_of(np.ones((2, 4)), np.ones((3, 4)), same_seeds=True)
    with pytest.raises(FtkitError, match="the same texts"):
        difference_of(np.ones((2, 4)), np.ones((2, 5)))
    with pytest.raises(FtkitError, match="the same texts"):
        difference_of(np.ones((2, 1)), np.ones((2, 1)))
    alike = difference_of(np.ones((2, 4)), np.ones((3, 4)))
    assert (alike.value, alike.error) == (0, 1 / 4)


def test_holm():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    adjusted = holm(p)
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    order = rng.permutation(4)
    assert holm(p[order]) == pytest.approx(adjusted[order])
    assert (holm(rng.random(50)) <= 1).all()
    assert holm([0.2]) == pytest.approx([0.2])
    for level in (0.01, 0.05, 0.2):  # what the step-down procedure rejects
        many = rng.random(8) ** 4
        rejected = set()
        for step, place in enumerate(many.argsort()):
            if many[place] > level / (8 - step):
                break
            rejected.add(int(place))
        assert set(np.flatnonzero(holm(many) <= level).tolist()) == rejected


@pytest.mark.parametrize(
    "value, error, p_value, ending",
    [
        (0.03, 0.005, None, "better"),
        (-0.03, 0.005, None, "worse"),
        (0.01, 0.003, None, "better, by less than the margin"),
        (0.002, 0.005, None, "the same within the margin"),
        (0.002, 0.02, None, "undecided"),
        (0.03, 0.005, 0.2, "undecided"),
        (-0.01, 0.003, 0.2, "the same within the margin"),
    ],
)
def test_the_endings(value, error, p_value, ending):
    assert verdict_of(Difference(value, error, 50, 0.5), p_value) == ending


def test_packing():
    for number in (1, 7, 8, 6000):
        right = rng.random(number) < 0.5
        assert (unpacked(packed(right), number) == right).all()
    assert len(packed(np.ones(6000))) == 1500


class Build:
    "A job whose trials have a score that is known."

    def __init__(self, peak):
        self.run = type("Run", (), dict(scale="cpu", choose=lambda self, smoke, cpu: cpu))()
        self.peak = peak
        self.names = []

    def step(self, name, make, run, task, method, rate):
        assert make is peft_compared.rate_trial
        self.names.append(name)
        return dict(method=method, rate=rate, right=1 - abs(np.log(rate / ladder[self.peak])))


@pytest.mark.parametrize("method", searched)
@pytest.mark.parametrize("peak", range(len(ladder)))
def test_a_search_goes_on_until_the_best_has_neighbours(method, peak):
    build = Build(peak)
    trials, rate = search(build, "sentences", method)
    first = searched[method][1]
    assert rate == ladder[peak]
    rates = [trial["rate"] for trial in trials]
    assert rates == sorted(set(rates)) and len(build.names) == len(set(build.names)) == len(rates)
    low = min(first, max(0, peak - 1))
    high = max(first + 3, min(len(ladder) - 1, peak + 1))
    assert rates == list(ladder[low : high + 1])


def test_one_rate_is_in_every_search():
    assert all(fixed_rate in ladder[first : first + 4] for _, first in searched.values())
