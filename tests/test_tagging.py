"""Finding names: spans, files, pieces, windows, Viterbi, F1, every method, and the command line.

Parity with seqeval and transformers, and what bad input gets. Small random networks; only the
tokenizer's words are made here, so nothing is downloaded."""

import itertools
import json
import shlex
import sys
import types
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from tokenizers.normalizers import BertNormalizer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)
from typer.testing import CliRunner

from ftkit.core import FtkitError
from ftkit.finetuning.finetune import Classifier, finetune, methods, resolve_task, tasks
from ftkit.foundations import training
from ftkit.kit import cli
from ftkit.tasks import tagging
from ftkit.tasks.tagging import (
    OtherLabels,
    Perceptron,
    Span,
    Tagger,
    Tagging,
    Task,
    apart,
    check_sentences,
    check_tags,
    counts_of,
    f1_difference,
    f1_interval,
    f1_of,
    known_spans,
    legal_moves,
    label_ways,
    make_tagged,
    own_log,
    packed_counts,
    read_tagged,
    relabelled,
    shuffled_context,
    span_counts,
    span_report,
    spans_of,
    tag_names,
    tags_of,
    unpacked_counts,
    viterbi,
    windows,
    word_pieces,
    words_of,
)

people = ["anna", "ben", "clara", "dora", "emil"]
places = ["paris", "rome", "oslo"]
rows = []
for who, where in itertools.product(people, places):
    rows.append(dict(words=[who, "saw", where], tags=["B-PER", "O", "B-LOC"]))
    rows.append(dict(words=["in", "new", where, "."], tags=["O", "B-LOC", "I-LOC", "O"]))
names = tag_names(["LOC", "PER"])
quick = dict(progress=False, device="cpu", dtype=torch.float32)


@pytest.fixture(scope="module")
def tokenizer():
    "WordPiece over a few words, letters and parts of words."
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *people, *places, "saw", "in", "new", "."]
    vocab += [*"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
    core = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocab)}, unk_token="[UNK]"))
    core.normalizer = BertNormalizer(lowercase=True)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = dict(unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]")
    return PreTrainedTokenizerFast(tokenizer_object=core, **special)


@pytest.fixture(scope="module")
def tiny(tokenizer, tmp_path_factory):
    "A BERT of a few thousand random weights, in a folder."
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48)
    config = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=24, **sizes)
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def taught(tiny, **options):
    options = dict(model=tiny, max_length=20, epochs=2, batch_size=8, **quick) | options
    return Tagging().finetune(rows, **options)


@pytest.fixture(scope="module")
def good(tiny):
    return taught(tiny, epochs=30, learning_rate=3e-3)


def refused(call, sentence):
    with pytest.raises(FtkitError) as caught:
        call()
    assert sentence in str(caught.value), caught.value


# Spans


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(names), min_size=1, max_size=9))
def test_spans_are_seqevals_illegal_rows_too(tags):
    assert [(s.kind, s.start, s.end - 1) for s in spans_of(tags)] == get_entities(tags)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(names), min_size=1, max_size=9))
def test_tags_and_spans_are_one_thing(tags):
    legal = check_tags(tags, start_with_i="convert")
    assert tags_of(spans_of(legal), len(legal)) == legal
    assert spans_of(legal) == spans_of(tags)


def test_a_span_that_starts_with_i():
    refused(lambda: check_tags(["O", "I-PER"]), "word 2: 'I-PER' follows 'O'")
    refused(lambda: check_tags(["B-PER", "I-LOC"]), "In BIO it starts with 'B-LOC'")
    assert check_tags(["I-PER", "I-PER", "B-PER"], start_with_i="convert") == [
        "B-PER",
        "I-PER",
        "B-PER",
    ]
    refused(lambda: check_tags(["O"], start_with_i="drop"), "drop")


@pytest.mark.parametrize("tag", ["S-PER", "PER", "b-PER", "B-", "B", "", None, 3])
def test_a_tag_not_in_bio(tag):
    refused(lambda: check_tags(["O", tag], "news.conll"), "news.conll, word 2: the tag")


def test_spans_that_overlap_or_stand_outside():
    refused(lambda: tags_of([Span(0, 2, "a"), Span(1, 3, "b")], 3), "overlap")
    refused(lambda: tags_of([Span(2, 4, "a")], 3), "outside its text, which has 3 words")
    refused(lambda: tags_of([Span(1, 1, "a")], 3), "is empty or stands")
    refused(lambda: tags_of([Span(-1, 1, "a")], 3), "outside")
    assert tags_of([Span(1, 2, "a"), Span(0, 1, "a")], 2) == ["B-a", "B-a"]


# Files


def test_conll_and_jsonl_say_the_same(tmp_path):
    (tmp_path / "a.conll").write_text(
        "-DOCSTART- -X- O\n\nAnna NNP B-PER\nsaw VB O\n\n\nnew JJ B-LOC\nRome NN I-LOC\n"
    )
    (tmp_path / "a.tsv").write_text("Anna\tB-PER\nsaw\tO\n\t\nnew\tB-LOC\nRome\tI-LOC\n")
    lines = [dict(words=["Anna", "saw"], tags=["B-PER", "O"])]
    spans = [dict(start=0, end=8, label="LOC")]
    lines.append(dict(text="new Rome", spans=spans))
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = read_tagged(tmp_path / "a.conll")
    assert [s["words"] for s in found] == [["Anna", "saw"], ["new", "Rome"]]
    assert found == read_tagged(tmp_path / "a.tsv") == read_tagged(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    "name, text, sentence",
    [
        ("a.conll", "", "is empty"),
        ("a.conll", "\n \n-DOCSTART- O\n", "it has no sentence"),
        ("a.conll", "Anna B-PER\nsaw\n", "line 2 has 1 columns ('saw'), and 2 were expected"),
        ("a.conll", "Anna\n", "line 1 has 1 columns"),
        ("a.conll", "Anna B-PER\n\nsaw VB O\n", "line 3 has 3 columns"),
        ("a.conll", "Anna I-PER\n", "a span starts with I"),
        ("a.conll", "Anna PER\n", "is not BIO"),
        ("a.xml", "<a/>", "has the suffix '.xml'"),
        ("a.jsonl", "", "has no sentence"),
        ("a.jsonl", "{}", "row 1 has nothing; words and tags"),
        ("a.jsonl", '{"words": ["a", "b"], "tags": ["O"]}', "row 1 has 2 words and 1 tags"),
        ("a.jsonl", '{"words": [], "tags": []}', "a list of words was expected"),
        ("a.jsonl", '{"words": ["a", ""], "tags": ["O", "O"]}', "a list of words was expected"),
        ("a.jsonl", '{"text": " "}', "some words were expected"),
        ("a.jsonl", '{"text": "Anna", "spans": [{"start": 0}]}', "was not understood"),
        ("a.jsonl", '{"text": "Anna", "spans": [{"start": 0, "end": 9, "kind": "P"}]}', "outside"),
        ("a.jsonl", '{"text": "a  b", "spans": [{"start": 1, "end": 3, "kind": "P"}]}', "no word"),
        (
            "a.jsonl",
            '{"text": "ab", "spans": [{"start": 0, "end": 2, "kind": "P"},'
            ' {"start": 1, "end": 2, "kind": "Q"}]}',
            "overlap",
        ),
    ],
)
def test_bad_files(tmp_path, name, text, sentence):
    path = tmp_path / name
    path.write_text(text)
    refused(lambda: read_tagged(path), sentence)
    refused(lambda: read_tagged(path), str(path))


def test_other_bad_files(tmp_path):
    refused(lambda: read_tagged(tmp_path / "none.conll"), "There is no file")
    (tmp_path / "a.conll").write_bytes(b"caf\xe9 O\n")
    refused(lambda: read_tagged(tmp_path / "a.conll"), "is not UTF-8")
    (tmp_path / "b.conll").write_text("Anna I-PER\n")
    assert Tagging("convert").read(tmp_path / "b.conll")[0]["tags"] == ["B-PER"]


def test_words_of_a_text():
    text = "Dr. O'Brien's well-known U.S. friend (\N{GRINNING FACE}) paid 1,200.50 on 1996-08-22."
    words = [text[a:b] for a, b in words_of(text)]
    assert words == [
        *("Dr", ".", "O'Brien", "'s", "well-known", "U.S.", "friend", "("),
        *("\N{GRINNING FACE}", ")", "paid", "1,200.50", "on", "1996-08-22", "."),
    ]
    assert [text[a:b] for a, b in words_of(text, [6])][2:4] == ["O'", "Brien"]
    assert words_of("") == []
    two = "\u6771\u4eac"
    assert words_of(two) == [(0, 1), (1, 2)]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_no_visible_sign_is_lost(text):
    kept = "".join(text[a:b] for a, b in words_of(text))
    assert "".join(kept.split()) == "".join(text.split())


def test_tables_of_columns_are_read_too():
    table = dict(words=[["a"], ["b"]], tags=[["O"], ["B-x"]])
    assert check_sentences(table) == [
        dict(words=["a"], tags=["O"]),
        dict(words=["b"], tags=["B-x"]),
    ]


# Pieces and windows


def test_labels_stand_where_transformers_says_words_begin(tokenizer):
    sentence = dict(
        words=["anna", "xyz", "\N{GRINNING FACE}", "rome"], tags=["B-PER", "O", "O", "B-LOC"]
    )
    (example,), ((_, positions),) = make_tagged([sentence], tokenizer, names)
    theirs = tokenizer(sentence["words"], is_split_into_words=True)
    assert example["input_ids"] == theirs["input_ids"]
    of_word = theirs.word_ids()
    assert positions == [of_word.index(i) for i in range(4)]
    expected = [-100] * len(of_word)
    for position, tag in zip(positions, sentence["tags"], strict=True):
        expected[position] = names.index(tag)
    assert example["labels"] == expected


def test_a_word_without_pieces_keeps_its_place(tokenizer, good):
    odd = ["\x00", "\u200b", "\N{GRINNING FACE}"]
    cut = word_pieces(odd, tokenizer)
    assert all(cut[word] == [tokenizer.unk_token_id] for word in odd)
    sentence = dict(words=["anna", "\x00", "saw", "rome"])
    assert len(good.tags([sentence])[0]) == 4
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)
    refused(lambda: word_pieces(["\x00"], bare), "has no pieces")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=40), st.integers(5, 12), st.integers(0, 12))
def test_windows_tag_each_word_once(lengths, room, overlap):
    found = windows(lengths, room, overlap)
    assert [i for w in found for i in range(w.first, w.last)] == list(range(len(lengths)))
    for w in found:
        assert sum(lengths[w.start : w.end]) <= room
        assert w.start <= w.first < w.last <= w.end
    if sum(lengths) <= room:
        assert len(found) == 1


def test_a_word_that_fits_into_no_window():
    refused(lambda: windows([1, 9], 8), "Word 2 has 9 pieces, and the model reads 8 at once")


def test_a_long_sentence_is_read_in_windows_and_nothing_is_cut(good, tokenizer):
    long = dict(words=rows[0]["words"] * 20, tags=rows[0]["tags"] * 20)
    examples, places = make_tagged([long], tokenizer, names, 20)
    assert len(examples) > 3 and sum(len(p) for _, p in places) == 60
    labels = sum(label != -100 for e in examples for label in e["labels"])
    assert labels == 60, "each word has one label in all windows together"
    assert all(len(e["input_ids"]) <= 20 for e in examples)
    pairs = zip(good.tags([long])[0], long["tags"], strict=True)
    assert np.mean([a == b for a, b in pairs]) > 0.8
    refused(
        lambda: make_tagged([dict(words=["a" * 40])], tokenizer, names, 20), "Sentence 1: Word 1"
    )


# Viterbi and F1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_viterbi_is_the_best_of_all_legal_rows(n, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, len(names)))
    moves = legal_moves(names) + rng.normal(size=(len(names) + 1, len(names)))

    def total(path):
        return scores[range(n), path].sum() + moves[[-1, *path[:-1]], path].sum()

    best = max(itertools.product(range(len(names)), repeat=n), key=lambda path: total(list(path)))
    found = viterbi(scores, moves)
    assert found == list(best)
    check_tags([names[i] for i in found])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_f1_is_seqevals(seed):
    rng = np.random.default_rng(seed)
    wanted = [[names[i] for i in rng.integers(0, 5, 6)] for _ in range(5)] + [["B-PER"]]
    found = [[names[i] for i in rng.integers(0, 5, 6)] for _ in range(5)] + [["O"]]
    counts = span_counts([*map(spans_of, wanted)], [*map(spans_of, found)])
    assert f1_of(counts) == pytest.approx(f1_score(wanted, found), abs=1e-12)


def test_f1_by_hand_and_its_interval():
    counts = np.array([[1, 2, 1], [0, 1, 1], [2, 2, 2]])
    assert f1_of(counts) == pytest.approx(2 * 3 / 9)
    many = np.tile(counts, (60, 1))
    interval = f1_interval(many)
    assert interval.low < f1_of(counts) < interval.high
    assert f1_interval(np.tile(many, (4, 1))).width < 0.65 * interval.width
    same = f1_difference(many, many)
    assert same.difference == 0 and same.p_value == 1
    worse = many.copy()
    worse[:90, 0] = 0
    assert f1_difference(many, worse).low > 0
    refused(lambda: span_counts([[]], []), "1 sentences are wanted and 0")
    refused(lambda: span_report([[]], [[]]), "nothing to score")
    packed = packed_counts(dict(all=np.array([[1, 2, 3], [0, 12, 70]])))
    assert unpacked_counts(json.loads(json.dumps(packed)))["all"].tolist() == [
        [1, 2, 3],
        [0, 12, 70],
    ]


def test_new_spans_are_those_that_training_has_not_shown():
    known = known_spans(rows[:2])  # anna, paris, new paris
    judged = [dict(words=["Anna", "saw", "Rome"], tags=["B-PER", "O", "B-LOC"])]
    right = [judged[0]["tags"]]
    assert counts_of(judged, right, known).tolist() == [[1, 1, 1]]
    assert counts_of(judged, right).tolist() == [[2, 2, 2]]
    assert counts_of(judged, [["B-LOC", "O", "O"]], known).tolist() == [[0, 1, 0]]


def test_destroyed_context_keeps_the_spans():
    mixed = shuffled_context(rows, seed=1)
    for before, after in zip(rows, mixed, strict=True):
        assert before["tags"] == after["tags"]
        for a, b, tag in zip(before["words"], after["words"], before["tags"], strict=True):
            assert tag == "O" or a == b
    words = sorted(w for s in rows for w in s["words"])
    assert sorted(w for s in mixed for w in s["words"]) == words
    assert mixed != rows
    parts = apart(dict(train=rows[:2], test=[rows[0], rows[3]]))
    assert parts["test"] == [rows[3]]


# The task and its tagger


def test_a_tagger_learns_and_comes_back_the_same(good, tmp_path):
    assert f1_of(good.evaluate(rows).counts) > 0.95
    loaded = Tagger.load(good.save(tmp_path / "m"))
    for a, b in zip(
        good.scores(rows, dtype=torch.float32),
        loaded.scores(rows, dtype=torch.float32),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)
    text = "Dora saw  Rome."
    spans = loaded.predict([text, ""])
    assert [(s.start, s.end, s.kind, s.text) for s in spans[0]] == [
        (0, 4, "PER", "Dora"),
        (10, 14, "LOC", "Rome"),
    ]
    assert spans[1] == []
    assert "all spans" in str(good.evaluate(rows))


def test_a_batch_and_padding_change_nothing(good):
    together = good.scores(rows, dtype=torch.float32)
    alone = [good.scores([row], dtype=torch.float32)[0] for row in rows]
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_loss_is_that_of_the_words(good, tokenizer):
    "Sum over the labels of first pieces, by hand from the scores of words."
    examples, _ = make_tagged(rows, tokenizer, names, 20)
    total, number = Tagging().loss(good.model, good_batch(good, examples))
    by_hand = 0.0
    for s, scores in zip(rows, good.scores(rows, dtype=torch.float32), strict=True):
        for tag, row in zip(s["tags"], scores, strict=True):
            by_hand -= row[good.names.index(tag)]
    assert int(number) == sum(len(s["words"]) for s in rows)
    assert total.item() == pytest.approx(by_hand, abs=1e-3)


def good_batch(good, examples):
    return Tagging().collate(good.model, good.tokenizer)(examples)


# The traps


@pytest.mark.parametrize(
    "way, labels",
    [
        ("first piece", [-100, 1, -100, -100, 0, 4, -100, -100]),
        ("every piece", [-100, 1, 1, 1, 0, 4, 4, -100]),
        ("every piece, then I", [-100, 1, 2, 2, 0, 4, 4, -100]),
        ("special tokens", [0, 1, -100, -100, 0, 4, -100, 0]),
        ("padding", [-100, 1, -100, -100, 0, 4, -100, -100]),
    ],
)
def test_labels_dealt_out_in_other_ways(way, labels):
    given = [-100, 1, -100, -100, 0, 4, -100, -100]
    assert relabelled(given, way) == labels
    assert given[2] == -100, "the labels that were given stay"


def test_padding_is_labelled_and_read_in_one_way_only(good):
    examples = [dict(input_ids=[2, 4, 3], labels=[-100, 1, -100])]
    examples.append(dict(input_ids=[2, 4, 5, 6, 3], labels=[-100, 1, 0, 0, -100]))
    for way in label_ways:
        batch = OtherLabels(way=way).collate(good.model, good.tokenizer)(examples)
        read = batch["attention_mask"][0].tolist()
        assert read == ([1] * 5 if way == "padding" else [1, 1, 1, 0, 0])
        assert batch["labels"][0, 3:].tolist() == ([0, 0] if way == "padding" else [-100, -100])


def test_the_log_of_first_pieces_is_that_of_the_words(good):
    run = Namespace(device="cpu", dtype=torch.float32)
    log, tags = own_log(OtherLabels(way="first piece"), good, rows, run)
    assert tags == good.tags(rows)
    assert log["labels"] == sum(len(s["words"]) for s in rows)
    by_word = []
    for s, scores in zip(rows, good.scores(rows, dtype=torch.float32), strict=True):
        by_word += [row[good.names.index(tag)] for tag, row in zip(s["tags"], scores, strict=True)]
    assert log["loss"] == pytest.approx(-np.mean(by_word), abs=1e-4)
    flattered, _ = own_log(OtherLabels(way="special tokens"), good, rows, run)
    assert flattered["labels"] == log["labels"] + 2 * len(rows)


@pytest.mark.parametrize("name", sorted(methods()))
def test_every_method_teaches_saves_and_loads(tiny, tmp_path, name):
    method = methods()[name]()
    tagger = taught(tiny, method=method, epochs=4)
    losses = [step["loss"] for step in tagger.history.steps]
    assert np.mean(losses[-2:]) < losses[0], "it has learned something"
    loaded = Tagger.load(tagger.save(tmp_path / "m"))
    assert loaded.kinds == ["LOC", "PER"]
    for a, b in zip(
        tagger.scores(rows[:4], dtype=torch.float32),
        loaded.scores(rows[:4], dtype=torch.float32),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-5)
    whole = (tmp_path / "m" / "model.safetensors").exists()
    assert whole == getattr(method, "mergeable", True)
    if (tmp_path / "m" / "adapter").exists() and whole:
        small = Tagger.load(tagger.save(tmp_path / "small", adapter_only=True))
        for a, b in zip(
            tagger.scores(rows[:4], dtype=torch.float32),
            small.scores(rows[:4], dtype=torch.float32),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_full_has_no_adapter_to_save(good, tmp_path):
    refused(lambda: good.save(tmp_path / "m", adapter_only=True), "has no adapter")
    assert not (tmp_path / "m").exists()


def test_a_killed_training_resumes_to_the_same_numbers(tiny, tmp_path, monkeypatch):
    whole = taught(tiny, epochs=3)
    scale = training.scale_gradients
    calls = []

    class Killed(Exception):
        pass

    def dies(*arguments):
        calls.append(1)
        if len(calls) == 7:
            raise Killed
        return scale(*arguments)

    monkeypatch.setattr(training, "scale_gradients", dies)
    how = dict(epochs=3, checkpoint=tmp_path / "c", checkpoint_every=1)
    with pytest.raises(Killed):
        taught(tiny, **how)
    resumed = taught(tiny, **how)
    assert len(calls) < 7 + 12, "it went on where it was"
    for a, b in zip(
        whole.scores(rows, dtype=torch.float32),
        resumed.scores(rows, dtype=torch.float32),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_folders_of_another_task_are_refused_by_name(tiny, tmp_path, tokenizer, good):
    config = BertConfig.from_pretrained(tiny, num_labels=2)
    clf = Classifier(BertForSequenceClassification(config), tokenizer, ["neg", "pos"], max_length=9)
    clf.save(tmp_path / "clf")
    refused(
        lambda: Tagger.load(tmp_path / "clf"), "for the task 'classification', not for 'tagging'"
    )
    refused(lambda: Tagger.load(tmp_path), "is no folder of a tagger")
    good.save(tmp_path / "m")
    refused(lambda: Classifier.load(tmp_path / "m"), str(tmp_path / "m"))
    settings_file = tmp_path / "m" / "ftkit.json"
    said = json.loads(settings_file.read_text())
    settings_file.write_text(json.dumps(said | dict(kinds=["LOC"])))
    refused(lambda: Tagger.load(tmp_path / "m"), "no tagger for LOC")
    settings_file.write_text(json.dumps(said | dict(crf=True)))
    refused(lambda: Tagger.load(tmp_path / "m"), "not known here")


def test_bad_data_and_names_for_training(tiny, good):
    refused(lambda: taught(tiny, method="lorra"), "Did you mean 'lora'")
    refused(lambda: taught(tiny, max_length=99), "reads at most 24 tokens; say 24 or less")
    none = [dict(words=["a"], tags=["O"])]
    refused(lambda: Tagging().finetune(none, model=tiny), "has no span")
    refused(lambda: Tagging().finetune([], model=tiny), "has no sentence")
    other = [dict(words=["a"], tags=["B-ORG"])]
    refused(lambda: taught(tiny, validation=other), "the kind 'ORG' is not among those trained on")
    refused(lambda: good.evaluate(other), "the kind 'ORG' is not among")
    refused(lambda: good.predict("one text"), "put the one you have in a list")
    with pytest.raises(TypeError, match="learning_rat"):
        taught(tiny, learning_rat=1)


def test_nan_is_refused_by_name(tiny):
    tagger = taught(tiny)
    with torch.no_grad():
        tagger.model.classifier.bias.fill_(float("nan"))
    refused(lambda: tagger.tags(rows), "sentence")


def test_tasks_by_name():
    assert tasks()["tagging"] is Tagging
    assert isinstance(resolve_task("tagging"), Tagging)
    task = Tagging("convert")
    assert resolve_task(task) is task
    refused(lambda: resolve_task("taging"), "Did you mean 'tagging'")
    scores = np.log(np.eye(5)[[3, 4, 0]] + 1e-9)
    assert task.decode(scores, ["LOC", "PER"]) == [Span(0, 2, "PER")]
    assert task.metric([[Span(0, 1, "PER")]], [[]]).interval.value == 0


# Without a network


def test_the_perceptron_learns_and_generalises():
    held = [s for s in rows if "emil" in s["words"]]
    rest = [s for s in rows if "emil" not in s["words"]]
    tagger = Perceptron().fit(rest, rest, passes=4)
    new = counts_of(held, tagger.tags(held), known_spans(rest))
    assert f1_of(new) > 0.9, "emil stands where people stand"
    for tags in tagger.tags(held):
        check_tags(tags)
    again = Perceptron().fit(rest, rest, passes=4)
    assert (again.kept[0] == tagger.kept[0]).all()
    assert Perceptron(seed=5).fit(rest, rest, passes=4).kept[0].shape == tagger.kept[0].shape


def test_capitals_are_seen_only_if_asked_for():
    low, high = ([dict(words=[w]) for w in pair] for pair in (["rome", "is"], ["Rome", "IS"]))
    blind = Perceptron(case=False)
    seeing = Perceptron(case=True)
    blind.number = {}
    seeing.number = {}
    for a, b in zip(low, high, strict=True):
        assert (blind.rows(a, grow=True) == blind.rows(b, grow=True)).all()
        assert (seeing.rows(a, grow=True) != seeing.rows(b, grow=True)).any()


# The command line


def call(command):
    return CliRunner().invoke(cli.app, shlex.split(command))


def test_teach_and_predict_on_the_command_line(tiny, tmp_path):
    data = tmp_path / "news.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows * 2))
    options = "--epochs 12 --max-length 20 --learning-rate 3e-3 --batch-size 8"
    out = tmp_path / "m"
    done = call(f"finetune --task tagging --data {data} --model {tiny} --out {out} {options}")
    assert done.exit_code == 0, (done.stderr, done.exception)
    for words in ("48 for train, 6 for validation, 6 for test", "LOC, PER", "without a network"):
        assert words in done.stdout
    report = json.loads((out / "report.json").read_text())
    assert report["f1"]["value"] > 0.9 and report["settings"]["epochs"] == 12
    assert not (tmp_path / "m.checkpoint").exists()
    (tmp_path / "texts.csv").write_text("text\nDora saw Rome.\nin new oslo\n")
    done = call(f"predict --model {out} --data {tmp_path}/texts.csv --out {tmp_path}/p.jsonl")
    assert done.exit_code == 0, (done.stderr, done.exception)
    first = json.loads((tmp_path / "p.jsonl").read_text().splitlines()[0])
    assert json.loads(first["predicted"])[0] == dict(start=0, end=4, kind="PER", text="Dora")
    assert "probability" not in first
    again = call(f"finetune --task tagging --data {data} --model {tiny} --out {out} {options}")
    assert again.exit_code == 0, "a folder of ours is replaced"


@pytest.mark.parametrize(
    "options, sentence",
    [
        ("--task taging", "Did you mean 'tagging'"),
        ("--task tagging --text review", "--text is an option for tables"),
        ("--task tagging --drop-empty", "--drop-empty is an option for tables"),
        ("--task tagging --method lorra", "Did you mean 'lora'"),
        ("--task tagging --max-length 300", "reads at most 24 tokens"),
    ],
)
def test_bad_options(tiny, tmp_path, options, sentence):
    data = tmp_path / "news.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)))
    done = call(f"finetune --data {data} --model {tiny} --out {tmp_path}/m {options}")
    assert done.exit_code == 2, (done.stdout, done.exception)
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["news.jsonl"]


def test_too_few_sentences_on_the_command_line(tiny, tmp_path):
    data = tmp_path / "few.conll"
    data.write_text("anna B-PER\n\nsaw O\n\nin O\n")
    done = call(f"finetune --task tagging --data {data} --model {tiny} --out {tmp_path}/m")
    assert done.exit_code == 2 and "no span; more sentences" in done.stderr, done.stderr


# `finetune(task=...)`


def test_finetune_hands_a_task_what_it_was_given(tiny):
    how = dict(model=tiny, max_length=20, batch_size=8, epochs=2, learning_rate=3e-3, seed=3)
    one = finetune(rows, rows[:6], task="tagging", progress=False, **how)
    two = Tagging().finetune(rows, rows[:6], progress=False, **how)
    assert isinstance(one, Tagger)
    for a, b in zip(one.model.parameters(), two.model.parameters(), strict=True):
        assert torch.equal(a, b)
    adapted = finetune(rows, task=Tagging(), method="lora", progress=False, **how)
    assert adapted.method.name == "lora" and adapted.evaluate(rows).interval.value >= 0


@pytest.mark.parametrize(
    "options, sentence",
    [
        (dict(task="taging"), "Did you mean 'tagging'"),
        (dict(task="clasification"), "Did you mean 'classification'"),
        (dict(task="tagging", keep="tail"), "other tasks read all of them"),
        (dict(task="translation"), "takes no model: a network of our own"),
    ],
)
def test_tasks_that_finetune_refuses(options, sentence):
    with pytest.raises(FtkitError, match=sentence):
        finetune(rows, **options)


def test_the_site_says_which_method_goes_with_which_task():
    page = Path(__file__).parent.parent / "nbs" / "8_reference" / "concepts.md"
    table = page.read_text().split("## Which method goes with which task")[1]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head[0] == "method" and set(head[1:]) == {"classification", *tasks()}
    assert {row[0].strip("`") for row in body} == set(methods())
    for row in body:
        for name, said in zip(head[1:], row[1:], strict=True):
            takes = name == "classification" or issubclass(tasks()[name], Task)
            assert said == ("yes" if takes else "no"), (row[0], name)


def _spacy(spans):
    "A stand-in for spaCy whose pipeline finds these spans in each document."
    found = [types.SimpleNamespace(start=a, end=b, label_=kind) for a, b, kind in spans]
    document = types.SimpleNamespace(ents=found)
    pipeline = types.SimpleNamespace(
        vocab=None, meta=dict(version="1"), pipe=lambda documents: [document for _ in documents]
    )
    config = dict(nlp=dict(pipeline=["tagger", "ner"]))
    loaded = []

    def load(asset, exclude):
        loaded.append(exclude)
        return pipeline

    return types.SimpleNamespace(
        __version__="0",
        util=types.SimpleNamespace(load_config=lambda path: config),
        tokens=types.SimpleNamespace(Doc=lambda vocab, words: words),
        load=load,
        loaded=loaded,
    )


def test_the_outsider_keeps_people_and_places_alone(monkeypatch, tmp_path):
    spacy = _spacy([(0, 2, "PERSON"), (2, 3, "ORG"), (4, 5, "GPE")])
    monkeypatch.setitem(sys.modules, "spacy", spacy)
    monkeypatch.setattr(tagging, "fetch", lambda name: tmp_path)
    monkeypatch.setattr(tagging, "news_parts", lambda run: dict(test=[dict(words=["a"])] * 2))
    monkeypatch.setattr(tagging, "load_tweets", lambda: [dict(words=["b"])])
    found = tagging.outside_trial(tmp_path, None)
    kept = [[0, 2, "PERSON"], [4, 5, "GPE"]]
    assert found["spans"] == dict(news=[kept, kept], tweets=[kept])
    assert spacy.loaded == [["tagger"]], "only the files of 'ner' are pinned"


def test_without_spacy_the_outsider_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(FtkitError, match=r"pip install 'ftkit\[outside\]'"):
        tagging.outside_trial(tmp_path, None)
