"""The run, its record, and writing that leaves nothing half-done."""

import json
import math
import platform
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit import core
from ftkit.core import (
    FtkitError,
    PeakMemory,
    Run,
    choose_compute,
    code_hash,
    resolve_scale,
    seed_everything,
    setup,
    trim_heap,
    unknown,
    write_beside,
)


@pytest.fixture
def run():
    return Run("a_lesson", "smoke", 0, *choose_compute("cpu"))


def test_the_scale_comes_from_the_argument_then_the_environment(monkeypatch):
    monkeypatch.delenv("FTKIT_SCALE", raising=False)
    assert resolve_scale() == "cpu"
    monkeypatch.setenv("FTKIT_SCALE", "smoke")
    assert resolve_scale() == "smoke"
    assert resolve_scale("gpu") == "gpu"
    monkeypatch.setenv("FTKIT_SCALE", "smok")
    with pytest.raises(FtkitError, match="Did you mean 'smoke'"):
        resolve_scale()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_unknown_names_list_what_there_is(name, known):
    text = str(unknown("thing", name, known))
    assert text.startswith(f"Unknown thing '{name}'.")
    assert all(k in text for k in known)


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(FtkitError, match="Unknown device 'cuda'"):
        choose_compute("cuda")
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    assert choose_compute().device.type == "cpu"


@pytest.mark.parametrize(
    "major, dtype", [(9, torch.bfloat16), (8, torch.bfloat16), (7, torch.float32)]
)
def test_on_a_gpu_the_dtype_follows_the_compute_capability(monkeypatch, major, dtype):
    monkeypatch.delenv("FTKIT_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *a: (major, 0))
    compute = choose_compute()
    assert (compute.device.type, compute.dtype) == ("cuda", dtype)
    assert (f"compute capability {major}.0" in compute.why) == (dtype == torch.bfloat16)


@pytest.mark.parametrize("asked", ["argument", "environment"])
def test_mps_is_refused_with_a_reason(monkeypatch, asked):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(FtkitError, match=r"'mps' has no float64.*Say 'cpu'"):
        if asked == "argument":
            choose_compute("mps")
        monkeypatch.setenv("FTKIT_DEVICE", "mps")
        choose_compute()
    with pytest.raises(FtkitError) as e:
        choose_compute("gpu0")
    assert "mps" not in str(e.value)  # it is not offered either


def test_without_bf16_instructions_the_cpu_keeps_float32(monkeypatch):
    monkeypatch.setattr(core, "native_bf16", lambda device: "")
    compute = choose_compute("cpu")
    assert compute.dtype == torch.float32
    assert "no native bfloat16" in compute.why


def test_setup_seeds_everything():
    drawn = []
    for _ in range(2):
        setup("x", "smoke", 3)
        drawn.append(float(np.random.rand() + torch.rand(())))
    assert drawn[0] == drawn[1]
    with pytest.raises(FtkitError, match="A seed is an integer"):
        seed_everything(2**32)


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.5", None, True, [1]])
def test_a_record_is_a_finite_number(run, value):
    with pytest.raises(FtkitError, match="finite number"):
        run.record("x", value)


@pytest.mark.parametrize(
    "value",
    [np.float32(0.5), torch.tensor(0.5), torch.tensor(0.5, dtype=torch.bfloat16), np.array(0.5)],
)
def test_scalars_of_other_libraries_are_numbers(run, value):
    assert run.record("x", value) == 0.5
    assert type(run.metrics["x"]["value"]) is float


def test_the_record_survives_json(run):
    run.record("x", 1, unit="s", resolution=0.1, rows=3)
    run.record("y", 0, control_of="x")
    run.note("seconds", 1.5, "s")
    run.claim(True, "holds", at="smoke")
    run.claim(False, "cannot be known here", at="cpu")
    record = json.loads(json.dumps(run.as_dict()))
    assert record["schema"] == 1
    assert record["metrics"]["x"]["setting"] == {"rows": 3}
    assert record["controls"]["y"]["control_of"] == "x"
    assert [c["held"] for c in record["claims"]] == [True, None]
    assert record["device_class"] == "cpu"
    about = "seconds peak_memory versions threads dtype why assets commit dirty code"
    assert set(about.split()) <= set(record)
    assert "not checked below cpu" in core.record_text(record)


def test_a_headline_is_kept_as_text_beside_the_record(run):
    run.record("x", 1)
    without = run.as_dict()
    assert "headline" not in without
    run.headline(" accuracy 0.9 [0.8, 1.0]\n", {"ours": np.array([1, 2])})
    record = json.loads(json.dumps(run.as_dict()))
    expected = dict(answer="accuracy 0.9 [0.8, 1.0]", tables=dict(ours="[1 2]"))
    assert record.pop("headline") == expected
    changing = ("seconds", "peak_memory")
    for found in (record, without):
        for key in changing:
            del found[key]
    assert record == without, "nothing else changes"
    with pytest.raises(FtkitError, match=r"a headline already: 'accuracy 0.9 \[0.8, 1.0\]'"):
        run.headline("accuracy 0.8")


@pytest.mark.parametrize("answer", ["", "  \n", "two\nlines"])
def test_a_headline_is_one_line(run, answer):
    with pytest.raises(FtkitError, match="one line"):
        run.headline(answer)
    assert "headline" not in run.as_dict()


def test_a_false_claim_stops_the_lesson(run):
    with pytest.raises(AssertionError, match="one is two"):
        run.claim(1 == 2, "one is two", at="smoke")
    assert run.claims[-1]["held"] is False
    with pytest.raises(FtkitError, match="Unknown scale"):
        run.claim(True, "x", at="cuda")


@pytest.mark.parametrize(
    "condition",
    [
        math.nan,
        (1 == 2, "a pair in brackets"),
        [False],
        "False",
        0.5,
        1,
        None,
        pd.NA,
        lambda: False,
        np.array([True, False]),
        np.float64("nan"),
        torch.tensor([True, True]),
    ],
)
def test_a_claim_is_true_or_false(run, condition):
    "NaN, a pair and a function count as true in Python, so each of them was held."
    for at in ("smoke", "cpu"):
        with pytest.raises(FtkitError, match="The claim 'it holds' needs True or False, not"):
            run.claim(condition, "it holds", at=at)
    assert not run.claims
    for true in (np.True_, torch.tensor(True), np.array(1) == 1):
        run.claim(true, "it holds", at="smoke")
    assert [claim["held"] for claim in run.claims] == [True] * 3
    with pytest.raises(AssertionError, match="does not hold"):
        run.claim(np.False_, "it does not", at="smoke")


@pytest.mark.parametrize("resolution", [0, -0.1, math.nan, math.inf, np.float32(-1)])
def test_a_resolution_is_above_0(run, resolution):
    for bounds in (None, (0, 1)):
        with pytest.raises(FtkitError, match="The record 'x' needs a resolution above 0, not"):
            run.record("x", 0.5, resolution=resolution, bounds=bounds)
    assert not run.metrics


def test_a_note_may_be_a_word(run):
    "A text as a note stopped the lesson at its very end, in `finish`."
    run.note("judge", "a program")
    run.note("rest", [1, 2], "s")
    run.note("share", 0.123456)
    lines = core.record_text(run.as_dict())
    assert "a program" in lines and "[1, 2] s" in lines and "0.1235" in lines


def test_the_dial(run):
    assert run.choose(smoke=1, cpu=2) == 1
    on_gpu = Run("x", "gpu", 0, *choose_compute("cpu"))
    assert on_gpu.choose(smoke=1, cpu=2) == 2
    with pytest.raises(FtkitError, match="choose needs a value for cpu"):
        run.choose(smoke=1)


def test_the_peak_sees_what_is_freed_again():
    with PeakMemory() as memory:
        block = b"x" * 50_000_000  # written at once, so it is there
        time.sleep(0.05)
        del block
    assert 40e6 < memory.rise < 80e6


def test_freed_memory_goes_back_where_the_c_library_can():
    process = psutil.Process()
    pieces = [bytearray(b"x" * 2**16) for _ in range(1024)]
    del pieces[:-1]  # the last one keeps the heap from shrinking by itself
    held = process.memory_info().rss
    trim_heap()
    given_back = held - process.memory_info().rss
    if platform.libc_ver()[0] == "glibc":
        assert given_back > 40e6


@settings(max_examples=50, deadline=None)
@given(st.integers(), st.integers())
def test_the_hash_is_of_the_meaning(a, b):
    assert (code_hash(f"x = {a}") == code_hash(f"x = {b}   # said otherwise\n")) == (a == b)


def test_magic_lines_do_not_break_the_hash():
    assert code_hash("%time x") != code_hash("%time y")


def test_threads_may_read_code_side_by_side():
    "Python 3.11.7 counts the depth of all threads' syntax trees in one number, and then fails."
    source = "\n".join(f"def f{i}(x):\n    return [x + {i}, (x, {{x: x}})]" for i in range(300))

    class Circle:
        "Rubbish that the collector has to run code for, in the middle of a syntax tree."

        def __init__(self):
            self.me = self

        def __del__(self):
            sum(range(50))

    def read(number):
        for _ in range(20):
            for _ in range(20):
                Circle()
            tree = core.syntax_tree(f"{source}\nnumber = {number}")
        return tree.body[-1].value.value

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(read, range(4))) == [0, 1, 2, 3]
    finally:
        sys.setswitchinterval(before)


def test_kill_in_the_middle_of_writing_leaves_the_old_file(tmp_path):
    target = tmp_path / "weights.bin"
    target.write_text("old")
    code = (
        "import sys, time; from ftkit.core import write_beside\n"
        "with write_beside(sys.argv[1]) as beside:\n"
        "    beside.write_text('half'); print('writing', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == "writing"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert target.read_text() == "old"


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(FtkitError, match="Choose a folder"),
        write_beside(tmp_path / "file" / "below"),
    ):
        pass


def test_a_folder_is_not_lost_to_a_file_or_to_nothing(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years")
    with pytest.raises(FtkitError, match="is a folder, not a file"), write_beside(folder):
        pass
    with (
        pytest.raises(FtkitError, match="Nothing was written"),
        write_beside(folder, folder=True) as beside,
    ):
        beside.rmdir()
    with pytest.raises(FtkitError, match="Nothing was written"), write_beside(tmp_path / "new.txt"):
        pass
    assert (folder / "thesis.txt").read_text() == "years"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.mark.parametrize(
    "said, decides", [("1", True), ("1,4", True), ("9999", False), ("", False)]
)
def test_the_reason_for_the_threads_is_what_decided(monkeypatch, said, decides):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    compute = choose_compute("cpu")
    assert compute.threads == 1
    assert ("OMP_NUM_THREADS" in compute.why) == decides


def git(folder, *args):
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", *who, *args]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def somebodys_repository(tmp_path, monkeypatch):
    "A repository with one commit, and this process stands in it."
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "theirs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_installed_package_has_no_commit(monkeypatch, somebodys_repository):
    monkeypatch.setattr(core, "checkout", lambda: None)
    assert core.commit() == (None, None)
    run = Run("a_lesson", "smoke", 0, *choose_compute("cpu"))
    assert run.as_dict()["commit"] is None


def test_a_copy_inside_another_repository_has_no_commit(monkeypatch, somebodys_repository):
    copy = somebodys_repository / "ftkit"
    copy.mkdir()
    monkeypatch.setattr(core, "checkout", lambda: copy)
    assert core.commit() == (None, None)
    git(copy, "init", "-q")
    git(copy, "commit", "-q", "--allow-empty", "-m", "ours")
    ours = git(copy, "rev-parse", "HEAD").strip()
    assert core.commit() == (ours, False)  # the control: a repository of its own has one
    (copy / "new.txt").touch()
    assert core.commit() == (ours, True)


def test_bounds_and_what_matters_are_kept_beside_the_setting():
    run = core.setup("00_core", scale="smoke", seed=0)
    run.record("share", 1.0, resolution=0.01, bounds=(0, 1), matters=0.02, reviews=500)
    entry = run.metrics["share"]
    assert entry["bounds"] == [0, 1]
    assert entry["matters"] == 0.02
    assert entry["setting"] == dict(reviews=500)
    run.record("loss", 0.5, resolution=0.01, bounds=(0, None))
    assert run.metrics["loss"]["bounds"] == [0, None]
    run.record("plain", 0.5)
    assert set(run.metrics["plain"]) == {"value", "unit", "resolution", "setting"}


@pytest.mark.parametrize(
    "reading, message",
    [
        (dict(resolution=0.1, bounds=(0, 0.5)), "is 0.7, outside its bounds 0 to 0.5"),
        (dict(resolution=0.1, bounds=(1, None)), "outside its bounds 1 to None"),
        (dict(bounds=(0, 1)), "needs a resolution"),
        (dict(matters=0.0), "is a change above 0, not 0.0"),
        (dict(matters=float("nan")), "is a change above 0, not nan"),
    ],
)
def test_a_reading_that_cannot_be_is_refused(reading, message):
    run = core.setup("00_core", scale="smoke", seed=0)
    with pytest.raises(FtkitError, match=message):
        run.record("share", 0.7, **reading)
    assert run.metrics == {}
