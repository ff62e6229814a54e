"""Masked language modelling: hiding, the head, counting neighbours, and bad input."""

import copy
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import tensor

from ftkit.core import FtkitError
from ftkit.data import load_encoder
from ftkit.foundations.checkpoints import from_transformers
from ftkit.foundations.training import evaluate_loss, fit
from ftkit.foundations.transformer import Encoder, bert_config
from ftkit.pretraining.masked_lm import (
    Guesses,
    MaskedLM,
    Neighbours,
    NotedLoss,
    cloze,
    fill,
    fill_by_counting,
    gaps_of,
    grow_head,
    hide,
    join_guesses,
    load_masked,
    mask_tokens,
    masked_loss,
    masking_collate,
    row_interval,
    rows_of_gaps,
    save_masked,
    score_gaps,
    text_rows,
    with_prior,
    word_numbers,
)

V = 50
MASK = 4
SPECIAL = (0, 2, 3)


@pytest.fixture(scope="module")
def tokenizer():
    return load_encoder("minilm")[1]


@pytest.fixture
def model():
    torch.manual_seed(0)
    return MaskedLM(Encoder(bert_config(V, width=16, layers=1, heads=2, context=32))).eval()


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def random_ids(B, T, seed=0):
    return torch.randint(5, V, (B, T), generator=seeded(seed))


@settings(max_examples=50, deadline=None)
@given(
    B=st.integers(1, 4),
    T=st.integers(1, 20),
    rate=st.floats(0.01, 0.99),
    masked=st.floats(0, 1),
    seed=st.integers(0, 999),
)
def test_what_is_not_asked_stays_and_what_is_asked_is_remembered(B, T, rate, masked, seed):
    ids = random_ids(B, T, seed)
    ids[:, 0] = 2
    if T == 1:
        ids[0, 0] = 7
    split = (masked, (1 - masked) / 2, (1 - masked) / 2)
    before = ids.clone()
    inputs, labels = mask_tokens(ids, V, MASK, SPECIAL, rate, split, generator=seeded(seed))
    asked = labels != -100
    assert torch.equal(ids, before), "the text itself is not changed"
    assert torch.equal(inputs[~asked], ids[~asked])
    assert torch.equal(labels[asked], ids[asked])
    assert not asked[torch.isin(ids, tensor(SPECIAL))].any()
    assert inputs.min() >= 0
    assert inputs.max() < V


@pytest.mark.parametrize(
    "rate,split",
    [
        (0.15, (0.8, 0.1, 0.1)),
        (0.4, (0.5, 0.5, 0.0)),
        (0.3, (0.0, 1.0, 0.0)),
        (0.2, (1.0, 0.0, 0.0)),
    ],
)
def test_counts_lie_in_the_binomial_interval(rate, split):
    ids = random_ids(200, 200)
    inputs, labels = mask_tokens(ids, V, MASK, SPECIAL, rate, split, generator=seeded(1))
    asked = labels != -100
    kept = split[2] + split[1] / V  # a random word may be the same one
    for found, p in (
        (asked, rate),
        (asked & (inputs == MASK), rate * (split[0] + split[1] / V)),
        (asked & (inputs == ids), rate * kept),
    ):
        low, high = stats.binom.interval(0.99999, ids.numel(), p)
        assert low <= int(found.sum()) <= high


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "rate,masked,swapped", [(0.15, 0.8, 0.1), (0.5, 0.2, 0.7), (0.3, 1.0, 0.0)]
)
def test_same_bits_as_transformers(tokenizer, seed, rate, masked, swapped):
    rows = []
    for _ in range(8):
        rows.append([101, *np.random.default_rng(seed).integers(1000, 30522, 40).tolist(), 102])
    library = transformers.DataCollatorForLanguageModeling(
        tokenizer,
        mlm_probability=rate,
        mask_replace_prob=masked,
        random_replace_prob=swapped,
        seed=seed,
    )
    theirs = library([dict(input_ids=row) for row in rows])
    inputs, labels = mask_tokens(
        tensor(rows),
        len(tokenizer),
        103,
        tokenizer.all_special_ids,
        rate,
        (masked, swapped, 1 - masked - swapped),
        generator=seeded(seed),
    )
    assert torch.equal(inputs, theirs["input_ids"])
    assert torch.equal(labels, theirs["labels"])


def test_whole_words_as_transformers(tokenizer):
    # no punctuation: there they differ
    text = "the indefatigable senator reconvened an extraordinarily unproductive subcommittee"
    encoded = tokenizer([text] * 6, return_offsets_mapping=True, return_special_tokens_mask=True)
    parts = ("input_ids", "offset_mapping", "special_tokens_mask")
    examples = [{part: encoded[part][i] for part in parts} for i in range(6)]
    library = transformers.DataCollatorForLanguageModeling(
        tokenizer,
        whole_word_mask=True,
        mlm_probability=0.4,
        mask_replace_prob=1,
        random_replace_prob=0,
        seed=0,
    )
    theirs = library(examples)
    ids = tensor(encoded["input_ids"])
    inputs, labels = mask_tokens(
        ids,
        len(tokenizer),
        103,
        tokenizer.all_special_ids,
        0.4,
        (1, 0, 0),
        word_numbers(ids, tokenizer),
        seeded(0),
    )
    assert torch.equal(inputs, theirs["input_ids"])
    assert torch.equal(labels, theirs["labels"])


@pytest.mark.parametrize(
    "ids,more,words",
    [
        ([[5, 6]], dict(rate=0), "above 0 and below 1; 0 was given"),
        ([[5, 6]], dict(rate=1), "nothing to learn from"),
        ([[5, 6]], dict(rate=float("nan")), "above 0 and below 1"),
        ([[5, 6]], dict(split=(0.5, 0.5)), "three shares with sum 1"),
        ([[5, 6]], dict(split=(1.2, -0.1, -0.1)), "three shares with sum 1"),
        ([[5, 50]], {}, "Token 50 is outside the vocabulary of 50"),
        ([[5, -1]], {}, "Token -1 is outside"),
        ([[2, 3, 0]], {}, "all 3 tokens are special"),
        ([[5, 4]], {}, "1 tokens are the mask already"),
        ([[5, 6]], dict(words=tensor([[0, 1, 2]])), "one number for each token"),
        ([[5, 6]], dict(mask_id=50), "mask's id 50 is outside"),
    ],
)
def test_what_cannot_be_masked(ids, more, words):
    options = dict(mask_id=MASK, special_ids=SPECIAL) | more
    with pytest.raises(FtkitError, match=words):
        mask_tokens(tensor(ids), V, **options)


def test_one_token_at_least_is_asked_for():
    """Before, a short text was left whole by chance, and `fit` advised to leave it out."""
    asked = []
    for seed in range(500):
        _, labels = mask_tokens(tensor([[2, 7, 8, 3]]), V, MASK, SPECIAL, generator=seeded(seed))
        asked.append((labels != -100)[0].tolist())
    assert all(any(places) for places in asked)
    assert not any(places[0] or places[3] for places in asked)
    both = sum(places[1] and places[2] for places in asked)
    first = sum(places[1] and not places[2] for places in asked)
    assert_near(both, 0.15**2, 500)
    assert_near(first, (1 - 0.15**2) / 2, 500)  # as likely as the second


def test_one_word_at_least_is_asked_for_with_all_its_pieces():
    words = tensor([[0, 1, 1, 2, 3]])
    for seed in range(100):
        ids = tensor([[2, 7, 8, 9, 3]])
        how = dict(rate=0.001, words=words, generator=seeded(seed))
        _, labels = mask_tokens(ids, V, MASK, SPECIAL, **how)
        assert (labels != -100)[0].tolist() in (
            [False, True, True, False, False],
            [False, False, False, True, False],
        )
    # a piece that goes on with [CLS], where a text was cut inside a word
    _, labels = mask_tokens(tensor([[2, 7, 3]]), V, MASK, SPECIAL, words=tensor([[0, 0, 1]]))
    assert labels.tolist() == [[-100, 7, -100]]


def test_pieces_after_cls_are_a_word_too():
    "Before, a row that was cut inside a word kept its first pieces in almost all draws."
    ids = tensor([[2, 7, 8, 9, 3]] * 4000)
    words = tensor([[0, 0, 0, 1, 2]] * 4000)  # [CLS] ##a ##b c [SEP]
    _, labels = mask_tokens(ids, V, MASK, SPECIAL, rate=0.3, words=words, generator=seeded(0))
    hidden = labels != -100
    assert not hidden[:, [0, 4]].any()
    assert torch.equal(hidden[:, 1], hidden[:, 2])
    assert_near(hidden[:, 1].sum(), 0.3, 4000)
    assert_near(hidden[:, 3].sum(), 0.3, 4000)
    assert_near((hidden[:, 1] & hidden[:, 3]).sum(), 0.09, 4000)


def test_short_texts_train_though_chance_would_leave_steps_without_a_gap(model):
    def gaps(examples, generator=None):
        ids = tensor([example["input_ids"] for example in examples])
        inputs, labels = mask_tokens(ids, V, MASK, SPECIAL, generator=generator)
        return dict(input_ids=inputs, labels=labels)

    rows = [dict(input_ids=[2, 7, 8, 3])] * 30
    history = fit(model, rows, collate=gaps, loss=masked_loss, batch_size=1, progress=False)
    assert len(history.steps) == 30


def masked_training(tokenizer, **more):
    "Weights and history of a masked language model with dropout."
    torch.manual_seed(0)
    config = bert_config(len(tokenizer), width=8, layers=1, heads=2, context=32, dropout=0.1)
    model = MaskedLM(Encoder(config))
    rows = [dict(input_ids=[101, *range(2000 + n, 2010 + n), 102]) for n in range(24)]
    options = dict(
        collate=masking_collate(tokenizer),
        loss=masked_loss,
        batch_size=4,
        learning_rate=1e-2,
        progress=False,
        device="cpu",
    )
    history = fit(model, rows[:20], **options | more)
    return torch.cat([p.detach().flatten() for p in model.parameters()]), history


def test_how_often_is_evaluated_changes_no_weight(tokenizer):
    """With `evaluate_every` 1 and 6 the same weights, bit for bit, with masks and dropout.

    Before, each validation drew its masks from the stream of the training's masks and dropout.
    """
    held_out = [dict(input_ids=[101, *range(3000 + n, 3010 + n), 102]) for n in range(6)]
    never, _ = masked_training(tokenizer, max_steps=12)
    for every in (1, 6):
        validation = dict(validation=held_out, evaluate_every=every)
        weights, history = masked_training(tokenizer, max_steps=12, **validation)
        assert torch.equal(weights, never)
        assert len(history.evaluations) == 12 // every


class Dying:
    "The masked loss, until its process is killed."

    def __init__(self, fatal=None):
        self.fatal = fatal

    def identity(self):
        return "the masked loss"

    def __call__(self, model, batch):
        if self.fatal is not None:
            self.fatal -= 1
            if self.fatal < 0:
                raise KeyboardInterrupt
        return masked_loss(model, batch)


def test_a_killed_and_resumed_run_hides_the_same_words(tokenizer, tmp_path):
    "Before, a collate with a seed of its own hid the first words again, or was refused."
    whole, history = masked_training(tokenizer, loss=Dying(), max_steps=12)
    folder = dict(checkpoint=tmp_path, checkpoint_every=4)
    with pytest.raises(KeyboardInterrupt):
        masked_training(tokenizer, loss=Dying(7), max_steps=12, **folder)
    resumed, again = masked_training(tokenizer, loss=Dying(), max_steps=12, **folder)
    assert torch.equal(resumed, whole)
    assert [s["loss"] for s in again.steps] == [s["loss"] for s in history.steps]


def test_two_validations_get_the_same_gaps(tokenizer):
    config = bert_config(len(tokenizer), width=8, layers=1, heads=2, context=32)
    small = MaskedLM(Encoder(config))
    rows = [dict(input_ids=[101, *range(2000 + n, 2010 + n), 102]) for n in range(8)]
    options = dict(collate=masking_collate(tokenizer), loss=masked_loss, batch_size=3)
    first = evaluate_loss(small, rows, **options)
    assert evaluate_loss(small, rows, **options) == first
    assert evaluate_loss(small, rows, seed=1, **options) != first


def test_collate_hides_no_padding_and_follows_its_generator(tokenizer):
    examples = [dict(input_ids=[101, *range(2000, 2000 + n), 102]) for n in (30, 5)]
    batches = []
    for _ in range(2):
        batches.append(masking_collate(tokenizer, 0.5)(examples, seeded(3)))
        torch.manual_seed(3)
        batches.append(masking_collate(tokenizer, 0.5)(examples))
    batch, common, again, _ = batches
    assert all(torch.equal(batch[k], common[k]) for k in batch)
    assert all(torch.equal(batch[k], again[k]) for k in batch)
    assert (batch["labels"][batch["attention_mask"] == 0] == -100).all()
    assert (batch["input_ids"][1, 7:] == tokenizer.pad_token_id).all()


def test_questions_keep_their_gaps_in_a_validation(tokenizer):
    questions = hide([[101, *range(2000, 2030), 102]] * 3, tokenizer, seed=5)
    batch = masking_collate(tokenizer, 0.9)(questions, seeded(1))
    assert batch["labels"].tolist() == [question["labels"] for question in questions]
    assert batch["input_ids"].tolist() == [question["input_ids"] for question in questions]


@pytest.mark.parametrize("seed", range(3))
def test_head_and_loss_as_transformers(seed):
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=V,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=40,
        max_position_embeddings=32,
    )
    theirs = transformers.BertForMaskedLM(config).eval()
    ours = MaskedLM(from_transformers(theirs)).eval()
    head = theirs.cls.predictions
    torch.nn.init.normal_(head.bias)
    ours.dense.load_state_dict(head.transform.dense.state_dict())
    ours.norm.load_state_dict(head.transform.LayerNorm.state_dict())
    ours.bias.data.copy_(head.bias.data)
    ids = random_ids(4, 11, seed)
    mask = torch.ones(4, 11, dtype=torch.long)
    mask[2, 7:] = 0
    inputs, labels = mask_tokens(ids, V, MASK, rate=0.3, generator=seeded(seed))
    labels[mask == 0] = -100
    output = theirs(inputs, attention_mask=mask, labels=labels)
    assert (ours(inputs, mask) - output.logits)[mask == 1].abs().max() < 1e-5
    total, count = masked_loss(ours, dict(input_ids=inputs, attention_mask=mask, labels=labels))
    assert torch.allclose(total / count, output.loss, atol=1e-5)
    ours.zero_grad()
    theirs.zero_grad()
    (total / count).backward()
    output.loss.backward()
    our_slope = ours.encoder.embeddings.tokens.weight.grad
    their_slope = theirs.bert.embeddings.word_embeddings.weight.grad
    assert torch.allclose(our_slope, their_slope, atol=1e-5), "tied: both uses add to one gradient"


def test_the_head_is_tied_and_grow_head_copies(model):
    assert model.head(torch.randn(2, 16)).shape == (2, V)
    in_head = [p for name, p in model.named_parameters() if not name.startswith("encoder.")]
    assert not any(p.shape == (V, 16) for p in in_head)
    encoder = Encoder(bert_config(V, width=16, layers=1, heads=2, dropout=0.5))
    grown = grow_head(encoder, [[2, 7, 7, 8, 3]], seed=1)
    grown.encoder.embeddings.tokens.weight.data.zero_()
    assert encoder.embeddings.tokens.weight.abs().max() > 0
    assert grown.encoder.config.dropout == 0
    assert encoder.config.dropout == 0.5
    counts = torch.full((V,), 0.5)
    counts[7] += 2
    counts[8] += 1
    assert torch.allclose(grown.bias.softmax(-1), counts / counts.sum(), atol=1e-6)


def test_nothing_hidden_adds_nothing_and_nothing_at_all_is_refused(model):
    batch = dict(input_ids=tensor([[5, 6]]), labels=tensor([[-100, -100]]))
    total, count = masked_loss(model, batch)
    assert (total.item(), count.item()) == (0, 0)
    some = dict(input_ids=[5, 4], labels=[-100, 6])
    none = dict(input_ids=[5, 6], labels=[-100, -100])
    both = evaluate_loss(model, [some, none], loss=masked_loss, batch_size=1)
    alone = evaluate_loss(model, [some], loss=masked_loss, batch_size=1)
    assert both == pytest.approx(alone, rel=1e-6)
    with pytest.raises(FtkitError, match="No label of step 1 is valid"):
        fit(copy.deepcopy(model), [none], loss=masked_loss, max_steps=1, progress=False)
    with pytest.raises(FtkitError, match="nothing to evaluate"):
        evaluate_loss(model, [none], loss=masked_loss)


@pytest.mark.parametrize(
    "batch,words",
    [
        (dict(input_ids=[5, 50], labels=[5, -100]), "Token 50 at row 0, position 1"),
        (
            dict(input_ids=[5] * 33, labels=[5] * 33),
            "33 tokens, but the model's context is 32",
        ),
        (
            dict(input_ids=[5, 6], labels=[5, -100], attention_mask=[0, 0]),
            "every position is masked",
        ),
        (dict(input_ids=[5, 6], labels=[50, -100]), "Label 50"),
    ],
)
def test_loss_refuses_what_the_encoder_and_the_vocabulary_refuse(model, batch, words):
    with pytest.raises(FtkitError, match=words):
        masked_loss(model, {name: tensor([row]) for name, row in batch.items()})


def test_fit_learns_a_rule_and_is_reproducible():
    rows = [dict(input_ids=[2, a, a + 1, a + 2, 3]) for a in range(10, 40)]

    def collate_gaps(examples):
        ids = tensor([e["input_ids"] for e in examples])
        inputs, labels = mask_tokens(ids, V, MASK, (2, 3), 0.3)
        return dict(input_ids=inputs, labels=labels)

    def trained():
        torch.manual_seed(0)
        model = MaskedLM(Encoder(bert_config(V, width=32, layers=1, heads=2, context=8)))
        history = fit(
            model,
            rows,
            collate=collate_gaps,
            loss=masked_loss,
            batch_size=30,
            max_steps=120,
            learning_rate=1e-2,
            progress=False,
        )
        return model, history

    model, history = trained()
    again, _ = trained()
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters()))
    questions = []
    for n in range(10, 40):
        questions.append(
            dict(input_ids=[2, n, MASK, n + 2, 3], labels=[-100, -100, n + 1, -100, -100])
        )
    assert fill(model, questions).accuracy() > 0.2, history  # a guess: 0.02


def test_fill_does_not_depend_on_the_batch(model):
    examples = []
    for n in (3, 12, 7):
        ids = random_ids(1, n, n)[0].tolist()
        examples.append(dict(input_ids=ids, labels=[9] + [-100] * (n - 1)))
    one = fill(model, examples, batch_size=1)
    many = fill(model, examples, batch_size=3)
    assert torch.equal(one.top, many.top)
    assert torch.allclose(one.surprise, many.surprise, atol=1e-5)


def test_score_gaps():
    logits = torch.randn(20, V)
    labels = logits.topk(3).indices[:, 2]
    answers = score_gaps(logits, labels)
    assert answers.accuracy(1) == 0
    assert answers.accuracy(2) == 0
    assert answers.accuracy(3) == 1
    expected = F.cross_entropy(logits, labels, reduction="none")
    assert torch.allclose(answers.surprise, expected, atol=1e-5)
    assert isinstance(answers, Guesses)
    assert score_gaps(logits[:, :3], labels % 3).top.shape == (20, 3)
    measures = answers.measures()
    assert (measures["top-1"].sum(), measures["top-5"].sum()) == (0, 20)
    assert torch.equal(measures["nats"], answers.surprise)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_say_nothing_are_refused_where_words_are_ranked(model, tokenizer, value):
    "Before, NaN was the likeliest word, whichever it was."
    logits = torch.zeros(3, V)
    logits[2, 9] = value
    with pytest.raises(FtkitError, match=rf"largest logit is {value} for row 2 .*1 of 3 rows"):
        score_gaps(logits, tensor([1, 2, 9]))
    with torch.no_grad():
        model.bias[9] = value
    questions = [dict(input_ids=[2, 5, 3], labels=[-100, 5, -100])] * 5
    with pytest.raises(FtkitError, match=r"for example 0 \(counted from 0\), and 2 of 2 rows"):
        fill(model, questions, batch_size=2)
    config = bert_config(len(tokenizer), width=16, layers=1, heads=2, context=12)
    broken = MaskedLM(Encoder(config))
    with torch.no_grad():
        broken.bias[9] = value
    with pytest.raises(FtkitError, match="for gap 0"):
        cloze(broken, tokenizer, "the [MASK]")


def test_fill_names_the_example_and_refuses_what_has_no_gap(model):
    with torch.no_grad():
        model.encoder.embeddings.positions.weight[5] = float("nan")
    questions = [dict(input_ids=[2, 5, 6, 3], labels=[-100, 5, 6, -100])] * 4
    questions[3] = dict(
        input_ids=[2, 5, 6, 7, 8, 9, 3], labels=[-100, 5, 6, -100, -100, -100, -100]
    )
    with pytest.raises(FtkitError, match=r"for example 3 .* 2 of 2 rows"):
        fill(model, questions, batch_size=1)
    for nothing in ([], [dict(input_ids=[2, 5, 3], labels=[-100] * 3)]):
        with pytest.raises(FtkitError, match="There is no gap to fill"):
            fill(model, nothing)


def test_joined_guesses_stay_in_order():
    logits = torch.randn(20, V)
    labels = torch.arange(20)
    parts = [score_gaps(logits[:7], labels[:7]), score_gaps(logits[7:], labels[7:])]
    for joined, whole in zip(join_guesses(parts), score_gaps(logits, labels)):
        assert torch.allclose(joined, whole)


def naive_neighbours(rows, left, right, side, both):
    "The same by plain loops."
    common = np.full(V, 0.5)
    after = np.zeros((V, V))
    before = np.zeros((V, V))
    between = {}
    for row in rows:
        for a, b in itertools.pairwise(row):
            after[a, b] += 1
            before[b, a] += 1
        for a, w, b in zip(row, row[1:], row[2:]):
            common[w] += 1
            between.setdefault((a, b), np.zeros(V))[w] += 1
    common /= common.sum()
    p_after = (after[left] + side * common) / (after[left].sum() + side)
    p_before = (before[right] + side * common) / (before[right].sum() + side)
    p = p_after * p_before / common
    p /= p.sum()
    seen = between.get((left, right), np.zeros(V))
    return (seen + both * p) / (seen.sum() + both)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), left=st.integers(0, V - 1), right=st.integers(0, V - 1))
def test_neighbours_equal_plain_loops(seed, left, right):
    rows = np.random.default_rng(seed).integers(0, 12, (10, 8))
    found = Neighbours(rows, V, side=3.0, both=2.0)([left, rows[0, 0]], [right, rows[0, 2]])
    for answer, (a, b) in zip(found, ((left, right), (rows[0, 0], rows[0, 2]))):
        expected = naive_neighbours(rows.tolist(), a, b, 3.0, 2.0)
        np.testing.assert_allclose(answer, expected, rtol=2e-4, atol=1e-7)
        assert answer.sum() == pytest.approx(1, abs=1e-4)


def test_gaps_know_their_neighbours_and_their_rows():
    examples = [
        dict(input_ids=[2, 4, 6, 4, 3], labels=[-100, 9, -100, 8, -100]),
        dict(input_ids=[2, 5, 3], labels=[-100] * 3),
        dict(input_ids=[2, 4, 3], labels=[-100, 7, -100]),
    ]
    left, right, hidden = gaps_of(examples)
    assert (left.tolist(), right.tolist()) == ([2, 6, 2], [6, 3, 3])
    assert hidden.tolist() == [9, 8, 7]
    assert rows_of_gaps(examples).tolist() == [0, 0, 2]


def test_known_pairs_are_found():
    counts = Neighbours([[2, 7, 8, 3], [2, 9, 8, 3]], V)
    _, known = counts.find([2, 7, 8, 49], [8, 3, 2, 49])
    assert known.tolist() == [True, True, False, False]


def test_a_mixture_is_the_mean_of_the_probabilities(model):
    examples = []
    for n in (4, 7, 5):
        ids = random_ids(1, n, n)[0].tolist()
        labels = [-100] * n
        labels[1] = 9
        labels[n - 2] = 11
        examples.append(dict(input_ids=ids, labels=labels))

    def counted(left, right):
        p = np.full((len(left), V), 1.0, np.float32)
        p[range(len(left)), np.asarray(left)] = 5
        p[range(len(left)), np.asarray(right)] = 9
        return p / p.sum(1, keepdims=True)

    alone = fill(model, examples)
    counts = fill_by_counting(counted, examples)
    for batch_size in (1, 3):
        both = fill(model, examples, batch_size, counted)
        mean = ((-alone.surprise).exp() + (-counts.surprise).exp()) / 2
        assert torch.equal(both.labels, alone.labels)
        # all in one: but for a constant, and `score_gaps` takes care of that
        assert torch.allclose(both.surprise, -mean.log(), atol=1e-4)


def test_an_interval_draws_rows():
    row_of = np.repeat(np.arange(50), 20)
    of_rows = np.random.default_rng(0).random(50)
    mean, low, high = row_interval(of_rows[row_of], row_of)
    assert mean == pytest.approx(of_rows.mean())
    error = of_rows.std() / 50**0.5
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


class Killing(NotedLoss):
    "It is killed in a step of the training."

    fatal = None

    def __call__(self, model, batch):
        if model.training and self.fatal is not None:
            self.fatal -= 1
            if self.fatal < 0:
                raise KeyboardInterrupt
        return super().__call__(model, batch)


def test_noted_scores_are_those_of_the_evaluations_also_after_a_kill(tokenizer, tmp_path):
    counts = Neighbours([[101, *range(2000, 2040), 102]], len(tokenizer))
    questions = hide([[101, *range(2000 + n, 2010 + n), 102] for n in range(9)], tokenizer)
    gaps = len(rows_of_gaps(questions))

    def train(folder, fatal=None):
        noted = Killing(tmp_path / folder / "scores", gaps, counts)
        noted.fatal = fatal
        (tmp_path / folder).mkdir(exist_ok=True)
        more = dict(validation=questions, evaluate_every=3, checkpoint_every=4, max_steps=12)
        _, history = masked_training(
            tokenizer, loss=noted, checkpoint=tmp_path / folder / "training", **more
        )
        return noted, history

    noted, history = train("whole")
    curve = noted.curve(history)
    assert [point["step"] for point in curve] == [3, 6, 9, 12]
    for point, evaluation in zip(curve, history.evaluations, strict=True):
        assert point["alone"]["nats"] == pytest.approx(evaluation["loss"], abs=1e-4)
        assert set(point["both"]) == {"nats", "top-1", "top-5"}
    with pytest.raises(KeyboardInterrupt):
        train("killed", fatal=7)
    again, resumed = train("killed")
    assert again.curve(resumed) == curve


def test_a_saved_model_is_the_same(tokenizer, tmp_path):
    torch.manual_seed(0)
    config = bert_config(len(tokenizer), width=16, layers=1, heads=2, context=12)
    model = MaskedLM(Encoder(config)).eval()
    torch.nn.init.normal_(model.bias)
    save_masked(model, tokenizer, tmp_path)
    again, _ = load_masked(tmp_path)
    ids = random_ids(2, 7)
    assert torch.equal(model(ids), again(ids))


def test_with_prior():
    found = with_prior(np.array([[2.0, 0.0]]), np.array([0.5, 0.5]), 2.0)
    np.testing.assert_allclose(found, [[0.75, 0.25]])


def test_text_rows_lose_only_the_rest(tokenizer):
    rows = text_rows(["one two three four five six seven", "eight"], tokenizer, 5)
    ids = tokenizer("one two three four five six", add_special_tokens=False)["input_ids"]
    assert [row[1:-1] for row in rows] == [ids[:3], ids[3:6]]
    with pytest.raises(FtkitError, match="length 3 or more; 2 was given"):
        text_rows(["a"], tokenizer, 2)


def test_hidden_questions_are_the_same_each_time(tokenizer):
    rows = [[101, *range(2000, 2030), 102]] * 5
    assert hide(rows, tokenizer, seed=1) == hide(rows, tokenizer, seed=1)
    assert hide(rows, tokenizer, seed=1) != hide(rows, tokenizer, seed=2)
    for example in hide(rows, tokenizer):
        for token, label in zip(example["input_ids"], example["labels"]):
            assert (token == 103) == (label != -100)


def test_cloze(tokenizer):
    torch.manual_seed(0)
    config = bert_config(len(tokenizer), width=16, layers=1, heads=2, context=12)
    model = MaskedLM(Encoder(config)).eval()
    answers = cloze(model, tokenizer, "the [MASK] of the [MASK]", k=3)
    assert [len(answer) for answer in answers] == [3, 3]
    for answer in answers:
        assert all(0 < p < 1 for _, p in answer)
    (every_word,) = cloze(model, tokenizer, "[MASK]", k=len(tokenizer))
    assert sum(p for _, p in every_word) == pytest.approx(1, abs=1e-4)
    for text, words in (
        ("no gap", r"has no gap: write \[MASK\]"),
        ("", "has no gap"),
        ("[MASK] " * 20, "context is 12"),
    ):
        with pytest.raises(FtkitError, match=words):
            cloze(model, tokenizer, text)


def assert_near(found, share, of):
    "A binomial count, with five standard deviations of room."
    assert abs(int(found) / of - share) < 5 * (share * (1 - share) / of) ** 0.5


def test_unless_told_otherwise_the_shares_are_berts():
    "15% of the tokens are chosen; of these 80% are masked, 10% random and 10% left."
    ids = torch.full((1, 100_000), 7)
    inputs, labels = mask_tokens(ids, 30_000, 1, generator=seeded(0))
    chosen = labels != -100
    n = int(chosen.sum())
    assert_near(n, 0.15, ids.numel())
    assert_near((inputs == 1).sum(), 0.8, n)
    assert_near((inputs == 7)[chosen].sum(), 0.1, n)
