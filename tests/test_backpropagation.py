"The scalar engine, finite differences, and statistics by layer."

import inspect
import math
import re

import pytest
import torch
import torch.nn.functional as F
from ftkit.core import FtkitError
from ftkit.foundations.backpropagation import (
    Value,
    check_gradient,
    layer_statistics,
    numeric_gradient,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

settings.register_profile("ftkit", deadline=None, max_examples=40)
settings.load_profile("ftkit")  # no test of time

# the engine

operations = {
    "sum": lambda a, b: a + b,
    "sum with a number": lambda a, b: 2 + a + 0.5,
    "difference": lambda a, b: a - b,
    "difference from a number": lambda a, b: 1.5 - a,
    "product": lambda a, b: a * b,
    "product with a number": lambda a, b: 3 * a * -0.5,
    "quotient": lambda a, b: a / (1 + b**2),
    "reciprocal": lambda a, b: 2 / (1 + a * a),
    "minus": lambda a, b: -a,
    "cube": lambda a, b: a**3,
    "root": lambda a, b: (1 + a**2) ** 0.5,
    "exp": lambda a, b: a.tanh().exp(),
    "log": lambda a, b: (1 + b**2).log(),
    "tanh": lambda a, b: a.tanh(),
    "relu": lambda a, b: b.relu(),
}
numbers = st.floats(-3, 3, allow_subnormal=False)
place = st.integers(0, 30)
programs = st.lists(st.tuples(st.sampled_from(sorted(operations)), place, place), max_size=12)


def results(inputs, program):
    "The inputs and the result of each line of a program; a line uses any two results before it."
    found = list(inputs)
    for name, i, j in program:
        found.append(operations[name](found[i % len(found)], found[j % len(found)]))
    return found


@given(st.lists(numbers, min_size=1, max_size=3), programs)
def test_the_engine_gives_the_gradients_of_torch(inputs, program):
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    theirs = results(tensors, program)
    assume(all(x.abs() < 1e4 for x in theirs))
    total = sum(theirs[1:], theirs[0])
    total.backward()

    values = [Value(x) for x in inputs]
    ours = results(values, program)
    assert [v.data for v in ours] == pytest.approx([x.item() for x in theirs], rel=1e-9, abs=1e-12)
    sum(ours[1:], ours[0]).backward()
    expected = [x.grad.item() for x in tensors]
    assert [v.grad for v in values] == pytest.approx(expected, rel=1e-8, abs=1e-9)


@given(programs)
def test_the_order_has_each_value_once_and_after_its_parents(program):
    last = results([Value(0.5), Value(0.25)], program)[-1]
    order = last.in_order()
    seen = set()
    for value in order:
        assert value not in seen
        assert seen.issuperset(value.parents)
        seen.add(value)
    assert order[-1] is last


def test_a_value_used_twice_gets_both_gradients():
    e = Value(3)
    (e * e).backward()
    assert e.grad == 6
    x = Value(1)
    (x + x).backward()
    assert x.grad == 2


def test_backward_again_adds_the_same_gradients_again():
    x = Value(2.0)
    y = (x * 3).tanh() + x
    y.backward()
    once = x.grad
    y.backward()
    assert x.grad == pytest.approx(2 * once)
    assert y.grad == 2


def test_a_chain_may_be_longer_than_the_depth_of_calls():
    x = Value(1.0)
    y = x
    for _ in range(5000):
        y = y * 1
    y.backward()
    assert x.grad == 1


def test_sixty_doublings_need_sixty_one_visits():
    x = Value(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad == 2.0**60
    assert len(y.in_order()) == 61


def test_the_engine_has_fewer_than_a_hundred_lines():
    lines = [line for line in inspect.getsource(Value).splitlines() if line.strip()]
    assert len(lines) < 100


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Value("3"), "holds one number; str was given"),
        (lambda: Value(True), "bool was given"),
        (lambda: Value(torch.ones(2)), "Tensor was given"),
        (lambda: Value(1.0) + torch.ones(1), "take .item()"),
        (lambda: Value(float("nan")), "a finite number; nan"),
        (lambda: Value(1e200) * 1e200, "a finite number; inf"),
        (lambda: Value(0.0).log(), "log(0): a logarithm needs"),
        (lambda: Value(800.0).exp(), "exp(800) is too large"),
        (lambda: Value(1e200) ** 3, "1e+200 ** 3 is too large"),
        (lambda: Value(-2.0) ** 0.5, "-2 ** 0.5 is no real number"),
        (lambda: Value(0.0) ** 0.5, "0 ** 0.5 has no finite slope"),
        (lambda: 3 / Value(0.0), "0 ** -1 has no finite slope"),
        (lambda: Value(2.0) ** Value(3.0), "For a ** b write (b * a.log()).exp()"),
    ],
)
def test_what_is_no_finite_number_is_refused(make, message):
    with pytest.raises(FtkitError, match=re.escape(message)):
        make()


def test_powers_at_their_edges():
    zero = Value(0.0)
    (zero**0 + zero**1 + zero**2).backward()
    assert zero.grad == 1
    x = Value(-2.0)
    (x**3).backward()
    assert x.grad == 12


# finite differences


def smooth(x):
    return (x.sin() * x.cumsum(-1)).sum()


@given(st.integers(0, 1000), st.sampled_from([(), (3,), (2, 3), (2, 1, 2)]))
def test_finite_differences_give_the_gradient_of_autograd(seed, shape):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    f = smooth if shape else torch.sin
    (expected,) = torch.autograd.grad(f(x), x)
    before = x.detach().clone()
    found = numeric_gradient(f, x)
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-7)
    assert torch.equal(x.detach(), before)
    assert check_gradient(f, x, expected) < 1e-7


def test_a_gradient_that_is_wrong_is_refused_with_its_place():
    x = torch.arange(6, dtype=torch.float64).view(2, 3)
    right = 2 * x
    wrong = right.clone()
    wrong[1, 2] = 7
    with pytest.raises(FtkitError, match=r"At \[1, 2\] the gradient is 7; .* give 10"):
        check_gradient(lambda x: (x**2).sum(), x, wrong)
    with pytest.raises(FtkitError, match="Every entry is 64 times what it should be"):
        check_gradient(lambda x: (x**2).sum(), x, 64 * right)
    with pytest.raises(FtkitError, match="Every entry is -1 times"):
        check_gradient(lambda x: (x**2).sum(), x, -right)
    with pytest.raises(FtkitError, match=r"shape \(3, 2\), and x \(2, 3\)"):
        check_gradient(lambda x: (x**2).sum(), x, right.T)
    with pytest.raises(FtkitError, match="holds NaN"):
        check_gradient(lambda x: (x**2).sum(), x, right / 0)


def test_a_gradient_of_zeros_is_right_for_a_constant_and_wrong_elsewhere():
    x = torch.ones(3, dtype=torch.float64)
    assert check_gradient(lambda x: 0 * x.sum(), x, torch.zeros(3)) == 0
    with pytest.raises(FtkitError, match="the gradient is 0"):
        check_gradient(lambda x: x.sum(), x, torch.zeros(3))
    with pytest.raises(FtkitError, match="the gradient is 1; finite differences give 0"):
        check_gradient(lambda x: 0 * x.sum(), x, torch.ones(3))


@pytest.mark.parametrize(
    "f, x, message",
    [
        (torch.sum, torch.ones(2), "torch.float32 was given. Write x.double()"),
        (torch.sum, [1.0], "list was given"),
        (torch.sin, torch.ones(2).double(), "f returned a tensor of shape (2,)"),
        (torch.log, torch.zeros(1).double(), "f returned"),
        (lambda x: "one", torch.ones(1).double(), "f returned a str"),
    ],
)
def test_finite_differences_refuse_what_they_cannot_use(f, x, message):
    with pytest.raises(FtkitError, match=re.escape(message)):
        numeric_gradient(f, x)


# statistics by layer


def two_hidden_layers():
    torch.manual_seed(0)
    x = torch.randn(20, 4)
    first = (x @ torch.randn(4, 6, requires_grad=True)).relu()
    mask = torch.tensor([1.0, 1, 0, 1, 1, 1])
    second = (first @ torch.randn(6, 6, requires_grad=True)).relu() * mask
    return first, second


def test_statistics_are_root_mean_squares_and_the_share_of_dead_units():
    first, second = two_hidden_layers()
    loss = F.cross_entropy(second, torch.arange(20) % 6)
    slopes = torch.autograd.grad(loss, [first, second], retain_graph=True)
    found = layer_statistics([first, second], loss)
    for s, h, slope in zip(found, (first, second), slopes, strict=True):
        assert s.activation == pytest.approx(h.pow(2).mean().sqrt().item(), rel=1e-5)
        assert s.gradient == pytest.approx(slope.pow(2).mean().sqrt().item(), rel=1e-5)
    assert [s.dead for s in found] == [0, pytest.approx(1 / 6)]
    loss.backward()  # the graph is still there


def test_statistics_hold_sizes_whose_squares_overflow():
    h = torch.full((2, 3), 1e30, requires_grad=True) * 1
    assert layer_statistics([h], h.sum())[0].activation == pytest.approx(1e30)


def test_statistics_name_the_layer_at_fault():
    first, second = two_hidden_layers()
    loss = second.sum()
    apart = torch.ones(2, requires_grad=True) * 2
    cases = [
        ([], "got none"),
        ([first, second.detach()], "Layer 2 has no gradient"),
        ([first, apart], "Layer 2 takes no part in the loss"),
        ([first / 0, second], "Layer 1 holds NaN or infinity"),
    ]
    for layers, message in cases:
        with pytest.raises(FtkitError, match=message):
            layer_statistics(layers, loss)
    with pytest.raises(FtkitError, match="The gradient in layer 1 holds NaN"):
        layer_statistics([first], (first * 0).sqrt().sum())


def test_math_of_the_hand_values():
    z = Value(math.log(9))
    loss = (1 + (-z).exp()).log()
    loss.backward()
    assert loss.data == pytest.approx(-math.log(0.9))
    assert z.grad == pytest.approx(-0.1)
