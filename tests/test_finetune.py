"The practitioner's API: data shapes, methods, saving, loading, and what bad input gets."

import json

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    FNetConfig,
    FNetForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
)

from ftkit.core import FtkitError, setup
from ftkit.data import load_encoder
from ftkit.finetuning.finetune import (
    Classifier,
    Full,
    Prediction,
    Probed,
    columns,
    curve_settings,
    drawn_reviews,
    dropout_at,
    finetune,
    methods,
    resolve_method,
    scored,
    scores_of,
    sentiment_data,
    text_vectors,
)
from ftkit.finetuning.lora import LoRA
from ftkit.foundations.text import collate, make_examples
from ftkit.foundations.transformer import Encoder, bert_config

topics = {
    "sport": "the team won the match with a late goal",
    "food": "simmer the onions in butter with salt",
    "space": "the probe left orbit around the moon",
    "law": "the court heard the appeal of the tenant",
    "music": "the quartet played the slow movement",
    "money": "the bank raised the interest rate",
}
rows = [(f"{text} {i}", label) for i in range(6) for label, text in topics.items()]
table = pd.DataFrame(rows, columns=["text", "label"])
short = dict(epochs=1, batch_size=12, max_length=16, progress=False)  # a training of a second


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    "A two-layer BERT with MiniLM's tokenizer in a folder, so that a training takes a second."
    folder = tmp_path_factory.mktemp("small")
    _, tokenizer = load_encoder("minilm")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def six(small_model):
    return finetune(table, model=small_model, learning_rate=3e-3, **short | dict(epochs=120))


def test_six_classes_are_learned(six):
    assert six.label_names == sorted(topics)
    result = six.evaluate(table)
    assert result.report.accuracy > 0.9
    assert result.interval.low <= result.interval.value <= result.interval.high
    assert six.predict([topics["law"]])[0].label == "law"


@pytest.mark.parametrize("method", ["full", "lora"])
def test_saved_and_loaded_is_the_same(method, small_model, tmp_path):
    chosen = LoRA(rank=2) if method == "lora" else method
    clf = finetune(table, model=small_model, method=chosen, **short)
    again = Classifier.load(clf.save(tmp_path / "m"))
    tolerance = 2e-3 if method == "lora" else 1e-6
    np.testing.assert_allclose(
        again.probabilities(table["text"]), clf.probabilities(table["text"]), atol=tolerance
    )
    assert (again.label_names, again.max_length, again.keep) == (clf.label_names, 16, clf.keep)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "m")
    assert plain.config.id2label == dict(enumerate(sorted(topics)))
    assert plain.config.label2id == {label: i for i, label in enumerate(sorted(topics))}
    assert (tmp_path / "m" / "adapter" / "adapter_config.json").exists() == (method == "lora")
    homes = [type(module).__module__ for module in plain.modules()]
    assert all(home.startswith(("torch", "transformers")) for home in homes)


def test_the_adapter_alone_is_enough(small_model, tmp_path):
    clf = finetune(table, model=small_model, method=LoRA(rank=2), **short)
    clf.save(tmp_path / "a", adapter_only=True)
    assert not (tmp_path / "a" / "model.safetensors").exists()
    again = Classifier.load(tmp_path / "a")
    np.testing.assert_allclose(
        again.probabilities(table["text"]), clf.probabilities(table["text"]), atol=1e-6
    )
    full = finetune(table, model=small_model, max_steps=1, max_length=16, progress=False)
    with pytest.raises(FtkitError, match="no adapter: save the whole model"):
        full.save(tmp_path / "b", adapter_only=True)
    assert not (tmp_path / "b").exists()


def test_the_seed_decides_everything(small_model):
    def probabilities(seed):
        clf = finetune(table, model=small_model, seed=seed, **short)
        return clf.probabilities(table["text"][:5])

    first = probabilities(0)
    assert np.array_equal(first, probabilities(0))
    assert not np.array_equal(first, probabilities(1))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_learning_rate_of_zero_is_zero(small_model, method):
    "It is not the method's own, which moves the weights in one step."

    def weights(**options):
        clf = finetune(
            table, model=small_model, method=method, max_steps=1, progress=False, **options
        )
        return torch.cat([p.detach().flatten() for p in clf.model.parameters()])

    start = weights(learning_rate=0.0)
    assert torch.equal(start, weights(learning_rate=0))
    assert torch.equal(weights(), weights(learning_rate=resolve_method(method).learning_rate))
    assert not torch.equal(start, weights())


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
        factors = [p for name, p in clf.model.named_parameters() if "lora_A" in name]
        return torch.cat([p.detach().flatten() for p in factors])

    assert torch.equal(start(1), start(2))


def test_probabilities_are_a_distribution_and_follow_the_logits(six):
    found = six.probabilities(list(table["text"]))
    assert found.shape == (len(table), 6)
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    for prediction, row in zip(six.predict(list(table["text"])), found):
        assert prediction.probability == pytest.approx(row.max())


def test_datasets_frames_and_dicts_are_one(small_model):
    numbered = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    named = numbered.cast_column("label", datasets.ClassLabel(names=["neg", "pos"]))
    expected = (["a", "b"], [0, 1], ["neg", "pos"])
    assert columns(named) == expected
    words = {"text": ["a", "b"], "label": ["neg", "pos"]}
    assert columns(words) == expected
    assert columns(pd.DataFrame(words)) == expected


some_labels = st.lists(st.sampled_from(["10", "9", "-1", "b", "a"]), min_size=2)


@settings(max_examples=50, deadline=None)
@given(some_labels.filter(lambda labels: len(set(labels)) > 1))
def test_numbers_and_names_of_classes_agree(labels):
    _, numbers, names = columns({"text": ["x"] * len(labels), "label": labels})
    assert [names[i] for i in numbers] == labels
    assert sorted(set(numbers)) == list(range(len(set(labels))))
    by_size = ("-1", "9", "10")
    assert [n for n in names if n in by_size] == [n for n in by_size if n in labels]


def test_number_labels_given_as_names_are_understood():
    assert columns({"text": ["a", "b"], "label": [1, 0]}, ["0", "1"])[1] == [1, 0]


def test_one_cleaning_for_what_is_trained_and_what_is_tested():
    "Spaces don't count, whole floats are integers, and words that look missing are words."
    spaces = {"text": ["a", "b", "c"], "label": [" pos", "pos", "neg "]}
    assert columns(spaces) == (["a", "b", "c"], [1, 1, 0], ["neg", "pos"])
    trained = columns({"text": ["a", "b"], "label": [1.0, 0.0]})
    assert trained[1:] == ([1, 0], ["0", "1"])
    for label in ([1, 0], ["1", "0"], ["1.0", "0.0"], np.array([1.0, 0.0])):
        assert columns({"text": ["a", "b"], "label": label}, trained[2])[1] == [1, 0]
    assert columns({"text": ["a", "b"], "label": [1, 0]}, ["0.0", "1.0"])[1] == [1, 0]
    words = {"text": ["nan", "<NA>"], "label": ["None", "NaT"]}
    assert columns(words) == (["nan", "<NA>"], [1, 0], ["NaT", "None"])


named = datasets.Features(
    text=datasets.Value("string"), label=datasets.ClassLabel(names=["neg", "pos"])
)
unlabelled = datasets.Dataset.from_dict(
    {"text": ["a", "b", "c"], "label": [0, 1, -1]}, features=named
)
empty = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, None]}, features=named)


@pytest.mark.parametrize(
    "data, message",
    [
        (unlabelled, "row 3: the label number -1 has no name.*leave them out"),
        (empty, "row 2: the label is missing"),
        ({"text": ["a", "b"], "label": ["x", None]}, "row 2: the label is missing"),
        ({"text": ["a", "b"], "label": [float("nan"), 1.0]}, "row 1: the label is missing"),
        (pd.DataFrame({"text": ["a", "b"], "label": ["x", pd.NA]}), "row 2: the label is missing"),
        ({"text": ["a", "b"], "label": ["x", " "]}, "row 2: the label is missing"),
        ({"text": ["a", None], "label": ["x", "y"]}, "row 2: the text is missing"),
        ({"text": [float("nan"), "b"], "label": ["x", "y"]}, "row 1: the text is missing"),
        ({"text": ["a", "b"], "label": [["x"], ["x", "y"]]}, "row 1: .* this is a list"),
    ],
)
def test_rows_without_text_or_label_are_refused_in_training_and_in_scoring(six, data, message):
    with pytest.raises(FtkitError, match=f"the training data, {message}"):
        finetune(data, model="none is loaded")
    with pytest.raises(FtkitError, match=f"the data, {message}"):
        six.evaluate(data)


def test_class_names_that_are_one_are_refused():
    with pytest.raises(FtkitError, match="'pos' and ' pos' are one"):
        columns({"text": ["a"], "label": ["pos"]}, ["pos", " pos"])


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
    assert resolve_method(mine) is mine
    assert {"full", "lora"} <= set(methods())


def test_no_texts_give_no_predictions(six):
    assert six.predict([]) == []
    assert isinstance(six.predict(["a"])[0], Prediction)
    with pytest.raises(FtkitError, match="takes a list"):
        six.predict("a text")


# Foreign models

reviews = ["good film", "bad bad film and the end was awful", "good", "so good"]
some = {"text": reviews, "label": ["pos", "neg", "pos", "pos"]}
special = ["<unk>", "<end>", "<pad>"]  # 0, what padding was once filled with, is a word's id
narrow = dict(hidden_size=16, num_attention_heads=2, intermediate_size=32)
narrow_bert = dict(**narrow, vocab_size=20, num_hidden_layers=1, max_position_embeddings=34)
narrow_gpt = dict(vocab_size=20, n_embd=16, n_layer=1, n_head=2, n_positions=32)
narrow_gpt |= dict(bos_token_id=1, eos_token_id=1)
narrow_llama = dict(**narrow, vocab_size=20, num_hidden_layers=1, max_position_embeddings=32)


def word_tokenizer(**tokens):
    "A tokenizer of whole words that puts nothing around a text."
    words = sorted({word for text in reviews for word in text.split()})
    vocab = {word: i for i, word in enumerate([*special, *words])}
    core = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=core, unk_token="<unk>", **tokens)


def folder_of(kind, config, folder, **tokens):
    "A folder with a random network of this kind, wide apart in its answers, and a tokenizer."
    torch.manual_seed(0)
    config.initializer_range = 0.5
    kind(config).save_pretrained(folder)
    word_tokenizer(**tokens).save_pretrained(folder)
    return str(folder)


def alone_and_together(clf):
    exact = dict(dtype=torch.float32)
    one_by_one = [clf.probabilities([text], **exact)[0] for text in reviews]
    return np.stack(one_by_one), clf.probabilities(reviews, **exact)


last_token_readers = {
    "gpt2 without padding": (
        GPT2ForSequenceClassification,
        GPT2Config(**narrow_gpt),
        dict(eos_token="<end>"),
    ),
    "gpt2 with padding": (
        GPT2ForSequenceClassification,
        GPT2Config(**narrow_gpt),
        dict(eos_token="<end>", pad_token="<pad>"),
    ),
    "llama without padding in its config": (
        LlamaForSequenceClassification,
        LlamaConfig(**narrow_llama, pad_token_id=None),
        dict(eos_token="<end>", pad_token="<pad>"),
    ),
    "llama with a padding of its own": (
        LlamaForSequenceClassification,
        LlamaConfig(**narrow_llama, pad_token_id=1),
        dict(eos_token="<end>", pad_token="<pad>"),
    ),
    "llama with a padding that is no token": (
        LlamaForSequenceClassification,
        LlamaConfig(**narrow_llama, pad_token_id=-1),
        dict(eos_token="<end>", pad_token="<pad>"),
    ),
}


@pytest.mark.parametrize("name", last_token_readers)
def test_a_batch_gives_what_each_text_gives_alone(name, tmp_path):
    "As transformers answers to each text alone, before training, after it, and from its folder."
    kind, config, tokens = last_token_readers[name]
    folder = folder_of(kind, config, tmp_path / "base", **tokens)
    plain = kind.from_pretrained(folder).eval()
    tokenizer = word_tokenizer(**tokens)
    expected = []
    for text in reviews:
        with torch.no_grad():
            logits = plain(**tokenizer([text], return_tensors="pt")).logits
        expected.append(logits.softmax(-1)[0].numpy())
    for found in alone_and_together(Classifier.load(folder)):
        np.testing.assert_allclose(found, np.stack(expected), atol=1e-5)

    clf = finetune(some, some, model=folder, **short | dict(max_length=8, epochs=2))
    alone, together = alone_and_together(clf)
    np.testing.assert_allclose(alone, together, atol=1e-5)
    again = Classifier.load(clf.save(tmp_path / "m"))
    for found in alone_and_together(again):
        np.testing.assert_allclose(found, together, atol=1e-5)


def test_what_cannot_be_padded_is_refused(tmp_path):
    folder = folder_of(GPT2ForSequenceClassification, GPT2Config(**narrow_gpt), tmp_path)
    with pytest.raises(FtkitError, match="has no padding token"):
        Classifier.load(folder)
    tokenizer = word_tokenizer(eos_token="<end>")
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", 1)]
    )
    tokenizer.save_pretrained(folder)
    with pytest.raises(FtkitError, match="ends each text with '<end>', which is its padding too"):
        Classifier.load(folder)


different_in_a_batch = {
    "XLNet": (
        XLNetForSequenceClassification,
        XLNetConfig(vocab_size=20, d_model=16, n_layer=1, n_head=2, d_inner=32),
    ),
    "FNet": (
        FNetForSequenceClassification,
        FNetConfig(vocab_size=20, hidden_size=16, num_hidden_layers=1, intermediate_size=32),
    ),
}


@pytest.mark.parametrize("name", different_in_a_batch)
def test_networks_that_read_padding_as_text_are_refused(name, tmp_path):
    kind, config = different_in_a_batch[name]
    folder = folder_of(kind, config, tmp_path, pad_token="<pad>")
    with pytest.raises(FtkitError, match=f"{name}.* other logits in a batch than alone"):
        Classifier.load(folder)
    with pytest.raises(FtkitError, match=f"{name}.* other logits in a batch than alone"):
        finetune(some, model=folder, **short)


one_number = dict(num_labels=1)
two_numbers = dict(num_labels=2, problem_type="regression")
many_labels = dict(num_labels=3, problem_type="multi_label_classification")


@pytest.mark.parametrize(
    "head, message",
    [
        (one_number, "gives each text one number, not one of several classes"),
        (two_numbers, "gives each text numbers, not classes"),
        (many_labels, "gives each text several labels at once"),
    ],
)
def test_heads_for_other_problems_are_refused_and_can_be_replaced(tmp_path, head, message):
    "One output gave probability 1.0 for every text, and independent labels went through softmax."
    config = BertConfig(**narrow_bert, **head)
    folder = folder_of(BertForSequenceClassification, config, tmp_path / "a", pad_token="<pad>")
    with pytest.raises(FtkitError, match=f"{folder}' {message}"):
        Classifier.load(folder)
    network, tokenizer = load_encoder(folder, num_labels=head["num_labels"])
    with pytest.raises(FtkitError, match=message):
        Classifier(network, tokenizer, ["x"] * head["num_labels"])
    clf = finetune(some, model=folder, **short)
    again = Classifier.load(clf.save(tmp_path / "m"))
    assert {p.label for p in again.predict(reviews)} <= {"neg", "pos"}


@pytest.mark.parametrize("kind", [BertModel, BertForSequenceClassification])
def test_a_folder_without_a_trained_head_gives_no_answers(kind, tmp_path):
    "Its head would be random: the weights are missing, or for another number of classes."
    folder = tmp_path / "a"
    folder_of(kind, BertConfig(**narrow_bert, num_labels=2), folder, pad_token="<pad>")
    settings = json.loads((folder / "config.json").read_text())
    settings["id2label"] = {"0": "a", "1": "b", "2": "c"}
    settings["label2id"] = {"a": 0, "b": 1, "c": 2}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(FtkitError, match=r"no trained head for 3 classes: classifier\.weight"):
        Classifier.load(folder)
    finetune(some, model=str(folder), **short)


def test_a_head_whose_first_layer_is_new_gives_no_answers(tmp_path):
    "DistilBERT's `pre_classifier`, and a pooler that the checkpoint lacks."
    config = DistilBertConfig(vocab_size=20, dim=16, n_layers=1, n_heads=2, hidden_dim=32)
    distil = tmp_path / "distil"
    folder_of(DistilBertForSequenceClassification, config, distil, pad_token="<pad>")
    bert = tmp_path / "bert"
    config = BertConfig(**narrow_bert)
    folder_of(BertForSequenceClassification, config, bert, pad_token="<pad>")
    for folder, lost in ((distil, "pre_classifier"), (bert, "bert.pooler.dense")):
        assert Classifier.load(folder).probabilities(reviews).shape == (4, 2)
        weights = load_file(folder / "model.safetensors")
        kept = {name: w for name, w in weights.items() if not name.startswith(lost)}
        assert len(kept) == len(weights) - 2
        save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(FtkitError, match=f"no trained head .* {lost}.weight"):
            Classifier.load(folder)
        clf = finetune(some, model=str(folder), **short)
        again = Classifier.load(clf.save(tmp_path / "m"))
        np.testing.assert_allclose(
            again.probabilities(reviews), clf.probabilities(reviews), atol=1e-6
        )


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_folders_with_code_of_their_own_are_refused(six, tmp_path, file):
    "Nothing is asked on the terminal, and nothing is run."
    folder = six.save(tmp_path / "m")
    (folder / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    settings = json.loads((folder / file).read_text())
    settings["auto_map"] = {"AutoConfig": "mine.Config", "AutoTokenizer": ["mine.Tok", None]}
    (folder / file).write_text(json.dumps(settings))
    with pytest.raises(FtkitError, match=f"brings code of its own: its {file} has auto_map"):
        Classifier.load(folder)
    assert not (tmp_path / "ran").exists()


def test_roberta_of_34_positions_reads_32_tokens(tmp_path):
    "Its positions begin after the padding token's."
    config = RobertaConfig(**narrow_bert, pad_token_id=1)
    folder = folder_of(RobertaForSequenceClassification, config, tmp_path / "a", pad_token="<pad>")
    with pytest.raises(FtkitError, match="reads at most 32 tokens; say 32 or less"):
        finetune(some, model=folder, **short | dict(max_length=33))
    clf = Classifier.load(folder)
    assert clf.max_length == 32
    assert clf.probabilities(["good " * 100]).shape == (1, 2)


not_a_number = [[0.9, 0.1], [float("nan"), 0.8], [0.2, 0.8]]
masked = np.ma.masked_equal([[0.9, 0.1], [0.0, 1.0], [0.2, 0.8]], 0.0)
row_1 = r"Row 1 \(counted from 0\) of the probabilities is \[nan, .*1 of 3 rows"


@pytest.mark.parametrize(
    "probabilities, message",
    [
        (not_a_number, row_1),
        (np.array(not_a_number), row_1),
        (torch.tensor(not_a_number), row_1),
        (masked, row_1),
        ([[0.9, 0.1], [np.inf, 0.0], [0.2, 0.8]], r"Row 1 .* is \[inf, 0.0\]"),
        ([[0.9, 0.1, 0.0]] * 3, r"have the shape \(3, 3\)"),
        ([0.9, 0.1, 0.5], r"have the shape \(3,\)"),
    ],
)
def test_nan_wins_nothing(probabilities, message):
    with pytest.raises(FtkitError, match=message):
        scored([0, 1, 1], probabilities, ["neg", "pos"])
    good = scored([0, 1, 1], torch.tensor([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]]), ["neg", "pos"])
    assert good.predictions.tolist() == [0, 1, 0]


def test_a_network_that_says_nan_is_refused_with_the_example(small_model):
    clf = finetune(table, model=small_model, **short)
    with torch.no_grad():
        clf.model.bert.embeddings.word_embeddings.weight[clf.tokenizer.vocab["moon"]] = np.nan
    texts = [topics["law"], topics["space"], topics["food"]]
    for ask in (clf.probabilities, clf.predict):
        assert len(ask(texts[:1])) == 1
        with pytest.raises(FtkitError, match=r"for example 1 \(counted from 0\), and 1 of 3"):
            ask(texts)
    with pytest.raises(FtkitError, match="for example 2 "):
        clf.evaluate(table)


def test_names_and_head_agree(six, tmp_path):
    folder = six.save(tmp_path / "m")
    settings = json.loads((folder / "ftkit.json").read_text())
    settings["label_names"].reverse()
    (folder / "ftkit.json").write_text(json.dumps(settings))
    with pytest.raises(FtkitError, match="Make them one, in the order of the head's rows"):
        Classifier.load(folder)
    with pytest.raises(FtkitError, match="has 6 classes, but there are 2 label names: a, b"):
        Classifier(six.model, six.tokenizer, ["a", "b"])


def test_a_collate_of_ones_own_counts(small_model):
    seen = []

    def noting(examples):
        seen.append(len(examples))
        return collate(examples)

    clf = finetune(table, model=small_model, collate=noting, **short)
    trained = len(seen)
    clf.probabilities(["a", "b"], collate=noting)
    assert trained > 0 and seen[trained:] == [2]


def test_no_folder_at_all(tmp_path):
    with pytest.raises(FtkitError, match="No model folder"):
        Classifier.load(tmp_path / "none")


@pytest.mark.parametrize(
    "name, damage, message",
    [
        ("model.safetensors", None, "has no model.safetensors"),
        ("config.json", None, "has no config.json"),
        ("tokenizer.json", None, "tokenizer"),
        ("model.safetensors", b"garbage", "cannot be read"),
        ("config.json", b"{", "cannot be read"),
        ("ftkit.json", b"{", "is not JSON"),
    ],
)
def test_a_folder_that_is_incomplete_or_damaged(six, tmp_path, name, damage, message):
    folder = six.save(tmp_path / "m")
    if damage is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(damage)
    with pytest.raises(FtkitError, match=message):
        Classifier.load(folder)


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
    with pytest.raises((OSError, FtkitError), match="No space left on device"):
        six.save(folder)
    assert json.loads((folder / "ftkit.json").read_text()) == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_the_parts_of_the_reviews_come_from_their_own_splits(monkeypatch):
    "Each part is drawn from the split of its name, and it is the same draw each time."

    def part(name):
        texts = [f"{name} {i}" for i in range(100)]
        return datasets.Dataset.from_dict(dict(text=texts, label=[0, 1] * 50))

    splits = datasets.DatasetDict({name: part(name) for name in ("train", "validation", "test")})
    monkeypatch.setattr("ftkit.finetuning.finetune.load_text", lambda name: splits)
    run = setup("30_finetune", scale="smoke")
    first = sentiment_data(run)
    again = sentiment_data(run)
    for name, rows, size in zip(("train", "validation", "test"), first, (64, 32, 64)):
        assert len(rows) == size
        assert {t.split()[0] for t in rows["text"]} == {name}
    assert [list(rows["text"]) for rows in first] == [list(rows["text"]) for rows in again]


def its_dropout(model):
    "Whether two passes in training differ."
    model.train()
    ids = torch.arange(3, 11).view(1, 8)
    torch.manual_seed(0)
    passes = [model(input_ids=ids).logits for _ in range(2)]
    return not torch.equal(*passes)


@pytest.mark.parametrize(
    "kind",
    [
        BertForSequenceClassification,
        DistilBertForSequenceClassification,
        RobertaForSequenceClassification,
        GPT2ForSequenceClassification,
        LlamaForSequenceClassification,
        XLNetForSequenceClassification,
    ],
)
def test_dropout_is_off_inside_the_block_and_its_own_again_after(kind):
    names = dict(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        vocab_size=60,
        pad_token_id=0,
    )
    if kind is GPT2ForSequenceClassification:
        config = GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=60, pad_token_id=0)
    elif kind is DistilBertForSequenceClassification:
        config = DistilBertConfig(dim=32, n_layers=2, n_heads=4, hidden_dim=48, vocab_size=60)
    elif kind is XLNetForSequenceClassification:
        config = XLNetConfig(d_model=32, n_layer=2, n_head=4, d_inner=48, vocab_size=60)
    elif kind is LlamaForSequenceClassification:
        config = LlamaConfig(**names, attention_dropout=0.2)
    else:
        config = kind.config_class(**names)
    torch.manual_seed(0)
    model = kind(config)
    written = model.config.to_dict()
    assert its_dropout(model)
    with dropout_at(model, 0.0):
        assert not its_dropout(model)
    assert its_dropout(model)
    assert model.config.to_dict() == written
    with pytest.raises(ValueError), dropout_at(model, 0.0):
        raise ValueError  # an interrupted training
    assert its_dropout(model)
    with dropout_at(model, None):
        assert its_dropout(model)


def test_dropout_of_our_networks_too():
    torch.manual_seed(0)
    model = Encoder(bert_config(60, width=32, layers=1, heads=2, context=16, dropout=0.3)).train()
    ids = torch.arange(3, 11).view(1, 8)
    assert not torch.equal(model(ids), model(ids))
    with dropout_at(model, 0.0):
        assert torch.equal(model(ids), model(ids))
    assert model.config.dropout == 0.3
    assert not torch.equal(model(ids), model(ids))
    with pytest.raises(FtkitError, match="share from 0"), dropout_at(model, 1.0):
        pass


@pytest.mark.parametrize(
    "options, wanted",
    [
        (dict(epochs=1), 0.0),
        (dict(epochs=2), 0.1),
        (dict(epochs=9, max_steps=3), 0.0),  # of 12 texts: 36 of 36
        (dict(epochs=1, max_steps=4), 0.1),
        (dict(epochs=1, max_steps=2, accumulate=2), 0.1),
        (dict(epochs=1, dropout=0.25), 0.25),
        (dict(epochs=5, dropout=0.0), 0.0),
    ],
)
def test_texts_that_are_seen_once_need_no_dropout(small_model, options, wanted):
    seen = []

    class Watched(Full):
        def prepare(self, model):
            seen.append(model.bert.encoder.layer[0].output.dropout.p)
            return super().prepare(model)

    clf = finetune(table, model=small_model, method=Watched(), **short | options)
    assert seen == [wanted]
    assert clf.model.bert.encoder.layer[0].output.dropout.p == 0.1
    assert clf.model.config.hidden_dropout_prob == 0.1


def test_the_dropout_of_a_method_is_its_own(small_model):
    method = LoRA(rank=2, alpha=2, targets=("query", "value"), dropout=0.5)
    seen = []

    class Watched(LoRA):
        def prepare(self, model):
            model = super().prepare(model)
            seen.append(model.bert.encoder.layer[0].attention.self.query.dropout)
            return model

    finetune(table, model=small_model, method=Watched(**vars(method)), **short)
    assert seen == [0.5]


def test_a_classifier_trains_by_the_rule_of_attention(small_model):
    clf = finetune(table, model=small_model, **short)
    assert clf.model.config._attn_implementation == "ftkit"


def test_vectors_of_texts_do_not_depend_on_the_texts_beside_them(small_model):
    network, tokenizer = load_encoder(small_model, num_labels=2)
    examples = make_examples(["short", topics["law"], "a bit longer"], None, tokenizer)
    where = dict(device=torch.device("cpu"), dtype=torch.float32)
    for pooled in (True, False):
        together = text_vectors(network, examples, pooled, **where)
        alone = [text_vectors(network, [example], pooled, **where)[0] for example in examples]
        assert together.shape == (3, 32)
        np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


def test_a_probed_head_answers_as_the_regression_on_the_pooled_vectors(small_model):
    from sklearn.linear_model import LogisticRegression

    two = table[table.label.isin(["sport", "food"])]
    labels = (two.label == "sport").astype(int).to_numpy()
    network, tokenizer = load_encoder(small_model, num_labels=2)
    where = dict(device=torch.device("cpu"), dtype=torch.float32)
    vectors = text_vectors(network, make_examples(two.text, None, tokenizer), True, **where)
    wanted = LogisticRegression(max_iter=2000).fit(vectors, labels).predict_proba(vectors)
    method = Probed(vectors=vectors, labels=labels)
    options = short | dict(max_length=64)
    clf = finetune(two, model=small_model, method=method, learning_rate=0.0, **options)
    assert clf.label_names == ["food", "sport"]
    found = clf.probabilities(two.text.tolist(), dtype=torch.float32)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_the_learning_curve_judges_all_by_the_same_reviews():
    run = setup("30_finetune", scale="smoke")
    one = drawn_reviews(run, 1, 8)
    more = drawn_reviews(run, 1, 12)
    other = drawn_reviews(run, 2, 8)
    assert more["train"]["text"][:8] == one["train"]["text"][:]  # fewer are the first of more
    assert set(one["train"]["text"]) != set(other["train"]["text"])
    for part in ("validation", "test"):
        assert one[part]["text"][:] == other[part]["text"][:]
        assert not set(one[part]["text"]) & set(more["train"]["text"])


def test_each_size_of_the_learning_curve_has_two_settings_of_each_way():
    run = setup("30_finetune", scale="cpu")
    settings = curve_settings(run)
    assert list(settings) == [25, 50, 100, 200, 400, 1000, 4000]
    for tried in settings.values():
        ways = [way for way, _, _ in tried]
        assert len(set(tried)) == len(tried)
        assert all(ways.count(way) >= 2 for way in ways)


def test_a_run_that_says_one_thing_scores_a_third():
    found = scores_of([0, 1, 0, 1], np.tile([0.4, 0.6], (4, 1)))
    assert found == dict(macro_f1=pytest.approx(1 / 3), positive=1.0)
