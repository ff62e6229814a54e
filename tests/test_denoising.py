"""Replaced-token detection, span corruption, their costs, and the linear probe."""

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
from ftkit.foundations.checkpoints import config_of, convert
from ftkit.foundations.training import fit
from ftkit.foundations.transformer import Encoder, EncoderDecoder, bert_config
from ftkit.pretraining.denoising import (
    DetectionLoss,
    RaceText,
    ReplacedTokenDetector,
    best_rate,
    compare_to_start,
    corrupt_spans,
    count_vectors,
    draw,
    linear_probe,
    mean_states,
    noise_spans,
    objective_flops,
    objectives,
    own_measures,
    race_model,
    replace_tokens,
    shift_right,
    span_collate,
    span_loss,
    step_cost,
    train_racer,
    tuned_probe,
)
from ftkit.pretraining.masked_lm import MaskedLM, mask_tokens

V = 60


def tiny(**more):
    return bert_config(V, **dict(width=16, layers=1, heads=2, context=40) | more)


def restore(inputs, targets, sentinels):
    "Each sentinel of the inputs becomes what follows it in the targets."
    marks = set(sentinels)
    out = []
    for token in inputs:
        if token not in marks:
            out.append(token)
            continue
        i = targets.index(token) + 1
        while targets[i] not in marks:
            out.append(targets[i])
            i += 1
    return out


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(100, 200), st.booleans()), min_size=2, max_size=40))
def test_spans_lose_nothing(pairs):
    ids = [token for token, _ in pairs]
    hidden = [cut for _, cut in pairs]
    if not any(hidden) or all(hidden):
        return
    inputs, targets = corrupt_spans(ids, hidden, range(50))
    before = [False, *hidden[:-1]]
    spans = sum(cut and not last for cut, last in zip(hidden, before))
    assert restore(inputs, targets, range(50)) == ids
    assert len(inputs) == len(ids) - sum(hidden) + spans
    assert len(targets) == sum(hidden) + spans + 1
    assert [t for t in inputs if t < 50] == list(range(spans))
    assert [t for t in targets if t < 50] == list(range(spans + 1))


def test_the_example_of_the_paper():
    text = ["Thank", "you", "for", "inviting", "me", "to", "your", "party", "last", "week"]
    cut = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0]
    inputs, targets = corrupt_spans(text, cut, ["<X>", "<Y>", "<Z>"])
    assert " ".join(inputs) == "Thank you <X> me to your party <Y> week"
    assert " ".join(targets) == "<X> for inviting <Y> last <Z>"


@pytest.mark.parametrize(
    "ids,hidden,sentinels,words",
    [
        ([7, 8], [0, 0], [1, 2], "No token is hidden"),
        ([7, 8], [1, 1], [1, 2], "All 2 tokens are hidden"),
        ([7, 8], [1], [1, 2], "2 tokens but 1 marks"),
        ([7, 8], [1, 0], [1], "1 spans need 2 sentinels"),
        ([7, 2], [1, 0], [1, 2], "Token 2 of the text is a sentinel"),
        ([], [], [1], "No token is hidden"),
    ],
)
def test_what_cannot_be_cut(ids, hidden, sentinels, words):
    with pytest.raises(FtkitError, match=words):
        corrupt_spans(ids, hidden, sentinels)


@settings(max_examples=200, deadline=None)
@given(
    length=st.integers(2, 300),
    rate=st.floats(0.01, 0.99),
    mean=st.floats(1, 10),
    seed=st.integers(0, 99),
)
def test_noise_has_a_fixed_size(length, rate, mean, seed):
    hidden = noise_spans(length, rate, mean, np.random.default_rng(seed))
    noise = min(max(round(length * rate), 1), length - 1)
    starts = (hidden & ~np.roll(hidden, 1)).sum()  # before the first place stands the last
    assert hidden.shape == (length,)
    assert hidden.sum() == noise
    assert starts == min(max(round(noise / mean), 1), noise, length - noise)


@pytest.mark.parametrize("length", [2, 5, 10, 20, 30])
def test_a_short_text_may_lose_any_of_its_tokens(length):
    """Before, up to 30 tokens there was one mask in 500 draws: the last tokens, never the first."""
    rng = np.random.default_rng(0)
    drawn = np.array([noise_spans(length, rng=rng) for _ in range(500)])
    assert len({tuple(hidden) for hidden in drawn}) == length  # one span, at each of its places
    hidden = drawn.sum(1)
    assert (hidden == max(1, round(0.15 * length))).all()
    low, high = stats.binom.interval(0.99999, 500, hidden[0] / length)
    for times in drawn.sum(0):
        assert low <= times <= high


def test_each_place_of_a_long_text_is_cut_equally_often():
    rng = np.random.default_rng(0)
    drawn = np.array([noise_spans(62, rng=rng) for _ in range(5000)])
    low, high = stats.binom.interval(0.99999, 5000, 9 / 62)
    assert ((low <= drawn.sum(0)) & (drawn.sum(0) <= high)).all()


@pytest.mark.parametrize(
    "args,words",
    [
        ((1,), "one must stay"),
        ((9, 0.0), "between 0 and 1"),
        ((9, 1.0), "between 0 and 1"),
        ((9, 0.5, 0.5), "1 or more"),
    ],
)
def test_noise_refuses(args, words):
    with pytest.raises(FtkitError, match=words):
        noise_spans(*args)


def test_shift_as_t5():
    config = transformers.T5Config(
        vocab_size=V,
        d_model=8,
        d_kv=4,
        d_ff=8,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
    )
    theirs = transformers.T5ForConditionalGeneration(config)
    for row in torch.randint(1, V, (5, 7)).tolist():
        expected = theirs._shift_right(tensor([row]))[0].tolist()
        assert expected == shift_right(row, config.decoder_start_token_id)


def test_span_batches_and_their_loss():
    sentinels = range(5, 20)
    rows = [[2, *range(25, 25 + n), 3] for n in (30, 10, 4)]
    examples = [dict(input_ids=row) for row in rows]
    torch.manual_seed(0)
    batch = span_collate(sentinels, start_id=1)(examples)
    for i, row in enumerate(rows):
        inputs = batch["input_ids"][i][batch["attention_mask"][i] == 1].tolist()
        targets = [t for t in batch["labels"][i].tolist() if t != -100]
        assert restore(inputs, targets, sentinels) == row
        assert batch["decoder_input_ids"][i, : len(targets)].tolist() == [1, *targets[:-1]]
    again = span_collate(sentinels, start_id=1)(examples, torch.Generator().manual_seed(0))
    assert all(torch.equal(batch[k], again[k]) for k in batch)
    model = EncoderDecoder(tiny())
    total, count = span_loss(model, batch)
    logits = model(batch["input_ids"], batch["decoder_input_ids"], batch["attention_mask"])
    expected = F.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), ignore_index=-100)
    assert torch.allclose(total / count, expected, atol=1e-5)
    with pytest.raises(FtkitError, match="one must stay"):
        span_collate(sentinels, 1)([dict(input_ids=[2, 30, 3])])


def test_draws_follow_the_softmax():
    logits = torch.randn(6) * 2
    counts = draw(logits.expand(50_000, 6), torch.Generator().manual_seed(0)).bincount(minlength=6)
    for n, p in zip(counts.tolist(), logits.softmax(-1).tolist()):
        low, high = stats.binom.interval(0.99999, 50_000, p)
        assert low <= n <= high


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), B=st.integers(1, 4), T=st.integers(1, 9))
def test_replaced_labels(seed, B, T):
    g = torch.Generator().manual_seed(seed)
    original = torch.randint(3, (B, T), generator=g)
    asked = torch.rand(B, T, generator=g) < 0.5
    guesses = torch.randint(3, (int(asked.sum()),), generator=g)
    inputs, labels = replace_tokens(original, asked, guesses)
    assert torch.equal(inputs[asked], guesses)
    assert torch.equal(inputs[~asked], original[~asked])
    assert torch.equal(labels == 1, inputs != original)
    assert not labels[~asked].any()


def pair(seed=0):
    "Our detector and the library's, with the same weights."
    torch.manual_seed(seed)
    config = transformers.ElectraConfig(
        vocab_size=V,
        embedding_size=16,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    theirs = transformers.ElectraForPreTraining(config).eval()
    body = {}
    for name, p in theirs.state_dict().items():
        if name.startswith("electra."):
            body[name.removeprefix("electra.")] = p
    encoder = convert(body, config_of(config.to_dict() | dict(model_type="bert")), "bert")
    ours = ReplacedTokenDetector(encoder, MaskedLM(Encoder(encoder.config))).eval()
    head = theirs.discriminator_predictions
    ours.dense.load_state_dict(head.dense.state_dict())
    ours.out.load_state_dict(head.dense_prediction.state_dict())
    return ours, theirs


def masked_batch(ids, rate):
    "A batch whose chosen tokens are all masked."
    inputs, labels = mask_tokens(ids, V, 4, rate=rate, split=(1, 0, 0))
    return dict(input_ids=inputs, labels=labels, attention_mask=torch.ones_like(ids))


@pytest.mark.parametrize("seed", range(3))
def test_detector_and_its_loss_as_electra(seed):
    ours, theirs = pair(seed)
    ids = torch.randint(5, V, (4, 11))
    mask = torch.ones(4, 11, dtype=torch.long)
    mask[1, 6:] = 0
    assert (ours(ids, mask) - theirs(ids, attention_mask=mask).logits)[mask == 1].abs().max() < 1e-5
    inputs, labels = mask_tokens(ids, V, 4, rate=0.4, split=(1, 0, 0))
    labels[mask == 0] = -100
    batch = dict(input_ids=inputs, labels=labels, attention_mask=mask)
    torch.manual_seed(7)
    total, count = DetectionLoss(rate=1e12, weight=1)(ours, batch)
    torch.manual_seed(7)
    asked = labels != -100
    guesses = draw(ours.generator.head(ours.generator.encoder(inputs, mask)[asked]))
    false, y = replace_tokens(ids, asked, guesses)
    expected = theirs(false, attention_mask=mask, labels=y).loss
    assert torch.allclose(total / count, expected, atol=1e-5)


def test_losses_add_up_over_parts_of_a_batch():
    ours, _ = pair()
    batch = masked_batch(torch.randint(5, V, (6, 10)), rate=0.3)
    # without the detector nothing that was drawn counts, so parts and whole can be compared
    loss = DetectionLoss(0.3, weight=0)
    total, count = loss(ours, batch)
    parts = [loss(ours, {k: v[i : i + 2] for k, v in batch.items()}) for i in (0, 2, 4)]
    assert torch.allclose(sum(part for part, _ in parts), total, rtol=1e-5)
    assert sum(n for _, n in parts) == count


def test_generator_and_detector_share_one_embedding_and_no_gradient_passes_the_draw():
    ours, _ = pair()
    assert ours.generator.encoder.embeddings.tokens.weight is ours.encoder.embeddings.tokens.weight
    batch = masked_batch(torch.randint(5, V, (4, 10)), rate=0.3)
    total, _ = DetectionLoss(rate=1e12, weight=1)(ours, batch)
    total.backward()
    assert ours.generator.dense.weight.grad.abs().max() < 1e-9 < ours.dense.weight.grad.abs().max()
    with pytest.raises(FtkitError, match="they are 32 and 16"):
        ReplacedTokenDetector(Encoder(tiny()), MaskedLM(Encoder(tiny(width=32))))


def test_nothing_hidden_is_finite():
    ours, _ = pair()
    ids = torch.randint(5, V, (2, 6))
    labels = torch.full_like(ids, -100)
    batch = dict(input_ids=ids, labels=labels, attention_mask=torch.ones_like(ids))
    total, count = DetectionLoss()(ours, batch)
    assert torch.isfinite(total)
    assert count == 12


def training_losses(model, collate, loss):
    "Losses of a training on rows of one word, six times."
    rows = [dict(input_ids=[2, *([a] * 6), 3]) for a in range(25, 55)]
    history = fit(
        model,
        rows,
        collate=collate,
        loss=loss,
        batch_size=30,
        max_steps=120,
        learning_rate=1e-2,
        progress=False,
    )
    return [s["loss"] for s in history.steps]


def gaps_of(rate):
    def gaps(examples, generator=None):
        ids = tensor([e["input_ids"] for e in examples])
        inputs, labels = mask_tokens(ids, V, 4, (2, 3), rate, (1, 0, 0), generator=generator)
        return dict(input_ids=inputs, labels=labels, attention_mask=torch.ones_like(ids))

    return gaps


def detector_training(objective="replaced", **more):
    "Weights and history of a short training with dropout."
    torch.manual_seed(0)
    config = tiny(dropout=0.1)
    if objective == "replaced":
        model = ReplacedTokenDetector(Encoder(config), MaskedLM(Encoder(config)))
        how = dict(collate=gaps_of(0.3), loss=DetectionLoss(0.3))
    else:
        model = EncoderDecoder(config)
        how = dict(collate=span_collate(range(5, 20), 1), loss=span_loss)
    rows = [dict(input_ids=[2, *range(25 + n, 33 + n), 3]) for n in range(24)]
    validation = None
    if "evaluate_every" in more:
        validation = rows[18:]
    same = dict(batch_size=6, learning_rate=1e-2, max_steps=12, progress=False, device="cpu")
    history = fit(model, rows[:18], validation, **same | how | more)
    return torch.cat([p.detach().flatten() for p in model.parameters()]), history


@pytest.mark.parametrize("objective", ["replaced", "spans"])
def test_how_often_is_evaluated_changes_no_weight(objective):
    """With `evaluate_every` 1 and 6 the same weights, bit for bit, and after none.

    Before, each validation drew masks, spans and guesses from the stream of the training.
    """
    never, _ = detector_training(objective)
    for every in (1, 6):
        weights, _ = detector_training(objective, evaluate_every=every)
        assert torch.equal(weights, never)


@pytest.mark.parametrize("objective", ["replaced", "spans"])
def test_the_same_weights_have_the_same_validation_loss(objective):
    _, history = detector_training(objective, evaluate_every=1, learning_rate=0)
    assert len({evaluation["loss"] for evaluation in history.evaluations}) == 1


@pytest.mark.parametrize("objective", ["replaced", "spans"])
def test_a_killed_and_resumed_run_draws_the_same(objective, tmp_path, monkeypatch):
    whole, history = detector_training(objective, evaluate_every=5)
    folder = dict(checkpoint=tmp_path, checkpoint_every=4)
    step = torch.optim.AdamW.step
    calls = []

    def dying(*arguments, **options):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return step(*arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", dying)
    with pytest.raises(KeyboardInterrupt):
        detector_training(objective, evaluate_every=5, **folder)
    resumed, again = detector_training(objective, evaluate_every=5, **folder)
    assert len(calls) == 7 + 12 - 4
    assert torch.equal(resumed, whole)
    assert [s["loss"] for s in again.steps] == [s["loss"] for s in history.steps]


def test_logits_and_features_that_say_nothing_are_refused():
    logits = torch.zeros(3, V)
    logits[1, 5] = float("nan")
    with pytest.raises(FtkitError, match=r"largest logit is nan for row 1 .*1 of 3 rows"):
        draw(logits)
    x = torch.randn(8, 3)
    broken = x.clone()
    broken[5, 1] = float("nan")
    for train, test, name in ((broken, x, "training"), (x, broken, "test")):
        with pytest.raises(FtkitError, match=rf"Row 5 .* of the {name} features is not finite"):
            linear_probe(train, [0, 1] * 4, test)
    ours, _ = pair()
    with torch.no_grad():
        ours.generator.bias[7] = float("nan")
    with pytest.raises(FtkitError, match="The loss is nan at step 1 "):
        fit(
            ours,
            [dict(input_ids=[2, 30, 31, 3])],
            collate=gaps_of(0.3),
            loss=DetectionLoss(0.3),
            progress=False,
        )


def test_both_learn():
    # a word that is not like the others is false
    torch.manual_seed(0)
    detector = ReplacedTokenDetector(Encoder(tiny()), MaskedLM(Encoder(tiny())))
    writer = EncoderDecoder(tiny())
    for model, collate, loss in (
        (detector, gaps_of(0.3), DetectionLoss(0.3, weight=5.0)),
        (writer, span_collate(range(5, 20), 1), span_loss),
    ):
        losses = training_losses(model, collate, loss)
        assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5]), losses[::20]


def test_costs():
    config = tiny(width=64, layers=2)
    masked = objective_flops("masked", config, 32)
    spans = objective_flops("spans", config, 32)
    replaced = objective_flops("replaced", config, 32, generator=tiny(width=64))
    assert masked < replaced
    assert masked < spans
    assert objective_flops("masked", config, 32, rate=0.3) > masked
    with pytest.raises(FtkitError, match="Did you mean 'masked'"):
        objective_flops("mask", config, 32)


def test_features_do_not_depend_on_the_batch_and_the_probe_finds_a_line():
    encoder = Encoder(tiny()).eval()
    rows = [list(range(5, 5 + n)) for n in (3, 20, 8, 1)]
    assert torch.allclose(mean_states(encoder, rows, 4), mean_states(encoder, rows, 1), atol=1e-5)
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    x = torch.from_numpy(rng.normal(size=(400, 8)) + 4 * y[:, None] * np.eye(8)[0]).float()
    right = (linear_probe(x[:200], y[:200], x[200:]) == y[200:]).mean()
    guess = (linear_probe(x[:200], rng.permutation(y[:200]), x[200:]) == y[200:]).mean()
    assert right > 0.9
    assert abs(guess - 0.5) < 0.2


def race_of(rows=96):
    "A text of pairs: an even token is followed by the odd one after it."
    rng = np.random.default_rng(0)
    first = rng.integers(15, 28, (rows, 31)) * 2
    pairs = np.stack([first, first + 1], -1).reshape(rows, 62)
    edge = np.ones((rows, 1), int)
    ids = np.concatenate([2 * edge, pairs, 3 * edge], 1)
    counts = np.bincount(ids.ravel(), minlength=V) + 0.5
    questions = (ids[:4].tolist(), np.array([0, 1, 0, 1]))
    reviews = dict(train=questions, validation=questions, test=questions)
    words = (ids[:4].tolist(), ids[:4, 1:-1].ravel() % 2)
    capitals = dict(train=words, validation=words, test=words)
    return RaceText(ids, ids[:40], capitals, reviews, np.log(counts / counts.sum()))


def test_each_racer_begins_with_the_same_encoder_and_the_known_frequencies():
    text = race_of()
    models = {o: race_model(o, text.common) for o in objectives}
    states = [m.encoder.state_dict() for m in models.values()]
    for other in states[1:]:
        assert all(torch.equal(states[0][name], other[name]) for name in states[0])
    common = torch.from_numpy(text.common).float()
    biases = (
        models["masked"].bias,
        models["replaced"].generator.bias,
        models["spans"].decoder.head.bias,
    )
    assert all(torch.equal(bias, common) for bias in biases)
    assert models["spans"].decoder.head.weight is models["spans"].encoder.embeddings.tokens.weight


@pytest.mark.parametrize("objective", objectives)
def test_a_racer_gets_the_steps_it_can_pay_for_and_learns(objective):
    text = race_of()
    budget = 24 * step_cost(objective, V)
    copies, history = train_racer(objective, text, 0.01, budget, shares=(0.5, 1.0))
    assert list(copies) == [0, 12, 24]
    assert len(history.steps) == 24
    own = [own_measures(objective, model, text) for model in copies.values()]
    if objective == "replaced":
        assert own[2]["false_found"] > own[0]["false_found"]
    else:
        assert own[2]["nats"] < own[0]["nats"]
    shorter, _ = train_racer(objective, text, 0.01, budget / 24, shares=(1.0,))
    assert list(shorter) == [0, 1]


def test_a_probe_chooses_its_strength_by_validation_alone():
    def probe(train, labels, asked, strength):
        # strong is right on validation (the first two), weak on the test (the last two)
        return np.array([1, 1, 0, 0] if strength > 1 else [0, 0, 1, 1])

    features = {split: torch.zeros(2, 1) for split in ("train", "validation", "test")}
    labels = {split: np.ones(2, int) for split in features}
    share, right = tuned_probe(features, labels, probe, strengths=(0.1, 10))
    assert share == 1
    assert right.tolist() == [False, False]


def test_the_rate_is_chosen_by_the_end_and_by_validation():
    def point(capitals, reviews):
        return dict(capitals=dict(validation=capitals), reviews=dict(validation=reviews))

    curves = {0.1: [point(0.9, 0.9), point(0.5, 0.5)], 0.2: [point(0.1, 0.1), point(0.6, 0.6)]}
    assert best_rate(curves) == 0.2


def test_gains_are_paired_with_the_start():
    text = race_of()
    start = dict(capitals=(0.5, np.zeros(248, bool)), reviews=(0.5, np.array([1, 0, 0, 0]) > 0))
    found = dict(capitals=(0.6, np.ones(248, bool)), reviews=(0.5, np.array([1, 1, 0, 0]) > 0))
    table = compare_to_start(found, start, text)
    assert table["capitals"]["gain"] == (1, 1, 1)
    assert table["reviews"]["gain"][0] == 0.25
    assert table["reviews"]["right"][0] == 0.5


def test_count_vectors_are_alike_for_tokens_that_stand_alike():
    rows = np.array([[3, 0, 4], [3, 1, 4], [4, 2, 3]])
    vectors = count_vectors(rows, 5, size=2)
    assert np.allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.linalg.norm(vectors[0] - vectors[2]) > 0.1
