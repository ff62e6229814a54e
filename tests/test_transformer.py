"The transformer: parity with transformers' BERT, GPT-2 and Llama, the properties of the three models, counts, files, bad input."

import dataclasses
import json

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from safetensors.torch import load_file, save_file
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from ftkit.core import FtkitError
from ftkit.foundations.training import fit
from ftkit.foundations.checkpoints import config_of, convert, from_pretrained, from_transformers, save_pretrained
from ftkit.foundations.transformer import Block, Config, Decoder, Encoder, EncoderDecoder, bert_config, count_flops, count_parameters, generate, gpt_config, kinds, layer_norm, llama_config, rms_norm

V, context = 60, 32
few = settings(max_examples=15, deadline=None)
small = dict(width=32, layers=2, heads=4, context=context)
some_configs = [
    gpt_config(V, **small),
    bert_config(V, **small),
    llama_config(V, kv_heads=2, **small),
    gpt_config(V, positions="sinusoidal", bias=False, **small),
    Config(V, positions="none", norm="rms", activation="relu", tied=False, kv_heads=1, **small),
]
number = lambda model: sum(p.numel() for p in model.parameters())


def ids_and_mask(B=3, T=12, seed=0):
    g = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, T + 1, (B, 1), generator=g)
    lengths[0] = T
    return torch.randint(3, V, (B, T), generator=g), (torch.arange(T) < lengths).long()


def made(kind, config, seed=0):
    torch.manual_seed(seed)
    return kinds[kind](config).eval()


def theirs(name, seed=0, **options):
    torch.manual_seed(seed)
    common = dict(
        vocab_size=V, initializer_range=0.3, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    wide = dict(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=context,
    )
    if name == "bert":
        return BertModel(BertConfig(**common | wide | options)).eval()
    if name == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=context, **common | options)
        ).eval()
    return LlamaForCausalLM(LlamaConfig(**common | wide | options)).eval()


@few
@given(C=st.integers(1, 40), seed=st.integers(0, 99), size=st.sampled_from([1e-3, 1.0, 1e3]))
def test_norms_are_torchs(C, seed, size):
    torch.manual_seed(seed)
    x, g, b = size * torch.randn(2, 3, C), torch.randn(C), torch.randn(C)
    torch.testing.assert_close(
        layer_norm(x, g, b), F.layer_norm(x, (C,), g, b), atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(rms_norm(x, g), F.rms_norm(x, (C,), g, 1e-5), atol=1e-5, rtol=1e-5)


# Parity


@few
@given(B=st.integers(1, 4), T=st.integers(1, context), seed=st.integers(0, 99))
def test_encoder_is_bert(B, T, seed):
    (ids, mask), their = ids_and_mask(B, T, seed), theirs("bert", seed)
    types = (torch.arange(T) >= T // 2).long().expand(B, T)
    for kinds_of in (None, types):
        expected = their(
            input_ids=ids, attention_mask=mask, token_type_ids=kinds_of
        ).last_hidden_state
        torch.testing.assert_close(
            from_transformers(their)(ids, mask, kinds_of) * mask[..., None],
            expected * mask[..., None],
            atol=1e-5,
            rtol=1e-4,
        )


@pytest.mark.parametrize(
    "name,options",
    [
        ("gpt2", {}),
        ("gpt2", dict(activation_function="relu", n_inner=40)),
        ("llama", {}),
        ("llama", dict(num_key_value_heads=2)),
        (
            "llama",
            dict(
                num_key_value_heads=1, tie_word_embeddings=True, rope_theta=500.0, rms_norm_eps=1e-3
            ),
        ),
    ],
)
def test_decoder_is_theirs(name, options):
    their = theirs(name, **options)
    ours = from_transformers(their)
    for seed in range(3):
        ids, mask = ids_and_mask(3, 20, seed)
        expected = their(input_ids=ids, attention_mask=mask).logits
        assert ((ours(ids, mask) - expected) * mask[..., None]).abs().max() < 1e-4
    new = their.generate(
        ids[:, :5],
        attention_mask=torch.ones(3, 5),
        max_new_tokens=20,
        do_sample=False,
        eos_token_id=None,
    )
    assert torch.equal(generate(ours, ids[:, :5], 20), new)
    assert number(ours) == number(their) == count_parameters(ours.config)


def test_gradients_are_theirs():
    their, (ids, _) = theirs("llama", num_key_value_heads=2), ids_and_mask()
    ours = from_transformers(their)
    for model in (their, ours):
        logits = model(ids)
        F.cross_entropy(getattr(logits, "logits", logits).flatten(0, 1), ids.flatten()).backward()
    layer = their.model.layers[1]
    parts = [
        p.weight.grad
        for p in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj)
    ]
    torch.testing.assert_close(
        ours.blocks[1].attention.qkv.weight.grad, torch.cat(parts), atol=1e-5, rtol=1e-3
    )
    torch.testing.assert_close(
        ours.embeddings.tokens.weight.grad,
        their.model.embed_tokens.weight.grad,
        atol=1e-5,
        rtol=1e-3,
    )


def test_a_copy_shares_no_memory():
    their = theirs("gpt2")
    ours = from_transformers(their)
    with torch.no_grad():
        their.transformer.wte.weight.zero_()
        their.transformer.ln_f.weight.zero_()
    assert ours.embeddings.tokens.weight.any() and ours.norm.weight.any()
    assert ours.head.weight is ours.embeddings.tokens.weight


def test_a_masked_language_model_gives_its_encoder():
    torch.manual_seed(0)
    their, (ids, mask) = BertForMaskedLM(theirs("bert").config).eval(), ids_and_mask()
    expected = their.bert(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(
        from_transformers(their)(ids, mask) * mask[..., None],
        expected * mask[..., None],
        atol=1e-5,
        rtol=1e-4,
    )


# Properties


@pytest.mark.parametrize("config", some_configs)
@few
@given(t=st.integers(0, 11), seed=st.integers(0, 99))
def test_no_past_logit_moves(config, t, seed):
    model, (ids, _) = made("decoder", config, seed), ids_and_mask(2, 12, seed)
    changed = ids.clone()
    changed[:, t] = (changed[:, t] + 1) % V
    moved = (model(ids) - model(changed)).abs().amax((0, 2))
    assert not moved[:t].any() and moved[t] > 0


@pytest.mark.parametrize(
    "kind,config", [(k, c) for k in ("encoder", "decoder") for c in some_configs]
)
def test_padding_does_not_matter(kind, config):
    model, (ids, mask) = made(kind, config), ids_and_mask(4, 12)
    batch = model(ids, mask)
    for row, seen, out in zip(ids, mask, batch):
        n = int(seen.sum())
        torch.testing.assert_close(out[:n], model(row[None, :n])[0], atol=1e-5, rtol=1e-4)
    other = ids.where(mask == 1, (ids + 7) % V)
    torch.testing.assert_close(
        model(other, mask) * mask[..., None], batch * mask[..., None], atol=1e-6, rtol=1e-5
    )


def test_padding_on_the_left_does_not_matter_for_rotary_positions():
    model, (ids, _) = made("decoder", some_configs[2]), ids_and_mask(2, 9)
    padded, seen = F.pad(ids, (4, 0), value=5), F.pad(torch.ones(2, 9), (4, 0))
    out = model(padded, seen)
    torch.testing.assert_close(out[:, 4:], model(ids), atol=1e-4, rtol=1e-3)
    assert out.isfinite().all()


def test_without_positions_an_encoder_sees_a_bag():
    (ids, _), order = (
        ids_and_mask(2, 9),
        torch.randperm(9, generator=torch.Generator().manual_seed(1)),
    )
    bag = made("encoder", bert_config(V, positions="none", **small))
    torch.testing.assert_close(bag(ids[:, order]), bag(ids)[:, order], atol=1e-5, rtol=1e-4)
    ordered = made("encoder", bert_config(V, **small))
    assert (ordered(ids[:, order]) - ordered(ids)[:, order]).abs().max() > 1e-3, (
        "the control: with positions it does not"
    )


@pytest.mark.parametrize("config", some_configs)
def test_cached_generation_is_uncached(config):
    model, (ids, _) = made("decoder", dataclasses.replace(config, init_std=0.2)), ids_and_mask(3, 5)
    assert torch.equal(generate(model, ids, 25), generate(model, ids, 25, cached=False))
    cache = model.new_cache()
    with torch.no_grad():
        parts = torch.cat([model(p, cache=cache) for p in ids.split([2, 1, 2], 1)], 1)
    torch.testing.assert_close(parts, model(ids), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("config", [some_configs[0], some_configs[2]])
def test_encoder_decoder(config):
    model, (ids, mask) = (
        made("encoder_decoder", dataclasses.replace(config, init_std=0.2)),
        ids_and_mask(3, 8),
    )
    written, _ = ids_and_mask(3, 6, seed=1)
    logits = model(ids, written, mask)
    assert logits.shape == (3, 6, V)
    changed = written.clone()
    changed[:, 3] = (changed[:, 3] + 1) % V
    moved = (model(ids, changed, mask) - logits).abs().amax((0, 2))
    assert not moved[:3].any() and moved[3] > 0
    torch.testing.assert_close(
        model(ids.where(mask == 1, (ids + 7) % V), written, mask), logits, atol=1e-5, rtol=1e-4
    )
    assert (model((ids + 1) % V, written, mask) - logits).abs().max() > 1e-3, (
        "the control: what was read matters"
    )
    read = dict(context=model.encoder(ids, mask), context_mask=mask)
    assert torch.equal(
        generate(model.decoder, written[:, :1], 12, **read),
        generate(model.decoder, written[:, :1], 12, cached=False, **read),
    )


def test_generation_stops_and_chooses():
    model, (ids, _) = made("decoder", gpt_config(V, init_std=0.2, **small)), ids_and_mask(2, 4)
    assert torch.equal(
        generate(model, ids, 3, choose=lambda logits: torch.full((len(logits),), 7))[:, 4:],
        torch.full((2, 3), 7),
    )
    free = generate(model, ids, 10)
    stop = int(free[0, 6])
    stopped = generate(model, ids, 10, stop_id=stop)
    first = (free[0, 4:] == stop).nonzero()[0, 0] + 4
    assert (
        torch.equal(stopped[0, : first + 1], free[0, : first + 1])
        and (stopped[0, first:] == stop).all()
    )
    assert generate(model.train(), ids, 2).shape == (2, 6) and model.training


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
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
        made(kind, which)(torch.ones(B, T, dtype=torch.long))
    assert counter.get_total_flops() == count_flops(which, B, T, kind)


def test_weights_begin_as_in_gpt2():
    model = made("decoder", gpt_config(2000, width=128, layers=8, heads=4))
    std = lambda *names: (
        torch.cat([p.flatten() for n, p in model.named_parameters() if n.endswith(names)])
        .std()
        .item()
    )
    assert std("qkv.weight", "up.weight", "tokens.weight") == pytest.approx(0.02, rel=0.02)
    assert std("out.weight", "down.weight") == pytest.approx(0.02 / 4, rel=0.02)
    assert not any(p.any() for n, p in model.named_parameters() if n.endswith("bias"))


# Training


@pytest.mark.parametrize("name", ["gradient_checkpointing", "activation_checkpointing"])
@pytest.mark.parametrize("kind", list(kinds))
def test_recomputing_gives_the_same_gradients(kind, name):
    model, (ids, mask) = made(kind, some_configs[0]).train(), ids_and_mask()
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
        return F.cross_entropy(
            logits.flatten(0, 1).float(), labels.flatten(), ignore_index=-100, reduction="sum"
        ), (labels != -100).sum()

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


# Files


@pytest.mark.parametrize(
    "kind,config",
    [
        ("encoder", some_configs[1]),
        ("decoder", some_configs[2]),
        ("decoder", some_configs[3]),
        ("encoder_decoder", some_configs[0]),
    ],
)
def test_saved_and_loaded(kind, config, tmp_path):
    model, (ids, _) = made(kind, config), ids_and_mask()
    save_pretrained(model, tmp_path / "m")
    again, tokenizer = from_pretrained(tmp_path / "m")
    assert (
        type(again) is type(model)
        and tokenizer is None
        and again.config == model.config
        and not again.training
    )
    arguments = (ids, ids) if kind == "encoder_decoder" else (ids,)
    assert torch.equal(again(*arguments), model(*arguments))
    assert number(again) == number(model), "what was tied is tied"


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_a_folder_of_transformers(name, tmp_path):
    their, (ids, mask) = theirs(name), ids_and_mask()
    their.save_pretrained(tmp_path)
    ours, _ = from_pretrained(tmp_path)
    out = their(input_ids=ids, attention_mask=mask)
    expected = out.last_hidden_state if name == "bert" else out.logits
    assert ((ours(ids, mask) - expected) * mask[..., None]).abs().max() < 1e-4


def spoil(change, tmp_path, name="llama", ours=False):
    "The error that a changed checkpoint gets."
    if ours:
        save_pretrained(made("decoder", some_configs[0]), tmp_path / "m")
    else:
        theirs(name).save_pretrained(tmp_path / "m")
    settings, tensors = (
        json.loads((tmp_path / "m/config.json").read_text()),
        load_file(tmp_path / "m/model.safetensors"),
    )
    change(settings, tensors)
    (tmp_path / "m/config.json").write_text(json.dumps(settings))
    save_file(tensors, tmp_path / "m/model.safetensors")
    with pytest.raises(FtkitError) as error:
        from_pretrained(tmp_path / "m")
    return str(error.value)


@pytest.mark.parametrize(
    "name,tensor",
    [
        ("bert", "encoder.layer.1.output.dense.bias"),
        ("gpt2", "transformer.h.0.attn.c_attn.weight"),
        ("llama", "model.layers.1.self_attn.k_proj.weight"),
    ],
)
def test_missing_extra_and_misshapen_tensors(name, tensor, tmp_path):
    bare = tensor.split(".", 1)[1] if name != "bert" else tensor
    assert f"no tensor {bare}" in spoil(lambda s, t: t.pop(tensor), tmp_path, name)
    assert f"such as {bare}_more" in spoil(
        lambda s, t: t.update({f"{tensor}_more": torch.ones(2)}), tmp_path, name
    )
    assert bare in spoil(lambda s, t: t.update({tensor: torch.ones(7, 7)}), tmp_path, name)
    assert "no tensor" in spoil(
        lambda s, t: s.update(num_hidden_layers=3, n_layer=3), tmp_path, name
    )


def test_our_own_checkpoints_are_checked_too(tmp_path):
    tensor = "blocks.1.mlp.up.weight"
    assert f"no tensor {tensor}" in spoil(lambda s, t: t.pop(tensor), tmp_path, ours=True)
    assert "such as blocks.7" in spoil(
        lambda s, t: t.update({"blocks.7.mlp.up.weight": torch.ones(2)}), tmp_path, ours=True
    )
    assert "(2, 2)" in spoil(lambda s, t: t.update({tensor: torch.ones(2, 2)}), tmp_path, ours=True)
    assert "Unknown model type" in spoil(
        lambda s, t: s.update(model_type="ftkit_dragon"), tmp_path, ours=True
    )


def test_settings_that_we_do_not_have(tmp_path):
    assert "Unknown model type 'mistral'" in spoil(
        lambda s, t: s.update(model_type="mistral"), tmp_path
    )
    assert "scaled (linear)" in spoil(
        lambda s, t: s.update(rope_parameters=dict(rope_type="linear", rope_theta=1e4, factor=2.0)),
        tmp_path,
    )
    assert "must have hidden_size" in spoil(lambda s, t: s.pop("hidden_size"), tmp_path)
    assert "Unknown activation 'swish'" in spoil(
        lambda s, t: s.update(hidden_act="swish"), tmp_path
    )


def test_files_that_are_broken(tmp_path):
    save_pretrained(made("decoder", some_configs[0]), tmp_path / "m")
    weights = tmp_path / "m/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(FtkitError, match="no whole safetensors file"):
        from_pretrained(tmp_path / "m")
    (tmp_path / "m/config.json").write_text("{")
    with pytest.raises(FtkitError, match="not valid JSON"):
        from_pretrained(tmp_path / "m")
    with pytest.raises(FtkitError, match="There is no folder"):
        from_pretrained(tmp_path / "nothing")
    weights.unlink()
    with pytest.raises(FtkitError, match="has no model.safetensors"):
        from_pretrained(tmp_path / "m")


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
        (
            lambda e, d: e(ones, torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0]])),
            "Row 1 of the attention_mask is all 0",
        ),
        (lambda e, d: e(ones, ones[:, :3]), "(2, 3), but (2, 4) is needed"),
        (lambda e, d: d(ones, ones[:, :3]), "(2, 3), but (2, 4) is needed"),
        (lambda e, d: generate(d, ones, context), f"at most {context - 4}"),
        (lambda e, d: Config(V, width=30, heads=4), "width of 30"),
        (lambda e, d: Config(V, heads=4, kv_heads=3), "can't share 3"),
        (lambda e, d: Config(V, layers=0), "layers must be 1 or more"),
        (lambda e, d: Config(V, dropout=1.0), "dropout"),
        (lambda e, d: Config(V, positions="rotery"), "Did you mean 'rotary'?"),
        (lambda e, d: Config(V, width=12, heads=4, positions="rotary"), "even head size; it is 3"),
        (lambda e, d: count_parameters(d.config, "decodr"), "Did you mean 'decoder'?"),
        (lambda e, d: count_flops(d.config, 1, 1, "both"), "Unknown kind of model"),
        (lambda e, d: from_pretrained("minilmm"), "minilmm"),
        (lambda e, d: from_pretrained("sotu"), "sotu"),
    ],
)
def test_bad_input_gets_a_sentence(call, says):
    with pytest.raises(FtkitError) as error:
        call(made("encoder", some_configs[1]), made("decoder", some_configs[0]))
    assert says in str(error.value)


def test_a_cache_counts_towards_the_context():
    model, cache = made("decoder", some_configs[0]), None
    cache = model.new_cache()
    model(torch.ones(1, context, dtype=torch.long), cache=cache)
    with pytest.raises(FtkitError, match=f"{context + 1} tokens"):
        model(ones[:1, :1], cache=cache)
