"Preferences: equal to trl, and what is refused."

import math

import datasets
import numpy as np
import pytest
import torch
from torch import tensor

from ftkit.core import FtkitError
from ftkit.finetuning.preferences import (
    RewardModel,
    Signs,
    advantages,
    answer_example,
    answer_log_probs,
    answer_sums,
    collate_pairs,
    dpo,
    dpo_loss,
    drawn_answers,
    grpo,
    grpo_loss,
    pair_loss,
    preference_pairs,
    rewards_of,
    tilted,
    wrong_by,
    Sum,
)
from ftkit.foundations.text import collate
from ftkit.foundations.transformer import Decoder, llama_config

signs = Signs("0123456789+=.")
table = dict(
    prompt=["58+78=", "12+13=", "9+9="],
    chosen=["136.", "25.", "18."],
    rejected=["126.", "251.", "8."],
)


def ones(prompts, answers):
    "A reward: how often an answer has the digit 1."
    return [answer.count("1") for answer in answers]


def nothing(prompts, answers):
    return [0.0] * len(answers)


def small(seed=0, width=16):
    torch.manual_seed(seed)
    return Decoder(llama_config(13, width=width, layers=1, heads=2, context=16))


@pytest.fixture(scope="module")
def trl_setting(tmp_path_factory):
    "A random Llama, another as reference, and trl's own batch of the pairs above."
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from trl import DPOConfig, DPOTrainer

    vocabulary = {sign: i for i, sign in enumerate(signs.signs)} | {"<pad>": 13, "<eos>": 14}
    each = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    each.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=each, pad_token="<pad>", eos_token="<eos>")
    config = LlamaConfig(
        vocab_size=15,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=32,
    )
    torch.manual_seed(0)
    policy = LlamaForCausalLM(config)
    reference = LlamaForCausalLM(config)
    options = DPOConfig(
        output_dir=str(tmp_path_factory.mktemp("trl")),
        beta=0.3,
        report_to="none",
        per_device_train_batch_size=3,
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
        save_strategy="no",
    )
    trainer = DPOTrainer(
        model=policy,
        ref_model=reference,
        args=options,
        train_dataset=datasets.Dataset.from_dict(table),
        processing_class=tokenizer,
    )
    return policy, reference, trainer


@pytest.mark.filterwarnings("ignore")
def test_dpo_has_the_values_and_gradients_of_trl(trl_setting):
    policy, reference, trainer = trl_setting
    batch = next(iter(trainer.get_train_dataloader()))
    policy.zero_grad()
    theirs = trainer.compute_loss(trainer.model, dict(batch))
    theirs.backward()
    wanted = {name: p.grad.clone() for name, p in policy.named_parameters()}
    policy.zero_grad()
    first = batch["input_ids"][0].tolist()
    prompts = [signs.encode(text) for text in table["prompt"]]
    assert any(first[: len(prompt)] == prompt for prompt in prompts), "other tokens than ours"

    def rows(column):
        found = []
        for prompt, answer in zip(table["prompt"], table[column]):
            found.append(answer_example(signs.encode(prompt), [*signs.encode(answer), 14]))
        return found

    ours = collate(rows("chosen") + rows("rejected"))
    with torch.no_grad():
        known = answer_log_probs(reference, ours).sum(1)
    loss = dpo_loss(answer_log_probs(policy, ours).sum(1), known, 0.3).mean()
    loss.backward()
    assert abs(loss.item() - theirs.item()) < 1e-6
    assert wanted["lm_head.weight"].abs().max() > 1e-3
    for name, p in policy.named_parameters():
        torch.testing.assert_close(p.grad, wanted[name], rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("beta", [0.0, 0.04])
def test_grpo_has_the_values_and_gradients_of_trl(trl_setting, tmp_path, beta):
    from trl import GRPOConfig, GRPOTrainer

    policy, reference, dpo_trainer = trl_setting
    options = GRPOConfig(
        output_dir=str(tmp_path),
        epsilon=0.2,
        loss_type="grpo",
        use_bias_correction_kl=False,  # it is not in the paper
        num_generations=3,
        per_device_train_batch_size=3,
        report_to="none",
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
    )
    trainer = GRPOTrainer(
        model=policy,
        reward_funcs=lambda completions, **_: [0.0] * len(completions),
        args=options,
        train_dataset=datasets.Dataset.from_dict(dict(prompt=table["prompt"])),
        processing_class=dpo_trainer.processing_class,
    )
    examples = []
    for prompt, answer in zip(["58+78="] * 3, ["136.", "26.", "1."]):
        examples.append(answer_example(signs.encode(prompt), signs.encode(answer)))
    batch = collate(examples)
    mask = (batch["labels"] != -100).float()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        now = answer_log_probs(policy, batch)
        old = (now + 0.3 * torch.randn(now.shape, generator=generator)) * mask
        ref = answer_log_probs(reference, batch)
    advantage = advantages(tensor([[1.0, 0.0, 0.5]])).flatten()
    places = slice(5, None)  # trl has a column for each token of the answers only
    inputs = dict(
        prompt_ids=batch["input_ids"][:, :6],
        prompt_mask=torch.ones(3, 6, dtype=torch.long),
        completion_ids=batch["input_ids"][:, 6:],
        completion_mask=batch["attention_mask"][:, 6:],
        advantages=advantage,
        old_per_token_logps=old[:, places][:, :4],
        ref_per_token_logps=ref[:, places][:, :4],
        num_items_in_batch=mask.sum(),
    )
    trainer.beta = beta  # given at the start, it would look for a reference on the Hub
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.eval()
    policy.zero_grad()
    theirs = trainer._compute_loss(policy, inputs)
    theirs.backward()
    wanted = policy.lm_head.weight.grad.clone()
    policy.zero_grad()
    log_probs = answer_log_probs(policy, batch)
    loss = grpo_loss(log_probs, old, advantage, mask, 0.2, ref, beta).mean()
    loss.backward()
    assert abs(loss.item() - theirs.item()) < 1e-5
    assert wanted.abs().max() > 1e-3
    torch.testing.assert_close(policy.lm_head.weight.grad, wanted, rtol=1e-3, atol=1e-5)


def test_dpo_trains_a_model_of_transformers_too(trl_setting):
    torch.manual_seed(2)
    policy = type(trl_setting[0])(trl_setting[0].config)
    before = answer_sums(policy, preference_pairs(table, signs.encode), "cpu", torch.float32)
    pairs = preference_pairs(table, signs.encode)
    history = dpo(
        policy, pairs, 0.5, max_steps=10, learning_rate=1e-3, device="cpu", progress=False
    )
    assert abs(history.steps[0]["loss"] - math.log(2)) < 1e-4
    assert history.steps[-1]["loss"] < history.steps[0]["loss"]
    assert not torch.equal(before, answer_sums(policy, pairs, "cpu", torch.float32))


def test_the_loss_of_dpo_does_not_know_the_order_of_a_batch():
    pairs = preference_pairs(table, signs.encode)
    rows = collate_pairs(pairs)["input_ids"]
    turned = collate_pairs(pairs[::-1])["input_ids"]
    assert torch.equal(rows[:3].flip(0), turned[:3]) and torch.equal(rows[3:].flip(0), turned[3:])


def test_a_level_group_moves_nothing():
    model = small()
    before = [p.clone() for p in model.parameters()]
    options = dict(stop=".", max_new_tokens=3, rounds=3, prompts_each=2, group=4, device="cpu")
    seen = grpo(model, signs, ["1+1=", "12+13="], lambda p, a: [1.0] * len(a), **options)
    assert [one.level for one in seen] == [1.0] * 3
    for p, was in zip(model.parameters(), before):
        assert torch.equal(p, was)


def test_grpo_gives_the_same_for_the_same_seed_and_another_for_another():
    def trained(seed):
        model = small()
        options = dict(stop=".", max_new_tokens=3, rounds=3, prompts_each=2, group=4, device="cpu")
        grpo(
            model,
            signs,
            ["1+1=", "2+2="],
            lambda p, a: [x.count("1") for x in a],
            seed=seed,
            **options,
        )
        return model.head.weight.detach()

    assert torch.equal(trained(0), trained(0))
    assert not torch.equal(trained(0), trained(1))


def test_the_price_of_distance_keeps_a_model_near():
    def moved(beta):
        model = small()
        options = dict(stop=".", max_new_tokens=3, rounds=40, prompts_each=1, group=16)
        options |= dict(learning_rate=3e-3, beta=beta, device="cpu")
        seen = grpo(model, signs, ["1+1="], ones, **options)
        return seen[-1].moved

    assert moved(2.0) < 0.5 * moved(0.0)


def test_answers_end_at_the_stop_and_prompts_may_have_any_length():
    model = small()
    prompts = [signs.encode("1+1=")] * 3 + [signs.encode("12+13=")]
    for answer in drawn_answers(model, prompts * 8, 12, 5, seed=3):
        assert 1 <= len(answer) <= 5
        assert 12 not in answer[:-1]
        assert answer[-1] == 12 or len(answer) == 5


def test_a_reward_is_read_at_the_last_token():
    judge = RewardModel(small())
    torch.nn.init.normal_(judge.head.weight)
    short = answer_example(signs.encode("1+1="), signs.encode("2."))
    long = answer_example(signs.encode("1+1="), signs.encode("2.9999"))
    alone = rewards_of(judge, [short], "cpu", torch.float32)
    together = rewards_of(judge, [long, short], "cpu", torch.float32)
    assert np.allclose(alone[0], together[1], atol=1e-5)
    assert abs(together[0] - together[1]) > 1e-3


def test_the_best_policy_beats_others():
    generator = torch.Generator().manual_seed(0)
    reference = torch.rand(6, generator=generator).softmax(0)
    reward = torch.randn(6, generator=generator)
    best = tilted(reference, reward, 0.5)

    def objective(p):
        return (p * reward).sum() - 0.5 * (p * (p / reference).log()).sum()

    for _ in range(200):
        other = (best.log() + 0.3 * torch.randn(6, generator=generator)).softmax(0)
        assert objective(other) <= objective(best) + 1e-6


@pytest.mark.parametrize(
    "answer, far",
    [("136.", 0), ("126.", 10), ("136", 1000), ("", 1000), (".", 1000), ("1+.", 1000)],
)
def test_how_far_an_answer_is(answer, far):
    assert wrong_by(Sum(58, 78), answer) == far


@pytest.mark.parametrize(
    "what, message",
    [
        (lambda: preference_pairs(table | {"rejected": table["chosen"]}, signs.encode), "Row 1"),
        (lambda: preference_pairs(dict(prompt=[], chosen=[], rejected=[]), signs.encode), "no row"),
        (lambda: preference_pairs(table, signs.encode, context=9), "Row 1 of the preferences: P"),
        (lambda: preference_pairs(table | {"prompt": ["", "1", "1"]}, signs.encode), "is empty"),
        (lambda: preference_pairs(table | {"prompt": ["é"] * 3}, signs.encode), "'é'"),
        (lambda: preference_pairs(dict(text=["a"]), signs.encode), "no column 'prompt'"),
        (lambda: dpo(small(), preference_pairs(table, signs.encode), beta=-1.0), "above 0"),
        (lambda: dpo_loss(torch.zeros(2), torch.zeros(2), math.inf), "inf was given"),
        (lambda: pair_loss(tensor([math.inf]), tensor([0.0])), "Pair 0"),
        (lambda: advantages(tensor([1.0])), "shape"),
        (lambda: tilted(tensor([0.5, 0.5]), tensor([0.0, 1.0]), 0), "above 0"),
    ],
)
def test_what_is_refused(what, message):
    with pytest.raises(FtkitError, match=message):
        what()


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(reward=lambda p, a: [math.nan] * len(a)), "reward of answer 0 to prompt 0"),
        (dict(reward=lambda p, a: [1.0]), "1 numbers for"),
        (dict(group=1), "two answers or more"),
        (dict(beta=-0.1), "beta is 0 or more"),
        (dict(clip=1.5), "clip lies between"),
        (dict(model=torch.nn.Linear(2, 2)), "Linear was given"),
        (dict(max_new_tokens=40), "do not fit into a context of 16"),
        (dict(prompts=["é"]), "'é'"),
    ],
)
def test_what_grpo_refuses(changes, message):
    options = dict(
        model=small(),
        tokenizer=signs,
        prompts=["1+1="],
        reward=lambda p, a: [0.0] * len(a),
        stop=".",
        max_new_tokens=3,
        rounds=1,
        device="cpu",
    )
    with pytest.raises(FtkitError, match=message):
        grpo(**options | changes)


def test_nothing_to_learn_is_refused():
    model = small().requires_grad_(False)
    with pytest.raises(FtkitError, match="Nothing learns"):
        grpo(
            model,
            signs,
            ["1+1="],
            lambda p, a: [0.0] * len(a),
            stop=".",
            max_new_tokens=2,
            rounds=1,
        )
