"Lesson 36: both kinds of luck, Holm's correction, four endings, the search, the added arms."

import numpy as np
import pytest
from scipy import stats

from ftkit.core import FtkitError
from ftkit.finetuning import peft_compared
from ftkit.finetuning.lora import trainable_parameters
from ftkit.finetuning.peft_compared import (
    Difference,
    added,
    difference_of,
    difference_of_differences,
    fixed_rate,
    holm,
    ladder,
    packed,
    search,
    search_and_judge,
    searched,
    searched_later,
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


def test_a_difference_of_differences_that_is_known():
    N = 1000
    percent = np.arange(N) / N
    shares = dict(a=(0.70, 0.74, 0.71), b=(0.76, 0.78, 0.75), c=(0.79, 0.81, 0.80), d=(0.80,) * 3)
    tables = {name: percent < np.array(of)[:, None] for name, of in shares.items()}
    found = difference_of_differences(*tables.values())
    # (a - b) of the seeds is -6, -4, -4 points, (c - d) is -1, +1, 0
    of_seeds = np.array([-0.05, -0.05, -0.04])
    assert found.value == pytest.approx(of_seeds.mean())
    of_texts = np.mean(tables["a"] * 1.0 - tables["b"] - tables["c"] + tables["d"], axis=0)
    squared = of_seeds.var(ddof=1) / 3 + of_texts.var(ddof=1) / N
    assert found.error == pytest.approx(squared**0.5)
    turned = difference_of_differences(*[tables[name] for name in "cdab"])
    assert (turned.value, turned.error) == pytest.approx((-found.value, found.error))
    # what both pairs have in common falls out: with equal methods in it, two pairs are one
    alone = difference_of_differences(tables["a"], tables["b"], tables["d"], tables["d"])
    assert alone == pytest.approx(difference_of(tables["a"], tables["b"], same_seeds=True))
    # seeds are in pairs: the same tables with one in another order are less sure
    mixed = difference_of_differences(tables["a"], tables["b"], tables["c"][[1, 2, 0]], tables["d"])
    assert mixed.value == pytest.approx(found.value) and mixed.error > found.error
    with pytest.raises(FtkitError, match="the same seeds and texts"):
        difference_of_differences(tables["a"], tables["b"], tables["c"][:2], tables["d"])


def test_its_interval_holds_the_truth_as_often_as_it_says():
    "Invented: large batches cost the first method three points more; seeds differ by a point."
    held = 0
    for _ in range(200):
        difficulty = rng.random(1500)
        luck = rng.normal(0, 0.01, (4, 5, 1))
        skill = np.array([0.70, 0.75, 0.76, 0.78]).reshape(4, 1, 1) + luck
        noise = rng.normal(0, 0.05, (4, 5, 1500))
        low, high = difference_of_differences(*(difficulty < skill + noise)).interval()
        held += low <= -0.03 <= high
    assert 180 <= held <= 200


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
        self.batches = []

    def step(self, name, make, run, task, method, rate, *others):
        self.names.append(name)
        self.batches.append(others[-1])
        if make is peft_compared.seed_trial:
            return dict(method=method, rate=rate, seed=others[0])
        assert make is peft_compared.rate_trial
        return dict(method=method, rate=rate, right=1 - abs(np.log(rate / ladder[self.peak])))

    def plan(self, steps):
        self.planned = steps


@pytest.mark.parametrize("method", searched | added)
@pytest.mark.parametrize("peak", range(len(ladder)))
def test_a_search_goes_on_until_the_best_has_neighbours(method, peak):
    build = Build(peak)
    trials, rate = search(build, "sentences", method)
    first = (searched | added)[method][1]
    assert rate == ladder[peak]
    rates = [trial["rate"] for trial in trials]
    assert rates == sorted(set(rates)) and len(build.names) == len(set(build.names)) == len(rates)
    low = min(first, max(0, peak - 1))
    high = max(first + 3, min(len(ladder) - 1, peak + 1))
    assert rates == list(ladder[low : high + 1])


def test_one_rate_is_in_every_search():
    assert all(fixed_rate in ladder[first : first + 4] for _, first in searched.values())


def test_a_search_and_five_seeds_with_batches_of_128():
    usual, large = Build(4), Build(4)
    trials, runs = search_and_judge(usual, "posts", "pooler")
    assert set(usual.batches) == {16}
    assert len(trials) == 4 and [one["seed"] for one in runs] == [1, 2, 3, 4, 5]
    assert {one["rate"] for one in runs} == {ladder[4]}
    assert search_and_judge(large, "posts", "pooler", 128) == (trials, runs)
    assert set(large.batches) == {128}
    assert not set(usual.names) & set(large.names)


def test_later_jobs_have_the_steps_they_plan(monkeypatch):
    monkeypatch.setattr(
        peft_compared, "tasks", dict.fromkeys(("a", "b"), lambda run: dict(test=dict(label="xyz")))
    )
    build = Build(4)
    found = searched_later(build, ["lora", "pooler"], ["a", "b"], 128)
    assert build.planned == len(build.names) == len(set(build.names)) == 36
    for one in found.values():
        assert (one["test"], one["batch"], len(one["trials"]), len(one["runs"])) == (3, 128, 8, 10)


@pytest.mark.parametrize("batch", [16, 128])
def test_method_rate_and_batch_reach_the_training(monkeypatch, batch):
    given = {}

    class Classifier:
        def evaluate(self, part, **here):
            return type("Report", (), dict(predictions=np.array([1, 0]), labels=np.array([1, 1])))

    def finetune(train, **settings):
        given.update(settings)
        return Classifier()

    parts = dict(train="train", validation="validation", test="test")
    monkeypatch.setattr(peft_compared, "tasks", dict(posts=lambda run: parts))
    monkeypatch.setattr(peft_compared, "finetune", finetune)
    choose = staticmethod(lambda smoke, cpu: cpu)
    run = type("Run", (), dict(scale="cpu", choose=choose, device="cpu", dtype=None))()
    more = () if batch == 16 else (batch,)
    trial = peft_compared.rate_trial(None, run, "posts", "attention", 0.003, *more)
    assert trial == dict(method="attention", rate=0.003, right=0.5)
    assert (given["batch_size"], given["learning_rate"], given["seed"]) == (batch, 0.003, 0)
    assert (given["method"].rank, given["method"].alpha, given["epochs"]) == (18, 36, 8)
    done = peft_compared.seed_trial(None, run, "posts", "pooler", 0.001, 4, *more)
    assert (given["batch_size"], given["learning_rate"], given["seed"]) == (batch, 0.001, 4)
    assert tuple(given["method"].modules_to_save) == ("pooler",)
    assert unpacked(done["right"], 2).tolist() == [True, False]


def test_the_two_arms_train_equally_many_numbers_at_one_scale():
    from transformers import BertConfig, BertForSequenceClassification

    sizes = dict(hidden_size=384, intermediate_size=1536, num_hidden_layers=2)
    config = BertConfig(vocab_size=50, num_attention_heads=12, num_labels=20, **sizes)
    learned = {}
    for name, (made_of, first) in added.items():
        method = made_of()
        assert (method.alpha / method.rank, first) == (2, searched["lora"][1])
        model = method.prepare(BertForSequenceClassification(config))
        learned[name], _ = trainable_parameters(model)
        held = {n for n, p in model.named_parameters() if p.requires_grad}
        assert {"bert.pooler.dense.weight", "bert.pooler.dense.bias"} <= held
        touched = {n.rpartition(".layer.0.")[2] for n in held if ".layer.0." in n}
        layers = {n.removesuffix(".lora_A") for n in touched if n.endswith("lora_A")}
        attention = {f"attention.self.{part}" for part in ("query", "key", "value")}
        attention.add("attention.output.dense")
        others = {"intermediate.dense", "output.dense"}
        assert layers == (attention if name == "attention" else attention | others)
    assert learned["pooler"] == learned["attention"]
    head_and_pooler = 384 * 384 + 384 + 20 * 384 + 20
    assert learned["pooler"] == 2 * 8 * (4 * 768 + 2 * 1920) + head_and_pooler
