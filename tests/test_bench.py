"""The benchmark: what the stopwatch counts, what ratios say, how variants live and die."""

import inspect
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertForSequenceClassification, TrainingArguments

from ftkit.core import FtkitError
from ftkit.finetuning.lora import LoRA
from ftkit.kit import bench
from ftkit.kit.bench import (
    Finished,
    Job,
    Measurement,
    Results,
    Stopwatch,
    Variant,
    _InProcess,
    benchmark,
    comparison,
    counted_flops,
    encoder_flops,
    load_results,
    measure,
    occupy,
    pairwise_ratio,
    require,
    turns,
)

tiny = BertConfig(
    vocab_size=40,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=16,
)
examples = [
    dict(input_ids=[2, 5 + i, 6, 7, 3], attention_mask=[1] * 5, labels=i % 2) for i in range(6)
]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    "A tiny BERT with a tokenizer, as a folder: every process can load it in no time."
    from transformers import BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    BertForSequenceClassification(tiny).save_pretrained(folder)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *"abcdefghijklmnopqrstuvwxyz", *"012345678"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def job(model, **changed):
    usual = dict(batch_size=2, warmup=2, steps=2, repeats=2, threads=1)
    return Job(model=model, **usual | changed)


# -- the stopwatch


@settings(max_examples=60, deadline=None)
@given(
    warmup=st.integers(1, 4),
    steps=st.integers(1, 4),
    repeats=st.integers(1, 4),
    ahead=st.integers(0, 2),
)
def test_each_turn_holds_exactly_its_steps(warmup, steps, repeats, ahead):
    "Whatever a loop fetches ahead, between two boundaries lie `steps` steps, and no waiting."
    now = [0.0]
    messages = []

    def hold(message):
        now[0] += 1e6
        messages.append(message)
        if len(messages) == repeats + 1:
            raise Finished

    watch = Stopwatch(list, 2, warmup, steps, hold, clock=lambda: now[0], ahead=ahead)
    with pytest.raises(Finished):
        for _ in range(ahead):
            watch([0, 0])
        while True:
            watch([0, 0])
            now[0] += 10
    assert [m["seconds"] for m in messages[1:]] == [10.0 * steps] * repeats
    assert messages[0]["warmup"] == [10.0] * warmup


def test_a_batch_of_another_size_is_no_step():
    messages = []
    watch = Stopwatch(sum, 3, 1, 1, messages.append, clock=lambda: 0.0)
    assert watch([1, 2]) == 3 and watch.calls == 0
    assert watch([1, 2, 3]) == 6 and watch.calls == 1


@pytest.mark.parametrize(
    "variant",
    [
        Variant("a", library, task, dtype, plain)
        for library, dtype, plain in (
            ("ftkit", "float32", False),
            ("transformers", "float32", False),
            ("transformers", "bfloat16", False),
            ("transformers", "bfloat16", True),
        )
        for task in ("full", "lora", "predict")
    ],
    ids=str,
)
def test_every_loop_makes_the_steps_that_the_stopwatch_counts(variant, model_folder, monkeypatch):
    "Forward passes between two boundaries, counted inside the model: the same for the peers."
    passes = [0]
    at = []
    forward = BertForSequenceClassification.forward

    def counting(self, *args, **kwargs):
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        if ids.shape[0] == 2:
            passes[0] += 1
        return forward(self, *args, **kwargs)

    def hold(message):
        if message.keys() & {"warmup", "seconds"}:
            at.append(passes[0])
        if len(at) == 4:
            raise Finished

    counting.__signature__ = inspect.signature(forward)  # Trainer reads it
    monkeypatch.setattr(BertForSequenceClassification, "forward", counting)
    occupy(variant, job(model_folder, steps=3, repeats=3), examples, hold)
    assert at == [2, 5, 8, 11], "two steps of warm-up, then three in each turn"


language_variants = [
    Variant("a", library, task)
    for task in bench.language_tasks
    for library in bench.libraries
    if task == "gpt" or library != "torch"
]


@pytest.mark.parametrize("variant", language_variants, ids=str)
def test_language_models_make_those_steps_too(variant, model_folder, monkeypatch):
    passes = [0]
    at = []
    make = bench.language_model

    def count(*args):
        passes[0] += 1

    def counted(*args):
        model = make(*args)
        model.register_forward_hook(count)
        return model

    def hold(message):
        if message.keys() & {"warmup", "seconds"}:
            at.append(passes[0])
        if len(at) == 3:
            raise Finished

    monkeypatch.setattr(bench, "language_model", counted)
    monkeypatch.setattr(bench, "language_size", dict(width=16, layers=1, heads=2, context=32))
    occupy(variant, job(model_folder, steps=3, repeats=3), examples, hold)
    assert np.diff(at).tolist() == [3, 3]


def test_language_models_of_all_libraries_compute_the_same(monkeypatch):
    "With our weights in their classes the loss is the same: only the code differs."
    from ftkit.foundations.checkpoints import from_transformers

    monkeypatch.setattr(bench, "language_size", dict(width=32, layers=2, heads=2, context=32))
    g = torch.Generator().manual_seed(0)
    batch = dict(input_ids=torch.randint(0, bench.vocabulary, (2, 16), generator=g))
    for task in bench.language_tasks:
        theirs = bench.language_model("transformers", task).eval()
        ours = from_transformers(theirs).eval()
        expected = bench.next_token_loss(theirs, batch)
        found = bench.next_token_loss(ours, batch)
        for x, y in zip(expected, found):
            assert float(x.detach()) == pytest.approx(float(y.detach()), rel=1e-4)


@pytest.mark.parametrize("task", ["full", "lora", "predict"])
@pytest.mark.parametrize(
    "dtype, plain", [("float32", False), ("bfloat16", False), ("bfloat16", True)]
)
def test_each_peer_computes_with_the_settings_of_its_name(
    task, dtype, plain, model_folder, monkeypatch
):
    "Seen inside the network: the precision of a product, the attention, and its dropout."
    seen = set()
    forward = torch.nn.Linear.forward
    drawn = []
    drop = torch.nn.functional.dropout

    def look(self, x):
        out = forward(self, x)
        if self.in_features == tiny.intermediate_size:
            seen.add(str(out.dtype).removeprefix("torch."))
        return out

    def counted(x, p=0.5, training=True, inplace=False):
        drawn.append(p if training else 0.0)
        return drop(x, p, training, inplace)

    def attend(self, name):
        seen.add(name)

    def hold(message):
        if "seconds" in message:
            raise Finished

    monkeypatch.setattr(torch.nn.Linear, "forward", look)
    monkeypatch.setattr(torch.nn.functional, "dropout", counted)
    monkeypatch.setattr(BertForSequenceClassification, "set_attn_implementation", attend)
    variant = Variant("a", "transformers", task, dtype, plain)
    occupy(variant, job(model_folder), examples, hold)
    assert seen == ({dtype, "eager"} if plain else {dtype})
    assert drawn
    assert any(drawn) == (not plain and task != "predict")


@pytest.mark.parametrize("library, task", [("ftkit", "full"), ("transformers", "gpt")])
def test_settings_that_nothing_would_heed_are_refused(library, task):
    with pytest.raises(FtkitError, match="a setting of the library 'transformers'"):
        Variant("a", library, task, plain=True)


@pytest.mark.parametrize("task", ["full", "lora"])
def test_there_are_three_peers_and_the_first_is_the_default(task):
    default, bf16, plain = comparison(task, native_bf16=True)[:3]
    assert default == Variant("peer", "transformers", task)
    assert (bf16.dtype, bf16.plain) == ("bfloat16", False)
    assert (plain.dtype, plain.plain) == ("bfloat16", True)
    slow = comparison(task, native_bf16=False)
    assert {v.dtype for v in slow} == {"float32"}, "bf16 that must be imitated is no fair peer"


def test_torch_is_a_peer_of_gpt_only():
    with pytest.raises(FtkitError, match="'gpt' only; 'lora' was given"):
        Variant("a", "torch", "lora")


def test_both_libraries_train_at_the_same_rate(model_folder, tmp_path, monkeypatch):
    rates = []

    def fit(*_, learning_rate, **more):
        rates.append(learning_rate)

    def watch(collate):
        return collate

    monkeypatch.setattr(bench, "fit", fit)
    bench.our_loop(Variant("ours"), torch.nn.Linear(1, 1), examples, job(model_folder), watch)
    assert rates == [TrainingArguments(str(tmp_path)).learning_rate]


def test_the_median_of_the_rounds_is_a_round():
    for repeats in (Job().repeats, bench.sizes["cpu"]["repeats"], bench.sizes["gpu"]["repeats"]):
        assert repeats % 2 == 1


def test_both_libraries_train_the_same_number_of_parameters(model_folder):
    from peft import LoraConfig, get_peft_model

    method = LoRA(rank=8, alpha=8, targets=("query", "value"))
    ours = method.prepare(BertForSequenceClassification(tiny))
    lora = LoraConfig(task_type="SEQ_CLS", r=8, target_modules=["query", "value"])
    theirs = get_peft_model(BertForSequenceClassification(tiny), lora)

    def count(model):
        return sum(p.numel() for p in model.parameters() if p.requires_grad)

    assert count(ours) == count(theirs)
    config = theirs.peft_config["default"]
    assert (config.lora_alpha, config.lora_dropout) == (8, 0.0)


# -- ratios

positive = st.floats(1e-3, 1e3)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=9), st.floats(0.1, 10))
def test_a_ratio_belongs_to_the_programs_not_to_the_machine(pairs, slower):
    a, b = map(np.array, zip(*pairs))
    ratio, elsewhere = pairwise_ratio(a, b), pairwise_ratio(slower * a, slower * b)
    assert ratio.low <= ratio.value <= ratio.high
    assert np.allclose(ratio, elsewhere)
    assert np.allclose(1 / np.array(pairwise_ratio(b, a))[[2, 1]], np.array(ratio)[[1, 2]])


def test_a_program_against_itself_is_one():
    assert pairwise_ratio([3, 1, 2], [3, 1, 2]) == (1, 1, 1)
    assert turns("AB", 2) == list("ABAB")


@pytest.mark.parametrize("ours", [[1, 0, 2], [1, float("nan"), 2], [1, -1, 2]])
def test_a_round_without_a_time_has_no_ratio(ours):
    with pytest.raises(FtkitError, match=r"Round 2 took .* both must be above 0"):
        pairwise_ratio(ours, [1, 1, 1])
    with pytest.raises(FtkitError, match="Round 2 took"):
        pairwise_ratio([1, 1, 1], ours)


@pytest.mark.parametrize("ours, peer", [([], []), ([1.0], [1.0, 2.0])])
def test_rounds_must_match(ours, peer):
    with pytest.raises(FtkitError, match="the same rounds of both"):
        pairwise_ratio(ours, peer)


# -- arithmetic


@settings(max_examples=8, deadline=None)
@given(
    heads=st.integers(1, 3),
    layers=st.integers(1, 3),
    inner=st.integers(1, 40),
    labels=st.integers(2, 5),
    length=st.integers(1, 16),
)
def test_the_formula_counts_what_torch_counts(heads, layers, inner, labels, length):
    config = BertConfig(
        vocab_size=9,
        hidden_size=4 * heads,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=16,
        num_labels=labels,
    )
    model = BertForSequenceClassification(config)
    assert counted_flops(model, length, 2) == encoder_flops(config, length)
    assert counted_flops(model, length, 2, training=True) == 3 * encoder_flops(config, length)
    assert all(p.grad is None for p in model.parameters())


def test_counting_leaves_the_model_as_it_was():
    model = BertForSequenceClassification(tiny)
    before = model.config._attn_implementation
    counted_flops(model, 5)
    assert model.config._attn_implementation == before


# -- workers


def test_turns_in_threads(model_folder):
    found = measure(
        comparison("full", native_bf16=True),
        examples,
        job(model_folder),
        isolate=False,
        progress=False,
    )
    ours = ["ours, bf16", "ours, float32"]
    assert [m.name for m in found] == ["peer", "peer, bf16", "peer, bf16, plain", *ours]
    assert [m.plain for m in found] == [False, False, True, False, False]
    for m in found:
        assert len(m.seconds) == 2 and min(m.seconds) > 0
        assert m.examples == 4 and m.peak is None


def test_turns_in_processes(model_folder):
    "Two fresh processes are measured, report their own memory, and are gone afterwards."
    children = {c.pid for c in psutil.Process().children()}
    found = measure(
        [Variant("peer", "transformers", "predict"), Variant("ours", task="predict")],
        examples,
        job(model_folder),
        progress=False,
    )
    assert all(len(m.seconds) == 2 and len(m.warmup) == 2 for m in found)
    assert all(50e6 < m.loaded <= m.peak for m in found)
    assert {c.pid for c in psutil.Process().children()} == children


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="getrusage counts the parent's memory on Linux"
)
def test_the_memory_of_the_parent_does_not_count():
    """A child of a process with a large peak reports its own.

    The control is the kernel's usual answer, which is wrong."""
    ballast = np.ones(60 * 2**20)  # 480 MiB
    ask = """
import contextlib, resource, sys
space = dict(contextlib=contextlib, process_peak=None)
exec(sys.argv[1], space)
usual = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(space["_memory_now"]("cpu"), usual)
"""
    command = [sys.executable, "-c", ask, inspect.getsource(bench._memory_now)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    own, usual = map(int, done.stdout.split())
    assert own < 100e6 < 400e6 < usual and ballast[0] == 1


def test_a_process_that_is_killed_is_an_error_not_a_wait(model_folder):
    worker = _InProcess(Variant("ours"), job(model_folder), examples)
    try:
        worker.process.kill()
        with pytest.raises(FtkitError, match="The process of 'ours' ended with code -9"):
            worker.receive()
    finally:
        worker.close()
    assert worker.process.stdin.closed
    assert worker.process.stdout.closed
    assert worker.errors.closed
    assert not worker.task.exists()


def test_a_process_ends_when_its_parent_is_gone(model_folder):
    "A held worker whose input ends has nobody left to report to."
    worker = _InProcess(Variant("ours", task="predict"), job(model_folder), examples)
    try:
        worker.receive()
        worker.process.stdin.close()
        assert worker.process.wait(20) == 0
    finally:
        worker.process.kill()


def test_an_error_inside_a_variant_names_it(tmp_path):
    with pytest.raises(FtkitError, match="The variant 'ours' failed: "):
        measure(
            [Variant("ours")],
            examples,
            job(str(tmp_path / "nothing")),
            isolate=False,
            progress=False,
        )


def test_a_loop_that_ends_early_is_an_error(model_folder, monkeypatch):
    monkeypatch.setattr(bench, "our_loop", lambda *args: None)
    with pytest.raises(FtkitError, match="ended before it was measured"):
        occupy(Variant("ours"), job(model_folder), examples, lambda m: None)


# -- bad input


@pytest.mark.parametrize(
    "kwargs, says",
    [
        (dict(library="transfomers"), "Did you mean 'transformers'"),
        (dict(task="infer"), "Unknown task"),
        (dict(dtype="float16"), "Unknown dtype"),
    ],
)
def test_unknown_variants(kwargs, says):
    with pytest.raises(FtkitError, match=says):
        Variant("x", **kwargs)


@pytest.mark.parametrize("name", ["batch_size", "warmup", "steps", "repeats", "threads"])
def test_sizes_that_make_no_sense(name):
    with pytest.raises(FtkitError, match=f"{name} must be . or more; 0 was given"):
        Job(**{name: 0})


def test_missing_peers_say_what_to_install():
    peers = comparison("lora", native_bf16=False)
    with pytest.raises(
        FtkitError,
        match=r"needs accelerate and peft, not installed here: pip install 'ftkit\[dev\]'",
    ):
        require(peers, found=lambda name: None)
    with pytest.raises(FtkitError, match="needs accelerate, not"):
        require(comparison("full", False), found=lambda name: None)
    require([v for v in peers if v.library == "ftkit"], found=lambda name: None)


def test_unknown_options_are_refused_before_anything_is_measured():
    with pytest.raises(FtkitError, match="Unknown scale"):
        benchmark("huge")
    with pytest.raises(FtkitError, match="Unknown task"):
        benchmark("smoke", tasks=["ful"])
    with pytest.raises(FtkitError, match="Did you mean 'repeats'"):
        benchmark("smoke", repeat=3)


# -- results


def measured(name, library, dtype, seconds, peak):
    return Measurement(name, library, "full", dtype, 32, seconds, [1.0], 500, peak)


def results():
    return Results(
        dict(model="minilm", length=128),
        dict(processor="P"),
        dict(float32=1e3, bfloat16=2e3),
        dict(full=10.0),
        [
            measured("peer", "transformers", "float32", [2.0, 2.0], 1000),
            measured("peer, bf16", "transformers", "bfloat16", [1.0, 1.5], 900),
            measured("ours, bf16", "ftkit", "bfloat16", [1.0, 1.0], 900),
            measured("ours, float32", "ftkit", "float32", [4.0, 2.5], 1000),
        ],
    )


def test_verdicts_say_met_and_missed():
    found = dict(results().verdicts())
    bf16 = found["full training, ours, bf16: at least 1.5 times the default peer's speed"]
    assert bf16 == "met: 2.00 (2.00 to 2.00)"
    float32 = found["full training, ours, float32: at least 1.0 times the default peer's speed"]
    assert float32 == "missed: 0.65 (0.50 to 0.80)"
    assert [v for k, v in found.items() if "memory" in k] == ["met: 0.90", "met: 1.00"]


def test_one_fast_round_does_not_meet_a_target():
    "The median decides; a round that would meet it makes the miss a close one."
    peer = measured("peer", "transformers", "float32", [2.0, 2.0, 2.0], 1000)
    ours = measured("ours, float32", "ftkit", "float32", [2.5, 2.5, 1.0], 1050)
    found = replace(results(), measurements=[peer, ours]).verdicts()
    assert [verdict for _, verdict in found] == [
        "missed, but within the spread: 0.80 (0.80 to 2.00)",
        "missed, but within the spread: 1.05",
    ]


def test_ours_stands_beside_each_peer_with_the_spread_of_the_rounds():
    table = results().beside().set_index("times as fast as")
    assert list(table.index) == ["ours, bf16", "ours, float32"]
    assert table.loc["ours, bf16", "peer"] == "2.00 (2.00 to 2.00)"
    assert table.loc["ours, bf16", "peer, bf16"] == "1.25 (1.00 to 1.50)"
    assert table.loc["ours, float32", "peer, bf16"] == "0.42 (0.25 to 0.60)"
    for text in (str(results()), results()._repr_html_()):
        assert "0.42 (0.25 to 0.60)" in text and "peer, bf16: with bf16=True" in text


def test_a_peer_that_a_task_lacks_is_left_blank():
    several = results()
    several.flops["gpt"] = 10.0
    for name, library in (("peer", "transformers"), ("ours", "ftkit")):
        m = measured(name, library, "float32", [2.0, 1.0], 1000)
        m.task = "gpt"
        several.measurements.append(m)
    last = several.beside().iloc[-1]
    assert (last["peer"], last["peer, bf16"]) == ("1.00 (1.00 to 1.00)", "")


def test_results_survive_a_file(tmp_path):
    path = tmp_path / "bench.json"
    results().save(path)
    assert load_results(path) == results() and json.loads(path.read_text())["schema"] == 1
    assert str(load_results(path)) == str(results()) and "share of ceiling" in str(results())
    for content in ("", "{}", "[]", '{"measurements": [{"x": 1}]}'):
        path.write_text(content)
        with pytest.raises(FtkitError, match="holds no results of a benchmark"):
            load_results(path)
    with pytest.raises(FtkitError, match="holds no results"):
        load_results(tmp_path / "missing.json")


def test_share_of_the_ceiling():
    shares = [results().share(m) for m in results().measurements]
    bf16 = 32 / 1.25 * 10 / 2e3
    assert np.allclose(shares, [16 * 10 / 1e3, bf16, 32 * 10 / 2e3, 32 / 3.25 * 10 / 1e3])
