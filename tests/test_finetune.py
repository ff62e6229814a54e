"""The practitioner's API: data shapes, methods, saving, loading, and the sentences that bad input gets."""

import json
import shutil

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from ftkit.core import FtkitError, setup
from ftkit.finetuning.finetune import Classifier, Full, Prediction, columns, finetune, methods, resolve_method, sentiment_data
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
)
from ftkit.data import load_encoder

topics = {
    "sport": "the team won the match with a late goal",
    "food": "simmer the onions in butter with salt",
    "space": "the probe left orbit around the moon",
    "law": "the court heard the appeal of the tenant",
    "music": "the quartet played the slow movement",
    "money": "the bank raised the interest rate",
}
table = pd.DataFrame(
    [{"text": f"{text} {i}", "label": label} for i in range(6) for label, text in topics.items()]
)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    "A two-layer BERT with MiniLM's tokenizer in a folder, so that a training takes a second."
    folder = tmp_path_factory.mktemp("small")
    _, tokenizer = load_encoder("minilm")
    torch.manual_seed(0)
    BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def six(small_model):
    return finetune(
        table,
        model=small_model,
        epochs=120,
        batch_size=12,
        learning_rate=3e-3,
        max_length=16,
        progress=False,
    )


def test_six_classes_are_learned(six):
    assert six.label_names == sorted(topics)
    result = six.evaluate(table)
    assert (
        result.report.accuracy > 0.9
        and result.interval.low <= result.interval.value <= result.interval.high
    )
    assert six.predict([topics["law"]])[0].label == "law"


@pytest.mark.parametrize("method", ["full", "lora"])
def test_saved_and_loaded_is_the_same(method, small_model, tmp_path):
    from ftkit.finetuning.lora import LoRA

    chosen = LoRA(rank=2) if method == "lora" else method
    clf = finetune(
        table,
        model=small_model,
        method=chosen,
        epochs=1,
        batch_size=12,
        max_length=16,
        progress=False,
    )
    again = Classifier.load(clf.save(tmp_path / "m"))
    np.testing.assert_allclose(
        again.probabilities(table["text"]),
        clf.probabilities(table["text"]),
        atol=2e-3 if method == "lora" else 1e-6,
    )
    assert (again.label_names, again.max_length, again.keep) == (clf.label_names, 16, clf.keep)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "m")
    assert plain.config.id2label == dict(enumerate(sorted(topics)))
    assert (tmp_path / "m" / "adapter" / "adapter_config.json").exists() == (method == "lora")
    assert all(
        type(module).__module__.startswith(("torch", "transformers")) for module in plain.modules()
    )


def test_the_adapter_alone_is_enough(small_model, tmp_path):
    from ftkit.finetuning.lora import LoRA

    clf = finetune(
        table,
        model=small_model,
        method=LoRA(rank=2),
        epochs=1,
        batch_size=12,
        max_length=16,
        progress=False,
    )
    clf.save(tmp_path / "a", adapter_only=True)
    assert not (tmp_path / "a" / "model.safetensors").exists()
    again = Classifier.load(tmp_path / "a")
    np.testing.assert_allclose(
        again.probabilities(table["text"]), clf.probabilities(table["text"]), atol=1e-6
    )
    with pytest.raises(FtkitError, match="no adapter to save alone"):
        finetune(table, model=small_model, max_steps=1, max_length=16, progress=False).save(
            tmp_path / "b", adapter_only=True
        )
    assert not (tmp_path / "b").exists()


def test_the_seed_decides_everything(small_model):
    run = lambda seed: finetune(
        table, model=small_model, epochs=1, batch_size=12, max_length=16, seed=seed, progress=False
    ).probabilities(table["text"][:5])
    a, b, c = run(0), run(0), run(1)
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_what_a_method_adds_is_drawn_from_the_seed_too(small_model):
    "Whatever was drawn before: LoRA's first factors are those of the seed."

    def start(state):
        torch.manual_seed(state)
        clf = finetune(
            table,
            model=small_model,
            method="lora",
            max_steps=1,
            learning_rate=1e-9,
            max_length=16,
            seed=3,
            progress=False,
        )
        return torch.cat(
            [p.detach().flatten() for n, p in clf.model.named_parameters() if "lora_A" in n]
        )

    assert torch.equal(start(1), start(2))


def test_probabilities_are_a_distribution_and_follow_the_logits(six):
    found = six.probabilities(list(table["text"]))
    assert found.shape == (len(table), 6) and np.allclose(found.sum(1), 1, atol=1e-5)
    assert all(
        p.probability == pytest.approx(row.max())
        for p, row in zip(six.predict(list(table["text"])), found)
    )


def test_datasets_frames_and_dicts_are_one(small_model):
    named = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}).cast_column(
        "label", datasets.ClassLabel(names=["neg", "pos"])
    )
    assert columns(named) == (["a", "b"], [0, 1], ["neg", "pos"])
    assert (
        columns(pd.DataFrame({"text": ["a", "b"], "label": ["neg", "pos"]}))
        == columns({"text": ["a", "b"], "label": ["neg", "pos"]})
        == columns(named)
    )


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(["10", "9", "-1", "b", "a"]), min_size=2).filter(
        lambda x: len(set(x)) > 1
    )
)
def test_numbers_and_names_of_classes_agree(labels):
    _, numbers, names = columns({"text": ["x"] * len(labels), "label": labels})
    assert [names[i] for i in numbers] == labels and sorted(set(numbers)) == list(
        range(len(set(labels)))
    )
    assert [n for n in names if n in ("-1", "9", "10")] == [
        n for n in ("-1", "9", "10") if n in labels
    ]


def test_number_labels_given_as_names_are_understood():
    assert columns({"text": ["a", "b"], "label": [1, 0]}, ["0", "1"])[1] == [1, 0]


@pytest.mark.parametrize(
    "data, message",
    [
        ({"review": ["a"], "label": ["x"]}, "No column 'text' in the data; it has: review, label"),
        ({"text": ["a", "b"], "stars": [1, 2]}, "No column 'label'"),
        ({"text": ["a", "b"], "label": ["x", "x"]}, "at least two classes"),
    ],
)
def test_bad_data(data, message):
    with pytest.raises(FtkitError, match=message):
        columns(data)


def test_a_label_unseen_in_training(six):
    with pytest.raises(
        FtkitError, match=r"Label 'poetry' \(row 2\) is not among the classes trained on: food"
    ):
        six.evaluate({"text": ["a", "b"], "label": ["law", "poetry"]})


def test_unknown_method_and_one_from_elsewhere():
    with pytest.raises(FtkitError, match="Did you mean 'lora'"):
        resolve_method("lroa")
    mine = Full(learning_rate=1.0)
    assert resolve_method(mine) is mine and {"full", "lora"} <= set(methods())


def test_no_texts_give_no_predictions(six):
    assert six.predict([]) == [] and isinstance(six.predict(["a"])[0], Prediction)
    with pytest.raises(FtkitError, match="takes a list"):
        six.predict("a text")


def test_a_folder_that_is_incomplete_or_damaged(six, tmp_path):
    with pytest.raises(FtkitError, match="No model folder"):
        Classifier.load(tmp_path / "none")
    good = six.save(tmp_path / "good")
    for name, damage, message in [
        ("model.safetensors", None, "has no model.safetensors"),
        ("config.json", None, "has no config.json"),
        ("tokenizer.json", None, "tokenizer"),
        ("model.safetensors", b"garbage", "cannot be read"),
        ("config.json", b"{", "cannot be read"),
        ("ftkit.json", b"{", "is not JSON"),
    ]:
        bad = tmp_path / "bad"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good, bad)
        (bad / name).unlink() if damage is None else (bad / name).write_bytes(damage)
        with pytest.raises(FtkitError, match=message):
            Classifier.load(bad)


def test_a_plain_transformers_folder_serves(six, tmp_path):
    good = six.save(tmp_path / "plain")
    (good / "ftkit.json").unlink()
    assert Classifier.load(good).label_names == six.label_names


def test_saving_replaces_at_once_and_leaves_nothing_half_written(six, tmp_path, monkeypatch):
    folder = six.save(tmp_path / "m")
    before = json.loads((folder / "ftkit.json").read_text())

    def broken(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(six.tokenizer), "save_pretrained", broken)
    with pytest.raises((OSError, FtkitError)):
        six.save(folder)
    assert json.loads((folder / "ftkit.json").read_text()) == before and [
        p.name for p in tmp_path.iterdir()
    ] == ["m"]


def test_the_parts_of_the_reviews_come_from_their_own_splits(monkeypatch):
    "Each part is drawn from the split of its name, and it is the same draw each time."
    part = lambda name: datasets.Dataset.from_dict(
        dict(text=[f"{name} {i}" for i in range(100)], label=[i % 2 for i in range(100)])
    )
    splits = datasets.DatasetDict({name: part(name) for name in ("train", "validation", "test")})
    monkeypatch.setattr("ftkit.finetuning.finetune.load_text", lambda name: splits)
    run = setup("30_finetune", scale="smoke")
    first, again = sentiment_data(run), sentiment_data(run)
    for name, rows, size in zip(("train", "validation", "test"), first, (64, 32, 64)):
        assert len(rows) == size and {t.split()[0] for t in rows["text"]} == {name}
    assert [list(rows["text"]) for rows in first] == [list(rows["text"]) for rows in again]
