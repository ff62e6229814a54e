"""Real weights: parity with transformers, files, and what broken checkpoints get."""

import dataclasses
import json

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    BertConfig,
    BertForMaskedLM,
    BertModel,
    BertTokenizerFast,
    DistilBertConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    RobertaConfig,
)

from small_models import V, bert, context, gpt, ids_and_mask, llama, made, number, waves

from ftkit.core import FtkitError
from ftkit.foundations import checkpoints
from ftkit.foundations.checkpoints import (
    attend_by_rule,
    config_of,
    convert,
    from_pretrained,
    from_transformers,
    save_pretrained,
)
from ftkit.foundations.transformer import (
    count_parameters,
    generate,
)

few = settings(max_examples=15, deadline=None)


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


def test_what_is_no_model_of_transformers_is_refused():
    for model in (torch.nn.Linear(2, 2), made("decoder", gpt), None):
        with pytest.raises(FtkitError, match=f"A {type(model).__name__} is no model of transform"):
            from_transformers(model)


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
    layers = "n_layer" if name == "gpt2" else "num_hidden_layers"
    assert "no tensor" in spoil(lambda s, t: s.update({layers: 3}), tmp_path, name)


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


@pytest.mark.parametrize(
    "name,setting,value",
    [
        ("gpt2", "scale_attn_by_inverse_layer_idx", True),
        ("gpt2", "scale_attn_weights", False),
        ("gpt2", "scale_attn_weights", None),
        ("gpt2", "add_cross_attention", True),
        ("bert", "is_decoder", True),
        ("bert", "add_cross_attention", True),
        ("bert", "position_embedding_type", "relative_key"),
        ("bert", "embedding_size", 16),
        ("bert", "pruned_heads", {"0": [1]}),
        ("llama", "attention_bias", True),
        ("llama", "mlp_bias", True),
        ("llama", "head_dim", 16),
        ("llama", "partial_rotary_factor", 0.5),
        ("llama", "rope_interleaved", True),
        ("llama", "sliding_window", 8),
        ("llama", "quantization_config", {"bits": 4}),
        ("llama", "invented_in_a_later_release", 2),
        ("llama", "invented_in_a_later_release", False),
    ],
)
def test_a_setting_that_changes_the_answers_is_refused(name, setting, value, tmp_path):
    said = spoil(lambda s, t: s.update({setting: value}), tmp_path, name)
    assert f"of type {name} says {setting} = {value!r}" in said


@pytest.mark.parametrize(
    "rotary,says",
    [
        (dict(rope_type="default", rope_theta=1e4, partial_rotary_factor=0.5), "partial_rotary"),
        (dict(rope_type="default", rope_theta=1e4, later=3), "rope_parameters.later = 3"),
        (dict(type="dynamic", factor=2.0), "scaled (dynamic)"),
        (dict(rope_theta=0), "rotary_base must be more than 0"),
    ],
)
def test_rotary_settings_that_we_do_not_have(rotary, says, tmp_path):
    assert says in spoil(lambda s, t: s.update(rope_parameters=rotary), tmp_path)


def test_a_setting_with_a_new_default_is_known_by_it(monkeypatch):
    "What a later release adds may stand in a file, as long as it has its default value."
    defaults = LlamaConfig().to_dict() | dict(invented_in_a_later_release=2)
    monkeypatch.setattr(LlamaConfig, "to_dict", lambda self: dict(defaults))
    config_of(defaults)
    with pytest.raises(FtkitError, match=r"release = 3; .* only have 2"):
        config_of(defaults | dict(invented_in_a_later_release=3))


# As the files on the Hub have them: names of old releases, of heads, of training, of texts.
real_settings = dict(
    bert=dict(
        _name_or_path="nreimers/MiniLM-L6-H384-uncased",
        architectures=["BertModel"],
        attention_probs_dropout_prob=0.1,
        gradient_checkpointing=False,
        hidden_act="gelu",
        hidden_dropout_prob=0.1,
        hidden_size=384,
        initializer_range=0.02,
        intermediate_size=1536,
        layer_norm_eps=1e-12,
        max_position_embeddings=512,
        model_type="bert",
        num_attention_heads=12,
        num_hidden_layers=6,
        pad_token_id=0,
        position_embedding_type="absolute",
        transformers_version="4.8.2",
        type_vocab_size=2,
        use_cache=True,
        vocab_size=30522,
        pooler_type="first_token_transform",
        directionality="bidi",
        classifier_dropout=None,
        id2label={"0": "LABEL_0"},
        torch_dtype="float16",
    ),
    gpt2=dict(
        activation_function="gelu_new",
        architectures=["GPT2LMHeadModel"],
        attn_pdrop=0.1,
        bos_token_id=50256,
        embd_pdrop=0.1,
        eos_token_id=50256,
        initializer_range=0.02,
        layer_norm_epsilon=1e-05,
        model_type="gpt2",
        n_ctx=1024,
        n_embd=768,
        n_head=12,
        n_layer=12,
        n_positions=1024,
        resid_pdrop=0.1,
        summary_activation=None,
        summary_first_dropout=0.1,
        summary_proj_to_labels=True,
        summary_type="cls_index",
        summary_use_proj=True,
        task_specific_params={"text-generation": {"do_sample": True, "max_length": 50}},
        vocab_size=50257,
    ),
    llama=dict(
        architectures=["LlamaForCausalLM"],
        attention_bias=False,
        attention_dropout=0.0,
        bos_token_id=0,
        eos_token_id=0,
        hidden_act="silu",
        hidden_size=576,
        initializer_range=0.041666666666666664,
        intermediate_size=1536,
        is_llama_config=True,
        max_position_embeddings=8192,
        model_type="llama",
        num_attention_heads=9,
        num_hidden_layers=30,
        num_key_value_heads=3,
        pretraining_tp=1,
        rms_norm_eps=1e-05,
        rope_interleaved=False,
        rope_scaling=None,
        rope_theta=100000,
        tie_word_embeddings=True,
        torch_dtype="bfloat16",
        transformers_version="4.40.1",
        use_cache=True,
        vocab_size=49152,
        **{"transformers.js_config": {"dtype": "q4"}},
    ),
)


@pytest.mark.parametrize("name", list(real_settings))
def test_settings_of_real_files_are_understood(name):
    config = config_of(real_settings[name])
    assert config.layers in (6, 12, 30)
    if name == "llama":
        assert config.rotary_base == 100000 and config.tied and config.kv_heads == 3


@pytest.mark.parametrize(
    "name,options",
    [
        ("gpt2", dict(reorder_and_upcast_attn=True)),
        ("gpt2", dict(embd_pdrop=0.3, attn_pdrop=0.0, summary_type="last")),
        ("llama", dict(pretraining_tp=2, use_cache=False, attention_dropout=0.2)),
    ],
)
def test_settings_that_are_let_through_change_no_answer(name, options):
    ids, _ = ids_and_mask()
    expected = theirs(name)(input_ids=ids).logits
    their = theirs(name, **options)
    torch.testing.assert_close(their(input_ids=ids).logits, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(from_transformers(their)(ids), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_head_that_is_said_to_be_the_embedding(name, tmp_path):
    def give_a_head(settings, tensors):
        settings["tie_word_embeddings"] = True
        embedding = "transformer.wte.weight" if name == "gpt2" else "model.embed_tokens.weight"
        tensors["lm_head.weight"] = tensors[embedding] + 1

    assert "lm_head.weight that is not its" in spoil(give_a_head, tmp_path, name)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_head_that_is_the_embedding_twice_is_loaded(name):
    their = theirs(name, tie_word_embeddings=True)
    tensors = their.state_dict()
    assert "lm_head.weight" in tensors
    ours = convert(tensors, config_of(their.config.to_dict()), name)
    assert ours.head.weight is ours.embeddings.tokens.weight


def test_a_setting_of_our_own_that_is_unknown(tmp_path):
    said = spoil(lambda s, t: s.update(width_of_heads=3), tmp_path, ours=True)
    assert "Unknown setting of a model 'width_of_heads'" in said and "as 3" in said


def test_our_own_settings_without_a_vocabulary(tmp_path):
    assert "has no vocab_size" in spoil(lambda s, t: s.pop("vocab_size"), tmp_path, ours=True)


def test_a_model_that_is_not_ours_is_not_saved(tmp_path):
    with pytest.raises(FtkitError, match="Unknown kind of model 'Linear'"):
        save_pretrained(torch.nn.Linear(2, 2), tmp_path / "m")


def test_a_tensor_in_two_files_is_refused(tmp_path):
    save_pretrained(made("decoder", gpt), tmp_path / "m")
    (tmp_path / "m/old.safetensors").write_bytes((tmp_path / "m/model.safetensors").read_bytes())
    with pytest.raises(FtkitError, match=r"in two files, and one is old\.safetensors"):
        from_pretrained(tmp_path / "m")


def test_shards_are_read_together(tmp_path):
    their = theirs("llama")
    their.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    ids, _ = ids_and_mask()
    ours, _ = from_pretrained(tmp_path)
    torch.testing.assert_close(ours(ids), their(ids).logits, atol=1e-4, rtol=1e-4)


def test_whole_numbers_are_refused(tmp_path):
    def quantize(settings, tensors):
        tensors["transformer.h.0.mlp.c_fc.weight"] = torch.ones(32, 128, dtype=torch.int8)

    assert "whole numbers in h.0.mlp.c_fc.weight" in spoil(quantize, tmp_path, "gpt2")


def test_a_model_that_is_not_what_its_settings_say_is_not_saved(tmp_path):
    untied = made("decoder", gpt)
    untied.head = torch.nn.Linear(*reversed(untied.head.weight.shape), bias=False)
    with pytest.raises(FtkitError, match=r"could not be loaded again: head\.weight is .* nothing"):
        save_pretrained(untied, tmp_path / "m")
    other = made("encoder", bert)
    other.blocks[1].mlp.up = torch.nn.Linear(bert.width, 7)
    with pytest.raises(FtkitError, match=r"blocks\.1\.mlp\.up\.bias is \(7,\)"):
        save_pretrained(other, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_types_and_configs_that_do_not_fit():
    their = theirs("bert")
    config = config_of(their.config.to_dict())
    with pytest.raises(FtkitError, match="Unknown model type 'mamba'"):
        convert(their.state_dict(), config, "mamba")
    with pytest.raises(FtkitError, match=r"type bert has no tensor that is norm\.weight in ours"):
        convert(their.state_dict(), dataclasses.replace(config, norm_first=True), "bert")


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


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("names", [["evil.Thing", None], [None, "evil.Thing"]])
def test_a_folder_with_code_of_its_own_is_refused(file, names, tmp_path):
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"])}
    theirs("bert").save_pretrained(tmp_path)
    BertTokenizerFast(vocab=vocabulary).save_pretrained(tmp_path)
    _, tokenizer = from_pretrained(tmp_path)
    assert tokenizer.convert_ids_to_tokens(4) == "a"
    (tmp_path / "evil.py").write_text("raise SystemExit('this must not run')")
    settings = json.loads((tmp_path / file).read_text())
    settings["auto_map"] = {"AutoTokenizer": names, "AutoModel": "evil.Thing"}
    (tmp_path / file).write_text(json.dumps(settings))
    with pytest.raises(FtkitError, match="auto_map"):
        from_pretrained(tmp_path)


@pytest.mark.parametrize("name", ["minilmm", "sotu"])
def test_a_name_that_is_no_model(name):
    with pytest.raises(FtkitError) as error:
        from_pretrained(name)
    assert name in str(error.value)


def their_small_model(kind):
    "A small model of transformers that calls the fused kernel, without dropout."
    sizes = dict(vocab_size=V, num_hidden_layers=2, num_attention_heads=4)
    torch.manual_seed(0)
    if kind == "llama":
        config = LlamaConfig(
            **sizes, hidden_size=32, intermediate_size=48, num_key_value_heads=2, pad_token_id=0
        )
    elif kind == "gpt2":
        config = GPT2Config(vocab_size=V, n_embd=32, n_layer=2, n_head=4, pad_token_id=0)
    elif kind == "distilbert":
        config = DistilBertConfig(vocab_size=V, dim=32, n_layers=2, n_heads=4, hidden_dim=48)
    else:
        sizes |= dict(hidden_size=32, intermediate_size=48)
        config = dict(bert=BertConfig, roberta=RobertaConfig)[kind](**sizes)
    return AutoModel.from_config(config, attn_implementation="sdpa").eval()


def training_answer(model, ids, mask):
    "What the model says in bfloat16 with gradients, and the gradient of everything."
    with torch.autocast("cpu", torch.bfloat16):
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    loss = states[mask == 1].square().mean()
    slopes = torch.autograd.grad(loss, [p for p in model.parameters()], allow_unused=True)
    return states[mask == 1], torch.cat([s.flatten() for s in slopes if s is not None])


@pytest.mark.parametrize("padding", ["right", "left", "none"])
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "gpt2", "llama"])
def test_transformers_by_our_rule_is_transformers(kind, padding, monkeypatch):
    model = their_small_model(kind)
    ids, mask = ids_and_mask()
    if padding == "left":
        mask = mask.flip(1)
    if padding == "none":
        mask = torch.ones_like(mask)
    usual = training_answer(model, ids, mask)
    asked = []
    real = checkpoints.attention
    monkeypatch.setattr(checkpoints, "attention", lambda *a: asked.append(a) or real(*a))
    assert attend_by_rule(model) is model
    ours = training_answer(model, ids, mask)
    assert len(asked) == 2, "each layer's attention is ours"
    for found, wanted in zip(ours, usual, strict=True):
        assert (found - wanted).norm() < 0.02 * wanted.norm()
    with torch.no_grad():
        model(input_ids=ids, attention_mask=mask)
    assert len(asked) == 2, "without gradients it is the kernel's"


def test_what_the_rule_does_not_know_is_handed_on(monkeypatch):
    model = attend_by_rule(their_small_model("bert"))
    asked = []
    monkeypatch.setattr(checkpoints, "attention", lambda *a: asked.append(a))
    ids, mask = ids_and_mask()
    for layer in model.encoder.layer:
        layer.attention.self.scaling = 1.0
    other_scale, _ = training_answer(model, ids, mask)
    assert not asked
    model.set_attn_implementation("sdpa")
    wanted, _ = training_answer(model, ids, mask)
    assert torch.equal(other_scale, wanted)


def test_the_rule_changes_no_file_and_no_choice_of_yours(tmp_path):
    model = their_small_model("bert")
    model.save_pretrained(tmp_path / "before")
    attend_by_rule(model).save_pretrained(tmp_path / "after")
    before, after = [(tmp_path / f / "config.json").read_text() for f in ("before", "after")]
    assert before == after
    assert AutoModel.from_pretrained(tmp_path / "after").config._attn_implementation == "sdpa"
    model.set_attn_implementation("eager")
    assert attend_by_rule(model).config._attn_implementation == "eager"
    own = made("encoder", bert)
    assert attend_by_rule(own) is own
