"""LoRA: parity with peft, the properties of the layer, and what bad input gets.

Small random networks; nothing is downloaded."""

import copy
import json
import math
import subprocess
import sys

import pytest
import small_models
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
    DebertaConfig,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    LlamaConfig,
    RobertaConfig,
)
from transformers.pytorch_utils import Conv1D

from ftkit.catalog import assets, cache_dir
from ftkit.core import FtkitError
from ftkit.data import load_encoder
from ftkit.finetuning.finetune import Classifier, finetune
from ftkit.finetuning.lora import (
    LoRA,
    LoRALinear,
    LowRankProduct,
    adapter_base,
    adapter_config,
    adapter_labels,
    energy_kept,
    head_modules,
    inject,
    load_adapter,
    lora_layers,
    merge,
    merged_weight,
    plain_model,
    save_adapter,
    trainable_parameters,
    unmerge,
)

targets = ["query", "key", "value", "dense"]
config = BertConfig(
    vocab_size=60,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=48,
    max_position_embeddings=20,
)


def bert(seed=0, **options):
    torch.manual_seed(seed)
    return BertForSequenceClassification(BertConfig(**config.to_dict() | options)).eval()


def batch(n=3, length=7, seed=0):
    g = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 60, (n, length), generator=g)
    mask = torch.ones_like(ids)
    mask[0, length // 2 :] = 0
    return dict(input_ids=ids, attention_mask=mask, labels=torch.randint(0, 2, (n,), generator=g))


def fill_updates(model):
    "Updates that are not zero."
    for layer in lora_layers(model).values():
        nn.init.normal_(layer.lora_B, std=0.1)


def adapted(seed=0, rank=4, alpha=8, dropout=0.0):
    "An injected model whose update is not zero."
    model = inject(bert(seed), targets, rank, alpha, dropout)
    fill_updates(model)
    return model.eval()


def filled_layer(linear, rank=2, **options):
    layer = LoRALinear(linear, rank, **options)
    nn.init.normal_(layer.lora_B)
    return layer


def logits(model, **options):
    with torch.no_grad():
        return model(**batch(**options)).logits


def train(model, steps, lr=1e-2):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=lr)
    losses = []
    for _ in range(steps):
        loss = model(**batch()).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# the product


@settings(max_examples=25, deadline=None)
@given(
    T=st.integers(1, 5),
    n=st.integers(1, 6),
    m=st.integers(1, 6),
    r=st.integers(1, 3),
    s=st.floats(-2, 2),
    bias=st.booleans(),
    seed=st.integers(0, 99),
)
def test_product_and_its_gradients_equal_two_paths(T, n, m, r, s, bias, seed):
    g = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=g)

    x = draw(2, T, n).requires_grad_()
    A = draw(r, n).requires_grad_()
    B = draw(m, r).requires_grad_()
    W = draw(m, n)
    b = draw(m) if bias else None
    mine = LowRankProduct.apply(x, W, b, A, B, s, torch.float64)
    theirs = F.linear(x, W, b) + s * x @ A.T @ B.T
    torch.testing.assert_close(mine, theirs)
    weights = draw(*mine.shape)
    by_hand = torch.autograd.grad((mine * weights).sum(), (x, A, B))
    by_autograd = torch.autograd.grad((theirs * weights).sum(), (x, A, B))
    for gradient, expected in zip(by_hand, by_autograd):
        torch.testing.assert_close(gradient, expected)


def test_product_passes_gradcheck_and_takes_one_vector():
    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    W = draw(4, 5).detach()
    A = draw(2, 5)
    B = draw(4, 2)

    def product(x, A, B):
        return LowRankProduct.apply(x, W, None, A, B, 0.7, torch.float64)

    for shape in ((5,), (3, 5), (2, 3, 5)):
        assert torch.autograd.gradcheck(product, (draw(*shape), A, B))


def test_no_input_gradient_is_computed_where_none_is_needed():
    layer = filled_layer(nn.Linear(6, 4))
    x = torch.randn(3, 6)
    layer(x).sum().backward()
    assert x.grad is None
    assert layer.lora_A.grad.abs().sum() > 0
    assert layer.weight.grad is None


def test_autocast_gives_bfloat16_near_float32():
    layer = filled_layer(nn.Linear(32, 16), 4)
    x = torch.randn(5, 32)
    exact = layer(x)
    exact.square().sum().backward()
    exact_grads = [p.grad.clone() for p in (layer.lora_A, layer.lora_B)]
    layer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    y.float().square().sum().backward()
    assert (y - exact).norm() < 0.02 * exact.norm()
    for p, g in zip((layer.lora_A, layer.lora_B), exact_grads):
        assert p.grad.dtype == torch.float32
        assert (p.grad - g).norm() < 0.03 * g.norm()


def test_a_bfloat16_base_keeps_float32_updates():
    layer = filled_layer(nn.Linear(8, 6).bfloat16())
    assert layer.lora_A.dtype == torch.float32
    y = layer(torch.randn(3, 8, dtype=torch.bfloat16))
    assert y.dtype == torch.bfloat16
    y.sum().backward()
    assert layer.lora_A.grad.abs().sum() > 0


def test_an_unfrozen_weight_gets_its_gradient_too():
    layer = filled_layer(nn.Linear(6, 4))
    x = torch.randn(3, 6)
    frozen = layer(x)
    layer.weight.requires_grad_(True)
    torch.testing.assert_close(layer(x), frozen)
    layer(x).sum().backward()
    torch.testing.assert_close(layer.weight.grad, x.sum(0).expand(4, 6))


# the layer in a network


@settings(max_examples=10, deadline=None)
@given(rank=st.integers(1, 40), seed=st.integers(0, 5))
def test_identity_at_start_and_the_count(rank, seed):
    model = bert(seed)
    before = logits(model)
    inject(model, targets, rank)
    assert torch.equal(logits(model), before)
    layers = lora_layers(model).values()
    added = sum(rank * (layer.in_features + layer.out_features) for layer in layers)
    assert added == rank * (2 * (4 * 64 + 80 + 80) + 64)
    plain = sum(p.numel() for p in bert().parameters())
    assert trainable_parameters(model) == (added + 2 * 32 + 2, plain + added)


def test_initialisation_is_that_of_peft():
    layer = LoRALinear(nn.Linear(400, 300), 16)
    assert layer.lora_A.abs().max() <= 1 / math.sqrt(400)
    spread = float(layer.lora_A.detach().std())
    assert spread == pytest.approx(1 / math.sqrt(3 * 400), rel=0.05)
    assert not layer.lora_B.any()


def test_training_moves_every_update_and_nothing_frozen():
    model = inject(bert(), targets, 4).train()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    train(model, 1)
    assert all(layer.lora_B.any() for layer in lora_layers(model).values())
    train(model, 3)
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name]) != p.requires_grad, name


@pytest.mark.parametrize(
    "options, inputs", [(dict(use_reentrant=False), False), (dict(use_reentrant=True), True)]
)
def test_gradient_checkpointing_reaches_every_layer_with_equal_gradients(options, inputs):
    def gradients(checkpoint):
        torch.manual_seed(0)
        model = adapted().train()
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        if checkpoint:
            model.gradient_checkpointing_enable(options)
            if inputs:
                model.enable_input_require_grads()
        model(**batch()).loss.backward()
        return {n: (x.lora_A.grad, x.lora_B.grad) for n, x in lora_layers(model).items()}

    plain = gradients(False)
    checked = gradients(True)
    assert len(checked) == 13
    for name in plain:
        torch.testing.assert_close(checked[name], plain[name])


def test_merge_and_unmerge():
    model = adapted()
    base = {n: p.detach().clone() for n, p in model.named_parameters()}
    before = logits(model)
    merged_twice = logits(merge(merge(model)))  # twice is once
    torch.testing.assert_close(merged_twice, before, atol=1e-6, rtol=0)
    assert not torch.equal(model.bert.pooler.dense.weight, base["bert.pooler.dense.weight"])
    assert torch.equal(logits(unmerge(unmerge(model))), before)
    assert all(torch.equal(p, base[n]) for n, p in model.named_parameters())


def test_a_merged_model_refuses_to_train():
    with pytest.raises(FtkitError, match="unmerge"):
        merge(adapted()).train()(**batch())


def test_plain_model_is_a_copy_without_lora():
    model = adapted()
    plain = plain_model(model)
    assert not lora_layers(plain)
    assert len(lora_layers(model)) == 13
    assert list(plain.state_dict()) == list(bert().state_dict())
    assert type(plain.bert.pooler.dense) is nn.Linear
    torch.testing.assert_close(logits(plain), logits(model), atol=1e-6, rtol=0)
    with torch.no_grad():
        plain.bert.pooler.dense.weight.zero_()
        plain.classifier.weight.zero_()
        plain.bert.embeddings.word_embeddings.weight.zero_()
    assert model.bert.pooler.dense.weight.any()
    assert model.classifier.weight.any()
    assert model.bert.embeddings.word_embeddings.weight.any()


def test_dropout_only_in_training_and_only_on_the_update():
    linear = nn.Linear(8, 8)
    layer = LoRALinear(linear, 2, dropout=0.5)
    x = torch.randn(4, 8)
    assert torch.equal(layer.train()(x), linear(x))  # B is zero: nothing to drop
    nn.init.normal_(layer.lora_B)
    assert not torch.equal(layer(x), layer(x))
    expected = linear(x) + layer.scaling * x @ layer.lora_A.T @ layer.lora_B.T
    torch.testing.assert_close(layer.eval()(x), expected)


def test_deepcopy_and_pickle_of_a_trained_model(tmp_path):
    model = adapted()
    torch.testing.assert_close(logits(copy.deepcopy(model)), logits(model))
    torch.save(model.state_dict(), tmp_path / "state.pt")
    other = inject(bert(3), targets, 4, 8)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert torch.equal(logits(other), logits(model))


# peft


def peft_model(**options):
    torch.manual_seed(0)
    settings = dict(r=4, lora_alpha=8, target_modules=targets, task_type="SEQ_CLS") | options
    return get_peft_model(bert(), LoraConfig(**settings))


def test_peft_loads_ours_and_trains_alike(tmp_path):
    mine = adapted()
    save_adapter(mine, tmp_path / "a")
    theirs = PeftModel.from_pretrained(bert(), tmp_path / "a", is_trainable=True).eval()
    torch.testing.assert_close(logits(theirs), logits(mine), atol=1e-5, rtol=0)
    losses = train(mine, 5)
    assert losses == pytest.approx(train(theirs, 5), abs=1e-5)
    assert losses[-1] < losses[0]
    assert trainable_parameters(mine)[0] == theirs.get_nb_trainable_parameters()[0]


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(use_rslora=True),
        dict(target_modules="all-linear"),
        dict(target_modules=["query", "value"], lora_dropout=0.1),
        dict(target_modules=r".*layer\.1\..*dense"),
        dict(layers_to_transform=[1], target_modules=["key"]),
        dict(exclude_modules=["pooler.dense"]),
        dict(r=50),  # more than the layers' 32 and 48
        dict(init_lora_weights="gaussian"),
        dict(init_lora_weights="orthogonal"),
        dict(init_lora_weights="mica"),
        dict(init_lora_weights="pissa"),
        dict(init_lora_weights="pissa", use_rslora=True),
        dict(init_lora_weights="olora"),
        dict(init_lora_weights="olora", r=3, lora_alpha=5),
    ],
)
def test_we_load_peft(tmp_path, options):
    theirs = peft_model(**options)
    for name, p in theirs.named_parameters():
        if "lora_B" in name:
            p.data += 0.1 * torch.randn(p.shape)
    nn.init.normal_(theirs.base_model.model.classifier.modules_to_save["default"].weight)
    theirs.save_pretrained(tmp_path)
    mine = load_adapter(bert(), tmp_path).eval()
    torch.testing.assert_close(logits(mine), logits(theirs.eval()), atol=1e-6, rtol=0)
    save_adapter(mine, tmp_path / "again")
    again = PeftModel.from_pretrained(bert(), tmp_path / "again").eval()
    torch.testing.assert_close(logits(again), logits(theirs), atol=1e-6, rtol=0)


def test_a_module_trained_in_full_is_that_of_peft(tmp_path):
    more = dict(targets=["query", "value"], modules_to_save=["pooler"])
    mine = inject(bert(), rank=4, alpha=8, **more).eval()
    pooler = mine.bert.pooler.dense.weight
    before = pooler.detach().clone()
    assert pooler.requires_grad and not any("pooler" in name for name in lora_layers(mine))
    save_adapter(mine, tmp_path / "start")
    theirs = PeftModel.from_pretrained(bert(), tmp_path / "start", is_trainable=True).eval()
    assert trainable_parameters(mine)[0] == theirs.get_nb_trainable_parameters()[0]
    assert train(mine, 10) == pytest.approx(train(theirs, 10), abs=1e-5)
    assert not torch.equal(pooler, before), "it has learned"
    save_adapter(mine, tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs")
    # the pooler comes back, in every direction; another base of the name has another one
    for folder in ("ours", "theirs"):
        for model in (bert(), bert(seed=5)):
            model.bert.pooler.dense.weight.data.normal_()
            loaded = load_adapter(model, tmp_path / folder).eval()
            torch.testing.assert_close(loaded.bert.pooler.dense.weight, pooler, atol=1e-5, rtol=0)
        torch.testing.assert_close(
            logits(load_adapter(bert(), tmp_path / folder).eval()), logits(mine), atol=1e-5, rtol=0
        )
    back = PeftModel.from_pretrained(bert(), tmp_path / "ours").eval()
    torch.testing.assert_close(logits(back), logits(mine), atol=1e-5, rtol=0)
    torch.testing.assert_close(logits(plain_model(mine)), logits(mine), atol=1e-5, rtol=0)


def test_all_linear_leaves_out_what_is_trained_in_full():
    model = LoRA(rank=2, modules_to_save="pooler").prepare(bert())
    assert not any("pooler" in name for name in lora_layers(model))
    assert "modules_to_save='pooler'" in repr(LoRA(modules_to_save="pooler"))
    # the head needs no second mention
    again = inject(bert(), ["query"], modules_to_save=["classifier"])
    assert adapter_config(again)["modules_to_save"] == ["classifier"]


def test_the_base_is_left_as_it_is_by_an_adapter_that_changed_it_in_peft(tmp_path):
    peft_model(init_lora_weights="pissa").save_pretrained(tmp_path)
    model = load_adapter(bert(), tmp_path).eval()
    base = bert().state_dict()
    layers = lora_layers(model)
    assert {layer.rank for layer in layers.values()} == {8}, (
        "what was taken out, and what is put in"
    )
    assert all(torch.equal(layer.weight, base[f"{n}.weight"]) for n, layer in layers.items())
    assert adapter_config(model)["init_lora_weights"] is True
    torch.testing.assert_close(logits(model), logits(bert()), atol=1e-5, rtol=0)
    with pytest.raises(FtkitError, match="began as pissa"):
        load_adapter(adapted(), tmp_path)


def test_the_base_is_named_so_that_others_can_load_it():
    def named(path):
        model = adapted()
        model.config._name_or_path = str(path)
        return adapter_config(model)["base_model_name_or_path"]

    hub = "/home/me/.cache/huggingface/hub/models--owner--a-name/snapshots/0123abc/"
    assert named(hub) == "owner/a-name"
    assert named("C:\\Users\\me\\hub\\models--bert--base\\snapshots\\0123\\") == "bert/base"
    minilm = assets["minilm"]
    assert named(cache_dir() / "assets" / minilm.key) == minilm.mirror
    assert named("") is None
    assert named("bert-base-cased") == "bert-base-cased"
    assert named("models/mine") == "models/mine"


def test_the_files_have_the_same_keys_as_pefts(tmp_path):
    peft_model().save_pretrained(tmp_path / "peft")
    save_adapter(adapted(), tmp_path / "mine")

    def shapes(folder):
        state = load_file(tmp_path / folder / "adapter_model.safetensors")
        return {name: tensor.shape for name, tensor in state.items()}

    def configuration(folder):
        return json.loads((tmp_path / folder / "adapter_config.json").read_text())

    assert shapes("mine") == shapes("peft")
    ours = configuration("mine")
    theirs = configuration("peft")
    assert set(ours) <= set(theirs)
    for key in set(ours) - {"target_modules", "modules_to_save", "base_model_name_or_path"}:
        assert ours[key] == theirs[key], key
    assert set(ours["target_modules"]) == set(theirs["target_modules"])
    assert set(ours["modules_to_save"]) <= set(theirs["modules_to_save"])


def test_an_encoder_without_a_head(tmp_path):
    def encoder():
        torch.manual_seed(0)
        return BertModel(config).eval()

    model = inject(encoder(), targets, 4)
    fill_updates(model)
    save_adapter(model, tmp_path)
    assert adapter_config(model)["task_type"] == "FEATURE_EXTRACTION"
    x = {k: v for k, v in batch().items() if k != "labels"}
    with torch.no_grad():
        wanted = model(**x).pooler_output
        ours = load_adapter(encoder(), tmp_path)(**x).pooler_output
        theirs = PeftModel.from_pretrained(encoder(), tmp_path)(**x).pooler_output
    torch.testing.assert_close(ours, wanted)
    torch.testing.assert_close(theirs, wanted, atol=1e-6, rtol=0)


def test_targets_that_leave_out_a_namesake_are_saved_in_full(tmp_path):
    model = inject(bert(), ["attention.output.dense"], 2)
    assert len(lora_layers(model)) == 2
    fill_updates(model)
    save_adapter(model, tmp_path)
    theirs = PeftModel.from_pretrained(bert(), tmp_path).eval()
    torch.testing.assert_close(logits(theirs), logits(model), atol=1e-6, rtol=0)


# what the pretrained file lacks

words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(55))]
tiny = dict(vocab_size=60, max_position_embeddings=20)
distil = DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=48, **tiny)
deberta = DebertaV2Config(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=48,
    pooler_hidden_size=32,
    **tiny,
)


def base_folder(kind, folder):
    "The folder of a pretrained encoder without what a classifier adds."
    torch.manual_seed(0)
    encoders = dict(
        distilbert=lambda: DistilBertModel(distil),
        deberta=lambda: DebertaV2Model(deberta),
        bert=lambda: BertModel(config, add_pooling_layer=False),
    )
    encoders[kind]().save_pretrained(folder)
    BertTokenizerFast(vocab={word: i for i, word in enumerate(words)}).save_pretrained(folder)
    return folder


new_modules = dict(
    distilbert=["classifier", "pre_classifier"],
    deberta=["classifier", "pooler.dense"],
    bert=["bert.pooler.dense", "classifier"],
)
kinds = pytest.mark.parametrize("kind", list(new_modules))


def trained_classifier(folder):
    "A classifier on this base after a few steps with LoRA."
    model, _ = load_encoder(folder, num_labels=2)
    torch.manual_seed(1)
    inject(model, "all-linear", 4)
    train(model, 3)
    return model.eval()


@kinds
def test_what_is_new_is_trained_saved_and_loaded_on_another_draw(kind, tmp_path):
    base = base_folder(kind, tmp_path / "base")
    fresh, _ = load_encoder(base, num_labels=2)
    model = trained_classifier(base)
    assert sorted(head_modules(model)) == new_modules[kind]
    for name, module in head_modules(model).items():
        assert not any(isinstance(part, LoRALinear) for part in module.modules())
        assert not torch.equal(module.weight, fresh.get_submodule(name).weight)
    save_adapter(model, tmp_path / "a")
    written = json.loads((tmp_path / "a" / "adapter_config.json").read_text())
    assert written["modules_to_save"] == new_modules[kind]
    assert written["base_model_name_or_path"] == str(base)
    other, _ = load_encoder(base, num_labels=2, seed=5)
    assert not torch.equal(other.classifier.weight, fresh.classifier.weight)
    again = load_adapter(other, tmp_path / "a").eval()
    assert torch.equal(logits(again), logits(model))
    assert sorted(head_modules(again)) == new_modules[kind]


@kinds
def test_a_classifier_on_a_base_that_lacks_modules_answers_alike_after_loading(kind, tmp_path):
    "The stated value: P(pos) .998 became .127."
    base = base_folder(kind, tmp_path / "base")
    data = dict(text=["w1 w2", "w3"] * 8, label=["pos", "neg"] * 8)
    method = LoRA(rank=2, targets="all-linear", learning_rate=0.02)
    classifier = finetune(
        data, model=str(base), method=method, epochs=4, max_length=12, seed=3, progress=False
    )
    expected = classifier.probabilities(data["text"][:2])
    classifier.save(tmp_path / "m", adapter_only=True)
    again = Classifier.load(tmp_path / "m")
    assert again.probabilities(data["text"][:2]) == pytest.approx(expected, abs=1e-6)


@kinds
def test_what_is_new_travels_to_peft_and_back(kind, tmp_path):
    base = base_folder(kind, tmp_path / "base")
    model = trained_classifier(base)
    save_adapter(model, tmp_path / "mine")
    other, _ = load_encoder(base, num_labels=2, seed=5)
    theirs = PeftModel.from_pretrained(other, tmp_path / "mine", is_trainable=True).eval()
    torch.testing.assert_close(logits(theirs), logits(model), atol=1e-5, rtol=0)
    train(theirs, 2)
    theirs.eval().save_pretrained(tmp_path / "theirs", save_embedding_layers=False)
    for seed in (6, 7):
        other, _ = load_encoder(base, num_labels=2, seed=seed)
        mine = load_adapter(other, tmp_path / "theirs").eval()
        torch.testing.assert_close(logits(mine), logits(theirs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["deberta", "bert"])
def test_an_adapter_without_what_is_new_is_refused(kind, tmp_path):
    base = base_folder(kind, tmp_path / "base")
    model, _ = load_encoder(base, num_labels=2)
    settings = LoraConfig(r=4, target_modules="all-linear", task_type="SEQ_CLS")
    get_peft_model(model, settings).save_pretrained(tmp_path / "a", save_embedding_layers=False)
    lost = min(name for name in new_modules[kind] if "pooler" in name)
    other, _ = load_encoder(base, num_labels=2, seed=5)
    with pytest.raises(FtkitError, match=f"does not hold {lost}.bias.*random"):
        load_adapter(other, tmp_path / "a")
    assert untouched(other)


def test_the_adapter_says_what_it_trained(tmp_path):
    "On a base that has its head, an adapter without one leaves that head as it is."
    bert().save_pretrained(tmp_path / "base")
    BertTokenizerFast(vocab={w: i for i, w in enumerate(words)}).save_pretrained(tmp_path / "base")
    model, _ = load_encoder(tmp_path / "base", num_labels=2)
    theirs = get_peft_model(model, LoraConfig(r=4, target_modules=["query"]))
    for name, p in theirs.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(p, std=0.1)
    theirs.eval().save_pretrained(tmp_path / "a", save_embedding_layers=False)
    mine, _ = load_encoder(tmp_path / "base", num_labels=2, seed=3)
    load_adapter(mine, tmp_path / "a").eval()
    torch.testing.assert_close(logits(mine), logits(theirs), atol=1e-6, rtol=0)
    assert not head_modules(mine) and not mine.classifier.weight.requires_grad
    with pytest.raises(FtkitError, match=r"does not hold classifier\.bias"):
        load_adapter(bert(), tmp_path / "a")  # nothing is known of this one's head


def test_without_pretrained_weights_only_the_head_is_trained_in_full(tmp_path):
    base = base_folder("bert", tmp_path)
    model, _ = load_encoder(base, num_labels=2, pretrained=False)
    assert list(head_modules(inject(model, "all-linear", 2))) == ["classifier"]


def test_a_plain_model_is_no_longer_one_with_an_adapter(tmp_path):
    model = trained_classifier(base_folder("distilbert", tmp_path))
    again = inject(plain_model(model), "all-linear", 2)
    torch.testing.assert_close(logits(again.eval()), logits(model), atol=1e-5, rtol=0)
    assert sorted(head_modules(again)) == new_modules["distilbert"]


# added tokens


def grown_classifier(base, rows=63):
    model, _ = load_encoder(base, num_labels=2)
    model.resize_token_embeddings(rows)
    torch.manual_seed(2)
    inject(model, "all-linear", 4)
    fill_updates(model)
    return model.eval()


def new_tokens(model):
    "The logits of a text with tokens that the base did not have."
    ids = torch.tensor([[2, 60, 7, 62, 3]])
    with torch.no_grad():
        return model(ids).logits


@kinds
def test_added_tokens_are_saved_with_the_adapter_and_loaded(kind, tmp_path):
    base = base_folder(kind, tmp_path / "base")
    model = grown_classifier(base)
    save_adapter(model, tmp_path / "a")
    fresh, _ = load_encoder(base, num_labels=2, seed=5)
    again = load_adapter(fresh, tmp_path / "a").eval()
    assert again.config.vocab_size == 63
    assert torch.equal(new_tokens(again), new_tokens(model))
    assert not again.get_input_embeddings().weight.requires_grad
    theirs, _ = load_encoder(base, num_labels=2, seed=6)
    theirs.resize_token_embeddings(63)
    theirs = PeftModel.from_pretrained(theirs, tmp_path / "a").eval()
    torch.testing.assert_close(new_tokens(theirs), new_tokens(model), atol=1e-5, rtol=0)
    theirs.save_pretrained(tmp_path / "theirs", save_embedding_layers=True)
    fresh, _ = load_encoder(base, num_labels=2, seed=7)
    mine = load_adapter(fresh, tmp_path / "theirs").eval()
    torch.testing.assert_close(new_tokens(mine), new_tokens(model), atol=1e-5, rtol=0)
    save_adapter(mine, tmp_path / "again")
    fresh, _ = load_encoder(base, num_labels=2, seed=8)
    again = load_adapter(fresh, tmp_path / "again").eval()
    assert torch.equal(new_tokens(again), new_tokens(mine))


def test_the_base_is_not_grown_for_an_adapter_that_does_not_fit(tmp_path):
    base = base_folder("bert", tmp_path / "base")
    save_adapter(grown_classifier(base), tmp_path / "a")
    fresh, _ = load_encoder(base, num_labels=3)
    with pytest.raises(FtkitError, match="classifier"):
        load_adapter(fresh, tmp_path / "a")
    assert fresh.config.vocab_size == 60 and untouched(fresh)


def test_an_adapter_without_the_added_tokens_is_refused(tmp_path):
    base = base_folder("bert", tmp_path / "base")
    save_adapter(trained_classifier(base), tmp_path / "small")
    grown, _ = load_encoder(base, num_labels=2)
    grown.resize_token_embeddings(63)
    with pytest.raises(FtkitError, match=r"does not hold bert\.embeddings\.word_embeddings"):
        load_adapter(grown, tmp_path / "small")
    save_adapter(grown_classifier(base), tmp_path / "large")
    model, _ = load_encoder(base, num_labels=2)
    load_adapter(model, tmp_path / "large")
    with pytest.raises(FtkitError, match=r"does not hold bert\.embeddings\.word_embeddings"):
        load_adapter(model, tmp_path / "small")


@pytest.mark.parametrize("tied", [True, False])
def test_added_tokens_of_a_language_model_bring_the_output_layer(tied, tmp_path):
    gpt2(tie_word_embeddings=tied).save_pretrained(tmp_path / "base")

    def base():
        return GPT2LMHeadModel.from_pretrained(tmp_path / "base").eval()

    model = base()
    model.resize_token_embeddings(63)
    inject(model, "all-linear", 4)
    fill_updates(model)
    save_adapter(model, tmp_path / "a")
    again = load_adapter(base(), tmp_path / "a").eval()
    assert torch.equal(new_tokens(again), new_tokens(model.eval()))
    assert (again.lm_head.weight is again.transformer.wte.weight) == tied


def test_a_classifier_with_added_tokens_answers_alike_after_loading(tmp_path):
    "The stated value: .54 became .19, with the tokenizer and the embeddings of the base."
    base = base_folder("bert", tmp_path / "base")
    model, tokenizer = load_encoder(base, num_labels=2, label_names=["no", "yes"])
    tokenizer.add_tokens(["newword", "otherword"])
    texts = ["w1 newword w2", "otherword", "w1 w2"]
    classifier = Classifier(model, tokenizer, ["no", "yes"], LoRA(rank=2), 12, base=str(base))
    with pytest.raises(FtkitError, match=r"62 tokens .* embeddings for 60"):
        classifier.save(tmp_path / "m", adapter_only=True)
    model.resize_token_embeddings(len(tokenizer))
    classifier.method.prepare(model)
    fill_updates(model)
    nn.init.normal_(model.get_input_embeddings().weight.data[60:])
    nn.init.normal_(model.classifier.weight.data, std=5)
    expected = classifier.probabilities(texts)
    classifier.save(tmp_path / "m", adapter_only=True)
    again = Classifier.load(tmp_path / "m")
    assert len(again.tokenizer) == 62
    assert again.probabilities(texts) == pytest.approx(expected, abs=1e-5)
    again.tokenizer = load_encoder(base)[1]
    assert abs(again.probabilities(texts) - expected).max() > 1e-3


def test_an_embedding_trained_apart_from_its_tied_output_is_refused(tmp_path):
    settings = LoraConfig(
        r=4, target_modules=["c_attn"], modules_to_save=["wte"], fan_in_fan_out=True
    )
    get_peft_model(gpt2(), settings).save_pretrained(tmp_path)
    with pytest.raises(FtkitError, match=r"wte that was trained by itself"):
        load_adapter(gpt2(), tmp_path)
    mine = load_adapter(gpt2(tie_word_embeddings=False), tmp_path)
    assert list(head_modules(mine)) == ["transformer.wte"]


# layers of other kinds


def gpt2(seed=0, head=False, **options):
    "A small GPT-2: a language model, or a classifier."
    settings = GPT2Config(
        vocab_size=60,
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=20,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        **options,
    )
    torch.manual_seed(seed)
    kind = GPT2ForSequenceClassification if head else GPT2LMHeadModel
    return kind(settings).eval()


def gpt2_logits(model):
    ids = torch.randint(3, 60, (3, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model(ids).logits


def test_all_linear_on_gpt2_finds_its_blocks_and_not_the_output_layer():
    for tied in (True, False):
        model = inject(gpt2(tie_word_embeddings=tied), "all-linear", 4)
        layers = lora_layers(model)
        assert len(layers) == 8 and "lm_head" not in layers
        assert {name.split(".")[-1] for name in layers} == {"c_attn", "c_proj", "c_fc"}
    assert "lm_head" in lora_layers(inject(gpt2(tie_word_embeddings=False), "lm_head", 4))
    with pytest.raises(FtkitError, match="lm_head, which shares its weight"):
        inject(gpt2(), "lm_head", 4)


def test_gpt2_merges_unmerges_trains_and_becomes_plain():
    model = gpt2()
    names = list(model.state_dict())
    before = gpt2_logits(model)
    inject(model, "all-linear", 4, 8)
    torch.testing.assert_close(gpt2_logits(model), before, atol=1e-6, rtol=0)
    fill_updates(model)
    base = {name: p.detach().clone() for name, p in model.named_parameters()}
    updated = gpt2_logits(model)
    assert (updated - before).abs().max() > 1e-3
    torch.testing.assert_close(gpt2_logits(merge(model)), updated, atol=1e-5, rtol=0)
    assert torch.equal(gpt2_logits(unmerge(model)), updated)
    assert all(torch.equal(p, base[name]) for name, p in model.named_parameters())
    plain = plain_model(model)
    assert list(plain.state_dict()) == names
    assert type(plain.transformer.h[0].attn.c_attn) is Conv1D
    torch.testing.assert_close(gpt2_logits(plain), updated, atol=1e-5, rtol=0)
    ids = torch.randint(3, 60, (3, 7))
    model.train()(ids, labels=ids).loss.backward()
    for layer in lora_layers(model).values():
        assert layer.lora_A.grad.any() and layer.lora_B.grad.any()


@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize("way", [True, "pissa"])
def test_gpt2_travels_between_peft_and_ftkit(head, way, tmp_path):
    torch.manual_seed(0)
    settings = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules="all-linear",
        fan_in_fan_out=True,
        init_lora_weights=way,
        task_type="SEQ_CLS" if head else "CAUSAL_LM",
    )
    theirs = get_peft_model(gpt2(head=head), settings).eval()
    for name, p in theirs.named_parameters():
        if "lora_B" in name:
            p.data += 0.1 * torch.randn(p.shape)
    theirs.save_pretrained(tmp_path / "theirs")
    mine = load_adapter(gpt2(head=head), tmp_path / "theirs").eval()
    torch.testing.assert_close(gpt2_logits(mine), gpt2_logits(theirs), atol=1e-5, rtol=0)
    save_adapter(mine, tmp_path / "mine")
    written = json.loads((tmp_path / "mine" / "adapter_config.json").read_text())
    assert written["fan_in_fan_out"] is True
    again = PeftModel.from_pretrained(gpt2(head=head), tmp_path / "mine").eval()
    torch.testing.assert_close(gpt2_logits(again), gpt2_logits(theirs), atol=1e-5, rtol=0)


def test_olora_on_a_conv1d_is_refused(tmp_path):
    model = inject(gpt2(), "all-linear", 4)
    save_adapter(model, tmp_path)
    change_settings(tmp_path, init_lora_weights="olora")
    with pytest.raises(FtkitError, match="a Conv1D, whose weight"):
        load_adapter(gpt2(), tmp_path)


# both ways for the families that people use, with their heads

sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48)
llama = LlamaConfig(**sizes, num_key_value_heads=1, bos_token_id=1, eos_token_id=2, **tiny)
gpt2_config = GPT2Config(vocab_size=60, n_embd=32, n_layer=2, n_head=2, n_positions=20)
families = dict(
    bert=config,
    distilbert=distil,
    roberta=RobertaConfig(**sizes, **tiny),
    deberta=DebertaConfig(**sizes, pooler_hidden_size=32, **tiny),
    deberta_v2=deberta,
    gpt2=gpt2_config,
    llama=llama,
)
classifiers = [(family, AutoModelForSequenceClassification) for family in families]
writers = [(family, AutoModelForCausalLM) for family in ("gpt2", "llama")]


def of_family(family, kind, head_seed=0):
    "A small model of the family; its body is always the same, its head is drawn from the seed."
    torch.manual_seed(0)
    settings = copy.deepcopy(families[family])
    settings.pad_token_id = 0
    model = kind.from_config(settings).eval()
    torch.manual_seed(head_seed)
    for head in head_modules(model).values():
        for p in head.parameters():
            nn.init.normal_(p, std=0.5)
    return model


def answers(model):
    ids = torch.randint(3, 60, (3, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits


@pytest.mark.parametrize("family, kind", classifiers + writers)
def test_a_family_travels_to_peft_with_its_head(family, kind, tmp_path):
    model = inject(of_family(family, kind), rank=4)
    fill_updates(model)
    save_adapter(model.eval(), tmp_path)
    theirs = PeftModel.from_pretrained(of_family(family, kind, 1), tmp_path).eval()
    torch.testing.assert_close(answers(theirs), answers(model), atol=1e-5, rtol=0)
    mine = load_adapter(of_family(family, kind, 2), tmp_path).eval()
    torch.testing.assert_close(answers(mine), answers(model), atol=1e-6, rtol=0)


@pytest.mark.parametrize("family, kind", classifiers + writers)
def test_a_family_comes_from_peft_with_its_head(family, kind, tmp_path):
    heads = list(head_modules(of_family(family, kind)))
    settings = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=sorted(lora_layers(inject(of_family(family, kind)))),
        task_type="SEQ_CLS" if heads else "CAUSAL_LM",
        modules_to_save=list(heads) or None,  # peft adds to it
        fan_in_fan_out=family == "gpt2",
    )
    theirs = get_peft_model(of_family(family, kind), settings).eval()
    for name, p in theirs.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            nn.init.normal_(p, std=0.1)
    theirs.save_pretrained(tmp_path, save_embedding_layers=False)
    mine = load_adapter(of_family(family, kind, 1), tmp_path).eval()
    assert sorted(head_modules(mine)) == sorted(heads)
    torch.testing.assert_close(answers(mine), answers(theirs), atol=1e-5, rtol=0)


def test_our_decoder_is_adapted_saved_and_loaded_and_its_head_is_no_target(tmp_path):
    for config in (small_models.gpt, small_models.llama):
        model = small_models.made("decoder", config)
        ids, _ = small_models.ids_and_mask()
        before = model(ids)
        inject(model, rank=2)
        assert "head" not in lora_layers(model) and len(lora_layers(model)) >= 8
        assert torch.equal(model(ids), before)
        fill_updates(model)
        save_adapter(model, tmp_path / "a")
        again = load_adapter(small_models.made("decoder", config), tmp_path / "a")
        assert torch.equal(again(ids), model(ids))
        plain = plain_model(model)
        torch.testing.assert_close(plain(ids), model(ids), atol=1e-5, rtol=0)


# what peft's file has no place for


def named_bert(*names):
    labels = dict(enumerate(names))
    return bert(num_labels=len(names), id2label=labels, label2id={n: i for i, n in labels.items()})


def test_the_names_of_the_classes_come_back(tmp_path):
    model = inject(named_bert("bad", "so so", "gut ✓"), rank=2)
    save_adapter(model, tmp_path / "a")
    assert adapter_labels(tmp_path / "a") == ["bad", "so so", "gut ✓"]
    mine = load_adapter(bert(num_labels=3), tmp_path / "a")
    assert mine.config.id2label == {0: "bad", 1: "so so", 2: "gut ✓"}
    assert mine.config.label2id == {"bad": 0, "so so": 1, "gut ✓": 2}
    swapped = load_adapter(named_bert("gut ✓", "so so", "bad"), tmp_path / "a")
    assert swapped.config.id2label == mine.config.id2label, "the head is the adapter's"
    theirs = PeftModel.from_pretrained(bert(num_labels=3), tmp_path / "a")
    theirs.save_pretrained(tmp_path / "theirs", save_embedding_layers=False)
    assert adapter_labels(tmp_path / "theirs") is None
    again = load_adapter(named_bert("a", "b", "c"), tmp_path / "theirs")
    assert again.config.id2label == {0: "a", 1: "b", 2: "c"}


def test_no_names_are_noted_where_there_are_none(tmp_path):
    save_adapter(adapted(), tmp_path / "numbered")
    assert adapter_labels(tmp_path / "numbered") is None
    without_head = inject(gpt2(id2label={0: "bad", 1: "good"}), rank=2)
    save_adapter(without_head, tmp_path / "writer")
    assert adapter_labels(tmp_path / "writer") is None


@pytest.mark.parametrize("note", ["{", '"good"', "[0, 1]", '["one", "two", "three"]'])
def test_a_note_that_names_no_classes_is_refused(note, tmp_path):
    save_adapter(adapted(), tmp_path)
    file = tmp_path / "adapter_model.safetensors"
    save_file(load_file(file), file, metadata=dict(format="pt", label_names=note))
    refused(tmp_path, "label names; a list of texts|has 3 classes")


def test_the_base_is_found_by_the_name_that_this_catalog_has(tmp_path):
    def named(name):
        model = adapted()
        model.config._name_or_path = name
        save_adapter(model, tmp_path)
        return adapter_base(tmp_path)

    assert named(assets["minilm"].mirror) == "minilm"
    assert named("owner/another") == "owner/another"
    assert named("") is None


class Doubled(nn.Linear):
    "A linear layer that is none."

    def forward(self, x):
        return 2 * super().forward(x)


def odd_layers():
    "Layers whose update would be ignored, or would not be a linear layer's, beside a good one."
    block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    tied = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])
    tied[1].weight = tied[0].weight
    twice = nn.Linear(8, 8)
    patched = nn.Linear(8, 8)
    patched.forward = torch.relu
    return nn.ModuleDict(
        dict(
            attention=nn.MultiheadAttention(8, 2),
            block=block,
            doubled=Doubled(8, 8),
            tied=tied,
            places=nn.ModuleDict(dict(one=nn.ModuleList([twice]), two=nn.ModuleList([twice]))),
            patched=patched,
            good=nn.Linear(8, 8),
        )
    )


@pytest.mark.parametrize(
    "target, why",
    [
        ("attention.out_proj", r"attention.out_proj, which belongs to nn.MultiheadAttention"),
        ("out_proj", "which belongs to nn.MultiheadAttention"),
        ("linear1", "block.linear1, which belongs to nn.TransformerEncoderLayer"),
        ("doubled", "is a Doubled with a forward of its own"),
        ("patched", "is a Linear with a forward of its own"),
        ("tied.0", "shares its weight"),
        ("one.0", "shares its weight"),
    ],
)
def test_a_layer_whose_update_would_not_count_is_refused_by_name(target, why):
    model = odd_layers()
    with pytest.raises(FtkitError, match=why):
        inject(model, [target], 2)
    assert untouched(model)
    assert list(lora_layers(inject(model, "all-linear", 2))) == ["good"]


program = """
import sys
import torch
from ftkit.finetuning.lora import load_adapter
from transformers import BertForSequenceClassification

folder = sys.argv[1]
model = BertForSequenceClassification.from_pretrained(folder + "/base").eval()
model = load_adapter(model, folder + "/adapter").eval()
with torch.no_grad():
    torch.save(model(**torch.load(folder + "/batch.pt")).logits, folder + "/out.pt")
"""


def test_a_fresh_process_computes_the_same(tmp_path):
    model = adapted()
    save_adapter(model, tmp_path / "adapter")
    bert().save_pretrained(tmp_path / "base")
    torch.save(batch(), tmp_path / "batch.pt")
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True)
    torch.testing.assert_close(torch.load(tmp_path / "out.pt"), logits(model), atol=1e-6, rtol=0)


def test_loading_into_an_injected_or_merged_model_takes_the_scale_of_the_file(tmp_path):
    model = adapted(alpha=8)
    save_adapter(model, tmp_path)
    injected = load_adapter(inject(bert(), targets, 4, alpha=99), tmp_path).eval()
    assert torch.equal(logits(injected), logits(model))
    merged = load_adapter(merge(adapted(alpha=99)), tmp_path).eval()
    assert torch.equal(logits(merged), logits(model))
    save_adapter(merge(model), tmp_path)  # a merged model saves the same adapter
    again = load_adapter(bert(), tmp_path).eval()
    assert torch.equal(logits(again), logits(unmerge(model)))


# bad input


def untouched(model):
    return not lora_layers(model) and all(p.requires_grad for p in model.parameters())


def change_settings(folder, **changes):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder, message):
    model = bert()
    with pytest.raises(FtkitError, match=message):
        load_adapter(model, folder)
    assert untouched(model)


def test_a_folder_that_is_missing_or_incomplete_is_refused(tmp_path):
    refused(tmp_path / "none", "has no adapter_config.json")
    save_adapter(adapted(), tmp_path / "a")
    (tmp_path / "a" / "adapter_model.safetensors").unlink()
    refused(tmp_path / "a", "has no adapter_model.safetensors")


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("adapter_config.json", b"{", "not valid JSON"),
        ("adapter_config.json", b"[]", "holds no settings"),
        ("adapter_model.safetensors", b"\x08" + b"\0" * 20, "cannot be read"),
    ],
)
def test_a_damaged_adapter_is_refused(tmp_path, name, content, message):
    save_adapter(adapted(), tmp_path / "a")
    (tmp_path / "a" / name).write_bytes(content)
    refused(tmp_path / "a", message)


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(peft_type="ADALORA"), "peft_type is ADALORA"),
        (dict(use_dora=True), "use_dora=True"),
        (dict(rank_pattern={"query": 2}), "rank_pattern"),
        (dict(alpha_pattern={"query": 2}), "alpha_pattern"),
        (dict(bias="lora_only"), "bias='lora_only'"),
        (dict(lora_bias=True), "lora_bias=True"),
        (dict(layer_replication=[[0, 2], [1, 2]]), "layer_replication"),
        (dict(target_parameters=["experts.weight"]), "target_parameters"),
        (dict(trainable_token_indices=[3]), "trainable_token_indices"),
        (dict(alora_invocation_tokens=[3]), "alora_invocation_tokens"),
        (dict(use_qalora=True), "use_qalora=True"),
        (dict(megatron_config={"a": 1}), "megatron_config"),
        (dict(arrow_config={"top_k": 3}), "arrow_config"),
        (dict(ensure_weight_tying=True), "ensure_weight_tying"),
        (dict(init_lora_weights="corda"), "init_lora_weights='corda'"),
        (dict(init_lora_weights="loftq"), "init_lora_weights='loftq'"),
        (dict(init_lora_weights="lora_ga"), "init_lora_weights='lora_ga'"),
        (dict(init_lora_weights="pissa_niter_4"), "init_lora_weights='pissa_niter_4'"),
        (dict(of_a_later_release="x"), "of_a_later_release='x'"),
        (dict(r=2), "says r=2, but its tensors are of rank 4"),
        (dict(r=0), "A rank is a whole number from 1; 0 was given"),
        (dict(lora_alpha=None), "lora_alpha=None"),
    ],
)
def test_an_adapter_of_another_kind_is_refused(tmp_path, changes, message):
    save_adapter(adapted(), tmp_path / "a")
    change_settings(tmp_path / "a", **changes)
    refused(tmp_path / "a", message)


def test_settings_that_say_nothing_are_let_through(tmp_path):
    model = adapted()
    save_adapter(model, tmp_path)
    change_settings(tmp_path, of_a_later_release=None, another=False, third=[], fourth={})
    assert torch.equal(logits(load_adapter(bert(), tmp_path).eval()), logits(model))


def test_layers_of_different_rank_or_scale_are_not_saved(tmp_path):
    for other in (LoRALinear(nn.Linear(32, 32), 2, 4), LoRALinear(nn.Linear(32, 32), 4, 4)):
        model = adapted()
        model.bert.pooler.dense = other
        with pytest.raises(FtkitError, match=r"has rank [24] and scaling"):
            save_adapter(model, tmp_path / "a")


def test_an_adapter_of_another_model_says_what_differs(tmp_path):
    save_adapter(adapted(), tmp_path)
    others = (
        (bert(num_labels=3), "the model needs"),
        (bert(hidden_size=64), "the model needs"),
        (bert(num_hidden_layers=1), "does not have as a linear layer"),
        (nn.Sequential(nn.Linear(2, 2)), "does not have as a linear layer"),
    )
    for other, message in others:
        with pytest.raises(FtkitError, match=message):
            load_adapter(other, tmp_path)
    file = tmp_path / "adapter_model.safetensors"
    state = load_file(file)
    del state[next(k for k in state if "lora_B" in k)]
    save_file(state, file)
    with pytest.raises(FtkitError, match="does not hold bert"):
        load_adapter(bert(), tmp_path)


def test_inject_refuses_what_makes_no_sense():
    nonsense = (
        (dict(targets=["querry"]), "Did you mean 'query'"),
        (dict(rank=0), "A rank is a whole number from 1; 0"),
        (dict(rank=2.0), "A rank is a whole number from 1; 2.0"),
        (dict(rank=True), "A rank is a whole number from 1; True"),
        (dict(dropout=1.0), "dropout is a probability"),
        (dict(targets=[]), "at least one target"),
        (dict(modules_to_save=["pooled"]), "Did you mean 'pooler'"),
        (dict(modules_to_save=["dropout"]), "dropout has no weights"),
        (dict(modules_to_save=["bert"]), "at least one target"),
    )
    for arguments, message in nonsense:
        model = bert()
        with pytest.raises(FtkitError, match=message):
            inject(model, **arguments)
        assert untouched(model)
    with pytest.raises(FtkitError, match="LoRA layers already"):
        inject(adapted())
    with pytest.raises(FtkitError, match="no adapter to save"):
        save_adapter(bert(), "never-written")


def test_nothing_is_left_of_a_save_that_fails(tmp_path, monkeypatch):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ftkit.finetuning.lora.save_file", full_disk)
    with pytest.raises(OSError, match="No space left on device"):
        save_adapter(adapted(), tmp_path / "a")
    assert not list(tmp_path.iterdir())


# the method, the mathematics


def test_the_method_prepares_merges_saves_and_loads(tmp_path):
    method = LoRA(rank=3, alpha=6)
    model = method.prepare(bert())
    fill_updates(model)
    assert method.name == "lora"
    assert {layer.rank for layer in lora_layers(model).values()} == {3}
    method.save(model, tmp_path)
    merged = method.merged(model).eval()
    loaded = method.load(bert(), tmp_path).eval()
    torch.testing.assert_close(logits(merged), logits(loaded), atol=1e-6, rtol=0)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 12), m=st.integers(1, 12), r=st.integers(1, 5), seed=st.integers(0, 99))
def test_energy_is_the_share_the_best_approximation_keeps(n, m, r, seed):
    W = torch.randn(n, m, generator=torch.Generator().manual_seed(seed))
    energy = energy_kept(W)
    assert energy.shape == (min(n, m),)
    assert (energy.diff() >= 0).all()
    assert float(energy[-1]) == pytest.approx(1)
    r = min(r, n, m)
    U, S, Vt = torch.linalg.svd(W.double(), full_matrices=False)
    missing = W - (U[:, :r] * S[:r]) @ Vt[:r]
    kept = 1 - float(missing.square().sum() / W.double().square().sum())
    assert kept == pytest.approx(float(energy[r - 1]), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(r=st.integers(1, 4), seed=st.integers(0, 99))
def test_an_update_has_at_most_its_rank(r, seed):
    g = torch.Generator().manual_seed(seed)
    W = torch.randn(7, 9, dtype=torch.float64, generator=g)
    A = torch.randn(r, 9, dtype=torch.float64, generator=g)
    B = torch.randn(7, r, dtype=torch.float64, generator=g)
    assert torch.linalg.matrix_rank(merged_weight(W, A, B, 0.5) - W, atol=1e-9) <= r
