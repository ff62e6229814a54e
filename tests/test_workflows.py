"""The workflow files for a public CI: their form, pinned actions, and what they call."""

import configparser
import re

import pytest
import yaml
from conftest import root

workflows = sorted((root / ".github" / "workflows").glob("*.yml"))
each = pytest.mark.parametrize("path", workflows, ids=lambda p: p.stem)
allowed = dict(
    workflow={"name", "on", "permissions", "concurrency", "env", "jobs"},
    job={"name", "runs-on", "timeout-minutes", "strategy", "env", "steps"},
    strategy={"fail-fast", "matrix"},
    step={"name", "uses", "with", "run", "if", "env"},
    event={"push", "pull_request", "schedule", "workflow_dispatch"},
)
uses = re.compile(r"uses: ([\w-]+/[\w-]+)@(\S+)(?: # (v\d+\.\d+\.\d+))?$", re.M)


def load(path):
    "A workflow; YAML 1.1 reads the key `on` as true."
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if k is True else k: v for k, v in content.items()}


def steps(workflow):
    return [(job, step) for job in workflow["jobs"].values() for step in job["steps"]]


def problems(workflow, text):
    "What is wrong with the form of a workflow."

    def unknown(kind, keys):
        return [f"{kind} has the unknown key {k}" for k in keys if k not in allowed[kind]]

    found = unknown("workflow", workflow) + unknown("event", workflow["on"])
    for name, job in workflow["jobs"].items():
        found += unknown("job", job) + unknown("strategy", job.get("strategy", {}))
        if not isinstance(job.get("timeout-minutes"), int):
            found.append(f"job {name} may run for ever: give it timeout-minutes")
        if "latest" in str(job.get("runs-on")):
            found.append(f"job {name} runs on a moving image")
    for _, step in steps(workflow):
        found += unknown("step", step)
        if ("run" in step) == ("uses" in step):
            found.append(f"a step either runs or uses: {step}")
    for action, version, comment in uses.findall(text):
        if not re.fullmatch(r"[0-9a-f]{40}", version) or not comment:
            found.append(f"{action}@{version} is not pinned to a commit with its version beside it")
    if len(uses.findall(text)) != text.count("uses:"):
        found.append("an action is written in a way that this test can't read")
    if workflow.get("permissions") != dict(contents="read"):
        found.append("a workflow here needs to read, nothing else")
    return found


def test_there_are_three():
    assert [p.stem for p in workflows] == ["gpu", "suite", "test"]


@each
def test_form(path):
    assert problems(load(path), path.read_text(encoding="utf-8")) == []


@each
def test_what_they_call_exists(path):
    targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.M))
    for _, step in steps(load(path)):
        for target in re.findall(r"\bmake (\w+)", step.get("run", "")):
            assert target in targets
        for script in re.findall(r"^(\.ci/\w+)", step.get("run", ""), re.M):
            assert (root / script).stat().st_mode & 0o100, "not executable"
        assert "${{ github.event" not in step.get("run", ""), (
            "what a stranger wrote must not become a command"
        )


def test_every_supported_python_is_tested():
    config = configparser.ConfigParser(delimiters=["="])
    config.read(root / "settings.ini")
    least = int(config["DEFAULT"]["min_python"].split(".")[1])
    below = int(re.search(r"sys\.version_info < \(3, (\d+)\)", (root / "Makefile").read_text())[1])
    matrix = load(root / ".github" / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == [f"3.{minor}" for minor in range(least, below)]


def test_only_trusted_code_reaches_a_machine_of_our_own():
    for path in workflows:
        workflow = load(path)
        if any("self-hosted" in job["runs-on"] for job in workflow["jobs"].values()):
            assert "pull_request" not in workflow["on"]


def test_both_lanes_and_the_faults_run_weekly_and_leave_a_report():
    workflow = load(root / ".github" / "workflows" / "suite.yml")
    assert all(re.fullmatch(r"\d+ \d+ \* \* [0-6]", s["cron"]) for s in workflow["on"]["schedule"])
    assert workflow["jobs"]["lessons"]["strategy"]["matrix"]["lane"] == ["pinned", "latest"]
    assert any(s.get("run") == "make faults" for s in workflow["jobs"]["faults"]["steps"])
    for job in workflow["jobs"].values():
        assert [s["if"] for s in job["steps"] if "upload-artifact" in s.get("uses", "")] == [
            "always()"
        ]


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5", "not pinned"),
        ("    timeout-minutes: 60\n", "", "for ever"),
        ("contents: read", "contents: write", "nothing else"),
        ("    runs-on: ubuntu-24.04", "    run-on: ubuntu-24.04", "unknown key run-on"),
        ("ubuntu-24.04", "ubuntu-latest", "moving image"),
    ],
)
def test_a_broken_workflow_is_noticed(old, new, expected, tmp_path):
    text = (root / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "test.yml").write_text(text.replace(old, new, 1))
    assert any(
        expected in p for p in problems(load(tmp_path / "test.yml"), text.replace(old, new, 1))
    )
