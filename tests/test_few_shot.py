"Lesson 37: likelihoods of label words equal to transformers', the cache, calibration, refusals."

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from ftkit.core import FtkitError, setup
from ftkit.finetuning.few_shot import (
    FewShot,
    LabelWords,
    Prompt,
    balanced_rows,
    best_wording,
    drawn_examples,
    nearest_mean,
    right_answers,
    seen_texts,
    short_sentences,
    shuffled_labels,
    softmax_rows,
)
from ftkit.foundations.checkpoints import from_transformers
from ftkit.foundations.text import BPE

encode = BPE([]).encode  # each byte is a token
names = dict(neg="not good", pos="nice", so="fine")
solved = [("a joy", "pos"), ("dull", "neg"), ("hm", "so")]
texts = ["so so", "fine .", "", "it has a plot", "ok ok"]


@pytest.fixture(scope="module")
def theirs():
    torch.manual_seed(0)
    sizes = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=6)
    sizes |= dict(num_key_value_heads=2, max_position_embeddings=200, initializer_range=0.2)
    return LlamaForCausalLM(LlamaConfig(vocab_size=256, **sizes)).eval()


@pytest.fixture(scope="module")
def ours(theirs):
    return from_transformers(theirs)


@pytest.fixture(scope="module")
def words():
    return LabelWords(names, encode)


@torch.inference_mode()
def score(theirs, text, word):
    "The whole text at once, by transformers."
    ids = encode(text)
    own = encode(word)
    log_p = theirs(torch.tensor([ids + own])).logits[0].double().log_softmax(-1)
    return log_p[range(len(ids) - 1, len(ids) - 1 + len(own)), own].sum().item()


@pytest.mark.parametrize("examples", [[], solved], ids=["no example", "three"])
@pytest.mark.parametrize("batch_size", [1, 16])
def test_likelihoods_are_those_of_transformers(theirs, ours, words, examples, batch_size):
    model = FewShot(ours, encode, words, examples=examples, batch_size=batch_size)
    start = "".join(f"Review: {t}\nSentiment: {names[name]}\n\n" for t, name in examples)
    found = model.scores(texts)
    for text, row in zip(texts, found, strict=True):
        question = f"{start}Review: {text}\nSentiment:"
        expected = [score(theirs, question, f" {word}") for word in names.values()]
        assert row == pytest.approx(expected, abs=1e-4)
    lengths = [len(word) + 1 for word in names.values()]
    assert model.scores(texts, per="mean") == pytest.approx(found / lengths)


def test_a_text_does_not_depend_on_the_others(ours, words):
    model = FewShot(ours, encode, words, examples=solved)
    together = model.scores(texts)
    for text, row in zip(texts, together, strict=True):
        assert model.scores([text])[0] == pytest.approx(row, abs=1e-4)
    assert model.scores(texts[::-1]) == pytest.approx(together[::-1], abs=1e-4)
    assert model.scores(texts) == pytest.approx(together)  # nothing is left in the cache


def test_another_wording(theirs, ours, words):
    prompt = Prompt("", " It was", between="\n")
    model = FewShot(ours, encode, words, prompt, solved)
    start = "a joy It was nice\ndull It was not good\nhm It was fine\n"
    expected = [score(theirs, f"{start}ok It was", f" {word}") for word in names.values()]
    assert model.scores(["ok"])[0] == pytest.approx(expected, abs=1e-4)
    with pytest.raises(FtkitError, match="' It was'"):
        model.scores(["Good. It was"])


def test_words_that_share_a_beginning_are_told_apart(theirs, ours):
    shared = LabelWords(dict(a="superb", b="superfluous"), encode)
    found = FewShot(ours, encode, shared).scores(["a plot"])[0]
    question = "Review: a plot\nSentiment:"
    expected = [score(theirs, question, word) for word in (" superb", " superfluous")]
    assert found == pytest.approx(expected, abs=1e-4)


def test_calibration_divides_by_the_mean_answer_to_nothing(ours, words):
    model = FewShot(ours, encode, words, examples=solved)
    nothing = softmax_rows(model.scores(["", "N/A", "[MASK]"])).mean(0)
    assert np.exp(model.prior()) == pytest.approx(nothing)
    raw = model.probabilities(texts, calibrated=False)
    ratio = raw / nothing
    assert model.probabilities(texts) == pytest.approx(ratio / ratio.sum(1, keepdims=True))
    # nothing itself is even afterwards, if it is the only empty text
    alone = model.prior(empty=["N/A"])
    assert softmax_rows(model.scores(["N/A"]) - alone) == pytest.approx(np.full((1, 3), 1 / 3))


def test_evaluate_and_predict_agree(ours, words):
    model = FewShot(ours, encode, words, examples=solved)
    labels = ["pos", "neg", "so", "pos", "neg"]
    found = model.evaluate(texts, labels)
    assert [words.names[i] for i in found.predictions] == model.predict(texts)
    assert found.labels.tolist() == [1, 0, 2, 1, 0]


@pytest.mark.parametrize(
    "given, because",
    [
        (dict(a="x"), "Two classes or more"),
        (dict(a="x", b=""), "The label word of 'b' is '': there is nothing to score"),
        (dict(a="x", b=" y"), "write 'y'"),
        (dict(a="x", b="y\nz"), "write 'y z'"),
        (dict(a="x", b="x"), "are the same tokens"),
        (dict(a="good enough", b="good"), "begin with all of 'good' .b."),
    ],
)
def test_label_words_that_cannot_work(given, because):
    with pytest.raises(FtkitError, match=because):
        LabelWords(given, encode)


def test_a_prompt_that_does_not_fit_says_how_many_examples_would(ours, words):
    with pytest.raises(FtkitError, match=r"The 9 examples take \d+ tokens, .* context is 200") as e:
        FewShot(ours, encode, words, examples=solved * 3)
    fit = int(str(e.value).split("About ")[1].split()[0])
    assert 4 <= fit < 9
    model = FewShot(ours, encode, words, examples=solved)
    room = 200 - len(model.ids) - len(encode("\n\nReview: \nSentiment:")) - len(" not good")
    model.scores(["x" * (room - 1)])
    with pytest.raises(FtkitError, match=r"text 1 .counted from 0. with its label word"):
        model.scores(["short", "x" * (room + 1)])


@pytest.mark.parametrize(
    "examples, because",
    [
        (solved[:2], "none of the class 'so'"),
        ([*solved, ("x", "bad")], "Example 3 .counted from 0.: Unknown class 'bad'"),
        ([*solved, ("a\n\nb", "pos")], "Example 3 .counted from 0. contains"),
        ([*solved, ("a\nSentiment: nice", "pos")], "Example 3 .counted from 0. contains"),
        ([*solved, (None, "pos")], "a text was expected"),
    ],
)
def test_examples_that_break_the_prompt(ours, words, examples, because):
    with pytest.raises(FtkitError, match=because):
        FewShot(ours, encode, words, examples=examples)


def test_texts_that_break_the_prompt_or_stand_in_it(ours, words):
    model = FewShot(ours, encode, words, examples=solved)
    with pytest.raises(FtkitError, match=r"Text 1 .counted from 0. contains"):
        model.scores(["ok", "ok\nSentiment: nice\n\nReview: ok"])
    with pytest.raises(FtkitError, match="Text 1 is example 0 of the prompt"):
        model.evaluate(["new", " A  JOY"], ["pos", "pos"])
    with pytest.raises(FtkitError, match="2 texts and 1 labels"):
        model.evaluate(["new", "old"], ["pos"])
    with pytest.raises(FtkitError, match="Unknown per"):
        model.scores(["ok"], per="average")
    assert seen_texts(["a joyless film"], solved) == []


def test_a_tokenizer_that_joins_prompt_and_word_is_refused(ours, words):
    def joining(text):
        return encode(text.replace(": ", "_"))

    loose = LabelWords(names, joining)
    with pytest.raises(FtkitError, match="joins the end of the prompt of text 0"):
        FewShot(ours, joining, loose).scores(["ok"])


def test_nan_in_the_weights_is_refused(theirs, words):
    broken = from_transformers(theirs)
    with torch.no_grad():
        broken.norm.weight[0] = torch.nan
    with pytest.raises(FtkitError, match="logits hold NaN"):
        FewShot(broken, encode, words).scores(["ok"])


def test_balanced_rows():
    labels = np.array(["b", "a"] * 10)
    rows = balanced_rows(labels, 4, seed=1)
    assert sorted(labels[rows]) == ["a"] * 4 + ["b"] * 4
    assert len(set(rows)) == 8
    assert (rows == balanced_rows(labels, 4, seed=1)).all()
    orders = {tuple(labels[balanced_rows(labels, 4, seed)]) for seed in range(10)}
    assert len(orders) > 5  # not class by class
    with pytest.raises(FtkitError, match="there are 10 of 'a'"):
        balanced_rows(labels, 11, seed=1)


def test_draws_are_nested_and_shuffled_labels_say_nothing():
    run = setup("37_few_shot", "smoke")
    parts = short_sentences(run)
    each_text = [set(texts) for texts, _ in parts.values()]
    assert len(set.union(*each_text)) == sum(map(len, each_text))
    for draw in (1, 2):
        few = drawn_examples(parts, 2, draw)
        more = drawn_examples(parts, 4, draw)
        assert set(few) < set(more)
        wrong = shuffled_labels(more, [draw])
        assert [text for text, _ in wrong] == [text for text, _ in more]
        for name in ("neg", "pos"):
            given = [new for (_, old), (_, new) in zip(more, wrong, strict=True) if old == name]
            assert sorted(given) == ["neg", "neg", "pos", "pos"]
    assert set(drawn_examples(parts, 4, 1)) != set(drawn_examples(parts, 4, 2))


def test_the_nearest_mean_by_hand():
    known = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
    others = np.array([[0.9, 0.8], [0.1, 0.2]])
    # by the distance the first would be "b" with other lengths; the angle alone counts
    assert nearest_mean(known, ["a", "a", "b"], others).tolist() == ["a", "b"]
    assert nearest_mean(known, ["a", "a", "b"], 10 * others).tolist() == ["a", "b"]
    with pytest.raises(FtkitError, match="3 labels of 1 class"):
        nearest_mean(known, ["a", "a", "a"], others)


def test_answers_and_choices_of_a_cell():
    cell = dict(odds=[0.5, -0.5, 0.1], prior=[0.2])
    assert right_answers(cell, ["pos", "neg", "pos"], False).tolist() == [True, True, True]
    assert right_answers(cell, ["pos", "neg", "pos"], True).tolist() == [True, True, False]
    labels = ["neg", "pos", "neg", "pos"]
    trials = [  # a sorts better, though fewer are right
        dict(each=0, wording="a", raw=0.5, calibrated=0.4, odds=[-3, -1, -2, -0.5]),
        dict(each=0, wording="b", raw=0.75, calibrated=0.8, odds=[-1, 2, 3, 1]),
        dict(each=4, wording="b", raw=0.5, calibrated=0.9, odds=[0, 1, 0, 1]),
    ]
    assert best_wording(trials, labels, with_examples=False) == ("a", False)
    assert best_wording(trials, labels, with_examples=True) == ("b", True)


@pytest.mark.parametrize(
    "parts, because",
    [
        (dict(after="\nSentiment: "), r"ends with a space; .* write '\\nSentiment:'"),
        (dict(between=""), "`between` is empty"),
    ],
)
def test_prompts_that_write_what_nobody_writes(parts, because):
    with pytest.raises(FtkitError, match=because):
        Prompt(**parts)


def test_one_text_is_no_list_of_texts(ours, words):
    model = FewShot(ours, encode, words, examples=solved)
    for ask in (model.scores, model.predict, model.probabilities, model.prior):
        with pytest.raises(FtkitError, match=r"One text was given .* write .text."):
            ask("a plot")
    with pytest.raises(FtkitError, match="One text was given"):
        seen_texts("a joy", solved)
    with pytest.raises(FtkitError, match="The examples are one text"):
        FewShot(ours, encode, words, examples="a joy")


def test_numbers_that_cannot_be(ours, words):
    with pytest.raises(FtkitError, match="batch_size is 0; at least 1"):
        FewShot(ours, encode, words, batch_size=0)
    with pytest.raises(FtkitError, match="0 rows of each class"):
        balanced_rows(["a", "b"], 0, seed=1)


@pytest.mark.parametrize("names", [["neg", "pos", "pos"], ["neg", "neg", "good", "good"]])
def test_labels_that_cannot_be_shuffled_to_nothing(names):
    with pytest.raises(FtkitError, match="an even number of 'neg' and of 'pos'"):
        shuffled_labels([("x", name) for name in names], [1])


@pytest.mark.parametrize("broken", [0.0, np.nan])
def test_a_vector_without_an_angle(broken):
    good = np.array([[2.0, 0.0], [0.0, 5.0]])
    bad = np.array([[broken, broken]])
    with pytest.raises(FtkitError, match="has no angle"):
        nearest_mean(good, ["a", "b"], bad)
    with pytest.raises(FtkitError, match="has no angle"):
        nearest_mean(np.concatenate([good, bad]), ["a", "b", "c"], good)
