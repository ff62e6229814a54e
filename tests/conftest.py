"""Paths and small helpers that all tests share."""

import os
import signal
from pathlib import Path

import nbformat
import pytest
import torch

# No test may reach a model hub, and forked tokenizers need no warning.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

root = Path(__file__).resolve().parent.parent


def notebooks():
    "All notebooks of the course, in course order."
    return sorted(p for p in (root / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


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
