"""The command line: bad input, fine-tuning and resuming on a tiny model."""

import errno
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from importlib.metadata import entry_points
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner
from small_table import classes, table, words

from ftkit import tables
from ftkit.kit import bands, cli, lanes, running, suite


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    "A BERT of a few thousand random weights, in a folder."
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    known = sorted({word for line in words.values() for word in line.split()})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocab = {word: i for i, word in enumerate([*special, *known])}
    core = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def call(command):
    "The result of a command, as one types it after `ftkit`."
    return CliRunner().invoke(cli.app, shlex.split(command))


def succeed(command):
    result = call(command)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refuse(match, command):
    "Exit code 2, one sentence on standard error, no traceback."
    result = call(command)
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    assert "Traceback" not in result.stderr and len(result.stderr.strip().splitlines()) == 1
    assert match in result.stderr, result.stderr


# Bad input: one sentence, exit code 2, nothing half-written


@pytest.fixture
def place(tmp_path):
    "A folder with a good file in it, and a check that nothing else appears."
    table().to_csv(tmp_path / "good.csv", index=False)
    (tmp_path / "made").mkdir()
    yield tmp_path
    assert list((tmp_path / "made").iterdir()) == []


def finetune_good(place):
    "The beginning of a command that would fine-tune on the good file."
    return f"finetune --data {place}/good.csv --out {place}/made/m"


@pytest.mark.parametrize(
    "name, content, match",
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "text,label\n", "no rows, only the header text, label"),
        ("a.jsonl", "\n\n", "no rows"),
        ("a.xlsx", "x", "suffix '.xlsx', which is not read"),
        (
            "a.csv",
            "text,label\nx,a\n" + "caf\u00e9,b\n".encode("utf-8").decode("utf-8"),
            "Too few rows",
        ),
        ("a.csv", b"text,label\nx,a\ncaf\xe9,b\n", "line 3, byte 18 is 0xe9"),
        ("a.csv", "text,label\n".encode("utf-16"), "UTF-16"),
        ("a.csv", "text,label\nx,a,b\n", "line 2: 3 fields"),
        ("a.csv", 'text,label\nx,a\n"y,b\nz,a\n', "begins in line 3"),
        ("a.csv", "text,text\nx,a\n", "two columns named 'text'"),
        ("a.jsonl", '{"text": "x", "label": 1}\nnot json\n', "line 2 is not JSON"),
        ("a.parquet", "PAR1", "cannot be read as Parquet"),
        ("a.csv", "text,label\nx,a\n ,b\n,b\n", "2 of 3 rows have no text (rows 2, 3"),
        ("a.csv", "text,label\nx,a\ny,\n", "1 of 2 rows have no label (rows 2"),
        ("a.jsonl", '{"text": "x"}\n{"text": "y", "label": "a"}\n', "have no label (rows 1"),
        (
            "a.csv",
            "text,label\n" + "".join(f"x{i},a\n" for i in range(9)),
            "All 9 rows have the label 'a'",
        ),
        ("a.csv", "text,label\n" + "".join(f"x{i},{i % 2}\n" for i in range(4)), "'0' (2 rows"),
        ("a.jsonl", '{"text": "\\ud800", "label": 1}\n', "half of a surrogate pair"),
    ],
)
def test_bad_files(place, name, content, match):
    path = place / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    refuse(match, f"finetune --data {path} --out {place}/made/m")


def test_missing_files_and_folders(place):
    out = f"--out {place}/made/m"
    refuse("Did you mean", f"finetune --data {place}/goood.csv {out}")
    refuse("is a folder", f"finetune --data {place} {out}")
    refuse("There is no file", f"{finetune_good(place)} --test {place}/none.csv")


def test_bad_names_and_sizes(place, tiny):
    start = finetune_good(place)
    refuse("the table has: id, text, label", f"{start} --text review")
    refuse("the table has: id, text, label", f"{start} --label review")
    refuse("Did you mean 'lora'?", f"{start} --method lorra")
    refuse("Did you mean 'minilm'?", f"{start} --model minlm")
    refuse("more than the 64 tokens", f"{start} --model {tiny} --max-length 65")
    for wrong in (
        "--epochs 0",
        "--batch-size 0",
        "--seed -1",
        "--learning-rate x",
        "--nonsense 1",
    ):
        result = call(f"{start} {wrong}")
        assert result.exit_code == 2
        assert wrong.split()[0] in result.stderr and "Traceback" not in result.stderr


def test_labels_unseen_in_training(place):
    start = finetune_good(place)
    other = place / "test.csv"
    other.write_text("text,label\nx,food\ny,cars\n")
    unseen = "row 2: the label 'cars' does not occur"
    refuse(f"--test, {unseen}", f"{start} --test {other}")
    refuse(f"--validation, {unseen}", f"{start} --validation {other}")
    other.write_text("text,label\nx,food\ny,food\n")
    refuse("has only the label 'food'", f"{start} --test {other}")


def test_a_model_folder_without_a_file_is_no_model(place, tiny):
    predict = f"predict --data {place}/good.csv --out {place}/made/p.csv"
    for name in ("config.json", "model.safetensors"):
        broken = place / f"without_{name}"
        shutil.copytree(tiny, broken)
        (broken / name).unlink()
        refuse(f"has no {name}", f"{finetune_good(place)} --model {broken}")
        refuse(f"has no {name}", f"{predict} --model {broken}")
    refuse("There is no model folder", f"{predict} --model {place}/none")


@pytest.mark.parametrize(
    "changes, match",
    [
        (dict(num_labels=3), "has no trained head for 3 classes: classifier.weight"),
        (dict(num_labels=1), "gives each text one number, not one of several classes"),
        (dict(problem_type="multi_label_classification"), "gives each text several labels at once"),
        (dict(auto_map={"AutoConfig": "mine.Config"}), "brings code of its own"),
    ],
)
def test_models_that_cannot_answer_are_no_classifiers(place, tiny, changes, match):
    folder = place / "model"
    shutil.copytree(tiny, folder)
    settings = json.loads((folder / "config.json").read_text()) | changes
    if "num_labels" in changes:
        names = [f"LABEL_{i}" for i in range(settings.pop("num_labels"))]
        settings["id2label"] = dict(enumerate(names))
        settings["label2id"] = {name: i for i, name in enumerate(names)}
    (folder / "config.json").write_text(json.dumps(settings))
    out = f"--out {place}/made/p.csv"
    refuse(match, f"predict --model {folder} --data {place}/good.csv {out} --text text")


def test_out_is_never_something_else(place):
    start = f"finetune --data {place}/good.csv --out"
    refuse("is a file", f"{start} {place}/good.csv")
    refuse("is not a model folder", f"{start} {place}")
    refuse("Cannot write", f"{start} /proc/none/m")
    refuse("Cannot write", f"{start} {place}/good.csv/m")
    mine = place / "mine"
    mine.mkdir()
    for name in ("ftkit.json", "config.json", "thesis.docx"):
        (mine / name).write_text("{}")
    refuse("'thesis.docx'", f"{start} {mine}")
    assert (mine / "thesis.docx").exists()


def test_bad_predictions_are_refused_before_the_model_is_loaded(place, tiny):
    start = f"predict --model {tiny} --data {place}/good.csv --out"
    refuse("is the input file", f"{start} {place}/good.csv")
    refuse("suffix '.doc', which is not written", f"{start} {place}/made/p.doc")
    refuse("is a folder", f"{start} {place}/made")
    refuse("Cannot write", f"{start} /proc/none/p.csv")
    start = f"predict --model {tiny} --out {place}/made/p.csv --data"
    table().assign(predicted="x").to_csv(place / "again.csv", index=False)
    refuse("has a column 'predicted' already", f"{start} {place}/again.csv")
    (place / "gaps.csv").write_text("text,n\nx,1\n,2\n")
    refuse("have no text (rows 2", f"{start} {place}/gaps.csv")


def test_a_format_that_cannot_hold_the_table_is_said_before_the_network_runs(
    place, tiny, monkeypatch
):
    from ftkit.finetuning.finetune import Classifier

    def loaded(folder):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Classifier, "load", loaded)
    start = f"predict --model {tiny} --data {place}/mixed.jsonl --text text --out {place}/made"
    (place / "mixed.jsonl").write_text('{"text": "x", "n": 1}\n{"text": "y", "n": "one"}\n')
    refuse("p.parquet cannot hold this table", f"{start}/p.parquet")
    refuse("column n", f"{start}/p.parquet")
    (place / "mixed.jsonl").write_text('{"text": "x", "n": "\\ud800"}\n')
    for suffix in (".csv", ".tsv", ".parquet"):
        refuse(f"p{suffix} cannot hold this table", f"{start}/p{suffix}")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes\nat C"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB.\nSee documentation"),
    ],
)
def test_out_of_memory_says_what_to_reduce(place, monkeypatch, error):
    def full(*args):
        raise error

    monkeypatch.setattr(cli, "read_table", full)
    refuse("Say a smaller --batch-size or --max-length", finetune_good(place))
    refuse("out of memory", finetune_good(place))
    predict = f"predict --model {place}/made --data {place}/good.csv --out {place}/made/p.csv"
    monkeypatch.setattr(cli, "check_model_folder", full)
    refuse("Say a smaller --batch-size.", predict)


def test_errors_of_torch_that_are_bugs_are_not_hidden(place, monkeypatch):
    def bug(*args):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(cli, "read_table", bug)
    assert isinstance(call(finetune_good(place)).exception, RuntimeError)


def test_options_that_nothing_would_heed_are_refused():
    refuse("--newest-torch is for --lane latest", "check --newest-torch")
    refuse("--fresh is for a build", "docs --preview --fresh")


def test_bench_asks_for_its_file_first(tmp_path):
    refuse("is a folder; name a file", f"bench --scale smoke --out {tmp_path}")
    refuse("Cannot write", "bench --scale smoke --out /proc/none/b.json")


def test_bad_notebooks_scales_and_assets(monkeypatch):
    refuse("Did you mean 'finetune'?", "run finetun")
    refuse("Did you mean 'smoke'?", "run core --scale smok")
    refuse("--save stores scale cpu and seed 0", "run core --scale smoke --save")
    refuse("--save stores scale cpu and seed 0", "run core --seed 3 --save")
    refuse("Did you mean 'minilm'?", "fetch minlm")
    monkeypatch.setattr(running, "checkout", lambda: None)
    refuse("needs a checkout", "run core")


def test_what_the_kit_misses_is_one_sentence(monkeypatch, tmp_path):
    find = importlib.util.find_spec

    def without_papermill(name, *more):
        return None if name == "papermill" else find(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", without_papermill)
    refuse("pip install ftkit[kit]", f"run core --scale smoke --out {tmp_path}")


def test_a_full_disk_is_a_sentence(place, tiny, monkeypatch):
    from ftkit.finetuning.finetune import Classifier

    def full(self, folder):
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))

    monkeypatch.setattr(Classifier, "save", full)
    result = call(f"{finetune_good(place)} --model {tiny} --max-length 16 --epochs 0.1")
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr and "Traceback" not in result.stderr
    # The finished training's checkpoint stays, so that the work is not lost.
    for left in (place / "made").rglob("*"):
        if left.is_file():
            left.unlink()
    (place / "made" / "m.checkpoint").rmdir()


def test_other_errors_are_not_hidden(monkeypatch, place):
    def bug(*args):
        raise ValueError("a bug")

    monkeypatch.setattr(cli, "read_table", bug)
    result = call(finetune_good(place))
    assert isinstance(result.exception, ValueError) and result.exit_code == 1


def test_help_and_bad_input_import_nothing_heavy(tmp_path):
    program = """if 1:
        import sys
        from ftkit.kit.cli import app
        heavy = ("torch", "pandas", "transformers", "datasets", "sklearn", "papermill")
        def imported(*arguments):
            try: app(list(arguments))
            except SystemExit: pass
            return [name for name in heavy if name in sys.modules]
        print(imported("--help"), imported("finetune", "--help"))
        print(imported("finetune", "--data", "none.csv", "--out", "m"))"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-2:] == ["[] []", "['torch']"]


# The whole way


@pytest.mark.parametrize("method", ["full", "lora"])
def test_finetune_then_predict_on_six_classes(tmp_path, tiny, method, monkeypatch):
    from transformers import AutoModelForSequenceClassification

    from ftkit.finetuning.finetune import Classifier

    linear = cli.linear_predictions
    trained = set()

    def watched(train, texts):
        trained.update(train["text"])
        assert not trained & set(texts), "the linear model is asked what it was told"
        return linear(train, texts)

    monkeypatch.setattr(cli, "linear_predictions", watched)
    frame = table().rename(columns=dict(text="phrase", label="kind"))
    frame.to_json(tmp_path / "data.jsonl", orient="records", lines=True)
    folder = tmp_path / "m"
    said = succeed(
        f"finetune --data {tmp_path}/data.jsonl --out {folder} --model {tiny} --method {method} "
        "--epochs 2 --max-length 16"
    )
    for part in (
        "text is 'phrase'",
        "6: animals 42, food 36",
        "stratified",
        "TF-IDF",
        "majority class",
        "macro",
    ):
        assert part in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.jsonl", "m"]
    loaded = AutoModelForSequenceClassification.from_pretrained(folder)
    assert loaded.config.id2label == dict(enumerate(classes))
    report = json.loads((folder / "report.json").read_text())
    assert sum(report["rows"].values()) == len(frame)
    assert len(trained) == report["rows"]["train"]
    assert report["schema"] == 1
    assert report["columns"] == dict(text="phrase", label="kind")
    assert sum(map(sum, report["confusion"])) == report["rows"]["test"]
    record = json.loads((folder / "record.json").read_text())
    assert record["schema"] == 1
    assert record["controls"]["macro_f1_majority"]["control_of"] == "macro_f1"
    network = list(report["scores"].values())[-1]
    assert record["metrics"]["accuracy"]["value"] == network["accuracy"]["value"]

    new = frame.drop(columns="kind").head(7)
    new.to_csv(tmp_path / "new.csv", index=False)
    expected = Classifier.load(folder).predict(list(new.phrase))
    for suffix in tables.suffixes:
        out = tmp_path / f"p{suffix}"
        succeed(f"predict --model {folder} --data {tmp_path}/new.csv --out {out}")
        found = tables.read_table(out)
        assert list(found.columns) == ["id", "phrase", "predicted", "probability"]
        assert found[["id", "phrase"]].values.tolist() == new[["id", "phrase"]].values.tolist()
        assert found.predicted.tolist() == [p.label for p in expected]
        probabilities = [p.probability for p in expected]
        assert found.probability.astype(float).tolist() == pytest.approx(probabilities, abs=1e-5)


@pytest.mark.parametrize("method", sorted(entry_points(group="ftkit.methods").names))
def test_every_method_learns_from_a_table_and_answers(tmp_path, tiny, method):
    frame = table().groupby("label").head(8)
    frame.to_csv(tmp_path / "mine.csv", index=False)
    said = succeed(
        f"finetune --data {tmp_path}/mine.csv --out {tmp_path}/m --model {tiny} --method {method} "
        "--epochs 2 --batch-size 8 --max-length 16"
    )
    whole = (tmp_path / "m" / "config.json").is_file()
    assert whole == ("the model for transformers" in said)
    assert whole != ("what was trained, and the name of its base" in said)
    succeed(f"predict --model {tmp_path}/m --data {tmp_path}/mine.csv --out {tmp_path}/p.csv")
    assert set(tables.read_table(tmp_path / "p.csv").predicted) <= set(classes)


def test_a_network_that_reads_the_last_token_needs_no_padding_of_its_own(tmp_path, tiny):
    "A GPT-2 whose tokenizer has no padding token: trained, saved, and read in batches and alone."
    import torch
    from tokenizers import processors
    from transformers import GPT2Config, GPT2ForSequenceClassification, PreTrainedTokenizerFast

    core = PreTrainedTokenizerFast.from_pretrained(tiny).backend_tokenizer
    core.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="[SEP]")
    tokenizer.save_pretrained(tmp_path / "gpt")
    small = dict(n_embd=16, n_layer=1, n_head=2, n_positions=64, bos_token_id=3, eos_token_id=3)
    torch.manual_seed(0)
    network = GPT2ForSequenceClassification(GPT2Config(vocab_size=len(tokenizer), **small))
    network.save_pretrained(tmp_path / "gpt")
    table().to_csv(tmp_path / "a.csv", index=False)
    options = f"--model {tmp_path}/gpt --epochs 1 --max-length 16"
    succeed(f"finetune --data {tmp_path}/a.csv --out {tmp_path}/m {options}")
    rows = []
    for size in (1, 64):
        out = tmp_path / f"{size}.csv"
        succeed(
            f"predict --model {tmp_path}/m --data {tmp_path}/a.csv --out {out} --batch-size {size}"
        )
        rows.append(tables.read_table(out)["probability"].astype(float))
    assert np.allclose(*rows, atol=5e-3)  # bfloat16, where the processor has it


def test_a_model_folder_is_replaced_and_a_text_of_a_million_characters_is_truncated(tmp_path, tiny):
    frame = table(6)
    frame.loc[0, "text"] = "dog cat " * 125_000
    data = tmp_path / "data.parquet"
    frame.to_parquet(data)
    sizes = f"--model {tiny} --max-length 64 --epochs 0.2"
    for seed in (0, 1):
        succeed(f"finetune --data {data} --out {tmp_path}/m {sizes} --seed {seed}")
    assert json.loads((tmp_path / "m" / "report.json").read_text())["seed"] == 1
    succeed(f"predict --model {tmp_path}/m --data {data} --out {tmp_path}/p.csv")
    assert len(tables.read_table(tmp_path / "p.csv")) == len(frame)


def test_predict_says_what_it_left_out_and_words_for_missing_are_texts(tmp_path, tiny):
    (tmp_path / "new.csv").write_text("text,n\n<NA>,1\n,2\nnan,3\n")
    start = f"predict --model {tiny} --data {tmp_path}/new.csv --out {tmp_path}/p.csv"
    refuse("1 of 3 rows have no text (rows 2", start)
    assert "2 rows, 1 without text left out" in succeed(f"{start} --drop-empty")
    assert tables.read_table(tmp_path / "p.csv").text.tolist() == ["<NA>", "nan"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_labels_of_two_files_are_cleaned_alike(tmp_path, tiny, suffix):
    "1.0 and 0.0 in one file are 1 and 0 in the other, and spaces around them do not count."
    frame = table(6)
    frame["label"] = (frame.label == "food").astype(float)
    tables.write_table(frame, tmp_path / f"data{suffix}")
    other = frame.assign(label=frame.label.astype(int).map(" {} ".format))[::4]
    tables.write_table(other, tmp_path / "test.csv")
    succeed(
        f"finetune --data {tmp_path}/data{suffix} --test {tmp_path}/test.csv --out {tmp_path}/m "
        f"--model {tiny} --max-length 16 --epochs 0.2"
    )
    report = json.loads((tmp_path / "m" / "report.json").read_text())
    assert list(report["classes"]["test"]) == ["0", "1"]
    assert report["rows"]["test"] == len(other)


def test_ctrl_c_and_kill_then_the_same_command_ends_in_the_same_weights(
    tmp_path, tiny, hears_ctrl_c
):
    from safetensors.numpy import load_file

    table().to_csv(tmp_path / "data.csv", index=False)
    command = (
        f"finetune --data {tmp_path}/data.csv --model {tiny} --max-length 16 --epochs 12 "
        "--batch-size 8 --checkpoint-every 1"
    )
    out = f"--out {tmp_path}/m"
    checkpoint = tmp_path / "m.checkpoint" / "checkpoint.pt"

    def changed(before):
        return checkpoint.exists() and checkpoint.stat().st_mtime_ns != before

    def wait(stop, before=None):
        while not stop() and not changed(before):
            time.sleep(0.01)

    finished = threading.Event()

    def press():
        wait(finished.is_set)
        if not finished.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    try:
        result = call(f"{command} {out}")
    finally:
        finished.set()
    assert result.exit_code == 130
    assert "the same command resumes" in result.stderr and "Traceback" not in result.stderr

    program = "from ftkit.kit.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *shlex.split(f"{command} {out}")],
        stdout=subprocess.DEVNULL,
    )
    wait(lambda: process.poll() is not None, checkpoint.stat().st_mtime_ns)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert checkpoint.exists() and not (tmp_path / "m").exists()

    refuse("belongs to another run", f"{command} {out} --learning-rate 0.5")
    succeed(f"{command} {out}")
    assert not checkpoint.parent.exists() and list(tmp_path.glob(".m*")) == []
    succeed(f"{command} --out {tmp_path}/whole")
    resumed = load_file(tmp_path / "m" / "model.safetensors")
    whole = load_file(tmp_path / "whole" / "model.safetensors")
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)


def test_two_processes_do_not_train_into_one_folder(tmp_path, tiny):
    table().to_csv(tmp_path / "data.csv", index=False)
    with cli.checkpoint_folder(tmp_path / "m"):
        refuse(
            "Another process is training",
            f"finetune --data {tmp_path}/data.csv --out {tmp_path}/m --model {tiny} --max-length "
            "16",
        )


def test_a_refused_process_leaves_the_lock_to_its_owner(tmp_path):
    "A second process is refused, and so is a third one after it."
    out = tmp_path / "m"
    program = (
        "import sys, pathlib; from ftkit.kit.cli import checkpoint_folder\n"
        "with checkpoint_folder(pathlib.Path(sys.argv[1])): print('in')"
    )
    command = [sys.executable, "-c", program, str(out)]
    with cli.checkpoint_folder(out) as folder:
        for _ in range(2):
            other = subprocess.run(command, capture_output=True, text=True)
            assert "Another process is training" in other.stderr and other.stdout == ""
            assert (folder / "lock").exists()
    assert list(tmp_path.iterdir()) == []
    assert subprocess.run(command, capture_output=True, text=True).stdout == "in\n"


def test_cleaning_up_touches_only_its_own_name(tmp_path):
    others = [".m.v2.abcd_123.part", ".n.abcd_123.part", ".mm.abcd_123.part", ".m.part"]
    for name in [".m.abcd_123.part", *others]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("x")
    with cli.checkpoint_folder(tmp_path / "m"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)
    (tmp_path / ".m[1].abcd_123.part").mkdir()
    with cli.checkpoint_folder(tmp_path / "m[1]"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)


def test_what_a_killed_process_leaves_is_cleaned_up(tmp_path):
    "The name that `write_beside` makes is the one that is looked for."
    from ftkit.core import write_beside

    out = tmp_path / "m"
    with write_beside(out, folder=True) as beside:
        left = beside.parent.name
    (tmp_path / left).mkdir()
    cli.remove_leftovers(out)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


# The rest


def test_run_gives_the_verdicts_exit_code(monkeypatch, tmp_path):
    verdicts = ["passed", "no baseline", "failed"]
    made = []

    def execute(path, scale, seed, out, folder):
        made.append((path.stem, scale, seed, folder))
        error = "broken" if seed == 2 else None
        return running.Result(path.stem, verdicts[seed], error=error)

    monkeypatch.setattr(running, "execute", execute)
    codes = []
    for seed in range(3):
        result = call(f"run core 30_finetune --scale smoke --seed {seed} --out {tmp_path}")
        codes.append(result.exit_code)
    assert codes == [0, 3, 1]
    assert made[:2] == [("00_core", "smoke", 0, None), ("30_finetune", "smoke", 0, None)]
    call(f"run core core --scale smoke --out {tmp_path}")
    assert len(made) == 7, "a notebook that is named twice runs once"
    assert made[-1][-1].parent == tmp_path, "of a single notebook all lies in one folder"


def recorded(control):
    "A baseline of five seeds, with a control of this value."
    runs = []
    for seed, value in enumerate((1.0, 1.1, 0.9, 1.2, 0.8)):
        metric = dict(value=value, unit=None, resolution=None, setting={})
        controls = dict(chance=metric | dict(value=control, control_of="loss"))
        runs.append(dict(seed=seed, metrics=dict(loss=metric), controls=controls))
    made = dict(device="a processor", threads=1)
    return dict(notebook="00_core", scale="smoke", environment=made, runs=runs)


@pytest.mark.parametrize(
    "control, record, code",
    [(5.0, {}, 0), (1.0, {}, 1), (5.0, None, 1), (None, {}, 0)],
    ids=["passed", "the control is inside", "a run failed", "no baseline was made"],
)
def test_baseline_shows_the_bands_and_fails_with_a_control_inside(
    control, record, code, monkeypatch
):
    made = None if control is None else recorded(control)
    result = running.Result("00_core", "failed", record=record, error="it is broken")
    monkeypatch.setattr(suite, "write_baselines", lambda *_: [result])
    monkeypatch.setattr(bands, "load_baseline", lambda _: made)
    done = call("baseline core --scale smoke")
    assert done.exit_code == code, done.output
    assert ("00_core, scale smoke, 5 seeds" in done.stdout) == (made is not None)
    assert ("it is broken" in done.stdout) == (record is None)
    assert ("proves nothing" in done.stdout) == (control == 1.0)


# Lessons that take no time

answers = """from ftkit.core import Run, choose_compute
run = Run("{name}", scale, seed, *choose_compute("cpu"))
run.record("macro_f1", 0.87, resolution=0.01)
run.record("majority", 0.33, control_of="macro_f1")
"""
headline = """run.headline(
    "macro F1 0.870 [0.860, 0.880]",
    {"ours": "     f1\\nneg 0.87", "published": "     f1\\nneg 0.83"},
)
"""


def small_lesson(path, *sources):
    "A notebook of parameters and these cells."
    parameters = new_code_cell("scale = None\nseed = 0", metadata=dict(tags=["parameters"]))
    cells = [parameters, *(new_code_cell(source) for source in sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def ran(tmp_path, monkeypatch, *names, code=3, options=""):
    "Standard output, a line each, of a run in this folder."
    monkeypatch.chdir(tmp_path)
    result = call(f"run {' '.join(map(str, names))} --scale smoke {options}")
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result.stdout.splitlines()


def test_run_first_says_what_was_asked(tmp_path, monkeypatch):
    small_lesson(tmp_path / "a.ipynb", answers.format(name="a"), headline, "run.finish()")
    lines = ran(tmp_path, monkeypatch, "a.ipynb")
    assert lines[:5] == [
        "macro F1 0.870 [0.860, 0.880]",
        "",
        "ours        published",
        "     f1          f1",
        "neg 0.87    neg 0.83",
    ]
    assert re.fullmatch(r"a at scale smoke, seed 0: 0 min \d+ s, \d\.\d GB of memory", lines[6])
    report = Path(lines[8].removeprefix("Report: "))
    assert report.parts[0] == "runs" and report.name == "report.html"
    assert sorted(p.name for p in report.parent.iterdir()) == [
        "a.ipynb",
        "junit.xml",
        "record.json",
        "report.html",
    ]
    assert "macro F1 0.870" in report.read_text()
    assert lines[9:] == ["no baseline: 0 of 1 numbers inside their bands, 1 without a band"]


def test_all_prints_the_record_too_and_no_headline_is_needed(tmp_path, monkeypatch):
    small_lesson(tmp_path / "a.ipynb", answers.format(name="a"), "run.finish()")
    lines = ran(tmp_path, monkeypatch, "a.ipynb")
    assert lines[0] == "macro_f1  0.87  no band"
    assert not any("majority" in line for line in lines)
    everything = ran(tmp_path, monkeypatch, "a.ipynb", options="--all")
    assert everything[0] == lines[0]
    assert any("control of macro_f1: majority" in line for line in everything)
    assert any(line.startswith("  no baseline  majority") for line in everything)


def test_run_of_several_lessons_says_where_one_stopped(tmp_path, monkeypatch):
    good = small_lesson(tmp_path / "a.ipynb", answers.format(name="a"), headline, "run.finish()")
    bad = small_lesson(tmp_path / "b.ipynb", "x = 1", "int('three')")
    lines = ran(tmp_path, monkeypatch, bad, good, code=1)
    assert lines[0].startswith("b: failed in code cell 3, section")
    assert lines.index("macro F1 0.870 [0.860, 0.880]") < lines.index(
        "failed: 0 of 1 numbers inside their bands, 1 without a band"
    )
    assert "ValueError: invalid literal" in lines[-1]
    report = next(line for line in lines if line.startswith("Report: "))
    assert re.fullmatch(r"Report: runs/\d+-\d+-run/report\.html", report)
    page = Path(report.removeprefix("Report: ")).read_text()
    copies = re.findall(r'href="(\.\./[^"]+)"', page)
    assert sorted(Path(copy).name for copy in copies) == ["a.ipynb", "b.ipynb", "record.json"]
    folder = tmp_path / Path(report.removeprefix("Report: ")).parent
    assert all((folder / copy).is_file() for copy in copies)


def test_what_cannot_be_run_is_refused_before_the_first_lesson(tmp_path, monkeypatch):
    good = small_lesson(tmp_path / "a.ipynb", "1 / 0")
    (tmp_path / "b").mkdir()
    twin = small_lesson(tmp_path / "b" / "a.ipynb", "1 / 0")
    (tmp_path / "text.ipynb").write_text("no notebook")
    refuse("the same name", f"run {good} {twin} --scale smoke --out {tmp_path}/runs")
    refuse("as a notebook", f"run {good} {tmp_path}/text.ipynb --scale smoke --out {tmp_path}/runs")
    assert not (tmp_path / "runs").exists()


def test_assets_and_doctor_say_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path / "cache"))
    said = succeed("assets")
    assert "minilm" in said and "MIT" in said and " no " in said and str(tmp_path / "cache") in said
    result = call("doctor --offline")
    assert result.exit_code == 0
    for line in ("processor", "GPU", "compute", "cache", "not tried", "torch", "scale"):
        assert line in result.stdout
    assert not (tmp_path / "cache").exists()


def test_doctor_fails_where_a_requirement_is_not_met(monkeypatch):
    monkeypatch.setattr(lanes, "version_problems", lambda: (["torch 1.0 (needs >=2.11)"], []))
    result = call("doctor --offline")
    assert result.exit_code == 1 and "torch 1.0 (needs >=2.11)" in result.stdout


def test_the_installed_command_is_this_one():
    found = entry_points(group="console_scripts", name="ftkit")
    assert [entry.value for entry in found] == ["ftkit.kit.cli:main"]
