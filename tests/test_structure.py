"""The house rules of the repository: one source, course order, light installation, one front page."""

import ast
import configparser
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import yaml
from conftest import lessons, notebooks, read, root

config = configparser.ConfigParser(delimiters=["="])
config.read(root / "settings.ini")
settings = config["DEFAULT"]


def module_numbers():
    "module name -> number of the notebook that exports it"
    numbers = {}
    for path in lessons():
        for cell in read(path).cells:
            if found := re.match(r"#\|\s*default_exp\s+(\w+)", cell.source):
                numbers[found[1]] = int(path.stem[:2])
    return numbers


def imported_modules(source):
    "names of ftkit modules that a piece of Python source imports, relative or absolute"
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            if node.level == 1:
                found |= (
                    {node.module.split(".")[0]} if node.module else {a.name for a in node.names}
                )
            elif node.module == "ftkit":
                found |= {a.name for a in node.names}
            elif (node.module or "").startswith("ftkit."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("ftkit.")}
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
    names = lambda base: {p.relative_to(base) for p in base.rglob("*.py")}
    both = names(left) & names(right)
    return sorted(
        map(
            str,
            (names(left) ^ names(right))
            | {n for n in both if not filecmp.cmp(left / n, right / n, shallow=False)},
        )
    )


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
    assert numbers, "no lesson exports anything"
    for module, number in numbers.items():
        upward = {
            m
            for m in imported_modules((root / "ftkit" / f"{module}.py").read_text())
            if numbers.get(m, -1) >= number
        }
        assert not upward, f"ftkit/{module}.py (lesson {number}) imports upward: {upward}"


def test_notebooks_import_only_from_lower_numbers():
    numbers = module_numbers()
    for path in lessons():
        code = "\n".join(
            c.source
            for c in read(path).cells
            if c.cell_type == "code" and not c.source.lstrip().startswith(("%", "!"))
        )
        upward = {m for m in imported_modules(code) if numbers.get(m, -1) > int(path.stem[:2])}
        assert not upward, f"{path.name} imports upward: {upward}"


def test_the_import_reader_sees_every_form():
    assert imported_modules(
        "from .core import x\nfrom ftkit.foundations.text import y\nfrom ftkit import catalog\nimport ftkit.finetuning.lora as z\nfrom . import cli"
    ) == {"core", "text", "catalog", "lora", "cli"}


def test_every_module_has_a_lesson():
    assert {p.stem for p in (root / "ftkit").glob("*.py")} - {"__init__", "_modidx"} == set(
        module_numbers()
    )


def test_importing_needs_no_development_dependency(tmp_path):
    "A copy of the environment without the development packages (links to everything else) still imports every module."
    development = {re.split(r"[<>=]", d)[0].lower() for d in settings["dev_requirements"].split()}
    site = Path(sysconfig.get_paths()["purelib"])
    hidden = set()
    for name in development:
        hidden |= {file.parts[0] for file in metadata.files(name) or []}
    assert "fastcore" in hidden and "nbdev" in hidden
    for entry in site.iterdir():
        if entry.name not in hidden and entry.suffix != ".pth":
            (tmp_path / entry.name).symlink_to(entry)
    code = "import importlib, ftkit\n" + "\n".join(
        f"importlib.import_module('ftkit.{m}')" for m in module_numbers()
    )
    environment = {
        "PYTHONPATH": f"{root}:{tmp_path}",
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
    }
    hides = subprocess.run(
        [sys.executable, "-S", "-c", "import fastcore"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
    )
    assert hides.returncode != 0, "the control: fastcore must not be importable here"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_import_is_a_listed_dependency():
    "What a module imports directly stands in settings.ini; optional peers are imported inside functions and listed in an extra."
    called = {
        "sklearn": "scikit-learn",
        "IPython": "ipython",
        "quickjs": "quickjs-ng",
        "yaml": "pyyaml",
    }
    listed = {
        re.split(r"[<>=]", d)[0].lower()
        for key in settings
        if key.endswith("requirements")
        for d in settings[key].split()
    }
    for path in (root / "ftkit").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )
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
        for key in ("requirements", "dev_requirements", "docs_requirements")
        for d in settings[key].split()
    }
    assert wanted <= pinned, f"not in constraints.txt: {sorted(wanted - pinned)}"


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
    for path in (root / "ftkit").glob("[!_]*.py"):
        names = [
            n.name
            for n in ast.parse(path.read_text()).body
            if isinstance(n, (ast.FunctionDef, ast.ClassDef))
        ]
        assert len(names) == len(set(names)), (
            f"{path.name} defines {sorted({n for n in names if names.count(n) > 1})} twice"
        )
