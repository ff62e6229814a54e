"""Suites of notebooks: limits, interruption, resuming, what is said meanwhile, baselines."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as tree
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_bands import record
from test_running import on_terminal
from typer.testing import CliRunner

from ftkit.core import FtkitError, mimetype
from ftkit.kit import bands, cli, reports, running, suite

quiet = io.StringIO


def write(path, *sources):
    "A notebook of these cells after the parameters, each under a heading of its own."
    cells = [new_code_cell("scale = None\nseed = 0", metadata=dict(tags=["parameters"]))]
    for k, source in enumerate(sources):
        cells += [new_markdown_cell(f"## Part {k}"), new_code_cell(source)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def finish(name, metric="float(seed)", controls="{}"):
    "A cell that records a number without the seconds that importing torch takes."
    return f"""from IPython.display import display
import os
entry = dict(value={metric}, unit=None, resolution=0.5, setting={{}})
record = dict(schema=1, notebook="{name}", scale=scale, seed=seed,
    metrics=dict(number=entry), controls={controls}, claims=[], notes={{}},
    seconds=1.0, peak_memory=1e8, commit=None, dirty=None, **known)
display({{"text/plain": "record", "{mimetype}": record}}, raw=True)"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    "What a real record would say of this machine, as a first cell."
    path = write(tmp_path_factory.mktemp("none") / "x.ipynb", "1")
    here = suite.here(path, threads=1)
    values = {k: v for k, v in here.items() if k not in ("code", "package")}
    return f"known = {values | dict(assets={})!r}"


def lesson(folder, name, known, *before, **more):
    return write(folder / f"{name}.ipynb", known, *before, finish(name, **more))


# Limits

one_thread = "import os\nassert os.environ['OMP_NUM_THREADS'] == '1'"
starts_a_child = """import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print(child.pid)"""
holds_more_and_more = """while True:
    held.append(b'x' * 200_000_000)
    time.sleep(0.05)"""
prints_more_and_more = """while True:
    print('x' * 100_000)
    time.sleep(0.005)"""


@pytest.fixture(scope="module")
def troubles(tmp_path_factory, known):
    "Everything that can go wrong, and one that goes right: suite, what it said, results."
    folder = tmp_path_factory.mktemp("suite")

    def path(name):
        return folder / f"{name}.ipynb"

    loud = "import sys\nprint('loud', file=sys.stderr)\nundefined_name"
    hangs = write(path("hangs"), starts_a_child, "while True: pass")
    others = [
        lesson(folder, "good", known, one_thread),
        write(path("bare"), known, finish("bare").replace("dict(number=entry)", "{}")),
        write(path("fails"), "print('<b>so far</b>')", loud),
        write(path("eats"), "import time\nheld = []", holds_more_and_more),
        write(path("dies"), "print('alive')", "import os; os._exit(1)"),
        write(path("prints"), "import time\nprint('few')", prints_more_and_more),
    ]
    said = io.StringIO()
    options = dict(scale="smoke", out=folder / "runs", root=folder, stream=said)
    hanging = suite.check([hangs], limits=running.Limits(seconds=8), **options)
    limits = running.Limits(120, 2.5e9, 2e6)  # a kernel alone holds up to 0.9 GB
    found = suite.check(others, jobs=2, limits=limits, report=reports.write_report, **options)
    return found, said.getvalue(), hanging.results | found.results


@pytest.mark.parametrize(
    "name, verdict, why",
    [
        ("good", "no baseline", None),
        ("bare", "failed", "holds no metric"),
        ("fails", "failed", "NameError: name 'undefined_name'"),
        ("hangs", "failed", "it ran longer than 8 s"),
        ("eats", "failed", "of memory; its limit is 2.5 GB"),
        ("dies", "failed", "the kernel died in section 'Part 1'"),
        ("prints", "failed", "printed more than 2,000,000 characters"),
    ],
)
def test_each_notebook_ends_in_its_verdict(troubles, name, verdict, why):
    _, said, results = troubles
    result = results[name]
    assert result.verdict == verdict
    assert f"{name}: {verdict}" in said
    if why is None:
        return
    assert why in result.error
    assert "Traceback" not in result.error
    if name != "bare":
        assert "section 'Part 1'" in result.error, "the cell that failed is named"


def code_cells(path):
    "The executed cells of a copy, its parameters left out."
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return [cell for cell in cells if "parameters" not in str(cell.metadata.get("tags"))]


@pytest.mark.parametrize("name", ["fails", "hangs", "eats", "dies", "prints"])
def test_the_executed_copy_is_kept_up_to_the_failing_cell(troubles, name):
    found, _, results = troubles
    ran, stopped = code_cells(results[name].path)[:2]
    assert ran.execution_count
    assert not any(output.output_type == "error" for output in ran.outputs)
    assert any(output.output_type == "error" for output in stopped.outputs)
    assert results[name].path.stat().st_size < 5e6
    assert list(found.folder.rglob(".*.part")) == []


def test_what_a_hanging_notebook_started_is_ended_too(troubles):
    first = code_cells(troubles[2]["hangs"].path)[0]
    child = int(first.outputs[0].text)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_the_suite_fails_and_its_files_say_so(troubles):
    found = troubles[0]
    assert found.exit_code == 1
    assert "5 failed, 1 no baseline" in str(found)
    cases = tree.parse(found.folder / "junit.xml").getroot()
    assert [cases.get(k) for k in ("tests", "failures", "skipped")] == ["6", "5", "1"]
    page = (found.folder / "report.html").read_text()
    shown = ("undefined_name", "os._exit(1)", "loud", "no baseline", "<svg", "prefers-color-scheme")
    for part in shown:
        assert part in page
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)
    assert "@import" not in page
    assert "<script" not in page
    assert page.index('id="fails"') < page.index('id="good"')
    kept = json.loads((found.folder / "good" / "record.json").read_text())
    assert kept == found.results["good"].record


# Beside each other


def test_there_is_room_beside_the_others():
    busy = []
    most = []
    done = []

    def work(task):
        busy.append(task)
        most.append(sum(t.threads for t in busy))
        time.sleep(0.02)
        busy.remove(task)
        return task.seed

    def take(task, result):
        done.append(result)

    tasks = [suite.Task(Path("x"), seed=k, threads=1 + k % 2, memory=1) for k in range(12)]
    suite.run_many(tasks, work, take, 99, threading.Event())
    assert sorted(done) == list(range(12))
    assert max(most) <= max(suite.cores(), 2)


def test_memory_limits_how_many_run_at_once(monkeypatch):
    monkeypatch.setattr(suite, "free_memory", lambda: 5e9)
    monkeypatch.setattr(suite, "cores", lambda: 64)
    busy = []
    most = []

    def work(task):
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.02)
        busy.pop()

    tasks = [suite.Task(Path("x"), k, 1, 2e9) for k in range(6)]
    suite.run_many(tasks, work, lambda *_: None, 6, threading.Event())
    assert max(most) == 2


def test_the_longest_starts_first_and_the_unknown_last(tmp_path, known):
    names = ("unknown", "short", "long", "new")
    sources = [lesson(tmp_path, name, known) for name in names]
    for name, seconds in (("short", 5), ("long", 50)):
        folder = tmp_path / "runs" / f"20260101-000000-{name}"
        folder.mkdir(parents=True)
        past = record(0) | dict(notebook=name, scale="smoke", seconds=seconds, peak_memory=1e9)
        (folder / "record.json").write_text(json.dumps(past))
    found = suite.begin_suite(sources, "smoke", 0, tmp_path / "runs")
    tasks = suite.prepare(found, None, tmp_path)
    assert [task.source.stem for task in tasks] == ["long", "short", "unknown", "new"]
    assert [task.memory for task in tasks] == [1e9, 1e9, 2e9, 2e9]
    assert [result.name for result in found.all_results()] == list(names), "reported in their order"


# What is said meanwhile


def run_board(stream):
    with suite.Board(2, stream) as board:
        for name in ("[b]first", "second"):
            progress = board.begin(name)
            progress([new_markdown_cell("# Reading"), new_code_cell("1"), new_code_cell("2")], 2)
            board.tick()
            time.sleep(0.7)  # until it is drawn
            board.done(name, running.Result(name, "passed", seconds=65))


def test_in_a_log_each_notebook_gets_a_line():
    said = io.StringIO()
    run_board(said)
    assert said.getvalue() == "[1/2] [b]first: passed, 1:05\n[2/2] second: passed, 1:05\n"


def test_on_a_terminal_there_are_bars_below_the_lines(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    said = on_terminal(run_board)
    for part in ("[1/2] [b]first: passed, 1:05", "notebooks", "second", "Reading", "1/2"):
        assert part in said
    assert said.index("\x1b[?25l") < said.rindex("\x1b[?25h"), "the cursor comes back"


def test_the_bars_go_when_a_suite_is_stopped(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")

    def stopped(stream):
        with suite.Board(2, stream) as board:
            board.begin("first")
            board.tick()
            raise KeyboardInterrupt

    def stop(stream):
        with pytest.raises(KeyboardInterrupt):
            stopped(stream)
        print("the end", file=stream)

    said = on_terminal(stop)
    assert said.index("\x1b[?25h") < said.index("the end")


# Interrupted, resumed, locked, full


def test_no_job_at_all_is_refused(tmp_path):
    for asked in (0, -1):
        with pytest.raises(FtkitError, match=f"At least one job is needed; {asked} asked for"):
            suite.check(scale="smoke", jobs=asked, out=tmp_path, root=tmp_path)
        with pytest.raises(FtkitError, match="At least one job"):
            suite.write_baselines(["core"], scale="smoke", jobs=asked, out=tmp_path, root=tmp_path)


def test_a_notebook_that_is_gone_is_not_forgotten(tmp_path):
    paths = [write(tmp_path / f"{name}.ipynb", "1") for name in "ab"]
    suite.begin_suite(paths, "smoke", 0, tmp_path / "runs")
    paths[1].unlink()
    with pytest.raises(FtkitError, match=r"b\.ipynb is gone since this check began"):
        suite.last_suite([], "smoke", 0, tmp_path / "runs")


@pytest.mark.parametrize("others, verb", [(0, "a.py differs"), (1, "a.py and 1 more differ")])
def test_local_changes_are_counted(tmp_path, monkeypatch, others, verb):
    monkeypatch.setattr(suite, "dirty_files", lambda root, but: ["a.py", "b.py"][: others + 1])
    with pytest.raises(FtkitError, match=f"but {verb} from it"):
        suite.write_baselines(["core"], scale="smoke", out=tmp_path, root=tmp_path)


waits_for_go = """import os, time
open('.s', 'w').write(str(os.getpid()))
os.replace('.s', 'started')
time.sleep(0 if os.path.exists('go') else 600)"""


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def verdicts(found):
    return [(result.name, result.verdict, result.kept) for result in found.all_results()]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_done_and_the_same_suite_goes_on(tmp_path, known, stop, hears_ctrl_c):
    first = lesson(tmp_path, "first", known)
    second = lesson(tmp_path, "second", known, waits_for_go)
    third = lesson(tmp_path, "third", known)
    out = tmp_path / "runs"
    finished = threading.Event()

    def press():
        while not finished.wait(0.05):
            if (tmp_path / "started").exists():
                os.kill(os.getpid(), stop)
                return

    threading.Thread(target=press, daemon=True).start()
    try:
        options = ["--scale", "smoke", "--jobs", "1", "--out", out]
        result = invoke("check", first, second, third, *options)
    finally:
        finished.set()
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr
    assert "'ftkit check --resume' goes on" in result.stderr
    assert "second: skipped\nnot run: interrupted" in result.stderr
    assert "1 no baseline, 2 skipped" in result.stderr

    folder = next(out.glob("*-check"))
    assert not psutil.pid_exists(int((tmp_path / "started").read_text())), "the kernel is gone"
    assert tree.parse(folder / "junit.xml").getroot().get("skipped") == "3"
    assert "Stopped: interrupted" in (folder / "report.html").read_text()
    kept = (folder / "first" / "first.ipynb").stat().st_mtime_ns
    (tmp_path / "go").touch()
    found = suite.check(scale="smoke", resume=True, jobs=1, out=out, root=tmp_path, stream=quiet())
    assert found.folder == folder
    assert verdicts(found) == [
        ("first", "no baseline", True),
        ("second", "no baseline", False),
        ("third", "no baseline", False),
    ]
    assert (folder / "first" / "first.ipynb").stat().st_mtime_ns == kept

    # Changed code is run again; so is all of it with other threads.
    lesson(tmp_path, "first", known, "changed = True")
    again = [task.source.stem for task in suite.prepare(found, None, tmp_path)]
    assert again == ["first"]
    if suite.cores() > 2:
        again = [task.source.stem for task in suite.prepare(found, 3, tmp_path)]
        assert sorted(again) == ["first", "second", "third"]


def test_two_checks_in_one_folder(tmp_path):
    notebook = write(tmp_path / "x.ipynb", "1")
    out = tmp_path / "runs"
    with suite.alone(out):
        for command in ("check", "baseline"):
            result = invoke(command, notebook, "--scale", "smoke", "--out", out)
            assert result.exit_code == 2
            assert "Another check or baseline is running" in result.stderr
    assert not list(out.glob("*-check"))


def test_a_full_disk_loses_nothing(tmp_path, known, monkeypatch):
    notebooks = [lesson(tmp_path, name, known) for name in ("first", "second", "third")]
    options = dict(scale="smoke", jobs=1, out=tmp_path / "runs", root=tmp_path, stream=quiet())
    real = running.save_executed

    def full(notebook, target):
        if target.stem == "second":
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        real(notebook, target)

    sentence = (
        r"No space left on device: .*second.ipynb. 1 of 3 notebooks are finished and kept; "
        "make room, then 'ftkit check --resume'"
    )
    with monkeypatch.context() as patch:
        patch.setattr(running, "save_executed", full)
        with pytest.raises(FtkitError, match=sentence):
            suite.check(notebooks, **options)
    found = suite.check(resume=True, **options)
    assert verdicts(found) == [
        ("first", "no baseline", True),
        ("second", "no baseline", False),
        ("third", "no baseline", False),
    ]


def test_the_report_is_called_at_the_end_whatever_ended_it(tmp_path, known, monkeypatch):
    source = lesson(tmp_path, "good", known)
    options = dict(scale="smoke", out=tmp_path / "runs", root=tmp_path, stream=quiet())
    asked = []

    def report(found, root):
        asked.append((found.stopped, root))

    monkeypatch.setattr(
        suite, "execute", lambda path, *_, **more: running.Result(path.stem, "passed")
    )
    suite.check([source], report=report, **options)
    assert asked == [(None, tmp_path)]

    def interrupted(*arguments, **more):
        raise KeyboardInterrupt

    def breaks(found, root):
        report(found, root)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(suite, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        suite.check([source], report=breaks, **options)
    assert asked[1][0].startswith("interrupted")


def test_bad_input_stops_a_suite_before_anything_runs(tmp_path, known, monkeypatch):
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    ran = []
    monkeypatch.setattr(suite, "execute", lambda *arguments, **more: ran.append(arguments))
    good = lesson(tmp_path, "good", known)
    text = tmp_path / "text.ipynb"
    text.write_text("no notebook")
    (tmp_path / "other").mkdir()
    twin = lesson(tmp_path / "other", "good", known)
    asked = dict(device_class="cpu", scale="smoke", notebook="good")
    damaged = bands.baseline_path(asked, tmp_path / "damaged")
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{}")
    for names, root, match in [
        (["coer"], None, "Did you mean 'core'"),
        ([good, text], None, "cannot be read as a notebook"),
        ([good, twin], None, "Two notebooks are called good"),
        ([good], tmp_path / "damaged", "damaged or edited by hand"),
    ]:
        with pytest.raises(FtkitError, match=match):
            suite.check(names, "smoke", out=tmp_path / "runs", root=root, stream=quiet())
    assert ran == []


def test_scale_gpu_without_a_gpu_is_skipped_and_not_green(tmp_path, known, monkeypatch):
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    source = lesson(tmp_path, "good", known)
    options = dict(scale="gpu", out=tmp_path / "runs", root=tmp_path)
    found = suite.check([source], stream=quiet(), **options)
    assert verdicts(found) == [("good", "skipped", False)]
    assert found.exit_code == 3
    with pytest.raises(FtkitError, match="A gpu baseline is written only by a GPU"):
        suite.write_baselines([source], **options)


@pytest.mark.parametrize(
    "verdict, code", [("passed", 0), ("failed", 1), ("no baseline", 3), ("skipped", 3)]
)
def test_the_commands_exit_codes(tmp_path, monkeypatch, verdict, code):
    made = {}

    def check(names, scale, seed, jobs, out, resume, limits, threads, report):
        made.update(names=names, limits=limits, report=report)
        found = suite.Suite(Path(out), scale, seed, [Path("a"), Path("b")])
        found.results["a"] = running.Result("a", "passed")
        found.results["b"] = running.Result("b", verdict)
        return found

    monkeypatch.setattr(suite, "check", check)
    limits = ["--timeout", "9", "--memory", "1.5"]
    result = invoke("check", "a", "b", "--scale", "smoke", *limits, "--out", tmp_path)
    assert result.exit_code == code
    assert "report.html" in result.stdout
    if verdict != "passed":
        assert f"b: {verdict}" in result.stdout
    assert made["names"] == ["a", "b"]
    assert made["limits"] == running.limits_of["smoke"]._replace(seconds=9, memory=1.5e9)
    assert made["report"] is reports.write_report


@pytest.mark.parametrize(
    "option, says",
    [
        (("--jobs", "0"), "--jobs"),
        (("--scale", "huge"), "Unknown scale 'huge'"),
        (("--timeout", "0"), "--timeout"),
    ],
)
def test_bad_options_of_the_command(option, says):
    result = invoke("check", "core", *option)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


# Baselines


class Pretend:
    "A runner that records which seeds it was asked for instead of running."

    def __init__(self):
        self.asked = []
        self.breaks = []  # seeds at which Ctrl-C is pressed, once

    def __call__(self, path, scale, seed, out=None, threads=None, **more):
        if seed in self.breaks:
            self.breaks.remove(seed)
            raise KeyboardInterrupt
        self.asked.append(seed)
        made = record(seed) | suite.here(path, threads) | dict(notebook="sample", scale=scale)
        return running.Result("sample", "no baseline", record=made)


@pytest.fixture
def pretend(tmp_path, known):
    "A notebook, a runner, and a function that makes the notebook's baseline with the runner."
    source = lesson(tmp_path, "sample", known)
    runner = Pretend()

    def make(run=runner, **more):
        options = dict(scale="smoke", jobs=1, out=tmp_path / "runs", root=tmp_path)
        return suite.write_baselines([source], run=run, stream=quiet(), **options, **more)

    return source, runner, make


def test_a_baseline_is_written_seed_by_seed_and_resumed(pretend, tmp_path):
    source, runner, make = pretend
    runner.breaks.append(2)
    with pytest.raises(KeyboardInterrupt):
        make()
    folder = tmp_path / "tests" / "baselines"
    path = next(folder.rglob("sample.json"))
    assert path.relative_to(folder).parts[1:] == ("smoke", "sample.json")
    assert len(json.loads(path.read_text())["runs"]) == 2
    make()
    assert runner.asked == [0, 1, 2, 3, 4]
    assert make() == []
    assert [run["seed"] for run in json.loads(path.read_text())["runs"]] == [0, 1, 2, 3, 4]
    assert [result.record["seed"] for result in make(seeds=7)] == [5, 6]
    notebook = nbformat.read(source, 4)
    notebook.cells[-1].source += "\nmore = 1"
    nbformat.write(notebook, source)
    assert len(make()) == 5, "other code, other runs"


def test_a_dirty_tree_is_refused_but_not_for_outputs_and_baselines(pretend, tmp_path):
    source, runner, make = pretend

    def git(*arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / ".gitignore").write_text("runs/\n")
    git("add", ".")
    git("commit", "-qm", "all")
    notebook = nbformat.read(source, 4)
    notebook.cells[1].source = "## Other prose"
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="new")]
    nbformat.write(notebook, source)
    make()
    assert len(runner.asked) == 5
    make()  # the new baseline is not in git either
    notebook.cells[2].source += "\nx = 1"
    nbformat.write(notebook, source)
    with pytest.raises(FtkitError, match=r"but sample.ipynb differ"):
        make()
    git("checkout", "-q", "sample.ipynb")
    (tmp_path / "new module.py").touch()
    with pytest.raises(FtkitError, match=r"new module.py"):
        make()


def test_fewer_than_five_seeds_and_a_failing_lesson_make_no_baseline(pretend, tmp_path):
    _, _, make = pretend
    with pytest.raises(FtkitError, match="at least 5 seeds; 1 asked for"):
        make(seeds=1)

    def fails(*arguments, **more):
        return running.Result("sample", "failed", error="broken")

    assert [result.error for result in make(run=fails)] == ["broken"] * 5
    assert not (tmp_path / "tests").exists()


def test_a_real_baseline_and_the_check_against_it(tmp_path, known, monkeypatch):
    "Five seeds, an identical run, a changed number, a control that reaches the band."
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    options = dict(scale="smoke", out=tmp_path / "runs", root=tmp_path, stream=quiet())
    far = "dict(zero=entry | dict(value=-99.0, control_of='number'))"
    near = far.replace("-99.0", "2.0")
    source = lesson(tmp_path, "sample", known, controls=far)
    suite.write_baselines([source], jobs=2, **options)

    same = suite.check([source], seed=3, **options)
    assert same.exit_code == 0
    number, control = same.results["sample"].checks
    assert number.why.startswith("identical")
    assert control.why.startswith("outside the band")
    assert same.results["sample"].changed == []

    lesson(tmp_path, "sample", known, "x = 1", metric="50.0", controls=near)
    moved = suite.check([source], seed=3, **options).results["sample"]
    number, control = moved.checks
    assert [number.verdict, control.verdict] == ["failed", "failed"]
    assert moved.changed == ["code changed"]
    assert number.drift == 47
    assert "better than" in number.why
    assert "inside the band of number" in control.why
