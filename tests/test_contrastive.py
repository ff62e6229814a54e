"""Contrastive learning: parity with torch and the papers' lines, floors, ties, parts, bad input."""

import itertools
import math
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.checkpoint import checkpoint

from ftkit.core import FtkitError
from ftkit.data import load_speeches, refuse_overlap
from ftkit.foundations.losses import info_nce
from ftkit.foundations.text import collate
from ftkit.foundations.training import fit, random_state
from ftkit.foundations.transformer import Config, Encoder
from ftkit.pretraining import contrastive as X

settings.register_profile("ftkit", deadline=None)
settings.load_profile("ftkit")  # no test of time
seeds = st.integers(0, 2**16)


def table(rows, width, seed, dtype=torch.float64):
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def text_encoder(dropout=0.0, width=None):
    torch.manual_seed(0)
    config = Config(len(X.caption_words), width=16, layers=1, heads=2, context=16, dropout=dropout)
    return X.Embedder(Encoder(config), width)


def clip(**options):
    torch.manual_seed(0)
    return X.CLIP(X.ImageEncoder(width=8, channels=4), text_encoder(width=8), **options)


def pictures(n, seed=0, kinds=((3, 7), (1, 2), (0, 5))):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (40, 28, 28), generator=generator).to(torch.uint8)
    return X.make_pictures(n, X.scenes(kinds), images, torch.arange(40) % 10, seed=seed)


def without_images(batch):
    return {name: part for name, part in batch.items() if name != "images"}


def flat(model):
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


# the loss


@given(st.integers(2, 9), st.integers(1, 6), st.sampled_from([0.02, 0.1, 1.0, 7.0]), seeds)
def test_both_directions_is_two_cross_entropies(B, C, temperature, seed):
    x = table(B, C, seed).requires_grad_()
    y = table(B, C, seed + 1).requires_grad_()
    cosines = F.normalize(x, dim=1) @ F.normalize(y, dim=1).T / temperature
    own = torch.arange(B)
    theirs = (F.cross_entropy(cosines, own) + F.cross_entropy(cosines.T, own)) / 2
    ours = X.both_directions(x, y, temperature)
    assert torch.allclose(ours, theirs, atol=1e-10)
    assert torch.allclose(ours, info_nce(x, y, temperature, symmetric=True), atol=1e-10)
    for a, b in zip(torch.autograd.grad(ours, (x, y)), torch.autograd.grad(theirs, (x, y))):
        assert torch.allclose(a, b, atol=1e-9)


def test_both_directions_passes_gradcheck_with_a_learned_temperature():
    x = table(4, 3, 0).requires_grad_()
    y = table(4, 3, 1).requires_grad_()
    t = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(X.both_directions, (x, y, t))


def test_the_cosines_stay_in_float32_under_autocast():
    x = table(32, 64, 0, torch.float32)
    y = table(32, 64, 1, torch.float32)
    plain = X.both_directions(x, y, 0.02)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = X.both_directions(x, y, 0.02)
    assert mixed.dtype == torch.float32
    assert torch.equal(plain, mixed)


def test_a_learned_temperature_moves_without_a_warning_and_stays_above_a_hundredth():
    model = clip()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        total, count = X.clip_loss(model, X.collate_pictures(pictures(6)))
    total.backward()
    assert count == 6
    assert model.log_scale.grad.abs() > 0
    model.log_scale.data.fill_(50.0)
    assert math.isclose(model.temperature.item(), 0.01, rel_tol=1e-5)
    assert not clip(learn_temperature=False).log_scale.requires_grad


def test_simcse_without_dropout_compares_a_text_with_itself():
    model = text_encoder().eval()
    texts = ("a red one", "a blue seven left of a red two", "then a red red red four")
    rows = [dict(input_ids=X.caption_ids(text)) for text in texts]
    total, count = X.views_loss(model, X.collate_views(rows), temperature=0.1)
    vectors = model(**collate(rows))
    assert count == 3
    assert torch.allclose(total / 3, info_nce(vectors, vectors, 0.1), atol=1e-4)


def test_another_view_goes_to_the_second_half():
    rows = [dict(input_ids=[1, 2], other=[3]), dict(input_ids=[4], other=[5, 6, 7])]
    batch = X.collate_views(rows)
    assert batch["input_ids"].tolist() == [[1, 2, 0], [4, 0, 0], [3, 0, 0], [5, 6, 7]]
    assert batch["attention_mask"].sum() == 7


def test_simcse_learns_and_labels_are_not_looked_at():
    rows = []
    for left_colour, right_colour in itertools.product(("red", "blue"), repeat=2):
        for left, right in (("one", "two"), ("six", "nine")):
            text = f"a {left_colour} {left} left of a {right_colour} {right}"
            rows.append(dict(input_ids=X.caption_ids(text), labels=0))
    history = fit(
        text_encoder(dropout=0.1),
        rows,
        collate=X.collate_views,
        loss=X.views_loss,
        batch_size=8,
        max_steps=25,
        learning_rate=3e-3,
        progress=False,
        device="cpu",
        dtype=torch.float32,
    )
    assert history.steps[-1]["loss"] < 0.7 * history.steps[0]["loss"]


# Matryoshka


@given(st.integers(2, 7), st.integers(1, 9), seeds)
def test_matryoshka_at_full_width_is_the_plain_loss(B, C, seed):
    x = table(B, C, seed).requires_grad_()
    y = table(B, C, seed + 1).requires_grad_()
    plain = info_nce(x, y, 0.2)
    nested = X.matryoshka(info_nce, (C,))(x, y, temperature=0.2)
    assert torch.equal(nested, plain)
    for a, b in zip(torch.autograd.grad(nested, (x, y)), torch.autograd.grad(plain, (x, y))):
        assert torch.equal(a, b)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), seeds)
def test_matryoshka_is_the_mean_over_the_first_numbers_or_the_papers_sum(widths, seed):
    x = table(5, 6, seed)
    y = table(5, 6, seed + 1)
    losses = []
    for width in widths:
        a = F.normalize(x[:, :width], dim=1)
        b = F.normalize(y[:, :width], dim=1)
        losses.append(F.cross_entropy(a @ b.T / 0.3, torch.arange(5)))
    nested = X.matryoshka(info_nce, widths)(x, y, temperature=0.3)
    assert torch.allclose(nested, torch.stack(losses).mean(), atol=1e-10)
    ones = [1.0] * len(widths)
    summed = X.matryoshka(info_nce, widths, ones)(x, y, temperature=0.3)
    assert torch.allclose(summed, torch.stack(losses).sum(), atol=1e-10)


def test_matryoshka_asks_nothing_of_numbers_beyond_its_widths():
    x = table(5, 6, 0).requires_grad_()
    X.matryoshka(info_nce, (2, 3))(x, table(5, 6, 1)).backward()
    assert (x.grad[:, :3] != 0).all()
    assert (x.grad[:, 3:] == 0).all()


def test_matryoshka_works_in_parts():
    model = text_encoder().double()
    texts = without_images(X.collate_pictures(pictures(6)))
    loss = X.matryoshka(lambda x: info_nce(x, x.flip(1), 0.3), (4, 16))
    X.cached_gradients([(model, X.split_batch(texts, 2))], loss)
    cached = flat(model).clone()
    model.zero_grad()
    loss(model(**texts)).backward()
    assert torch.allclose(cached, flat(model), atol=1e-12)


def test_views_can_be_nested():
    model = text_encoder().eval()
    rows = [dict(input_ids=[1, 2], other=[3]), dict(input_ids=[4], other=[5, 6, 7])]
    batch = X.collate_views(rows)
    plain, _ = X.views_loss(model, batch)
    full, _ = X.views_loss(model, batch, widths=(16,))
    short, count = X.views_loss(model, batch, widths=(3,))
    both, _ = X.views_loss(model, batch, widths=(3, 16))
    assert count == 2
    assert torch.equal(full, plain)
    assert torch.allclose(both, (short + plain) / 2, atol=1e-5)
    assert not torch.allclose(short, plain, atol=1e-3)


# geometry


@given(st.integers(2, 12), st.integers(1, 6), seeds)
def test_alignment_and_uniformity_are_the_papers_lines(N, C, seed):
    x = F.normalize(table(N, C, seed), dim=1)
    y = F.normalize(table(N, C, seed + 1), dim=1)
    alignment = (x - y).norm(p=2, dim=1).pow(2).mean().item()
    assert math.isclose(X.alignment(3 * x, 0.5 * y), alignment, abs_tol=1e-9)
    uniformity = torch.pdist(x, p=2).pow(2).mul(-2).exp().mean().log().item()
    assert math.isclose(X.uniformity(5 * x), uniformity, abs_tol=1e-9)
    assert -8 - 1e-9 <= X.uniformity(x) <= 1e-9
    assert 0 <= X.alignment(x, y) <= 4 + 1e-9


@given(st.integers(2, 12), st.integers(1, 5), st.integers(1, 20), seeds)
def test_ranks_are_a_sort_and_ties_count_against(N, C, extra, seed):
    q = table(N, C, seed)
    k = table(N + extra, C, seed + 1)
    cosines = (F.normalize(q, dim=1) @ F.normalize(k, dim=1).T).numpy()
    place = X.ranks(q, k)
    for i, row in enumerate(cosines):
        others = np.delete(row, i)
        assert place[i] == 1 + sum(others >= row[i])
    assert (X.ranks(torch.ones(N, 4), torch.ones(N + extra, 4)) == N + extra).all()


def test_recall_counts_and_has_wilsons_interval():
    found = X.recall(torch.tensor([1, 2, 11, 10]), 10)
    assert found.value == 0.75
    assert found.low < 0.75 < found.high


def with_row(row, value, shape=(6, 4)):
    found = table(*shape, 0)
    found[row, 1] = value
    return found


def not_finite(value, row, what):
    length = value if math.isnan(value) else math.inf
    return rf"Row {row} \(counted from 0\) of {what} has the length {length}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e200])
@pytest.mark.parametrize("row", [0, 5])
def test_vectors_that_are_no_numbers_are_not_ranked(value, row):
    good = table(6, 4, 1)
    bad = with_row(row, value)
    with pytest.raises(FtkitError, match=not_finite(value, row, "queries")):
        X.ranks(bad, good)
    with pytest.raises(FtkitError, match=not_finite(value, row, "keys")):
        X.ranks(good, bad)
    with pytest.raises(FtkitError, match=not_finite(value, row, "y")):
        X.alignment(good, bad)
    with pytest.raises(FtkitError, match=not_finite(value, row, "x")):
        X.uniformity(bad)


def test_vectors_that_are_all_nan_have_no_recall():
    "Each would have had rank 0, and so a recall of 1.0."
    lost = torch.full((5, 3), math.nan)
    with pytest.raises(FtkitError, match="5 of 5 rows are like it"):
        X.recall(X.ranks(lost, lost), 1)


@pytest.mark.parametrize(
    "ranks, k, says",
    [
        (torch.tensor([1, 0, 2]), 1, "Row 1 (counted from 0) of ranks is 0;"),
        (torch.tensor([1.0, 2.0, math.nan]), 1, "Row 2 (counted from 0) of ranks is nan;"),
        (torch.tensor([1, 2]), 0, "k must be 1 or more; 0 was given"),
        (torch.tensor([1, 2]), math.nan, "k must be 1 or more; nan was given"),
    ],
)
def test_a_rank_that_is_none_has_no_recall(ranks, k, says):
    with pytest.raises(FtkitError) as error:
        X.recall(ranks, k)
    assert says in str(error.value)


def test_zero_shot_names_nothing_by_nan():
    rows = pictures(3)
    among = X.scenes([(3, 7)])
    model = clip()
    model.image[-1].weight.data[0] = math.nan
    with pytest.raises(FtkitError, match=not_finite(math.nan, 0, "the pictures' vectors")):
        X.zero_shot(model, rows, among)
    model = clip()
    model.text.map.weight.data[0] = math.nan
    captions = re.escape(f"the captions '{X.wordings[0]}'")
    with pytest.raises(FtkitError, match=not_finite(math.nan, 0, captions)):
        X.zero_shot(model, rows, among)


@given(st.integers(1, 5), st.integers(1, 7), seeds)
def test_padding_does_not_move_the_mean(B, T, seed):
    hidden = table(B * T, 3, seed).view(B, T, 3)
    padded = torch.cat([hidden, torch.full((B, 2, 3), 1e6, dtype=torch.float64)], 1)
    mask = F.pad(torch.ones(B, T, dtype=torch.long), (0, 2))
    assert torch.allclose(X.mean_of_tokens(padded, mask), hidden.mean(1), atol=1e-9)


# the floor of repeated captions


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=12),
    st.sampled_from([0.01, 0.1, 1.0, 30.0]),
    seeds,
)
def test_no_loss_falls_under_the_floor(captions, temperature, seed):
    q = table(len(captions), 5, seed)
    k = table(5, 5, seed + 1)[captions]
    floor = X.repeat_floor(captions)
    assert info_nce(q, k, temperature) >= floor - 1e-9
    assert info_nce(k, q, temperature) >= floor - 1e-9
    by_hand = sum(math.log(captions.count(c)) for c in captions) / len(captions)
    assert math.isclose(floor, by_hand, abs_tol=1e-12)


def test_the_floor_is_reached():
    captions = [0, 0, 0, 1, 1, 2]
    k = torch.eye(3, dtype=torch.float64)[captions]
    loss = X.both_directions(k, k, 0.01).item()
    assert math.isclose(loss, X.repeat_floor(captions), abs_tol=1e-9)


# pictures and captions


def test_a_scene_is_drawn_as_it_is_said():
    scene = X.Scene(3, "red", 7, "blue")
    image = X.draw_scene(scene, torch.zeros(28, 28), torch.full((28, 28), 255))
    assert image.dtype == torch.uint8
    assert (image[:, :, :28] == 0).all()
    assert image[2, 0, -1] > image[0, 0, -1]
    said = {X.caption(scene, wording) for wording in range(len(X.wordings))}
    assert len(said) == len(X.wordings)
    assert all("red three" in text and "blue seven" in text for text in said)


def test_pictures_are_a_function_of_the_seed_and_a_longer_list_begins_the_same():
    few = pictures(5, seed=3)
    more = pictures(9, seed=3)
    for a, b in zip(few, more):
        assert a["scene"] == b["scene"]
        assert torch.equal(a["image"], b["image"])
        assert a["input_ids"] == b["input_ids"]
    assert any(a["scene"] != b["scene"] for a, b in zip(few, pictures(5, seed=4)))
    assert {e["scene"] for e in more} <= set(X.scenes([(3, 7), (1, 2), (0, 5)]))


def test_an_image_on_two_sides_stops_the_digits(monkeypatch, tmp_path):
    rows = np.zeros((5000, 785), int)
    rows[:, 0] = np.arange(5000) % 256
    rows[:, 1] = np.arange(5000) // 256
    path = tmp_path / "mnist_5k.csv.gz"
    monkeypatch.setattr(X, "fetch", lambda name: tmp_path)
    pd.DataFrame(rows).to_csv(path, header=False, index=False)
    sizes = {side: len(labels) for side, (_, labels) in X.load_digits().items()}
    assert sizes == dict(train=4000, validation=500, test=500)
    order = np.random.default_rng(0).permutation(5000)
    rows[order[4503]] = rows[order[7]]
    pd.DataFrame(rows).to_csv(path, header=False, index=False)
    with pytest.raises(FtkitError, match="Row 3 of test is row 7 of train too"):
        X.load_digits()


def test_scenes_of_a_pair_come_in_both_orders_and_all_colours():
    found = X.scenes([(1, 2), (4, 4)])
    assert len(found) == 8 + 4
    assert len(set(found)) == 8 + 4
    assert {(s.left, s.right) for s in found} == {(1, 2), (2, 1), (4, 4)}


def test_halves_are_cut_between_sentences_and_lose_nothing():
    text = "One two three. Four five six! Seven eight nine ten?\nshort line\n" + "word " * 200 + "."
    ((first, second),) = X.paragraph_halves([text], shortest=3)
    assert f"{first} {second}" == text.split("\n")[0]
    assert first.endswith((".", "!"))


def test_some_test_paragraphs_are_in_training_so_the_lesson_drops_them():
    "Of all 916 some are in two addresses of one year."
    halves = {side: X.paragraph_halves(texts) for side, texts in load_speeches().items()}
    with pytest.raises(FtkitError, match=r"of test is row \d+ of train too"):
        refuse_overlap(halves)
    known = {half for pair in halves["train"] for half in pair}
    for side in ("validation", "test"):
        fresh = [pair for pair in halves[side] if not known & set(pair)]
        assert len(fresh) > 0.9 * len(halves[side])
        refuse_overlap(dict(train=halves["train"], asked=fresh))


def test_zero_shot_names_what_it_was_trained_on():
    rows = pictures(64, kinds=((3, 7),))
    model = clip()
    fit(
        model,
        rows,
        collate=X.collate_pictures,
        loss=X.clip_loss,
        batch_size=32,
        max_steps=100,
        learning_rate=3e-3,
        group_by_length=False,
        progress=False,
        device="cpu",
        dtype=torch.float32,
    )
    answers = X.zero_shot(model, rows, X.scenes([(3, 7)]))
    right = []
    for example, answer in zip(rows, answers):
        scene = example["scene"]
        shown = (scene.left_colour, scene.right_colour)
        right.append(shown == (answer.left_colour, answer.right_colour))
    assert np.mean(right) > 0.6  # chance is a quarter


# gradients in parts


def by_parts(model, batch, image_size, text_size):
    images = [dict(input=part["images"]) for part in X.split_batch(batch, image_size)]
    texts = X.split_batch(without_images(batch), text_size)

    def loss(x, y):
        return X.both_directions(x, y, model.temperature)

    model.zero_grad()
    total = X.cached_gradients([(model.image, images), (model.text, texts)], loss)
    return total, flat(model)


def at_once(model, batch):
    model.zero_grad()
    total = X.both_directions(*model(**batch), model.temperature)
    total.backward()
    return total.detach(), flat(model)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 5), (7, 7), (100, 2)])
@pytest.mark.parametrize("dtype, allowed", [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_cached_gradients_are_those_of_the_big_batch(sizes, dtype, allowed):
    model = clip().to(dtype)
    batch = X.collate_pictures(pictures(13))
    batch["images"] = batch["images"].to(dtype)
    total, cached = by_parts(model, batch, *sizes)
    reference, whole = at_once(model, batch)
    assert not total.requires_grad
    assert abs(total - reference) < allowed
    assert len(cached) == len(whole)
    assert (cached - whole).norm() < allowed * whole.norm()


@given(seeds, st.integers(1, 6))
@settings(max_examples=5)
def test_dropout_is_the_same_in_both_passes(seed, size):
    model = text_encoder(dropout=0.3).double().train()
    texts = without_images(X.collate_pictures(pictures(6, seed=seed)))
    parts = X.split_batch(texts, size)

    def recomputed(part):
        return checkpoint(model, part["input_ids"], part["attention_mask"], use_reentrant=False)

    torch.manual_seed(seed)
    model.zero_grad()
    X.cached_gradients([(model, parts), (model, parts)], info_nce)
    cached = flat(model)
    after = torch.get_rng_state()

    torch.manual_seed(seed)
    model.zero_grad()
    info_nce(*[torch.cat([model(**part) for part in parts]) for _ in range(2)]).backward()
    assert torch.allclose(cached, flat(model), atol=1e-11)
    assert torch.equal(after, torch.get_rng_state())

    torch.manual_seed(seed)
    model.zero_grad()
    info_nce(*[torch.cat([recomputed(part) for part in parts]) for _ in range(2)]).backward()
    assert torch.allclose(cached, flat(model), atol=1e-11)


def test_cached_gradients_are_added():
    model = text_encoder().double()
    parts = X.split_batch(without_images(X.collate_pictures(pictures(6))), 2)

    def loss(x):
        return info_nce(x, x.flip(1), 0.3)

    X.cached_gradients([(model, parts)], loss)
    once = flat(model).clone()
    X.cached_gradients([(model, parts)], loss)
    assert torch.allclose(flat(model), 2 * once, atol=1e-12)


def test_replayed_leaves_the_random_numbers_as_they_were():
    state = random_state()
    first = torch.rand(3)
    now = torch.get_rng_state()
    with pytest.raises(KeyError), X.replayed(state):
        assert torch.equal(torch.rand(3), first)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), now)


# bad input: a sentence that names it


def ones(*shape):
    return torch.ones(shape)


def few_images(n):
    return torch.zeros(n, 28, 28), torch.arange(n)


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: info_nce(ones(1, 2), ones(1, 2)), "two pairs or more"),
        (lambda: info_nce(ones(3, 2), ones(3, 2), 0.0), "above 0"),
        (lambda: info_nce(ones(3, 2), ones(3, 2), -0.1), "above 0"),
        (lambda: info_nce(ones(3, 2), ones(3, 4)), "width"),
        (lambda: X.both_directions(ones(1, 2), ones(1, 2), 0.1), "two pairs or more"),
        (lambda: X.both_directions(ones(3, 2), ones(2, 2), 0.1), "(3, 2) and (2, 2)"),
        (lambda: X.both_directions(ones(3, 2), ones(3, 2), 0.0), "above 0"),
        (lambda: X.both_directions(ones(3, 2), ones(3, 2), -1.0), "above 0"),
        (lambda: X.CLIP(nn.Identity(), nn.Identity(), temperature=0), "above 0"),
        (lambda: X.CLIP(nn.Identity(), nn.Identity(), temperature=-1), "above 0"),
        (lambda: X.clip_loss(clip(), X.collate_pictures(pictures(1))), "two pairs or more"),
        (
            lambda: X.views_loss(text_encoder(), X.collate_views([dict(input_ids=[1, 2])])),
            "two pairs or more",
        ),
        (lambda: X.alignment(ones(3, 2), ones(2, 2)), "one shape"),
        (lambda: X.uniformity(ones(1, 2)), "two rows"),
        (lambda: X.matryoshka(info_nce, ()), "one width at least"),
        (lambda: X.matryoshka(info_nce, (2, 4), (1,)), "1 weights were given for 2 widths"),
        (lambda: X.matryoshka(info_nce, (2, 5))(ones(3, 4), ones(3, 4)), "width 5 is outside 1"),
        (lambda: X.matryoshka(info_nce, (0,))(ones(3, 4), ones(3, 4)), "width 0 is outside 1"),
        (lambda: X.ranks(ones(3, 2), ones(2, 2)), "at least as many keys"),
        (lambda: X.caption_ids("a green seven"), "'green'"),
        (lambda: X.caption(X.Scene(3, "red", 7, "blue"), 9), "wording"),
        (lambda: X.make_pictures(3, [], *few_images(10)), "no scene"),
        (lambda: X.make_pictures(3, X.scenes([(3, 7)]), *few_images(5)), "digit 7"),
        (lambda: X.zero_shot(clip(), pictures(2), []), "0 scenes"),
        (lambda: X.split_batch(dict(x=ones(3)), 0), "size 0"),
        (lambda: X.cached_gradients([(nn.Identity(), [])], info_nce), "one part"),
        (lambda: X.cached_gradients([], info_nce), "one part"),
    ],
)
def test_bad_input_gets_a_sentence(call, says):
    with pytest.raises(FtkitError) as error:
        call()
    assert says in str(error.value)
    assert "\n" not in str(error.value)
