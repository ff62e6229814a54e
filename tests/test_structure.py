"""The house rules: one source, course order, light installation, one front page."""

import ast
import configparser
import filecmp
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from conftest import lessons, notebooks, read, root

from ftkit.kit.bands import imported_modules, notebook_code, package_modules, public_addresses

config = configparser.ConfigParser(delimiters=["="])
config.read(root / "settings.ini")
settings = config["DEFAULT"]


def lesson_number(path):
    "36 of 36_peft_compared, 36.2 of 36b_forgetting: a letter puts a lesson between two numbers."
    number, letter = re.match(r"(\d+)([a-z]?)_", path.stem).groups()
    return int(number) + (" abcdefghi".index(letter) / 10 if letter else 0)


def module_numbers():
    "dotted name of a module -> number of the notebook that exports it"
    numbers = {}
    for path in lessons():
        for cell in read(path).cells:
            if found := re.match(r"#\|\s*default_exp\s+([\w.]+)", cell.source):
                numbers[f"ftkit.{found[1]}"] = lesson_number(path)
    return numbers


def upward_imports(source, number, numbers, inside=""):
    "Modules that a piece of source imports although they come later in the course than `number`."
    return {m for m in imported_modules(source, inside) if numbers[m] > number}


def private_imports(source):
    "Private names of our modules that source imports, or reads from a module it imported."
    names = {m.split(".")[-1] for m in package_modules()}
    tree = ast.parse(source)
    found = set()
    ours = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level or (node.module or "").split(".")[0] == "ftkit":
            found |= {alias.name for alias in node.names if alias.name.startswith("_")}
            ours |= {alias.asname or alias.name for alias in node.names if alias.name in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            private = node.attr.startswith("_") and not node.attr.endswith("__")
            if node.value.id in ours and private:
                found.add(f"{node.value.id}.{node.attr}")
    return found


def copy_of_project(folder):
    for name in ("nbs", "ftkit"):
        shutil.copytree(
            root / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"),
        )
    for name in ("settings.ini", "setup.py", "README.md"):
        shutil.copy(root / name, folder / name)
    return folder


def differences(left, right):
    "relative paths of .py files that differ or exist on one side only"

    def names(base):
        return {p.relative_to(base) for p in base.rglob("*.py")}

    both = names(left) & names(right)
    changed = {n for n in both if not filecmp.cmp(left / n, right / n, shallow=False)}
    return sorted(map(str, (names(left) ^ names(right)) | changed))


def nbdev(command, folder):
    done = subprocess.run(
        [sys.executable, "-c", f"from nbdev.{command}"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_package_is_what_the_notebooks_export(tmp_path):
    project = copy_of_project(tmp_path)
    shutil.rmtree(project / "ftkit")
    (project / "ftkit").mkdir()
    shutil.copy(root / "ftkit" / "__init__.py", project / "ftkit")
    nbdev("doclinks import nbdev_export; nbdev_export()", project)
    assert differences(root / "ftkit", project / "ftkit") == [], "run `make export`"


def test_an_edited_module_is_noticed(tmp_path):
    project = copy_of_project(tmp_path)
    (project / "ftkit" / "core.py").write_text(
        (root / "ftkit" / "core.py").read_text() + "\n# edited by hand\n"
    )
    assert differences(root / "ftkit", project / "ftkit") == ["core.py"]


def test_notebooks_are_clean(tmp_path):
    project = copy_of_project(tmp_path)
    nbdev("clean import nbdev_clean; nbdev_clean()", project)
    changed = [
        str(p.relative_to(root))
        for p in notebooks()
        if json.loads(p.read_text()) != json.loads((project / p.relative_to(root)).read_text())
    ]
    assert changed == [], "run `make export`"


def test_modules_import_only_from_lower_numbers():
    numbers = module_numbers()
    assert set(numbers) == set(package_modules()), "a module has a lesson, and a lesson its module"
    for name, path in package_modules().items():
        upward = upward_imports(path.read_text(), numbers[name] - 0.05, numbers, inside=name)
        assert not upward, f"{name} (lesson {numbers[name]}) imports upward: {upward}"


def test_notebooks_import_only_from_lower_numbers():
    numbers = module_numbers()
    for path in lessons():
        upward = upward_imports(notebook_code(path), lesson_number(path), numbers)
        assert not upward, f"{path.name} imports upward: {upward}"


@pytest.mark.parametrize(
    "code",
    [
        "from ..kit.cli import main",
        "from ..finetuning import lora",
        "from .training import fit",
        "import ftkit\nftkit.finetune(rows)",
        "def later():\n    from ftkit import LoRA",
        "from ftkit.foundations import training",
        "from importlib import import_module\nimport_module('ftkit.kit.site')",
    ],
)
def test_an_upward_import_is_noticed(code):
    numbers = module_numbers()
    losses = numbers["ftkit.foundations.losses"]
    assert upward_imports(code, losses - 1, numbers, inside="ftkit.foundations.losses")
    assert not upward_imports(code, 99, numbers, inside="ftkit.foundations.losses")


def test_no_module_imports_anothers_private_name():
    for name, path in package_modules().items():
        found = private_imports(path.read_text())
        assert not found, f"{name} imports {found}; what others need has no underscore"


def test_a_private_import_is_noticed():
    assert private_imports("from ..data import _ask_hub") == {"_ask_hub"}
    assert private_imports("from ftkit.core import setup, _plain") == {"_plain"}
    assert private_imports("from ftkit import core\ncore._assets_used") == {"core._assets_used"}
    assert private_imports("from torch import _C\nfrom ..core import setup") == set()


def test_a_lesson_and_its_module_have_one_address():
    "nbs/3_finetuning/31_lora.ipynb exports ftkit/finetuning/lora.py; part 0 is the ground floor."
    for path in lessons():
        for cell in read(path).cells:
            if found := re.match(r"#\|\s*default_exp\s+([\w.]+)", cell.source):
                part = path.parent.name.split("_", 1)[1]
                stem = path.stem.split("_", 1)[1]
                assert found[1] == (stem if part == "start" else f"{part}.{stem}")


# Longer than they should be. They may shrink, not grow, until they are divided.
long_modules = {
    "ftkit.kit.site": 1860,
    "ftkit.foundations.training": 1332,
    "ftkit.foundations.evaluation": 943,
    "ftkit.kit.cli": 1027,
    "ftkit.kit.bench": 975,
    "ftkit.core": 1051,
    "ftkit.finetuning.lora": 1118,
    "ftkit.finetuning.lora_variants": 1065,
    "ftkit.catalog": 1114,
    "ftkit.builds": 921,
    "ftkit.tasks.translation": 1365,
    "ftkit.finetuning.finetune": 930,
    "ftkit.finetuning.instruction_tuning": 1146,
    "ftkit.kit.reports": 925,
    "ftkit.kit.grading": 949,
    "ftkit.kit.running": 930,
    "ftkit.tasks.tagging": 1325,
    "ftkit.tasks.question_answering": 1325,
}


def test_only_one_place_builds_syntax_trees():
    "Two threads that do it at once fail in Python 3.11.7; `core.syntax_tree` keeps them apart."
    direct = re.compile(r"\bast\.parse\(|\bfrom ast import [^\n]*\bparse\b")
    found = {name: direct.findall(path.read_text()) for name, path in package_modules().items()}
    assert {name: len(calls) for name, calls in found.items() if calls} == {"ftkit.core": 1}


def test_modules_are_of_a_size_that_can_be_read():
    for name, path in package_modules().items():
        length = len(path.read_text().splitlines())
        most = long_modules.get(name, 900)
        assert length <= most, f"{name} has {length} lines; about 800 can be read"


def test_the_public_names_load_lazily_and_all_exist():
    code = (
        "import sys, ftkit\n"
        "heavy = {'torch', 'numpy', 'pandas', 'transformers', 'typer'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "missing = [name for name in ftkit.__all__ if getattr(ftkit, name, None) is None]\n"
        "assert not missing, missing\n"
        "assert set(ftkit.__all__) <= set(dir(ftkit))\n"
        "print(len(ftkit.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 50 <= int(done.stdout) <= 80, "about sixty public names"
    import ftkit

    assert set(public_addresses()) == set(ftkit.__all__)
    for name, module in public_addresses().items():
        assert getattr(ftkit, name) is getattr(importlib.import_module(module), name)
        assert name in importlib.import_module(module).__all__


def test_side_by_side_the_tests_of_a_file_stay_together(request):
    "Else each process would build the site of test_site once more."
    if os.environ.get("PYTEST_XDIST_WORKER") is None:
        pytest.skip("one process runs them all")
    assert request.node.nodeid.endswith("@test_structure")


def test_ruff_is_clean():
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run([ruff, *arguments, "."], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def distribution_name(requirement):
    return re.split(r"[<>=!~\[;( ]", requirement)[0].lower().replace("_", "-")


def required_by(names):
    "The distributions that these need, directly or through others, in this environment."
    found = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        waiting += [distribution_name(r) for r in requirements if "extra ==" not in r]
    return found


def test_users_need_no_development_dependency(tmp_path):
    """Without papermill and the development packages every module imports, fine-tunes and predicts.

    The environment is copied (as links) without them.
    """
    needed = required_by({distribution_name(r) for r in settings["requirements"].split()})
    extras = settings["dev_requirements"].split() + settings["kit_requirements"].split()
    site = Path(sysconfig.get_paths()["purelib"])
    hidden = set()
    for name in {distribution_name(r) for r in extras} - needed:
        hidden |= {file.parts[0] for file in metadata.files(name) or []}
    assert {"fastcore", "nbdev", "papermill", "ipykernel"} <= hidden
    for entry in site.iterdir():
        if entry.name not in hidden and entry.suffix != ".pth":
            (tmp_path / entry.name).symlink_to(entry)
    code = "import importlib\n"
    code += "\n".join(f"importlib.import_module({name!r})" for name in package_modules())
    code += """
import ftkit
from ftkit.core import setup
setup("x", "smoke")
rows = dict(text=["a fine film", "a dull film"] * 4, label=["pos", "neg"] * 4)
classifier = ftkit.finetune(rows, epochs=1, max_length=16)
assert classifier.predict(["a fine film"])[0].label in ("pos", "neg")
"""
    kept = ("PATH", "HOME", "FTKIT_CACHE", "XDG_CACHE_HOME")
    environment = {k: v for k, v in os.environ.items() if k in kept or k.startswith("PIP_")}
    environment |= {"PYTHONPATH": f"{root}:{tmp_path}"}
    options = dict(cwd=tmp_path, env=environment, capture_output=True, text=True)
    hides = subprocess.run([sys.executable, "-S", "-c", "import papermill"], **options)
    assert "No module named 'papermill'" in hides.stderr, "the control: papermill must be hidden"
    done = subprocess.run([sys.executable, "-S", "-c", code], **options)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_import_is_a_listed_dependency():
    """What a module imports directly stands in settings.ini; optional peers are imported inside
    functions and listed in an extra."""
    called = {
        "sklearn": "scikit-learn",
        "IPython": "ipython",
        "quickjs": "quickjs-ng",
        "ipykernel_launcher": "ipykernel",
        "_pytest": "pytest",
        "yaml": "pyyaml",
        "jsonschema": "nbformat",
        "rfc3987_syntax": "nbformat",  # asked for only where nbformat has brought it
    }
    listed = {
        re.split(r"[<>=]", d)[0].lower()
        for key in settings
        if key.endswith("requirements")
        for d in settings[key].split()
    }
    for path in (root / "ftkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in {n.split(".")[0] for n in names} - set(sys.stdlib_module_names) - {"ftkit"}:
                assert called.get(name, name).lower().replace("_", "-") in listed, (
                    f"{path.name} imports {name}"
                )


def test_constraints_name_every_dependency():
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (root / "constraints.txt").read_text().split()
    }
    wanted = {
        re.split(r"[<>=\[]", d)[0].lower()
        for key in ("requirements", "kit_requirements", "dev_requirements", "docs_requirements")
        for d in settings[key].split()
    }
    assert wanted <= pinned, f"not in constraints.txt: {sorted(wanted - pinned)}"


hours_in_words = {
    "an hour": 1,
    "an hour and a half": 1.5,
    "two hours": 2,
    "two and a half hours": 2.5,
}
hours_in_words |= {"three hours": 3, "four hours": 4, "five hours": 5}


def test_the_front_page_gives_the_hours_that_the_lessons_give():
    "Each lesson's hours of study, and the sums for the core and for the whole course."
    stated = {}
    for path in lessons():
        if path.parent.name == "7_kit":
            continue
        cost = next(c.source for c in read(path).cells if "cost" in c.metadata.get("tags", []))
        words = re.search(r"Plan about (.+?) of study", cost)
        assert words, f"{path.stem} does not say how long its study takes"
        stated[path.relative_to(root / "nbs").as_posix()] = hours_in_words[words[1]]
    cells = [c.source for c in read(root / "nbs" / "index.ipynb").cells]
    table = next(text for text in cells if "| hours |" in text)
    found = {}
    core = set()
    for bold, target, hours in re.findall(r"^\| (\**)\[.*?\]\((.*?)\).* ([\d.]+) \|$", table, re.M):
        found[target] = float(hours)
        if bold:
            core.add(target)
    assert found == stated
    in_core = sum(found[target] for target in core)
    assert f"Bold is the core, {in_core:g} hours of the {sum(found.values()):g}." in table
    figure = next(text for text in cells if "classDef core" in text)
    assert f"about {in_core:g} hours of study" in figure
    framed = set(re.findall(r"L(\d\d)\[[^]]*\]:::core", figure))
    assert framed == {Path(target).stem[:2] for target in core}


def test_the_readme_is_the_front_page():
    from readme import readme

    assert (root / "README.md").read_text() == readme(), "run `make readme`"


def test_quarto_configuration_names_every_notebook():
    site = yaml.safe_load((root / "_quarto.yml").read_text())
    named = {
        href for href in re.findall(r"nbs/[\w/]+\.ipynb", json.dumps(site["website"]["sidebar"]))
    }
    assert named == {str(p.relative_to(root)) for p in notebooks()}


def test_tracked_files_are_light():
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True
    ).stdout.split("\0")
    sizes = {f: (root / f).stat().st_size for f in files if f and (root / f).exists()}
    assert sum(sizes.values()) < 40e6 and max(sizes.values(), default=0) < 3e6


def test_no_name_is_defined_twice():
    "A definition that a later cell repeats is dead code that looks alive."
    for path in package_modules().values():
        names = [
            n.name
            for n in ast.parse(path.read_text()).body
            if isinstance(n, (ast.FunctionDef, ast.ClassDef))
        ]
        assert len(names) == len(set(names)), (
            f"{path.name} defines {sorted({n for n in names if names.count(n) > 1})} twice"
        )
