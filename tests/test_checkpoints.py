"""Real weights: parity with transformers, files, and what broken checkpoints get."""

import json

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
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
from ftkit.foundations.checkpoints import from_pretrained, from_transformers, save_pretrained
from ftkit.foundations.transformer import (
    bert_config,
    count_parameters,
    generate,
    gpt_config,
    kinds,
    llama_config,
)

V, context = 60, 32
few = settings(max_examples=15, deadline=None)
small = dict(width=32, layers=2, heads=4, context=context)
gpt = gpt_config(V, **small)
bert = bert_config(V, **small)
llama = llama_config(V, kv_heads=2, **small)
waves = gpt_config(V, positions="sinusoidal", bias=False, **small)


def number(model):
    return sum(p.numel() for p in model.parameters())


def ids_and_mask(B=3, T=12, seed=0):
    g = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, T + 1, (B, 1), generator=g)
    lengths[0] = T
    return torch.randint(3, V, (B, T), generator=g), (torch.arange(T) < lengths).long()


def made(kind, config, seed=0):
    "A small model of ours."
    torch.manual_seed(seed)
    return kinds[kind](config).eval()


def theirs(name, seed=0, **options):
    "A small model of transformers."
    torch.manual_seed(seed)
    common = dict(
        vocab_size=V, initializer_range=0.3, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    narrow = dict(n_embd=32, n_layer=2, n_head=4, n_positions=context)
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
        return GPT2LMHeadModel(GPT2Config(**narrow | common | options)).eval()
    return LlamaForCausalLM(LlamaConfig(**common | wide | options)).eval()


# Parity


@few
@given(B=st.integers(1, 4), T=st.integers(1, context), seed=st.integers(0, 99))
def test_encoder_is_bert(B, T, seed):
    ids, mask = ids_and_mask(B, T, seed)
    their = theirs("bert", seed)
    ours = from_transformers(their)
    seen = mask[..., None]
    two_texts = (torch.arange(T) >= T // 2).long().expand(B, T)
    for types in (None, two_texts):
        out = their(input_ids=ids, attention_mask=mask, token_type_ids=types)
        expected = out.last_hidden_state * seen
        torch.testing.assert_close(ours(ids, mask, types) * seen, expected, atol=1e-5, rtol=1e-4)


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
    their = theirs("llama", num_key_value_heads=2)
    ids, _ = ids_and_mask()
    ours = from_transformers(their)
    for model in (their, ours):
        out = model(ids)
        logits = getattr(out, "logits", out)
        F.cross_entropy(logits.flatten(0, 1), ids.flatten()).backward()
    part = their.model.layers[1].self_attn
    expected = torch.cat([p.weight.grad for p in (part.q_proj, part.k_proj, part.v_proj)])
    found = ours.blocks[1].attention.qkv.weight.grad
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-3)
    expected = their.model.embed_tokens.weight.grad
    found = ours.embeddings.tokens.weight.grad
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-3)


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
    their = BertForMaskedLM(theirs("bert").config).eval()
    ids, mask = ids_and_mask()
    seen = mask[..., None]
    expected = their.bert(input_ids=ids, attention_mask=mask).last_hidden_state * seen
    found = from_transformers(their)(ids, mask) * seen
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


# Files


@pytest.mark.parametrize(
    "kind,config",
    [
        ("encoder", bert),
        ("decoder", llama),
        ("decoder", waves),
        ("encoder_decoder", gpt),
    ],
)
def test_saved_and_loaded(kind, config, tmp_path):
    model = made(kind, config)
    ids, _ = ids_and_mask()
    save_pretrained(model, tmp_path / "m")
    again, tokenizer = from_pretrained(tmp_path / "m")
    assert type(again) is type(model) and again.config == model.config
    assert tokenizer is None and not again.training
    arguments = (ids, ids) if kind == "encoder_decoder" else (ids,)
    assert torch.equal(again(*arguments), model(*arguments))
    assert number(again) == number(model), "what was tied is tied"


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_a_folder_of_transformers(name, tmp_path):
    their = theirs(name)
    ids, mask = ids_and_mask()
    their.save_pretrained(tmp_path)
    ours, _ = from_pretrained(tmp_path)
    out = their(input_ids=ids, attention_mask=mask)
    expected = out.last_hidden_state if name == "bert" else out.logits
    assert ((ours(ids, mask) - expected) * mask[..., None]).abs().max() < 1e-4


def spoil(change, tmp_path, name="llama", ours=False):
    "The error that a changed checkpoint gets."
    if ours:
        save_pretrained(made("decoder", gpt), tmp_path / "m")
    else:
        theirs(name).save_pretrained(tmp_path / "m")
    config, weights = tmp_path / "m/config.json", tmp_path / "m/model.safetensors"
    settings, tensors = json.loads(config.read_text()), load_file(weights)
    change(settings, tensors)
    config.write_text(json.dumps(settings))
    save_file(tensors, weights)
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
    linear = dict(rope_type="linear", rope_theta=1e4, factor=2.0)
    assert "scaled (linear)" in spoil(lambda s, t: s.update(rope_parameters=linear), tmp_path)
    assert "must have hidden_size" in spoil(lambda s, t: s.pop("hidden_size"), tmp_path)
    assert "Unknown activation 'swish'" in spoil(
        lambda s, t: s.update(hidden_act="swish"), tmp_path
    )


def test_files_that_are_broken(tmp_path):
    save_pretrained(made("decoder", gpt), tmp_path / "m")
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
    with pytest.raises(FtkitError, match=r"has no model\.safetensors"):
        from_pretrained(tmp_path / "m")


@pytest.mark.parametrize("name", ["minilmm", "sotu"])
def test_a_name_that_is_no_model(name):
    with pytest.raises(FtkitError) as error:
        from_pretrained(name)
    assert name in str(error.value)
