"Lesson 36b: intruder dimensions and their controls, parity with peft, forgetting at equal score."

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.intruders import reduce_intruder_dimension
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, BertModel

from ftkit.core import FtkitError, setup
from ftkit.data import load_encoder
from ftkit.finetuning import forgetting as module
from ftkit.finetuning.finetune import Full
from ftkit.finetuning.forgetting import (
    Watched,
    WordsOn,
    as_transformers,
    directions,
    forgotten_at,
    intruders,
    layer_matrices,
    likeness,
    noise_change,
    row_losses,
    search_rates,
    shrink_intruders,
    shrink_others,
    shrink_trials,
    shuffled,
    spectra,
    step_back,
    turned_change,
    tuning_posts,
)
from ftkit.foundations.checkpoints import from_pretrained
from ftkit.foundations.transformer import Encoder, bert_config
from ftkit.pretraining.masked_lm import MaskedLM, fill, hide


def random_matrix(rows, columns, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator)


def with_intruder(rows=40, columns=30, size=30.0, seed=0):
    "A matrix of ten directions, and the same with a new left direction in front."
    left, _ = torch.linalg.qr(random_matrix(rows, columns + 1, seed))
    right, _ = torch.linalg.qr(random_matrix(columns, columns, seed + 1))
    values = torch.cat([torch.arange(10, 0, -1.0), torch.full((columns - 10,), 0.1)])
    before = (left[:, :columns] * values) @ right.T
    return before, before + size * torch.outer(left[:, columns], right[:, columns - 1])


# A point on a curve


def test_a_curve_is_read_where_it_first_passes_a_score():
    curve = [(0.1, 4.0), (0.5, 4.2), (0.4, 4.5), (0.7, 5.0)]
    assert forgotten_at(curve, 0.3) == pytest.approx(4.1)
    assert forgotten_at(curve, 0.5) == pytest.approx(4.2)
    assert forgotten_at(curve, 0.6) == pytest.approx(4.5 + 2 / 3 * 0.5)
    assert forgotten_at(curve, 0.71) is None
    assert forgotten_at(curve, 0.1) is None, "the start itself has passed nothing"
    with pytest.raises(FtkitError, match="two points or more; 1 were given"):
        forgotten_at(curve[:1], 0.3)


# Intruders


def test_what_does_not_change_is_alike_and_signs_do_not_count():
    W = random_matrix(20, 12)
    assert likeness(W, W).numpy() == pytest.approx(1, abs=1e-5)
    turned, _ = torch.linalg.qr(random_matrix(12, 12, seed=5))
    assert likeness(W, W @ turned).numpy() == pytest.approx(1, abs=1e-4), "left vectors count"
    assert likeness(W.T, (W @ turned).T).min() < 0.9
    assert likeness(W, -W, top=3).shape == (3,)


def test_a_new_left_direction_is_found_at_its_place():
    before, tuned = with_intruder()
    assert intruders(before, tuned) == [0]
    assert likeness(before, tuned)[0] < 0.05
    before, tuned = with_intruder(size=5.5)
    assert intruders(before, tuned) == [5]
    assert intruders(before, tuned, top=5) == []
    assert intruders(before, tuned, threshold=0.0) == []


def test_an_old_direction_that_comes_to_the_front_is_no_intruder():
    before, _ = with_intruder()
    U, _, Vh = torch.linalg.svd(before, full_matrices=False)
    late = before + 50 * torch.outer(U[:, 9], Vh[9])
    assert intruders(before, late, top=3) == []


@pytest.mark.parametrize(
    "tuned, message",
    [
        (torch.ones(3, 4), "of one shape"),
        (torch.full((4, 4), torch.nan), "NaN or infinity"),
        (torch.full((4, 4), torch.inf), "NaN or infinity"),
    ],
)
def test_what_has_no_singular_vectors_is_refused(tuned, message):
    with pytest.raises(FtkitError, match=message):
        likeness(torch.eye(4), tuned)
    with pytest.raises(FtkitError, match="of one shape"):
        likeness(torch.ones(4), torch.ones(4))


# Shrinking and its rivals


def test_shrinking_multiplies_the_intruders_singular_value_alone():
    before, tuned = with_intruder()
    shrunk = shrink_intruders(before, tuned, keep=0.6)
    _, S, _ = torch.linalg.svd(tuned)
    U, _, Vh = torch.linalg.svd(tuned, full_matrices=False)
    values = torch.diag(U.T @ shrunk @ Vh.T)
    expected = S[: len(values)].clone()
    expected[0] *= 0.6
    assert values.numpy() == pytest.approx(expected.numpy(), abs=1e-4)
    assert torch.equal(shrink_intruders(before, before + 0.01), before + 0.01)
    assert (shrink_intruders(before, tuned, keep=1) - tuned).abs().max() < 1e-5


@pytest.mark.parametrize("keep", [0.9, 0.75, 0.5])
def test_both_rivals_take_away_as_much(keep):
    before, tuned = with_intruder()
    taken = (tuned - shrink_intruders(before, tuned, keep)).norm().item()
    others = shrink_others(before, tuned, keep)
    back = step_back(before, tuned, keep)
    assert taken == pytest.approx((1 - keep) * 30, rel=1e-4)
    assert (tuned - others).norm().item() == pytest.approx(taken, rel=1e-4)
    assert (tuned - back).norm().item() == pytest.approx(taken, rel=1e-4)
    U, S, Vh = torch.linalg.svd(tuned)
    assert float(U[:, 0] @ others @ Vh[0]) == pytest.approx(float(S[0]), rel=1e-4)
    change = (back - before) / (tuned - before).norm()
    cosine = (change * (tuned - before)).sum() / (back - before).norm()
    assert float(cosine) == pytest.approx(1, abs=1e-5), "the change has its old direction"


def test_the_whole_change_never_turns_round():
    before, tuned = with_intruder()
    assert torch.allclose(step_back(before, tuned, keep=-9.0), before, atol=1e-5)


def test_without_intruders_the_rivals_change_nothing():
    before, _ = with_intruder()
    tuned = before * 1.1
    for way in (shrink_intruders, shrink_others, step_back):
        found = way(before, tuned)
        assert torch.equal(found, tuned)
        assert found.data_ptr() != tuned.data_ptr()


def test_the_controls_of_the_count_keep_what_they_say():
    before, tuned = with_intruder()
    turned = turned_change(before, tuned, seed=3)
    old = torch.linalg.svdvals(tuned - before)
    assert torch.linalg.svdvals(turned - before).numpy() == pytest.approx(old.numpy(), abs=1e-4)
    assert not torch.allclose(turned, tuned, atol=0.1)
    assert torch.equal(turned, turned_change(before, tuned, seed=3))
    assert not torch.equal(turned, turned_change(before, tuned, seed=4))
    noise = noise_change(before, tuned)
    assert (noise - before).norm() == pytest.approx((tuned - before).norm(), rel=1e-5)
    assert torch.linalg.svdvals(noise - before)[0] < old[0]


def test_directions_add_up_to_the_matrix():
    W = random_matrix(9, 6)
    assert torch.allclose(directions(W, range(6)), W, atol=1e-5)
    assert torch.allclose(directions(W, [0, 2]) + directions(W, [1, 3, 4, 5]), W, atol=1e-5)


# Parity with peft


@pytest.mark.parametrize("keep", [0.75, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
def test_peft_finds_the_same_intruders_and_makes_the_same_weights(keep, seed):
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
    )
    torch.manual_seed(seed)
    model = get_peft_model(
        BertModel(config), LoraConfig(r=3, target_modules=["query", "intermediate.dense"])
    )
    layers = {name: m for name, m in model.named_modules() if hasattr(m, "get_delta_weight")}
    for place, layer in enumerate(layers.values()):
        std = 0.0 if place == 0 else 0.4  # the first one has learned nothing
        nn.init.normal_(layer.lora_B["default"].weight, std=std)
    before = {name: layer.get_base_layer().weight.detach() for name, layer in layers.items()}
    said = []
    reduce_intruder_dimension(model, mitigation_lambda=keep, logging_sink=said.append)
    counts = {}
    for line in said:
        name, _, told = line.partition(": ")
        if name in layers:
            counts[name] = 0 if told == "No intruders" else int(told.split()[-1])
    assert set(counts) == set(layers) and max(counts.values()) > 0 and min(counts.values()) == 0
    for name, layer in layers.items():
        tuned = before[name] + layer.get_delta_weight("default").detach()
        theirs = before[name] + layer.get_delta_weight("intruder_reduced").detach()
        assert len(intruders(before[name], tuned)) == counts[name]
        ours = shrink_intruders(before[name], tuned, keep=keep, rank=3)
        assert (ours - theirs).abs().max() < 1e-5


# The network under the head for words


@pytest.fixture(scope="module")
def masked():
    encoder, tokenizer = from_pretrained("minilm")
    torch.manual_seed(0)
    return MaskedLM(encoder).eval(), tokenizer


@pytest.fixture(scope="module")
def questions(masked):
    _, tokenizer = masked
    rng = np.random.default_rng(0)
    rows = [[101, *rng.integers(2000, 3000, 10).tolist(), 102] for _ in range(6)]
    return hide(rows, tokenizer, 0.3)


def test_the_moved_network_answers_as_ours_does(masked, questions):
    model, _ = masked
    network, tokenizer = as_transformers(model.encoder)
    assert tokenizer.mask_token == "[MASK]"
    ours = row_losses(model, questions)
    assert row_losses(WordsOn(network, model), questions) == pytest.approx(ours, abs=0.1)
    for name, W in layer_matrices(network).items():
        assert W.shape in [(384, 384), (1536, 384), (384, 1536)], name
    assert len(layer_matrices(network)) == 36
    # the mean of the rows is the loss of a gap
    mean = fill(model, questions).surprise.double().mean().item()
    assert ours.mean() == pytest.approx(mean, rel=1e-6)


def test_a_change_of_our_weights_moves_over_and_the_pooler_stays():
    changed = MaskedLM(from_pretrained("minilm")[0]).encoder
    with torch.no_grad():
        changed.blocks[2].attention.qkv.weight += 0.5
    network, _ = as_transformers(changed)
    origin, _ = load_encoder("minilm")
    moved = [n for n, p in network.named_parameters() if not p.equal(origin.get_parameter(n))]
    parts = ("query", "key", "value")
    assert moved == [f"encoder.layer.2.attention.self.{part}.weight" for part in parts]


def test_a_network_of_another_size_is_refused():
    with pytest.raises(FtkitError, match="name the network of its size"):
        as_transformers(Encoder(bert_config(100)))


def test_the_tuned_word_table_is_what_the_head_reads(masked, questions):
    model, _ = masked
    network, _ = as_transformers(model.encoder)
    with torch.no_grad():
        network.get_input_embeddings().weight.mul_(3.0)
    words = WordsOn(network, model)
    hidden = torch.randn(2, 384)
    assert not torch.allclose(words.head(hidden), model.head(hidden))


def tiny_classifier():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=48,
        num_labels=3,
    )
    return BertForSequenceClassification(config)


def test_an_evaluation_is_noted_once_with_share_and_loss(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "row_losses", lambda words, questions: np.array([4.0, 6.0]))
    network = tiny_classifier().eval()
    watched = Watched(tmp_path / "notes", SimpleNamespace(dense=None, norm=None, bias=None), [], 4)
    ids = torch.randint(1000, 2000, (4, 5))
    mask = torch.ones_like(ids)
    with torch.no_grad():
        labels = network(ids, attention_mask=mask).logits.argmax(-1)
        labels[0] = (labels[0] + 1) % 3
        total = 0.0
        for rows in (slice(0, 2), slice(2, 4)):
            batch = dict(input_ids=ids[rows], attention_mask=mask[rows], labels=labels[rows])
            loss, number = watched(network, batch)
            assert int(number) == 2
            total += float(loss)
    notes = [json.loads(path.read_text()) for path in (tmp_path / "notes").glob("*.json")]
    assert notes == [dict(loss=pytest.approx(total / 4), right=0.75, nats=5.0)]
    evaluations = [dict(step=7, loss=total / 4 + 1e-7, seconds=1.0)]
    assert watched.curve(evaluations) == [dict(step=7, right=0.75, nats=5.0)]
    network.train()
    watched(network, dict(input_ids=ids, attention_mask=mask, labels=labels))
    assert watched.right == [], "training steps are not noted"


# What a run keeps


def test_spectra_tell_the_change_of_each_matrix():
    before, tuned = with_intruder()
    found = spectra(dict(a=before, b=before), dict(a=tuned, b=before * 1.1), 0, True)
    size = (tuned - before).norm() / before.norm()
    assert found["change"] == pytest.approx([float(size), 0.1], abs=1e-3)
    assert [sum(v < 0.5 for v in values) for values in found["likeness"]] == [1, 0]
    assert found["turned"][0][1] == 1, "a turned direction intrudes as well"
    assert found["noise"][1] == [0, 0, 0]
    assert spectra(dict(a=before), dict(a=tuned), 0, False)["turned"] == []


def test_shrinking_is_judged_and_undone(monkeypatch):
    network = tiny_classifier()
    before = {name: W.detach().clone() for name, W in layer_matrices(network).items()}
    with torch.no_grad():
        for place, W in enumerate(layer_matrices(network).values()):
            W.add_(random_matrix(*W.shape, seed=place)[:, :1] @ torch.ones(1, W.shape[1]))
    tuned = {name: W.detach().clone() for name, W in layer_matrices(network).items()}
    seen = []

    def evaluate(texts):
        first = next(iter(layer_matrices(network).values()))
        seen.append(first.detach().clone())
        return SimpleNamespace(predictions=np.array([1, 0]), labels=np.array([1, 1]))

    monkeypatch.setattr(module, "row_losses", lambda words, questions: np.array([1.0]))
    classifier = SimpleNamespace(model=network, evaluate=evaluate)
    found = shrink_trials(classifier, before, None, None, None, (0.75, 0.5), {})
    ways = [(each["way"], each["keep"]) for each in found]
    expected = [("none", 1.0)]
    expected += [(w, keep) for keep in (0.75, 0.5) for w in ("intruders", "others", "back")]
    assert ways == expected
    name = next(iter(before))
    assert torch.allclose(seen[0], tuned[name])
    assert torch.allclose(seen[1], shrink_intruders(before[name], tuned[name], 0.75), atol=1e-5)
    assert torch.allclose(seen[6], step_back(before[name], tuned[name], 0.5), atol=1e-5)
    for name, W in layer_matrices(network).items():
        assert torch.equal(W, tuned[name])
    assert shrink_trials(classifier, before, None, None, None, (), {}) == []


def test_shuffled_labels_are_the_same_labels_elsewhere():
    parts = tuning_posts(setup("36b_forgetting", "smoke"))
    table = parts["train"]
    mixed = shuffled(table)
    assert list(mixed["text"]) == list(table["text"])
    assert sorted(mixed["label"]) == sorted(table["label"])
    moved = (mixed["label"].to_numpy() != table["label"].to_numpy()).mean()
    assert moved > 0.8


@pytest.mark.parametrize(
    "scores, wanted, tried",
    [
        ({1e-4: 0.5, 3e-4: 0.6, 1e-3: 0.4}, 3e-4, 3),
        ({1e-4: 0.5, 3e-4: 0.6, 1e-3: 0.7, 3e-3: 0.65}, 1e-3, 4),
        ({3e-5: 0.8, 1e-4: 0.7, 3e-4: 0.6, 1e-3: 0.4}, 3e-5, 4),
    ],
)
def test_a_search_goes_one_beyond_an_end(scores, wanted, tried):
    build = SimpleNamespace(run=setup("36b_forgetting", "cpu"))
    asked = []

    def tune(method, rate, seed):
        asked.append(rate)
        return dict(method=method, rate=rate, validation=scores[rate])

    trials, best = search_rates(build, tune, "full")
    assert (best, len(trials)) == (wanted, tried)
    assert [t["rate"] for t in trials] == sorted(scores)
    assert len(set(asked)) == len(asked)


def test_the_arms_learn_what_they_say():
    names = {}
    for name, made in module.arms.items():
        network = tiny_classifier()
        made().prepare(network)
        names[name] = {n for n, p in network.named_parameters() if p.requires_grad}
    words = "bert.embeddings.word_embeddings.weight"
    assert module.arms["full"] is Full
    assert words in names["full"] and names["full"] - names["words"] == {words}
    assert "bert.pooler.dense.weight" in names["lora"], "the pooler itself, not a correction"
    assert (
        words not in names["lora"] and "bert.encoder.layer.0.output.dense.lora_A" in names["lora"]
    )
    assert len(module.kinds) == 6
