"""Environments: what moved between two of them, when one is made anew, and what a GPU machine gets.

Nothing is downloaded here, and no GPU is needed: steps are small programs, or pretended."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.core import FtkitError
from ftkit.kit import lanes
from ftkit.kit import running, suite
from ftkit.kit.lanes import (
    GpuRun,
    GpuStep,
    begin_script,
    call_for,
    call_in_lane,
    changed_versions,
    download_commands,
    gpu_command,
    gpu_order,
    installed,
    lane_commands,
    lane_python,
    make_pack,
    moved_text,
    must_run,
    needed_pins,
    record_seeds,
    sizes,
    unpack,
    write_parts,
)

versions = st.dictionaries(
    st.sampled_from(["torch", "numpy", "six", "pillow", "attrs"]),
    st.from_regex(r"\A[0-9]{1,2}(\.[0-9]{1,2}){0,3}\Z"),
)


@settings(max_examples=100, deadline=None)
@given(before=versions, after=versions)
def test_exactly_the_differences_are_named_and_large_steps_come_first(before, after):
    moved = changed_versions(before, after)
    assert {m.name for m in moved} == {n for n in before | after if before.get(n) != after.get(n)}
    assert [m.size for m in moved] == sorted((m.size for m in moved), key=sizes.index)
    back = {(m.name, m.after, m.before) for m in changed_versions(after, before)}
    assert back == {(m.name, m.before, m.after) for m in moved}


@pytest.mark.parametrize(
    "before, after, size",
    [
        ("1.9", "2.0", "major"),
        ("2.4.6", "2.5.0", "minor"),
        ("1.8.2", "1.8.3", "patch"),
        ("2026.9.1", "2026.10.0", "minor"),
        ("2.13.0", "2.13.0+cpu", "patch"),
        ("1.0.0", "1.0.0rc1", "patch"),
        ("1.0", "1.0.0.1", "patch"),
        ("0.9.10", "0.10.9", "minor"),
    ],
)
def test_size_of_a_step(before, after, size):
    assert [m.size for m in changed_versions(dict(x=before), dict(x=after))] == [size]


def test_one_package_under_two_spellings_has_not_moved():
    before = {"Typing_Extensions": "4.16", "ruamel.yaml": "1"}
    after = {"typing-extensions": "4.16", "ruamel-yaml": "1"}
    assert changed_versions(before, after) == []


def test_this_environment_holds_what_it_imports():
    here = {name.lower(): v for name, v in installed(sys.executable).items()}
    assert here["pytest"] == pytest.__version__
    assert "torch" in here
    assert "No version differs" in moved_text(changed_versions(here, here))


@pytest.fixture
def checkout_of(tmp_path):
    (tmp_path / "settings.ini").write_text("a")
    return tmp_path


def test_torch_is_held_unless_asked(checkout_of, monkeypatch):
    import torch

    monkeypatch.setenv("TORCH_INDEX", "https://example.org/cpu")
    _, held = lane_commands(checkout_of / "lane", checkout_of, newest_torch=False)
    _, free = lane_commands(checkout_of / "lane", checkout_of, newest_torch=True)
    assert f"torch=={torch.__version__}" in held
    assert not any(word.startswith("torch==") for word in free)
    assert held[held.index("--extra-index-url") + 1] == "https://example.org/cpu"
    assert held[-1] == f"{checkout_of}[dev,docs]"


def test_an_environment_is_made_once(checkout_of):
    asked = []
    python = lane_python("latest", root=checkout_of, call=asked.append)
    assert python == checkout_of / ".lanes" / "latest" / "bin" / "python"
    assert len(asked) == 2
    lane_python("latest", root=checkout_of, call=asked.append)
    assert len(asked) == 2


def change_settings(root):
    (root / "settings.ini").write_text("b")


def break_note(root):
    (root / ".lanes" / "latest" / "made.json").write_text("{")


def grow_old(root):
    path = root / ".lanes" / "latest" / "made.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(at=0)))


@pytest.mark.parametrize("change", [change_settings, break_note, grow_old])
def test_and_again_when_it_must(change, checkout_of):
    asked = []
    lane_python("latest", root=checkout_of, call=asked.append)
    change(checkout_of)
    lane_python("latest", root=checkout_of, call=asked.append)
    assert len(asked) == 4


def test_half_an_environment_is_never_used(checkout_of):
    def fails(command):
        Path(checkout_of / ".lanes" / "latest" / "bin").mkdir(parents=True)
        raise FtkitError("no connection")

    with pytest.raises(FtkitError, match="no connection"):
        lane_python("latest", root=checkout_of, call=fails)
    asked = []
    lane_python("latest", root=checkout_of, call=asked.append)
    assert len(asked) == 2


def test_a_command_that_fails_says_why():
    code = "import sys; sys.exit('ERROR: No matching distribution found for torch==0')"
    with pytest.raises(FtkitError, match="No matching distribution"):
        must_run([sys.executable, "-c", code])
    must_run([sys.executable, "-c", "print('fine')"])


def test_the_pinned_lane_is_this_python(capsys):
    assert lane_python("pinned") == Path(sys.executable)
    seen = []

    def call(command):
        seen.append(command)
        return 1

    assert call_in_lane("pinned", ["check", "--scale", "smoke"], call=call) == 1
    assert seen == [[str(Path(sys.executable).with_name("ftkit")), "check", "--scale", "smoke"]]
    assert "No version differs" in capsys.readouterr().out


def test_an_unknown_lane_is_refused():
    with pytest.raises(FtkitError, match="lane"):
        lane_python("newest")


def test_a_requirement_that_is_missing_or_too_old_is_named(monkeypatch):
    wanted = ["numpy>=99", "no-such-package", "also-missing; extra == 'docs'"]
    monkeypatch.setattr(lanes.metadata, "requires", lambda name: wanted)
    unmet, _ = lanes.version_problems()
    assert unmet == [
        f"numpy {np.__version__} (needs >=99)",
        "no-such-package is missing (needs any)",
    ]


# -- what a GPU machine without a network gets


def test_what_is_needed_there_is_followed_to_its_end_and_ends():
    graph = {
        "a": ["b[Fast]>=1", "torch", "Transformers>=5"],
        "b": ["a", "C_c; extra == 'fast'", "d; extra == 'slow'", "e; python_version >= '3.13'"],
        "c-c": ["f; python_version == '3.12'", "g; platform_system == 'Windows'"],
        "f": ["huggingface_hub>=0.2"],
        "torch": ["nvidia-something"],
    }
    pins, untested = needed_pins(["a"], graph.get, dict(a="1", b="2", C_C="3", f="4", torch="5"))
    assert pins == {"a": "1", "b": "2", "c-c": "3", "f": "4"}
    assert untested == ["huggingface-hub>=1.31,<2"]


def test_what_the_lessons_need_is_pinned_and_torch_is_not_among_it():
    pins, untested = needed_pins()
    assert {"papermill", "numpy", "peft", "accelerate", "ipykernel"} <= set(pins)
    assert not {"torch", "transformers", "triton", "ftkit", "huggingface-hub"} & set(pins)
    tested = {name.lower().replace("_", "-"): v for name, v in lanes.tested_versions().items()}
    assert {name: tested[name] for name in pins} == pins
    assert any(line.startswith("huggingface-hub") for line in untested)


def test_wheels_are_asked_for_in_their_versions_and_for_that_machine(tmp_path):
    exactly, free = download_commands(dict(numpy="2.4.6"), ["aiohttp>=3.9"], tmp_path)
    assert "numpy==2.4.6" in exactly and "--no-deps" in exactly
    assert free[-1] == "aiohttp>=3.9" and "--no-deps" not in free
    assert (tmp_path / "constraints.txt").read_text() == "numpy==2.4.6"
    for command in (exactly, free):
        assert command[command.index("--python-version") + 1] == "3.12"
        assert "--only-binary=:all:" in command
        assert {"manylinux_2_28_x86_64", "manylinux2014_x86_64"} <= set(command)
    assert len(download_commands(dict(numpy="2.4.6"), [], tmp_path)) == 1


@pytest.fixture
def content(tmp_path):
    "What a pack is made of, in small."
    files = {
        "tree/settings.ini": b"new",
        "tree/nbs/a.ipynb": b"{}",
        "wheels/pip-1-py3-none-any.whl": os.urandom(2000),
        "cache/assets/key/weights": os.urandom(5000),
    }
    for name, data in files.items():
        path = tmp_path / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "content"


@pytest.fixture
def pack(content, tmp_path):
    folder = tmp_path / "carried" / "pack"
    folder.mkdir(parents=True)
    write_parts(content, folder, dict(python="3.12"), size=1000)
    return folder


def files_below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_parts_are_short_enough_and_together_give_every_byte(content, pack, tmp_path):
    assert lanes.part_size <= 55 * 2**20
    parts = sorted(pack.glob("part-*"))
    assert len(parts) > 7 and all(part.stat().st_size <= 1000 for part in parts)
    unpack(pack, tmp_path / "there")
    there = files_below(tmp_path / "there")
    assert there.pop(".gpu/unpacked.json") == (pack / "parts.json").read_bytes()
    assert there.pop(".gpu/tree.json") == b"null", "this pack is of no commit"
    packed = files_below(content)
    wanted = {f".gpu/{k}": v for k, v in packed.items() if not k.startswith("tree/")}
    wanted |= {k.removeprefix("tree/"): v for k, v in packed.items() if k.startswith("tree/")}
    assert there == wanted


def test_a_tree_that_is_there_stays_as_it_is(pack, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "settings.ini").write_text("mine")
    unpack(pack, tmp_path / "there")
    assert (tmp_path / "there" / "settings.ini").read_text() == "mine"
    assert not (tmp_path / "there" / "nbs").exists()
    assert (tmp_path / "there" / ".gpu" / "cache" / "assets" / "key" / "weights").is_file()


def test_the_tree_of_an_older_pack_is_not_measured(content, pack, tmp_path):
    root = tmp_path / "there"
    unpack(pack, root)
    wheel = root / ".gpu" / "wheels" / "pip-1-py3-none-any.whl"
    before = wheel.read_bytes()
    (content / "wheels" / wheel.name).write_bytes(b"newer")
    write_parts(content, pack, dict(python="3.12", commit="newer"), size=1000)
    with pytest.raises(SystemExit, match="is of another pack"):
        unpack(pack, root)
    assert wheel.read_bytes() == before


def test_unpacking_that_was_interrupted_is_done_again(pack, tmp_path, monkeypatch):
    root = tmp_path / "there"
    extract = lanes.tarfile.TarFile.extract

    def killed(self, member, *arguments, **options):
        extract(self, member, *arguments, **options)
        if member.name == "settings.ini":
            raise KeyboardInterrupt

    monkeypatch.setattr(lanes.tarfile.TarFile, "extract", killed)
    with pytest.raises(KeyboardInterrupt):
        unpack(pack, root)
    monkeypatch.undo()
    (root / "settings.ini").write_text("half of i")
    unpack(pack, root)
    assert (root / "settings.ini").read_text() == "new" and (root / "nbs" / "a.ipynb").is_file()
    notes = ["tree.json", "unpacked.json"]
    assert sorted(p.name for p in (root / ".gpu").iterdir()) == ["cache", *notes, "wheels"]


def swap(parts):
    first, second = (part.read_bytes() for part in parts[:2])
    parts[0].write_bytes(second)
    parts[1].write_bytes(first)


def remove_last(parts):
    parts[-1].unlink()


@pytest.mark.parametrize("harm, says", [(swap, "part-000 is damaged"), (remove_last, "missing")])
def test_parts_that_are_not_right_are_named(pack, tmp_path, harm, says):
    harm(sorted(pack.glob("part-*")))
    with pytest.raises(SystemExit, match=says):
        unpack(pack, tmp_path / "there")
    assert not (tmp_path / "there" / "settings.ini").exists()


def test_the_script_needs_nothing_but_python(pack):
    "Of its own accord, without site packages; here it stops at the first of its checks."
    about = json.loads((pack / "parts.json").read_text()) | dict(python="3.1")
    (pack / "parts.json").write_text(json.dumps(about))
    (pack / "begin.py").write_text(begin_script())
    command = [sys.executable, "-I", "-S", pack / "begin.py", "540"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("The pack is for Python 3.1, and this is ")


@pytest.mark.parametrize("inside_tree", [True, False])
def test_beginning_hands_over_the_tree_the_assets_and_the_seconds_left(
    pack, tmp_path, monkeypatch, inside_tree
):
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    about = json.loads((pack / "parts.json").read_text()) | dict(python=here)
    (pack / "parts.json").write_text(json.dumps(about))
    root = pack.parent / "ftkit"
    if inside_tree:
        root = pack.parent.parent
        (root / "settings.ini").write_text("mine")
    seen = {}

    def call(command, cwd, env):
        seen.update(command=command, cwd=cwd, env=env)
        return 3

    def make(where):
        time.sleep(0.1)
        return where / "bin" / "python"

    monkeypatch.setattr(lanes, "offline_python", make)
    monkeypatch.setattr(lanes.subprocess, "call", call)
    assert lanes.begin(pack, 100) == 3
    assert seen["command"][:3] == [str(root / "bin" / "ftkit"), "gpu", "--budget"]
    assert 90 <= float(seen["command"][3]) <= 100
    assert seen["cwd"] == root
    assert (Path(seen["env"]["FTKIT_CACHE"]) / "assets" / "key" / "weights").is_file()
    assert seen["env"]["HF_HUB_OFFLINE"] == "1"


def test_the_environment_is_made_offline_and_once(pack, tmp_path, monkeypatch):
    root = tmp_path / "there"
    unpack(pack, root)
    asked = []

    def run(command, **options):
        asked.append((command, options))
        code = 1 if "--editable" in command and len(asked) < 5 else 0
        own = root / ".gpu" / "venv" / "lib"
        own.mkdir(parents=True, exist_ok=True)
        return subprocess.CompletedProcess(command, code, str(own), "no space")

    monkeypatch.setenv("PIP_INDEX_URL", "https://example.org")
    monkeypatch.setattr(lanes.subprocess, "run", run)
    with pytest.raises(SystemExit, match="could not be installed: no space"):
        lanes.offline_python(root)
    before = len(asked)
    python = lanes.offline_python(root)
    assert python == root / ".gpu" / "venv" / "bin" / "python"
    assert len(asked) == 2 * before, "half an environment is not kept"
    lanes.offline_python(root)
    assert len(asked) == 2 * before
    assert "--system-site-packages" in asked[0][0]
    installs = [(c, o) for c, o in asked if "install" in c]
    assert all("--no-index" in c and "PIP_INDEX_URL" not in o["env"] for c, o in installs)
    assert installs[-1][0][-2:] == ["--editable", str(root)]


@pytest.fixture
def project(tmp_path):
    "A git repository with one file, as a checkout to be packed."
    root = tmp_path / "project"
    root.mkdir()
    (root / "settings.ini").write_text("ours")
    me = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*me, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def test_a_pack_holds_the_commit_the_wheels_and_the_assets(project, tmp_path):
    asset = tmp_path / "assets" / "key"
    asset.mkdir(parents=True)
    (asset / "data").write_text("text")
    fetched = []

    def fetch(name):
        fetched.append(name)
        return asset

    def call(command):
        if command[0] == "git":
            return must_run(command)
        wheels = Path(command[command.index("--dest") + 1])
        wheels.mkdir(exist_ok=True)
        (wheels / f"{len(list(wheels.iterdir()))}.whl").write_text("wheel")

    lesson = lanes.find("finetune")
    parts = make_pack(tmp_path / "pack", project, [lesson], call, fetch, size=2000)
    assert fetched == ["imdb", "minilm"]
    assert max(part.stat().st_size for part in parts) <= 2000
    unpack(tmp_path / "pack", tmp_path / "there")
    there = files_below(tmp_path / "there")
    assert there["settings.ini"] == b"ours" and there[".gpu/cache/assets/key/data"] == b"text"
    assert {".gpu/wheels/0.whl", ".gpu/wheels/1.whl"} <= set(there)
    said = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"],
        cwd=tmp_path / "there",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "", "the tree that arrives is a commit, unchanged"

    (project / "settings.ini").write_text("changed")
    with pytest.raises(FtkitError, match=r"belongs to a commit, but settings\.ini differs"):
        make_pack(tmp_path / "pack", project, [lesson], call, fetch)
    assert (tmp_path / "pack" / "parts.json").is_file(), "the old pack stays"


def test_a_folder_that_is_no_checkout_is_not_packed(tmp_path):
    with pytest.raises(FtkitError, match="made from a git checkout"):
        make_pack(tmp_path / "pack", tmp_path, [])


def test_a_lesson_without_a_record_may_need_every_asset(tmp_path):
    from nbformat import v4, write

    write(v4.new_notebook(), tmp_path / "new.ipynb")
    assert lanes.assets_of([tmp_path / "new.ipynb"]) == sorted(lanes.catalog.assets)


def test_the_most_valuable_comes_first_and_the_kit_waits():
    order = gpu_order()
    first = "index 30_finetune 31_lora bench 24_masked_lm 21_causal_lm 27_pretraining_pays"
    assert order[:7] == first.split()
    assert order[-1] == "76_bench" and len(set(order)) == len(order)
    rest = set(running.notebooks()) - set(order)
    assert rest and all(stem[0] in "78" for stem in rest), "only the kit's own"


class Machine:
    "Pretends to run steps: a seed takes its seconds, and is saved when it is whole."

    def __init__(self, seconds, seeds=2):
        self.now = 0.0
        self.seconds = dict(seconds)
        self.left = dict.fromkeys(seconds, seeds)
        self.asked = []  # name and seconds allowed

    def call(self, command, seconds, log):
        (name,) = command
        self.asked.append((name, seconds))
        spent = 0.0
        while self.left[name] and spent + self.seconds[name] <= seconds:
            spent += self.seconds[name]
            self.left[name] -= 1
        done = self.left[name] == 0
        self.now += spent if done else seconds
        return 0 if done else None

    def step(self, name):
        return GpuStep(name, lambda seconds: [name], lambda: self.left[name])

    def run(self, folder, budget, step=540):
        steps = [self.step(name) for name in self.seconds]
        gpu = GpuRun(folder, budget, step, lambda: self.now, self.call, lambda line: None)
        return gpu.run(steps)


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.lists(st.floats(1, 700), min_size=1, max_size=5),
    budgets=st.lists(st.floats(0, 2000), min_size=1, max_size=5),
)
def test_time_is_never_exceeded_and_nothing_that_is_done_is_done_again(
    seconds, budgets, tmp_path_factory
):
    machine = Machine({f"lesson{i}": s for i, s in enumerate(seconds)})
    folder = tmp_path_factory.mktemp("results")
    for budget in budgets:
        before = machine.now
        undone = machine.run(folder, budget)
        assert machine.now - before <= budget
        assert undone == [name for name in undone if machine.left[name]]
        assert set(undone) == {name for name, left in machine.left.items() if left}
    assert all(allowed <= 540 for _, allowed in machine.asked)
    for name in machine.seconds:
        fruitless = [a for n, a in machine.asked if n == name and a < machine.seconds[name]]
        assert len([a for a in fruitless if a >= 0.75 * 540]) <= 2, "given up after the second"


def test_a_long_lesson_is_cut_and_resumed_and_lets_the_others_go_first(tmp_path):
    machine = Machine(dict(first=300, hopeless=9999, last=10))
    assert machine.run(tmp_path, 2000) == ["hopeless"]
    names = [name for name, _ in machine.asked]
    assert names == ["first", "first", "hopeless", "last"], "each seed of 300 s fits into a step"
    machine.asked.clear()
    machine.seconds["new"] = 10
    machine.left["new"] = 2
    assert machine.run(tmp_path, 2000) == ["hopeless"]
    assert [name for name, _ in machine.asked] == ["new", "hopeless"]
    machine.asked.clear()
    assert machine.run(tmp_path, 2000) == ["hopeless"] and machine.asked == []
    tried = json.loads((tmp_path / "tried.json").read_text())
    assert tried["hopeless"]["why"] == "nothing was finished in 540 s"


def test_other_code_is_tried_anew(tmp_path):
    machine = Machine(dict(hopeless=9999))
    for _ in range(3):
        machine.run(tmp_path, 1000)
    assert len(machine.asked) == 2
    step = machine.step("hopeless")
    step.code = "mended"
    gpu = GpuRun(tmp_path, 1000, 540, lambda: machine.now, machine.call, lambda line: None)
    gpu.run([step])
    assert len(machine.asked) == 3


def test_a_step_whose_seed_is_known_to_be_too_long_is_not_begun(tmp_path):
    machine = Machine(dict(slow=300, quick=50))
    slow = machine.step("slow")
    slow.seconds = lambda: 300.0
    gpu = GpuRun(tmp_path, 200, 540, lambda: machine.now, machine.call, lambda line: None)
    assert gpu.run([slow, machine.step("quick")]) == ["slow"]
    assert [name for name, _ in machine.asked] == ["quick"]


def test_notes_that_cannot_be_read_are_no_obstacle(tmp_path):
    (tmp_path / "tried.json").write_text("{")
    machine = Machine(dict(quick=1))
    assert machine.run(tmp_path, 100) == []


gentle = """if 1:
    import signal, sys, time
    from pathlib import Path
    def stop(*_):
        Path(sys.argv[1]).write_text("saved")
        sys.exit(1)
    signal.signal(signal.SIGTERM, stop)
    print("ready", flush=True)
    time.sleep(60)
"""
stubborn = """if 1:
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_step_is_told_to_end_and_may_save(tmp_path):
    saved = tmp_path / "saved"
    log = tmp_path / "logs" / "a.txt"
    start = time.monotonic()
    assert call_for([sys.executable, "-c", gentle, saved], 3, log) is None
    assert time.monotonic() - start < 20
    assert saved.read_text() == "saved" and "ready" in log.read_text()


def test_a_step_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(lanes, "closing_seconds", 0.5)
    start = time.monotonic()
    assert call_for([sys.executable, "-c", stubborn], 3, tmp_path / "log.txt") is None
    assert time.monotonic() - start < 20


def test_why_a_step_failed_is_kept(tmp_path):
    fails = GpuStep(
        "a", lambda s: [sys.executable, "-c", "raise SystemExit('no asset')"], lambda: 1
    )
    said = []
    gpu = GpuRun(tmp_path, 600, say=said.append)
    assert gpu.run([fails]) == ["a"]
    assert said[-1] == "a: no asset" and gpu.tried["a"]["fruitless"] == 1
    assert "no asset" in (tmp_path / "logs" / "a.txt").read_text()


def test_seeds_are_recorded_as_long_as_there_is_time(tmp_path, monkeypatch):
    "The first seed tells how long one takes; a seed that would end too late is not begun."
    ran = []

    def run(source, scale, seed, **options):
        ran.append(seed)
        return running.Result("a", "passed", record=dict(seed=seed), seconds=100.0)

    def write_baselines(sources, run, **options):
        assert options["root"] == tmp_path / "results" and options["jobs"] == 1
        return [run(sources[0], "gpu", seed) for seed in range(5)]

    monkeypatch.setattr(lanes, "write_baselines", write_baselines)
    results = tmp_path / "results"
    assert record_seeds("core", results, time.time() + 50, run=run) == 3
    assert ran == [0]
    assert record_seeds("core", results, time.time() + 500, run=run) == 0
    assert ran == [0, 0, 1, 2, 3, 4]

    def breaks(source, scale, seed, **options):
        return running.Result("a", "failed", error="no memory")

    assert record_seeds("core", results, run=breaks) == 1


def test_no_number_is_written_that_no_gpu_gave(tmp_path, monkeypatch):
    cpu = lanes.choose_compute("cpu")
    for module in (lanes, suite):
        monkeypatch.setattr(module, "choose_compute", lambda: cpu)
    with pytest.raises(FtkitError, match="A gpu baseline is written only by a GPU"):
        record_seeds("core", tmp_path / "results")
    assert files_below(tmp_path) == {}
    said = []
    packed = []

    def pack(folder, root, sources):
        packed.append([source.stem for source in sources])
        folder.mkdir(parents=True)
        (folder / "part-000").write_bytes(b"x" * 2**20)
        about = dict(commit=lanes.commit()[0], parts={"part-000": ""})
        (folder / "parts.json").write_text(json.dumps(about))
        return [folder / "part-000"]

    for _ in range(2):
        assert gpu_command(root=tmp_path, pack=pack, say=said.append) == 0
    assert said[0].startswith("No GPU here") and "nothing is measured" in said[0]
    assert "1 parts, 1 MiB" in said[-3] and len(packed) == 1, "a pack of this commit is kept"
    assert packed[0] == [name for name in gpu_order() if name != "bench"]
    assert not (tmp_path / ".gpu" / "results").exists()

    bare = tmp_path / "bare"
    (bare / ".gpu").mkdir(parents=True)
    (bare / ".gpu" / "unpacked.json").write_text("{}")
    with pytest.raises(FtkitError, match="unpacked for a GPU, and PyTorch sees none"):
        gpu_command(root=bare, pack=pack, say=said.append)


def test_on_a_gpu_the_lessons_become_steps_in_their_order(tmp_path, monkeypatch):
    import torch

    gpu = lanes.choose_compute("cpu")._replace(device=torch.device("cuda"))
    asked = []

    def call(command, seconds, log):
        asked.append((log.stem, command[-1], seconds))
        return 1

    for module in (lanes, suite):
        monkeypatch.setattr(module, "choose_compute", lambda: gpu)
        monkeypatch.setattr(module, "processor", lambda device: "a card")
    monkeypatch.setattr(lanes, "dirty_files", lambda root: [])
    monkeypatch.setattr(lanes.GpuRun.__init__, "__defaults__", (540, time.monotonic, call, print))
    said = []
    assert gpu_command(600, root=tmp_path, say=said.append) == 3
    assert [name for name, _, _ in asked] == gpu_order()
    by_name = {name: (code, seconds) for name, code, seconds in asked}
    assert "record_seeds('30_finetune'" in by_name["30_finetune"][0]
    assert "bench_command('gpu'" in by_name["bench"][0]
    assert all(seconds <= 540 for _, seconds in by_name.values())
    for name in ("30_finetune", "bench"):
        compile(by_name[name][0], name, "exec")
    assert said[0].startswith("a card: 600 s") and "the same command goes on" in said[-1]
    assert gpu_command(600, root=tmp_path, say=said.append) == 1
    assert said[-1].startswith("given up: ")

    monkeypatch.setattr(lanes, "dirty_files", lambda root: ["ftkit/core.py"])
    with pytest.raises(FtkitError, match=r"ftkit/core\.py differs"):
        gpu_command(600, root=tmp_path)
