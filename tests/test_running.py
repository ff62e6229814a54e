"""Finding and running notebooks, what they may use, what is said meanwhile."""

import errno
import functools
import io
import itertools
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time

import nbformat
import papermill
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ftkit.core import FtkitError, mimetype
from ftkit.kit import bands, running

# Finding


def test_a_notebook_is_found_with_and_without_its_number():
    bands_notebook = running.notebooks()["70_bands"]
    assert running.find("bands") == running.find("70_bands") == bands_notebook
    with pytest.raises(FtkitError, match=r"Unknown notebook 'bandz'. Did you mean 'bands'"):
        running.find("bandz")
    with pytest.raises(FtkitError, match="Unknown notebook 'nothing'"):
        running.find("nothing.ipynb")


def test_a_path_that_is_not_there_is_no_other_notebook(tmp_path):
    assert running.find("70_bands.ipynb") == running.notebooks()["70_bands"]
    with pytest.raises(FtkitError, match=r"no notebook .*/70_bands\.ipynb"):
        running.find(tmp_path / "70_bands.ipynb")


def test_outside_a_checkout_it_says_so(monkeypatch):
    monkeypatch.setattr(running, "checkout", lambda: None)
    with pytest.raises(FtkitError, match="needs a checkout"):
        running.find("core")


# The extra


def test_importing_needs_nothing_of_the_extra():
    code = (
        "import sys\n"
        "import ftkit.kit.running, ftkit.kit.suite, ftkit.kit.reports, ftkit.kit.lanes\n"
        "kit = {'papermill', 'nbformat', 'nbclient', 'ipykernel', 'jupyter_client', 'rich'}\n"
        "print(sorted(kit & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("name", ["papermill", "nbformat", "nbclient", "rich"])
def test_a_missing_package_is_asked_for_before_anything_runs(name, tmp_path, monkeypatch):
    source = write(tmp_path / "good.ipynb", "1")
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(FtkitError, match=rf"{name}.*'pip install ftkit\[kit\]'"):
        running.execute(source, "smoke", 0, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


# Running

cost = "**At scale `cpu`: 9 min 9 s, 9.9 GB of memory.** Builds on nothing."


def write(path, *sources):
    "A notebook of a title, a cost line, parameters and these cells."
    cells = [
        new_markdown_cell("# Sample"),
        new_markdown_cell(cost, metadata=dict(tags=["cost"])),
        new_code_cell("scale = None\nseed = 0", metadata=dict(tags=["parameters"])),
    ]
    cells += [new_code_cell(source) for source in sources]
    nbformat.write(new_notebook(cells=cells), path)
    return path


# A cell that records a number without the seconds that importing torch takes.
finish = f"""from IPython.display import display
entry = dict(value=float(seed), unit=None, resolution=1, setting={{}})
record = dict(schema=1, notebook="sample", scale=scale, seed=seed,
    metrics=dict(seed=entry), controls={{}}, claims=[], notes={{}},
    seconds=125.0, peak_memory=1.26e9, device="p", device_class="cpu", dtype="float32",
    threads=1, versions={{}}, assets={{}}, code="c")
display({{"text/plain": "record", "{mimetype}": record}}, raw=True)"""

talks = """import sys, warnings
print('one')
print('two')
warnings.warn('loud')
print('10%\\r100%')
is_ours = sys.executable"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    "One real run: every kind of output, and a kernel called python3 that is another one."
    folder = tmp_path_factory.mktemp("run")
    rogue = folder / "share" / "kernels" / "python3"
    rogue.mkdir(parents=True)
    specification = dict(argv=["false"], display_name="rogue", language="python")
    (rogue / "kernel.json").write_text(json.dumps(specification))
    source = write(
        folder / "sample.ipynb",
        talks,
        f"assert is_ours == {sys.executable!r}\nobject()",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        finish,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share"))
        said = io.StringIO()
        result = running.execute(source, "cpu", 3, folder / "runs", stream=said)
    return source, result, said.getvalue()


def test_the_running_python_executes_with_our_parameters(ran):
    source, result, said = ran
    assert result.error is None
    assert result.record["seed"] == 3
    assert result.record["scale"] == "cpu"
    assert result.record["package"] == bands.package_hash(source)
    assert result.verdict == "no baseline"
    assert "Sample" in said
    assert json.loads((result.path.parent / "record.json").read_text()) == result.record


def test_a_failing_cell_is_shown_with_its_section(tmp_path):
    path = write(tmp_path / "bad.ipynb", "x = 1", "{}['key']")
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(4, new_markdown_cell("## The second half"))
    nbformat.write(notebook, path)
    result = running.execute(path, "smoke", 0, tmp_path / "runs", stream=io.StringIO())
    assert result.verdict == "failed"
    assert result.record is None
    assert result.error.startswith("code cell 3,"), "papermill's own cell does not count"
    for part in ("section 'The second half'", "KeyError: 'key'", "{}['key']"):
        assert part in result.error
    assert result.path.is_file()
    assert "Traceback" not in result.error


def test_a_dying_kernel_and_a_missing_record_are_failures(tmp_path):
    path = write(tmp_path / "dies.ipynb", "import os; os._exit(1)")
    dies = running.execute(path, "smoke", 0, tmp_path / "runs", stream=io.StringIO())
    assert dies.verdict == "failed"
    assert "the kernel died in section 'Sample'" in dies.error
    path = write(tmp_path / "silent.ipynb", "1")
    silent = running.execute(path, "smoke", 0, tmp_path / "runs", stream=io.StringIO())
    assert silent.verdict == "failed"
    assert "no run record" in silent.error


def test_parameters_that_a_notebook_overrides_are_a_failure(tmp_path):
    "papermill puts them first where no cell has the tag."
    path = write(tmp_path / "sample.ipynb", finish)
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    text = path.read_text().replace("scale = None", "scale = 'cpu'")
    path.write_text(text)
    found = running.execute(path, "smoke", 3, tmp_path / "runs", stream=io.StringIO())
    assert (found.verdict, found.record) == ("failed", None)
    assert "it ran at scale cpu with seed 0, not at smoke with 3" in found.error


def test_bad_input_raises_before_anything_runs(tmp_path):
    (tmp_path / "text.ipynb").write_text("no notebook")
    (tmp_path / "list.ipynb").write_text("[]")
    for name in ("text", "list"):
        with pytest.raises(FtkitError, match="notebook"):
            running.execute(tmp_path / f"{name}.ipynb", "smoke", 0, tmp_path / "runs")
    with pytest.raises(FtkitError, match="Unknown scale"):
        running.execute(tmp_path / "text.ipynb", "huge", 0, tmp_path / "runs")
    good = write(tmp_path / "good.ipynb", "1")
    (tmp_path / "file").write_text("")
    with pytest.raises(FtkitError, match="Cannot write"):
        running.execute(good, "smoke", 0, tmp_path / "file")
    assert not (tmp_path / "runs").exists()


def test_a_cell_that_is_no_python_is_a_failure_of_the_notebook(tmp_path):
    path = write(tmp_path / "bad.ipynb", "def broken(")
    result = running.execute(path, "smoke", 0, tmp_path / "runs", stream=io.StringIO())
    assert result.verdict == "failed"
    assert "SyntaxError" in result.error


def test_scale_gpu_without_a_gpu_is_skipped_not_passed(tmp_path, monkeypatch):
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    path = write(tmp_path / "good.ipynb", "1")
    result = running.execute(path, "gpu", 0, tmp_path / "runs")
    assert result.verdict == "skipped"
    assert bands.exit_code([result.verdict]) == 3


# What is said meanwhile

cells = [
    new_markdown_cell("# Top"),
    new_code_cell("1"),
    new_markdown_cell("## [bold]Two[/bold]"),
    new_code_cell("2"),
    new_code_cell("3"),
]


def say_all(stream):
    progress = running.Progress("sample", stream)
    for index in range(len(cells)):
        progress(cells, index)
    progress.close()


def on_terminal(work):
    "What `work(stream)` writes to a terminal."
    ours, theirs = pty.openpty()
    parts = []

    def read():
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                return
            if not part:
                return
            parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        work(stream)
    reader.join()
    os.close(ours)
    return b"".join(parts).decode()


def test_in_a_log_each_section_gets_a_line():
    said = io.StringIO()
    say_all(said)
    assert said.getvalue() == (
        "sample    0/3 cells  0:00  Top\nsample    1/3 cells  0:00  [bold]Two[/bold]\n"
    )


def test_on_a_terminal_a_bar_redraws_itself_and_goes(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    said = on_terminal(say_all)
    assert "sample" in said
    assert "2/3" in said
    assert "[bold]Two[/bold]" in said, "a title is no markup"
    hides, shows = "\x1b[?25l", "\x1b[?25h"
    assert said.index(hides) < said.index("2/3") < said.rindex(shows), "the cursor comes back"
    assert said.endswith("\x1b[2K"), "the line is cleared"


def test_a_terminal_that_cannot_redraw_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    said = on_terminal(say_all)
    assert "\x1b" not in said
    assert len(said.splitlines()) == 2


# The executed copy


def test_a_copy_is_whole_or_as_it_was(tmp_path, monkeypatch):
    target = tmp_path / "x.ipynb"
    running.save_executed(new_notebook(cells=[new_code_cell("1")]), target)
    before = target.read_bytes()

    def broken(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="No space left on device"):
        running.save_executed(new_notebook(), target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.ipynb"]


def test_writing_the_copy_costs_little(tmp_path, monkeypatch):
    """At most once a second, however many cells there are and however much they print.

    papermill's own autosave must hear of it.
    """
    dots = """import time
until = time.monotonic() + 4
while time.monotonic() < until:
    print('.', flush=True)
    time.sleep(0.02)"""
    notebook = write(tmp_path / "talks.ipynb", *["1"] * 40, dots, finish)
    real = running.save_executed
    saved = []

    def count(*arguments):
        saved.append(time.monotonic())
        real(*arguments)

    eager = functools.partial(papermill.execute_notebook, autosave_cell_every=1)
    monkeypatch.setattr(running, "save_executed", count)
    monkeypatch.setattr(papermill, "execute_notebook", eager)
    said = io.StringIO()
    result = running.execute(notebook, "smoke", out=tmp_path / "runs", root=tmp_path, stream=said)
    assert result.verdict == "no baseline", result.error
    assert len(saved) >= 3
    # The last one is written when the notebook ends, however soon that is.
    waits = [after - before for before, after in itertools.pairwise(saved[:-1])]
    assert min(waits) >= 1
    ran_cells = nbformat.read(result.path, 4).cells
    assert all(cell.execution_count for cell in ran_cells if cell.cell_type == "code")


# A warm start

ask_where = """import os, sys
print(os.getpid(), os.getppid(), 'ftkit' in sys.modules, os.getcwd(), *sys.path)"""


@pytest.fixture
def few_modules(monkeypatch):
    "A warm process that is ready soon, and is ended with the test."
    # numpy imports its random numbers only when they are asked for; the libraries of lessons ask.
    monkeypatch.setattr(running, "preloaded", ("numpy.random", "torch", "ipykernel.ipkernel"))
    monkeypatch.setattr(running, "warm_processes", {})
    yield running.warm_processes
    for warm in running.warm_processes.values():
        if warm:
            warm.pipe.close()
            assert warm.process.wait(timeout=10) == 0


def run_warm(source, out, **options):
    return running.execute(source, "cpu", 3, out, stream=io.StringIO(), warm=True, **options)


def printed(result, number=0):
    "What a notebook's cell printed; 0 is the first after title, cost and two of parameters."
    return nbformat.read(result.path, 4).cells[4 + number].outputs[0].text


def test_each_notebook_gets_a_fork_of_its_own(few_modules, tmp_path, monkeypatch):
    source = write(tmp_path / "sample.ipynb", ask_where, finish)
    one = run_warm(source, tmp_path / "runs", threads=1)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("FTKIT_SCALE", "smoke")
    two = run_warm(source, tmp_path / "runs", threads=1)
    assert one.error is None
    assert two.error is None
    [warm] = few_modules.values()
    assert warm.ready["threads"] == 1, "a fork copies one thread and the locks of all"
    pids = []
    for result in (one, two):
        pid, parent, ftkit, folder, *path = printed(result).split()
        pids.append(pid)
        assert int(parent) == warm.process.pid
        assert ftkit == "False"
        assert folder == str(tmp_path)
    assert len(set(pids)) == 2
    assert str(tmp_path) not in printed(one).split()[4:]
    assert path[0] == str(tmp_path), "PYTHONPATH comes first, as in a fresh Python"


def test_a_library_reads_the_same_settings_as_in_a_fresh_kernel(few_modules, tmp_path, monkeypatch):
    "What is read while a library is imported needs another warm process."
    source = write(
        tmp_path / "sample.ipynb", "import torch\nprint(torch.get_num_threads())", finish
    )
    assert printed(run_warm(source, tmp_path / "runs", threads=1)) == "1\n"
    assert printed(run_warm(source, tmp_path / "runs", threads=2)) == "2\n"
    assert len(few_modules) == 2
    monkeypatch.setattr(running, "most_warm", 2)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert run_warm(source, tmp_path / "runs", threads=1).error is None, "a fresh one"
    assert len(few_modules) == 2


def test_children_of_a_fork_can_be_waited_for(few_modules, tmp_path):
    "With SIGCHLD ignored, as a parent of many likes it, each would seem to have ended well."
    source = write(
        tmp_path / "sample.ipynb",
        "import subprocess, sys",
        "print(subprocess.run([sys.executable, '-c', 'raise SystemExit(7)']).returncode)",
        finish,
    )
    assert printed(run_warm(source, tmp_path / "runs"), 1) == "7\n"


def test_a_fork_ends_as_python_does(few_modules, tmp_path):
    "It takes down no library, but what a lesson has left for its end is done."
    left = """
import atexit, tempfile, threading, time
from pathlib import Path
atexit.register(Path("registered").touch)
buffered = open("buffered", "w")
buffered.write("all of it")
class Last:
    def __del__(self, touch=Path("deleted").touch):
        touch()
last = Last()
last.itself = last
threading.Thread(target=lambda: [time.sleep(0.5), Path("thread").touch()]).start()
folder = tempfile.TemporaryDirectory(dir=".")
"""
    source = write(tmp_path / "sample.ipynb", left, finish)
    assert run_warm(source, tmp_path / "runs").error is None
    [warm] = few_modules.values()
    wait_until(lambda: not psutil.Process(warm.process.pid).children())
    written = {}
    for path in tmp_path.iterdir():
        if path.name not in ("runs", "sample.ipynb"):
            written[path.name] = path.read_text()
    assert written == dict(registered="", thread="", deleted="", buffered="all of it")


def test_a_grammar_is_compiled_when_an_address_is_checked():
    "jsonschema would do it when nbformat imports it, which takes longer than all the rest."
    code = """
import sys
from ftkit.kit.running import defer_grammar
defer_grammar()
import jsonschema, nbformat
assert "rfc3987_syntax" not in sys.modules
for address in ("http://a.b/\u00fc", "http://a b"):
    try:
        jsonschema.validate(address, dict(format="iri"), format_checker=jsonschema.FormatChecker())
        print("valid")
    except jsonschema.ValidationError:
        print("invalid")
assert "rfc3987_syntax" in sys.modules
"""
    pytest.importorskip("rfc3987_syntax")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["valid", "invalid"], done.stderr


def test_a_fork_that_hangs_is_ended_with_all_that_it_started(few_modules, tmp_path):
    child = "import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)"
    source = write(tmp_path / "sample.ipynb", child, "while True: pass", finish)
    guard = running.Guard(running.Limits(seconds=2))
    result = run_warm(source, tmp_path / "runs", guard=guard)
    assert "it ran longer than 2 s" in result.error
    wait_until(lambda: has_ended(int(printed(result))))
    [warm] = few_modules.values()
    wait_until(lambda: not psutil.Process(warm.process.pid).children())


def has_ended(pid):
    "Whether a process is gone, or waits only for its parent to ask how it ended."
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_each_fork_draws_random_numbers_of_its_own(few_modules, tmp_path):
    draw = (
        "import random, numpy, torch\n"
        "print(random.random(), numpy.random.random(), torch.rand(()).item())"
    )
    source = write(tmp_path / "sample.ipynb", draw, finish)
    one, two = (printed(run_warm(source, tmp_path / "runs")).split() for _ in range(2))
    assert len(few_modules) == 1
    assert not set(one) & set(two)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes have handles on Linux")
def test_signals_reach_a_fork_until_it_has_ended():
    child = subprocess.Popen(["sleep", "60"])
    kernel = running.ForkedKernel(child.pid, os.pidfd_open(child.pid))
    assert kernel.poll() is None
    kernel.kill()
    wait_until(lambda: kernel.poll() == 1)
    assert child.wait() == -signal.SIGKILL
    kernel.terminate()  # nobody is there any more


def test_without_a_warm_process_kernels_are_fresh(few_modules, tmp_path, monkeypatch):
    source = write(tmp_path / "sample.ipynb", ask_where, finish)
    run_warm(source, tmp_path / "runs")
    [warm] = few_modules.values()
    warm.process.kill()
    warm.process.wait()
    with pytest.warns(UserWarning, match="Kernels are started one by one now"):
        result = run_warm(source, tmp_path / "runs")
    assert result.error is None
    assert int(printed(result).split()[1]) == os.getpid()
    few_modules.clear()


def test_where_nothing_can_be_forked_kernels_are_fresh(few_modules, tmp_path, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    result = run_warm(write(tmp_path / "sample.ipynb", "1", finish), tmp_path / "runs")
    assert result.error is None
    assert few_modules == {}


def test_forks_end_with_the_process_that_asked_for_them(tmp_path):
    code = """
import os
from ftkit.kit import running
running.preloaded = ("numpy", "torch", "ipykernel.ipkernel")
manager = running.this_python(1, warm=True)()
import asyncio
asyncio.run(manager.start_kernel())
[warm] = running.warm_processes.values()
print(warm.process.pid, manager.provisioner.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    wait_until(lambda: all(map(has_ended, pids)))
