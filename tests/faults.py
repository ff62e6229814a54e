"""Does the suite catch anything? Small, realistic faults, each in a copy of the project, and what notices them.

    make faults                                               every fault, cheapest detector first
    python tests/faults.py --only loss_sign --only no_warmup  some of them
    python tests/faults.py --detectors unit,smoke,cpu --every do not stop at the first detector that notices

The faults are in faults.toml. Detectors: `unit`, the test files of the module; `smoke`, the lesson at that scale; `cpu`, the lesson
there, and its numbers against the band in tests/baselines if it has one. A clean copy must pass all of them first. A run that was
interrupted goes on where it stopped; what has changed since is run again. Exit code 0 if at least 95% are caught, 1 if not, 2 if a
fault can't be applied or the clean copy fails.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

from ftkit.catalog import cache_dir
from ftkit.core import FtkitError, versions, write_beside
from ftkit.kit.bands import check_band, load_baseline, open_notebook, reached_modules, read_record
from ftkit.kit.running import first_error

detectors = ("unit", "smoke", "cpu")
seconds_allowed = dict(unit=600, smoke=600, cpu=1200)
enough = 0.95
copied = (
    "ftkit",
    "nbs",
    "tests",
    "settings.ini",
    "setup.py",
    "pyproject.toml",
    "pytest.ini",
    "README.md",
    "constraints.txt",
    "Makefile",
    "_quarto.yml",
)


# A failing example is enough here: hypothesis need not find the smallest one, which can take minutes, nor remember it.
unshrunk = """

from hypothesis import Phase, settings
settings.register_profile("faults", phases=(Phase.explicit, Phase.generate), derandomize=True, database=None)
settings.load_profile("faults")
"""


class FaultError(Exception):
    "The suite itself can't do its work: a fault does not apply, or the clean copy fails."


@dataclass(frozen=True)
class Fault:
    "One replacement in one module."

    name: str
    module: str
    why: str  # what is wrong, for a reader of the report
    old: str
    new: str
    tests: tuple[str, ...] = ()  # test files; none: tests/test_<module>.py
    first: str = ""  # a test that is run before the whole file: it is likely to notice
    lesson: str = ""  # a notebook's stem; none: the one that exports the module
    expect: str = "unit"  # the cheapest detector that should notice


@dataclass
class Outcome:
    "What one detector said to one copy."

    detector: str
    caught: bool
    where: str  # test or cell
    what: str  # its message
    seconds: float


def load_faults(path):
    "All faults, in course order. Raises `FaultError` for one that is written badly."
    faults = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]:
        try:
            fault = Fault(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
        except TypeError as e:
            raise FaultError(f"The fault {entry.get('name')} is written badly: {e}") from e
        if fault.expect not in detectors or fault.old == fault.new:
            raise FaultError(f"The fault {fault.name} expects no detector, or changes nothing.")
        faults.append(fault)
    return faults


def exported_by():
    "module -> the notebook that exports it"
    found = {}
    for path in sorted((root / "nbs").rglob("*.ipynb")):
        if m := re.search(r"#\| default_exp (\w+)", path.read_text(encoding="utf-8")):
            found[m[1]] = path
    return found


def test_files(fault):
    return fault.tests or (f"test_{fault.module}.py",)


def lesson_of(fault):
    return (
        next(p for p in exported_by().values() if p.stem == fault.lesson)
        if fault.lesson
        else exported_by()[fault.module]
    )


def is_exported(cell):
    return cell["cell_type"] == "code" and re.match(r"#\|\s*exports?\b", cell["source"])


def patched(fault, module_text, cells):
    "The module's new text, and the exported cell with its new source. Raises `FaultError` unless the old text stands in each exactly once."
    places = [
        c for c in cells if is_exported(c) for _ in range(c["source"].count(fault.old.strip("\n")))
    ]
    if (n := module_text.count(fault.old)) != 1:
        raise FaultError(
            f"{fault.name}: its old text occurs {n} times in ftkit/{fault.module}.py; once is needed. Mend it in tests/faults.toml."
        )
    if len(places) != 1:
        raise FaultError(
            f"{fault.name}: its old text occurs {len(places)} times in the exported cells of the lesson; once is needed."
        )
    new_module = module_text.replace(fault.old, fault.new)
    new_cell = (
        (places[0]["source"] + "\n").replace(fault.old, fault.new).removesuffix("\n")
    )  # the last line of a cell has no line break
    compile(new_module, f"{fault.module}.py", "exec")
    return new_module, places[0], new_cell


def apply(fault, folder):
    "Make the fault in a copy of the project: in the module and in the notebook."
    module, notebook = (
        folder / "ftkit" / f"{fault.module}.py",
        folder / exported_by()[fault.module].relative_to(root),
    )
    nb = open_notebook(notebook)
    text, cell, source = patched(fault, module.read_text(encoding="utf-8"), nb["cells"])
    module.write_text(text, encoding="utf-8")
    cell["source"] = source
    notebook.write_text(json.dumps(nb), encoding="utf-8")


@contextlib.contextmanager
def project_copy(fault=None):
    "A copy of the project with the fault in it, and an environment in which it is the copy that is imported."
    with tempfile.TemporaryDirectory(prefix="ftkit-fault-") as temporary:
        folder, cache = Path(temporary).resolve() / "project", Path(temporary).resolve() / "cache"
        folder.mkdir()
        for name in copied:
            if (root / name).is_dir():
                shutil.copytree(
                    root / name,
                    folder / name,
                    ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"),
                )
            elif (root / name).exists():
                shutil.copy(root / name, folder / name)
        with open(folder / "tests" / "conftest.py", "a", encoding="utf-8") as f:
            f.write(unshrunk)
        if fault:
            apply(fault, folder)
        _own_cache(cache)
        yield (
            folder,
            os.environ
            | dict(
                PYTHONPATH=str(folder),
                FTKIT_CACHE=str(cache),
                HF_HUB_OFFLINE="1",
                TOKENIZERS_PARALLELISM="false",
                PYDEVD_DISABLE_FILE_VALIDATION="1",
            ),
        )
        if not fault:
            _keep_conversions(cache)


def _own_cache(cache):
    "Downloads are shared; what lessons train is made anew, so that no clean artefact hides a fault and no faulty one stays."
    (cache / "built").mkdir(parents=True)
    for shared in ("assets", "splits"):
        (cache_dir() / shared).mkdir(parents=True, exist_ok=True)
        (cache / shared).symlink_to(cache_dir() / shared)
    for path in (cache_dir() / "built").glob("*-any-*"):
        (cache / "built" / path.name).symlink_to(path)  # converted weights: of no scale


def _keep_conversions(cache):
    for path in (cache / "built").glob("*-any-*"):
        if not path.is_symlink() and not (target := cache_dir() / "built" / path.name).exists():
            with write_beside(target, folder=True) as beside:
                shutil.copytree(path, beside, dirs_exist_ok=True)


def call(command, folder, environment, limit):
    "Output and exit code of a command in the copy; None if it took too long. Whatever it started ends with it."
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=limit)[0], process.returncode
    except subprocess.TimeoutExpired:
        return "", None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check_import(folder, environment):
    "Raise `FaultError` unless the copy is what is imported."
    out, code = call(
        [sys.executable, "-c", "import ftkit.core; print(ftkit.core.__file__)"],
        folder,
        environment,
        300,
    )
    if code or not Path(out.strip()).is_relative_to(folder):
        raise FaultError(f"The copy in {folder} is not what Python imports: {out.strip()[-300:]}")


def unit(folder, environment, files, limit):
    "Run test files until one test fails."
    arguments = [
        *(f"tests/{f}" for f in files),
        "-x",
        "-q",
        "--tb=short",
        "-rfE",
        "-o",
        "addopts=",
        "-p",
        "no:cacheprovider",
    ]
    start, run = (
        time.time(),
        forked
        if sys.platform == "linux"
        else lambda a, *rest: call([sys.executable, "-m", "pytest", *a], *rest),
    )
    out, code = run(arguments, folder, environment, limit)
    seconds = time.time() - start
    if code is None:
        return Outcome("unit", True, ", ".join(files), f"not done after {limit} s", seconds)
    if code == 0:
        return Outcome("unit", False, "", "", seconds)
    m = re.search(r"^FAILED tests/(\S+?)(?: - (.*))?$", out, re.M)
    if code != 1 or not m:
        raise FaultError(f"pytest ended with {code} and no failed test:\n{out[-2000:]}")
    return Outcome("unit", True, m[1], (m[2] or "").strip(), seconds)


def forked(arguments, folder, environment, limit):
    "As `call`, for pytest, in a child of this process, which has the large libraries imported already: half the time of most test files."
    import hypothesis, nbformat, pytest, scipy.stats, sklearn.metrics, torch, transformers  # noqa: E401, F401  what children share

    with tempfile.TemporaryFile() as said:
        sys.stdout.flush()
        sys.stderr.flush()
        if not (child := os.fork()):
            _be_pytest(arguments, folder, environment, said.fileno())
        code, deadline = None, time.time() + limit
        try:
            while time.time() < deadline and code is None:
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    code = os.waitstatus_to_exitcode(status)
                else:
                    time.sleep(0.05)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
        said.seek(0)
        return said.read().decode(errors="replace"), code


def _be_pytest(arguments, folder, environment, said):
    "The child: another working directory, another ftkit, and what pytest says goes to a file."
    code = 99
    try:
        os.setsid()
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for stream in (1, 2):
            os.dup2(said, stream)
        for name in [n for n in sys.modules if n.split(".")[0] in ("ftkit", "conftest")]:
            del sys.modules[name]
        sys.path[:] = [
            str(folder),
            *(
                p
                for p in sys.path
                if not Path(p or ".").resolve().is_relative_to(root) or "site-packages" in p
            ),
        ]
        sys.argv = ["pytest", *arguments]
        import ftkit.core
        import pytest

        assert Path(ftkit.core.__file__).is_relative_to(folder), (
            f"{ftkit.core.__file__} was imported"
        )
        code = int(pytest.main(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def lesson(folder, environment, stem, scale, limit):
    "Run a lesson of the copy; at scale cpu compare its record with the baseline too."
    source = next((folder / "nbs").rglob(f"{stem}.ipynb"))
    probe, executed, nb = (
        folder.parent / f"{stem}.probe.ipynb",
        folder.parent / f"{stem}.executed.ipynb",
        open_notebook(source),
    )
    proof = f"import ftkit.core\nassert ftkit.core.__file__.startswith({str(folder)!r}), 'another ftkit is imported'"
    place = next(
        i for i, c in enumerate(nb["cells"]) if "parameters" in c["metadata"].get("tags", [])
    )
    nb["cells"].insert(
        place,
        dict(
            cell_type="code",
            id="the-copy",
            metadata={},
            source=proof,
            outputs=[],
            execution_count=None,
        ),
    )
    probe.write_text(json.dumps(nb), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(probe),
        str(executed),
        "-p",
        "scale",
        scale,
        "-k",
        "python3",
        "--cwd",
        str(source.parent),
        "--no-progress-bar",
    ]
    start, (out, code) = time.time(), call(command, folder, environment, limit)
    seconds, cells = (
        time.time() - start,
        open_notebook(executed)["cells"] if executed.exists() else [],
    )
    if code is None:
        return Outcome(scale, True, stem, f"not done after {limit} s", seconds)
    if error := first_error(cells):
        if "id the-copy" in error:
            raise FaultError(f"{stem}: {error}")
        head, *_, message = error.splitlines()
        return Outcome(scale, True, f"{stem}, {head.rstrip(':')}", message, seconds)
    if code:
        return Outcome(
            scale,
            True,
            stem,
            out.strip().splitlines()[-1] if out.strip() else f"exit code {code}",
            seconds,
        )
    try:
        record = read_record(executed) | dict(package="of a copy")
    except FtkitError as e:
        return Outcome(scale, True, stem, str(e), seconds)
    outside = (
        [c for c in check_band(record, load_baseline(record, folder)) if c.verdict == "failed"]
        if scale == "cpu"
        else []
    )
    if outside:
        return Outcome(
            scale,
            True,
            f"{stem}, band of {outside[0].name}",
            f"{outside[0].value}: {outside[0].why}",
            seconds,
        )
    return Outcome(scale, False, "", "", seconds)


def detect(detector, files, stem, folder, environment, first=""):
    limit = seconds_allowed[detector]
    if detector != "unit":
        return lesson(folder, environment, stem, detector, limit)
    start = time.time()
    if first and (found := unit(folder, environment, [f"{files[0]}::{first}"], limit)).caught:
        return found
    found = unit(folder, environment, files, limit)
    found.seconds = time.time() - start
    return found


class Progress:
    "Outcomes so far, in a file; each with a fingerprint of what it depends on."

    def __init__(self, folder, fresh=False):
        self.path, self.known = folder / "progress.json", {}
        if not fresh and self.path.exists():
            with contextlib.suppress(ValueError):
                self.known = json.loads(self.path.read_text(encoding="utf-8"))

    def fingerprint(self, fault, detector, files, stem):
        "A hash of all that the outcome depends on."
        read = (
            [root / "tests" / f.split("::")[0] for f in (*files, "conftest.py")]
            if detector == "unit"
            else [next((root / "nbs").rglob(f"{stem}.ipynb"))]
        )
        if detector == "cpu":
            read += sorted((root / "tests" / "baselines").rglob(f"cpu/{stem}.json"))
        read += reached_modules("\n".join(p.read_text(encoding="utf-8") for p in read))
        return _hash(*read, text=f"{fault and (fault.old, fault.new)} {versions()}")

    def outcome(self, who, fault, detector, files, stem, make):
        "The outcome of a detector: from the file, or made now and written there."
        key, print_of = f"{who} {detector}", self.fingerprint(fault, detector, files, stem)
        if self.known.get(key, {}).get("of") != print_of:
            self.known[key] = dict(of=print_of, **asdict(make()))
            with write_beside(self.path) as beside:
                beside.write_text(json.dumps(self.known, indent=1), encoding="utf-8")
        return Outcome(**{k: v for k, v in self.known[key].items() if k != "of"})


def _hash(*paths, text=""):
    digest = hashlib.sha256(text.encode())
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            content = json.dumps([c["source"] for c in json.loads(content)["cells"]]).encode()
        digest.update(content + b"\0")
    return digest.hexdigest()[:16]


class _Copy:
    "The copy of a fault, made when the first detector needs it."

    def __init__(self, stack, fault):
        self.stack, self.fault, self.made = stack, fault, None

    def __call__(self):
        if self.made is None:
            self.made = self.stack.enter_context(project_copy(self.fault))
        return self.made


def control(faults, chosen, progress, say):
    "Every detector on a clean copy. Raises `FaultError` if one of them complains."
    with contextlib.ExitStack() as stack:
        copy, checked = _Copy(stack, None), False
        jobs = [
            ("unit", (f,), "")
            for f in sorted({f for x in faults for f in test_files(x)})
            if "unit" in chosen
        ]
        jobs += [
            (d, (), s)
            for d in chosen
            if d != "unit"
            for s in sorted({lesson_of(x).stem for x in faults})
        ]
        for detector, files, stem in jobs:

            def make():
                nonlocal checked
                if not checked:
                    check_import(*copy())
                    checked = True
                return detect(detector, files, stem, *copy())

            found = progress.outcome(
                f"control {''.join(files) or stem}", None, detector, files, stem, make
            )
            say(
                f"control  {detector:5}  {''.join(files) or stem}: {'FAILS' if found.caught else 'passes'}, {found.seconds:.1f} s"
            )
            if found.caught:
                raise FaultError(
                    f"The clean copy fails, so nothing can be learned: {detector}, {found.where}: {found.what}"
                )


def examine(fault, chosen, progress, every=False):
    "The outcomes of the detectors on one fault, cheapest first, until one notices (`every`: of all)."
    found = []
    with contextlib.ExitStack() as stack:
        copy = _Copy(stack, fault)
        for detector in chosen:
            files, stem = test_files(fault), lesson_of(fault).stem
            found.append(
                progress.outcome(
                    fault.name,
                    fault,
                    detector,
                    files,
                    stem,
                    lambda: detect(detector, files, stem, *copy(), fault.first),
                )
            )
            if found[-1].caught and not every:
                break
    return found


def first_catch(outcomes):
    return next((o for o in outcomes if o.caught), None)


def _short(text, width=90):
    text = re.sub(r"\s+", " ", text).replace("|", "\\|")
    return text if len(text) <= width else text[: width - 3] + "..."


def report(results, chosen, every=False):
    "The table as Markdown, and the share that is caught."
    caught = [f for f, outcomes in results if first_catch(outcomes)]
    cell = lambda o: (
        f"{_short(o.where)}, {o.seconds:.0f} s" if o and o.caught else "not noticed" if o else ""
    )
    lines = [
        f"**{len(caught)} of {len(results)} faults caught ({len(caught) / max(1, len(results)):.0%}).** Detectors, cheapest first: {', '.join(chosen)}.",
        "",
    ]
    if every:
        lines += [
            "| fault | what is wrong | " + " | ".join(chosen) + " |",
            "|---|---|" + "---|" * len(chosen),
        ]
        for fault, outcomes in results:
            by = {o.detector: o for o in outcomes}
            lines.append(
                f"| {fault.name} | {fault.module}: {fault.why} | "
                + " | ".join(cell(by.get(d)) for d in chosen)
                + " |"
            )
    else:
        lines += [
            "| fault | what is wrong | caught by | where | seconds |",
            "|---|---|---|---|---|",
        ]
        for fault, outcomes in results:
            o, spent = first_catch(outcomes), sum(o.seconds for o in outcomes)
            lines.append(
                f"| {fault.name} | {fault.module}: {fault.why} | {o.detector if o else '**nothing**'} | {_short(o.where) if o else ''} | {spent:.0f} |"
            )
    missed = [f for f, outcomes in results if not first_catch(outcomes)]
    later = [
        (f, o)
        for f, outcomes in results
        if (o := first_catch(outcomes)) and detectors.index(o.detector) > detectors.index(f.expect)
    ]
    lines += [
        "",
        "Not caught: "
        + (", ".join(f"{f.name} ({f.module}: {f.why})" for f in missed) or "none")
        + ".",
    ]
    if later:
        lines += [
            "",
            "Later than expected: "
            + ", ".join(f"{f.name} (by {o.detector}, expected {f.expect})" for f, o in later)
            + ".",
        ]
    return "\n".join(lines), len(caught) / max(1, len(results))


def save_report(folder, results, text, share, chosen):
    "runs/faults/<time>.md and .json"
    stamp = time.strftime("%Y%m%d-%H%M%S")
    rows = [
        dict(
            name=f.name,
            module=f.module,
            why=f.why,
            expect=f.expect,
            caught=bool(first_catch(o)),
            outcomes=[asdict(x) for x in o],
        )
        for f, o in results
    ]
    for suffix, content in (
        (".md", text + "\n"),
        (".json", json.dumps(dict(share=share, detectors=list(chosen), faults=rows), indent=1)),
    ):
        with write_beside(folder / f"{stamp}{suffix}") as beside:
            beside.write_text(content, encoding="utf-8")
    return folder / f"{stamp}.md"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="faults", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="this fault; may be given several times",
    )
    parser.add_argument(
        "--detectors", default="unit,smoke", help="some of unit,smoke,cpu (default: unit,smoke)"
    )
    parser.add_argument(
        "--every", action="store_true", help="ask every detector, not only until one notices"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run has found")
    parser.add_argument(
        "--folder", type=Path, default=root / "runs" / "faults", help="where the report goes"
    )
    parser.add_argument(
        "--faults",
        type=Path,
        default=Path(__file__).with_suffix(".toml"),
        help="another list of faults",
    )
    parser.add_argument("--list", action="store_true", help="name the faults and stop")
    options = parser.parse_args(arguments)
    chosen = tuple(d for d in detectors if d in options.detectors.split(","))
    if not chosen or set(options.detectors.split(",")) - set(detectors):
        parser.error(
            f"--detectors takes some of {','.join(detectors)}; {options.detectors} was given"
        )
    return options, chosen


def main(arguments=None, faults=None):
    options, chosen = parse(arguments)
    say = lambda line: print(line, file=sys.stderr, flush=True)
    try:
        faults = load_faults(options.faults) if faults is None else faults
        known = [f.name for f in faults]
        if wrong := [n for n in options.only if n not in known]:
            raise FaultError(f"There is no fault {wrong[0]}; there are: {', '.join(known)}.")
        faults = [f for f in faults if not options.only or f.name in options.only]
        if options.list:
            print("\n".join(f"{f.name:30} {f.module}: {f.why}" for f in faults))
            return 0
        for fault in faults:
            patched(
                fault,
                (root / "ftkit" / f"{fault.module}.py").read_text(encoding="utf-8"),
                open_notebook(exported_by()[fault.module])["cells"],
            )
        progress, results = Progress(options.folder, options.fresh), []
        control(faults, chosen, progress, say)
        for i, fault in enumerate(faults, 1):
            results.append((fault, examine(fault, chosen, progress, options.every)))
            o = first_catch(results[-1][1])
            say(
                f"{i:3}/{len(faults)}  {fault.name}: "
                + (f"{o.detector}, {_short(o.where)}, {o.seconds:.1f} s" if o else "NOT CAUGHT")
            )
    except FaultError as e:
        say(f"error: {e}")
        return 2
    except KeyboardInterrupt:
        say("Stopped; the same command goes on from here.")
        return 130
    text, share = report(results, chosen, options.every)
    print(text)
    say(f"\nReport: {save_report(options.folder, results, text, share, chosen)}")
    return 0 if share >= enough else 1


if __name__ == "__main__":
    sys.exit(main())
