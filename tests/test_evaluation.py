"""Evaluation: parity with the libraries, properties, bad input.

Statistical promises are proved by simulation in the lesson, and once more where it is cheap."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from sklearn import metrics as library
from sklearn.calibration import calibration_curve

from ftkit.core import FtkitError
from ftkit.foundations import evaluation
from ftkit.foundations.evaluation import (
    Interval,
    calibration_bins,
    classification_report,
    confidence_interval,
    confusion_matrix,
    expected_calibration_error,
    fit_temperature,
    found_share,
    paired_test,
    plot_confusion,
    proportion_interval,
    reliability_diagram,
    smallest_effect,
)

few = settings(max_examples=60, deadline=None)


def sample(n=400, classes=3, right=0.8, seed=0):
    "Labels and predictions that are right with a known probability."
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    return y, np.where(rng.random(n) < right, y, rng.integers(classes, size=n))


def macro_f1(y, p):
    return library.f1_score(y, p, average="macro")


@st.composite
def classified(draw, predictors=1):
    "Labels of at least two classes, and predictions; classes may be missing anywhere."
    classes = draw(st.integers(2, 5))
    n = draw(st.integers(2, 40))
    column = st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)
    y = draw(column.filter(lambda v: len(set(v)) > 1))
    return y, *[draw(column) for _ in range(predictors)]


# reports


@few
@given(classified())
def test_report_equals_scikit_learn(data):
    y, p = data
    ours = classification_report(y, p)
    theirs = library.classification_report(y, p, output_dict=True, zero_division=0)
    for name in ours.names:
        row = ours.table.loc[name, ["precision", "recall", "f1", "support"]]
        assert row.tolist() == pytest.approx(list(theirs[name].values()))
    for kind in ("macro", "weighted"):
        expected = list(theirs[f"{kind} avg"].values())
        assert ours.averages.loc[kind].tolist() == pytest.approx(expected)
    assert ours.accuracy == pytest.approx(library.accuracy_score(y, p))
    assert ours.macro_f1 == pytest.approx(library.f1_score(y, p, average="macro", zero_division=0))
    assert (ours.confusion == library.confusion_matrix(y, p)).all()


@few
@given(classified())
def test_macro_f1_from_counts_equals_scikit_learn(data):
    y, p = data
    found = confidence_interval(y, p, "macro_f1", resamples=100)
    assert found.value == pytest.approx(library.f1_score(y, p, average="macro", zero_division=0))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_every_container_gives_the_same_report():
    y, p = sample()
    words = np.array(["bad", "good", "mixed"])
    expected = str(classification_report(y, p, names=words))
    containers = (
        list,
        tuple,
        np.asarray,
        torch.tensor,
        pd.Series,
        lambda v: pd.Series(v, dtype="Int64"),
        lambda v: [torch.tensor(i) for i in v],
        iter,
    )
    for kind in containers:
        assert str(classification_report(kind(y), kind(p), names=words)) == expected
    for kind in (list, np.asarray, pd.Series, lambda v: words[y].astype(object)):
        assert str(classification_report(kind(words[y]), words[p], names=words)) == expected
    assert str(classification_report(words[y], torch.tensor(p), names=words)) == expected


def test_names_set_the_order_and_an_absent_class_has_no_score():
    report = classification_report(["pos", "neg"], ["pos", "neg"], names=["pos", "neutral", "neg"])
    assert report.names == ["pos", "neutral", "neg"]
    assert report.table.index.tolist() == report.names
    assert math.isnan(report.table.f1["neutral"])
    assert report.macro_f1 == 1
    assert "nan" not in str(report)
    assert "nan" not in report._repr_html_()


def test_labels_need_not_start_at_zero():
    report = classification_report([-1, 1, 7], [-1, 7, 7])
    assert report.names == ["-1", "1", "7"]
    assert report.accuracy == pytest.approx(2 / 3)


def test_the_printed_table_has_the_usual_shape_and_html_is_escaped():
    report = classification_report([0, 0, 1, 1], [0, 1, 1, 1], names=["<b>", "positive"])
    lines = [line.split() for line in str(report).splitlines() if line]
    assert lines[0] == ["precision", "recall", "f1", "support"]
    assert lines[1] == ["<b>", "1.00", "0.50", "0.67", "2"]
    assert lines[3] == ["accuracy", "0.75", "4"]
    assert [row[0] for row in lines[4:]] == ["macro", "weighted"]
    assert "&lt;b&gt;" in report._repr_html_()
    assert "<b>" not in report._repr_html_()
    assert "0.667" in report.text(3)


def test_confusion_rows_are_true_classes():
    table = confusion_matrix(["a", "a", "b"], ["b", "a", "b"])
    assert table.loc["a", "b"] == 1
    assert table.loc["b", "a"] == 0
    assert (table.index.name, table.columns.name) == ("true", "predicted")


# intervals


def test_counting_and_drawing_rows_give_the_same_interval():
    y, p = sample(600)
    functions = dict(accuracy=lambda y, p: (y == p).mean(), macro_f1=macro_f1)
    for metric, function in functions.items():
        fast = confidence_interval(y, p, metric)
        slow = confidence_interval(y, p, function, resamples=600)
        assert fast.value == pytest.approx(slow.value)
        assert [fast.low, fast.high] == pytest.approx([slow.low, slow.high], abs=0.008)


def test_close_to_wilson_and_narrower_with_more_examples():
    y, p = sample(2000, 2, 0.7)
    boot = confidence_interval(y, p, "accuracy", resamples=10_000)
    wilson = proportion_interval((y == p).sum(), 2000)
    assert [boot.low, boot.high] == pytest.approx([wilson.low, wilson.high], abs=2e-3)
    four_times = confidence_interval(np.tile(y, 4), np.tile(p, 4))
    assert four_times.width == pytest.approx(confidence_interval(y, p).width / 2, rel=0.1)
    assert confidence_interval(y, p, level=0.99).width > confidence_interval(y, p, level=0.9).width


def test_the_seed_decides():
    y, p = sample()
    found = confidence_interval(y, p, seed=3)
    assert found == confidence_interval(y, p, seed=3)
    assert found != confidence_interval(y, p, seed=4)


def test_renaming_or_shuffling_changes_nothing_but_noise():
    y, p = sample(800)
    order = np.random.default_rng(1).permutation(800)
    found = confidence_interval(y, p)
    assert confidence_interval(y[order], p[order]) == found
    names = np.array(["x", "b", "k"])
    renamed = confidence_interval(names[y], names[p])
    assert [renamed.low, renamed.high] == pytest.approx([found.low, found.high], abs=5e-3)


def test_the_shift_recovers_coverage_where_classes_are_small():
    """Forty classes of five examples: F1 is biased.

    The uncorrected percentiles cover far less (59% against 84%, of 95% wanted)."""
    rng = np.random.default_rng(0)
    classes = 40
    truth = 0.6 + 0.4 / classes  # recall = precision = F1 of every class in the population
    covered = []
    uncorrected = []
    for i in range(150):
        y = rng.integers(classes, size=200)
        p = np.where(rng.random(200) < 0.6, y, rng.integers(classes, size=200))
        covered.append(truth in confidence_interval(y, p, resamples=400, seed=i))
        cells = evaluation._Cells(y, p, classes=classes)
        samples = cells.draws(np.random.default_rng(i), 400)
        draws = np.concatenate([evaluation._macro_f1(*cells.tallies(c)) for c in samples])
        uncorrected.append(np.quantile(draws, 0.025) <= truth <= np.quantile(draws, 0.975))
    assert np.mean(covered) > np.mean(uncorrected) + 0.1
    assert np.mean(covered) > 0.78


def test_draws_that_lie_too_low_move_both_limits_up():
    draws = np.random.default_rng(0).normal(size=4000)
    centred = evaluation._limits(draws, float(np.median(draws)), 0.95)
    assert centred == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.02)
    low, high = evaluation._limits(draws, float(np.median(draws)) + 0.25, 0.95)
    assert low > centred[0] + 0.2
    assert high > centred[1] + 0.2


def test_the_table_of_scores_has_each_classifier_with_its_interval():
    labels = ["a", "b"] * 20
    scores = evaluation.score_table(labels, {"always a": ["a"] * 40, "right": labels})
    assert scores["always a"]["accuracy"]["value"] == 0.5
    assert scores["always a"]["macro_f1"]["value"] == pytest.approx(1 / 3)
    assert scores["right"]["accuracy"]["low"] < scores["right"]["accuracy"]["high"] == 1
    lines = evaluation.score_lines(scores).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("always a  0.500 [")


def test_stratified_keeps_supports_and_is_narrower_where_recalls_differ():
    counts = [760, 40, 80, 120]
    y = np.repeat([0, 0, 1, 1], counts)
    p = np.repeat([0, 1, 0, 1], counts)
    plain = confidence_interval(y, p, "accuracy")
    fixed = confidence_interval(y, p, "accuracy", stratified=True)
    assert fixed.width < 0.96 * plain.width
    supports = []

    def accuracy(y, p):
        supports.append((y == 1).sum())
        return (y == p).mean()

    confidence_interval(y, p, accuracy, resamples=100, stratified=True)
    assert set(supports) == {200}


@pytest.mark.parametrize("n", [1, 5, 300])
def test_all_right_or_all_wrong_is_not_certain(n):
    y = np.arange(2 * n) % 2
    for predictions, right in ((y, 2 * n), (1 - y, 0)):
        expected = proportion_interval(right, 2 * n, method="exact")
        found = confidence_interval(y, predictions, "accuracy")
        assert [found.low, found.high] == pytest.approx([expected.low, expected.high])
        assert found.width > 0
    assert confidence_interval(y, y).low < confidence_interval(y, y, "accuracy").low < 1


@few
@given(st.integers(1, 300), st.data())
def test_exact_interval_contains_wilsons_value_and_obeys_its_definition(n, data):
    k = data.draw(st.integers(0, n))
    exact = proportion_interval(k, n, method="exact")
    assert exact.low <= k / n <= exact.high
    if 0 < k < n:
        assert stats.binom.sf(k - 1, n, exact.low) == pytest.approx(0.025, abs=1e-6)
        assert stats.binom.cdf(k, n, exact.high) == pytest.approx(0.025, abs=1e-6)


def test_interval_prints_as_in_the_tables():
    assert str(Interval(0.8651, 0.8539, 0.8761)) == "0.865 [0.854, 0.876]"


# paired tests


@few
@given(classified(predictors=2))
def test_accuracy_is_exact_mcnemar_and_antisymmetric(data):
    y, a, b = map(np.array, data)
    found = paired_test(y, a, b, resamples=100)
    mirrored = paired_test(y, b, a, resamples=100)
    only_a = int(((a == y) & (b != y)).sum())
    only_b = int(((a != y) & (b == y)).sum())
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1
    assert found.p_value == mirrored.p_value == pytest.approx(expected)
    assert found.difference == pytest.approx(-mirrored.difference)
    assert found.difference == pytest.approx((only_a - only_b) / len(y))
    assert found.low <= found.difference <= found.high
    assert found.disagreements == (a != b).sum()


def test_random_swaps_approach_the_exact_permutation_test():
    rng = np.random.default_rng(3)
    y = rng.integers(3, size=14)
    a = np.where(rng.random(14) < 0.9, y, (y + 1) % 3)
    b = np.where(rng.random(14) < 0.4, y, (y + 2) % 3)
    observed = macro_f1(y, a) - macro_f1(y, b)

    def score(p):
        hits = np.bincount(y[p == y], minlength=3)
        support = np.bincount(y, minlength=3)
        return evaluation._macro_f1(hits, support, np.bincount(p, minlength=3))

    exact = []
    for mask in range(2**14):
        swap = (mask >> np.arange(14)) & 1 == 1
        exact.append(score(np.where(swap, b, a)) - score(np.where(swap, a, b)))
    found = paired_test(y, a, b, "macro_f1", resamples=20_000)
    assert found.difference == pytest.approx(observed)
    p_value = np.mean(np.abs(exact) >= abs(observed) - 1e-12)
    assert found.p_value == pytest.approx(p_value, abs=0.01)


def test_a_function_as_metric_agrees_with_the_name():
    y, a = sample(300, seed=1)
    b = np.where(np.random.default_rng(5).random(300) < 0.93, a, (a + 1) % 3)
    named = paired_test(y, a, b, "macro_f1")
    own = paired_test(y, a, b, macro_f1, resamples=400)
    assert own.difference == pytest.approx(named.difference)
    expected = [named.low, named.high, named.smallest_effect]
    assert [own.low, own.high, own.smallest_effect] == pytest.approx(expected, abs=0.01)
    assert own.p_value == pytest.approx(named.p_value, abs=0.05)


def test_the_same_classifier_twice():
    y, a = sample()
    most = proportion_interval(0, len(y), method="exact").high  # of what they may disagree on
    for metric, end in (("accuracy", most), ("macro_f1", 0)):
        found = paired_test(y, a, a, metric)
        assert (found.difference, found.p_value) == (0, 1)
        assert [found.low, found.high] == pytest.approx([-end, end])
        assert stats.binom.sf(5, len(y), found.smallest_effect) == pytest.approx(0.8, abs=1e-3)


def pair(only_a, only_b, n):
    "Labels, and two predictions that disagree so often in each direction."
    y = np.zeros(n, int)
    a = np.repeat([0, 1, 0], [only_a, only_b, n - only_a - only_b])
    b = np.repeat([1, 0, 0], [only_a, only_b, n - only_a - only_b])
    return y, a, b


@pytest.mark.parametrize("n", [30, 1000])
def test_with_few_disagreements_the_interval_holds_0_where_p_is_large(n):
    for only_a in range(20):
        for only_b in range(min(only_a + 1, 20 - only_a)):
            found = paired_test(*pair(only_a, only_b, n), resamples=500)
            assert (found.low <= 0 <= found.high) == (found.p_value > 0.05), (only_a, only_b)
            assert found.low <= found.difference <= found.high


def test_one_way_alone_is_not_certain_and_many_disagreements_are_left_to_the_bootstrap():
    found = paired_test(*pair(5, 0, 1000))
    share = 0.025 ** (1 / 5)  # if this share points one way, five of five do in 2.5%
    assert found.p_value == pytest.approx(2 / 2**5)
    assert found.low == pytest.approx((2 * share - 1) * 5 / 1000)
    assert found.high == pytest.approx(0.0110, abs=0.001)
    found = paired_test(*pair(20, 0, 20))
    assert [found.low, found.high] == pytest.approx([2 * 0.025 ** (1 / 20) - 1, 1])
    data = pair(13, 7, 400)
    found = paired_test(*data)
    rng = np.random.default_rng(0)
    value, draws, _ = evaluation._named_pair(evaluation._accuracy, *data, 2, 5000, rng)
    assert (found.low, found.high) == evaluation._limits(draws, value, 0.95)


def test_the_paired_test_sees_what_the_intervals_hide():
    y = np.zeros(4000, int)
    counts = [3360, 120, 60, 460]
    a = np.repeat([0, 0, 1, 1], counts)
    b = np.repeat([0, 1, 0, 1], counts)
    assert confidence_interval(y, b, "accuracy").high > confidence_interval(y, a, "accuracy").low
    assert paired_test(y, a, b).p_value < 1e-4


@few
@given(st.integers(2000, 100_000), st.floats(0.05, 0.5), st.floats(0.5, 0.99))
def test_smallest_effect_is_a_little_more_than_connors_equation_says(n, psi, power):
    "The equation is that of the normal curve; the exact test is more careful."
    effect = smallest_effect(n, psi, power=power)
    z, w = stats.norm.ppf([0.975, power])
    right_side = z * math.sqrt(psi) + w * math.sqrt(max(0, psi - effect**2))
    assert 0 < effect - right_side / math.sqrt(n) < 3 / n


def share_found(n, psi, difference, level):
    "All test sets of n examples, one by one: their probability, if the exact test sees something."
    chances = [(psi + difference) / 2, (psi - difference) / 2, 1 - psi]
    total = 0.0
    for only_a in range(n + 1):
        for only_b in range(n + 1 - only_a):
            discordant = only_a + only_b
            if not discordant or stats.binomtest(only_a, discordant).pvalue > 1 - level:
                continue
            counts = [only_a, only_b, n - discordant]
            total += stats.multinomial.pmf(counts, n, chances)
    return total


@pytest.mark.parametrize(
    "n, psi, power, level", [(25, 0.4, 0.8, 0.95), (40, 0.5, 0.5, 0.95), (30, 0.9, 0.8, 0.9)]
)
def test_the_exact_test_finds_the_smallest_effect_as_often_as_promised(n, psi, power, level):
    effect = smallest_effect(n, psi, level, power)
    assert share_found(n, max(psi, effect), effect, level) == pytest.approx(power, abs=1e-6)


def test_the_smallest_effect_of_few_examples_and_of_little_disagreement():
    assert smallest_effect(5, 0.5) == 1.0  # six disagreements at least
    effect = smallest_effect(200, 0.01)
    assert effect > 0.01
    assert stats.binom.sf(5, 200, effect) == pytest.approx(0.8, abs=1e-3)


@few
@given(st.integers(10, 10_000), st.floats(0.01, 0.5))
def test_smallest_effect_shrinks_with_examples_and_grows_with_power(n, psi):
    effect = smallest_effect(n, psi)
    assert smallest_effect(4 * n, psi) <= effect
    assert effect <= smallest_effect(n, psi, power=0.95)
    assert effect <= smallest_effect(n, psi, level=0.99)


# calibration


@st.composite
def with_probabilities(draw):
    n = draw(st.integers(1, 60))
    classes = draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = rng.integers(classes, size=n)
    logits = rng.normal(size=(n, classes)) * draw(st.floats(0.1, 8))
    return y, special.softmax(logits, axis=1)


@few
@given(with_probabilities(), st.integers(1, 30))
def test_calibration_error_equals_a_plain_loop(data, bins):
    y, table = data
    confidence = table.max(1)
    right = table.argmax(1) == y
    expected = 0
    for i in range(bins):
        inside = (confidence > i / bins) & (confidence <= (i + 1) / bins)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(y, table, bins) == pytest.approx(expected, abs=1e-9)
    assert calibration_bins(y, table, bins)["count"].sum() == len(y)


def test_bins_equal_scikit_learn():
    rng = np.random.default_rng(0)
    table = special.softmax(rng.normal(size=(5000, 2)), axis=1)
    y = (rng.random(5000) < table[:, 1]).astype(int)
    seen = calibration_bins(y, table, 10).query("count > 0")
    accuracy, confidence = calibration_curve(table.argmax(1) == y, table.max(1), n_bins=10)
    assert seen.accuracy.tolist() == pytest.approx(accuracy)
    assert seen.confidence.tolist() == pytest.approx(confidence)


@pytest.mark.parametrize("edge", [0.6, 0.7, 0.8, 0.9, 1.0])
def test_a_confidence_on_an_edge_belongs_below_it(edge):
    found = calibration_bins([1], [[1 - edge, edge]], bins=10)
    assert found["count"].to_numpy().nonzero()[0].tolist() == [round(edge * 10) - 1]


def test_one_column_tensors_and_names_agree():
    rng = np.random.default_rng(1)
    p = rng.random(200)
    y = (rng.random(200) < p).astype(int)
    both = np.stack([1 - p, p], 1)
    expected = expected_calibration_error(y, both)
    one_column = expected_calibration_error(y.tolist(), p.tolist())
    assert one_column == pytest.approx(expected)
    tensors = [torch.tensor(y), torch.tensor(both, requires_grad=True)]
    assert expected_calibration_error(*tensors) == pytest.approx(expected)
    words = np.array(["neg", "pos"])[y]
    named = expected_calibration_error(words, both, names=["neg", "pos"])
    assert named == pytest.approx(expected)
    half = torch.softmax(torch.randn(50, 6).bfloat16(), -1)
    assert 0 <= expected_calibration_error(torch.zeros(50, dtype=torch.long), half) <= 1


@pytest.mark.parametrize("factor", [0.2, 1, 7])
def test_temperature_finds_the_factor_and_mends_the_error(factor):
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(8000, 3)) * 2
    y = (special.softmax(logits, axis=1).cumsum(1) < rng.random((8000, 1))).sum(1).clip(max=2)
    found = fit_temperature(y, torch.tensor(factor * logits, dtype=torch.float32))
    assert found == pytest.approx(factor, rel=0.1)
    assert expected_calibration_error(y, special.softmax(factor * logits / found, axis=1)) < 0.03
    shifted = factor * logits - special.logsumexp(factor * logits, axis=1, keepdims=True)
    # log-probabilities serve as well
    assert fit_temperature(y, shifted) == pytest.approx(found, rel=1e-3)


def test_a_frame_of_probabilities_is_its_numbers():
    values = np.array([[0.6, 0.4]] * 5 + [[0.1, 0.9]] * 5)
    y = [0, 0, 0, 1, 1, 1, 1, 1, 0, 0]
    assert expected_calibration_error(y, values) == pytest.approx(0.15)
    for columns in (["neg", "pos"], [0, 1], ["1", "0"]):
        frame = pd.DataFrame(values, columns=columns)
        assert expected_calibration_error(y, frame) == pytest.approx(0.15)
    two = pd.DataFrame([[0.6, 0.4], [0.1, 0.9]], columns=["0", "1"])
    assert expected_calibration_error([0, 1], two) == pytest.approx(0.25)
    frame = pd.DataFrame(values, columns=["neg", "pos"])
    words = np.array(["neg", "pos"])[y]
    assert expected_calibration_error(words, frame, names=["neg", "pos"]) == pytest.approx(0.15)
    assert fit_temperature(y, frame) == fit_temperature(y, values)


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 3.0, -7.5])
def test_equal_logits_have_no_temperature(value):
    with pytest.raises(FtkitError, match=r"No temperature is best on these 4 .* all equal"):
        fit_temperature([0, 1, 1, 2], np.full((4, 3), value))
    offsets = np.array([[1.0], [2.0], [3.0], [4.0]])
    with pytest.raises(FtkitError, match="all equal"):
        fit_temperature([0, 1, 1, 2], offsets + np.full((4, 3), value))


def test_figures_name_their_axes():
    import matplotlib

    matplotlib.use("Agg")
    y, p = sample(classes=2)
    ax = plot_confusion(y, p, ["neg", "pos"])
    assert ax.get_xlabel() == "predicted class"
    assert ax.get_ylabel() == "true class"
    assert "right" in ax.get_title()
    ax = reliability_diagram(y, np.where(p, 0.8, 0.3))
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert "0." in ax.get_title()
    matplotlib.pyplot.close("all")


# bad input: a sentence that names the row or the value

table = np.array([[0.3, 0.7], [0.6, 0.4], [0.5, 0.5]])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: classification_report([0, 1], [0]), "labels has 2 entries and predictions has 1"),
        (lambda: classification_report([], []), "labels is empty"),
        (
            lambda: classification_report([0, 1], np.zeros((2, 2))),
            r"predictions has shape \(2, 2\)",
        ),
        (lambda: classification_report("neg", "pos"), "labels is str 'neg'"),
        (lambda: classification_report(None, [0]), "labels is NoneType None"),
        (
            lambda: classification_report([0, float("nan")], [0, 1]),
            "Row 1 of labels is nan, which is no class",
        ),
        (
            lambda: classification_report([0, 1], [0.2, 0.9]),
            "Row 0 of predictions is 0.2, which is no class",
        ),
        (lambda: classification_report(["a", None], ["a", "b"]), "Row 1 of labels is None"),
        (lambda: classification_report(["a", 1], ["a", "b"]), "labels mixes strings and numbers"),
        (lambda: classification_report([0, 1], ["a", "b"]), "Give names="),
        (
            lambda: classification_report([0, 1, -100], [0, 1, 1]),
            "Row 2 of labels is -100, the mark of a padded position",
        ),
        (
            lambda: classification_report([0, 2], [0, 1], names=["neg", "pos"]),
            "Row 1 of labels is class 2, but there are 2 classes",
        ),
        (
            lambda: classification_report(["neg", "pos"], ["neg", "pso"], names=["neg", "pos"]),
            "Row 1 of predictions: Unknown class 'pso'. Did you mean 'pos'",
        ),
        (
            lambda: classification_report([0, 1], [0, 1], names=["x", "x"]),
            "A class name occurs twice",
        ),
        (
            lambda: classification_report([1, 1], [1, 0]),
            "All 2 labels are '1'. F1 needs labels of at least two classes",
        ),
        (lambda: confidence_interval([1, 1], [1, 0]), "metric='accuracy' works with one"),
        (
            lambda: confidence_interval([0, 1], [0, 1], "f1_macro"),
            "Unknown metric 'f1_macro'. Did you mean 'macro_f1'",
        ),
        (lambda: confidence_interval([0, 1], [0, 1], level=95), "level is a share between 0 and 1"),
        (
            lambda: confidence_interval([0, 1], [0, 1], resamples=5),
            "resamples must be a whole number of at least 100",
        ),
        (
            lambda: confidence_interval([0, 1], [0, 1], lambda y, p: float("inf")),
            "The metric gave inf",
        ),
        (lambda: confidence_interval([0, 1], [0, 1], lambda y: 1.0), "must be a function of"),
        (lambda: confidence_interval([0, 1], [0, 1], lambda y, p: "good"), "must be a function of"),
        (lambda: proportion_interval(5, 4), "5 right out of 4 is not possible"),
        (lambda: proportion_interval(5, 10, method="wald"), "Unknown method 'wald'"),
        (lambda: paired_test([0, 1], [0, 1], [0]), "labels has 2 entries and b has 1"),
        (lambda: paired_test([0, 1], [0, 1], [1, 1], "accurate"), "Did you mean 'accuracy'"),
        (lambda: paired_test([1, 1], [0, 1], [1, 1], "macro_f1"), "at least two classes"),
        (lambda: smallest_effect(0, 0.1), "At least one example"),
        (lambda: smallest_effect(100, 10), "a disagreement from 0 to 1"),
        (lambda: smallest_effect(10.7, 0.1), "a whole number"),
        (
            lambda: found_share(100, 0.1, float("nan")),
            "A disagreement of 0.1 does not fit difference=nan",
        ),
        (lambda: found_share(100, 0, 0), "A disagreement of 0 does not fit"),
        (lambda: found_share(100, 0.1, 0.2), "A disagreement of 0.1 does not fit difference=0.2"),
        (lambda: Interval(0.5, 0.6, 0.4), "from low to high, not from 0.6 to 0.4"),
        (lambda: classification_report({0, 1}, [0, 1]), "labels is set"),
        (lambda: confidence_interval([0, 1], [0, 1], ["accuracy"]), "Unknown metric"),
        (lambda: confidence_interval([0, 1], [0, 1], level="0.95"), "level is a share"),
        (lambda: calibration_bins([1, 0, 1], table, bins=True), "bins must be a whole number"),
        (lambda: smallest_effect(100, 0.1, power=80), "power is a probability"),
        (
            lambda: expected_calibration_error([1, 0, 1], table * 2),
            "Row 0 of probabilities .* apply softmax first",
        ),
        (
            lambda: expected_calibration_error([1, 0, 1], [[1.5, -0.5]] * 3),
            "Row 0 of probabilities",
        ),
        (
            lambda: expected_calibration_error([1, 0, 1], np.where(table == 0.6, np.nan, table)),
            "Row 1 of probabilities holds NaN",
        ),
        (
            lambda: expected_calibration_error([1, 0], table),
            "labels has 2 entries and probabilities has 3",
        ),
        (lambda: expected_calibration_error([1, 0, 2], table), "Row 2 of labels is class 2"),
        (lambda: expected_calibration_error([], []), "probabilities is empty"),
        (lambda: expected_calibration_error([0], [[1.0]]), "at least two classes was expected"),
        (
            lambda: expected_calibration_error([0, 1, 0], [["a", "b"]] * 3),
            "must be a table of numbers",
        ),
        (
            lambda: expected_calibration_error([0, 1], [[0.5, 0.5], [1.0]]),
            "must be a table of numbers",
        ),
        (lambda: expected_calibration_error(None, None), "must be a table of numbers"),
        (
            lambda: expected_calibration_error([1, 0, 1], table, bins=0),
            "bins must be a whole number",
        ),
        (
            lambda: expected_calibration_error([1, 0, 1], table, names=["a", "b", "c"]),
            "2 columns, but there are 3 class names",
        ),
        (lambda: fit_temperature([1, 0, 1], table[:, 0]), r"logits has shape \(3,\)"),
        (lambda: fit_temperature([1, 0], [[0, 1], [1, 0]]), "every prediction is right"),
        (lambda: fit_temperature([0, 1], [[0, 1], [1, 0]]), "the logits say nothing"),
        (
            lambda: fit_temperature([0, 1], [[0, float("inf")], [1, 0]]),
            "Row 0 of logits holds NaN or infinity",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(FtkitError, match=message):
        call()


nan, inf = float("nan"), float("inf")
masked = np.ma.array([0, 1, 1], mask=[False, False, True])


def everything(labels, predictions):
    "Each function that compares classes."
    return (
        lambda: confusion_matrix(labels, predictions),
        lambda: classification_report(labels, predictions),
        lambda: plot_confusion(labels, predictions),
        lambda: confidence_interval(labels, predictions, "accuracy"),
        lambda: paired_test(labels, predictions, [0, 1, 1]),
        lambda: paired_test(labels, [0, 1, 1], predictions),
        lambda: evaluation.score_table(labels, dict(words=predictions)),
    )


@pytest.mark.parametrize("bad", [nan, inf, -inf, np.float32("nan"), None, pd.NA])
@pytest.mark.parametrize("kind", [list, lambda v: np.array(v, dtype=object), pd.Series])
def test_no_class_is_nan(bad, kind):
    for call in everything(kind([0, bad, 1]), [0, 1, 1]):
        with pytest.raises(FtkitError, match=r"Row 1 of labels is .*which is no class"):
            call()
    for call in everything([0, 1, 1], kind([0, bad, 1])):
        with pytest.raises(FtkitError, match=r"Row 1 of (predictions|a|b) is .*which is no class"):
            call()


def test_float_predictions_with_nan_are_refused_and_whole_ones_count():
    for kind in (np.array, torch.tensor):
        with pytest.raises(FtkitError, match="Row 2 of predictions is nan"):
            classification_report([0, 1, 1], kind([0.0, 1.0, nan]))
        assert classification_report([0, 1, 1], kind([0.0, 1.0, 1.0])).accuracy == 1


def test_a_masked_entry_does_not_count_as_the_number_behind_it():
    for call in everything(masked, [0, 1, 1]):
        with pytest.raises(FtkitError, match="Row 2 of labels is masked"):
            call()
    scores = np.ma.array([[0.4, 0.6]] * 3, mask=[[False, False], [False, True], [False, False]])
    with pytest.raises(FtkitError, match="Row 1 of probabilities is masked"):
        expected_calibration_error([1, 0, 1], scores)


@pytest.mark.parametrize("bad", [nan, inf])
@pytest.mark.parametrize(
    "measure", [calibration_bins, expected_calibration_error, reliability_diagram]
)
def test_probabilities_with_nan_are_refused_with_the_row(bad, measure):
    with pytest.raises(FtkitError, match="Row 2 of probabilities holds NaN or infinity"):
        measure([1, 0, 1], [[0.5, 0.5], [0.5, 0.5], [bad, 0.5]])
    with pytest.raises(FtkitError, match="Row 1 of probabilities holds NaN or infinity"):
        measure([1, 0, 1], torch.tensor([0.5, bad, 0.1]))
    with pytest.raises(FtkitError, match="Row 1 of labels is nan"):
        measure([1, nan, 1], [0.5, 0.4, 0.1])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Interval(nan, 0, 1), "value is nan; a finite number was expected"),
        (lambda: Interval(0.5, 0, inf), "high is inf"),
        (lambda: nan in Interval(0.5, 0, 1), "x is nan"),
        (lambda: proportion_interval(nan, 4), "right is nan"),
        (lambda: proportion_interval(1, inf), "total is inf"),
        (lambda: proportion_interval(2.5, 10), "right is 2.5; it is a count"),
        (lambda: smallest_effect(nan, 0.1), "examples is nan"),
        (lambda: smallest_effect(100, nan), "a disagreement from 0 to 1"),
        (lambda: smallest_effect(100, 0.1, power=nan), "power is a probability"),
        (lambda: confidence_interval([0, 1], [0, 1], level=nan), "level is a share"),
        (lambda: fit_temperature([0, nan], [[1, 0], [1, 0]]), "Row 1 of labels is nan"),
        (lambda: fit_temperature([0, 1], [[1, 0], [1e306, 0]]), "Row 1 of logits holds 1e\\+306"),
        (
            lambda: evaluation.score_lines(
                dict(words=dict(accuracy=dict(value=nan, low=0, high=1)))
            ),
            "value of accuracy of 'words' is nan",
        ),
    ],
)
def test_numbers_that_are_none_are_refused_by_name(call, message):
    with pytest.raises(FtkitError, match=message):
        call()
