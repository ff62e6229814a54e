"""Long computations: steps that survive a kill, files of results, and which code made them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import root

from ftkit import builds
from ftkit.core import FtkitError

package = """
import random
import time
from pathlib import Path

import torch
from torch import nn

from ftkit.foundations.training import fit

rate = 0.1


def draw(folder, run, count):
    "So many random numbers."
    # drawn from Python and from torch
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


def other(build):
    return dict(mean=build.step("draw", draw, build.run, 5)["mean"])


def failing(build):
    build.step("draw", draw, build.run, 5)
    raise KeyError("a bug in the last line")
"""


@pytest.fixture
def place(tmp_path):
    "A folder with an installed package of jobs, and a cache of its own."
    (tmp_path / "toyjobs.py").write_text(package)
    info = tmp_path / "toyjobs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toyjobs\nVersion: 1.0\n")
    names = ("toy", "other", "failing")
    lines = [f"{name} = toyjobs:{name}" for name in names]
    (info / "entry_points.txt").write_text("[ftkit.builds]\n" + "\n".join(lines) + "\n")
    return tmp_path


def command(place, *words):
    "The command line and the environment of `ftkit build`."
    call = "from ftkit.kit.cli import main; main()"
    environment = os.environ | dict(
        PYTHONPATH=f"{place}:{root}", FTKIT_CACHE=str(place / "cache"), OMP_NUM_THREADS="1"
    )
    environment.pop("FTKIT_SCALE", None)
    options = dict(cwd=place, env=environment, text=True)
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return subprocess.Popen([sys.executable, "-c", call, "build", *words], **options, **pipes)


def build(place, *words):
    "The exit code, and what it printed."
    process = command(place, *words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def results(file, job="toy"):
    return json.loads(file.read_text())["jobs"][job]["results"]


def test_a_killed_build_goes_on_to_the_same_numbers(place):
    code, out, err = build(place, "toy", "--out", "whole.json")
    assert code == 0, err
    whole = results(place / "whole.json")
    (place / "cache").rename(place / "cache of the first")
    process = command(place, "toy", "--out", "killed.json")
    trained = None
    while trained is None:  # until `fit` has written a checkpoint
        assert process.poll() is None, process.stderr.read()
        trained = next((place / "cache").glob("builds/toy-cpu/train-*/checkpoint.pt"), None)
        time.sleep(0.05)
    time.sleep(0.7)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (place / "killed.json").exists()
    code, out, err = build(place, "toy", "--out", "killed.json")
    assert code == 0, err
    assert "draw 1: kept from before" in out and "train: kept" not in out
    assert results(place / "killed.json") == whole
    left = [p for p in (place / "cache").rglob("*") if p.suffix == ".part"]
    assert left == [] and not list((place / "cache").rglob("checkpoint.pt"))


def test_a_lesson_reads_by_name():
    with pytest.raises(FtkitError, match=r"There is no 00_core\.build\.json yet; `ftkit build x`"):
        builds.read_build("00_core", "x")
    with pytest.raises(FtkitError, match="no notebook 00_nothing"):
        builds.read_build("00_nothing", "x")
