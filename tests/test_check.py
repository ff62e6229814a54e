"""Suites of notebooks: limits, interruption, resuming, reports, baselines, and lessons as pytest items."""

import errno
import functools
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as tree
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from hypothesis import given, settings, strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from ftkit.kit import cli
from ftkit.kit import pytest_plugin
from ftkit import tables
from ftkit.kit import bands
from ftkit.kit import lanes
from ftkit.kit import reports
from ftkit.kit import running
from ftkit.kit import suite
from ftkit.core import FtkitError, mimetype
from test_regress import baseline, record

quiet = io.StringIO


def write(path, *sources):
    "A notebook of these cells after the parameters, each under a heading of its own."
    cells = [new_code_cell("scale = None\nseed = 0", metadata=dict(tags=["parameters"]))]
    for k, s in enumerate(sources):
        cells += [new_markdown_cell(f"## Part {k}"), new_code_cell(s)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def finish(name, metric="float(seed)", controls="{}"):
    "A cell that records a number without the seconds that importing torch takes."
    return f"""from IPython.display import display
import os
entry = dict(value={metric}, unit=None, resolution=0.5, setting={{}})
display({{"text/plain": "record", "{mimetype}": dict(schema=1, notebook="{name}", scale=scale, seed=seed, metrics=dict(number=entry), controls={controls},
    claims=[], notes={{}}, seconds=1.0, peak_memory=1e8, commit=None, dirty=None, **known)}}, raw=True)"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    "What a real record would say of this machine, as a first cell."
    here = suite.here(write(tmp_path_factory.mktemp("none") / "x.ipynb", "1"), threads=1)
    values = {k: v for k, v in here.items() if k not in ("code", "package")} | dict(assets={})
    return f"known = {values!r}"


def lesson(folder, name, known, *before, **more):
    return write(folder / f"{name}.ipynb", known, *before, finish(name, **more))


# Limits


@pytest.fixture(scope="module")
def suite(tmp_path_factory, known):
    "Everything that can go wrong in a notebook, and one that goes right."
    folder = tmp_path_factory.mktemp("suite")
    names = dict(
        good=lesson(
            folder, "good", known, "import os\nassert os.environ['OMP_NUM_THREADS'] == '1'"
        ),
        bare=write(
            folder / "bare.ipynb", known, finish("bare").replace("dict(number=entry)", "{}")
        ),
        fails=write(
            folder / "fails.ipynb",
            "print('<b>so far</b>')",
            "import sys\nprint('loud', file=sys.stderr)\nundefined_name",
        ),
        hangs=write(
            folder / "hangs.ipynb",
            "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nprint(child.pid)",
            "while True: pass",
        ),
        eats=write(
            folder / "eats.ipynb",
            "import time\nheld = []",
            "while True: held.append(b'x' * 200_000_000); time.sleep(0.05)",
        ),
        dies=write(folder / "dies.ipynb", "print('alive')", "import os; os._exit(1)"),
        prints=write(
            folder / "prints.ipynb",
            "import time\nprint('few')",
            "while True: print('x' * 100_000); time.sleep(0.005)",
        ),
    )
    said = io.StringIO()
    hanging = suite.check(
        [names.pop("hangs")],
        "smoke",
        out=folder / "runs",
        limits=running.Limits(seconds=8),
        root=folder,
        stream=said,
    )
    result = suite.check(
        names.values(),
        "smoke",
        jobs=2,
        out=folder / "runs",
        limits=running.Limits(120, 6e8, 2e6),
        root=folder,
        stream=said,
    )
    return result, said.getvalue(), hanging.results | result.results


@pytest.mark.parametrize(
    "name, verdict, why",
    [
        ("good", "no baseline", None),
        ("bare", "failed", "holds no metric"),
        ("fails", "failed", "NameError: name 'undefined_name'"),
        ("hangs", "failed", "it ran longer than 8 s"),
        ("eats", "failed", "of memory; its limit is 0.6 GB"),
        ("dies", "failed", "the kernel died in section 'Part 1'"),
        ("prints", "failed", "printed more than 2,000,000 characters"),
    ],
)
def test_each_notebook_ends_in_its_verdict(suite, name, verdict, why):
    result = suite[2][name]
    assert result.verdict == verdict
    if why:
        assert why in result.error and "Traceback" not in result.error
        if name != "bare":
            assert "section 'Part 1'" in result.error, "the cell that failed is named"
    assert f"{name}: {verdict}" in suite[1]


@pytest.mark.parametrize("name", ["fails", "hangs", "eats", "dies", "prints"])
def test_the_executed_copy_is_kept_up_to_the_failing_cell(suite, name):
    cells = [
        c
        for c in nbformat.read(suite[2][name].path, 4).cells
        if c.cell_type == "code" and "parameters" not in str(c.metadata.get("tags"))
    ]
    ran, stopped = cells[0], cells[1]
    assert ran.execution_count and not any(o.output_type == "error" for o in ran.outputs)
    assert any(o.output_type == "error" for o in stopped.outputs)
    assert suite[2][name].path.stat().st_size < 5e6
    assert list(suite[0].folder.rglob(".*.part")) == []


def test_what_a_hanging_notebook_started_is_ended_too(suite):
    child = int(
        next(
            c
            for c in nbformat.read(suite[2]["hangs"].path, 4).cells
            if c.source.startswith("import subprocess")
        )
        .outputs[0]
        .text
    )
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_the_suite_fails_and_its_files_say_so(suite):
    found = suite[0]
    assert found.exit_code == 1 and "5 failed, 1 no baseline" in str(found)
    cases = tree.parse(found.folder / "junit.xml").getroot()
    assert [cases.get(k) for k in ("tests", "failures", "skipped")] == ["6", "5", "1"]
    page = (found.folder / "report.html").read_text()
    for part in (
        "undefined_name",
        "os._exit(1)",
        "loud",
        "no baseline",
        "<svg",
        "prefers-color-scheme",
    ):
        assert part in page
    assert (
        not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)
        and "@import" not in page
        and "<script" not in page
    )
    assert page.index('id="fails"') < page.index('id="good"')
    assert (
        json.loads((found.folder / "good" / "record.json").read_text())
        == found.results["good"].record
    )


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_makes_a_well_formed_report(error, why):
    found = suite.Suite(Path("runs/x"), "cpu", 0, [Path("a.ipynb"), Path("b.ipynb")])
    found.results = dict(
        a=running.Result("a", "failed", error=error or "x"),
        b=running.Result(
            "b",
            "no baseline",
            record=record(0),
            checks=[bands.Check("f1", "no baseline", 0.5, why)],
        ),
    )
    assert tree.fromstring(reports.junit_xml(found)).get("tests") == "2"
    page = reports.report_html(found)
    assert page.count("<details") == 2 and page.count("<script") == 0


def test_there_is_room_beside_the_others():
    cores = bands.cores()
    busy, most = [], []

    def work(task):
        busy.append(task)
        most.append(sum(t.threads for t in busy))
        time.sleep(0.02)
        busy.remove(task)
        return task.seed

    done = []
    tasks = [suite.Task(Path("x"), seed=k, threads=1 + k % 2, memory=1) for k in range(12)]
    suite.run_many(tasks, work, lambda task, result: done.append(result), 99, threading.Event())
    assert sorted(done) == list(range(12)) and max(most) <= max(cores, 2)


def test_memory_limits_how_many_run_at_once(monkeypatch):
    monkeypatch.setattr(suite, "free_memory", lambda: 5e9)
    monkeypatch.setattr(bands, "cores", lambda: 64)
    busy, most = [], []

    def work(task):
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.02)
        busy.pop()

    suite.run_many(
        [suite.Task(Path("x"), k, 1, 2e9) for k in range(6)],
        work,
        lambda *_: None,
        6,
        threading.Event(),
    )
    assert max(most) == 2


# Interrupted, resumed, locked, full


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_done_and_the_same_suite_goes_on(tmp_path, known, stop, hears_ctrl_c):
    first = lesson(tmp_path, "first", known)
    second = lesson(
        tmp_path,
        "second",
        known,
        "import os, time\nopen('.s', 'w').write(str(os.getpid()))\nos.replace('.s', 'started')\ntime.sleep(0 if os.path.exists('go') else 600)",
    )
    third = lesson(tmp_path, "third", known)
    command = [
        "check",
        first,
        second,
        third,
        "--scale",
        "smoke",
        "--jobs",
        "1",
        "--out",
        tmp_path / "runs",
    ]
    finished = threading.Event()

    def press():
        while not finished.wait(0.05):
            if (tmp_path / "started").exists():
                os.kill(os.getpid(), stop)
                return

    threading.Thread(target=press, daemon=True).start()
    try:
        result = CliRunner().invoke(cli.app, list(map(str, command)))
    finally:
        finished.set()
    err = result.stderr
    assert (
        result.exit_code == 130
        and "Traceback" not in err
        and "'ftkit check --resume' goes on" in err
    )
    assert "second: skipped\nnot run: interrupted" in err and "1 no baseline, 2 skipped" in err

    folder = next((tmp_path / "runs").glob("*-check"))
    assert not psutil.pid_exists(int((tmp_path / "started").read_text())), "the kernel is gone"
    assert tree.parse(folder / "junit.xml").getroot().get("skipped") == "3"
    assert "Stopped: interrupted" in (folder / "report.html").read_text()
    kept = (folder / "first" / "first.ipynb").stat().st_mtime_ns
    (tmp_path / "go").touch()
    suite = suite.check(
        scale="smoke", resume=True, jobs=1, out=tmp_path / "runs", root=tmp_path, stream=quiet()
    )
    assert suite.folder == folder and [
        (r.name, r.verdict, r.kept) for r in suite.all_results()
    ] == [
        ("first", "no baseline", True),
        ("second", "no baseline", False),
        ("third", "no baseline", False),
    ]
    assert (folder / "first" / "first.ipynb").stat().st_mtime_ns == kept

    lesson(tmp_path, "first", known, "changed = True")  # changed code is run again
    assert [t.source.stem for t in suite.prepare(suite, None, tmp_path)] == ["first"]
    assert [
        t.source.stem for t in suite.prepare(suite, 3 if bands.cores() > 2 else None, tmp_path)
    ] == (["first", "second", "third"] if bands.cores() > 2 else ["first"])


def test_two_checks_in_one_folder(tmp_path):
    notebook = write(tmp_path / "x.ipynb", "1")
    with suite.alone(tmp_path / "runs"):
        for command in (["check", notebook], ["baseline", notebook]):
            result = CliRunner().invoke(
                cli.app, [*map(str, command), "--scale", "smoke", "--out", str(tmp_path / "runs")]
            )
            assert result.exit_code == 2 and "Another check or baseline is running" in result.stderr
    assert not list((tmp_path / "runs").glob("*-check"))


def test_a_full_disk_loses_nothing(tmp_path, known, monkeypatch):
    notebooks = [lesson(tmp_path, name, known) for name in ("first", "second", "third")]
    real = running.save_executed

    def full(notebook, target):
        if target.stem == "second":
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        real(notebook, target)

    with monkeypatch.context() as patch:
        patch.setattr(running, "save_executed", full)
        with pytest.raises(
            FtkitError,
            match="No space left on device: .*second.ipynb. 1 of 3 notebooks are finished and kept; make room, then 'ftkit check --resume'",
        ):
            suite.check(
                notebooks, "smoke", jobs=1, out=tmp_path / "runs", root=tmp_path, stream=quiet()
            )
    suite = suite.check(
        scale="smoke", resume=True, jobs=1, out=tmp_path / "runs", root=tmp_path, stream=quiet()
    )
    assert [(r.verdict, r.kept) for r in suite.all_results()] == [
        ("no baseline", True),
        ("no baseline", False),
        ("no baseline", False),
    ]


def test_a_copy_is_whole_or_as_it_was(tmp_path, monkeypatch):
    target = tmp_path / "x.ipynb"
    running.save_executed(new_notebook(cells=[new_code_cell("1")]), target)
    before = target.read_bytes()

    def broken(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError):
        running.save_executed(new_notebook(), target)
    assert target.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["x.ipynb"]


def test_writing_the_copy_costs_little(tmp_path, known, monkeypatch):
    "At most once a second, however many cells there are and however much they print; papermill's own autosave must hear of it."
    talks = "import time\nuntil = time.monotonic() + 4\nwhile time.monotonic() < until: print('.', flush=True); time.sleep(0.02)"
    notebook, real, saved = (
        lesson(tmp_path, "talks", known, *["1"] * 40, talks),
        running.save_executed,
        [],
    )

    def count(*args):
        saved.append(time.monotonic())
        real(*args)

    monkeypatch.setattr(running, "save_executed", count)
    monkeypatch.setattr(
        papermill,
        "execute_notebook",
        functools.partial(papermill.execute_notebook, autosave_cell_every=1),
    )
    result = running.execute(
        notebook, "smoke", out=tmp_path / "runs", root=tmp_path, stream=quiet()
    )
    assert result.verdict == "no baseline", result.error
    assert len(saved) >= 3 and min(b - a for a, b in zip(saved, saved[1:-1])) >= 1
    assert all(
        c.execution_count for c in nbformat.read(result.path, 4).cells if c.cell_type == "code"
    )


def test_bad_input_stops_a_suite_before_anything_runs(tmp_path, known, monkeypatch):
    ran = []
    monkeypatch.setattr(running, "execute", lambda *args, **more: ran.append(args))
    good = lesson(tmp_path, "good", known)
    (tmp_path / "text.ipynb").write_text("no notebook")
    (tmp_path / "other").mkdir()
    twin = lesson(tmp_path / "other", "good", known)
    damaged = bands.baseline_path(
        dict(device_class="cpu", scale="smoke", notebook="good"), tmp_path / "damaged"
    )
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{}")
    for names, root, match in [
        (["coer"], None, "Did you mean 'core'"),
        ([good, tmp_path / "text.ipynb"], None, "cannot be read as a notebook"),
        ([good, twin], None, "Two notebooks are called good"),
        ([good], tmp_path / "damaged", "damaged or edited by hand"),
    ]:
        if "damaged" in match:
            monkeypatch.setenv("FTKIT_DEVICE", "cpu")
        with pytest.raises(FtkitError, match=match):
            suite.check(names, "smoke", out=tmp_path / "runs", root=root, stream=quiet())
    assert ran == []


def test_scale_gpu_without_a_gpu_is_skipped_and_not_green(tmp_path, known, monkeypatch):
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    suite = suite.check(
        [lesson(tmp_path, "good", known)],
        "gpu",
        out=tmp_path / "runs",
        root=tmp_path,
        stream=quiet(),
    )
    assert [r.verdict for r in suite.all_results()] == ["skipped"] and suite.exit_code == 3
    with pytest.raises(FtkitError, match="A gpu baseline is written only by a GPU"):
        suite.write_baselines(
            [tmp_path / "good.ipynb"], scale="gpu", out=tmp_path / "runs", root=tmp_path
        )


def test_the_commands_exit_codes(tmp_path, monkeypatch):
    made = {}

    def check(names, scale, seed, jobs, out, resume, limits, threads):
        made.update(names=names, scale=scale, limits=limits)
        return suite.Suite(
            Path(out),
            scale,
            seed,
            [Path("a"), Path("b")],
            dict(a=running.Result("a", "passed"), b=running.Result("b", made["verdict"])),
        )

    monkeypatch.setattr(suite, "check", check)
    for verdict, code in [("passed", 0), ("failed", 1), ("no baseline", 3), ("skipped", 3)]:
        made["verdict"] = verdict
        result = CliRunner().invoke(
            cli.app,
            [
                "check",
                "a",
                "b",
                "--scale",
                "smoke",
                "--timeout",
                "9",
                "--memory",
                "1.5",
                "--out",
                str(tmp_path),
            ],
        )
        assert (
            result.exit_code == code
            and f"b: {verdict}" in result.stdout + "b: passed"
            and "report.html" in result.stdout
        )
    assert made["names"] == ["a", "b"] and made["limits"] == running.limits_of["smoke"]._replace(
        seconds=9, memory=1.5e9
    )
    for option in (["--jobs", "0"], ["--scale", "huge"], ["--timeout", "0"]):
        assert CliRunner().invoke(cli.app, ["check", "core", *option]).exit_code == 2


# Verdicts


def checks(run, base):
    return {c.name: c for c in bands.check_band(run, base)}


def test_better_than_the_band_fails_and_says_so():
    better, worse = (checks(record(9, value=v), baseline())["f1"] for v in (0.99, 0.6))
    assert (better.verdict, better.better) == ("failed", True) and better.why.startswith(
        "better than ["
    )
    assert (worse.verdict, worse.better) == ("failed", False) and worse.why.startswith("outside [")
    nobody = record(9, value=0.99) | dict(controls={})
    assert bands.check_metric("f1", nobody, baseline()).better is False


def test_the_same_seeds_drift_is_reported_when_the_environment_changed():
    value = record(2)["metrics"]["f1"]["value"]
    moved = checks(record(2, value=value + 1e-4, versions=dict(torch="3")), baseline())["f1"]
    assert (
        moved.verdict == "passed"
        and moved.drift == pytest.approx(1e-4)
        and "this seed moved by +0.0001" in moved.why
    )
    assert checks(record(2, value=value, threads=1), baseline())["f1"].drift == 0
    assert checks(record(9), baseline())["f1"].drift is None
    assert checks(record(2), baseline())["f1"].why.startswith("identical")


def test_one_seed_is_no_band_but_a_difference_is_seen():
    assert checks(record(0), baseline(seeds=1))["f1"].verdict == "no baseline"
    assert checks(record(0, value=0.1), baseline(seeds=1))["f1"].verdict == "failed"


def test_changes_are_named():
    assert bands.changes(record(0), baseline()) == []
    found = bands.changes(
        record(0, versions=dict(torch="3", numpy="2"), threads=1, code="d"),
        baseline(versions=dict(torch="2", numpy="2")),
    )
    assert found == ["code changed", "torch 2 \u2192 3", "threads 2 \u2192 1"]


def test_only_reached_modules_count():
    names = lambda code: {p.stem for p in bands.reached_modules(code)}
    assert (
        names("from ftkit.foundations.losses import x")
        == names("import ftkit.foundations.losses as y")
        == names("from ftkit import losses")
    )
    assert names("from ftkit.core import setup") == {"core"} and names("print('ftkit')") == set()
    assert "lora" in names("from ftkit.finetuning.finetune import finetune"), (
        "methods are loaded through entry points"
    )


# Baselines


@pytest.fixture
def pretend(tmp_path, known):
    "A notebook, and a runner that records what it was asked for instead of running."
    source, asked = lesson(tmp_path, "sample", known), []

    def run(path, scale, seed, out=None, threads=None, **more):
        if seed in run.breaks:
            run.breaks.remove(seed)
            raise KeyboardInterrupt
        asked.append(seed)
        return running.Result(
            "sample",
            "no baseline",
            record=record(seed)
            | suite.here(path, threads)
            | dict(notebook="sample", scale=scale),
        )

    run.breaks = []
    make = lambda **more: suite.write_baselines(
        [source],
        scale="smoke",
        jobs=1,
        out=tmp_path / "runs",
        root=tmp_path,
        run=run,
        stream=quiet(),
        **more,
    )
    return source, run, asked, make


def test_a_baseline_is_written_seed_by_seed_and_resumed(pretend, tmp_path):
    source, run, asked, make = pretend
    run.breaks.append(2)
    with pytest.raises(KeyboardInterrupt):
        make()
    path = next((tmp_path / "tests" / "baselines").rglob("sample.json"))
    assert (
        path.relative_to(tmp_path / "tests" / "baselines").parts[1:] == ("smoke", "sample.json")
        and len(json.loads(path.read_text())["runs"]) == 2
    )
    make()
    assert asked == [0, 1, 2, 3, 4] and make() == []
    assert [r["seed"] for r in json.loads(path.read_text())["runs"]] == [0, 1, 2, 3, 4]
    assert [r.record["seed"] for r in make(seeds=7)] == [5, 6]
    nb = nbformat.read(source, 4)
    nb.cells[-1].source += "\nmore = 1"
    nbformat.write(nb, source)
    assert len(make()) == 5, "other code, other runs"


def test_a_dirty_tree_is_refused_but_not_for_outputs_and_baselines(pretend, tmp_path):
    source, run, asked, make = pretend
    git = lambda *more: subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *more],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    git("init", "-q")
    (tmp_path / ".gitignore").write_text("runs/\n")
    git("add", ".")
    git("commit", "-qm", "all")
    nb = nbformat.read(source, 4)
    nb.cells[1].source, nb.cells[2].outputs = (
        "## Other prose",
        [nbformat.v4.new_output("stream", text="new")],
    )
    nbformat.write(nb, source)
    make()
    assert len(asked) == 5
    make()  # the new baseline is not in git either
    nb.cells[2].source += "\nx = 1"
    nbformat.write(nb, source)
    with pytest.raises(FtkitError, match="but sample.ipynb differ"):
        make()
    git("checkout", "-q", "sample.ipynb")
    (tmp_path / "new module.py").touch()
    with pytest.raises(FtkitError, match="new module.py"):
        make()


def test_fewer_than_five_seeds_and_a_failing_lesson_make_no_baseline(pretend, tmp_path):
    source, run, asked, make = pretend
    with pytest.raises(FtkitError, match="at least 5 seeds; 1 asked for"):
        make(seeds=1)
    fails = lambda *args, **more: running.Result("sample", "failed", error="broken")
    made = suite.write_baselines(
        [source],
        scale="smoke",
        jobs=1,
        out=tmp_path / "runs",
        root=tmp_path,
        run=fails,
        stream=quiet(),
    )
    assert [r.error for r in made] == ["broken"] * 5 and not (tmp_path / "tests").exists()


def test_a_real_baseline_and_the_check_against_it(tmp_path, known, monkeypatch):
    "The whole way: five seeds, an identical run, a changed number, a control that reaches the band."
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    control = "dict(zero=entry | dict(value=-99.0, control_of='number'))"
    source = lesson(tmp_path, "sample", known, controls=control)
    suite.write_baselines(
        [source], scale="smoke", jobs=2, out=tmp_path / "runs", root=tmp_path, stream=quiet()
    )
    run = lambda seed=3: suite.check(
        [source], "smoke", seed, out=tmp_path / "runs", root=tmp_path, stream=quiet()
    )
    same = run()
    assert (
        same.exit_code == 0
        and [c.why[:9] for c in same.results["sample"].checks] == ["identical", "outside t"]
        and same.results["sample"].changed == []
    )
    lesson(
        tmp_path, "sample", known, "x = 1", metric="50.0", controls=control.replace("-99.0", "2.0")
    )
    moved = run().results["sample"]
    assert [c.verdict for c in moved.checks] == ["failed", "failed"] and moved.changed == [
        "code changed"
    ]
    assert moved.checks[0].drift == 47 and "inside the band of number" in moved.checks[1].why
    assert "better than" in moved.checks[0].why


# In pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def run_pytest(pytester, monkeypatch):
    "pytest with the plugin in this process, on a machine without a GPU; exit status and what it said."
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    monkeypatch.setattr(pytest_plugin, "has_cuda", lambda: False)

    def run(*arguments):
        done = pytester.runpytest_inprocess("-p", "ftkit.kit.cli", "-q", "-rs", *map(str, arguments))
        return int(done.ret), done.stdout.str() + done.stderr.str()

    return run


def test_lessons_are_pytest_items(run_pytest, pytester, known):
    lesson(pytester.path, "10_good", known)
    write(pytester.path / "20_bad.ipynb", "print('hm')", "1 / 0")
    assert run_pytest()[0] == 5, "without the option no notebook is collected"
    code, said = run_pytest("--notebooks", "--scale", "smoke")
    assert (
        code == 1
        and "ZeroDivisionError" in said
        and "section 'Part 1'" in said
        and "Traceback" not in said
    )
    assert "lessons: 0 passed, 1 failed, 1 not compared" in said and "no baseline file" in said
    code, said = run_pytest("--notebooks", "--scale", "smoke", "-k", "good", "-x", pytester.path)
    assert code == 5 and "1 skipped, 1 deselected" in said, "nothing was compared: not green"
    code, said = run_pytest("--notebooks", "--scale", "huge")
    assert code == 4 and "Unknown scale 'huge'" in said


def test_a_lesson_with_a_baseline_passes_in_pytest(run_pytest, pytester, known, monkeypatch):
    for k, (verdict, code) in enumerate(
        [("passed", 0), ("no baseline", 5), ("skipped", 5), ("failed", 1)]
    ):
        monkeypatch.setattr(
            regress,
            "execute",
            lambda path, *args, **more: running.Result(path.stem, verdict, error="why"),
        )
        lesson(pytester.path, "10_good", known)
        assert run_pytest("--notebooks")[0] == code, verdict


def test_the_gpu_suite_without_a_gpu_checks_nothing_and_is_not_green(run_pytest, pytester):
    for name in ("nbs", "ftkit", "tests"):
        (pytester.path / name).mkdir()
    pytester.makeini("[pytest]\ntestpaths = tests\n")
    write(pytester.path / "nbs" / "10_a.ipynb", "1")
    (pytester.path / "tests" / "test_x.py").write_text(
        "import pytest\n@pytest.mark.gpu\ndef test_g(): pytest.skip('no GPU')\ndef test_c(): pass\n"
    )
    code, said = run_pytest("-m", "gpu")
    assert (
        code == 5
        and "no GPU: 0 checked, 1 lessons skipped" in said
        and "2 skipped, 1 deselected" in said
    )
    code, said = run_pytest("-m", "not gpu")
    assert code == 0 and "no GPU" not in said and "1 passed" in said
