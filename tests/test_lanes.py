"""The two lanes: what moved between two environments, and when the second one is made anew."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftkit.core import FtkitError
from ftkit.kit import lanes
from ftkit.kit.lanes import (
    call_in_lane,
    changed_versions,
    installed,
    lane_commands,
    lane_python,
    moved_text,
    must_run,
    sizes,
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
