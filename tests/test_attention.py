"""Attention: parity with torch and transformers, masks, positions, the cache, and bad input."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers.models.llama.modeling_llama import (
    LlamaConfig,
    LlamaRotaryEmbedding,
    apply_rotary_pos_emb,
)

from ftkit.core import FtkitError
from ftkit.foundations.attention import (
    KeyValueCache,
    MultiHeadAttention,
    attention,
    attention_rule,
    attention_weights,
    causal_mask,
    padding_mask,
    plain_attention,
    plain_is_faster,
    plain_up_to,
    repeat_heads,
    rotate,
    sinusoidal,
)

shapes = dict(
    B=st.integers(1, 3),
    G=st.integers(1, 3),
    group=st.integers(1, 3),
    T=st.integers(1, 9),
    past=st.integers(0, 5),
    seed=st.integers(0, 99),
)
few = settings(max_examples=40, deadline=None)


def draw(*shapes, seed=0, dtype=torch.float32):
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(*s, generator=g, dtype=dtype) for s in shapes]


def some_mask(B, S, seed):
    mask = torch.rand(B, S, generator=torch.Generator().manual_seed(seed)) > 0.4
    return padding_mask(mask.long())


@few
@given(causal=st.booleans(), masked=st.booleans(), **shapes)
def test_fused_is_naive(B, G, group, T, past, seed, causal, masked):
    q, k, v = draw((B, G * group, T, 8), (B, G, T + past, 8), (B, G, T + past, 8), seed=seed)
    mask = some_mask(B, T + past, seed) if masked else None
    expected = attention_weights(q, k, mask, causal) @ repeat_heads(v, G * group)
    torch.testing.assert_close(attention(q, k, v, mask, causal), expected, atol=2e-6, rtol=1e-5)


@few
@given(causal=st.booleans(), **shapes)
def test_weights_are_shares_of_what_may_be_seen(B, G, group, T, past, seed, causal):
    q, k = draw((B, G * group, T, 4), (B, G, T + past, 4), seed=seed)
    mask = some_mask(B, T + past, seed)
    seen = mask & causal_mask(T, T + past) if causal else mask
    seen = seen.expand(B, G * group, T, T + past)
    weights = attention_weights(q, k, mask, causal)
    torch.testing.assert_close(weights.sum(-1), seen.any(-1).float())
    assert not weights[~seen].any()


def test_gradients_of_naive_and_fused_agree():
    drawn = draw((2, 4, 6, 8), (2, 2, 6, 8), (2, 2, 6, 8), dtype=torch.float64)
    q, k, v = (x.requires_grad_() for x in drawn)

    def gradients(y):
        return torch.autograd.grad(y.square().sum(), (q, k, v))

    naive = gradients(attention_weights(q, k, causal=True) @ repeat_heads(v, 4))
    fused = gradients(attention(q, k, v, causal=True))
    for a, b in zip(naive, fused):
        torch.testing.assert_close(a, b)


def test_weights_stay_finite_with_extreme_scores():
    q, k, v = draw((1, 1, 4, 8), (1, 1, 4, 8), (1, 1, 4, 8))
    for scale in (1e4, 1e-4):
        assert attention_weights(scale * q, k).isfinite().all()
        assert attention(scale * q, k, v).isfinite().all()


def test_a_row_that_sees_nothing_gets_zeros():
    q, k, v = draw((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4))
    mask = padding_mask(torch.tensor([[1, 1, 1], [0, 0, 0]]))
    assert not attention(q, k, v, mask)[1].any()
    assert not attention_weights(q, k, mask)[1].any()


def test_without_positions_order_does_not_matter():
    (x,) = draw((1, 2, 7, 4))
    order = torch.randperm(7, generator=torch.Generator().manual_seed(1))
    shuffled = x[:, :, order]
    found = attention(shuffled, shuffled, shuffled)
    torch.testing.assert_close(found, attention(x, x, x)[:, :, order])


@pytest.mark.parametrize("T,S", [(1, 1), (3, 3), (2, 5)])
def test_causal_mask_by_definition(T, S):
    expected = [[s <= S - T + t for s in range(S)] for t in range(T)]
    assert causal_mask(T, S).tolist() == expected


@pytest.mark.parametrize("base", [100.0, 10000.0])
def test_rotate_is_llamas(base):
    config = LlamaConfig(hidden_size=32, num_attention_heads=4, rope_theta=base)
    q, k = draw((2, 4, 11, 8), (2, 2, 11, 8))
    cos, sin = LlamaRotaryEmbedding(config)(q, torch.arange(11)[None])
    for x, expected in zip((q, k), apply_rotary_pos_emb(q, k, cos, sin)):
        found = rotate(x, torch.arange(11), base)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@few
@given(t=st.integers(0, 500), s=st.integers(0, 500), shift=st.integers(0, 500))
def test_rotary_products_depend_on_the_distance(t, s, shift):
    q, k = draw((1, 1, 1, 16), (1, 1, 1, 16), dtype=torch.float64)

    def score(a, b):
        return (rotate(q, torch.tensor([a])) * rotate(k, torch.tensor([b]))).sum().item()

    # The angles are float32.
    assert math.isclose(score(t, s), score(t + shift, s + shift), abs_tol=1e-3)
    assert math.isclose(rotate(q, torch.tensor([t])).norm(), q.norm(), rel_tol=1e-6)


def test_sinusoidal_by_the_papers_formula():
    waves = sinusoidal(20, 6)
    for t in (0, 1, 19):
        for i in range(3):
            angle = t / 10000 ** (2 * i / 6)
            assert math.isclose(waves[t, 2 * i], math.sin(angle), abs_tol=1e-5)
            assert math.isclose(waves[t, 2 * i + 1], math.cos(angle), abs_tol=1e-5)


@pytest.mark.parametrize("across", [False, True])
def test_layer_is_torchs(across):
    torch.manual_seed(0)
    ours = MultiHeadAttention(24, 3)
    theirs = nn.MultiheadAttention(24, 3, batch_first=True)
    our_parts = (ours.qkv.weight, ours.qkv.bias, ours.out.weight, ours.out.bias)
    with torch.no_grad():
        for our_part, their_part in zip(our_parts, theirs.parameters()):
            their_part.copy_(our_part)
    x, other = draw((2, 6, 24), (2, 4, 24))
    keys = other if across else x
    context = other if across else None
    seen = torch.ones(2, keys.shape[1])
    seen[1, 3:] = 0
    mask = padding_mask(seen)
    expected, weights = theirs(
        x, keys, keys, key_padding_mask=seen == 0, average_attn_weights=False
    )
    torch.testing.assert_close(ours(x, context, mask), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours.weights(x, context, mask), weights, atol=1e-5, rtol=1e-4)


@few
@given(
    parts=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    kv_heads=st.sampled_from([1, 2, 4]),
    base=st.sampled_from([None, 10000.0]),
)
def test_cached_is_uncached(parts, kv_heads, base):
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4, kv_heads, rotary_base=base)
    cache = KeyValueCache()
    (x,) = draw((2, sum(parts), 16))
    with torch.no_grad():
        steps = torch.cat([layer(p, causal=True, cache=cache) for p in x.split(parts, 1)], 1)
    torch.testing.assert_close(steps, layer(x, causal=True), atol=1e-5, rtol=1e-4)
    assert cache.length == sum(parts)


def test_a_cached_context_is_projected_once():
    layer = MultiHeadAttention(16, 4)
    cache = KeyValueCache()
    x, context = draw((2, 3, 16), (2, 5, 16))
    with torch.no_grad():
        first = layer(x, context, cache=cache)
        second = layer(x, 0 * context, cache=cache)
    torch.testing.assert_close(first, second)
    assert cache.length == 5


def test_no_past_answer_moves():
    layer = MultiHeadAttention(16, 4, 2, rotary_base=10000.0)
    (x,) = draw((1, 8, 16))
    changed = x.clone()
    changed[:, 5] += 1
    moved = (layer(x, causal=True) - layer(changed, causal=True)).abs().amax((0, 2))
    assert not moved[:5].any() and (moved[5:] > 0).all()
    moved = (layer(x) - layer(changed)).abs().amax((0, 2))
    assert moved[0] > 0, "the control: without the mask it does move"


def test_dropout_only_in_training():
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4, dropout=0.5)
    (x,) = draw((1, 8, 16))
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))


def test_bfloat16_and_autocast():
    layer = MultiHeadAttention(32, 4, 2, rotary_base=10000.0)
    (x,) = draw((2, 8, 32))
    exact = layer(x, causal=True)
    with torch.autocast("cpu", torch.bfloat16):
        rough = layer(x, causal=True)
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), exact, atol=0.03, rtol=0.05)


@pytest.mark.parametrize(
    "call,says",
    [
        (lambda: MultiHeadAttention(30, 4), "can't be split into 4 equal heads"),
        (lambda: MultiHeadAttention(32, 4, kv_heads=3), "can't share 3 key heads"),
        (lambda: MultiHeadAttention(32, 0), "equal heads"),
        (lambda: MultiHeadAttention(12, 4, rotary_base=1e4), "even head size; it is 3"),
        (lambda: causal_mask(4, 3), "3 keys and 4 queries"),
        (lambda: sinusoidal(3, 5), "even number of channels; 5"),
        (lambda: rotate(torch.ones(1, 1, 1, 3), torch.tensor([0])), "even head size; it is 3"),
        (
            lambda: attention(*draw((1, 4, 2, 8), (1, 3, 2, 8), (1, 3, 2, 8))),
            "4 query heads can't share 3",
        ),
        (lambda: padding_mask(torch.ones(2, 3, 4)), "(B, S)"),
    ],
)
def test_bad_input_gets_a_sentence(call, says):
    with pytest.raises(FtkitError) as error:
        call()
    assert says in str(error.value)


@pytest.mark.parametrize("heads, kv_heads", [(4, 2), (6, 2), (6, 3), (4, 1), (4, 4)])
def test_neighbours_share_a_key_head_as_in_torch(heads, kv_heads):
    "Query head h looks at key head h * G // H, by definition and in torch's own kernel."
    torch.manual_seed(heads)
    query = torch.randn(2, heads, 5, 4)
    key = torch.randn(2, kv_heads, 7, 4)
    value = torch.randn(2, kv_heads, 7, 4)
    ours = attention(query, key, value)
    theirs = F.scaled_dot_product_attention(query, key, value, enable_gqa=True)
    torch.testing.assert_close(ours, theirs)
    for h in range(heads):
        shared = h * kv_heads // heads
        alone = slice(shared, shared + 1)
        expected = attention(query[:, h : h + 1], key[:, alone], value[:, alone])
        torch.testing.assert_close(ours[:, h : h + 1], expected)


class Twice(nn.Module):
    "In the place of a linear layer, as an adapter: it has the layer's weight, and says more."

    def __init__(self, linear):
        super().__init__()
        self.linear = linear
        self.weight = linear.weight
        self.bias = linear.bias

    def forward(self, x):
        return 2 * self.linear(x)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("how", ["wrapped", "hooked"])
def test_what_stands_in_the_place_of_a_layer_counts_across_too(bias, cached, how):
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4, 2, bias=bias)
    x, context = draw((2, 3, 16), (2, 5, 16))
    plain = layer(x, context)
    doubled = MultiHeadAttention(16, 4, 2, bias=bias)
    doubled.load_state_dict(layer.state_dict())
    with torch.no_grad():
        for p in doubled.qkv.parameters():
            p.mul_(2)
    expected = doubled(x, context)
    if how == "wrapped":
        layer.qkv = Twice(layer.qkv)
    else:
        layer.qkv.register_forward_hook(lambda layer, inputs, output: 2 * output)
    found = layer(x, context, cache=KeyValueCache() if cached else None)
    torch.testing.assert_close(found, expected)
    assert (found - plain).abs().max() > 1e-3, "the control: it says something else than before"


def test_a_plain_layer_across_gives_the_rows_bit_for_bit():
    layer = MultiHeadAttention(16, 4, 2)
    x, context = draw((2, 3, 16), (2, 5, 16))
    query, key, value = layer.project(x, context)
    query_weight, context_weight = layer.qkv.weight.split((16, 16))
    query_bias, context_bias = layer.qkv.bias.split((16, 16))
    found = query.transpose(1, 2).flatten(2)
    assert torch.equal(found, F.linear(x, query_weight, query_bias))
    found = torch.cat([key, value], 1).transpose(1, 2).flatten(2)
    assert torch.equal(found, F.linear(context, context_weight, context_bias))


def test_a_low_rank_update_across_counts_and_learns():
    from ftkit.finetuning.lora import LoRALinear

    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4)
    x, context = draw((2, 3, 16), (2, 5, 16))
    plain = layer(x, context)
    layer.qkv = LoRALinear(layer.qkv, rank=2)
    torch.testing.assert_close(layer(x, context), plain, atol=1e-6, rtol=1e-5)
    torch.nn.init.normal_(layer.qkv.lora_B)
    found = layer(x, context)
    assert (found - plain).abs().max() > 1e-3
    found.sum().backward()
    assert layer.qkv.lora_A.grad.any() and layer.qkv.lora_B.grad.any()


def test_without_gradients_the_heads_turn_to_the_same_bits():
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4, rotary_base=10000.0)
    (x,) = draw((2, 7, 16))
    expected = layer(x, causal=True).detach()
    with torch.no_grad():
        assert torch.equal(layer(x, causal=True), expected)
    with torch.inference_mode():
        assert torch.equal(layer(x, causal=True), expected)
    layer.requires_grad_(False)
    assert torch.equal(layer(x, causal=True), expected)


def training_case(T, D=32, dtype=torch.bfloat16, **options):
    torch.manual_seed(T)
    return [torch.randn(2, 3, T, D, dtype=dtype, **options) for _ in range(3)]


def test_the_rule_knows_device_dtype_length_and_gradients():
    query, key, _ = training_case(64, requires_grad=True)
    assert plain_is_faster(query, key)
    with torch.autocast("cpu", torch.bfloat16):  # a float32 query of rotary positions
        assert plain_is_faster(query.float(), key)
    with torch.no_grad():
        assert not plain_is_faster(query, key)
    assert not plain_is_faster(query.detach(), key.detach())
    assert not plain_is_faster(query.float(), key.float())
    assert not plain_is_faster(query.to("meta"), key.to("meta"))
    longest, _, _ = training_case(plain_up_to, requires_grad=True)
    longer, _, _ = training_case(plain_up_to + 1, requires_grad=True)
    assert plain_is_faster(longest, longest)
    assert not plain_is_faster(longer, longer)
    assert "plain" in attention_rule("cpu", torch.bfloat16, plain_up_to)
    for elsewhere in (("cpu", torch.bfloat16, plain_up_to + 1), ("cpu", torch.float32, 8)):
        assert attention_rule(*elsewhere).startswith("fused")
    assert attention_rule("cuda", torch.bfloat16, 8).startswith("fused")


@pytest.mark.parametrize("rows", ["all", "padding", "own", "blind"])
@pytest.mark.parametrize("causal", [False, True])
def test_plain_attention_is_the_formula_with_its_gradients(rows, causal):
    inputs = training_case(12, 16, torch.float64, requires_grad=True)
    mask = None
    if rows == "padding":
        mask = padding_mask(torch.tensor([[1] * 12, [1] * 5 + [0] * 7]))
    elif rows == "own":  # each head its own
        mask = torch.rand(2, 3, 12, 12) > 0.5
        mask |= torch.eye(12, dtype=torch.bool)
    elif rows == "blind":
        mask = padding_mask(torch.tensor([[0] * 12, [1] * 12]))
    both = mask
    if causal:
        both = causal_mask(12) if mask is None else mask & causal_mask(12)
    found = plain_attention(*inputs, both)
    wanted = attention_weights(*inputs[:2], mask, causal) @ inputs[2]
    torch.testing.assert_close(found, wanted)
    slopes = torch.autograd.grad(found.square().sum(), inputs)
    assert all(slope.isfinite().all() for slope in slopes)
    if rows != "blind":  # the formula's own gradient is NaN there
        wanted = torch.autograd.grad(wanted.square().sum(), inputs)
        torch.testing.assert_close(slopes, wanted)


def test_dropout_of_the_table_drops_weights():
    query, key, _ = training_case(64, requires_grad=True)
    ones = torch.ones(2, 3, 64, 4, dtype=torch.bfloat16)
    torch.manual_seed(0)
    dropped = attention(query, key, ones, dropout=0.5).float()
    assert 0.9 < dropped.mean() < 1.1
    assert dropped.std() > 0.05
    assert torch.equal(attention(query, key, ones).float().round(decimals=1), ones.float())
