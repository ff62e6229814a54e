"""Every lesson: its form, its stored outputs, and one run at scale smoke that also proves its exercises."""

import re
import statistics
import time

import nbformat
import papermill
import pytest
from conftest import lessons, notebooks, read, root, tags
from ftkit.core import mimetype, notebook_hash
from ftkit.kit.bands import check_band, check_control, load_baseline, read_record

stem = lambda path: path.stem
each_lesson = pytest.mark.parametrize("path", lessons(), ids=stem)
each_notebook = pytest.mark.parametrize("path", notebooks(), ids=stem)
lines = lambda cell: [line for line in cell.source.splitlines() if line.strip()]
proves = re.compile(r"\bassert\b|\btest_\w+\(|\.claim\(|raises\(|gradcheck\(")


def prose(cell):
    "The words of a Markdown cell; tables and code blocks are not prose."
    text = re.sub(r"```.*?```", "", cell.source, flags=re.S)
    return " ".join(line for line in text.splitlines() if not line.startswith("|")).split()


def code(path):
    return [c for c in read(path).cells if c.cell_type == "code"]


@each_notebook
def test_form(path):
    cells = read(path).cells
    assert re.match(r"---\ntitle: .+\ndescription: .+\n---", cells[0].source), (
        "front matter with title and description"
    )
    assert cells[0].cell_type == "raw", (
        "front matter in a raw cell: as Markdown, JupyterLab would show it as a large heading"
    )
    assert cells[1].source.startswith("# ") and "\n> " in cells[1].source, (
        "a title, and one line on what can be done after it"
    )
    first = next(i for i, c in enumerate(cells) if c.cell_type == "code")
    assert any("cost" in tags(c) for c in cells[:first]), (
        "minutes and memory before the first code cell"
    )
    dial = [c.source for c in cells if "parameters" in tags(c)]
    assert dial == ["scale = None\nseed = 0"]
    ids = [c.id for c in cells]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_cells_are_short(path):
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert len(lines(cell)) <= 25, f"{len(lines(cell))} lines: {cell.source[:80]!r}"
        else:
            assert len(prose(cell)) <= 120, f"{len(prose(cell))} words: {cell.source[:80]!r}"
    assert statistics.median(len(lines(c)) for c in code(path)) <= 8


@each_lesson
def test_a_third_of_the_code_proves_something(path):
    cells = [c for c in code(path) if lines(c)]
    proofs = [c for c in cells if proves.search(c.source)]
    assert len(proofs) >= 0.35 * len(cells), f"{len(proofs)} of {len(cells)}"


@each_lesson
def test_exports_are_used_nearby(path):
    "Each exported definition is put to work by one of the next cells that a reader runs."
    cells = code(path)
    exported = lambda cell: re.match(r"#\|\s*exports?\b", cell.source)
    far, defined = [], 0
    for i, cell in enumerate(cells):
        if not exported(cell):
            continue
        after = "\n".join(c.source for c in cells[i + 1 : i + 12] if not exported(c))
        for name in re.findall(r"^(?:def|class) ([a-zA-Z]\w*)", cell.source, re.M):
            defined += 1
            if not re.search(rf"\b{name}\b", after):
                far.append(name)
    assert len(far) <= 0.25 * defined, f"{len(far)} of {defined}: {far}"


@each_notebook
def test_exercises_are_complete(path):
    kinds = [
        next(iter({"exercise", "solution", "check"} & tags(c)))
        for c in read(path).cells
        if {"exercise", "solution", "check"} & tags(c)
    ]
    assert kinds == ["exercise", "solution", "check"] * (len(kinds) // 3)
    if path.stem[:2].isdigit():
        assert kinds, "a lesson has an exercise"


@each_notebook
def test_outputs_come_from_a_recorded_run(path):
    record = read_record(path)
    assert record["scale"] == "cpu"
    assert record["code"] == notebook_hash(path), (
        "the stored outputs are stale: run `ftkit run NAME --save`"
    )
    stated = next(c.source for c in read(path).cells if "cost" in tags(c))
    minutes, seconds, gigabytes = map(
        float, re.search(r"(\d+) min (\d+) s, ([\d.]+) GB", stated).groups()
    )
    assert (
        abs(60 * minutes + seconds - record["seconds"]) <= 1
        and abs(gigabytes - record["peak_memory"] / 1e9) <= 0.06
    )
    assert record["seconds"] <= 600 and record["peak_memory"] <= 4e9


@each_notebook
def test_the_baseline_gives_each_stored_number_a_band(path):
    record = read_record(path)
    baseline = load_baseline(record, root)
    assert baseline, f"no baseline for {path.stem} at scale cpu: ftkit baseline {path.stem}"
    assert not [c for c in check_band(record, baseline) if c.verdict == "no baseline"], (
        "a number without a band: does its setting depend on the seed?"
    )
    controls = [
        check_control(name, run, baseline) for run in baseline["runs"] for name in run["controls"]
    ]
    assert not [c for c in controls if c.verdict != "passed"], (
        "a control inside the band of its metric"
    )


@each_notebook
def test_stored_outputs_are_presentable(path):
    for cell in code(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source[:80]
            assert not (output.output_type == "stream" and output.name == "stderr"), cell.source[
                :80
            ]
            text = str(output.get("text", "")) + "".join(
                str(v) for k, v in output.get("data", {}).items() if k.startswith("text/")
            )
            assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users|usr|opt)/", text), (
                f"a path of one machine: {text[:200]}"
            )


def with_proven_exercises(path):
    "The notebook, with each exercise's check also run on the unsolved exercise, where it must fail."
    notebook = read(path)
    cells = []
    for i, cell in enumerate(notebook.cells):
        cells.append(cell)
        if "exercise" in tags(cell):
            check = next(c for c in notebook.cells[i:] if "check" in tags(c))
            cells.append(
                nbformat.v4.new_code_cell(
                    f"try: exec({check.source!r})\n"
                    "except Exception as unsolved: assert str(unsolved), 'the check must say what is wrong'\n"
                    "else: raise AssertionError('the check passes without a solution')"
                )
            )
    notebook.cells = cells
    return notebook


@each_notebook
def test_runs_at_smoke(path, tmp_path):
    source, out = tmp_path / path.name, tmp_path / "out.ipynb"
    nbformat.write(with_proven_exercises(path), source)
    started = time.time()
    papermill.execute_notebook(
        source,
        out,
        parameters=dict(scale="smoke", seed=0),
        kernel_name="python3",
        progress_bar=False,
        log_output=False,
        request_save_on_cell_execute=False,
    )  # saved once, at the end; after each cell takes up to 8 s a lesson
    record = read_record(out)
    assert record["scale"] == "smoke" and record["notebook"] == path.stem
    assert record["metrics"] and record["controls"], "a lesson records a metric and a control"
    ran = [c for c in read(out).cells if c.cell_type == "code" and lines(c)]
    assert all(c.execution_count for c in ran), "a cell was skipped"
    print(f"{path.stem}: {time.time() - started:.1f} s")


def test_an_exercise_that_needs_no_solution_is_noticed(tmp_path):
    cell = lambda source, *t: nbformat.v4.new_code_cell(source, metadata=dict(tags=list(t)))
    notebook = nbformat.v4.new_notebook(
        cells=[cell("x = 1", "exercise"), cell("x = 1", "solution"), cell("assert x == 1", "check")]
    )
    nbformat.write(notebook, tmp_path / "a.ipynb")
    nbformat.write(with_proven_exercises(tmp_path / "a.ipynb"), tmp_path / "b.ipynb")
    with pytest.raises(papermill.PapermillExecutionError, match="passes without a solution"):
        papermill.execute_notebook(
            tmp_path / "b.ipynb", tmp_path / "c.ipynb", kernel_name="python3", progress_bar=False
        )
