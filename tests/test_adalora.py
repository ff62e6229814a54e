"""AdaLoRA: triplets, scores, the schedule, and files.

Parity with peft through the whole schedule, in both directions of the files, and what bad input
gets. Small random networks; nothing is downloaded."""

import copy
import json
import subprocess
import sys
import warnings

import pytest
import small_models
import torch
import torch.nn.functional as F
from peft import AdaLoraConfig, PeftModel, get_peft_model
from peft.tuners.adalora.layer import RankAllocator as PeftAllocator
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertModel,
    BertTokenizerFast,
    DistilBertConfig,
    GPT2Config,
    LlamaConfig,
    RobertaConfig,
)

from ftkit.core import FtkitError
from ftkit.data import load_encoder
from ftkit.finetuning.adalora import (
    AdaLoRA,
    AdaLoRALinear,
    Schedule,
    TripletLinear,
    adalora_config,
    factors,
    load_adalora,
    orthogonality,
    ranks,
    save_adalora,
    triplet_layers,
)
from ftkit.finetuning.finetune import Classifier, finetune, methods
from ftkit.finetuning.lora import (
    LoRALinear,
    adapter_labels,
    head_modules,
    inject,
    trainable_parameters,
)
from ftkit.finetuning.lora_variants import load_variant, save_variant, variant_layers
from ftkit.foundations.training import fit, learning_rate_range_test

tiny = dict(vocab_size=60, max_position_embeddings=20)
sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48)
no_dropout = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
distil = DistilBertConfig(
    dim=32, n_layers=2, n_heads=2, hidden_dim=48, dropout=0.0, attention_dropout=0.0, **tiny
)
gpt2 = GPT2Config(
    vocab_size=60, n_embd=32, n_layer=2, n_head=2, n_positions=20, bos_token_id=1, eos_token_id=2
)
llama = LlamaConfig(**sizes, num_key_value_heads=1, bos_token_id=1, eos_token_id=2, **tiny)
families = dict(
    bert=BertConfig(**sizes, **no_dropout, **tiny),
    distilbert=distil,
    roberta=RobertaConfig(**sizes, **no_dropout, **tiny),
    gpt2=gpt2,
    llama=llama,
)
each_family = pytest.mark.parametrize("family", list(families))
plan = dict(initial_steps=3, final_steps=5, interval=2)


def of_family(family="bert", head_seed=0, **options):
    "A small classifier; its body is always the same, its head is drawn from the seed."
    torch.manual_seed(0)
    settings = copy.deepcopy(families[family])
    settings.pad_token_id = 0
    for name, value in options.items():
        setattr(settings, name, value)
    model = AutoModelForSequenceClassification.from_config(settings).eval()
    torch.manual_seed(head_seed)
    for head in head_modules(model).values():
        for p in head.parameters():
            nn.init.normal_(p, std=0.5)
    return model


def batch(n=6, length=7, seed=0):
    g = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 60, (n, length), generator=g)
    mask = torch.ones_like(ids)
    mask[0, length // 2 :] = 0
    return dict(input_ids=ids, attention_mask=mask, labels=torch.randint(0, 2, (n,), generator=g))


def logits(model):
    with torch.no_grad():
        return model(**{k: v for k, v in batch().items() if k != "labels"}).logits


def adam(model, lr=1e-2):
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=lr)


def prepared(model=None, rank=2, first=5, **options):
    torch.manual_seed(1)
    model = of_family() if model is None else model
    return AdaLoRA(rank, first, alpha=10, **plan | options).prepare(model)


def train(model, steps=16, total=16):
    "Losses; the schedule runs to its end in 16 steps."
    optimizer = adam(model)
    model.ftkit_allocator.fit_begins(optimizer, total)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(**batch()).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    optimizer.zero_grad()
    return losses


def trained(family="bert", **options):
    model = prepared(of_family(family), **options)
    train(model)
    return model


def close(a, b, off=1e-5):
    torch.testing.assert_close(a, b, atol=off, rtol=0)


# peft


def peft_model(family, model=None, total=16, **options):
    names = list(triplet_layers(prepared(of_family(family))))
    settings = dict(init_r=5, target_r=2, lora_alpha=10, orth_reg_weight=0.1, total_step=total)
    settings |= dict(tinit=3, tfinal=5, deltaT=2, task_type="SEQ_CLS", target_modules=names)
    settings |= dict(modules_to_save=list(head_modules(of_family(family))))
    settings |= dict(fan_in_fan_out=family == "gpt2") | options
    return get_peft_model(model or of_family(family), AdaLoraConfig(**settings)).eval()


def like_ours(theirs, ours):
    "Our triplets in peft's layers."
    for name, layer in triplet_layers(ours).items():
        target = theirs.base_model.model.get_submodule(name)
        for factor in factors:
            getattr(target, f"lora_{factor}")["default"].data.copy_(layer.factor(factor))


def their_training(theirs, ours=None, steps=16):
    "peft's losses without the penalty; where `ours` trains beside it, the same ranks each time."
    optimizer = adam(theirs)
    losses = []
    for step in range(1, steps + 1):
        layers = [m for n, m in theirs.named_modules() if hasattr(m, "lora_E")]
        with torch.no_grad():
            apart = []
            for layer in layers:
                for M in (layer.lora_A["default"], layer.lora_B["default"].T):
                    apart.append((M @ M.T - torch.eye(len(M))).norm())
        loss = theirs(**batch()).loss
        loss.backward()
        optimizer.step()
        theirs.base_model.update_and_allocate(step)
        optimizer.zero_grad()
        losses.append(loss.item() - 0.1 * torch.stack(apart).mean().item())
    return losses


def pattern_of(theirs):
    found = theirs.peft_config["default"].rank_pattern
    return {
        name.replace(".lora_E.default", "").replace(".lora_E", ""): row
        for name, row in found.items()
    }


@each_family
def test_losses_choices_and_logits_are_pefts_through_the_whole_schedule(family):
    ours = prepared(of_family(family))
    theirs = peft_model(family)
    like_ours(theirs, ours)
    close(logits(ours), logits(theirs))
    assert trainable_parameters(ours)[0] == theirs.get_nb_trainable_parameters()[0]
    losses = train(ours)
    assert losses == pytest.approx(their_training(theirs), abs=1e-5)
    assert losses[-1] < losses[0]
    found = {name: layer.kept.tolist() for name, layer in triplet_layers(ours).items()}
    assert found == pattern_of(theirs)
    assert len({sum(row) for row in found.values()}) > 1, "the layers differ"
    assert sum(ranks(ours).values()) == 2 * len(found)
    close(logits(ours), logits(theirs))


@pytest.mark.parametrize("steps", [4, 5, 7, 9, 11, 12])
def test_the_choices_are_pefts_at_every_stage(steps):
    ours = prepared()
    theirs = peft_model("bert")
    like_ours(theirs, ours)
    assert train(ours, steps) == pytest.approx(their_training(theirs, steps=steps), abs=1e-5)
    found = {name: layer.kept.tolist() for name, layer in triplet_layers(ours).items()}
    assert found == pattern_of(theirs)
    close(logits(ours), logits(theirs))


@each_family
def test_our_file_in_peft_with_its_head(family, tmp_path):
    mine = trained(family)
    assert 0 in ranks(mine).values(), "a layer without any rank is among them"
    AdaLoRA().save(mine, tmp_path / "a")
    theirs = PeftModel.from_pretrained(of_family(family, 1), tmp_path / "a").eval()
    close(logits(theirs), logits(mine))
    merged = AdaLoRA().merged(mine)
    close(logits(merged), logits(mine))
    if family != "roberta":  # peft 0.21.2 can't unload a head of several layers here
        close(logits(theirs.merge_and_unload()), logits(merged))


@each_family
def test_pefts_file_here_with_its_head_and_back(family, tmp_path):
    theirs = peft_model(family)
    torch.manual_seed(4)
    for name, p in theirs.named_parameters():
        if "modules_to_save" in name:
            nn.init.normal_(p, std=0.3)
    their_training(theirs)
    theirs.save_pretrained(tmp_path / "theirs", save_embedding_layers=False)
    mine = AdaLoRA().load(of_family(family, 1), tmp_path / "theirs").eval()
    close(logits(mine), logits(theirs))
    assert {name: layer.kept.tolist() for name, layer in triplet_layers(mine).items()} == (
        pattern_of(theirs)
    )
    AdaLoRA().save(mine, tmp_path / "mine")
    again = PeftModel.from_pretrained(of_family(family, 2), tmp_path / "mine").eval()
    close(logits(again), logits(theirs))


def test_a_file_of_peft_that_was_never_pruned_has_all_its_rank(tmp_path):
    theirs = peft_model("bert")
    optimizer = adam(theirs)
    for _ in range(3):  # nobody calls update_and_allocate
        optimizer.zero_grad()
        theirs(**batch()).loss.backward()
        optimizer.step()
    theirs.save_pretrained(tmp_path, save_embedding_layers=False)
    mine = load_adalora(of_family(head_seed=1), tmp_path).eval()
    assert set(ranks(mine).values()) == {5}
    close(logits(mine), logits(theirs))


def test_transformers_alone_loads_what_was_not_cut_and_the_plain_lora(tmp_path):
    "transformers 5.23 does not read rank_pattern, in files of peft either: it refuses them."
    of_family().save_pretrained(tmp_path / "base")
    by_itself = AutoModelForSequenceClassification.from_pretrained
    theirs = peft_model("bert", by_itself(tmp_path / "base").eval())
    their_training(theirs)
    theirs.save_pretrained(tmp_path / "theirs", save_embedding_layers=False)
    mine = prepared(by_itself(tmp_path / "base").eval())
    train(mine, steps=3)
    save_adalora(mine, tmp_path / "whole")
    auto = by_itself(tmp_path / "whole").eval()
    assert type(auto) is type(of_family())
    close(logits(auto), logits(mine))
    mine = prepared(by_itself(tmp_path / "base").eval())
    train(mine)
    save_adalora(mine, tmp_path / "cut")
    for name in ("theirs", "cut"):
        with pytest.raises(RuntimeError, match="ignore_mismatched_sizes"):
            by_itself(tmp_path / name)
    save_variant(mine, tmp_path / "lora")
    close(logits(by_itself(tmp_path / "lora").eval()), logits(mine))


def test_budgets_are_pefts():
    for first, last, start, final, total, interval in (
        (60, 24, 3, 5, 16, 2),
        (36, 24, 0, 0, 10, 1),
        (120, 12, 7, 20, 50, 3),
    ):
        theirs = PeftAllocator.__new__(PeftAllocator)
        theirs.peft_config = AdaLoraConfig(
            tinit=start, tfinal=final, total_step=total, deltaT=interval
        )
        theirs.init_bgt = first
        theirs.target_bgt = last
        ours = Schedule(1, start, final, interval).fitted(total)
        for step in range(1, total + 1):
            budget, chosen = theirs.budget_schedule(step)
            assert ours.budget(step, first, last) == budget, (step, total)
            if step < total - final:
                assert ours.is_due(step) == chosen, (step, total)
        assert ours.is_due(total - final)
        assert not any(ours.is_due(step) for step in range(total - final + 1, total + 1))


# what peft 0.21.2 does, and what the lesson says of it


def test_pefts_false_warnings_and_its_loss_after_loading(tmp_path):
    theirs = peft_model("bert")
    their_training(theirs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        theirs.save_pretrained(tmp_path, save_embedding_layers=False)
        again = PeftModel.from_pretrained(of_family(), tmp_path).eval()
    said = " ".join(str(w.message) for w in caught)
    assert "LoRA tensor(s) have invalid shape" in said
    assert "rank_pattern keys did not match any targeted module and were ignored" in said
    close(logits(again), logits(theirs))
    with pytest.raises(AttributeError, match="trainable_adapter_name"):
        again(**batch())
    opened = PeftModel.from_pretrained(of_family(), tmp_path, is_trainable=True).eval()
    assert opened(**batch()).loss.isfinite()


def test_peft_adds_its_penalty_only_to_a_loss_that_the_model_computes():
    theirs = peft_model("bert")
    asked = {k: v for k, v in batch().items() if k != "labels"}
    alone = F.cross_entropy(theirs(**asked).logits, batch()["labels"])
    assert theirs(**batch()).loss - alone > 0.1
    ours = prepared()
    with torch.no_grad():
        close(ours(**batch()).loss, F.cross_entropy(logits(ours), batch()["labels"]), 1e-6)


def test_equal_scores_leave_exactly_the_budget_here_and_less_in_peft():
    ours = prepared()
    allocator = ours.ftkit_allocator
    number = len(triplet_layers(ours))
    allocator.choose(2 * number)  # every score is zero
    assert sum(ranks(ours).values()) == 2 * number
    theirs = peft_model("bert")
    rank_allocator = theirs.base_model.rankallocator
    for p in theirs.base_model.model.parameters():
        p.grad = torch.zeros_like(p)
    rank_allocator.update_ipt(theirs.base_model.model)
    pattern = rank_allocator.mask_to_budget(theirs.base_model.model, 2 * number)
    assert sum(map(sum, pattern.values())) == 0


# the layer


def test_a_new_layer_changes_nothing_and_then_is_its_formula():
    torch.manual_seed(0)
    linear = nn.Linear(6, 4)
    x = torch.randn(2, 5, 6)
    layer = AdaLoRALinear(LoRALinear(linear, 3, alpha=6))
    assert torch.equal(layer(x), linear(x))
    assert 0.01 < layer.lora_A.std() < 0.03 and 0.01 < layer.lora_B.std() < 0.03
    for factor in factors:
        nn.init.normal_(layer.factor(factor))
    weight = linear.weight + 6 / (3 + 1e-5) * layer.lora_B @ (layer.lora_E * layer.lora_A)
    close(layer(x), F.linear(x, weight, linear.bias))
    close(layer.merged(), weight)
    given = [layer.factor(factor) for factor in factors]
    ours = torch.autograd.grad(layer(x).square().sum(), given)
    by_hand = torch.autograd.grad(F.linear(x, weight, linear.bias).square().sum(), given)
    for gradient, wanted in zip(ours, by_hand, strict=True):
        torch.testing.assert_close(gradient, wanted, atol=1e-3, rtol=1e-5)


def test_the_scale_is_that_of_the_first_rank_whatever_is_dropped():
    layer = AdaLoRALinear(LoRALinear(nn.Linear(4, 4), 4, alpha=8))
    for factor in factors:
        nn.init.ones_(layer.factor(factor))
    layer.kept[1:] = False
    layer.mask()
    assert layer.lora_E.flatten().tolist() == [1, 0, 0, 0]
    close(layer.merged() - layer.weight, 8 / 4.00001 * torch.ones(4, 4))


def test_dropout_is_on_the_input_of_the_update_only():
    torch.manual_seed(0)
    linear = nn.Linear(400, 3)
    layer = AdaLoRALinear(LoRALinear(linear, 2, alpha=2, dropout=0.5)).train()
    x = torch.ones(2000, 400)
    assert torch.equal(layer(x), linear(x)), "the base sees no dropout"
    nn.init.ones_(layer.lora_E)
    spread = (layer(x) - linear(x)).std(0)
    assert (spread > 0).all()
    mean = (layer(x) - linear(x)).mean(0)
    close(mean, (layer.eval()(x) - linear(x))[0], 0.02)
    assert layer.train()(x).requires_grad


def test_scores_by_hand():
    layer = AdaLoRALinear(LoRALinear(nn.Linear(2, 2, bias=False), 2))
    for step in (1.0, 2.0):
        for factor in factors:
            p = layer.factor(factor)
            p.data.fill_(2.0)
            p.grad = torch.full_like(p, -step)
        layer.lora_B.grad[:, 0] = 0
        layer.measure(0.5, 0.25)
    # sensitivities 2 and 4: means 1 and 2.5, spreads 0.75 and 0.1875 + 1.125
    one = 2.5 * (0.25 * 0.75 * 1 + 0.75 * 1.5)
    assert layer.scores().tolist() == pytest.approx([2 * one, 3 * one])
    layer.zero_grad()
    layer.measure(0.5, 0.25)  # without a gradient the sensitivity is zero
    assert layer.sensitivity_E.flatten().tolist() == pytest.approx([1.25, 1.25])


def test_the_penalty_is_pefts_and_pulls_the_triplets_apart():
    layers = triplet_layers(prepared()).values()
    theirs = peft_model("bert")
    like_ours(theirs, prepared())
    alone = F.cross_entropy(logits(theirs), batch()["labels"])
    close(0.1 * orthogonality(layers), theirs(**batch()).loss - alone)
    model = prepared(penalty=1.0)
    before = orthogonality(triplet_layers(model).values()).item()
    train(model)
    assert orthogonality(triplet_layers(model).values()) < 0.9 * before


# the base, and what travels


@each_family
def test_the_base_stays_to_the_bit_and_each_trained_tensor_moves(family):
    model = of_family(family)
    before = logits(model)
    base = {name: p.detach().clone() for name, p in model.named_parameters()}
    prepared(model)
    assert torch.equal(logits(model), before), "the identity at the start"
    learned = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    for name, head in head_modules(model).items():
        assert all(f"{name}.{n}" in learned for n in head.state_dict())
    train(model, steps=3)  # later a layer may lose all its rank, and E is zero again
    for name, p in model.named_parameters():
        if name in learned:
            assert not torch.equal(p, learned[name]), f"{name} stands still"
        else:
            assert torch.equal(p, base[name]), f"{name} is frozen and has moved"


@each_family
def test_a_saved_adapter_is_loaded_on_a_base_with_another_head(family, tmp_path):
    model = trained(family)
    save_adalora(model, tmp_path / "a")
    other = of_family(family, 1)
    assert (logits(other) - logits(model)).abs().max() > 1e-3
    again = load_adalora(other, tmp_path / "a").eval()
    assert again is other
    close(logits(again), logits(model))
    assert ranks(again) == ranks(model)
    learn = {n for n, p in model.named_parameters() if p.requires_grad}
    assert {n for n, p in again.named_parameters() if p.requires_grad} == learn
    save_adalora(again, tmp_path / "again")
    for file in ("adapter_model.safetensors", "adapter_config.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    held = sum(x.numel() for x in load_file(tmp_path / "a" / "adapter_model.safetensors").values())
    assert held == trainable_parameters(again)[0] < trainable_parameters(model)[0]


def test_what_is_kept_is_counted_by_a_formula():
    C, inside, L = 32, 48, 2
    model = prepared()
    per_rank = L * (4 * (2 * C + 1) + 2 * (C + inside + 1)) + 2 * C + 1  # the pooler
    head = 2 * C + 2
    assert trainable_parameters(model)[0] == 5 * per_rank + head
    train(model)
    total = head
    for name, layer in triplet_layers(model).items():
        total += ranks(model)[name] * (layer.in_features + layer.out_features + 1)
    assert sum(v.numel() for n, v in peft_state(model).items()) == total


def peft_state(model):
    found = {name: layer.triplets() for name, layer in triplet_layers(model).items()}
    state = {f"{name}.{i}": value for name, each in found.items() for i, value in enumerate(each)}
    for name, head in head_modules(model).items():
        state |= {f"{name}.{key}": value for key, value in head.state_dict().items()}
    return state


@pytest.mark.parametrize(
    "dtype, off", [(torch.float64, 1e-6), (torch.float32, 1e-5), (torch.bfloat16, 0.05)]
)
@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_merged_equals_unmerged_in_each_dtype(family, dtype, off):
    model = prepared(of_family(family).to(dtype))
    torch.manual_seed(3)
    for layer in triplet_layers(model).values():
        nn.init.normal_(layer.lora_E)
    plain = AdaLoRA().merged(model)
    assert not variant_layers(plain) and len(triplet_layers(model)) > 0
    assert list(plain.state_dict()) == list(of_family(family).state_dict())
    assert all(p.dtype == dtype and p.requires_grad for p in plain.parameters())
    close(logits(plain), logits(model), off)
    assert (logits(plain) - logits(of_family(family).to(dtype))).abs().max() > 1e-3


def test_bfloat16_bases_and_autocast_keep_their_dtype():
    model = prepared()
    for layer in triplet_layers(model).values():
        nn.init.normal_(layer.lora_E)
    exact = logits(model)
    with torch.autocast("cpu", torch.bfloat16):
        assert (logits(model).float() - exact).abs().max() < 0.1
    half = prepared(of_family().bfloat16())
    assert logits(half).dtype == torch.bfloat16
    half(**batch()).loss.backward()
    learned = [p for p in half.parameters() if p.requires_grad]
    assert all(p.grad is not None for p in learned)


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_it_can_be_written_as_a_plain_lora(family, tmp_path):
    model = trained(family)
    save_variant(model, tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["peft_type"] == "LORA"
    close(logits(load_variant(of_family(family, 1), tmp_path).eval()), logits(model))
    close(logits(PeftModel.from_pretrained(of_family(family, 2), tmp_path).eval()), logits(model))
    with pytest.raises(FtkitError, match="holds no 'adalora'; what it holds is 'LORA'"):
        load_adalora(of_family(family), tmp_path)


program = """
import sys
import torch
from ftkit.finetuning.adalora import load_adalora
from transformers import BertForSequenceClassification

folder = sys.argv[1]
model = BertForSequenceClassification.from_pretrained(folder + "/base").eval()
model = load_adalora(model, folder + "/a").eval()
with torch.no_grad():
    torch.save(model(**torch.load(folder + "/batch.pt")).logits, folder + "/out.pt")
"""


def test_a_fresh_process_computes_the_same(tmp_path):
    model = trained()
    save_adalora(model, tmp_path / "a")
    of_family().save_pretrained(tmp_path / "base")
    torch.save(batch(), tmp_path / "batch.pt")
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True)
    close(torch.load(tmp_path / "out.pt"), logits(model), 1e-6)


def test_a_copy_trains_by_itself():
    model = prepared()
    twin = copy.deepcopy(model)
    train(twin)
    assert set(ranks(model).values()) == {5} and int(model.ftkit_allocator.step) == 0
    assert sum(ranks(twin).values()) == 2 * len(ranks(twin))
    assert train(model) == train(prepared())


# `fit` and `finetune`


def examples(number=16):
    g = torch.Generator().manual_seed(3)
    found = []
    for i in range(number):
        ids = torch.randint(3, 60, (5 + i % 3,), generator=g).tolist()
        found.append(dict(input_ids=ids, attention_mask=[1] * len(ids), labels=i % 2))
    return found


def fitted(rank=2, dropout=0.0, penalty=0.1, **options):
    model = prepared(rank=rank, dropout=dropout, penalty=penalty)
    settings = dict(learning_rate=1e-2, dtype=torch.float32, device="cpu", progress=False)
    settings |= dict(max_steps=16, batch_size=4, group_by_length=False) | options
    history = fit(model, examples(), **settings)
    return model, history


def state(model):
    return {n: x.detach().clone() for n, x in model.state_dict().items()}


def test_fit_runs_the_schedule_to_its_end():
    model, history = fitted()
    assert len(history.steps) == 16 and int(model.ftkit_allocator.step) == 16
    assert sum(ranks(model).values()) == 2 * len(ranks(model))
    again, _ = fitted()
    for name, value in state(model).items():
        assert torch.equal(value, state(again)[name]), name


def test_the_loss_that_fit_shows_is_the_tasks():
    _, with_penalty = fitted(penalty=5.0)
    _, without = fitted(penalty=0.0)
    assert with_penalty.steps[0] | dict(seconds=0) == without.steps[0] | dict(seconds=0)
    assert with_penalty.steps[-1]["loss"] != without.steps[-1]["loss"]


@pytest.mark.parametrize("fatal", [2, 6, 14])
def test_a_killed_run_goes_on_with_its_scores(fatal, tmp_path):
    "Before the first choice, between the choices, and after the last one."
    whole, _ = fitted(dropout=0.1)
    kept = dict(checkpoint=tmp_path, checkpoint_every=1)
    with pytest.raises(small_models.Stop):
        fitted(dropout=0.1, loss=small_models.Fragile(fatal=fatal), **kept)
    again = small_models.Fragile()
    resumed, _ = fitted(dropout=0.1, loss=again, **kept)
    assert again.calls <= 17 - fatal + 1, "it began anew"
    for name, value in state(whole).items():
        assert torch.equal(value, state(resumed)[name]), name


def test_another_schedule_is_another_run(tmp_path):
    with pytest.raises(small_models.Stop):
        fitted(loss=small_models.Fragile(fatal=4), checkpoint=tmp_path, checkpoint_every=1)
    with pytest.raises(FtkitError, match="belongs to another run"):
        fitted(rank=3, loss=small_models.Fragile(), checkpoint=tmp_path)


def test_accumulated_steps_equal_large_ones():
    once = dict(optimizer="sgd", learning_rate=0.1, max_steps=12)
    large, _ = fitted(batch_size=16, **once)
    parts, _ = fitted(batch_size=4, accumulate=4, **once)
    assert ranks(large) == ranks(parts)
    for name, value in state(large).items():
        if value.is_floating_point():
            torch.testing.assert_close(state(parts)[name], value, atol=1e-5, rtol=0, msg=name)


def test_gradient_checkpointing_changes_no_choice():
    plain, _ = fitted()
    checked, _ = fitted(gradient_checkpointing=True)
    assert ranks(plain) == ranks(checked)
    for name, value in state(plain).items():
        if value.is_floating_point():
            torch.testing.assert_close(state(checked)[name], value, atol=1e-4, rtol=0, msg=name)


def test_a_schedule_longer_than_the_training_is_refused_before_a_step():
    model = prepared()
    before = state(model)
    with pytest.raises(FtkitError, match=r"3 steps at the start and 5 at the end.* has 9 in all"):
        fit(model, examples(), max_steps=9, device="cpu", progress=False)
    for name, value in state(model).items():
        assert torch.equal(value, before[name]), name
    with pytest.raises(FtkitError, match="has 2 in all"):
        Schedule(2).fitted(2)
    assert Schedule(2).fitted(3)[1:3] == (0, 1)


def test_a_range_test_leaves_the_schedule_alone():
    model = prepared()
    before = state(model)
    learning_rate_range_test(model, examples(), steps=12, high=1e-3, device="cpu", progress=False)
    for name, value in state(model).items():
        assert torch.equal(value, before[name]), name
    fit(model, examples(), max_steps=16, batch_size=4, device="cpu", progress=False)
    assert sum(ranks(model).values()) == 2 * len(ranks(model))


def test_a_second_training_is_refused_and_a_loaded_model_trains_on(tmp_path):
    model, _ = fitted()
    options = dict(max_steps=12, device="cpu", dtype=torch.float32, progress=False)
    with pytest.raises(FtkitError, match="were chosen in 16 steps of training"):
        fit(model, examples(), **options)
    save_adalora(model, tmp_path)
    again = load_adalora(of_family(), tmp_path)
    kept = ranks(again)
    history = fit(again, examples(), learning_rate=1e-2, **options)
    assert ranks(again) == kept == ranks(model)
    assert history.steps[-1]["loss"] < history.steps[0]["loss"]


def test_the_best_weights_come_back_with_their_ranks():
    model, history = fitted(
        validation=examples(), evaluate_every=4, patience=3, learning_rate=0.05, epochs=1
    )
    assert history.best_step
    assert int(model.ftkit_allocator.step) == history.best_step


words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(55))]
rows = dict(text=["w1 w2", "w3"] * 8, label=["pos", "neg"] * 8)


def base_folder(folder):
    "The folder of a pretrained encoder without what a classifier adds."
    torch.manual_seed(0)
    BertModel(families["bert"], add_pooling_layer=False).save_pretrained(folder)
    BertTokenizerFast(vocab={word: i for i, word in enumerate(words)}).save_pretrained(folder)
    return folder


def test_a_classifier_answers_alike_after_loading(tmp_path, monkeypatch):
    "On a base that lacks a pooler, from its default schedule."
    monkeypatch.setattr("ftkit.finetuning.finetune.resolve_method", resolved)
    options = dict(epochs=8, batch_size=4, max_length=12, seed=3, progress=False)
    base = base_folder(tmp_path / "base")
    classifier = finetune(rows, model=str(base), method=AdaLoRA(2, learning_rate=0.02), **options)
    expected = classifier.probabilities(rows["text"][:2])
    found = ranks(classifier.model)
    assert sum(found.values()) == 2 * len(found)
    classifier.save(tmp_path / "part", adapter_only=True)
    again = Classifier.load(tmp_path / "part")
    assert again.method.name == "adalora" and ranks(again.model) == found
    assert again.probabilities(rows["text"][:2]) == pytest.approx(expected, abs=1e-6)
    classifier.save(tmp_path / "whole")
    plain = Classifier.load(tmp_path / "whole")
    assert plain.probabilities(rows["text"][:2]) == pytest.approx(expected, abs=1e-5)
    assert list((tmp_path / "whole" / "adapter").iterdir())
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "whole")
    assert type(theirs) is type(classifier.model)


def resolved(method):
    "`resolve_method`, as if the entry points were installed."
    return AdaLoRA() if method == "adalora" else method


def test_finetune_knows_the_method_by_its_name():
    if "adalora" not in methods():
        pytest.skip("the package is not installed with its new entry point: pip install -e .")
    assert methods()["adalora"] is AdaLoRA


def test_added_tokens_travel_with_the_adapter(tmp_path):
    base = base_folder(tmp_path / "base")

    def grown(seed, number):
        model, _ = load_encoder(base, num_labels=2, seed=seed)
        if number:
            torch.manual_seed(9)
            model.resize_token_embeddings(number)
        return model

    model = prepared(grown(0, 63)).eval()
    train(model)
    save_adalora(model.eval(), tmp_path / "a")
    again = load_adalora(grown(5, None), tmp_path / "a").eval()
    ids = torch.tensor([[2, 60, 7, 62, 3]])
    with torch.no_grad():
        close(again(ids).logits, model(ids).logits, 1e-6)
    assert again.config.vocab_size == 63


def test_the_names_of_the_classes_come_back(tmp_path):
    model = of_family(id2label={0: "bad", 1: "good"}, label2id={"bad": 0, "good": 1})
    save_adalora(prepared(model), tmp_path)
    assert adapter_labels(tmp_path) == ["bad", "good"]
    assert load_adalora(of_family(), tmp_path).config.id2label == {0: "bad", 1: "good"}
    three = of_family(num_labels=3)
    with pytest.raises(FtkitError, match=r"classifier\.\w+ is .*the model needs"):
        load_adalora(three, tmp_path)
    assert all(p.requires_grad for p in three.parameters()), "refused before a change"
    file = tmp_path / "adapter_model.safetensors"
    save_file(load_file(file), file, metadata=dict(format="pt", label_names='["a", "b", "c"]'))
    with pytest.raises(FtkitError, match="has 3 classes"):
        load_adalora(of_family(), tmp_path)


# bad input


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: AdaLoRA(0), "A rank is a whole number from 1; 0 was given"),
        (lambda: AdaLoRA(True), "whole number"),
        (lambda: AdaLoRA(4, 3), "first_rank is 3 and rank 4, but ranks only fall"),
        (lambda: AdaLoRA(4, 6.0), r"6\.0 was given"),
        (lambda: AdaLoRA(alpha=0), "alpha is a number above 0; 0 was given"),
        (lambda: AdaLoRA(alpha=float("nan")), "finite"),
        (lambda: AdaLoRA(dropout=1.0), r"dropout is a probability .* 1\.0 was given"),
        (lambda: AdaLoRA(initial_steps=-1), "initial_steps is a number of steps, or None; -1"),
        (lambda: AdaLoRA(final_steps=0.5), r"final_steps is a number of steps, or None; 0\.5"),
        (lambda: AdaLoRA(interval=0), "interval is a whole number from 1; 0 was given"),
        (lambda: AdaLoRA(penalty=-0.1), r"penalty is a number from 0; -0\.1 was given"),
        (lambda: AdaLoRA(penalty=float("inf")), "penalty is a number from 0; inf was given"),
        (lambda: AdaLoRA(betas=(0.9, 1.0)), r"two numbers between 0 and 1; \(0\.9, 1\.0\)"),
        (lambda: AdaLoRA(betas=(0.9,)), "two numbers between 0 and 1"),
        (lambda: AdaLoRA(targets="quary").prepare(of_family()), "Did you mean 'query'"),
        (lambda: prepared(inject(of_family(), rank=2)), "has LoRA layers already"),
        (lambda: prepared(prepared()), "has LoRA layers already"),
        (lambda: adalora_config(of_family()), "has no AdaLoRA layers"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(FtkitError, match=message):
        make()


def saved(folder, **changes):
    "A saved adapter, with changed settings."
    save_adalora(trained(), folder)
    file = folder / "adapter_config.json"
    found = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in found.items() if v != "gone"}))
    return folder


def refused(folder, message, model=None):
    model = model or of_family()
    names = list(model.state_dict())
    with pytest.raises(FtkitError, match=message):
        load_adalora(model, folder)
    assert list(model.state_dict()) == names and all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(peft_type="LORA"), "holds no 'adalora'; what it holds is 'LORA'"),
        (dict(use_rslora=True), "uses use_rslora=True, which ftkit does not load"),
        (dict(use_dora=True), "uses use_dora=True"),
        (dict(alpha_pattern={"query": 4}), "uses alpha_pattern="),
        (dict(bias="all"), "uses bias='all'"),
        (dict(layer_replication=[[0, 2]]), "uses layer_replication="),
        (dict(init_lora_weights="pissa"), "uses init_lora_weights='pissa'"),
        (dict(a_setting_of_tomorrow=3), "uses a_setting_of_tomorrow=3"),
        (dict(lora_alpha=-1), "has lora_alpha=-1, for which peft computes one scale"),
        (dict(lora_alpha="8"), "finite"),
        (dict(lora_alpha="gone"), "has no lora_alpha"),
        (dict(init_r="gone"), "has no init_r"),
        (dict(init_r=0), "A rank is a whole number from 1"),
        (dict(init_r=4), "should be 4 times true or false"),
        (dict(rank_pattern=[1]), "names with lists expected"),
        (dict(rank_pattern=None), r"lora_A is \(\d, 32\), the model needs \(5, 32\)"),
        (dict(rank_pattern={"nowhere.lora_E": [True] * 5}), "nowhere.lora_E, and no tensors"),
        (dict(base_model_name_or_path="another"), "was made for the base 'another'"),
    ],
)
def test_a_setting_that_is_not_understood_is_refused_by_name(changes, message, tmp_path):
    model = of_family()
    model.config._name_or_path = "this-one"
    refused(saved(tmp_path, **changes), message, model)


def test_a_pattern_of_numbers_is_refused(tmp_path):
    save_adalora(trained(), tmp_path)
    file = tmp_path / "adapter_config.json"
    config = json.loads(file.read_text())
    first = next(iter(config["rank_pattern"]))
    config["rank_pattern"][first] = [1, 0, 1, 0, 0]
    file.write_text(json.dumps(config))
    refused(tmp_path, "should be 5 times true or false")


def test_a_file_that_does_not_fit_is_refused(tmp_path):
    refused(tmp_path / "none", "has no adapter_config.json")
    folder = saved(tmp_path / "a")
    refused(folder, "this model has no place|does not have as a linear", of_family("gpt2"))
    refused(folder, "the model needs", of_family(hidden_size=16))
    file = folder / "adapter_model.safetensors"
    whole = load_file(file)
    head = next(name for name in whole if name.endswith("classifier.weight"))
    save_file({k: v for k, v in whole.items() if k != head}, file)
    refused(folder, "does not hold classifier.weight")
    save_file(whole | {"base_model.model.more": torch.zeros(1)}, file)
    refused(folder, "holds more, and this model has no place")
    save_file({head: whole[head]}, file)
    refused(folder, "holds no triplets")
    one = next(name for name in whole if name.endswith("lora_E"))
    save_file(whole | {one: torch.full((5, 1), torch.nan)}, file)
    refused(folder, "holds NaN or infinity")
    with pytest.raises(FtkitError, match="has LoRA layers already"):
        load_adalora(trained(), saved(tmp_path / "b"))


def test_a_triplet_that_has_come_back_is_saved_too(tmp_path):
    "Between two choices a dropped one may move; the file must give what the model gives."
    model = prepared()
    train(model, steps=7)  # the last choice was after step 6
    dropped = sum(int((~layer.kept).sum()) for layer in triplet_layers(model).values())
    back = sum(ranks(model).values()) - sum(
        int(layer.kept.sum()) for layer in triplet_layers(model).values()
    )
    assert 0 < back <= dropped
    save_adalora(model, tmp_path)
    close(logits(load_adalora(of_family(), tmp_path).eval()), logits(model), 1e-6)
    assert isinstance(next(iter(triplet_layers(model).values())), TripletLinear)
