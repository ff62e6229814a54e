"""Prove that a change moved no number, on a machine other than the one that recorded them.

    python tests/same.py job COMMIT lora_rates peft_posts     stale jobs of `ftkit build`
    python tests/same.py lesson COMMIT 30_finetune            a lesson with stale outputs

COMMIT is the last one before the change. Another processor gives other bits, so `ftkit build
--renew` and `tests/renew.py` can't compare with what is stored. Here the code of COMMIT and today's
code both run, side by side on this machine, and must give the same bits: of a job its first step,
of a lesson every number of its record, at scale smoke unless `--scale cpu` is said. Then the stored
results are noted as those of today's code. What was stored must belong to the code of COMMIT.
Exit code 1 if something differs; nothing of it is noted then.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

from ftkit import builds  # noqa: E402
from ftkit.core import notebook_hash  # noqa: E402
from ftkit.kit.bands import last_record, read_record  # noqa: E402
from ftkit.kit.running import find  # noqa: E402

first_step = """
import contextlib, json, sys
from ftkit import builds

jobs = [builds.find_job(name) for name in sys.argv[2:]]
all_parts = [job.parts() for job in jobs]  # before a step may leave something in a module
for job, parts in zip(jobs, all_parts, strict=True):
    build = builds.begin_build(job, sys.argv[1], fresh=True, say=lambda text: None)
    build.only_first = True
    with contextlib.suppress(builds.Enough):
        job.make(build)
    name, step = next(iter(build.steps.items()))
    result = builds.read_note(step.folder / "step.json")["result"]
    found = dict(job=job.name, code=builds.hash_of(parts), parts=parts, step=name, result=result)
    print(json.dumps(found), flush=True)
"""


def tree_of(commit: str) -> Path:
    "The files of a commit, in the ignored folder `runs`."
    commit = subprocess.check_output(["git", "rev-parse", commit], cwd=root, text=True).strip()
    folder = root / "runs" / "same" / commit
    if not folder.is_dir():
        command = ["git", "worktree", "add", "--quiet", "--detach", folder, commit]
        subprocess.run(command, cwd=root, check=True)
    return folder


def python(tree: Path, *arguments: str) -> str:
    "What Python prints with the package of a tree."
    environment = dict(os.environ, PYTHONPATH=str(tree))
    environment.setdefault("OMP_NUM_THREADS", "1")
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 3):  # 3: a number that has no baseline yet
        raise SystemExit(f"{' '.join(command)} failed in {tree}:\n{done.stdout}")
    return done.stdout


def first_steps(tree: Path, names: list[str], scale: str) -> dict[str, dict]:
    "The first step of each job, with the code of a tree; one process for all."
    printed = python(tree, "-c", first_step, scale, *names).splitlines()
    found = [json.loads(line) for line in printed if line.startswith('{"job": ')]
    return {each["job"]: each for each in found}


def same_jobs(old: Path, names: list[str], scale: str) -> list[bool]:
    "Compare the first steps of jobs; note today's code for each that gives the same."
    of_before, of_now = (first_steps(tree, names, scale) for tree in (old, root))
    return [same_job(of_before[name], of_now[name], scale) for name in names]


def same_job(before: dict, now: dict, scale: str) -> bool:
    "Compare the first step of a job before and now."
    name = now["job"]
    job = builds.find_job(name)
    made = builds.read_builds(job.file)[name]
    if before["code"] != made.code:
        print(f"{name}: what is stored belongs to other code than that of the commit")
        return False
    results = [builds.without_times(step["result"]) for step in (before, now)]
    if before["step"] != now["step"] or results[0] != results[1]:
        print(f"{name}: step '{now['step']}' gives other numbers than before the change")
        return False
    builds.save_build(job, replace(made, code=now["code"], parts=now["parts"]), job.file)
    print(f"{name}: step '{now['step']}' gives the same bits at scale {scale}; noted")
    return True


def numbers_of(tree: Path, name: str, scale: str) -> dict:
    "Every number of a lesson's record."
    out = root / "runs" / "same" / f"{name}.{scale}.{'now' if tree == root else 'before'}"
    start = "from ftkit.kit.cli import main; main()"
    command = ["-c", start, "run", name, "--scale", scale, "--out", out]
    print(python(tree, *command).splitlines()[-1])
    copies = sorted(out.glob(f"*/{name}.ipynb"), key=lambda path: path.stat().st_mtime)
    record = read_record(copies[-1])
    return {kind: record[kind] for kind in ("metrics", "controls")}


def same_lesson(old: Path, name: str, scale: str) -> bool:
    "Compare all numbers of a lesson; note today's code if they are the same."
    source = find(name)
    stem = source.stem
    stored = read_record(source)
    if stored["code"] != notebook_hash(old / source.relative_to(root)):
        print(f"{stem}: what is stored belongs to other code than that of the commit")
        return False
    before, now = [numbers_of(tree, stem, scale) for tree in (old, root)]
    if before != now:
        print(f"{stem}: other numbers than before the change: {before} {now}")
        return False
    notebook = nbformat.read(source, 4)
    last_record(notebook.cells)["code"] = notebook_hash(source)
    nbformat.write(notebook, source)
    count = sum(map(len, now.values()))
    print(f"{stem}: all {count} numbers have the same bits at scale {scale}; noted")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="same", description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("job", "lesson"))
    parser.add_argument("commit", help="the last one before the change")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--scale", default="smoke", choices=("smoke", "cpu"))
    options = parser.parse_args()
    old = tree_of(options.commit)
    if options.kind == "job":
        same = same_jobs(old, options.names, options.scale)
    else:
        same = [same_lesson(old, name, options.scale) for name in options.names]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
