"Losses: values and gradients as torch's, properties that hold for any numbers, bad input."

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from torch.utils._python_dispatch import TorchDispatchMode

from ftkit.core import FtkitError
from ftkit.foundations import losses as L

settings.register_profile("ftkit", deadline=None, max_examples=20)
settings.load_profile("ftkit")  # no test of time

seeds = st.integers(0, 10_000)
# the axes before the classes; none: a single row
shapes = st.lists(st.integers(1, 5), max_size=3).map(tuple)
classes = st.integers(1, 12)
scales = st.sampled_from([0.0, 1.0, 30.0, 1e4])


def second(x):
    "torch wants the classes on the second axis."
    return x.movedim(-1, 1) if x.ndim > 1 else x


def gradients(f, *inputs, seed=0):
    "The value of f, and the gradients of its randomly weighted sum."
    inputs = [x.detach().clone().requires_grad_() for x in inputs]
    value = f(*inputs)
    torch.manual_seed(seed)
    weights = torch.randn(value.shape, dtype=value.dtype)
    return [value.detach(), *torch.autograd.grad((value * weights).sum(), inputs)]


def same(ours, theirs, *inputs, rtol=1e-9, atol=1e-12):
    for a, b in zip(gradients(ours, *inputs), gradients(theirs, *inputs)):
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol, check_dtype=False)


def draw_case(seed, shape, V, scale, ignored=0.3, dtype=torch.float64):
    torch.manual_seed(seed)
    logits = scale * torch.randn(*shape, V, dtype=dtype)
    labels = torch.randint(0, V, shape)
    return logits, labels.where(torch.rand(shape) >= ignored, -100)


# cross-entropy beside torch


@given(
    seeds,
    shapes,
    classes,
    scales,
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.sampled_from(["mean", "sum", "none"]),
)
def test_cross_entropy_is_that_of_torch(seed, shape, V, scale, weighted, smoothing, reduction):
    z, y = draw_case(seed, shape, V, scale)
    if reduction == "mean" and (y == -100).all():
        y = y.clamp(min=0)
    options = dict(
        weight=torch.rand(V).double() + 0.1 if weighted else None,
        label_smoothing=smoothing,
        reduction=reduction,
    )
    same(
        lambda z: L.cross_entropy(z, y, **options),
        lambda z: F.cross_entropy(second(z), y, **options),
        z,
    )


@given(
    seeds,
    shapes.filter(len),
    classes,
    scales,
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.sampled_from(["mean", "sum", "none"]),
)
def test_soft_labels_are_those_of_torch(seed, shape, V, scale, weighted, smoothing, reduction):
    z, _ = draw_case(seed, shape, V, scale)
    t = torch.randn(*shape, V).double().softmax(-1)
    options = dict(
        weight=torch.rand(V).double() if weighted else None,
        label_smoothing=smoothing,
        reduction=reduction,
    )
    same(
        lambda z, t: L.cross_entropy(z, t, **options),
        lambda z, t: F.cross_entropy(second(z), second(t), **options),
        z,
        t,
    )


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize(
    "options",
    [{}, dict(label_smoothing=0.1), dict(weight=torch.arange(1.0, 8))],
    ids=["plain", "smoothing", "weights"],
)
def test_float32_is_as_exact_as_torch(scale, options):
    z, y = draw_case(0, (50,), 7, scale, dtype=torch.float32)
    same(
        lambda z: L.cross_entropy(z, y, **options),
        lambda z: F.cross_entropy(z, y, **options),
        z,
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_half_precision_is_summed_in_float32(dtype, smoothing):
    z, y = draw_case(0, (40,), 1000, 3.0, dtype=dtype)
    options = dict(label_smoothing=smoothing)
    loss, slope = gradients(lambda z: L.cross_entropy(z, y, **options), z)
    exact, exact_slope = gradients(lambda z: F.cross_entropy(z, y, **options), z.float())
    assert loss.dtype == torch.float32
    assert slope.dtype == dtype
    torch.testing.assert_close(loss, exact, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(slope, exact_slope.to(dtype), rtol=0.02, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        dict(label_smoothing=0.2),
        dict(weight=torch.linspace(0.5, 1.4, 5).double()),
        dict(reduction="none"),
    ],
    ids=str,
)
def test_gradcheck_twice(options):
    z, y = draw_case(1, (6,), 5, 1.0)

    def loss(z):
        return L.cross_entropy(z, y, **options)

    assert torch.autograd.gradcheck(loss, z.requires_grad_())
    assert torch.autograd.gradgradcheck(loss, z)


def test_gradcheck_of_the_others():
    torch.manual_seed(0)
    z = torch.randn(4, 5).double().requires_grad_()
    y = torch.randint(0, 5, (4,))
    t = torch.rand(4, 5).double()
    keys = torch.randn(6, 5).double().requires_grad_()
    check = torch.autograd.gradcheck
    assert check(L.softmax, z)
    assert check(lambda z: L.log_softmax(z, 0.3), z)
    assert check(lambda z: L.binary_cross_entropy(z, t), z)
    assert check(lambda z: L.entropy(L.softmax(z)), z)
    assert check(lambda z, k: L.kl_divergence(L.softmax(z), L.softmax(k[:4])), (z, keys))
    for gamma in (0.0, 0.5, 1.0, 2.0):
        assert check(lambda z, gamma=gamma: L.focal_loss(z, y, gamma), z)
    assert check(lambda q, k: L.info_nce(q, k, 0.2), (z, keys))
    assert check(lambda q, k: L.info_nce(q, k[:4], 0.2, symmetric=True), (z, keys))
    assert check(lambda h, w: L.chunked_cross_entropy(h, w, y, chunk_size=3), (z, keys))


@given(seeds, shapes, classes)
def test_ignored_rows_count_for_nothing(seed, shape, V):
    z, y = draw_case(seed, shape, V, 1.0, ignored=0.5)
    valid = y != -100
    loss, slope = gradients(lambda z: L.cross_entropy(z, y, reduction="sum"), z)
    other = torch.where(valid[..., None], z, 1e4 * torch.randn_like(z))
    torch.testing.assert_close(loss, L.cross_entropy(other, y, reduction="sum"))
    torch.testing.assert_close(loss, L.cross_entropy(z[valid], y[valid], reduction="sum"))
    assert not slope[~valid].any()


@pytest.mark.parametrize("ignore_index", [0, 3, -1, 999])
def test_any_label_can_be_the_ignored_one(ignore_index):
    z, y = draw_case(0, (30,), 5, 1.0, ignored=0)
    y[::3] = ignore_index
    same(
        lambda z: L.cross_entropy(z, y, ignore_index=ignore_index),
        lambda z: F.cross_entropy(z, y, ignore_index=ignore_index),
        z,
    )


@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize(
    "options",
    [{}, dict(label_smoothing=0.1), dict(weight=torch.linspace(0.1, 0.9, 5).double())],
    ids=["plain", "smoothing", "weights"],
)
def test_all_rows_ignored_is_zero_as_in_torch(reduction, options):
    z, y = draw_case(0, (6,), 5, 1e4, ignored=2)
    same(
        lambda z: L.cross_entropy(z, y, reduction=reduction, **options),
        lambda z: F.cross_entropy(z, y, reduction=reduction, **options),
        z,
    )
    assert not L.cross_entropy(z, y, reduction=reduction).any()


def test_a_class_that_is_ruled_out():
    z, y = draw_case(0, (20,), 6, 1.0)
    z[:, 2] = -math.inf
    y[y == 2] = 1
    same(lambda z: L.cross_entropy(z, y), lambda z: F.cross_entropy(z, y), z)


def test_no_rows_at_all():
    logits = torch.zeros(0, 5)
    labels = torch.zeros(0, dtype=torch.long)
    assert L.cross_entropy(logits, labels, reduction="sum") == 0
    with pytest.raises(FtkitError, match="nothing to take a mean of"):
        L.cross_entropy(logits, labels)


@pytest.mark.parametrize(
    "make",
    [lambda z: z.T.contiguous().T, lambda z: z.repeat(1, 2)[:, :7], lambda z: z[:1].expand(9, 7)],
    ids=["transposed", "sliced", "expanded"],
)
def test_strides_do_not_matter(make):
    z, y = draw_case(0, (9,), 7, 1.0, ignored=0)
    same(lambda z: L.cross_entropy(make(z), y), lambda z: F.cross_entropy(make(z), y), z)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int16])
def test_labels_of_any_integer_type(dtype):
    z, y = draw_case(0, (9,), 7, 1.0, ignored=0)
    assert L.cross_entropy(z, y.to(dtype)) == L.cross_entropy(z, y)


def test_logits_are_left_as_they_were():
    z, y = draw_case(0, (9,), 7, 1.0)
    kept = z.clone()
    gradients(lambda z: L.cross_entropy(z, y), z)
    L.cross_entropy(z, y)
    assert torch.equal(z, kept)
    h = torch.randn(9, 3).double()
    w = torch.randn(7, 3).double()
    kept_h = h.clone()
    kept_w = w.clone()
    L.chunked_cross_entropy(h, w, y)
    assert torch.equal(h, kept_h)
    assert torch.equal(w, kept_w)


def test_mean_over_valid_tokens_is_no_average_of_averages():
    "Any way of cutting a batch into parts gives the same sum over the same count."
    z, y = draw_case(0, (8, 6), 5, 1.0)
    total = sum(L.cross_entropy(a, b, reduction="sum") for a, b in zip(z.split(3), y.split(3)))
    torch.testing.assert_close(total / (y != -100).sum(), L.cross_entropy(z, y))


# probabilities


@given(
    seeds,
    shapes,
    classes,
    st.sampled_from([0.0, 1.0, 30.0, 1e4]),
    st.sampled_from([0.05, 1.0, 20.0]),
)
def test_softmax_and_its_logarithm(seed, shape, V, scale, temperature):
    z, _ = draw_case(seed, shape, V, scale)
    same(lambda z: L.softmax(z, temperature), lambda z: F.softmax(z / temperature, -1), z)
    same(lambda z: L.log_softmax(z, temperature), lambda z: F.log_softmax(z / temperature, -1), z)
    torch.testing.assert_close(L.softmax(z + 7), L.softmax(z), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_softmax_keeps_the_type(dtype):
    z = torch.randn(5, 4).to(dtype)
    assert L.softmax(z).dtype == L.log_softmax(z).dtype == dtype


@given(seeds, shapes, classes)
def test_the_gap_between_cross_entropy_and_entropy_is_the_divergence(seed, shape, V):
    torch.manual_seed(seed)
    p, q = torch.randn(2, *shape, V).double().softmax(-1)
    crossed = L.cross_entropy(q.log(), p, reduction="none")
    torch.testing.assert_close(crossed - L.entropy(p), L.kl_divergence(p, q))
    assert (L.kl_divergence(p, q) >= -1e-12).all()
    assert (L.entropy(p) <= math.log(V) + 1e-9).all()
    truth = torch.distributions.Categorical(p)
    belief = torch.distributions.Categorical(q)
    torch.testing.assert_close(L.entropy(p), truth.entropy())
    by_torch = torch.distributions.kl_divergence(truth, belief)
    torch.testing.assert_close(L.kl_divergence(p, q), by_torch)


def test_what_never_comes():
    assert L.entropy([0, 1, 0]) == 0
    assert L.kl_divergence([0, 1], [0.5, 0.5]).item() == pytest.approx(math.log(2))
    assert L.kl_divergence([0.5, 0.5], [0, 1]) == math.inf
    assert L.kl_divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0


# yes or no


@given(
    seeds,
    shapes,
    st.sampled_from([0.0, 1.0, 1e4]),
    st.sampled_from(["mean", "sum", "none"]),
    st.booleans(),
)
def test_binary_is_that_of_torch(seed, shape, scale, reduction, soft):
    torch.manual_seed(seed)
    z = scale * torch.randn(shape).double()
    y = torch.rand(shape).double()
    if not soft:
        y = y.round()
    same(
        lambda z: L.binary_cross_entropy(z, y, reduction),
        lambda z: F.binary_cross_entropy_with_logits(z, y, reduction=reduction),
        z,
    )


@given(seeds, shapes)
def test_binary_is_cross_entropy_with_two_classes(seed, shape):
    torch.manual_seed(seed)
    z = torch.randn(shape).double() * 10
    y = torch.randint(0, 2, shape)
    same(
        lambda z: L.binary_cross_entropy(z, y),
        lambda z: L.cross_entropy(torch.stack([torch.zeros_like(z), z], -1), y),
        z,
    )


def test_binary_is_the_formula():
    p = torch.rand(100).double()
    y = torch.rand(100).double()
    found = L.binary_cross_entropy((p / (1 - p)).log(), y, "none")
    torch.testing.assert_close(found, -(y * p.log() + (1 - y) * (1 - p).log()))


# a large vocabulary


@given(
    seeds,
    shapes,
    classes,
    st.integers(1, 40),
    st.booleans(),
    st.sampled_from(["mean", "sum"]),
    st.sampled_from([1.0, 1e3]),
)
def test_chunked_is_the_plain_one(seed, shape, V, chunk_size, biased, reduction, scale):
    torch.manual_seed(seed)
    inputs = [scale * torch.randn(*shape, 4).double(), torch.randn(V, 4).double()]
    bias = torch.randn(V).double()
    if biased:
        inputs.append(bias)
    y = torch.randint(0, V, shape)
    y = y.where(torch.rand(shape) > 0.3, -100)
    if reduction == "mean" and (y == -100).all():
        y = y.clamp(min=0)
    options = dict(chunk_size=chunk_size, reduction=reduction)

    def ours(h, w, *b):
        return L.chunked_cross_entropy(h, w, y, *b, **options)

    def theirs(h, w, *b):
        return F.cross_entropy(second(F.linear(h, w, *b)), y, reduction=reduction)

    same(ours, theirs, *inputs, rtol=1e-8, atol=1e-9)


class Largest(TorchDispatchMode):
    "Notes the largest tensor that any operation makes."

    def __init__(self):
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for x in made if isinstance(made, (tuple, list)) else [made]:
            if torch.is_tensor(x):
                self.numbers = max(self.numbers, x.numel())
        return made


def largest(f, *inputs):
    inputs = [x.detach().clone().requires_grad_() for x in inputs]
    with Largest() as seen:
        torch.autograd.backward(f(*inputs))
    return seen.numbers


def test_chunked_never_holds_all_logits():
    h = torch.randn(64, 4)
    w = torch.randn(50, 4)
    y = torch.randint(0, 50, (64,))
    assert largest(lambda h, w: F.cross_entropy(h @ w.T, y), h, w) == 64 * 50  # the control
    assert largest(lambda h, w: L.chunked_cross_entropy(h, w, y, chunk_size=8), h, w) == 8 * 50


def kept_for_the_way_back(loss, z, y):
    "The tables of the logits' size that autograd saves, the logits themselves included."
    kept = set()

    def pack(x):
        if x.numel() == z.numel():
            kept.add(x.data_ptr())
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        loss(z * 1.0, y)
    return len(kept)


def test_the_gradient_by_formula_keeps_only_the_logits():
    z = torch.randn(30, 40, requires_grad=True)
    y = torch.randint(0, 40, (30,))

    def by_steps(z, y):
        p = (z - z.logsumexp(-1, keepdim=True)).exp() / 1.0
        return -p.log()[range(30), y].mean()

    assert kept_for_the_way_back(by_steps, z, y) > 1  # the control
    assert kept_for_the_way_back(L.cross_entropy, z, y) == 1


def test_chunked_does_not_compute_ignored_rows():
    h = torch.randn(64, 4)
    w = torch.randn(50, 4)
    y = torch.full((64,), -100)
    y[[5, 40]] = 3
    assert largest(lambda h, w: L.chunked_cross_entropy(h, w, y), h, w) < 64 * 50 // 2


def test_chunked_without_gradient_and_with_one_only():
    h = torch.randn(20, 4)
    w = torch.randn(9, 4)
    y = torch.randint(0, 9, (20,))
    expected = F.cross_entropy(h @ w.T, y, reduction="sum")
    with torch.no_grad():
        torch.testing.assert_close(L.chunked_cross_entropy(h.requires_grad_(), w, y), expected)
    torch.testing.assert_close(L.chunked_cross_entropy(h.detach(), w, y), expected)
    (slope,) = torch.autograd.grad(L.chunked_cross_entropy(h, w, y, chunk_size=7), h)
    (by_torch,) = torch.autograd.grad(F.cross_entropy(h @ w.T, y, reduction="sum"), h)
    torch.testing.assert_close(slope, by_torch)


def test_chunked_with_tied_weights_adds_both_gradients():
    ids = torch.randint(0, 9, (20,))
    y = torch.randint(0, 9, (20,))
    w = torch.randn(9, 4).double()
    same(
        lambda w: L.chunked_cross_entropy(w[ids].tanh(), w, y, chunk_size=6),
        lambda w: F.cross_entropy(w[ids].tanh() @ w.T, y, reduction="sum"),
        w,
    )


@pytest.mark.parametrize("how", ["autocast", "weights"])
def test_chunked_in_bfloat16(how):
    torch.manual_seed(0)
    inputs = [torch.randn(60, 16), torch.randn(30, 16), torch.randn(30)]
    y = torch.randint(0, 30, (60,))
    if how == "weights":
        inputs = [x.bfloat16() for x in inputs]

    def ours(h, w, b):
        return L.chunked_cross_entropy(h, w, y, b, chunk_size=16)

    def theirs(h, w, b):
        return F.cross_entropy(h @ w.T + b, y, reduction="sum")

    with torch.autocast("cpu", torch.bfloat16, enabled=how == "autocast"):
        found = gradients(ours, *inputs)
    exact = gradients(theirs, *[x.float() for x in inputs])
    assert found[0].dtype == torch.float32
    assert found[1].dtype == inputs[0].dtype
    for value, expected in zip(found, exact):
        torch.testing.assert_close(value.float(), expected, rtol=0.05, atol=0.15)


# relatives


def test_focal_is_the_formula():
    z, y = draw_case(0, (50,), 6, 2.0)
    p = F.softmax(z, -1).gather(-1, y.clamp(min=0)[:, None])[:, 0]
    for gamma in (0, 0.5, 2, 5):
        expected = torch.where(y == -100, 0, -((1 - p) ** gamma) * p.log())
        torch.testing.assert_close(L.focal_loss(z, y, gamma, reduction="none"), expected)
        torch.testing.assert_close(L.focal_loss(z, y, gamma), expected.sum() / (y != -100).sum())


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_has_a_finite_gradient_where_it_is_certain(gamma):
    logits = torch.tensor([[1e4, -1e4]])
    for label in (torch.tensor([0]), torch.tensor([1])):
        loss, slope = gradients(lambda z, label=label: L.focal_loss(z, label, gamma), logits)
        assert loss.isfinite()
        assert slope.isfinite().all()


def test_brier_beside_scikit_learn():
    p = torch.rand(200).double()
    y = torch.randint(0, 2, (200,))
    found = L.brier_score(torch.stack([1 - p, p], -1), y).item()
    assert found == pytest.approx(2 * brier_score_loss(y, p))
    assert L.brier_score(torch.eye(3), torch.tensor([1, 2, 0])) == 2


def test_perplexity_and_bits_per_byte():
    assert L.perplexity(0) == 1
    assert L.perplexity(torch.tensor(math.log(7))) == pytest.approx(7)
    assert L.perplexity(1e4) == math.inf
    assert math.isnan(L.perplexity(math.nan))
    assert L.bits_per_byte(100 * math.log(256), 100) == pytest.approx(8)
    assert L.bits_per_byte(torch.tensor(0.0), 1) == 0


@given(seeds, st.integers(2, 8), st.integers(0, 4), st.sampled_from([0.05, 1.0]))
def test_info_nce_is_cross_entropy_of_cosines(seed, B, more, temperature):
    torch.manual_seed(seed)
    q = torch.randn(B, 5).double()
    k = torch.randn(B + more, 5).double()

    def cosines(q, k):
        return F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).T / temperature

    same(
        lambda q, k: L.info_nce(q, k, temperature),
        lambda q, k: F.cross_entropy(cosines(q, k), torch.arange(B)),
        q,
        k,
    )
    labels = torch.randint(0, B + more, (B,))
    same(
        lambda q, k: L.info_nce(q, k, temperature, labels),
        lambda q, k: F.cross_entropy(cosines(q, k), labels),
        q,
        k,
    )
    # only directions count
    stretched = L.info_nce(3 * q, 0.1 * k, temperature)
    torch.testing.assert_close(stretched, L.info_nce(q, k, temperature))


def test_info_nce_both_ways():
    q = torch.randn(6, 5)
    k = torch.randn(6, 5)
    expected = (L.info_nce(q, k) + L.info_nce(k, q)) / 2
    torch.testing.assert_close(L.info_nce(q, k, symmetric=True), expected)
    order = torch.randperm(6)
    torch.testing.assert_close(L.info_nce(q[order], k[order]), L.info_nce(q, k))
    assert L.info_nce(q, torch.ones(6, 5)).item() == pytest.approx(math.log(6))


# bad input

z = torch.randn(4, 3)
y = torch.tensor([0, 1, 2, -100])
h = torch.randn(4, 5)
w = torch.randn(3, 5)
bad = {
    "label above": (
        lambda: L.cross_entropy(z, y + 1),
        "Label 3 at position 2 is outside the 3 classes, 0 to 2",
    ),
    "label below": (lambda: L.cross_entropy(z, y - 1), "Label -1 at position 0 is outside"),
    "label in a table": (
        lambda: L.cross_entropy(z[None], torch.tensor([[0, 1, 7, 0]])),
        r"Label 7 at position \(0, 2\)",
    ),
    "labels of another shape": (
        lambda: L.cross_entropy(z, y[:3]),
        r"labels have shape \(3,\); \(4,\) was expected",
    ),
    "classes not last": (lambda: L.cross_entropy(z.T, y), "Classes are the last axis"),
    "labels that are floats": (lambda: L.cross_entropy(z, y.float()), "whole numbers"),
    "labels that are booleans": (lambda: L.cross_entropy(z, y > 0), "whole numbers"),
    "logits that are integers": (lambda: L.cross_entropy(z.long(), y), "floating-point"),
    "logits that are a list": (
        lambda: L.softmax([1.0, 2.0]),
        "floating-point numbers; list was given",
    ),
    "soft labels that are no probabilities": (
        lambda: L.cross_entropy(z, torch.ones(4, 3)),
        "sum to 1",
    ),
    "soft labels below zero": (
        lambda: L.cross_entropy(z, torch.tensor([[2.0, -1, 0]] * 4)),
        "not negative",
    ),
    "all rows ignored": (
        lambda: L.cross_entropy(z, torch.full((4,), -100)),
        "every label is ignored",
    ),
    "all classes of weight 0": (lambda: L.cross_entropy(z, y, weight=torch.zeros(3)), "weight 0"),
    "too many weights": (
        lambda: L.cross_entropy(z, y, weight=torch.ones(4)),
        "one number for each class",
    ),
    "a negative weight": (
        lambda: L.cross_entropy(z, y, weight=torch.tensor([1.0, -1, 1])),
        "0 or more",
    ),
    "smoothing above 1": (lambda: L.cross_entropy(z, y, label_smoothing=1.1), "share from 0 to 1"),
    "smoothing below 0": (lambda: L.cross_entropy(z, y, label_smoothing=-0.1), "share from 0 to 1"),
    "reduction": (lambda: L.cross_entropy(z, y, reduction="avg"), "Unknown reduction 'avg'"),
    "temperature 0": (lambda: L.softmax(z, 0), "above 0; 0 was given"),
    "temperature below 0": (lambda: L.log_softmax(z, -1.5), "above 0; -1.5 was given"),
    "temperature that is no number": (lambda: L.softmax(z, math.nan), "above 0; nan was given"),
    "temperature 0, contrastive": (lambda: L.info_nce(h, h, temperature=0), "above 0"),
    "binary label": (
        lambda: L.binary_cross_entropy(torch.zeros(2), torch.tensor([0, 2])),
        "between 0 and 1; 2 was found",
    ),
    "binary label that is ignored": (
        lambda: L.binary_cross_entropy(torch.zeros(2), torch.tensor([0, -100])),
        "-100 was found",
    ),
    "binary shapes": (
        lambda: L.binary_cross_entropy(torch.zeros(2, 1), torch.zeros(2)),
        "one label for each logit",
    ),
    "nothing, binary": (
        lambda: L.binary_cross_entropy(torch.zeros(0), torch.zeros(0)),
        "nothing to take a mean of",
    ),
    "entropy of logits": (lambda: L.entropy(torch.tensor([2.0, 3])), "apply softmax first"),
    "entropy of NaN": (lambda: L.entropy([math.nan, 1.0]), "sum nan"),
    "entropy of a number": (lambda: L.entropy(1.0), "a probability for each outcome"),
    "divergence from logits": (lambda: L.kl_divergence([1.0, 0], [3.0, 1]), "q holds"),
    "gamma": (lambda: L.focal_loss(z, y, gamma=-1), "gamma must be"),
    "Brier label": (
        lambda: L.brier_score(torch.eye(3), torch.tensor([0, 1, 5])),
        "Label 5 at position 2",
    ),
    "Brier ignored": (
        lambda: L.brier_score(torch.eye(3), torch.tensor([0, 1, -100])),
        "without a label",
    ),
    "Brier of logits": (lambda: L.brier_score(z, y), "probabilities holds"),
    "negative loss": (lambda: L.perplexity(-1), "never negative"),
    "no bytes": (lambda: L.bits_per_byte(1, 0), "UTF-8"),
    "batch of one": (lambda: L.info_nce(h[:1], h[:1]), "needs two pairs or more"),
    "fewer keys than queries": (lambda: L.info_nce(h, h[:3]), "4 queries have only 3 keys"),
    "keys of another width": (lambda: L.info_nce(h, h[:, :4]), "equal width"),
    "symmetric with more keys": (
        lambda: L.info_nce(h[:2], h, symmetric=True),
        "exactly one key for each query",
    ),
    "contrastive label": (
        lambda: L.info_nce(h, h, labels=torch.tensor([0, 1, 2, 4])),
        "outside the 4 classes",
    ),
    "chunked label": (lambda: L.chunked_cross_entropy(h, w, y + 1), "outside the 3 classes"),
    "chunked width": (lambda: L.chunked_cross_entropy(h[:, :4], w, y), r"\(\.\.\., C\), \(V, C\)"),
    "chunked bias": (lambda: L.chunked_cross_entropy(h, w, y, torch.zeros(4)), r"bias \(4,\)"),
    "chunk size": (
        lambda: L.chunked_cross_entropy(h, w, y, chunk_size=0),
        "1 or more; 0 was given",
    ),
    "chunked reduction": (
        lambda: L.chunked_cross_entropy(h, w, y, reduction="none"),
        "Unknown reduction",
    ),
    "chunked, all ignored": (
        lambda: L.chunked_cross_entropy(h, w, torch.full((4,), -100), reduction="mean"),
        "nothing to take a mean of",
    ),
}


@pytest.mark.parametrize("what", bad)
def test_bad_input_gets_a_sentence(what):
    call, message = bad[what]
    with pytest.raises(FtkitError, match=message):
        call()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_same_on_cuda():
    z, y = draw_case(0, (50,), 7, 1.0, dtype=torch.float32)
    torch.testing.assert_close(L.cross_entropy(z.cuda(), y.cuda()).cpu(), F.cross_entropy(z, y))
    h = torch.randn(50, 4)
    w = torch.randn(7, 4)
    found = L.chunked_cross_entropy(h.cuda(), w.cuda(), y.cuda()).cpu()
    expected = F.cross_entropy(h @ w.T, y, reduction="sum")
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-2)
