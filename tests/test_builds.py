"""Long computations: steps that survive a kill, files of results, and which code made them."""

import importlib.util
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import root
from typer.testing import CliRunner

from ftkit import builds
from ftkit.builds import Clock, Job, all_status, read_builds, renew, run_job, save_build, status_of
from ftkit.core import FtkitError
from ftkit.kit import cli, suite

package = """
import random
import time

import torch
from torch import nn

from ftkit.foundations.training import fit

rate = 0.1
calls = []


def draw(folder, run, count):
    "So many random numbers."
    # drawn from Python and from torch
    calls.append(count)
    mean = sum(random.random() for _ in range(count)) / count
    return dict(mean=mean, normal=torch.randn(2), at=rate)


def squared_error(model, batch):
    return (model(batch["x"]) - batch["y"]).square().sum(), torch.tensor(len(batch["x"]))


def stack(rows):
    return {name: torch.stack([row[name] for row in rows]) for name in ("x", "y")}


class Slow(nn.Linear):
    "A model that needs some time."

    def forward(self, x):
        time.sleep(0.01)
        return super().forward(x)


def train(folder, run, steps):
    model = Slow(3, 1)
    rows = []
    for _ in range(64):
        x = torch.randn(3)
        rows.append(dict(x=x, y=x.sum()[None]))
    history = fit(
        model, rows, collate=stack, loss=squared_error, batch_size=8, max_steps=steps,
        learning_rate=0.01, group_by_length=False, checkpoint=folder, checkpoint_every=5,
        progress=False,
    )
    torch.save(model.state_dict(), folder / "weights.pt")
    losses = [step["loss"] for step in history.steps]
    return dict(losses=losses, weight=model.weight.detach())


def measure(folder, trained):
    weights = torch.load(trained / "weights.pt", weights_only=True)
    return float(weights["weight"].sum())


def toy(build):
    run = build.run
    build.plan(4)
    first = build.step("draw 1", draw, run, 10)
    trained = build.step("train", train, run, run.choose(smoke=10, cpu=150))
    random.random()
    total = build.step("measure", measure, build.folder_of("train"))
    last = build.step("draw 2", draw, run, 20)
    return dict(first=first, trained=trained, total=total, last=last)


toy.minutes = 1


def two(build):
    first = build.step("one", draw, build.run, 5)
    second = build.step("two", draw, build.run, 6)
    return dict(first=first, means=[first["mean"], second["mean"]])


def other(build):
    return dict(mean=build.step("draw", draw, build.run, 5)["mean"])


def failing(build):
    build.step("draw", draw, build.run, 5)
    raise KeyError("a bug in the last line")
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    "A cache of its own."
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FTKIT_SCALE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def module(tmp_path, monkeypatch):
    "A function that imports an edition of the package, in which some texts have been replaced."
    count = iter(range(99))

    def edition(*replaced):
        source = package
        for old, new in replaced:
            assert old in source
            source = source.replace(old, new)
        file = tmp_path / f"edition{next(count)}" / "toyjobs.py"
        file.parent.mkdir()
        file.write_text(source)
        spec = importlib.util.spec_from_file_location("toyjobs", file)
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "toyjobs", made)
        spec.loader.exec_module(made)
        return made

    return edition


@pytest.fixture
def jobs(tmp_path, module, monkeypatch):
    "A function that installs jobs of an edition; each belongs to the lesson 99_toys."

    def install(*names, replaced=()):
        made = module(*replaced)
        file = tmp_path / "99_toys.build.json"
        there = {name: Job(name, getattr(made, name), "99_toys", file) for name in names}

        def find_job(name):
            return there[name] if name in there else find(name)

        find = builds.find_job
        monkeypatch.setattr(builds, "find_job", find_job)
        entries = {name: Entry(f"toyjobs:{name}", "toyjobs") for name in names}
        monkeypatch.setattr(builds, "job_entries", lambda: entries)
        return [there[name] for name in names]

    return install


class Entry:
    "An entry point."

    def __init__(self, value, module):
        self.value = value
        self.module = module


def call(command):
    "The result of a command, as one types it after `ftkit`."
    return CliRunner().invoke(cli.app, shlex.split(command))


def make(job, scale="cpu"):
    "Run a job and commit what it found."
    made = run_job(job, scale)
    save_build(job, made, job.file)
    return made


def edit(file, change):
    "Change a file of results."
    held = json.loads(file.read_text())
    change(held)
    file.write_text(json.dumps(held))


# Killed, and resumed


@pytest.fixture
def place(tmp_path):
    "A folder with an installed package of jobs."
    (tmp_path / "toyjobs.py").write_text(package)
    info = tmp_path / "toyjobs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toyjobs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ftkit.builds]\ntoy = toyjobs:toy\n")
    return tmp_path


def start(place, *words):
    "A process that runs `ftkit build`."
    code = "from ftkit.kit.cli import main; main()"
    environment = os.environ | dict(PYTHONPATH=f"{place}:{root}", OMP_NUM_THREADS="1")
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    words = [sys.executable, "-c", code, "build", *words]
    return subprocess.Popen(words, cwd=place, env=environment, **pipes)


def test_a_killed_build_goes_on_to_the_same_numbers(place, cache):
    process = start(place, "toy", "--out", "whole.json")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    cache.rename(place / "cache of the first")
    process = start(place, "toy", "--out", "killed.json")
    trained = None
    while trained is None:  # until `fit` has written a checkpoint
        assert process.poll() is None, process.stderr.read()
        trained = next(cache.glob("builds/toy-cpu/train-*/checkpoint.pt"), None)
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (place / "killed.json").exists()
    process = start(place, "toy", "--out", "killed.json")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "draw 1: kept from before" in out and "train: kept" not in out
    assert "step 2 of 4, train: begins" in out and "minutes left" in out
    whole = read_builds(place / "whole.json")["toy"]
    killed = read_builds(place / "killed.json")["toy"]
    assert killed.results == whole.results
    assert {k: s["sha256"] for k, s in killed.steps.items()} == {
        k: s["sha256"] for k, s in whole.steps.items()
    }
    assert (killed.code, killed.parts) == (whole.code, whole.parts)
    assert [p for p in cache.rglob("*") if p.suffix == ".part"] == []
    assert list(cache.rglob("checkpoint.pt")) == []
    weights = [p.parent.name.split("-")[0] for p in cache.rglob("weights.pt")]
    assert weights == ["train"], "what a step wrote stays in the cache, once"


def test_finished_steps_outlive_a_bug_and_its_repair(jobs):
    (job,) = jobs("failing")
    with pytest.raises(KeyError):
        run_job(job)
    calls = job.make.__globals__["calls"]
    assert calls == [5]
    with pytest.raises(KeyError):
        run_job(job)
    assert calls == [5], "the step is kept"
    repair = ('raise KeyError("a bug in the last line")', "return dict(done=1)")
    (job,) = jobs("failing", replaced=[repair])
    assert run_job(job).results == dict(done=1)
    assert job.make.__globals__["calls"] == [], "the step's own code is the same"


@pytest.mark.parametrize(
    "old, new",
    [
        ("rate = 0.1", "rate = 0.2"),
        ("range(count)) / count", "range(count)) / (count + 0)"),
        ('"two", draw, build.run, 6', '"two", draw, build.run, 7'),
    ],
)
def test_a_step_is_made_again_when_what_it_depends_on_changes(jobs, old, new):
    (job,) = jobs("two")
    run_job(job)
    (job,) = jobs("two", replaced=[(old, new)])
    run_job(job)
    again = job.make.__globals__["calls"]
    assert again == ([7] if "two" in new else [5, 6])


def test_a_step_is_made_again_for_other_threads_and_another_scale(jobs):
    (job,) = jobs("two")
    torch.set_num_threads(1)
    run_job(job)
    calls = job.make.__globals__["calls"]
    run_job(job, "smoke")
    assert calls == [5, 6, 5, 6]
    torch.set_num_threads(2)
    made = run_job(job)
    if made.threads == 2:
        assert calls == [5, 6] * 3
    torch.set_num_threads(1)
    run_job(job, fresh=True)
    assert calls[-2:] == [5, 6] and len(calls) >= 6


def test_each_step_begins_with_the_same_random_state(jobs):
    (job,) = jobs("two")
    made = run_job(job)
    noise = ("    second =", "    random.random(), torch.randn(3)\n    second =")
    gone = ('    first = build.step("one", draw, build.run, 5)\n', "    first = dict(mean=0)\n")
    for change in (noise, gone):
        (job,) = jobs("two", replaced=[change])
        assert run_job(job, fresh=True).results["means"][1] == made.results["means"][1]
    assert made.results["means"][0] != made.results["means"][1]


def test_code_that_is_edited_while_a_build_runs_is_not_taken_for_the_code_that_runs(jobs):
    (job,) = jobs("two")
    file = Path(job.make.__code__.co_filename)
    original = file.read_text()
    draw = sys.modules["toyjobs"].draw

    def edit_first(build):
        file.write_text(original.replace("range(count)", "range(count + 1)"))
        return dict(build.step("one", draw, build.run, 5))

    edit_first.__module__ = "toyjobs"
    made = run_job(job._replace(make=edit_first))
    assert "range(count + 1)" in file.read_text()
    file.write_text(original)
    jobs("other")
    toyjobs = sys.modules["toyjobs"]

    def draw_again(build):
        return dict(build.step("one", sys.modules["toyjobs"].draw, build.run, 5))

    assert run_job(job._replace(make=draw_again)).results == made.results
    assert toyjobs.calls == [], "kept: the key is that of the code that ran"


def test_what_other_editions_wrote_goes_when_the_job_is_finished(jobs, cache):
    (job,) = jobs("two")
    run_job(job)
    (job,) = jobs("two", replaced=[("rate = 0.1", "rate = 0.2")])
    run_job(job)
    assert len(list((cache / "builds" / "two-cpu").iterdir())) == 2
    run_job(job)
    assert job.make.__globals__["calls"] == [5, 6]


def test_results_come_as_json_gives_them_at_first_and_later(module):
    def found(folder):
        return {1: (1, 2), "x": np.float32(0.5), "t": torch.tensor([True]), "n": None}

    def job(build):
        return dict(found=build.step("found", found))

    for _ in range(2):
        made = run_job(Job("json", job, "99_toys", None), "smoke")
        assert made.results == dict(found={"1": [1, 2], "x": 0.5, "t": [True], "n": None})


# Refused by name


def steps(*calls):
    "A job of these steps."

    def job(build):
        for name, function, *arguments in calls:
            build.step(name, function, *arguments)
        return dict(done=True)

    return Job("small", job, "99_toys", None)


def fine(folder, *arguments):
    return 1


@pytest.mark.parametrize(
    "job, message",
    [
        (steps(("a", fine), ("a", fine)), "The job small has two steps 'a'"),
        (steps(("a", print)), "needs a function that is written in Python"),
        (
            Job("small", lambda build: build.step("a", fine, threading.Lock()), "x", None),
            "Step 'a' of small: an argument holds what has no fixed content",
        ),
        (
            Job("small", lambda build: build.step("a", fine, random.Random(1)), "x", None),
            "no fixed content: a file, a lock, a random generator",
        ),
        (steps(), "has no step"),
        (steps(("a", lambda folder: dict(x=[1, float("nan")]))), r"step 'a'\['x'\]\[1\] is nan"),
        (steps(("a", lambda folder: dict(x={1}))), r"step 'a'\['x'\] is a set"),
        (Job("small", lambda build: build.step("a", fine), "x", None), "return a dictionary"),
        (
            Job("small", lambda build: dict(a=build.step("a", fine, build)), "x", None),
            "takes the build itself",
        ),
        (
            Job("small", lambda build: dict(a=build.folder_of("b")), "x", None),
            "Unknown finished step 'b'",
        ),
        (
            Job("small", lambda build: dict(a="x" * 600_000, b=build.step("a", fine)), "x", None),
            "take 600,0.. bytes as JSON; at most 500,000",
        ),
    ],
)
def test_a_job_that_asks_for_what_cannot_be_is_refused(job, message):
    with pytest.raises(FtkitError, match=message):
        run_job(job, "smoke")


def test_a_lesson_reads_by_name(jobs, monkeypatch):
    job, other = jobs("two", "other")
    monkeypatch.setattr(
        "ftkit.core.find_notebook", lambda name: job.file.with_name("99_toys.ipynb")
    )
    with pytest.raises(
        FtkitError, match=r"There is no 99_toys\.build\.json yet; `ftkit build two`"
    ):
        builds.read_build("99_toys", "two")
    made = make(job)
    with pytest.raises(FtkitError, match=r"Unknown build 'other'.*Known: two.*`ftkit build other`"):
        builds.read_build("99_toys", "other")
    make(other)
    assert builds.read_build("99_toys", "two") == made, "the other job stays"
    assert set(read_builds(job.file)) == {"two", "other"}
    assert re.match(r"0 minutes, \d+\.\d GB of memory, on ", str(made))
    monkeypatch.setattr("ftkit.core.find_notebook", lambda name: None)
    with pytest.raises(FtkitError, match="no notebook 99_toys in a checkout"):
        builds.read_build("99_toys", "two")


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda held: held.update(schema=2), "has schema 2; this ftkit reads 1"),
        (lambda held: held.update(more=1), "has the key 'more'"),
        (lambda held: held["jobs"]["two"].update(extra=1), "has the key 'extra' in 'two'"),
        (lambda held: held["jobs"]["two"].pop("threads"), "lacks the key 'threads' in 'two'"),
        (lambda held: held["jobs"].update(two=[]), "holds no results for 'two'"),
        (lambda held: held.pop("jobs"), r"can't be read \(KeyError\)"),
    ],
)
def test_a_damaged_file_is_refused_and_never_overwritten(jobs, damage, message):
    job, other = jobs("two", "other")
    make(job)
    edit(job.file, damage)
    before = job.file.read_bytes()
    with pytest.raises(FtkitError, match=rf"99_toys\.build\.json {message}"):
        read_builds(job.file)
    assert status_of(job).kind == "damaged"
    result = call("build other")
    assert result.exit_code == 2 and "build.json" in result.stderr
    assert job.file.read_bytes() == before and other.make.__globals__["calls"] == [5, 6]


def test_half_a_file_is_refused(jobs):
    (job,) = jobs("two")
    make(job)
    job.file.write_text(job.file.read_text()[:-20])
    with pytest.raises(FtkitError, match=r"can't be read \(JSONDecodeError\)"):
        read_builds(job.file)


def test_a_step_whose_note_is_damaged_is_made_again(jobs, cache):
    (job,) = jobs("other")
    made = run_job(job)
    (note,) = cache.rglob("step.json")
    note.write_text(note.read_text()[:-10])
    assert run_job(job).results == made.results
    assert job.make.__globals__["calls"] == [5, 5]


# Stale


@pytest.mark.parametrize(
    "old, new, named",
    [
        ("/ count", "/ (count + 0)", "draw"),
        ("rate = 0.1", "rate = 0.2", "rate"),
        ("build.run, 6", "build.run, 7", "two"),
        ("# drawn from", "# all drawn from", None),
        ('"So many random numbers."', '"Random numbers, so many."', None),
        ("time.sleep(0.01)", "time.sleep(0.02)", None),  # of another job
        ("calls = []", "calls = [1]", None),  # what code changes is no constant
    ],
)
def test_a_change_of_code_makes_a_build_stale_and_a_comment_does_not(jobs, old, new, named):
    (job,) = jobs("two")
    make(job)
    assert status_of(job).kind == "done"
    (job,) = jobs("two", replaced=[(old, new)])
    found = status_of(job)
    assert found.kind == ("stale" if named else "done")
    if named:
        assert re.search(rf"changed since 20..-..-..: {named}; `ftkit build two`", found.why)


def test_what_fit_does_counts(jobs, monkeypatch):
    (job,) = jobs("toy")
    before = job.parts()
    from ftkit.foundations import training

    monkeypatch.setattr(training, "no_valid_label", lambda step, collate: ValueError(step))
    assert "no_valid_label" in builds.changed_parts(before, job.parts())
    assert len(json.dumps(before)) < 30_000


def test_the_meaning_of_code_is_that_of_any_layout_and_python():
    said = builds.meaning("def f(x):\n    'Doc.'\n    # why\n    return (x +\n        1)")
    assert said == builds.meaning("def f(x):\n\n    return x + 1")
    assert said != builds.meaning("def f(x):\n    return x + 2")
    assert builds.meaning("x = None") != builds.meaning("x = 0") != builds.meaning("x = False")
    assert "type_params" not in said, "what only newer Pythons have does not count where empty"
    assert builds.meaning("lambda x: x)") == "lambda x: x)"


def test_renewing_wants_the_same_bits(jobs):
    (job,) = jobs("two")
    with pytest.raises(FtkitError, match="nothing of two to renew"):
        renew(job)
    make(job)
    unchanged = ("/ count", "/ (count + 0)")
    (job,) = jobs("two", replaced=[unchanged])
    assert status_of(job).kind == "stale"
    result = call("build two --renew")
    assert result.exit_code == 0 and "step 'one' gives the same bits" in result.stdout
    assert status_of(job).kind == "done"
    assert job.make.__globals__["calls"] == [5], "only the first step"
    changed = ("/ count", "/ (count + 1)")
    (job,) = jobs("two", replaced=[changed])
    save_build(job, replace(read_builds(job.file)["two"], threads=64), job.file)
    before = job.file.read_bytes()
    result = call("build two --renew")
    assert result.exit_code == 1 and "step 'one' gives other numbers" in result.stdout
    assert "These differ too, and may be the reason: threads." in result.stdout
    assert job.file.read_bytes() == before


def test_seconds_in_a_result_do_not_keep_it_from_being_renewed(jobs):
    timed = ("return dict(mean=mean", "return dict(read_seconds=time.perf_counter(), mean=mean")
    (job,) = jobs("two", replaced=[timed])
    make(job)
    (job,) = jobs("two", replaced=[timed, ("/ count", "/ (count + 0)")])
    assert status_of(job).kind == "stale"
    assert renew(job) and status_of(job).kind == "done"
    (job,) = jobs("two", replaced=[timed, ("/ count", "/ (count + 1)")])
    assert not renew(job)


# The clock


def test_the_clock_goes_on_after_a_kill(tmp_path):
    told = []
    with Clock(tmp_path / "clock.json", told.append, every=0.02):
        time.sleep(0.1)
        before = builds.read_note(tmp_path / "clock.json")
    assert 0 < before["seconds"] < 0.2 and told
    (tmp_path / "clock.json").write_text(json.dumps(dict(seconds=100, peak_memory=1e15)))
    with Clock(tmp_path / "clock.json") as clock:
        pass
    assert 100 <= clock.now()["seconds"] < 101 and clock.now()["peak_memory"] == 1e15


def test_what_is_left_is_told_from_what_was_stated_and_then_from_the_steps():
    build = builds.Build(Job("x", fine, "x", None), None, None)
    assert build.seconds_left() is None and build.time_left() == "the time left is unknown"
    build.plan(3)
    build.steps["one"] = builds.Step(None, 120.0, 0, {}, "")
    assert build.time_left() == "about 4 minutes left"
    assert build.time_left(spent=60) == "about 3 minutes left"
    tell = build._teller("two", every=10)
    said = []
    build.say = said.append
    for seconds in (100, 105, 111, 115, 122):
        tell(seconds)
    assert said == [
        "two: 2 minutes so far; about 2 minutes left",
        "two: 2 minutes so far; about 2 minutes left",
    ]


# The command line


def test_names_that_are_no_jobs(jobs):
    jobs("two", "other")
    result = call("build twoo")
    assert result.exit_code == 2
    assert "Unknown job 'twoo'. Did you mean 'two'? Known: two, other." in result.stderr
    result = call("build")
    assert (
        result.exit_code == 2 and "Name a job, or say --status. Known: other, two." in result.stderr
    )
    result = call("build two --scale big")
    assert result.exit_code == 2 and "Unknown scale 'big'" in result.stderr


def test_build_and_status(jobs):
    job, _ = jobs("two", "other")
    result = call("build --status")
    assert result.exit_code == 3 and result.stdout.count("missing") == 2
    result = call("build two other")
    assert result.exit_code == 0, result.stderr
    assert "two: 0 minutes" in result.stdout and "saved in" in result.stdout
    result = call("build --status")
    assert result.exit_code == 0 and result.stdout.count(" done ") == 2
    result = call("build two")
    assert "two is done, and its code has not changed. --fresh makes it anew." in result.stdout
    before = read_builds(job.file)
    assert call("build two --fresh").exit_code == 0
    assert job.make.__globals__["calls"] == [5, 6, 5, 5, 6]
    assert read_builds(job.file)["two"].results == before["two"].results
    jobs("two", "other", replaced=[("build.run, 6", "build.run, 7")])
    result = call("build --status")
    assert result.exit_code == 1
    assert result.stdout.count("stale") == 1 and result.stdout.count(" done ") == 1


def test_status_of_a_job_by_name(jobs):
    job, _ = jobs("two", "other")
    make(job)
    result = call("build two --status")
    assert result.exit_code == 0 and "other" not in result.stdout
    assert call("build other --status").exit_code == 3
    result = call("build tow --status")
    assert result.exit_code == 2 and "Did you mean 'two'?" in result.stderr


@pytest.mark.parametrize("option", ["--status", "--renew"])
@pytest.mark.parametrize("ignored", ["--out copy.json", "--fresh", "--scale smoke"])
def test_what_looks_at_the_committed_file_ignores_no_setting(jobs, option, ignored):
    (job,) = jobs("two")
    make(job)
    before = job.file.read_bytes()
    result = call(f"build two {option} {ignored}")
    assert result.exit_code == 2 and "stand alone: no --out, --fresh or --scale" in result.stderr
    assert job.file.read_bytes() == before and not Path("copy.json").exists()
    result = call("build two --status --renew")
    assert result.exit_code == 2 and "stand alone" in result.stderr


def test_a_folder_is_no_place_for_results(jobs, tmp_path):
    (job,) = jobs("two")
    result = call(f"build two --out {tmp_path}")
    assert result.exit_code == 2 and "is a directory" in result.stderr
    assert not job.make.__globals__["calls"], "an hour too late"


def test_scale_smoke_commits_nothing(jobs, tmp_path):
    (job,) = jobs("two")
    assert call("build two --scale smoke").exit_code == 0
    assert not job.file.exists()
    assert call(f"build two --scale smoke --out {tmp_path / 'try.json'}").exit_code == 0
    assert read_builds(tmp_path / "try.json")["two"].scale == "smoke"
    assert not job.file.exists()


def test_a_job_that_no_notebook_exports_needs_a_place(jobs, monkeypatch, tmp_path):
    (job,) = jobs("two")
    monkeypatch.setattr(builds, "find_job", lambda name: job._replace(file=None))
    result = call("build two")
    assert result.exit_code == 2 and "say --out FILE" in result.stderr
    assert call(f"build two --out {tmp_path / 'out.json'}").exit_code == 0


def test_one_that_fails_does_not_keep_back_the_others(jobs):
    bad, good = jobs("failing", "other")
    result = call("build failing other")
    assert result.exit_code == 1
    assert "failing failed: KeyError: 'a bug in the last line'" in result.stderr
    assert "Its finished steps are kept" in result.stderr
    assert set(read_builds(good.file)) == {"other"}
    assert bad.make.__globals__["calls"] == [5, 5]


def test_ctrl_c_leaves_the_finished_steps(jobs):
    stop = ('raise KeyError("a bug in the last line")', "raise KeyboardInterrupt")
    (job,) = jobs("failing", replaced=[stop])
    result = call("build failing")
    assert result.exit_code == 130 and "stopped; the same command goes on" in result.stderr
    assert not job.file.exists()
    call("build failing")
    assert job.make.__globals__["calls"] == [5]


def test_two_processes_do_not_build_one_job(jobs):
    (job,) = jobs("two")
    make(job)
    with builds.alone(job):
        result = call("build two --fresh")
        assert result.exit_code == 2 and "Another process is building two" in result.stderr
        assert "done, under way" in call("build --status").stdout
        with pytest.raises(FtkitError, match="Another process is building two"):
            run_job(job)
    assert "under way" not in call("build --status").stdout


def test_a_job_that_cannot_be_loaded(jobs, monkeypatch):
    jobs("two")

    class Broken(Entry):
        def load(self):
            raise ImportError("no module named nowhere")

    broken = Broken("nowhere:job", "nowhere")
    monkeypatch.setattr(builds, "job_entries", lambda: dict(broken=broken))
    result = call("build broken")
    assert result.exit_code == 2
    assert "The job 'broken' can't be loaded from nowhere:job: no module" in result.stderr
    result = call("build --status")
    assert result.exit_code == 1 and "damaged" in result.stdout


# The course's own


def test_a_job_belongs_to_the_notebook_that_exports_its_module():
    assert builds.lesson_of("ftkit.finetuning.lora").name == "31_lora.ipynb"
    assert builds.lesson_of("ftkit.catalog").name == "01_catalog.ipynb"
    assert builds.lesson_of("ftkit.finetuning.forgetting").name == "36b_forgetting.ipynb"
    assert builds.lesson_of("ftkit.nothing") is builds.lesson_of("toyjobs") is None


def test_a_check_says_which_builds_are_not_done(jobs, monkeypatch):
    job, _ = jobs("two", "other")
    notebook = job.file.with_name("99_toys.ipynb")
    monkeypatch.setattr(builds, "lesson_of", lambda module: notebook)
    make(job)
    missing = suite.unfinished_builds([notebook])
    assert [result.verdict for result in missing] == ["no baseline"]
    jobs("two", "other", replaced=[("build.run, 6", "build.run, 7")])
    found = suite.unfinished_builds([notebook])
    assert [(r.name, r.verdict) for r in found] == [
        ("99_toys, build other", "no baseline"),
        ("99_toys, build two", "failed"),
    ]
    assert "stale: changed since" in found[1].error and found[1].error in str(found[1])
    assert suite.unfinished_builds([]) == []


def test_the_site_lists_the_builds(jobs):
    job, _ = jobs("two", "other")
    assert builds.builds_list() == "No build is stored."
    make(job)
    assert re.search(
        r"^\| `two` \| 99_toys \| 0 \| \d+\.\d GB of memory, on ", builds.builds_list(), re.M
    )
    assert "other" not in builds.builds_list()


def test_committed_builds_can_be_read_and_their_jobs_are_there():
    for file in sorted((root / "nbs").rglob("*.build.json")):
        for name, made in read_builds(file).items():
            job = builds.find_job(name)
            assert job.file == file, f"{name} belongs to {job.file}"
            assert (made.scale, made.device_class) == ("cpu", "cpu")
            assert made.minutes <= 200, (
                f"{name} took {made.minutes:.0f} minutes; at most three hours"
            )
            assert job.minutes, f"{name} does not say how many minutes it takes"
    assert all_status([]) == []
