"""After a change that should move no number: prove that it moved none, then renew what is stored.

    python tests/renew.py                          every notebook whose stored outputs are stale
    python tests/renew.py 11_losses 31_lora        these
    python tests/renew.py 22_scaling --old 20_causal_lm
                                                   its numbers stood in that baseline before
    python tests/renew.py 22_scaling --moved slope_change
                                                   this number may move; it is recorded again

Each notebook runs at scale cpu with seed 0, on as many threads as its baseline. Every metric and
control of its baseline must come back with the same bits and under the same setting. Then the
outputs of the run go into the notebook, and the baseline gets the new hashes and environment; the
numbers of its other seeds stay. A number without a baseline is named: `ftkit baseline` makes one.
Exit code 1 if something moved or failed; nothing of that notebook is stored then.
"""

import argparse
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

from ftkit.core import FtkitError, notebook_hash  # noqa: E402
from ftkit.kit.bands import (  # noqa: E402
    baseline_path,
    environment,
    load_baseline,
    package_hash,
    read_record,
    save_baseline,
)
from ftkit.kit.reports import save_outputs  # noqa: E402
from ftkit.kit.running import execute, find, notebooks  # noqa: E402

scale = "cpu"
kinds = ("metrics", "controls")


def old_baselines(stems: list[str], commit: str | None) -> list[dict]:
    "The baselines of these stems that exist now, or existed at a commit."
    found = []
    for stem in stems:
        path = baseline_path(dict(device_class="cpu", scale=scale, notebook=stem), root)
        if commit:
            path = checked_out(path, commit)
        record = dict(device_class="cpu", scale=scale, notebook=stem)
        if path and path.is_file():
            base = path.parents[4] if commit else root
            found.append(load_baseline(record, base))
    return found


def checked_out(path: Path, commit: str) -> Path | None:
    "A file as it was at a commit, in the folder runs/renew; None if it was not there."
    name = path.relative_to(root)
    done = subprocess.run(["git", "show", f"{commit}:{name}"], cwd=root, capture_output=True)
    if done.returncode:
        return None
    old = root / "runs" / "renew" / commit / name
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_bytes(done.stdout)
    return old


def seed_runs(baselines: list[dict], record: dict) -> list[dict]:
    "The runs of the old baselines, seed by seed, with those numbers alone that the record has too."
    runs = {}
    for baseline in baselines:
        for run in baseline["runs"]:
            new = dict(run, metrics={}, controls={})
            if set(run["metrics"]) - set(record["metrics"]):
                new |= dict(seconds=None, peak_memory=None)  # of a notebook that did more
            new = runs.setdefault(run["seed"], new)
            for kind in kinds:
                new[kind] |= {k: v for k, v in run[kind].items() if k in record[kind]}
    return [run for _, run in sorted(runs.items()) if run["metrics"]]


def compare(record: dict, runs: list[dict], allowed: set[str]) -> list[str]:
    "What moved against the old run of the same seed, a line each; what may move is only printed."
    before = next((run for run in runs if run["seed"] == record["seed"]), None)
    moved = []
    for kind in kinds:
        for name, entry in record[kind].items():
            old = before and before[kind].get(name)
            if not old:
                print(f"  {kind[:-1]:7} {name} = {entry['value']!r}: new")
                continue
            if old["value"] == entry["value"] and old["setting"] == entry["setting"]:
                print(f"  {kind[:-1]:7} {name} = {entry['value']!r}: the same")
                continue
            line = f"  {kind[:-1]:7} {name}: {old['value']!r} -> {entry['value']!r}"
            if old["setting"] != entry["setting"]:
                line += f", setting {old['setting']} -> {entry['setting']}"
            print(line + (" (allowed)" if name in allowed else " MOVED"))
            if name not in allowed:
                moved.append(line)
    return moved


def is_stale(stem: str) -> bool:
    "Whether a notebook's stored outputs or its baseline belong to other code."
    path = find(stem)
    try:
        record = read_record(path)
    except FtkitError:
        return True
    baseline = load_baseline(record, root)
    now = dict(code=notebook_hash(path), package=package_hash(path))
    if record["notebook"] != stem or record["code"] != now["code"] or not baseline:
        return True
    return any(baseline["environment"][key] != now[key] for key in now)


def renew(stem: str, options: argparse.Namespace) -> bool:
    "Run one notebook, compare, and store; False if something moved or failed."
    source = find(stem)
    old = old_baselines(options.old or [stem], options.commit)
    threads = old[0]["environment"]["threads"] if old else 1
    result = execute(source, scale, 0, threads=threads, out=root / "runs", baseline={}, root=root)
    print(f"{stem}: {result.seconds:.0f} s on {threads} threads")
    if result.error and not result.record:
        print(f"  FAILED {result.error}")
        return False
    record = result.record
    runs = seed_runs(old, record)
    if compare(record, runs, set(options.moved)):
        return False
    entry = dict(
        seed=0,
        commit=record["commit"],
        dirty=False,
        seconds=record["seconds"],
        peak_memory=record["peak_memory"],
        metrics=record["metrics"],
        controls=record["controls"],
    )
    others = [run for run in runs if run["seed"] != 0]
    save_outputs(result.path, source)
    new = dict(
        schema=1,
        notebook=stem,
        scale=scale,
        environment=environment(record),
        runs=[entry, *others],
    )
    save_baseline(new, baseline_path(record, root))
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="renew", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks; none: all that are stale")
    parser.add_argument("--old", action="append", default=[], help="baseline with the old numbers")
    parser.add_argument("--commit", help="take old baselines as they were at this commit")
    parser.add_argument("--moved", action="append", default=[], help="a number that may move")
    options = parser.parse_args()
    names = options.names or [stem for stem in notebooks() if is_stale(stem)]
    failed = [name for name in names if not renew(find(name).stem, options)]
    print(f"{len(names) - len(failed)} of {len(names)} renewed. {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
