"""Finding answers: questions, files, windows, the best span, scores, methods, the command line.

Parity with transformers and torchmetrics, and what bad input gets. Small random networks; only the
tokenizer's words are made here, so nothing is downloaded."""

import itertools
import json
import shlex
import string

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from tokenizers.normalizers import BertNormalizer
from torchmetrics.functional.text import squad
from transformers import BertConfig, BertForQuestionAnswering, BertModel, PreTrainedTokenizerFast
from typer.testing import CliRunner

from ftkit.core import FtkitError
from ftkit.finetuning.finetune import Classifier, methods, resolve_task, tasks
from ftkit.kit import cli
from ftkit.tasks.question_answering import (
    Answer,
    Overlap,
    QuestionAnswering,
    Reader,
    answer_report,
    answer_tokens,
    band,
    best_span,
    blanked,
    check_questions,
    choose_threshold,
    collate_windows,
    cut_words,
    divided_by_group,
    exact_match,
    group_weights,
    grouped_mean,
    joined,
    make_windows,
    nearest_span,
    normalized,
    one_each,
    passages_of,
    places_of,
    read_squad,
    recurring_questions,
    recurring_spans,
    score_answers,
    start_end_loss,
    token_f1,
    without_answer,
    without_question,
    word_weights,
)
from ftkit.tasks.tagging import Tagger

people = ["anna", "ben", "clara", "dora", "emil"]
places = ["paris", "rome", "oslo"]
rows = []
for who, where in itertools.product(people, places):
    context = f"{who} lives in {where} ."
    rows.append(dict(question="who ?", context=context, answer=who, title=who))
    rows.append(dict(question="where ?", context=context, answer=where, title=who))
quick = dict(progress=False, device="cpu", dtype=torch.float32)


@pytest.fixture(scope="module")
def tokenizer():
    "WordPiece over a few words, letters and parts of words."
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *people, *places, "lives", "in", "who", "where"]
    letters = string.ascii_lowercase
    vocab += [".", "?", *letters, *(f"##{c}" for c in letters)]
    core = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocab)}, unk_token="[UNK]"))
    core.normalizer = BertNormalizer(lowercase=True)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    special = dict(unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]")
    names = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=core, model_input_names=names, **special)


@pytest.fixture(scope="module")
def tiny(tokenizer, tmp_path_factory):
    "A BERT of a few thousand random weights, in a folder."
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48)
    config = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=40, **sizes)
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def taught(tiny, data=rows, **options):
    own = dict(model=tiny, max_length=24, overlap=4, epochs=2, batch_size=8, **quick)
    return QuestionAnswering().finetune(data, **(own | options))


@pytest.fixture(scope="module")
def good(tiny):
    return taught(tiny, epochs=60, learning_rate=3e-3)


def refused(call, sentence):
    with pytest.raises(FtkitError) as caught:
        call()
    assert sentence in str(caught.value), caught.value


# Questions and files

one = dict(question="Who?", context="Anna met Ben, and Ben left.", answer="Anna")


@pytest.mark.parametrize(
    "change, sentence",
    [
        (dict(answer="Clara"), "row 1: the answer 'Clara' is not in its context"),
        (dict(answer="anna"), "is not in its context"),
        (dict(answer="Ben"), "stands in its context 2 times, first at the characters 9 and 18"),
        (dict(answer="Ben", answer_start=10), "does not start at character 10; it stands at 9, 18"),
        (dict(answer="Anna", answer_start="0"), "does not start at character '0'"),
        (dict(answer="Anna", answer_start=-27), "does not start at character -27"),
        (dict(answer=" "), "the answer is ' '"),
        (dict(answer=3), "the answers are 3; a list"),
        (dict(answers=[dict(start=3)]), "text and answer_start expected"),
        (dict(answers=dict(answer="Anna")), "text and answer_start expected"),
        (dict(answers=dict(text=["Anna"], answer_start=[0, 18])), "two lists of equal length"),
        (dict(answers=dict(text=["Anna"], answer_start=0)), "two lists of equal length"),
        (dict(answers=dict(text=3)), "two lists of equal length"),
        (dict(question=" \n"), "the question is"),
        (dict(question=None), "the question is None"),
        (dict(context=""), "the context is ''"),
        (dict(is_impossible=True), "is said to be impossible, and has an answer"),
    ],
)
def test_bad_questions(change, sentence):
    refused(lambda: check_questions([one | change]), sentence)


def test_questions_in_all_their_forms():
    bare = {k: v for k, v in one.items() if k != "answer"}
    wanted = [Answer(18, "Ben")]
    forms = [
        dict(answer="Ben", answer_start=18),
        dict(answers=[dict(text="Ben", answer_start=18)]),
        dict(answers=dict(text=["Ben"], answer_start=[18])),
        dict(answers=wanted),
        dict(answers=["Ben left"]),
        dict(answers=dict(text=[" Ben left"])),
        dict(answers=dict(text="Ben", answer_start=18)),
        dict(answers=dict(text="Ben left")),
    ]
    for form in forms:
        (found,) = check_questions([bare | form])
        assert found["answers"][0].start == 18
    for form in (dict(answers=[]), dict(answer=None), dict(is_impossible=True)):
        assert check_questions([bare | form])[0]["answers"] == []
    refused(lambda: check_questions([bare]), "row 1 has no answers")
    assert check_questions([bare], answered=False)[0]["answers"] == []
    refused(lambda: check_questions([]), "has no question")
    table = {name: [row[name] for row in rows] for name in rows[0]}
    assert check_questions(table) == check_questions(rows)
    refused(lambda: check_questions(one), "this is one question. Put it into a list")
    table["context"].pop()
    refused(lambda: check_questions(table), "unequal lengths (question 30, context 29")
    refused(lambda: check_questions("train.json"), "QuestionAnswering().read('train.json')")
    refused(lambda: check_questions(None), "a list of dicts was expected, not None")
    refused(lambda: check_questions(["Who?"]), "row 1 is 'Who?'; a dict with question")
    again = check_questions(rows)
    assert check_questions(again) == again


@given(st.text("ab ", max_size=12), st.text("ab", min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_places_of_a_text(context, text):
    naive = [i for i in range(len(context)) if context[i:].startswith(text)]
    assert places_of(text, context) == naive


def squad_file(path, version="v2.0"):
    qas = [
        dict(id="1", question="Who?", answers=[dict(text="Anna", answer_start=0)]),
        dict(id="2", question="Why?", answers=[], is_impossible=True, plausible_answers=[]),
    ]
    paragraphs = [dict(context=one["context"], qas=qas)]
    path.write_text(
        json.dumps(dict(version=version, data=[dict(title="T", paragraphs=paragraphs)]))
    )
    return path


def test_files(tmp_path):
    found = read_squad(squad_file(tmp_path / "a.json"))
    assert [row["answers"] for row in found] == [[Answer(0, "Anna")], []]
    assert found[0]["group"] == "T"
    lines = [one, dict(question="Why?", context=one["context"], answers=[], title="T")]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert [row["answers"] for row in read_squad(tmp_path / "a.jsonl")] == [[Answer(0, "Anna")], []]


@pytest.mark.parametrize(
    "name, text, sentence",
    [
        ("a.json", "{", "is not SQuAD's JSON"),
        ("a.json", '{"rows": []}', "is not SQuAD's JSON (KeyError: 'data')"),
        ("a.json", '{"data": [{"title": "T"}]}', "KeyError: 'paragraphs'"),
        ("a.json", '{"data": []}', "has no question"),
        ("a.jsonl", "", "has no question"),
        ("a.jsonl", '{"question": "Who?"}', "row 1: the context is None"),
        ("a.jsonl", "[1]", "a.jsonl"),
        ("a.csv", "question,context", "has the suffix '.csv'"),
    ],
)
def test_bad_files(tmp_path, name, text, sentence):
    path = tmp_path / name
    path.write_text(text)
    refused(lambda: read_squad(path), sentence)
    refused(lambda: read_squad(path), str(path))
    refused(lambda: read_squad(tmp_path / "none.json"), "There is no file")


# Scores

words = st.sampled_from(["the", "a", "cat", "Cat's", "U.S.", "us", "an", "theatre", "1,000", "no"])
texts = st.lists(words, max_size=5).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(texts, min_size=1, max_size=3))
def test_scores_are_those_of_torchmetrics(found, wanted):
    target = dict(answers=dict(text=wanted, answer_start=[0] * len(wanted)), id="1")
    theirs = squad([dict(prediction_text=found, id="1")], [target])
    question = dict(answers=[Answer(0, text) for text in wanted])
    ((exact, f1),) = score_answers([question], [found])
    assert 100 * exact == pytest.approx(float(theirs["exact_match"]), abs=1e-3)
    assert 100 * f1 == pytest.approx(float(theirs["f1"]), abs=1e-3)


def test_scores_by_hand():
    assert normalized("The  cat's, an  anthem!") == ["cats", "anthem"]
    assert token_f1("no no no", "no") == pytest.approx(0.5)
    assert exact_match("A!", "the") == 1
    assert token_f1("Rome", "") == 0
    questions = check_questions([one, one | dict(answer=None)])
    assert score_answers(questions, ["Anna", ""]).tolist() == [[1, 1], [1, 1]]
    assert score_answers(questions, ["", "Anna"]).tolist() == [[0, 0], [0, 0]]
    refused(lambda: score_answers(questions, ["a"]), "2 questions and 1 answers")
    refused(lambda: score_answers(questions[:1], "A"), "A list with an answer to each question")
    refused(lambda: answer_report([], []), "There is no question to judge")
    report = answer_report(questions, ["Anna", "Ben"])
    assert (report.answered, report.unanswered) == (1, 0)
    assert "without an answer 0.000" in str(report)


def test_intervals_draw_whole_groups():
    rng = np.random.default_rng(0)
    of_group = rng.random(20)
    groups = np.repeat(np.arange(20), 50)
    values = of_group[groups]
    wide = grouped_mean(values, groups)
    naive = grouped_mean(values, np.arange(1000))
    assert wide.value == pytest.approx(values.mean())
    assert wide.width > 4 * naive.width, "1,000 questions on 20 articles are 20 articles"
    weights = group_weights(["a", "b", "b"], resamples=500)
    assert (weights[:, 1] == weights[:, 2]).all()
    assert (weights[:, 0] + weights[:, 1] == 2).all()


# Windows


def test_windows_hold_the_answer_where_the_tokens_say_so(tokenizer):
    filler = "paris lives in rome . " * 6
    context = f"{filler}emil {filler}"
    (row,) = check_questions([dict(question="who ?", context=context, answer="emil")])
    examples, spots = make_windows([row], tokenizer, max_length=24, overlap=6)
    held = 0
    for example, (number, first, spans) in zip(examples, spots, strict=True):
        assert number == 0 and len(example["input_ids"]) <= 24
        a, b = example["labels"]
        ids = example["input_ids"]
        if (a, b) == (0, 0):
            assert tokenizer.convert_tokens_to_ids("emil") not in ids
            continue
        held += 1
        assert tokenizer.decode(ids[a : b + 1]) == "emil"
        assert context[spans[a - first][0] : spans[b - first][1]] == "emil"
    assert held >= 1
    covered = {span for _, _, spans in spots for span in spans}
    assert len(covered) == len(tokenizer(context, add_special_tokens=False)["input_ids"])
    assert tokenizer.backend_tokenizer.truncation is None, "the tokenizer is left as it was"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(1, 4), st.integers(0, 8))
def test_an_answer_not_longer_than_the_overlap_is_whole_somewhere(tokenizer, before, size, more):
    parts = ["rome"] * before + ["emil"] * size + ["oslo"] * 20
    start = sum(len(part) + 1 for part in parts[:before])
    text = " ".join(["emil"] * size)
    given = dict(question="who ?", context=" ".join(parts), answer=text, answer_start=start)
    examples, _ = make_windows(check_questions([given]), tokenizer, 24 + more, overlap=4)
    assert any(example["labels"] != [0, 0] for example in examples)


def test_half_an_answer_is_none():
    spans = [(10, 13), (14, 19), (20, 24)]
    assert answer_tokens(spans, [Answer(14, "abcde")], 5) == [6, 6]
    assert answer_tokens(spans, [Answer(10, "abcdefghijklmn")], 5) == [5, 7]
    assert answer_tokens(spans, [Answer(20, "abcde")], 5) == [0, 0]
    assert answer_tokens(spans, [Answer(9, "abcd")], 5) == [0, 0]
    assert answer_tokens(spans, [Answer(13, " ")], 5) == [0, 0]
    assert answer_tokens(spans, [], 5) == [0, 0]


def test_questions_and_contexts_that_do_not_fit(tokenizer):
    long = dict(question="who " * 30, context="anna lives .", answer="anna")
    refused(
        lambda: make_windows(check_questions([long]), tokenizer, 24),
        "Question 1 has 30 tokens, and a window has 24",
    )
    odd = check_questions([dict(question="who ?", context="\x00", answers=[])])
    refused(lambda: make_windows(odd, tokenizer, 24), "The context of question 1 has no token")
    fine = check_questions(rows[:1])
    refused(lambda: make_windows(fine, tokenizer, 24, overlap=-1), "overlap is -1")


# The best span


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 10_000))
def test_the_best_span_is_the_best_of_all(T, length, seed):
    start, end = np.random.default_rng(seed).normal(size=(2, T))
    tried = {}
    for i, j in itertools.product(range(T), repeat=2):
        if 0 <= j - i < length:
            tried[i, j] = start[i] + end[j]
    i, j, total = best_span(start, end, length)
    assert (i, j) == max(tried, key=tried.get)
    assert total == pytest.approx(max(tried.values()))
    assert band(T, length).sum() == len(tried)


def test_no_span_without_numbers():
    refused(lambda: best_span(np.array([np.nan, 1]), np.zeros(2)), "NaN")
    refused(lambda: best_span(np.zeros(2), np.zeros(2), 0), "length is 0")
    refused(lambda: best_span(np.zeros(3), np.zeros(1)), "their shapes are (3,) and (1,)")
    refused(lambda: best_span([], []), "their shapes are (0,) and (0,)")
    assert best_span([0, 2], [1, 3]) == (1, 1, 5.0)


def test_no_threshold_without_numbers():
    refused(lambda: choose_threshold([1, 2], [1, 0, 0.5], [False, True, True]), "(2,), (3,) and")
    refused(lambda: choose_threshold([], [], []), "A threshold needs questions")
    refused(lambda: choose_threshold([np.nan, 1], [0, 1], [True, False]), "a finite margin")
    lucky = choose_threshold([5, 1], [1, 0.2], [True, False])
    assert lucky > 5, "an impossible question scores no F1"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_the_threshold_is_the_best_of_all(seed, n):
    rng = np.random.default_rng(seed)
    margins = rng.integers(-4, 5, n) / 2
    impossible = rng.random(n) < 0.5
    f1 = np.where(impossible, 0, rng.random(n))

    def value(t):
        return np.where(margins > t, f1, impossible).mean()

    found = choose_threshold(margins, f1, impossible)
    assert np.isfinite(found)
    assert value(found) == pytest.approx(max(value(t) for t in np.arange(-4, 5, 0.25)))


def test_the_loss_is_that_of_transformers(tiny, tokenizer):
    net = BertForQuestionAnswering(BertConfig.from_pretrained(tiny)).eval()
    examples, _ = make_windows(check_questions(rows[:4]), tokenizer, 24)
    batch = collate_windows(net, tokenizer)(examples)
    inputs = {k: v for k, v in batch.items() if k not in ("labels", "allowed")}
    everywhere = batch | dict(allowed=torch.ones_like(batch["allowed"]))
    total, number = start_end_loss(net, everywhere)
    starts, ends = batch["labels"].T
    theirs = net(**inputs, start_positions=starts, end_positions=ends).loss
    assert (total / number).item() == pytest.approx(theirs.item(), abs=1e-6)
    assert int(number) == 8
    ours, _ = start_end_loss(net, batch)
    assert ours.item() < total.item(), "the question's tokens are no classes"


# The reader


def test_a_reader_learns_and_comes_back_the_same(good, tmp_path):
    assert good.evaluate(rows).f1.value > 0.95
    loaded = Reader.load(good.save(tmp_path / "m"))
    for a, b in zip(good.logits(rows)[0], loaded.logits(rows)[0], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    (found,) = loaded.predict([dict(question="Where ?", context="Dora lives  in Oslo .")])
    assert (found.text, found.start, found.end) == ("Oslo", 15, 19)
    assert loaded.predict([]) == []
    refused(lambda: loaded.predict("who ?"), "a list of dicts")
    refused(lambda: loaded.predict(None), "a list of dicts")
    refused(lambda: loaded.predict(rows[0]), "this is one question")
    refused(lambda: loaded.predict([dict(question="", context="a")]), "the question is ''")


def test_a_batch_and_padding_change_nothing(good):
    more = [*rows, dict(question="who ?", context="oslo rome paris . " * 12)]
    at = dict(dtype=torch.float32)
    together = good.predict(more, **at)
    alone = [good.predict([row], **at)[0] for row in more]
    for a, b in zip(together, alone, strict=True):
        assert a.best == b.best
        assert a.margin == pytest.approx(b.margin, abs=1e-4)


def test_windows_are_compared_by_sums_not_by_shares(good, monkeypatch):
    "The window with one lonely span is surer of it; the sum of the other is higher."
    first = np.full((2, 12), 7.0)
    first[:, 5] = 9.0
    second = np.full((2, 12), -5.0)
    second[:, 6] = 2.0
    for table in (first, second):
        table[:, 0] = -9
    context = "anna ben clara dora emil paris rome oslo"
    spans = [(m, m + 3) for m in range(0, 32, 4)]
    spots = [(0, 4, spans), (0, 4, spans)]
    monkeypatch.setattr(good, "logits", lambda *_: ([first, second], spots))
    (found,) = good.predict([dict(question="who ?", context=context)])
    assert (found.start, found.margin) == (4, 36.0)
    first[:, 0] = 3.0
    (found,) = good.predict([dict(question="who ?", context=context)])
    assert found.margin == 36.0, "the window that is least sure of 'not here' counts"


def test_it_learns_to_stay_silent(tiny):
    none = [dict(row, answers=[], question="who ?") for row in rows[::2]]
    for row in none:
        row.pop("answer")
        row["context"] = "lives in rome ."
    data = [*rows, *none]
    reader = taught(tiny, data, epochs=60, learning_rate=3e-3, validation=data)
    assert reader.threshold is not None
    report = reader.evaluate(data)
    assert report.unanswered > 0.9 and report.answered > 0.9
    found = reader.predict(none[:1])[0]
    assert (found.text, found.start) == ("", None) and found.best
    refused(lambda: reader.set_threshold(rows), "they set no threshold")


@pytest.mark.parametrize("name", sorted(methods()))
def test_every_method_teaches_saves_and_loads(tiny, tmp_path, name):
    method = methods()[name]()
    reader = taught(tiny, method=method, epochs=4)
    losses = [step["loss"] for step in reader.history.steps]
    assert np.mean(losses[-4:]) < np.mean(losses[:2]), "it has learned something"
    loaded = Reader.load(reader.save(tmp_path / "m"))
    at = dict(dtype=torch.float32)
    said, again = reader.logits(rows[:4], **at)[0], loaded.logits(rows[:4], **at)[0]
    for a, b in zip(said, again, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    whole = (tmp_path / "m" / "model.safetensors").exists()
    assert whole == getattr(method, "mergeable", True)
    if (tmp_path / "m" / "adapter").exists() and whole:
        small = Reader.load(reader.save(tmp_path / "small", adapter_only=True))
        for a, b in zip(said, small.logits(rows[:4], **at)[0], strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_folders_of_others(tiny, tmp_path, good, tokenizer):
    net = BertForQuestionAnswering(BertConfig.from_pretrained(tiny))
    net.save_pretrained(tmp_path / "theirs")
    tokenizer.save_pretrained(tmp_path / "theirs")
    assert Reader.load(tmp_path / "theirs").threshold is None, "transformers has written it"
    refused(lambda: Reader.load(tiny), "have no trained head for starts and ends")
    refused(lambda: Reader.load(tmp_path), "is no folder of a reader")
    good.save(tmp_path / "m")
    refused(lambda: Tagger.load(tmp_path / "m"), "for the task 'question_answering'")
    refused(lambda: Classifier.load(tmp_path / "m"), str(tmp_path / "m"))
    file = tmp_path / "m" / "ftkit.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | dict(task="tagging")))
    refused(lambda: Reader.load(tmp_path / "m"), "was trained for the task 'tagging'")
    file.write_text(json.dumps(said | dict(nbest=20)))
    refused(lambda: Reader.load(tmp_path / "m"), "settings that are not known here")
    refused(lambda: good.save(tmp_path / "n", adapter_only=True), "has no adapter")
    assert not (tmp_path / "n").exists()


def test_bad_data_and_names_for_training(tiny):
    refused(lambda: taught(tiny, method="lorra"), "Did you mean 'lora'")
    refused(lambda: taught(tiny, max_length=99), "reads at most 40 tokens; say 40 or less")
    none = [dict(question="who ?", context="a", answers=[])]
    refused(lambda: taught(tiny, none), "The training data has no answer")
    refused(lambda: taught(tiny, []), "the training data has no question")
    with pytest.raises(TypeError, match="learning_rat"):
        taught(tiny, learning_rat=1)


def test_nan_is_refused_by_name(tiny):
    reader = taught(tiny)
    with torch.no_grad():
        reader.model.qa_outputs.bias.fill_(float("nan"))
    refused(lambda: reader.predict(rows), "Question 1: A window has no finite score")


def test_the_task_by_name():
    assert tasks()["question_answering"] is QuestionAnswering
    task = resolve_task("question_answering")
    assert task.decode(np.array([0, 2.0]), np.array([3.0, 1.0]))[:2] == (0, 0)
    assert task.metric(check_questions([one]), ["Anna"]).exact.value == 1


# Without a network, and data


def test_overlap_learns_what_the_question_asks_for():
    data = check_questions(
        [
            dict(row, context=row["context"].title()) | dict(answer=row["answer"].title())
            for row in rows
        ]
    )
    model = Overlap(length=3, passes=6).fit(data[6:])
    found = model.predict(data[:6])
    assert score_answers(data[:6], found)[:, 1].mean() > 0.9
    again = Overlap(length=3, passes=6).fit(data[6:]).predict(data[:6])
    assert found == again
    assert max(len(text.split()) for text in found) <= 3
    refused(lambda: Overlap().predict(data), "call fit first")
    none = [row | dict(answers=[]) for row in data]
    refused(lambda: Overlap().fit(none), "None of the 30 questions has an answer")


def test_the_nearest_span_is_near():
    row = dict(
        question="Who invented the zipper?", context="Ada ran. The zipper Max Orr invented ."
    )
    weight = word_weights([row, dict(question="?", context="It rained.")])
    assert nearest_span(row, weight) == "Max Orr"
    assert nearest_span(row | dict(question="?"), weight)
    far = dict(question="Where is the canal?", context="In May it rained. The canal is near oslo.")
    assert nearest_span(far, {}, length=2) == "near oslo", "no name that shares no word"
    cut = cut_words(row, weight)
    assert cut.kind == "who" and cut.sentence.tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_recurring_spans_and_their_questions():
    rest = " ".join(f"word{i}" for i in range(45))
    other = " ".join(f"term{i}" for i in range(45))
    speech = f"We use the Panama Canal daily. {rest}\nAll the Panama Canal belongs here. {other}"
    passages = passages_of(speech)
    assert len(passages) == 2
    spans = recurring_spans(passages)
    assert "Panama Canal" in spans and "Panama" not in spans, "the longest at these places"
    for where in spans.values():
        for number, (a, b) in where.items():
            assert passages[number][a:b] in spans
    (first, second) = recurring_questions(speech, "s", rivals=0)
    assert first["answers"] == [Answer(passages[1].index("Panama"), "Panama Canal")]
    assert "_" in first["question"] and "Panama Canal" not in first["question"]
    assert check_questions([first, second])
    assert recurring_questions(speech, "s", rivals=1) == []
    assert blanked("One (two) three", (5, 8)) == "One ( _) three"


def test_sides_of_the_data():
    data = check_questions(rows)
    assert {row["question"] for row in without_question(data)} == {"?"}
    assert len(one_each(data, 99)) == 15
    assert [len(one_each(data, n)) for n in (0, 1, 4)] == [0, 1, 4]
    one_group = [row | dict(group="all") for row in data]
    for row in without_answer(one_group, share=1.0):
        assert not row["answers"]
    assert without_answer(one_group, share=0.0) == one_group
    alone = [row for row in data if row["answers"][0].text == "oslo"]
    assert without_answer(alone, share=1.0) == alone, "no other paragraph of the group"
    for row in without_answer(alone, share=1.0, around=data):
        assert not row["answers"] and "oslo" not in row["context"]
    refused(lambda: joined(data[:1], data[2:]), "is not among those around")
    long = joined(data[:2], data, each=2)
    for row in long:
        answer = row["answers"][0]
        assert row["context"][answer.start : answer.end] == answer.text
    parts = divided_by_group(data, {}, seed=0)
    sides = [{row["group"] for row in part} for part in parts.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 5
    same = [row | dict(group=str(n)) for n, row in enumerate([data[0]] * 12)]
    refused(lambda: divided_by_group(same, {}, seed=0), "1 of the 1 contexts for validation are")
    refused(
        lambda: divided_by_group(data, dict(test=data[:4]), seed=0),
        "2 of the 2 contexts for test are in the data for",
    )
    refused(lambda: divided_by_group(data[:2], {}, 0), "and no answer; more contexts")


# The command line


def call(command):
    return CliRunner().invoke(cli.app, shlex.split(command))


def test_teach_and_predict_on_the_command_line(tiny, tmp_path):
    data = tmp_path / "asked.jsonl"
    data.write_text("\n".join(json.dumps(row | dict(title=row["context"])) for row in rows))
    options = "--epochs 60 --max-length 24 --learning-rate 3e-3 --batch-size 8"
    task = "--task question_answering"
    out = tmp_path / "m"
    done = call(f"finetune {task} --data {data} --model {tiny} --out {out} {options}")
    assert done.exit_code == 0, (done.stderr, done.exception)
    for words in ("26 for train, 2 for validation, 2 for test", "exact match", "without a network"):
        assert words in done.stdout
    report = json.loads((out / "report.json").read_text())
    assert report["settings"]["epochs"] == 60
    asked = tmp_path / "new.jsonl"
    asked.write_text(json.dumps(dict(question="who ?", context="Ben lives in Rome .")))
    done = call(f"predict --model {out} --data {asked} --out {tmp_path}/p.jsonl")
    assert done.exit_code == 0, (done.stderr, done.exception)
    first = json.loads((tmp_path / "p.jsonl").read_text())
    assert (first["answer"], first["start"], first["end"]) == ("Ben", 0, 3)
    done = call(
        f"predict --model {out} --data {squad_file(tmp_path / 'q.json')} --out {tmp_path}/q.csv"
    )
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert (tmp_path / "q.csv").read_text().count("Anna met Ben") == 2
    for options, sentence in (
        (f"--out {tmp_path}/p.txt", "has the suffix '.txt', which is not written"),
        (f"--out {asked}", "is the input file, which would be lost"),
        (f"--out {tmp_path}/r.csv --text review", "--text and --drop-empty are for tables"),
        (f"--out {tmp_path}/r.csv --drop-empty", "--text and --drop-empty are for tables"),
    ):
        done = call(f"predict --model {out} --data {asked} {options}")
        assert done.exit_code == 2 and sentence in done.stderr, (options, done.stderr)
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(
    "options, sentence",
    [
        ("--text review", "--text is an option for tables"),
        ("--method lorra", "Did you mean 'lora'"),
        ("--max-length 300", "reads at most 40 tokens"),
    ],
)
def test_bad_options(tiny, tmp_path, options, sentence):
    data = tmp_path / "asked.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)))
    task = "--task question_answering"
    done = call(f"finetune {task} --data {data} --model {tiny} --out {tmp_path}/m {options}")
    assert done.exit_code == 2, (done.stdout, done.exception)
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["asked.jsonl"]
