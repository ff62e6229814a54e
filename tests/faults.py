"""Does the suite catch anything? Small, realistic faults, and what notices each in a copy.

    make faults                                               every fault, cheapest detector first
    python tests/faults.py --only loss_sign --only no_warmup  some of them
    python tests/faults.py --detectors unit,smoke,cpu --every do not stop at the first that notices

The faults are in faults.toml. Detectors: `unit`, the test files of the module; `smoke`, the lesson
at that scale; `cpu`, the lesson there, and its numbers against the band in tests/baselines if it
has one. A clean copy must pass all of them first. A run that was interrupted goes on where it
stopped; what has changed since is run again.

Some faults were chosen by us, others were drawn by a mutation tool (tests/draw_faults.py): the last
line gives the share that is caught of each kind. A drawn one that changes no behaviour is named
`equivalent` with the reason. It is counted apart, and run only if `--only` names it.

Exit code 0 if at least 95% are caught, 1 if not, 2 if a fault can't be applied or the clean copy
fails.
"""

import argparse
import ast
import contextlib
import functools
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
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

from ftkit.catalog import cache_dir  # noqa: E402
from ftkit.core import FtkitError, versions, write_beside  # noqa: E402
from ftkit.kit.bands import (  # noqa: E402
    check_band,
    load_baseline,
    notebook_code,
    open_notebook,
    reached_modules,
    read_record,
)
from ftkit.kit.running import (  # noqa: E402
    Guard,
    Limits,
    call_papermill,
    interruptible,
)
from ftkit.kit.running import Progress as Cells  # noqa: E402

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


# A failing example is enough here: hypothesis need not find the smallest one, which can take
# minutes, nor remember it.
unshrunk = """

from hypothesis import Phase, settings
phases = (Phase.explicit, Phase.generate)
settings.register_profile("faults", phases=phases, derandomize=True, database=None)
settings.load_profile("faults")
"""


class FaultError(Exception):
    "The suite itself can't do its work: a fault does not apply, or the clean copy fails."


@dataclass(frozen=True)
class Fault:
    "One replacement in one module."

    name: str
    module: str  # its address below ftkit: "foundations.losses"
    why: str  # what is wrong, for a reader of the report
    old: str
    new: str
    tests: tuple[str, ...] = ()  # test files; none: the module's own, tests/test_losses.py
    first: str = ""  # a test that is run before the whole file: it is likely to notice
    lesson: str = ""  # a notebook's stem; none: the one that exports the module
    expect: str = "unit"  # the cheapest detector that should notice
    drawn: str = ""  # tool, operator, occurrence and seed; none: we chose it
    equivalent: str = ""  # why it changes no behaviour


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
        if isinstance(entry.get("tests"), list):
            entry["tests"] = tuple(entry["tests"])
        try:
            fault = Fault(**entry)
        except TypeError as e:
            raise FaultError(f"The fault {entry.get('name')} is written badly: {e}") from e
        if fault.expect not in detectors or fault.old == fault.new:
            raise FaultError(f"The fault {fault.name} expects no detector, or changes nothing.")
        if fault.equivalent and not fault.drawn:
            raise FaultError(f"The fault {fault.name} was chosen, and yet changes no behaviour.")
        faults.append(fault)
    return faults


# Where a fault lies


@functools.cache
def exported_by():
    "address of a module below ftkit -> the notebook that exports it"
    found = {}
    for path in sorted((root / "nbs").rglob("*.ipynb")):
        for cell in open_notebook(path)["cells"]:
            exports = re.match(r"#\|\s*default_exp\s+([\w.]+)", cell["source"])
            if exports:
                found[exports[1]] = path
    return found


def notebook_of(fault):
    "The notebook that exports a fault's module. Raises `FaultError` for an unknown address."
    notebooks = exported_by()
    if fault.module not in notebooks:
        raise FaultError(
            f"{fault.name}: no notebook exports ftkit.{fault.module}; "
            "a module is named by its address below ftkit, such as foundations.losses."
        )
    return notebooks[fault.module]


def module_file(fault, folder):
    """Where a fault's module lies in a copy of the project: foundations.losses ->
    ftkit/foundations/losses.py.
    """
    return folder.joinpath("ftkit", *fault.module.split(".")).with_suffix(".py")


def test_files(fault):
    name = fault.module.split(".")[-1]
    return fault.tests or (f"test_{name}.py",)


def find_lesson(stem, folder):
    return next((folder / "nbs").rglob(f"{stem}.ipynb"))


def lesson_of(fault):
    return find_lesson(fault.lesson, root) if fault.lesson else notebook_of(fault)


def is_exported(cell):
    return cell["cell_type"] == "code" and re.match(r"#\|\s*exports?\b", cell["source"])


def patched(fault, module_text, cells):
    """The module's new text, and the exported cell with its new source.

    Raises `FaultError` unless the old text stands in each exactly once.
    """
    in_module = module_text.count(fault.old)
    if in_module != 1:
        raise FaultError(
            f"{fault.name}: its old text occurs {in_module} times in "
            f"{module_file(fault, Path())}; once is needed. Mend it in tests/faults.toml."
        )
    places = []
    for cell in cells:
        if is_exported(cell):
            places += [cell] * cell["source"].count(fault.old.strip("\n"))
    if len(places) != 1:
        raise FaultError(
            f"{fault.name}: its old text occurs {len(places)} times in the exported cells "
            "of the lesson; once is needed."
        )
    new_module = module_text.replace(fault.old, fault.new)
    compile(new_module, f"{fault.module}.py", "exec")
    # The last line of a cell has no line break.
    source = places[0]["source"] + "\n"
    new_cell = source.replace(fault.old, fault.new).removesuffix("\n")
    return new_module, places[0], new_cell


# A copy of the project


def apply(fault, folder):
    "Make the fault in a copy of the project: in the module and in the notebook."
    module = module_file(fault, folder)
    path = folder / notebook_of(fault).relative_to(root)
    notebook = open_notebook(path)
    text, cell, source = patched(fault, module.read_text(encoding="utf-8"), notebook["cells"])
    module.write_text(text, encoding="utf-8")
    cell["source"] = source
    path.write_text(json.dumps(notebook), encoding="utf-8")


def copy_project(folder):
    folder.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in copied:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=left_out)
        elif source.exists():
            shutil.copy(source, folder / name)
    with open(folder / "tests" / "conftest.py", "a", encoding="utf-8") as f:
        f.write(unshrunk)


@contextlib.contextmanager
def project_copy(fault=None):
    """A copy of the project with the fault in it, and an environment in which it is the copy that
    is imported.
    """
    with tempfile.TemporaryDirectory(prefix="ftkit-fault-") as temporary:
        folder = Path(temporary).resolve() / "project"
        cache = Path(temporary).resolve() / "cache"
        copy_project(folder)
        if fault:
            apply(fault, folder)
        _own_cache(cache)
        ours = dict(
            PYTHONPATH=str(folder),
            FTKIT_CACHE=str(cache),
            HF_HUB_OFFLINE="1",
            TOKENIZERS_PARALLELISM="false",
            PYDEVD_DISABLE_FILE_VALIDATION="1",
        )
        yield folder, os.environ | ours
        if not fault:
            _keep_conversions(cache)


def _own_cache(cache):
    """Downloads are shared; what lessons train is made anew, so that no clean artefact hides a
    fault and no faulty one stays.
    """
    (cache / "built").mkdir(parents=True)
    for shared in ("assets", "splits"):
        (cache_dir() / shared).mkdir(parents=True, exist_ok=True)
        (cache / shared).symlink_to(cache_dir() / shared)
    # Converted weights are of no scale.
    for path in (cache_dir() / "built").glob("*-any-*"):
        (cache / "built" / path.name).symlink_to(path)


def _keep_conversions(cache):
    "What a clean copy has converted need not be converted again."
    for path in (cache / "built").glob("*-any-*"):
        target = cache_dir() / "built" / path.name
        if path.is_symlink() or target.exists():
            continue
        with write_beside(target, folder=True) as beside:
            shutil.copytree(path, beside, dirs_exist_ok=True)


# Detectors


def call(command, folder, environment, limit):
    """Output and exit code of a command in the copy; None if it took too long.

    Whatever it started ends with it.
    """
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
    command = [sys.executable, "-c", "import ftkit.core; print(ftkit.core.__file__)"]
    out, code = call(command, folder, environment, 300)
    if code or not Path(out.strip()).is_relative_to(folder):
        raise FaultError(f"The copy in {folder} is not what Python imports: {out.strip()[-300:]}")


def unit(folder, environment, files, limit):
    "Run test files until one test fails."
    arguments = [f"tests/{name}" for name in files]
    arguments += ["-x", "-q", "--tb=short", "-rfE", "-o", "addopts=", "-p", "no:cacheprovider"]
    start = time.time()
    if sys.platform == "linux":
        out, code = forked(arguments, folder, environment, limit)
    else:
        command = [sys.executable, "-m", "pytest", *arguments]
        out, code = call(command, folder, environment, limit)
    seconds = time.time() - start
    if code is None:
        return Outcome("unit", True, ", ".join(files), f"not done after {limit} s", seconds)
    if code == 0:
        return Outcome("unit", False, "", "", seconds)
    # What a test needs may fail as well, such as the site that all tests of pages read: an ERROR.
    failed = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - (.*))?$", out, re.M)
    if code != 1 or not failed:
        raise FaultError(f"pytest ended with {code} and no failed test:\n{out[-2000:]}")
    return Outcome("unit", True, failed[1], (failed[2] or "").strip(), seconds)


def forked(arguments, folder, environment, limit):
    """As `call`, for pytest, in a child of this process.

    This process has the large libraries imported already: half the time of most test files.
    """
    import hypothesis  # noqa: F401
    import nbformat  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.metrics  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401

    with tempfile.TemporaryFile() as said:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            _be_pytest(arguments, folder, environment, said.fileno())
        code = None
        deadline = time.time() + limit
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
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and name != "__main__" and _is_ours(file):
                del sys.modules[name]  # ftkit, conftest.py and what tests share
        kept = [path for path in sys.path if not _is_ours(path)]
        sys.path[:] = [str(folder), *kept]
        sys.argv = ["pytest", *arguments]
        import pytest

        import ftkit.core

        imported = ftkit.core.__file__
        assert Path(imported).is_relative_to(folder), f"{imported} was imported"
        code = int(pytest.main(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _is_ours(path):
    "Whether an entry of Python's path leads to this project, and not to what is installed in it."
    inside = Path(path or ".").resolve().is_relative_to(root)
    return inside and "site-packages" not in path


def probe_of(source, folder):
    """A lesson that first proves that it imports the copy.

    It lies beside the lesson, and its name makes every list of lessons pass it over.
    """
    notebook = open_notebook(source)
    proof = (
        "import ftkit.core\n"
        f"assert ftkit.core.__file__.startswith({str(folder)!r}), 'another ftkit is imported'"
    )
    cell = dict(cell_type="code", id="the-copy", metadata={}, source=proof)
    cell |= dict(outputs=[], execution_count=None)
    tags = [c["metadata"].get("tags", []) for c in notebook["cells"]]
    parameters = ["parameters" in of_cell for of_cell in tags]
    notebook["cells"].insert(parameters.index(True), cell)
    probe = source.with_name(f".{source.stem}.probe.ipynb")
    probe.write_text(json.dumps(notebook), encoding="utf-8")
    return probe


@contextlib.contextmanager
def as_environment(environment):
    "This process has another environment for a while; kernels that begin then inherit it."
    ours = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(ours)


def run_probe(probe, executed, environment, scale, guard):
    """Execute a lesson of a copy; returns what went wrong, or None.

    Where it can be, its kernel is forked from a process that has the libraries in memory. All
    copies share that process, since it does not import ftkit: PYTHONPATH leads each to its own.
    """
    with open(os.devnull, "w") as nowhere, as_environment(environment):
        cells = Cells(probe.stem, nowhere)
        work = functools.partial(
            call_papermill, probe, executed, dict(scale=scale), cells, guard, threads=1, warm=True
        )
        return interruptible(work, guard.stop)


def lesson(folder, environment, stem, scale, limit):
    "Run a lesson of the copy; at scale cpu compare its record with the baseline too."
    source = find_lesson(stem, folder)
    executed = folder.parent / f"{stem}.executed.ipynb"
    guard = Guard(Limits(seconds=limit))
    start = time.time()
    error = run_probe(probe_of(source, folder), executed, environment, scale, guard)
    seconds = time.time() - start

    def caught(where, what):
        return Outcome(scale, True, where, what, seconds)

    if guard.reason:
        return caught(stem, f"not done after {limit} s")
    if error:
        if "id the-copy" in error:
            raise FaultError(f"{stem}: {error}")
        head, *rest = error.splitlines()
        if not rest:
            return caught(stem, head)
        return caught(f"{stem}, {head.rstrip(':')}", rest[-1])
    try:
        record = read_record(executed) | dict(package="of a copy")
    except FtkitError as e:
        return caught(stem, str(e))
    if scale == "cpu":
        for check in check_band(record, load_baseline(record, folder)):
            if check.verdict == "failed":
                return caught(f"{stem}, band of {check.name}", f"{check.value}: {check.why}")
    return Outcome(scale, False, "", "", seconds)


def detect(detector, files, stem, folder, environment, first=""):
    "Ask one detector about a copy; `first` names a test that is run before the whole file."
    limit = seconds_allowed[detector]
    if detector != "unit":
        return lesson(folder, environment, stem, detector, limit)
    start = time.time()
    if first:
        found = unit(folder, environment, [f"{files[0]}::{first}"], limit)
        if found.caught:
            return found
    found = unit(folder, environment, files, limit)
    found.seconds = time.time() - start
    return found


# What is known already


def with_helpers(names):
    "Test files, and the modules beside them that they import, one through the other."
    found = [root / "tests" / name for name in names]
    for path in found:  # it grows
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported = [node.module]
            for name in imported:
                helper = root / "tests" / f"{name}.py"
                if helper.exists() and helper not in found:
                    found.append(helper)
    return found


class Progress:
    "Outcomes so far, in a file; each with a fingerprint of what it depends on."

    def __init__(self, folder, fresh=False):
        self.path = folder / "progress.json"
        self.known = {}
        if not fresh and self.path.exists():
            with contextlib.suppress(ValueError):
                self.known = json.loads(self.path.read_text(encoding="utf-8"))

    def fingerprint(self, fault, detector, files, stem):
        "A hash of all that the outcome depends on."
        if detector == "unit":
            names = [name.split("::")[0] for name in (*files, "conftest.py")]
            read = with_helpers(names)
            code = "\n".join(path.read_text(encoding="utf-8") for path in read)
        else:
            read = [find_lesson(stem, root)]
            code = notebook_code(read[0])
        if detector == "cpu":
            read += sorted((root / "tests" / "baselines").rglob(f"cpu/{stem}.json"))
        read += reached_modules(code).values()
        change = (fault.old, fault.new) if fault else None
        return _hash(*read, text=f"{change} {versions()}")

    def outcome(self, who, fault, detector, files, stem, make):
        "The outcome of a detector: from the file, or made now and written there."
        key = f"{who} {detector}"
        now = self.fingerprint(fault, detector, files, stem)
        if self.known.get(key, {}).get("of") != now:
            self.known[key] = dict(of=now, **asdict(make()))
            with write_beside(self.path) as beside:
                beside.write_text(json.dumps(self.known, indent=1), encoding="utf-8")
        kept = {name: value for name, value in self.known[key].items() if name != "of"}
        return Outcome(**kept)


def _hash(*paths, text=""):
    digest = hashlib.sha256(text.encode())
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            sources = [cell["source"] for cell in json.loads(content)["cells"]]
            content = json.dumps(sources).encode()
        digest.update(content + b"\0")
    return digest.hexdigest()[:16]


# The suite


class _Copy:
    "The copy of a fault, made when the first detector needs it."

    def __init__(self, stack, fault):
        self.stack = stack
        self.fault = fault
        self.made = None

    def __call__(self):
        if self.made is None:
            self.made = self.stack.enter_context(project_copy(self.fault))
            if not self.fault:
                check_import(*self.made)
        return self.made


def control(faults, chosen, progress, say):
    "Every detector on a clean copy. Raises `FaultError` if one of them complains."
    jobs = []
    if "unit" in chosen:
        files = {name for fault in faults for name in test_files(fault)}
        jobs += [("unit", (name,), "") for name in sorted(files)]
    stems = sorted({lesson_of(fault).stem for fault in faults})
    for detector in chosen:
        if detector != "unit":
            jobs += [(detector, (), stem) for stem in stems]
    with contextlib.ExitStack() as stack:
        copy = _Copy(stack, None)
        for detector, files, stem in jobs:
            make = functools.partial(_ask, detector, files, stem, copy)
            who = "".join(files) or stem
            found = progress.outcome(f"control {who}", None, detector, files, stem, make)
            verdict = "FAILS" if found.caught else "passes"
            say(f"control  {detector:5}  {who}: {verdict}, {found.seconds:.1f} s")
            if found.caught:
                raise FaultError(
                    "The clean copy fails, so nothing can be learned: "
                    f"{detector}, {found.where}: {found.what}"
                )


def _ask(detector, files, stem, copy, first=""):
    return detect(detector, files, stem, *copy(), first)


def examine(fault, chosen, progress, every=False):
    """The outcomes of the detectors on one fault, cheapest first, until one notices (`every`: of
    all).
    """
    files = test_files(fault)
    stem = lesson_of(fault).stem
    found = []
    with contextlib.ExitStack() as stack:
        copy = _Copy(stack, fault)
        for detector in chosen:
            make = functools.partial(_ask, detector, files, stem, copy, fault.first)
            outcome = progress.outcome(fault.name, fault, detector, files, stem, make)
            found.append(outcome)
            if outcome.caught and not every:
                break
    return found


def first_catch(outcomes):
    for outcome in outcomes:
        if outcome.caught:
            return outcome
    return None


# The report


def _short(text, width=90):
    text = re.sub(r"\s+", " ", text).replace("|", "\\|")
    return text if len(text) <= width else text[: width - 3] + "..."


def _described(fault):
    return f"{fault.module}: {fault.why}"


def _table_row(*cells):
    return "| " + " | ".join(cells) + " |"


def _first_table(results):
    "What noticed each fault first."
    lines = [_table_row("fault", "what is wrong", "caught by", "where", "seconds")]
    lines.append("|---|---|---|---|---|")
    for fault, outcomes in results:
        by = "**nothing**"
        where = ""
        catch = first_catch(outcomes)
        if catch:
            by = catch.detector
            where = _short(catch.where)
        seconds = sum(outcome.seconds for outcome in outcomes)
        lines.append(_table_row(fault.name, _described(fault), by, where, f"{seconds:.0f}"))
    return lines


def _full_table(results, chosen):
    "What each detector said to each fault."
    lines = [_table_row("fault", "what is wrong", *chosen)]
    lines.append("|---|---|" + "---|" * len(chosen))
    for fault, outcomes in results:
        cells = dict.fromkeys(chosen, "")
        for outcome in outcomes:
            said = f"{_short(outcome.where)}, {outcome.seconds:.0f} s"
            cells[outcome.detector] = said if outcome.caught else "not noticed"
        lines.append(_table_row(fault.name, _described(fault), *cells.values()))
    return lines


def counted(results):
    """The results that count, by kind: those that we chose, and those that a tool drew and that
    change some behaviour.
    """
    kinds = dict(chosen=[], drawn=[])
    for fault, outcomes in results:
        if not fault.equivalent:
            kinds["drawn" if fault.drawn else "chosen"].append((fault, outcomes))
    return kinds


def both_shares(results, equivalent):
    "The last line: how many are caught of those we chose, and of those that were drawn."
    said = []
    names = dict(chosen="chosen by us", drawn="drawn by a tool")
    for kind, mine in counted(results).items():
        if mine:
            caught = sum(first_catch(outcomes) is not None for _, outcomes in mine)
            share = f"{caught} of {len(mine)} caught ({caught / len(mine):.0%})"
            said.append(f"{names[kind]}: {share}")
    if equivalent:
        said.append(f"drawn, but equivalent, and so not counted: {len(equivalent)}")
    line = "; ".join(said) or "none that counts was run"
    return f"{line[0].upper()}{line[1:]}."


def report(results, chosen, every=False, equivalent=()):
    "The table as Markdown, and the share that is caught."
    missed = []
    later = []
    counting = [found for mine in counted(results).values() for found in mine]
    for fault, outcomes in counting:
        catch = first_catch(outcomes)
        if catch is None:
            missed.append(f"{fault.name} ({_described(fault)})")
        elif detectors.index(catch.detector) > detectors.index(fault.expect):
            later.append(f"{fault.name} (by {catch.detector}, expected {fault.expect})")
    caught = len(counting) - len(missed)
    share = caught / max(1, len(counting))
    head = f"**{caught} of {len(counting)} faults caught ({share:.0%}).**"
    lines = [f"{head} Detectors, cheapest first: {', '.join(chosen)}.", ""]
    lines += _full_table(results, chosen) if every else _first_table(results)
    lines += ["", f"Not caught: {', '.join(missed) or 'none'}."]
    if later:
        lines += ["", f"Later than expected: {', '.join(later)}."]
    for fault in equivalent:
        lines += ["", f"Equivalent: {fault.name} ({_described(fault)}). {fault.equivalent}"]
    lines += ["", both_shares(results, equivalent)]
    return "\n".join(lines), share


def save_report(folder, results, text, share, chosen):
    "runs/faults/<time>.md and .json"
    rows = []
    for fault, outcomes in results:
        row = {name: getattr(fault, name) for name in ("name", "module", "why", "expect", "drawn")}
        row["caught"] = bool(first_catch(outcomes))
        row["outcomes"] = [asdict(outcome) for outcome in outcomes]
        rows.append(row)
    content = dict(share=share, detectors=list(chosen), faults=rows)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    files = {f"{stamp}.md": text + "\n", f"{stamp}.json": json.dumps(content, indent=1)}
    for name, written in files.items():
        with write_beside(folder / name) as beside:
            beside.write_text(written, encoding="utf-8")
    return folder / f"{stamp}.md"


# The command


def parse(arguments):
    parser = argparse.ArgumentParser(prog="faults", description=__doc__.splitlines()[0])

    def option(name, text, **more):
        parser.add_argument(name, help=text, **more)

    several = dict(action="append", default=[], metavar="NAME")
    toml = Path(__file__).with_suffix(".toml")
    option("--only", "this fault; may be given several times", **several)
    option("--detectors", "some of unit,smoke,cpu (default: unit,smoke)", default="unit,smoke")
    option("--every", "ask every detector, not only until one notices", action="store_true")
    option("--fresh", "forget what an earlier run has found", action="store_true")
    option("--folder", "where the report goes", type=Path, default=root / "runs" / "faults")
    option("--faults", "another list of faults", type=Path, default=toml)
    option("--list", "name the faults and stop", action="store_true")
    options = parser.parse_args(arguments)
    asked = options.detectors.split(",")
    chosen = tuple(detector for detector in detectors if detector in asked)
    if not chosen or set(asked) - set(detectors):
        parser.error(
            f"--detectors takes some of {','.join(detectors)}; {options.detectors} was given"
        )
    return options, chosen


def say(line):
    print(line, file=sys.stderr, flush=True)


def choose(faults, only):
    "The faults of these names (none: all). Raises `FaultError` for a name that no fault has."
    known = [fault.name for fault in faults]
    for name in only:
        if name not in known:
            raise FaultError(f"There is no fault {name}; there are: {', '.join(known)}.")
    return [fault for fault in faults if not only or fault.name in only]


def check_all_apply(faults):
    "Raise `FaultError` unless each fault can be made, before anything is run."
    for fault in faults:
        cells = open_notebook(notebook_of(fault))["cells"]
        patched(fault, module_file(fault, root).read_text(encoding="utf-8"), cells)


def examine_all(faults, chosen, progress, every):
    results = []
    for number, fault in enumerate(faults, 1):
        outcomes = examine(fault, chosen, progress, every)
        results.append((fault, outcomes))
        catch = first_catch(outcomes)
        said = "NOT CAUGHT"
        if catch:
            said = f"{catch.detector}, {_short(catch.where)}, {catch.seconds:.1f} s"
        say(f"{number:3}/{len(faults)}  {fault.name}: {said}")
    return results


def main(arguments=None, faults=None):
    options, chosen = parse(arguments)
    try:
        if faults is None:
            faults = load_faults(options.faults)
        faults = choose(faults, options.only)
        if options.list:
            for fault in faults:
                print(f"{fault.name:30} {_described(fault)}")
            return 0
        check_all_apply(faults)
        progress = Progress(options.folder, options.fresh)
        equivalent = []
        if not options.only:
            equivalent = [fault for fault in faults if fault.equivalent]
            faults = [fault for fault in faults if not fault.equivalent]
        control(faults, chosen, progress, say)
        results = examine_all(faults, chosen, progress, options.every)
    except FaultError as e:
        say(f"error: {e}")
        return 2
    except KeyboardInterrupt:
        say("Stopped; the same command goes on from here.")
        return 130
    text, share = report(results, chosen, options.every, equivalent)
    print(text)
    say(f"\nReport: {save_report(options.folder, results, text, share, chosen)}")
    return 0 if share >= enough else 1


if __name__ == "__main__":
    sys.exit(main())
