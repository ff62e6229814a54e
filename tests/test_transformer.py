"""The transformer: norms, the properties of the three models, counts, training, bad input."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from small_models import V, bert, context, gpt, ids_and_mask, llama, made, number, small, waves

from ftkit.core import FtkitError
from ftkit.foundations.training import fit
from ftkit.foundations.transformer import (
    Config,
    bert_config,
    count_flops,
    count_parameters,
    generate,
    gpt_config,
    kinds,
    layer_norm,
    rms_norm,
)

few = settings(max_examples=15, deadline=None)
bare = Config(V, positions="none", norm="rms", activation="relu", tied=False, kv_heads=1, **small)
some_configs = [gpt, bert, llama, waves, bare]


@few
@given(C=st.integers(1, 40), seed=st.integers(0, 99), size=st.sampled_from([1e-3, 1.0, 1e3]))
def test_norms_are_torchs(C, seed, size):
    torch.manual_seed(seed)
    x = size * torch.randn(2, 3, C)
    gain, shift = torch.randn(C), torch.randn(C)
    expected = F.layer_norm(x, (C,), gain, shift)
    torch.testing.assert_close(layer_norm(x, gain, shift), expected, atol=1e-4, rtol=1e-4)
    expected = F.rms_norm(x, (C,), gain, 1e-5)
    torch.testing.assert_close(rms_norm(x, gain), expected, atol=1e-5, rtol=1e-5)


# Properties


@pytest.mark.parametrize("config", some_configs)
@few
@given(t=st.integers(0, 11), seed=st.integers(0, 99))
def test_no_past_logit_moves(config, t, seed):
    model = made("decoder", config, seed)
    ids, _ = ids_and_mask(2, 12, seed)
    changed = ids.clone()
    changed[:, t] = (changed[:, t] + 1) % V
    moved = (model(ids) - model(changed)).abs().amax((0, 2))
    assert not moved[:t].any() and moved[t] > 0


@pytest.mark.parametrize(
    "kind,config", [(k, c) for k in ("encoder", "decoder") for c in some_configs]
)
def test_padding_does_not_matter(kind, config):
    model = made(kind, config)
    ids, mask = ids_and_mask(4, 12)
    batch = model(ids, mask)
    for row, seen, out in zip(ids, mask, batch):
        n = int(seen.sum())
        torch.testing.assert_close(out[:n], model(row[None, :n])[0], atol=1e-5, rtol=1e-4)
    other = ids.where(mask == 1, (ids + 7) % V)
    seen = mask[..., None]
    torch.testing.assert_close(model(other, mask) * seen, batch * seen, atol=1e-6, rtol=1e-5)


def padded_left(lengths=(9, 4, 1), value=5):
    "Texts of different lengths that end in the same column, their mask, and each text alone."
    T = max(lengths)
    ids, _ = ids_and_mask(len(lengths), T)
    rows = [row[None, T - length :] for row, length in zip(ids, lengths)]
    padded = torch.cat([F.pad(row, (T - row.shape[1], 0), value=value) for row in rows])
    seen = (torch.arange(T) >= T - torch.tensor(lengths)[:, None]).long()
    return padded, seen, rows


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_padding_on_the_left_does_not_matter(kind, positions):
    model = made(kind, gpt_config(V, positions=positions, init_std=0.2, **small))
    padded, seen, rows = padded_left()
    out = model(padded, seen)
    assert out.isfinite().all()
    for found, row in zip(out, rows):
        torch.testing.assert_close(found[-row.shape[1] :], model(row)[0], atol=1e-4, rtol=1e-3)
    without = model(padded)[2, -1]
    difference = (without - model(rows[2])[0, -1]).abs().max()
    assert difference > 1e-2, "the control: without the mask it does matter"


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
def test_an_encoder_decoder_padded_on_the_left(positions):
    model = made("encoder_decoder", gpt_config(V, positions=positions, init_std=0.2, **small))
    read, seen, rows = padded_left()
    written, written_seen, written_rows = padded_left((3, 5, 2))
    out = model(read, written, seen, written_seen)
    for found, row, target in zip(out, rows, written_rows):
        expected = model(row, target)[0]
        torch.testing.assert_close(found[-target.shape[1] :], expected, atol=1e-4, rtol=1e-3)
    first = torch.ones(3, 1, dtype=torch.long)
    context = dict(context=model.encoder(read, seen), context_mask=seen)
    batch = generate(model.decoder, first, 8, **context)
    for found, row in zip(batch, rows):
        assert torch.equal(
            found, generate(model.decoder, first[:1], 8, context=model.encoder(row))[0]
        )


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("dtype", [torch.long, torch.bool, torch.float32])
def test_padded_prompts_are_continued_as_each_alone(positions, cached, dtype):
    model = made("decoder", gpt_config(V, positions=positions, init_std=0.2, **small))
    padded, seen, rows = padded_left()
    batch = generate(model, padded, 12, cached=cached, attention_mask=seen.to(dtype))
    assert torch.equal(batch[:, :9], padded)
    for found, row in zip(batch, rows):
        assert torch.equal(found[-12:], generate(model, row, 12)[0, -12:])
    without = generate(model, padded, 12, cached=cached)
    assert not torch.equal(without, batch), "the control: without the mask it is another text"


def test_training_on_the_left_is_training_on_the_right():
    model = made("decoder", gpt)
    padded, seen, rows = padded_left()

    def gradients(ids, mask):
        model.zero_grad()
        ((model(ids, mask) * mask[..., None]).square().sum()).backward()
        return [p.grad.clone() for p in model.parameters()]

    right = torch.cat([F.pad(row, (0, 9 - row.shape[1]), value=5) for row in rows])
    for a, b in zip(gradients(padded, seen), gradients(right, seen.flip(1))):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_a_cache_with_padding_needs_its_mask():
    model = made("decoder", gpt)
    padded, seen, _ = padded_left()
    cache = model.new_cache()
    model(padded, seen, cache)
    with pytest.raises(FtkitError, match="Some tokens in the cache are padding"):
        model(padded[:, :1], cache=cache)
    longer = F.pad(seen, (0, 1), value=1)
    whole = model(torch.cat([padded, padded[:, :1]], 1), longer)
    part = model(padded[:, :1], longer, cache)
    torch.testing.assert_close(part[:, 0], whole[:, -1], atol=1e-5, rtol=1e-4)


def test_a_decoder_that_recomputes_reads_its_cache():
    model = made("decoder", gpt).train()
    model.gradient_checkpointing_enable()
    ids, _ = ids_and_mask(2, 6)
    cache = model.new_cache()
    with torch.no_grad():
        parts = torch.cat([model(part, cache=cache) for part in ids.split(3, 1)], 1)
        torch.testing.assert_close(parts, model(ids), atol=1e-5, rtol=1e-4)


class Shifted(nn.Module):
    "In the place of an embedding, as an adapter: it has the table's weight, and says more."

    def __init__(self, table):
        super().__init__()
        self.table = table
        self.weight = table.weight

    def forward(self, ids):
        return self.table(ids) + 1


@pytest.mark.parametrize("name", ["tokens", "positions", "types"])
def test_what_stands_in_the_place_of_an_embedding_counts(name):
    model = made("encoder", bert_config(V, **small))
    ids, _ = ids_and_mask()
    embeddings = model.embeddings
    embeddings.norm = None
    before = embeddings(ids)
    setattr(embeddings, name, Shifted(getattr(embeddings, name)))
    torch.testing.assert_close(embeddings(ids), before + 1)


# Compiled


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("config", [gpt, llama])
def test_a_decoder_compiles_into_one_graph(config, masked):
    model = made("decoder", config)
    padded, seen, _ = padded_left()
    arguments = (padded, seen) if masked else (padded,)
    with torch.no_grad():
        torch._dynamo.reset()
        explained = torch._dynamo.explain(model)(*arguments)
        assert explained.graph_count == 1 and not explained.graph_break_count
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        found = compiled(*arguments)
    torch.testing.assert_close(found, model(*arguments), atol=1e-5, rtol=1e-4)


# Not a number


@pytest.mark.parametrize("choose", [None, lambda logits: logits.argmax(-1)])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_generation_refuses_what_is_no_number(choose, bad):
    model = made("decoder", gpt_config(V, tied=False, **small)).train()
    ids, _ = ids_and_mask(2, 4)
    with torch.no_grad():
        model.head.weight[7] = bad
    with pytest.raises(FtkitError, match="logits for position 4 of row 0 are not all numbers"):
        generate(model, ids, 3, choose=choose)
    assert model.training, "it trained before, and does so again"


def test_generation_that_fails_leaves_the_model_in_training():
    model = made("decoder", gpt).train()

    def fail(logits):
        raise KeyError("of the caller")

    with pytest.raises(KeyError):
        generate(model, ones, 3, choose=fail)
    assert model.training


def test_without_positions_an_encoder_sees_a_bag():
    ids, _ = ids_and_mask(2, 9)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    bag = made("encoder", bert_config(V, positions="none", **small))
    torch.testing.assert_close(bag(ids[:, order]), bag(ids)[:, order], atol=1e-5, rtol=1e-4)
    ordered = made("encoder", bert_config(V, **small))
    difference = (ordered(ids[:, order]) - ordered(ids)[:, order]).abs().max()
    assert difference > 1e-3, "the control: with positions it does not"


@pytest.mark.parametrize("config", some_configs)
def test_cached_generation_is_uncached(config):
    model = made("decoder", dataclasses.replace(config, init_std=0.2))
    ids, _ = ids_and_mask(3, 5)
    assert torch.equal(generate(model, ids, 25), generate(model, ids, 25, cached=False))
    cache = model.new_cache()
    with torch.no_grad():
        parts = torch.cat([model(p, cache=cache) for p in ids.split([2, 1, 2], 1)], 1)
    torch.testing.assert_close(parts, model(ids), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("config", [gpt, llama])
def test_encoder_decoder(config):
    model = made("encoder_decoder", dataclasses.replace(config, init_std=0.2))
    ids, mask = ids_and_mask(3, 8)
    written, _ = ids_and_mask(3, 6, seed=1)
    logits = model(ids, written, mask)
    assert logits.shape == (3, 6, V)
    changed = written.clone()
    changed[:, 3] = (changed[:, 3] + 1) % V
    moved = (model(ids, changed, mask) - logits).abs().amax((0, 2))
    assert not moved[:3].any() and moved[3] > 0
    other_padding = ids.where(mask == 1, (ids + 7) % V)
    torch.testing.assert_close(model(other_padding, written, mask), logits, atol=1e-5, rtol=1e-4)
    other_text = model((ids + 1) % V, written, mask)
    assert (other_text - logits).abs().max() > 1e-3, "the control: what was read matters"
    read = dict(context=model.encoder(ids, mask), context_mask=mask)
    first = written[:, :1]
    cached = generate(model.decoder, first, 12, **read)
    assert torch.equal(cached, generate(model.decoder, first, 12, cached=False, **read))


def test_generation_stops_and_chooses():
    model = made("decoder", gpt_config(V, init_std=0.2, **small))
    ids, _ = ids_and_mask(2, 4)
    sevens = generate(model, ids, 3, choose=lambda logits: torch.full((len(logits),), 7))
    assert (sevens[:, 4:] == 7).all() and sevens.shape == (2, 7)
    free = generate(model, ids, 10)
    stop = int(free[0, 6])
    stopped = generate(model, ids, 10, stop_id=stop)
    first = (free[0, 4:] == stop).nonzero()[0, 0] + 4
    assert torch.equal(stopped[0, : first + 1], free[0, : first + 1])
    assert (stopped[0, first:] == stop).all()
    assert generate(model.train(), ids, 2).shape == (2, 6) and model.training


@pytest.mark.parametrize("dtype", [torch.bool, torch.int8, torch.long, torch.float32])
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_mask_of_any_kind_of_0_and_1_says_the_same(kind, dtype):
    model = made(kind, gpt if kind == "decoder" else bert)
    ids, mask = ids_and_mask(3, 8)
    assert torch.equal(model(ids, mask.to(dtype)), model(ids, mask.long()))


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("bad", [-1e9, 2.0, 0.5, float("nan"), float("-inf")])
def test_a_mask_of_another_kind_is_not_turned_around(kind, bad):
    model = made(kind, gpt if kind == "decoder" else bert)
    added = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, bad, bad]])
    for mask in (added, 1 + added, added.flip(1)):
        with pytest.raises(FtkitError, match="1 means a token and 0 padding"):
            model(ones, mask)


@pytest.mark.parametrize("new", [1, 3])
@pytest.mark.parametrize("bad", [V, -1])
def test_a_token_that_choose_makes_up_is_refused_even_as_the_last(new, bad):
    model = made("decoder", gpt)
    calls = []

    def bad_at_last(logits):
        calls.append(logits)
        return torch.full((len(logits),), bad if len(calls) == new else 7)

    with pytest.raises(FtkitError, match=f"choose gave token {bad}"):
        generate(model, ones, new, choose=bad_at_last)
    assert len(calls) == new
    assert torch.equal(generate(model, ones, 0, choose=bad_at_last), ones)
    largest = generate(model, ones, 2, choose=lambda logits: ones[:, 0] * (V - 1))
    assert (largest[:, 4:] == V - 1).all()


@pytest.mark.parametrize("kind", list(kinds))
def test_parameters_by_formula(kind):
    for config in some_configs:
        assert number(made(kind, config)) == count_parameters(config, kind)


@few
@given(
    B=st.integers(1, 3),
    T=st.integers(2, context),
    which=st.sampled_from(some_configs),
    kind=st.sampled_from(["encoder", "decoder"]),
)
def test_operations_by_formula(B, T, which, kind):
    model = made(kind, which)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
        model(torch.ones(B, T, dtype=torch.long))
    assert counter.get_total_flops() == count_flops(which, B, T, kind)


def test_weights_begin_as_in_gpt2():
    model = made("decoder", gpt_config(2000, width=128, layers=8, heads=4))

    def std(*names):
        chosen = [p.flatten() for name, p in model.named_parameters() if name.endswith(names)]
        return torch.cat(chosen).std().item()

    assert std("qkv.weight", "up.weight", "tokens.weight") == pytest.approx(0.02, rel=0.02)
    assert std("out.weight", "down.weight") == pytest.approx(0.02 / 4, rel=0.02)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert not any(p.any() for p in biases)


# Training


@pytest.mark.parametrize("name", ["gradient_checkpointing", "activation_checkpointing"])
@pytest.mark.parametrize("kind", list(kinds))
def test_recomputing_gives_the_same_gradients(kind, name):
    model = made(kind, gpt).train()
    ids, mask = ids_and_mask()
    arguments = (ids, ids, mask) if kind == "encoder_decoder" else (ids, mask)

    def gradients():
        model.zero_grad()
        model(*arguments).square().mean().backward()
        return [p.grad.clone() for p in model.parameters()]

    kept = gradients()
    getattr(model, f"{name}_enable")(**{f"{name}_kwargs": dict(use_reentrant=False)})
    for a, b in zip(kept, gradients()):
        torch.testing.assert_close(a, b)
    getattr(model, f"{name}_disable")()
    assert not any(getattr(m, "recompute", False) for m in model.modules())


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_loop_trains_a_decoder(recompute, dtype):
    def loss(model, batch):
        logits = model(batch["input_ids"], batch["attention_mask"])[:, :-1]
        labels = batch["input_ids"][:, 1:].masked_fill(batch["attention_mask"][:, 1:] == 0, -100)
        total = F.cross_entropy(
            logits.flatten(0, 1).float(), labels.flatten(), ignore_index=-100, reduction="sum"
        )
        return total, (labels != -100).sum()

    model = made("decoder", gpt_config(V, dropout=0.1, **small))
    examples = [dict(input_ids=[5, 6, 7, 8, 9][: 3 + i % 3]) for i in range(24)]
    history = fit(
        model,
        examples,
        loss=loss,
        epochs=8,
        batch_size=8,
        learning_rate=1e-2,
        device="cpu",
        dtype=dtype,
        gradient_checkpointing=recompute,
        progress=False,
    )
    assert history.steps[-1]["loss"] < 0.5 * history.steps[0]["loss"]
    assert not model.recompute and not model.training


# Bad input

long = torch.ones(1, context + 1, dtype=torch.long)
ones = torch.ones(2, 4, dtype=torch.long)


@pytest.mark.parametrize(
    "call,says",
    [
        (lambda e, d: e(long), f"{context + 1} tokens, but the model's context is {context}"),
        (lambda e, d: d(long), f"{context + 1} tokens, but the model's context is {context}"),
        (
            lambda e, d: d(V * ones),
            f"Token {V} at row 0, position 0 is outside the vocabulary of {V} (0 to {V - 1})",
        ),
        (lambda e, d: e(torch.tensor([[1, 2], [3, -1]])), "Token -1 at row 1, position 1"),
        (lambda e, d: e(ones[:, :0]), "at least one token"),
        (lambda e, d: e(ones[0]), "(B, T)"),
        (lambda e, d: e(ones.float()), "whole numbers"),
        (lambda e, d: d(ones[0]), "whole numbers (B, T) with at least one token; they are"),
        (lambda e, d: e(ones[0], ones[0]), "whole numbers (B, T)"),
        (lambda e, d: generate(d, ones[0], 2), "whole numbers (B, T)"),
        (lambda e, d: d(ones.bool()), "whole numbers (B, T)"),
        (lambda e, d: generate(d, long, 2), f"The text has {context + 1} tokens, more than"),
        (lambda e, d: generate(d, ones, -2), "at least 0; -2 was given"),
        (lambda e, d: generate(d, ones, 2.5), "a whole number of at least 0; 2.5 was given"),
        (lambda e, d: d(ones, context_mask=ones), "context_mask was given without a context"),
        (
            lambda e, d: e(ones, torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0]])),
            "Row 1 of the attention_mask is all 0",
        ),
        (
            lambda e, d: d(ones, torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0]])),
            "Row 1 of the attention_mask is all 0",
        ),
        (
            lambda e, d: generate(d, ones, 2, attention_mask=torch.tensor([[1] * 4, [1, 1, 1, 0]])),
            "Row 1 ends with padding",
        ),
        (lambda e, d: generate(d, ones, 2, attention_mask=ones[:, :3]), "(2, 3), but (2, 4)"),
        (lambda e, d: d(ones, context=torch.ones(2, 3, 32)), "looks at no context"),
        (lambda e, d: kinds["decoder"](gpt, cross=True)(ones), "none was given"),
        (lambda e, d: e(ones, token_type_ids=2 * ones), "from 2 to 2, but the model has 2"),
        (lambda e, d: kinds["encoder"](gpt)(ones, None, ones), "the model has 0 token types"),
        (lambda e, d: Config(V, kv_heads=0), "kv_heads must be 1 or more; 0 was given"),
        (lambda e, d: Config(V, hidden=0), "hidden must be 1 or more; 0 was given"),
        (lambda e, d: Config(V, norm_eps=-1.0), "norm_eps must be 0 or more"),
        (lambda e, d: Config(V, rotary_base=0), "rotary_base must be more than 0"),
        (lambda e, d: e(ones, ones[:, :3]), "(2, 3), but (2, 4) is needed"),
        (lambda e, d: d(ones, ones[:, :3]), "(2, 3), but (2, 4) is needed"),
        (lambda e, d: generate(d, ones, context), f"at most {context - 4}"),
        (lambda e, d: Config(V, width=30, heads=4), "width of 30"),
        (lambda e, d: Config(V, heads=4, kv_heads=3), "can't share 3"),
        (lambda e, d: Config(V, layers=0), "layers must be 1 or more"),
        (lambda e, d: Config(V, layers=2.5), "layers must be a whole number; 2.5 was given"),
        (lambda e, d: Config(float("nan")), "vocab_size must be a whole number"),
        (lambda e, d: Config(V, init_std=float("inf")), "init_std must be 0 or more; inf"),
        (lambda e, d: Config(V, rotary_base=float("inf")), "rotary_base must be more than 0; inf"),
        (lambda e, d: count_flops(d.config, 1, -3), "1 and -3 were given"),
        (lambda e, d: Config(V, dropout=1.0), "dropout"),
        (lambda e, d: Config(V, positions="rotery"), "Did you mean 'rotary'?"),
        (lambda e, d: Config(V, width=12, heads=4, positions="rotary"), "even head size; it is 3"),
        (lambda e, d: count_parameters(d.config, "decodr"), "Did you mean 'decoder'?"),
        (lambda e, d: count_flops(d.config, 1, 1, "both"), "Unknown kind of model"),
    ],
)
def test_bad_input_gets_a_sentence(call, says):
    with pytest.raises(FtkitError) as error:
        call(made("encoder", bert), made("decoder", gpt))
    assert says in str(error.value)


def test_a_cache_counts_towards_the_context():
    model = made("decoder", gpt)
    cache = model.new_cache()
    model(torch.ones(1, context, dtype=torch.long), cache=cache)
    with pytest.raises(FtkitError, match=f"{context + 1} tokens"):
        model(ones[:1, :1], cache=cache)
