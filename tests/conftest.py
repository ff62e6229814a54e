"""Paths and small helpers that all tests share."""

import os
import shutil
import signal
import time
from pathlib import Path

# Of several processes that test side by side, each computes with one thread. Libraries ask for the
# number when they are imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    for library in ("OMP", "MKL", "OPENBLAS", "RAYON"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

from ftkit.kit.running import defer_grammar

defer_grammar()  # before nbformat imports it

import nbformat  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402

# No test may reach a model hub, and forked tokenizers need no warning.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

root = Path(__file__).resolve().parent.parent


def notebooks():
    "All notebooks of the course, in course order."
    apart = {".ipynb_checkpoints", "assignments"}  # assignments have a form of their own
    return sorted(p for p in (root / "nbs").rglob("*.ipynb") if not apart & set(p.parts))


def lessons():
    "The numbered notebooks: all but the front page."
    return [p for p in notebooks() if p.stem[:2].isdigit()]


def read(path):
    return nbformat.read(path, as_version=4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


@pytest.fixture(scope="session")
def repository():
    return root


chromium = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser():
    "Chromium without a window; one for all tests of a process, which can drive no second."
    if not chromium:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture(autouse=True)
def same_threads():
    "A test that leaves another number of threads would change the last bits of the tests after it."
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def hears_ctrl_c():
    """A shell that starts the tests in the background has SIGINT ignored.

    A test that presses Ctrl-C must hear it all the same.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# Order and times of the suite

# Files that take longest: they begin first, and the lessons, one by one, fill what is left.
slow = ("faults", "cli", "suite", "bench", "site", "catalog", "running", "training")
budget = dict(suite=12 * 60, lesson=5)  # seconds, on two cores: what we aim at, not a test
started = time.time()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """The tests of a file stay together in one process, for they share what was costly to make.

    A lesson depends on nothing and may run anywhere.
    """

    def place(item):
        name = item.path.stem.removeprefix("test_")
        if item.originalname == "test_runs_at_smoke":
            return len(slow) + 1
        return slow.index(name) if name in slow else len(slow)

    items.sort(key=place)
    for item in items:
        if item.originalname != "test_runs_at_smoke":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_terminal_summary(terminalreporter):
    "How long the suite took, and each lesson at smoke beyond the start of its kernel."
    seconds = {}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "lesson_seconds" and report.when == "call":
                seconds[report.nodeid.split("[")[1].rstrip("]")] = value
    if not seconds:
        return
    tell = terminalreporter.write_line
    over = {stem: s for stem, s in seconds.items() if s > budget["lesson"]}
    slowest = sorted(over, key=over.get, reverse=True)
    took = time.time() - started
    tell(f"suite: {took / 60:.1f} min of {budget['suite'] / 60:g}")
    tell(
        f"lessons at smoke: {sum(seconds.values()):.0f} s beyond the start of their kernels; "
        f"{len(over)} of {len(seconds)} took more than {budget['lesson']} s: "
        + (", ".join(f"{stem} {over[stem]:.1f}" for stem in slowest) or "none")
    )
