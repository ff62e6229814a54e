"""Training a part: heads, last layers, biases, scales and bottleneck adapters.

Parity with peft where peft has the method, with a forward pass by hand where it has not, and what
bad input gets. Small random networks; nothing is downloaded."""

import copy
import json
import math

import pytest
import small_models
import torch
import torch.nn.functional as F
from peft import IA3Config, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
    DebertaV2Config,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    RobertaConfig,
)

from ftkit.core import FtkitError
from ftkit.data import load_encoder
from ftkit.finetuning.adapters import (
    IA3,
    Adapters,
    BitFit,
    Bottleneck,
    Head,
    LastLayers,
    blocks,
    bottlenecks,
    folded,
    ia3_config,
    layout_of,
    scale_layer,
    scaled_layers,
)
from ftkit.finetuning.finetune import Classifier, finetune
from ftkit.finetuning.lora import adapter_labels, head_modules, inject, trainable_parameters
from ftkit.foundations.training import fit

tiny = dict(vocab_size=60, max_position_embeddings=20)
sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48)
config = BertConfig(**sizes, **tiny)
distil = DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=48, **tiny)
families = dict(
    bert=config,
    distilbert=distil,
    roberta=RobertaConfig(**sizes, **tiny),
    deberta=DebertaV2Config(**sizes, pooler_hidden_size=32, **tiny),
    gpt2=GPT2Config(
        vocab_size=60,
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=20,
        bos_token_id=1,
        eos_token_id=2,
    ),
    llama=LlamaConfig(**sizes, num_key_value_heads=1, bos_token_id=1, eos_token_id=2, **tiny),
)
methods = dict(
    head=Head, last_layers=LastLayers, bitfit=BitFit, ia3=IA3, adapters=lambda: Adapters(size=4)
)
each_method = pytest.mark.parametrize("kind", list(methods))
each_family = pytest.mark.parametrize("family", list(families))


def of_family(family, head_seed=0):
    "A small classifier; its body is always the same, its head is drawn from the seed."
    torch.manual_seed(0)
    settings = copy.deepcopy(families[family])
    settings.pad_token_id = 0
    model = AutoModelForSequenceClassification.from_config(settings).eval()
    torch.manual_seed(head_seed)
    for head in head_modules(model).values():
        for p in head.parameters():
            nn.init.normal_(p, std=0.5)
    return model


def bert(seed=0, **options):
    torch.manual_seed(seed)
    return BertForSequenceClassification(BertConfig(**config.to_dict() | options)).eval()


def batch(n=3, length=7, seed=0):
    g = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 60, (n, length), generator=g)
    mask = torch.ones_like(ids)
    mask[0, length // 2 :] = 0
    return dict(input_ids=ids, attention_mask=mask, labels=torch.randint(0, 2, (n,), generator=g))


def logits(model):
    with torch.no_grad():
        return model(**batch()).logits


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


def disturb(model):
    "What was put in is no longer what it was at the start."
    torch.manual_seed(7)
    for layer in scaled_layers(model).values():
        nn.init.uniform_(layer.ia3_l, 0.5, 1.5)
    for bottleneck in bottlenecks(model).values():
        for p in bottleneck.parameters():
            nn.init.normal_(p, std=0.2)
    return model


# every method


@each_family
@each_method
def test_the_base_stays_to_the_bit_and_each_trained_tensor_moves(kind, family):
    model = of_family(family)
    if (kind, family) == ("bitfit", "llama"):
        with pytest.raises(FtkitError, match="no biases outside its head"):
            BitFit().prepare(model)
        assert all(p.requires_grad for p in model.parameters()), "refused before a change"
        return
    before = logits(model)
    base = {name: p.detach().clone() for name, p in model.named_parameters()}
    methods[kind]().prepare(model)
    if kind == "adapters":
        assert 0 < (logits(model) - before).abs().max() < 0.05, "near the identity"
    else:
        assert torch.equal(logits(model), before), "the identity at the start"
    learned = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    assert all(
        f"{name}.{n}" in learned for name, h in head_modules(model).items() for n in h.state_dict()
    )
    train(model, 3)
    for name, p in model.named_parameters():
        if name in learned:
            assert not torch.equal(p, learned[name]), f"{name} stands still"
        else:
            assert torch.equal(p, base[name]), f"{name} is frozen and has moved"


@each_family
@each_method
def test_a_saved_part_is_loaded_on_a_base_with_another_head(kind, family, tmp_path):
    if (kind, family) == ("bitfit", "llama"):
        pytest.skip("Llama has no biases")
    model = disturb(methods[kind]().prepare(of_family(family)))
    train(model, 2)
    methods[kind]().save(model, tmp_path / "part")
    assert logits(of_family(family, 1)).sub(logits(model)).abs().max() > 1e-3
    other = of_family(family, 1)
    loader = methods[kind]()
    again = loader.load(other, tmp_path / "part").eval()
    assert again is other
    assert torch.equal(logits(again), logits(model))
    learn = {n for n, p in model.named_parameters() if p.requires_grad}
    assert {n for n, p in again.named_parameters() if p.requires_grad} == learn
    methods[kind]().save(again, tmp_path / "again")
    for file in ("adapter_model.safetensors", "adapter_config.json"):
        assert (tmp_path / "part" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


@each_method
def test_the_file_holds_what_was_trained_and_nothing_else(kind, tmp_path):
    model = methods[kind]().prepare(bert())
    methods[kind]().save(model, tmp_path)
    state = load_file(tmp_path / "adapter_model.safetensors")
    assert sum(x.numel() for x in state.values()) == trainable_parameters(model)[0]


@each_method
def test_gradient_checkpointing_changes_no_gradient(kind):
    def gradients(checkpoint):
        model = disturb(methods[kind]().prepare(bert())).train()
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        if checkpoint:
            model.gradient_checkpointing_enable(dict(use_reentrant=False))
        model(**batch()).loss.backward()
        return {n: p.grad for n, p in model.named_parameters() if p.requires_grad}

    plain = gradients(False)
    checked = gradients(True)
    for name, gradient in plain.items():
        torch.testing.assert_close(checked[name], gradient, msg=name)


def examples(number=16):
    g = torch.Generator().manual_seed(3)
    found = []
    for i in range(number):
        ids = torch.randint(3, 60, (5 + i % 3,), generator=g).tolist()
        found.append(dict(input_ids=ids, attention_mask=[1] * len(ids), labels=i % 2))
    return found


@each_method
def test_accumulated_steps_equal_large_ones_and_a_killed_run_goes_on(kind, tmp_path):
    def trained(**options):
        torch.manual_seed(5)
        model = methods[kind]().prepare(
            bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        )
        settings = dict(learning_rate=1e-2, dtype=torch.float32, device="cpu", progress=False)
        settings |= dict(max_steps=4, batch_size=4, group_by_length=False) | options
        fit(model, examples(), **settings)
        return {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}

    # Adam would magnify the last bits of a gradient that is zero, such as that of the keys' biases
    once = dict(max_steps=1, optimizer="sgd", learning_rate=0.1, warmup=0)
    large = trained(batch_size=16, **once)
    for name, p in trained(batch_size=4, accumulate=4, **once).items():
        torch.testing.assert_close(p, large[name], atol=1e-6, rtol=0, msg=name)
    whole = trained()
    kept = dict(checkpoint=tmp_path, checkpoint_every=1)
    with pytest.raises(small_models.Stop):
        trained(loss=small_models.Fragile(fatal=3), **kept)
    again = small_models.Fragile()
    for name, p in trained(loss=again, **kept).items():
        assert torch.equal(p, whole[name]), name
    assert again.calls < 4, "it began anew"


@each_method
def test_bfloat16_bases_and_autocast_keep_their_dtype(kind):
    model = disturb(methods[kind]().prepare(bert()))
    exact = logits(model)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert (model(**batch()).logits.float() - exact).abs().max() < 0.1
    half = disturb(methods[kind]().prepare(bert().bfloat16()))
    assert logits(half).dtype == torch.bfloat16
    half(**batch()).loss.backward()
    assert all(p.grad is not None for p in half.parameters() if p.requires_grad)


# through `finetune`, as a user has it

words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(55))]
rows = dict(text=["w1 w2", "w3"] * 8, label=["pos", "neg"] * 8)


def base_folder(folder, kind="bert"):
    "The folder of a pretrained encoder without what a classifier adds."
    torch.manual_seed(0)
    encoders = dict(
        bert=lambda: BertModel(config, add_pooling_layer=False),
        distilbert=lambda: DistilBertModel(distil),
    )
    encoders[kind]().save_pretrained(folder)
    BertTokenizerFast(vocab={word: i for i, word in enumerate(words)}).save_pretrained(folder)
    return folder


def classified(base, method, **options):
    settings = dict(epochs=4, max_length=12, seed=3, learning_rate=0.02, progress=False)
    return finetune(rows, model=str(base), method=method, **settings | options)


@pytest.mark.parametrize("encoder", ["bert", "distilbert"])
@each_method
def test_a_classifier_answers_alike_after_loading(kind, encoder, tmp_path, monkeypatch):
    "On bases that lack a pooler or a second layer of the head."
    monkeypatch.setattr("ftkit.finetuning.finetune.resolve_method", resolved)
    base = base_folder(tmp_path / "base", encoder)
    classifier = classified(base, methods[kind]())
    expected = classifier.probabilities(rows["text"][:2])
    classifier.save(tmp_path / "part", adapter_only=True)
    again = Classifier.load(tmp_path / "part")
    assert again.method.name == kind
    assert again.probabilities(rows["text"][:2]) == pytest.approx(expected, abs=1e-6)
    classifier.save(tmp_path / "whole")
    if kind == "adapters":
        with pytest.raises(FtkitError, match=r"can't be folded .* adapter_only=True"):
            classifier.method.merged(classifier.model)
        assert not list((tmp_path / "whole").glob("model*")), "the base is not copied"
        return
    plain = Classifier.load(tmp_path / "whole")
    assert plain.probabilities(rows["text"][:2]) == pytest.approx(expected, abs=1e-5)
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "whole")
    assert type(theirs) is type(classifier.model)


def resolved(method):
    "`resolve_method`, as if the entry points were installed."
    return methods[method]() if isinstance(method, str) else method


def test_a_large_bottleneck_is_loaded_without_being_told_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr("ftkit.finetuning.finetune.resolve_method", resolved)
    base = base_folder(tmp_path / "base")
    method = Adapters(size=9, after="feed_forward", norms=False)
    classifier = classified(base, method, epochs=1)
    classifier.save(tmp_path / "part", adapter_only=True)
    again = Classifier.load(tmp_path / "part")
    assert (again.method.size, again.method.after, again.method.norms) == (
        9,
        ["feed_forward"],
        False,
    )
    assert len(bottlenecks(again.model)) == 2


@each_method
def test_added_tokens_travel_with_the_part(kind, tmp_path):
    base = base_folder(tmp_path / "base")

    def grown(seed, rows):
        model, _ = load_encoder(base, num_labels=2, seed=seed)
        if rows:
            torch.manual_seed(9)
            model.resize_token_embeddings(rows)
        return model

    model = methods[kind]().prepare(grown(0, 63)).eval()
    methods[kind]().save(model, tmp_path / "part")
    again = methods[kind]().load(grown(5, None), tmp_path / "part").eval()
    ids = torch.tensor([[2, 60, 7, 62, 3]])
    with torch.no_grad():
        assert torch.equal(again(ids).logits, model(ids).logits)
    assert again.config.vocab_size == 63


@each_method
def test_the_names_of_the_classes_come_back(kind, tmp_path):
    model = bert(id2label={0: "bad", 1: "good"}, label2id={"bad": 0, "good": 1})
    methods[kind]().save(methods[kind]().prepare(model), tmp_path)
    assert adapter_labels(tmp_path) == ["bad", "good"]
    assert methods[kind]().load(bert(), tmp_path).config.id2label == {0: "bad", 1: "good"}
    three = bert(num_labels=3)
    with pytest.raises(FtkitError, match=r"classifier\.\w+ is .* as many classes"):
        methods[kind]().load(three, tmp_path)
    assert all(p.requires_grad for p in three.parameters()), "refused before a change"
    file = tmp_path / "adapter_model.safetensors"
    save_file(load_file(file), file, metadata=dict(format="pt", label_names='["a", "b", "c"]'))
    with pytest.raises(FtkitError, match="has 3 classes"):
        methods[kind]().load(bert(), tmp_path)


# what each trains


def counted(model):
    return trainable_parameters(model)[0]


def test_the_counts_are_the_formulas():
    C, inside, L, m = 32, 48, 2, 4
    head = 2 * C + 2
    block = 4 * C * C + 2 * C * inside + 4 * C + inside + C + 4 * C
    pooler = C * C + C
    assert counted(Head().prepare(bert())) == head
    assert counted(LastLayers(1).prepare(bert())) == block + pooler + head
    assert counted(LastLayers(2).prepare(bert())) == 2 * block + pooler + head
    assert counted(BitFit().prepare(bert())) == L * (7 * C + inside) + C + C + head
    assert counted(IA3().prepare(bert())) == L * (2 * C + inside) + head
    one = 2 * C * m + m + C
    assert counted(Adapters(m).prepare(bert())) == 2 * L * one + L * 4 * C + head
    assert counted(Adapters(m, "feed_forward", norms=False).prepare(bert())) == L * one + head


def test_last_layers_train_what_comes_after_the_blocks_and_no_shared_weight():
    model = LastLayers(1).prepare(of_family("gpt2"))
    learn = {n.rsplit(".", 1)[0] for n, p in model.named_parameters() if p.requires_grad}
    assert "transformer.ln_f" in learn and "score" in learn
    assert not [name for name in learn if ".h.0." in name or "wte" in name]
    torch.manual_seed(0)
    writer = LastLayers(1).prepare(GPT2LMHeadModel(families["gpt2"]))
    assert not writer.transformer.wte.weight.requires_grad, "the output layer shares its weight"


def test_last_layers_end_the_backward_pass():
    model = LastLayers(1).prepare(bert())
    model(**batch()).loss.backward()
    first, last = model.bert.encoder.layer
    assert all(p.grad is None for p in first.parameters())
    assert all(p.grad is not None for p in last.parameters())


def test_a_bias_of_the_keys_changes_nothing_and_one_of_the_queries_does():
    for part, changes in (("key", False), ("query", True)):
        model = bert(initializer_range=0.3)
        before = logits(model)
        for block in model.bert.encoder.layer:
            nn.init.normal_(getattr(block.attention.self, part).bias)
        moved = (logits(model) - before).abs().max().item()
        assert (moved > 1e-2) == changes and (moved < 1e-4) != changes


def test_bitfit_equals_a_loop_by_hand():
    by_hand = bert()
    for name, p in by_hand.named_parameters():
        p.requires_grad_(name.split(".")[-1] == "bias" or name.startswith("classifier"))
    assert train(BitFit().prepare(bert()), 10) == pytest.approx(train(by_hand, 10), abs=1e-6)


def test_our_own_encoder_has_blocks_too():
    body = small_models.made("encoder", small_models.bert)
    model = nn.ModuleDict(dict(body=body, classifier=nn.Linear(32, 2)))
    assert len(blocks(model)) == 2
    assert layout_of(model).feed_forward == "mlp.down"
    ids, mask = small_models.ids_and_mask()
    before = body(ids, mask)
    Adapters(size=3).prepare(model)
    moved = (body(ids, mask) - before).abs().max().item()
    assert 0 < moved < 0.1 and len(bottlenecks(model)) == 4
    ours = nn.ModuleDict(
        dict(body=small_models.made("encoder", small_models.bert), classifier=nn.Linear(32, 2))
    )
    IA3().prepare(ours)
    assert torch.equal(ours["body"](ids, mask), before)
    disturb(ours)
    scaled = ours["body"](ids, mask)
    torch.testing.assert_close(IA3().merged(ours)["body"](ids, mask), scaled, atol=1e-5, rtol=0)


# (IA)^3 and peft


def peft_ia3(family="bert", **options):
    settings = dict(task_type="SEQ_CLS", fan_in_fan_out=family == "gpt2") | options
    names = scaled_layers(IA3().prepare(of_family(family)))
    settings.setdefault("target_modules", sorted(names))
    inputs = sorted(n for n, layer in names.items() if layer.ia3_l.shape[0] == 1)
    settings.setdefault("feedforward_modules", inputs)
    settings.setdefault("modules_to_save", list(head_modules(of_family(family))))
    model = get_peft_model(of_family(family), IA3Config(**settings)).eval()
    torch.manual_seed(4)
    for name, p in model.named_parameters():
        if "ia3_l" in name:
            nn.init.uniform_(p, 0.5, 1.5)
        if "modules_to_save" in name:
            nn.init.normal_(p, std=0.3)
    return model


@each_family
def test_ia3_travels_to_peft_with_its_head_and_trains_alike(family, tmp_path):
    mine = disturb(IA3().prepare(of_family(family)))
    train(mine, 1)
    IA3().save(mine, tmp_path)
    theirs = PeftModel.from_pretrained(of_family(family, 1), tmp_path, is_trainable=True).eval()
    torch.testing.assert_close(logits(theirs), logits(mine), atol=1e-5, rtol=0)
    losses = train(mine, 10)
    assert losses == pytest.approx(train(theirs, 10), abs=1e-5)
    assert losses[-1] < losses[0]
    assert counted(mine) == theirs.get_nb_trainable_parameters()[0]


@each_family
def test_ia3_comes_from_peft_with_its_head_and_goes_back(family, tmp_path):
    theirs = peft_ia3(family)
    theirs.save_pretrained(tmp_path / "theirs", save_embedding_layers=False)
    mine = IA3().load(of_family(family, 1), tmp_path / "theirs").eval()
    torch.testing.assert_close(logits(mine), logits(theirs), atol=1e-5, rtol=0)
    IA3().save(mine, tmp_path / "mine")
    again = PeftModel.from_pretrained(of_family(family, 2), tmp_path / "mine").eval()
    torch.testing.assert_close(logits(again), logits(theirs), atol=1e-5, rtol=0)
    if family != "roberta":  # peft 0.21.2 can't unload a head of several layers here
        merged = theirs.merge_and_unload()
        torch.testing.assert_close(logits(merged), logits(IA3().merged(mine)), atol=1e-5, rtol=0)


def test_transformers_loads_an_ia3_folder_by_itself(tmp_path):
    bert().save_pretrained(tmp_path / "base")
    model = BertForSequenceClassification.from_pretrained(tmp_path / "base").eval()
    model = disturb(IA3().prepare(model))
    train(model, 2)
    IA3().save(model, tmp_path / "part")
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "part").eval()
    assert type(theirs) is BertForSequenceClassification
    torch.testing.assert_close(logits(theirs), logits(model), atol=1e-5, rtol=0)


def test_pefts_own_default_for_bert_scales_one_place_more_and_says_nothing_more(tmp_path):
    theirs = get_peft_model(bert(), IA3Config(task_type="SEQ_CLS")).eval()
    for name, p in theirs.named_parameters():
        if "ia3_l" in name:
            nn.init.uniform_(p, 0.5, 1.5)
    theirs.save_pretrained(tmp_path, save_embedding_layers=False)
    mine = IA3().load(bert(), tmp_path)
    torch.testing.assert_close(logits(mine.eval()), logits(theirs), atol=1e-5, rtol=0)
    more = set(scaled_layers(mine)) - set(scaled_layers(IA3().prepare(bert())))
    assert {name.split(".", 4)[-1] for name in more} == {"attention.output.dense"}
    before = logits(mine)
    for block in mine.bert.encoder.layer:
        out = block.attention.output.dense
        block.attention.self.value.ia3_l.data *= out.ia3_l.T
        out.ia3_l.data.fill_(1)
    torch.testing.assert_close(logits(mine), before, atol=1e-5, rtol=0)


def test_twenty_one_scaled_layers_are_named_whole_and_load_in_peft(tmp_path):
    mine = disturb(IA3().prepare(bert(num_hidden_layers=8)))
    IA3().save(mine, tmp_path / "a")
    theirs = PeftModel.from_pretrained(bert(num_hidden_layers=8), tmp_path / "a").eval()
    theirs.save_pretrained(tmp_path / "b", save_embedding_layers=False)
    again = PeftModel.from_pretrained(bert(num_hidden_layers=8), tmp_path / "b").eval()
    torch.testing.assert_close(logits(again), logits(mine), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "dtype, off", [(torch.float64, 1e-6), (torch.float32, 1e-5), (torch.bfloat16, 0.05)]
)
@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_merged_equals_unmerged_in_each_dtype(family, dtype, off):
    model = disturb(IA3().prepare(of_family(family).to(dtype)))
    plain = IA3().merged(model)
    assert not scaled_layers(plain) and len(scaled_layers(model)) > 0
    assert list(plain.state_dict()) == list(of_family(family).state_dict())
    assert all(p.dtype == dtype and p.requires_grad for p in plain.parameters())
    torch.testing.assert_close(logits(plain), logits(model), atol=off, rtol=0)
    with torch.no_grad():
        for p in plain.parameters():
            p.zero_()
    assert logits(model).any(), "the copy shares no memory with the model"


@pytest.mark.parametrize("side", ["output", "input"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_folded_layer_is_the_closed_form(side, bias):
    torch.manual_seed(0)
    layer = nn.Linear(5, 5, bias=bias)
    x = torch.randn(3, 5)
    plain = copy.deepcopy(layer)
    scale_layer(layer, side)
    assert torch.equal(layer(x), plain(x))
    nn.init.normal_(layer.ia3_l)
    scale = layer.ia3_l.flatten()
    wanted = scale * plain(x) if side == "output" else plain(scale * x)
    assert torch.equal(layer(x), wanted)
    torch.testing.assert_close(folded(layer)(x), wanted)
    assert torch.equal(layer.weight, plain.weight), "the scaled layer stays"


# bottlenecks by hand


def bert_by_hand(model, ids):
    "A forward pass of BERT with adapters, from the tensors alone."
    w = dict(model.named_parameters())

    def linear(x, name):
        return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    def adapted(x, name):
        x = linear(x, name)
        inside = linear(x, f"{name}.adapter.down")
        bent = 0.5 * inside * (1 + torch.erf(inside / math.sqrt(2)))
        return x + linear(bent, f"{name}.adapter.up")

    at = "bert.embeddings"
    x = w[f"{at}.word_embeddings.weight"][ids]
    x = x + w[f"{at}.position_embeddings.weight"][: ids.shape[1]]
    x = norm(x + w[f"{at}.token_type_embeddings.weight"][0], f"{at}.LayerNorm")
    for i in range(2):
        at = f"bert.encoder.layer.{i}"
        parts = [linear(x, f"{at}.attention.self.{n}") for n in ("query", "key", "value")]
        q, k, v = [p.unflatten(-1, (2, 16)).transpose(1, 2) for p in parts]
        weights = (q @ k.transpose(2, 3) / 4).softmax(-1)
        seen = (weights @ v).transpose(1, 2).flatten(2)
        x = norm(
            x + adapted(seen, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm"
        )
        inside = F.gelu(linear(x, f"{at}.intermediate.dense"))
        x = norm(x + adapted(inside, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    return linear(linear(x[:, 0], "bert.pooler.dense").tanh(), "classifier")


def test_adapters_equal_a_forward_pass_by_hand_and_train_alike():
    model = disturb(Adapters(size=3).prepare(bert()))
    copied = copy.deepcopy(model)
    ids = batch()["input_ids"]
    labels = batch()["labels"]
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, bert_by_hand(copied, ids), atol=1e-5, rtol=0)

    def losses(network, forward):
        optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-2)
        found = []
        for _ in range(10):
            loss = F.cross_entropy(forward(network), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        return found

    shipped = losses(model, lambda network: network(ids).logits)
    assert shipped == pytest.approx(losses(copied, lambda n: bert_by_hand(n, ids)), abs=1e-5)
    assert shipped[-1] < shipped[0]


def test_a_bottleneck_begins_near_the_identity_and_can_learn():
    torch.manual_seed(0)
    layer = Bottleneck(64, 8)
    assert layer.down.weight.abs().max() <= 0.02 and layer.up.weight.abs().max() <= 0.02
    assert float(layer.down.weight.detach().std()) == pytest.approx(0.0088, rel=0.1)  # cut at two
    x = torch.randn(3, 5, 64)
    assert 0 < (layer(x) - x).abs().max() < 0.02
    layer(x).square().sum().backward()
    assert layer.down.weight.grad.any() and layer.up.weight.grad.any()
    for p in layer.parameters():
        nn.init.zeros_(p)
    assert torch.equal(layer(x), x)
    layer.zero_grad()
    layer(x).square().sum().backward()
    assert not layer.down.weight.grad.any() and not layer.up.weight.grad.any(), "zeros stand still"


def test_an_adapted_model_can_be_copied():
    model = disturb(Adapters(size=3).prepare(bert()))
    twin = copy.deepcopy(model)
    assert torch.equal(logits(twin), logits(model))
    for bottleneck in bottlenecks(twin).values():
        nn.init.zeros_(bottleneck.up.weight)
        nn.init.zeros_(bottleneck.up.bias)
    torch.testing.assert_close(logits(twin), logits(bert()), atol=1e-6, rtol=0)
    assert (logits(model) - logits(bert())).abs().max() > 1e-3, "the copy has its own adapters"


# bad input


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: LastLayers(0), "layers is a whole number from 1; 0 was given"),
        (lambda: LastLayers(True), "whole number"),
        (lambda: LastLayers(3).prepare(bert()), "layers is 3, and .* has 2 blocks"),
        (lambda: Adapters(size=0), "size is a whole number from 1; 0 was given"),
        (lambda: Adapters(size=2.5), r"2\.5 was given"),
        (lambda: Adapters(after=()), "names one place or two"),
        (lambda: Adapters(after=["attention", "attention"]), "each once"),
        (lambda: Adapters(after="feedforward"), "Did you mean 'feed_forward'"),
        (lambda: Head().prepare(BertModel(config)), "has no head"),
        (lambda: IA3().prepare(nn.Sequential(nn.Linear(2, 2))), "no list of equal blocks"),
        (
            lambda: Adapters().prepare(nn.Sequential(nn.ModuleList([nn.Linear(2, 2)]))),
            "is not known",
        ),
        (lambda: ia3_config(bert()), r"no \(IA\)\^3 scales"),
        (lambda: BitFit().prepare(inject(bert(), rank=2)), "layers of LoRA already"),
        (lambda: Head().prepare(IA3().prepare(bert())), "layers of IA3 already"),
        (lambda: IA3().prepare(Adapters().prepare(bert())), "layers of Adapters already"),
        (lambda: Adapters().merged(bert()), "can't be folded"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(FtkitError, match=message):
        make()


def saved(folder, kind="bitfit", **changes):
    "A saved part, with changed settings."
    methods[kind]().save(methods[kind]().prepare(bert()), folder)
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return folder


def refused(folder, message, kind="bitfit", model=None):
    model = model or bert()
    names = list(model.state_dict())
    with pytest.raises(FtkitError, match=message):
        methods[kind]().load(model, folder)
    assert list(model.state_dict()) == names and all(p.requires_grad for p in model.parameters())


def test_a_folder_that_is_missing_or_damaged_is_refused(tmp_path):
    refused(tmp_path / "none", "has no adapter_config.json")
    folder = saved(tmp_path / "a")
    (folder / "adapter_model.safetensors").write_bytes(b"\x08" + b"\0" * 20)
    refused(folder, "cannot be read")
    (folder / "adapter_model.safetensors").unlink()
    refused(folder, r"has no adapter_model\.safetensors")
    folder = saved(tmp_path / "b")
    (folder / "adapter_config.json").write_text("{")
    refused(folder, "not valid JSON")
    (folder / "adapter_config.json").write_text("[]")
    refused(folder, "holds no settings")


@pytest.mark.parametrize(
    "kind, changes, message",
    [
        ("bitfit", dict(ftkit_method="head"), "holds no 'bitfit'; what it holds is 'head'"),
        ("bitfit", dict(schema=2), "schema 2, and 1 can be read"),
        ("bitfit", dict(of_a_later_release=1), "of_a_later_release=1, which is not known"),
        ("bitfit", dict(settings=dict(depth=2)), "has the settings"),
        ("last_layers", dict(settings=dict(layers=0)), "whole number from 1"),
        ("last_layers", dict(settings=dict(layers=2)), "does not hold .*layer.0"),
        ("adapters", dict(settings=dict(size=4, after=["attention"], norms=True)), "no place"),
        (
            "adapters",
            dict(settings=dict(size=5, after=["attention", "feed_forward"], norms=True)),
            r"needs \(5",
        ),
        ("ia3", dict(peft_type="LORA"), "holds no 'ia3'; what it holds is 'LORA'"),
        ("ia3", dict(of_a_later_release=1), "of_a_later_release=1, which ftkit does not load"),
        ("ia3", dict(feedforward_modules=[]), r"needs \(32, 1\)"),
    ],
)
def test_settings_that_are_not_understood_are_refused(kind, changes, message, tmp_path):
    refused(saved(tmp_path, kind, **changes), message, kind)


def rewritten(folder, change):
    file = folder / "adapter_model.safetensors"
    state = load_file(file)
    change(state)
    save_file(state, file)


def test_tensors_that_are_missing_strange_or_not_finite_are_refused(tmp_path):
    name = "bert.pooler.dense.bias"
    folder = saved(tmp_path / "a")
    rewritten(folder, lambda state: state.pop(name))
    refused(folder, f"does not hold {name}")
    folder = saved(tmp_path / "b")
    rewritten(folder, lambda state: state.update(stranger=torch.ones(2)))
    refused(folder, "holds stranger, and this model has no place")
    folder = saved(tmp_path / "c")
    rewritten(folder, lambda state: state[name].fill_(torch.nan))
    refused(folder, f"{name} holds NaN")
    folder = saved(tmp_path / "d")
    rewritten(folder, lambda state: state.pop("classifier.bias"))
    refused(folder, r"does not hold classifier\.bias")
    folder = saved(tmp_path / "e", "ia3")
    prefix = "base_model.model.bert.encoder.layer.0.attention.self"
    rewritten(
        folder, lambda s: s.update({f"{prefix}.typo.ia3_l": s[f"{prefix}.key.ia3_l"].clone()})
    )
    refused(folder, "scales bert.encoder.layer.0.attention.self.typo, which this model", "ia3")
    folder = saved(tmp_path / "f", "ia3")

    def without_scales(state):
        for key in [key for key in state if "ia3_l" in key]:
            state.pop(key)

    rewritten(folder, without_scales)
    refused(folder, "holds no .* scale", "ia3")


@each_method
def test_a_part_of_another_base_is_refused_and_both_are_named(kind, tmp_path):
    def named(name, **options):
        model = bert(**options)
        model.config._name_or_path = name
        return model

    methods[kind]().save(methods[kind]().prepare(named("owner/small")), tmp_path)
    with pytest.raises(
        FtkitError, match=r"made for the base 'owner/small', and this .* 'owner/large'"
    ):
        methods[kind]().load(named("owner/large"), tmp_path)
    for same in ("mirror/small", "/home/me/models/other", ""):
        methods[kind]().load(named(same), tmp_path)
    refused(tmp_path, "'owner/small'", kind, named("owner/small", hidden_size=16))
