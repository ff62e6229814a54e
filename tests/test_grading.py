"""Assignments: their form, each question against stored answers, and submissions that cheat."""

import copy
import csv
import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
import time

import nbformat
import pytest
import torch
import typer
from conftest import root
from lab import OpenNotebook, jupyterlab
from typer.testing import CliRunner

from ftkit.core import FtkitError, NotSolved
from ftkit.kit import grading, sandbox
from ftkit.kit.assignments import write_json
from ftkit.kit.grading import (
    Here,
    add_assign,
    build,
    build_copy,
    close,
    grade,
    grade_folder,
    mark_question,
    marked_cells,
    open_assignment,
    read_assignment,
    read_notebook,
    row_of,
)
from ftkit.kit.sandbox import Allowance, AnswerError, Sandbox, Stopped, has_walls

sources = sorted((root / "nbs" / "assignments").glob("a[0-9]*.ipynb"))
answers = root / "tests" / "answers" / "assignments"
quick = Allowance(seconds=5, memory=1e9, tasks=40)


@pytest.fixture
def walls():
    if not has_walls():
        pytest.skip("this system has no namespaces for a submission")


@functools.cache
def source_notebook(path):
    return read_notebook(path)


@functools.cache
def assignment_of(path):
    return read_assignment(source_notebook(path), path.name)


def question_cases():
    "Each question of each assignment, with a name for pytest."
    for path in sources:
        for question in assignment_of(path).questions:
            yield pytest.param(path, question, id=f"{path.stem}-{question.name}")


each_source = pytest.mark.parametrize("path", sources, ids=lambda path: path.stem)
each_question = pytest.mark.parametrize("path, question", list(question_cases()))


# The form


@each_source
def test_form(path):
    cells = source_notebook(path)["cells"]
    assert re.match(r"---\ntitle: .+\ndescription: .+\n---", cells[0]["source"])
    assert cells[1]["source"].startswith("# ASSIGNMENT CONFIG\n")
    assert "export_cell: false" in cells[1]["source"] and "ok_format: false" in cells[1]["source"]
    assert cells[2]["source"].startswith("# ") and "\n> After this assignment" in cells[2]["source"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert not [cell for cell in cells if cell.get("outputs")], "sources hold no outputs"
    nbformat.validate(nbformat.read(path, 4))
    assert assignment_of(path).name == path.stem


@each_question
def test_a_question_says_what_it_asks(path, question):
    own = []
    for cell, block, settings in marked_cells(source_notebook(path), path.name):
        if block == "question" and settings["name"] == question.name:
            own.append(cell)
    said = re.search(
        r"^\*(Easy|Medium|Hard), (\d+) minutes, ([\d.]+) points\.\*$", own[0]["source"], re.M
    )
    assert said, f"{question.name} says neither how hard it is nor how long it takes"
    assert float(said[3]) == question.points
    hints = [cell for cell in own if "hint" in cell["metadata"].get("tags", [])]
    assert len(hints) >= 2, "hints in steps"
    assert "raise NotImplementedError" in question.stub
    for text in (question.stub, question.solution):
        assert re.search(rf"^(def|class) {question.name}\b", text, re.M)


# The tests of the tests


@functools.cache
def solved_names(path):
    "The names of an assignment with all cells run and all questions solved."
    names = dict(__name__="assignment")
    for cell, block, _ in marked_cells(source_notebook(path), path.name):
        if cell["cell_type"] == "code" and block in ("", "question", "solution"):
            exec(compile(cell["source"], path.stem, "exec"), names)
    return names


def stored_answers(path, question):
    "The stored answers to a question: the first line of each, and its code."
    file = answers / path.stem / f"{question.name}.py"
    head, *parts = re.split(r"^# %% ", file.read_text(), flags=re.M)
    found = []
    for part in parts:
        first, _, answer = part.partition("\n")
        found.append((first.strip(), f"{head}\n{answer}"))
    return found


def mark_answer(path, question, code):
    "The mark of an answer beside the solutions of the other questions."
    names = dict(solved_names(path))
    names.pop(question.name)
    exec(compile(code, "answer", "exec"), names)
    return mark_question(question, Here(names))


@each_question
def test_the_solution_passes_and_the_stub_is_not_written_yet(path, question):
    assert mark_answer(path, question, question.solution).messages == []
    mark = mark_answer(path, question, question.stub)
    assert mark.points == 0
    asked = re.findall(r"^(?:def|class) (\w+)", question.stub, re.M)
    said = {f"{name} is not written yet." for name in asked}
    assert mark.messages and set(mark.messages) <= said


@each_question
def test_wrong_answers_get_their_message_and_right_ones_pass(path, question):
    right = wrong = 0
    for first, code in stored_answers(path, question):
        mark = mark_answer(path, question, code)
        if first.startswith("right"):
            right += 1
            assert mark.messages == [], f"{first}: {mark.messages}"
        else:
            wrong += 1
            assert first, "a message that any answer gets"
            assert mark.messages, f"it passes, and should be told: {first}"
            assert first in mark.messages[0], f"it is told {mark.messages[0]!r}, not {first!r}"
            assert mark.points < mark.most
    assert wrong >= 5, "five wrong answers that learners give"
    assert right >= 2, "two right answers in other styles"


def test_a_third_of_the_wrong_answers_come_from_somebody_who_had_not_seen_the_tests():
    table = {}
    for path in sources:
        wrong = []
        for question in assignment_of(path).questions:
            answers_to = stored_answers(path, question)
            wrong += [code for first, code in answers_to if not first.startswith("right")]
        table[path.stem] = (len(wrong), sum("\n# unseen: " in code for code in wrong))
    print("\n".join(f"{stem:28}{n:5} wrong, {m:5} unseen" for stem, (n, m) in table.items()))
    n, m = (sum(column) for column in zip(*table.values()))
    assert 3 * m >= n, f"{m} of {n} wrong answers were written without sight of the tests"


@each_source
def test_stored_answers_have_a_question(path):
    stored = {file.stem for file in (answers / path.stem).glob("*.py")}
    assert stored == {question.name for question in assignment_of(path).questions}


@each_source
def test_the_solution_gets_all_points_in_a_sandbox(path, tmp_path):
    "What it needs (packages, weights) is within the walls."
    submission = tmp_path / path.name
    write_json(build_copy(source_notebook(path), path.name, solved=True), submission)
    report = grade(submission, assignment_of(path))
    assert report.points == report.most, str(report)
    assert report.notes == []


# Building

warm_up = root / "nbs" / "assignments" / "a0_warm_up.ipynb"


@each_source
def test_three_from_one(path, tmp_path):
    student, solution, bundle = build(path, tmp_path)
    assignment = assignment_of(path)
    assert student.parent == tmp_path / path.stem / "student"
    text = student.read_text()
    for question in assignment.questions:
        body = [line.strip() for line in question.solution.splitlines() if "def " not in line]
        longest = max(body, key=len)
        assert json.dumps(longest)[1:-1] not in text, "a solution in the student's copy"
        assert json.dumps(longest)[1:-1] in solution.read_text()
        assert f'check("{question.name}")' in json.loads(text)["cells"].__repr__()
    assert "](../" not in text, "a link to a lesson that does not lie beside the copy"
    for written in (student, solution):
        nbformat.validate(nbformat.read(written, 4))
    known = grading.own_tests(student.parent, path.stem)
    assert not [t for q in known.questions for t in q.tests if t.hidden or q.solution]
    data = json.loads(bundle.read_text())
    assert [q["points"] for q in data["questions"]] == [q.points for q in assignment.questions]
    assert sum(len(q["tests"]) for q in data["questions"]) == sum(
        len(q.tests) for q in assignment.questions
    )


def test_a_copy_that_was_worked_on_is_not_overwritten(tmp_path):
    student, solution, bundle = build(warm_up, tmp_path)
    fresh = student.read_text()
    notebook = read_notebook(student)
    notebook["cells"][1]["outputs"] = [dict(output_type="stream", name="stdout", text="ran")]
    write_json(notebook, student)
    build(warm_up, tmp_path)  # it has run, and nobody has written in it
    assert student.read_text() == fresh
    for path in (student, solution):
        notebook = read_notebook(path)
        notebook["cells"].append(dict(cell_type="code", source="x = 1", metadata={}, outputs=[]))
        write_json(notebook, path)
        bundle.unlink()
        with pytest.raises(FtkitError, match="has been worked on, and nothing was written"):
            build(warm_up, tmp_path)
        assert "x = 1" in path.read_text()
        assert not bundle.exists()
        path.unlink()
        build(warm_up, tmp_path)
    old = read_notebook(student)
    del old["metadata"]["ftkit"]["written"]  # of an older ftkit: nobody knows
    write_json(old, student)
    with pytest.raises(FtkitError, match="has been worked on"):
        build(warm_up, tmp_path)


@each_source
def test_the_table_of_assignments(path):
    page = (root / "nbs" / "7_kit" / "81_grading.ipynb").read_text()
    points = sum(question.points for question in assignment_of(path).questions)
    minutes = 0
    for cell in source_notebook(path)["cells"]:
        found = re.search(r"^\*(?:Easy|Medium|Hard), (\d+) minutes", cell["source"], re.M)
        minutes += int(found[1]) if found else 0
    row = re.search(rf"\| `{path.stem}` \|[^|]+\| ([\d./]+) \| (\d+) \|", page)
    assert row, f"{path.stem} is not in the table of 81_grading"
    assert float(row[2]) == points
    hours = 1 / 3 if row[1] == "1/3" else float(row[1])
    assert abs(hours - minutes / 60) <= 0.3


def test_otter_builds_the_same_source(tmp_path):
    if importlib.util.find_spec("otter") is None:
        pytest.skip("otter-grader is not installed (pip install otter-grader)")
    command = [sys.executable, "-m", "otter", "assign", str(warm_up), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list((tmp_path / "out" / "autograder").glob("*.zip"))
    student = (tmp_path / "out" / "student" / warm_up.name).read_text()
    assert "means[kept]" not in student
    assert 'grader.check(\\"mean_loss\\")' in student


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("# END TESTS", "# A NOTE", "'# END QUESTION' ends what has not begun"),
        ("# BEGIN PROMPT", "# BEGIN QUESTION\nname: x\npoints: 1", "does not belong here"),
        ("points: 4", "score: 4", "has name and points|a name and points"),
        ("name: two_class_loss", "name: mean_loss", "two questions mean_loss"),
        ("def test_empty_batch(mean_loss):", "x = 1\ndef test_y(mean_loss):", "holds one function"),
        ("name: a0_warm_up", "title: x", "no cell '# ASSIGNMENT CONFIG'"),
        (
            "def test_empty_batch(mean_loss):",
            '""" # BEGIN TEST CONFIG\npoints: 6\n""" # END TEST CONFIG\n'
            "def test_empty_batch(mean_loss):",
            "tests of mean_loss have 6 points, and the question has 4",
        ),
    ],
)
def test_a_source_that_is_no_assignment_is_refused(old, new, message):
    notebook = copy.deepcopy(source_notebook(warm_up))
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace(old, new)
    with pytest.raises(FtkitError, match=message):
        read_assignment(notebook, "source")


# At home


def test_check_in_the_students_copy(tmp_path, monkeypatch, capsys):
    student, _, _ = build(warm_up, tmp_path)
    renamed = student.rename(student.with_name("my answers.ipynb"))
    monkeypatch.chdir(renamed.parent)
    check = open_assignment("a0_warm_up")
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "mean_loss", lambda means, rows: float(means.mean()), raising=False)
    with pytest.raises(NotSolved, match=r"mean of the means.*\(0 of 4 points\)"):
        check("mean_loss")
    solution = {}
    exec(assignment_of(warm_up).questions[0].solution, solution)
    monkeypatch.setattr(main, "mean_loss", solution["mean_loss"])
    check("mean_loss")
    assert capsys.readouterr().out == "mean_loss: passed, 4 points\n"
    with pytest.raises(NotSolved, match="two_class_loss is not there"):
        check("two_class_loss")
    with pytest.raises(FtkitError, match="no question 'x'; it has mean_loss, two_class_loss"):
        check("x")
    with pytest.raises(FtkitError, match="carries the tests of a99"):
        open_assignment("a99")


def test_probes_see_names_and_return_plain_values():
    test = grading.Test(
        "test_gradient",
        "def test_gradient(env):\n"
        "    from ftkit.kit.grading import beside\n"
        "    def probe(x, *, double):\n"
        "        import torch\n"
        "        w = torch.tensor(x, requires_grad=True)\n"
        "        double(w).backward()\n"
        "        return w.grad\n"
        "    got = beside(env, probe)(3.0)\n"
        "    assert got.item() == 2, f'the gradient is {got}'\n",
    )
    answer = "def double(x):\n    return {}"
    for body, said in (("2 * x", ""), ("3 * x", "the gradient is 3.0"), ("x.item()", "raises")):
        names = {}
        exec(answer.format(body), names)
        here = grading.run_test(test, "double", Here(names))
        with Sandbox(quick) as box:
            box.run(answer.format(body))
            there = grading.run_test(test, "double", box)
        assert (said in here) and bool(here) == bool(said)
        assert here.split(" (line")[0] == there.split(" (line")[0]


def test_under_otter_a_probe_gets_copies():
    "There the parameter `env` of a test is the notebook's dict of names."

    def probe(x, *, double):
        double(x)
        return x

    def double(x):
        return x.mul_(2)

    x = torch.ones(2)
    changed = grading.beside(dict(double=double), probe)(x)
    assert changed.tolist() == [2, 2], "what the answer does to its argument is seen"
    assert x.tolist() == [1, 1], "the test's own tensor is not touched"


def test_the_stub_that_is_missing_is_named():
    test = grading.Test("test_x", "def test_x(twice):\n    assert twice(2) == 4, 'no'\n")
    answer = (
        "def helper(x):\n    raise NotImplementedError\n\n\ndef twice(x):\n    return helper(x)"
    )
    names = {}
    exec(answer, names)
    assert grading.run_test(test, "twice", Here(names)) == "helper is not written yet."
    with Sandbox(quick) as box:
        box.run(answer)
        assert grading.run_test(test, "twice", box) == "helper is not written yet."
    names["helper"] = lambda x: torch.zeros(2).half().geqrf()
    said = grading.run_test(test, "twice", Here(names))
    assert "not written yet" not in said, "a library's own error is no stub"


def test_a_package_that_a_test_lacks_is_named():
    test = grading.Test("test_x", "def test_x(twice):\n    import no_such_package\n")
    said = grading.run_test(test, "twice", Here(dict(twice=abs)))
    assert said == (
        "A test needs no_such_package, which is not installed here: pip install no_such_package"
    )


def test_close_is_never_an_error():
    assert close(1, 1.0) and close(torch.ones(2), [1.0, 1.0])
    for other in (None, "1", float("nan"), torch.ones(3), [1, [2]], {}, torch.ones(2) * 1.1):
        assert not close(other, torch.ones(2))
    assert close([1 + 2j], torch.tensor([1 + 2j]))
    assert not close(1 + 2j, 1) and not close(torch.ones(2), [1, 1 + 1j])


def test_a_student_mends_an_answer_in_jupyterlab(browser, tmp_path):
    student, _, _ = build(warm_up, tmp_path)
    with jupyterlab(student.parent, tmp_path) as address:
        notebook = OpenNotebook(browser, address, student.name)
        page = notebook.page
        prose = page.locator(".jp-MarkdownOutput")
        prose.get_by_text("About 20 minutes of work").wait_for()
        hint = prose.get_by_text("The sum of the losses in a batch", exact=False)
        assert not hint.is_visible()
        notebook.picture("a0_1_opened")
        notebook.run("open_assignment")  # the set-up
        notebook.run("def mean_loss")
        notebook.run('check("mean_loss")')
        page.get_by_text("Not yet: mean_loss is not written yet.").wait_for()

        start = "def mean_loss(means, rows):"
        notebook.write("def mean_loss", f"{start}\n    return float(means.mean())")
        notebook.run("means.mean()")
        notebook.run('check("mean_loss")')
        page.get_by_text("That is the mean of the means.").first.wait_for()
        assert page.get_by_text("Traceback").count() == 0
        notebook.picture("a0_2_wrong")
        prose.get_by_text("Hint 1").first.click()
        assert hint.is_visible()

        mended = "    kept = rows > 0\n    return ((means * rows)[kept].sum() / rows.sum()).item()"
        notebook.write("means.mean()", f"{start}\n{mended}")
        notebook.run("(means * rows)[kept]")
        notebook.run('check("mean_loss")')
        page.get_by_text("mean_loss: passed, 4 points").wait_for()
        notebook.picture("a0_3_passed")
        page.keyboard.press("Control+s")
        for _ in range(100):
            if "means * rows" in student.read_text():
                break
            time.sleep(0.1)
        page.close()
    report = grade(student, assignment_of(warm_up))
    assert [mark.points for mark in report.marks] == [4, 0]


# Twelve submissions

loop = "while True:\n    pass"
wrong = "def mean_loss(means, rows):\n    return float(means.mean())\n"


def hostile(folder):
    "Answers to the first question that break rules, by name."
    precious = folder / "precious.txt"
    forge = (
        "import os, json\n"
        'line = json.dumps(dict(id="x", value=8.0)).encode()\n'
        "for number in range(3, 256):\n"
        "    try:\n"
        '        os.write(number, f"{len(line):010d}".encode() + line)\n'
        "    except OSError:\n"
        "        pass\n"
    )
    patch = (
        "import builtins, ftkit.kit.grading as g, ftkit.kit.sandbox as s, torch\n"
        "g.run_test = g.close = s.broken = lambda *a, **k: ''\n"
        "g.mark_question = lambda q, side: g.Mark(q.name, 100, 100, [])\n"
        "s.Allowance.seconds = 1e9\n"
        "builtins.AssertionError = KeyError\n"
    )
    read = (
        "import glob, json\n"
        f"for path in [{str(warm_up)!r}, *glob.glob({str(folder / '**')!r}, recursive=True)]:\n"
        "    for cell in json.load(open(path))['cells']:\n"
        "        exec(''.join(cell['source']))\n"
    )
    delete = f"import shutil, os\nshutil.rmtree({str(folder)!r})\nos.remove({str(precious)!r})\n"
    return dict(
        crashing="1 / 0\n" + wrong,
        hanging=loop,
        memory="kept = [bytearray(10**8) for _ in range(1000)]\n",
        forking="import os\nwhile True:\n    os.fork()",
        deleting=delete,
        reading=read,
        patching=patch + wrong,
        forging=forge + wrong,
    )


def hand_in(folder, name, mean_loss=None, two_class_loss=None):
    "A student's copy with answers in place of its stubs."
    notebook = build_copy(source_notebook(warm_up), warm_up.name)
    given = dict(mean_loss=mean_loss, two_class_loss=two_class_loss)
    for cell in notebook["cells"]:
        for question, answer in given.items():
            if answer and f"def {question}(" in cell["source"]:
                cell["source"] = answer
    write_json(notebook, folder / f"{name}.ipynb")
    return folder / f"{name}.ipynb"


def test_a_class_of_twelve(tmp_path, monkeypatch, walls):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    first, second = assignment_of(warm_up).questions
    folder = tmp_path / "class"
    folder.mkdir()
    (tmp_path / "precious.txt").write_text("kept")
    hand_in(folder, "right", first.solution, second.solution)
    hand_in(folder, "wrong", wrong, second.solution)
    hand_in(folder, "stub")
    for name, answer in hostile(tmp_path).items():
        hand_in(folder, name, answer, second.solution)
    (folder / "letter.ipynb").write_text("Dear teacher")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 12
    target = tmp_path / "grades.csv"
    app = typer.Typer()
    add_assign(app)
    reports = tmp_path / "reports"
    began = time.monotonic()
    said = CliRunner().invoke(
        app,
        f"grade {folder} --csv {target} --seconds 5 --memory 1 --reports {reports} --seed 3",
    )
    assert said.exit_code == 0, said.output
    assert "12 submissions graded" in said.stdout
    print(f"twelve submissions: {time.monotonic() - began:.1f} s")
    with target.open(newline="") as file:
        rows = {row["submission"].removesuffix(".ipynb"): row for row in csv.DictReader(file)}
    told = {
        "right": "",
        "wrong": "mean of the means",
        "stub": "not written yet",
        "crashing": "mean_loss is not there",
        "hanging": "longer than 5 s",
        "memory": "more than 1 GB",
        "forking": "more than 64 processes|longer than 5 s",  # whichever comes first
        "deleting": "mean_loss is not there",
        "reading": "mean_loss is not there",
        "patching": "mean of the means",
        "forging": "stopped: it sent a message that nobody had asked for",
        "letter": "not graded",
    }
    assert set(rows) == set(told)
    for name, row in rows.items():
        assert re.search(told[name], row["mean_loss: message"]), f"{name}: {row}"
        assert float(row["mean_loss"]) == (4 if name == "right" else 0), f"{name}: {row}"
        rest = 0 if name in ("stub", "letter") else 4
        assert float(row["two_class_loss"]) == rest, f"{name}: {row}"
    assert "ZeroDivisionError" in rows["crashing"]["notes"]
    assert "FileNotFoundError" in rows["deleting"]["notes"]
    assert "FileNotFoundError" in rows["reading"]["notes"]
    assert "not a notebook" in rows["letter"]["notes"]
    assert (tmp_path / "precious.txt").read_text() == "kept"
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert "longer than 5 s" in (reports / "hanging.ipynb.txt").read_text()


def test_a_check_that_was_deleted_and_cells_in_another_order(tmp_path):
    first, second = assignment_of(warm_up).questions
    path = hand_in(tmp_path, "a", first.solution, second.solution)
    notebook = read_notebook(path)
    cells = [cell for cell in notebook["cells"] if "check(" not in cell["source"]]
    write_json(notebook | dict(cells=cells), path)
    assert grade(path, assignment_of(warm_up), quick).points == 8
    turned = [*cells[:2], *reversed(cells[2:])]
    write_json(notebook | dict(cells=turned), path)
    assert grade(path, assignment_of(warm_up), quick).points == 8


def test_what_only_a_notebook_understands_costs_no_points(tmp_path):
    first, second = assignment_of(warm_up).questions
    answers_with = dict(
        shown=f"{first.solution}\ndisplay(mean_loss)\nget_ipython().run_line_magic('time', '1')",
        asked=f"{first.solution}\nmean_loss?\n?mean_loss",
        listed=f"files = !ls\n%timeit 1\n{first.solution}",
        timed=f"%%time\n{first.solution}",
        plain=f"{first.solution}\nrest = (7\n    % 4)\nassert rest == 3",
        both=f"%matplotlib inline\n{first.solution}\nrest = (7\n    % 4)\nassert rest == 3",
        kept=f"%time one = 1\n{first.solution}\nassert one == 1",
        continued=f"!pip install --quiet einops \\\n    tqdm\n{first.solution}",
        text=f'%matplotlib inline\nnote = """\nwhy?\n"""\nassert "why" in note\n{first.solution}',
    )
    for name, answer in answers_with.items():
        report = grade(hand_in(tmp_path, name, answer, second.solution), assignment_of(warm_up))
        assert report.points == 8, str(report)
        assert report.notes == []
    shell = hand_in(tmp_path, "shell", f"%%bash\n{first.solution}", second.solution)
    report = grade(shell, assignment_of(warm_up))
    assert [mark.points for mark in report.marks] == [0, 4], "that cell is no Python"


def small_class(folder, **submissions):
    "Notebooks of plain code cells, and an assignment that asks each function of one letter for 1."
    questions = []
    for name in "abcde":
        test = grading.Test(
            f"test_{name}", f"def test_{name}({name}):\n    assert {name}(0) == 1, 'no'\n"
        )
        questions.append(grading.Question(name, name, 1.0, False, [test]))
    folder.mkdir(exist_ok=True)
    for name, sources in submissions.items():
        cells = [dict(cell_type="code", source=source, metadata={}) for source in sources]
        write_json(dict(cells=cells, metadata={}), folder / f"{name}.ipynb")
    return grading.Assignment("small", "Small", questions)


one = "def {}(x):\n    return 1"
brief = Allowance(seconds=2, memory=1e9, tasks=40)


def test_one_endless_loop_costs_one_question(tmp_path):
    slow = "import time\ntime.sleep(1.2)\n"  # two such cells need more than one question has
    cells = [slow + one.format("a"), 'check("a")', slow + one.format("b"), 'check("b")']
    cells += [loop, 'check("c")', one.format("d"), 'check("d")', one.format("e"), 'check("e")']
    report = grade(tmp_path / "x.ipynb", small_class(tmp_path, x=cells), brief)
    assert [mark.points for mark in report.marks] == [1, 1, 0, 1, 1], str(report)
    assert report.notes == ["cell 5 was stopped: it took longer than 2 s"]


def test_what_a_hanging_function_stands_beside_is_kept(tmp_path):
    cells = ["import math\ndef a(x):\n    while True: pass", 'check("a")']
    cells += ["def b(x):\n    return math.floor(1.5)", 'check("b")']
    report = grade(tmp_path / "x.ipynb", small_class(tmp_path, x=cells), brief)
    assert [mark.points for mark in report.marks] == [0, 1, 0, 0, 0], str(report)


def test_a_loop_without_checks_costs_what_stands_in_its_cell(tmp_path):
    cells = [one.format("a"), f"{one.format('b')}\n{loop}", *(one.format(name) for name in "cde")]
    report = grade(tmp_path / "x.ipynb", small_class(tmp_path, x=cells), brief)
    assert [mark.points for mark in report.marks] == [1, 0, 1, 1, 1], str(report)
    assert "cell 2 was stopped" in report.notes[0]


lies = (
    '["array", "bfloat16", [1], "gD8="]',
    '["tensor", "float32", [0, 2**40 - 1, 2**40 - 1], ""]',
    '["dict", [[1]]]',
    '["list", 7]',
)


def test_one_odd_submission_does_not_end_the_grading_of_a_class(tmp_path):
    right = [one.format(name) for name in "abcde"]
    odd = {}
    for number, lie in enumerate(lies):
        patch = f"import ftkit.kit.sandbox as s\ns.perform = lambda order, names: {lie}"
        odd[f"odd{number}"] = [patch, *right]
    folder = tmp_path / "class"
    assignment = small_class(folder, **odd, right=right)
    for name, metadata in (("a", 7), ("b", dict(ftkit=dict(assignment=["\ud800"])))):
        write_json(dict(cells=[], metadata={}), folder / f"{name}.ipynb")
        (folder / f"{name}.ipynb").write_text(json.dumps(dict(cells=[], metadata=metadata)))
    (folder / ("x" * 249 + ".ipynb")).write_text("a name that leaves no room for '.txt'")
    (folder / "y" / "hw").mkdir(parents=True)
    (folder / "y-hw.ipynb").write_text("")
    (folder / "y" / "hw.ipynb").write_text("")
    target = folder / "grades.csv"
    for _ in range(2):  # the second time the table lies among the submissions
        done = grade_folder(folder, assignment, target, quick, reports=tmp_path / "reports")
        points = {report.submission.removesuffix(".ipynb"): report.points for report in done}
        assert len(points) == len(list(folder.rglob("*.ipynb"))) == 10
        assert points["right"] == 5 and sum(points.values()) == 5
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["submission"] for row in rows] == [report.submission for report in done]
    for report in done:
        if report.submission.startswith("odd"):
            assert "a value that is none" in report.marks[0].messages[0], str(report)
            assert "Cell 1 speaks of ftkit.kit" in " ".join(report.notes)
    assert (tmp_path / "reports/y/hw.ipynb.txt").is_file()
    assert (tmp_path / "reports/y-hw.ipynb.txt").is_file()


def test_a_failure_of_the_grader_is_a_row(tmp_path, monkeypatch):
    assignment = small_class(tmp_path, x=[one.format("a")])

    def fail(*arguments):
        raise OSError("no process left")

    monkeypatch.setattr(grading, "Sandbox", fail)
    (report,) = grade_folder(tmp_path, assignment, tmp_path / "t.csv", quick)
    assert report.points == 0
    assert report.notes == ["The grader failed, grade it by hand: OSError: no process left"]


def test_a_submission_never_brings_its_tests(tmp_path, monkeypatch):
    "Nor does one odd notebook say by what the others are graded."
    was_here = tmp_path / "was_here"
    source = f"def test_x(x):\n    open({str(was_here)!r}, 'w')\n"
    test = dict(name="test_x", source=source, hidden=False, points=None)
    question = dict(name="x", title="", points=8.0, all_or_nothing=False, tests=[test])
    tests = dict(schema=1, name="mine", title="", questions=[question])
    folder = tmp_path / "class"
    folder.mkdir()
    first, second = assignment_of(warm_up).questions
    honest = hand_in(folder, "b", first.solution, second.solution)
    hand_in(folder, "c")
    for number, name in enumerate(["mine", "../a0_warm_up", 7]):
        notebook = read_notebook(honest)
        own = dict(assignment=name, tests=grading.packed(json.dumps(tests)))
        write_json(notebook | dict(metadata=dict(ftkit=own)), folder / f"a{number}.ipynb")
    for place in (root, None):
        monkeypatch.setattr("ftkit.core.checkout", lambda place=place: place)
        refused = call("grade", folder / "a0.ipynb")
        assert "There is no assignment 'mine' here" in str(refused.exception)
    alone = tmp_path / "alone"
    alone.mkdir()
    write_json(read_notebook(folder / "a0.ipynb"), alone / "a.ipynb")
    refused = call("grade", alone, "--csv", tmp_path / "x.csv")
    assert "There is no assignment 'mine' here" in str(refused.exception)
    monkeypatch.setattr("ftkit.core.checkout", lambda: root)
    done = call("grade", folder, "--csv", tmp_path / "x.csv")
    assert done.exit_code == 0, done.exception
    rows = (tmp_path / "x.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:3] for row in rows] == [
        ["a0.ipynb", "a0_warm_up", "0.0"],
        ["a1.ipynb", "a0_warm_up", "0.0"],
        ["a2.ipynb", "a0_warm_up", "0.0"],
        ["b.ipynb", "a0_warm_up", "8.0"],
        ["c.ipynb", "a0_warm_up", "0.0"],
    ]
    assert not was_here.exists()


def test_an_answer_below_its_check_is_pointed_at(tmp_path):
    first, second = assignment_of(warm_up).questions
    path = hand_in(tmp_path, "late", None, second.solution)
    notebook = read_notebook(path)
    notebook["cells"].append(dict(cell_type="code", source=first.solution, metadata={}))
    notebook["cells"].append(dict(cell_type="code", source=second.solution, metadata={}))
    write_json(notebook, path)
    report = grade(path, assignment_of(warm_up))
    assert [mark.points for mark in report.marks] == [0, 4]
    assert len(report.notes) == 1, "the second question has lost nothing"
    assert "mean_loss was graded at its check, cell 9. Cell 16 below it" in report.notes[0]


def test_numbers_of_every_kind_come_back():
    import numpy as np

    for kind in sandbox.dtypes:
        tensor = torch.tensor([0, 1]).to(getattr(torch, kind))
        back = sandbox.from_plain(json.loads(json.dumps(sandbox.to_plain(tensor))))
        assert back.dtype == tensor.dtype and back.tolist() == tensor.tolist()
        if kind != "bfloat16":
            assert (
                sandbox.from_plain(sandbox.to_plain(tensor.numpy())).dtype == tensor.numpy().dtype
            )
    turned = np.arange(6, dtype=">i4").reshape(2, 3)[:, ::-1]
    assert sandbox.from_plain(sandbox.to_plain(turned)).tolist() == turned.tolist()
    for odd in (np.longdouble(1), np.zeros(1, np.longdouble)):
        if odd.dtype.itemsize > 8:
            with pytest.raises(sandbox.NotPlain, match="longdouble"):
                sandbox.to_plain(odd)


@pytest.mark.parametrize(
    "result, message",
    [
        ("np.array(['a', 'b'])", "gives an array of str_"),
        ("np.array(['a', None])", "gives an array of object_"),
        ("{1, 2}", "gives a set: that can't be compared"),
        ("bytearray(b'a')", "gives a bytearray: that can't be compared"),
        ("[1.0]", "gives a list. It, or a part of it, is of another kind or shape"),
    ],
)
def test_a_result_of_another_kind_is_named(result, message):
    question = assignment_of(warm_up).questions[1]
    names = {}
    exec(f"import numpy as np\ndef two_class_loss(m):\n    return {result}", names)
    mark = mark_question(question, Here(names))
    assert any(message in told for told in mark.messages), mark.messages


def test_a_table_that_no_spreadsheet_runs():
    mark = grading.Mark("q", 0.0, 1.0, ["=HYPERLINK(1)"])
    row = row_of(grading.Report("@evil.ipynb", "a", [mark], ["+1"]))
    assert row["submission"] == "'@evil.ipynb"
    assert row["q: message"] == "'=HYPERLINK(1)"
    assert row["notes"] == "'+1"


def test_other_notebooks_links_and_empty_folders(tmp_path):
    assignment = assignment_of(warm_up)
    path = hand_in(tmp_path, "other")
    notebook = read_notebook(path)
    notebook["metadata"]["ftkit"]["assignment"] = "a7"
    write_json(notebook, path)
    assert "of the assignment a7" in grade(path, assignment).notes[0]
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)
    assert "A link" in grade(link, assignment).notes[0]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FtkitError, match="no submissions"):
        grade_folder(tmp_path / "empty", assignment, tmp_path / "x.csv")


# The walls


def test_what_a_submission_sees(monkeypatch, walls):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with Sandbox(quick) as box:
        box.run(
            "import os, socket\n"
            "def listed(path): return sorted(os.listdir(path))\n"
            "def environment(): return dict(os.environ)\n"
            "def exists(path): return os.path.exists(path)\n"
            "def write(path): open(path, 'w').write('x')\n"
            "def connect(): socket.create_connection(('127.0.0.1', 22), timeout=1)\n"
            "def rights(): return open('/proc/self/status').read()\n"
        )
        assert "SECRET_TOKEN" not in box.call("environment")
        assert not box.call("exists", str(warm_up))
        assert not box.call("exists", str(root / "tests"))
        assert not box.call("exists", "/run")
        assert not box.call("exists", os.path.expanduser("~/.ssh"))
        assert box.call("exists", str(root / "ftkit" / "core.py"))
        with pytest.raises(AnswerError, match="Read-only"):
            box.call("write", str(root / "ftkit" / "core.py"))
        box.call("write", "/tmp/allowed")
        with pytest.raises(AnswerError):
            box.call("connect")
        status = box.call("rights")
        assert re.search(r"CapEff:\s+0+\n", status) and re.search(r"NoNewPrivs:\s+1", status)
        processes = [name for name in box.call("listed", "/proc") if name.isdigit()]
        assert len(processes) <= 1


def test_a_fork_bomb_meets_the_limit_of_processes(walls):
    "Its clock is a minute, so that on a slow machine too the number of processes stops it."
    bomb = "import os, time\nwhile os.fork(): time.sleep(0.03)\ntime.sleep(60)"
    small = Allowance(seconds=60, memory=1e9, tasks=6)
    with Sandbox(small) as box, pytest.raises(Stopped, match="more than 6 processes"):
        box.run(bomb)


def test_what_comes_back_is_plain(tmp_path):
    with Sandbox(quick) as box:
        box.run("def give(n): return [object(), [[1]], 'x' * n, {1: 2.5}][n]")
        with pytest.raises(AnswerError, match="object") as error:
            box.call("give", 0)
        assert "NotPlain" in error.value.kinds
        assert box.call("give", 1) == [[1]]
        assert box.call("give", 3) == {1: 2.5}
        with pytest.raises(IndexError):
            box.call("give", 4)
        box.run("def flood(): return 'x' * 10**8")
        with pytest.raises(Stopped, match="more than an answer"):
            box.call("flood")


def test_a_process_waits_until_its_number_is_sent(tmp_path):
    source = f"""
import os, socket, time
from dataclasses import asdict
import ftkit.kit.sandbox as sandbox

real = sandbox.send

def slow(channel, message):
    if message["id"] == "born":
        time.sleep(0.5)
    real(channel, message)

sandbox.send = slow
pipe, nursery = socket.socketpair()
order = dict(allowance=asdict(sandbox.Allowance()), root={str(tmp_path)!r}, walls=False)
sandbox.fork_cell(nursery, order)
_, (number,), _, _ = socket.recv_fds(pipe, 1, 1)
channel = socket.socket(fileno=number)
print([sandbox.receive(channel)["id"] for _ in range(2)])
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.stdout == "['born', 'ready']\n", done.stderr


def test_without_walls_limits_and_counting_remain():
    threads = "while True:\n    threading.Thread(target=time.sleep, args=(9,)).start()"
    small = Allowance(seconds=2, memory=5e8, tasks=30)
    for source, reason in (
        ("import os\nos._exit(0)", "ended its own process"),
        ("while True: pass", "longer than"),
        ("x = [bytearray(10**8) for _ in range(100)]", "memory|Memory"),
        (f"import threading, time\n{threads}", "more than|can't start"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 22))", "no network"),
    ):
        with Sandbox(small, walls=False) as box, pytest.raises((Stopped, AnswerError)) as error:
            folder = box.root
            box.run(source)
        assert re.search(reason, str(error.value)), error.value
        assert not os.path.exists(folder)


# The command


def call(*arguments):
    app = typer.Typer()
    add_assign(app)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_commands(tmp_path, monkeypatch):
    done = call("build", "a0_warm_up", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    bundle = tmp_path / "out/a0_warm_up/grader/a0_warm_up.json"
    assert str(bundle) in done.stdout.replace("\n", "")
    student = tmp_path / "out/a0_warm_up/student/a0_warm_up.ipynb"
    graded = call("grade", student)
    assert graded.exit_code == 1
    assert graded.stdout.startswith("a0_warm_up.ipynb: 0 of 8 points in a0_warm_up")
    assert "mean_loss is not written yet" in graded.stdout
    solution = tmp_path / "out/a0_warm_up/solution/a0_warm_up.ipynb"
    assert call("grade", solution, "--assignment", bundle).exit_code == 0
    monkeypatch.setattr(grading, "source_of", lambda name: None)  # an installed package
    alone = call("grade", solution)
    assert isinstance(alone.exception, FtkitError)
    assert "they don't grade it" in str(alone.exception), "its own tests are no grader's"
    torn = tmp_path / "torn.json"
    torn.write_text('{"a": ')
    folder = ("grade", student.parent, "--assignment", bundle)
    for arguments, message in (
        (("build", "a99"), "no assignment 'a99'"),
        (("grade", tmp_path / "none.ipynb"), "There is no"),
        (("grade", tmp_path), "needs --csv"),
        (("grade", solution, "--assignment", "x.json"), "no bundle"),
        (("grade", tmp_path / "out", "--csv", tmp_path / "x.csv"), "There is no assignment"),
        (("grade", solution, "--assignment", torn), "torn.json holds no tests"),
        (("build", "a0_warm_up", "--out", torn), "torn.json is a file"),
        ((*folder, "--csv", tmp_path / "none" / "x.csv"), "in a folder that exists"),
        ((*folder, "--csv", tmp_path), "in a folder that exists"),
        ((*folder, "--csv", tmp_path / "ann.ipynb"), "ends in .csv"),
        ((*folder, "--csv", tmp_path / "x.csv", "--reports", student.parent), "another folder"),
        (("grade", student, "--assignment", bundle, "--reports", torn), "is for a folder"),
        ((*folder, "--csv", tmp_path / "x.csv", "--reports", torn), "torn.json is a file"),
    ):
        refused = call(*arguments)
        assert isinstance(refused.exception, FtkitError)
        assert message in str(refused.exception)
