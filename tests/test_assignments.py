"""Learner's copies: what is in them, what an update keeps, what is noted, and a real JupyterLab."""

import copy
import itertools
import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

import nbformat
import pytest
from conftest import lessons, notebooks, read, root, tags
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import OpenNotebook, jupyterlab
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from typer.testing import CliRunner

from ftkit.core import FtkitError
from ftkit.kit import assignments, cli
from ftkit.kit.assignments import (
    Merged,
    exercises_of,
    learner_folder,
    lessons_of,
    make_copy,
    merge,
    note_solved,
    read_progress,
    status_text,
    unpacked,
    write_course,
)

stub = 'def halve(x):\n    "x: a number"\n    raise NotImplementedError'
answer = "def halve(x):\n    whole = x\n    return whole / 2"
checking = 'with check("halve"):\n    assert halve(6) == 3, "half of 6 is 3: divide, do not double"'
place = "1_part/10_halves.ipynb"


def code(name, source, *tags):
    return new_code_cell(source, id=name, metadata=dict(tags=list(tags)) if tags else {})


def text(name, source, *tags):
    return new_markdown_cell(source, id=name, metadata=dict(tags=list(tags)) if tags else {})


def small_lesson():
    "A lesson of one exercise that needs no time."
    hint = "<details><summary>Hint 1</summary>\n\nDivide.\n\n</details>"
    cells = [
        new_raw_cell("---\ntitle: Halves\n---", id="front"),
        text("title", "# Halves\n\n> After this lesson you can halve."),
        text(
            "cost",
            "**At scale `cpu`: 0 min 1 s.** Builds on [00](../0_start/00_core.ipynb).",
            "cost",
        ),
        code("exp", "#| default_exp halves"),
        code("dial", "scale = None\nseed = 0", "parameters"),
        code("hide", "#| hide\nfrom fastcore.test import *"),
        code("imports", "#| export\nfrom ftkit.core import check, setup"),
        code("begin", 'run = setup("10_halves", scale=scale, seed=seed)'),
        text("problem", "You have 6 and need half.\n\n## The idea\n\nTwo equal parts."),
        code("ours", "#| export\ndef half(n):\n    return n / 2", "reveal"),
        code("use", "print(half(4))"),
        text("package", "That was all.\n\n## Into the package\n\nNow with errors."),
        code("ship", "#| exports\ndef safe_half(n):\n    return half(float(n))"),
        text("turn", "## Your turn\n\n### Exercise 1: halve it\n\nEasy, 1 minute."),
        code("stub", stub, "exercise"),
        text("hint", hint, "hint"),
        code("answer", answer, "solution"),
        code("check", checking, "check"),
        text("record", "## The record of this lesson"),
        code("finish", "run.finish()"),
    ]
    metadata = dict(kernelspec=dict(display_name="python3", language="python", name="python3"))
    return new_notebook(cells=cells, metadata=metadata)


def changed(notebook, **sources):
    "The notebook with other sources in some cells, by id."
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        cell["source"] = sources.pop(cell["id"], cell["source"])
    assert not sources, f"no cells {list(sources)}"
    return notebook


def by_id(notebook):
    return {cell["id"]: cell for cell in notebook["cells"]}


@pytest.fixture
def checkout(tmp_path):
    "A checkout of one lesson, to which `publish` gives another edition."
    (tmp_path / "checkout" / "nbs" / "1_part").mkdir(parents=True)
    publish(tmp_path / "checkout", small_lesson())
    return tmp_path / "checkout"


def publish(checkout, lesson):
    nbformat.write(lesson, checkout / "nbs" / place)


@pytest.fixture
def course(tmp_path, checkout):
    "A learner's folder of that lesson."
    write_course(tmp_path / "course", root=checkout)
    return tmp_path / "course"


def edit(course, **sources):
    "The learner writes into the copy."
    notebook = json.loads((course / place).read_text())
    (course / place).write_text(json.dumps(changed(notebook, **sources), indent=1))


def files_of(folder):
    "Every file below a folder, with its bytes."
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# The copy


def test_the_copy_of_a_small_lesson():
    mine = make_copy(small_lesson())
    nbformat.validate(mine)
    cells = mine["cells"]
    assert [c["id"] for c in cells] == [
        "title", "cost", "problem", "begin", "problem-section", "ours-note", "ours", "use",
        "package", "package-heading", "package-text", "ship", "turn", "stub", "hint", "check",
        "record", "finish",
    ]  # fmt: skip
    by = by_id(mine)
    begin = by["begin"]
    assert begin["source"].splitlines()[0] == assignments.setup_line
    for line in ("scale = None", "from fastcore.test import *", "run = setup("):
        assert line in begin["source"]
    assert begin["metadata"]["jupyter"] == dict(source_hidden=True)
    for name in ("package-heading", "record"):
        assert by[name]["source"].startswith("## ") and "\n" not in by[name]["source"]
        assert by[name]["metadata"]["jp-MarkdownHeadingCollapsed"] is True
    assert by["ours"]["metadata"]["jupyter"] == dict(source_hidden=True)
    assert "exercise 1" in by["ours-note"]["source"]
    assert set(by["check"]["metadata"]["tags"]) == {"check", "raises-exception"}
    assert by["stub"]["source"] == stub
    assert mine["metadata"]["kernelspec"]["name"] == "python3"
    assert answer.splitlines()[1].strip() not in json.dumps(mine)


def test_a_solved_exercise_unfolds_what_gave_it_away():
    solved = make_copy(small_lesson(), solved=["halve"])
    assert "ours-note" not in by_id(solved)
    assert "jupyter" not in by_id(solved)["ours"]["metadata"]
    assert make_copy(small_lesson(), solved=["another"]) == make_copy(small_lesson())


@pytest.mark.parametrize(
    "source, tags, number",
    [
        ("def double(x):\n    return x", [], 2),  # it defines what the second one asks for
        ("y = whole / 2\nhalf = y", [], 1),  # it is most like the first one's solution
        ("y = whole / 2\nhalf = y", ["double"], 2),  # the tag decides
    ],
)
def test_a_revealing_cell_finds_its_exercise(source, tags, number):
    lesson = small_lesson()
    by_id(lesson)["ours"].update(source=source)
    by_id(lesson)["ours"]["metadata"]["tags"] = ["reveal", *tags]
    second = [
        "def double(x):\n    return x + x",
        'with check("double"):\n    assert double(1) == 2',
    ]
    more = [code("answer2", second[0], "solution"), code("check2", second[1], "check")]
    lesson["cells"][-2:-2] = more
    assert f"exercise {number} " in by_id(make_copy(lesson))["ours-note"]["source"]


@pytest.mark.parametrize(
    "stem, pairs",
    [
        ("12_backpropagation", {"in_order": "sorted_values"}),
        ("11_losses", {"binary_cross_entropy": "binary_loss", "log_softmax": "stable_log_softmax"}),
        ("15_evaluation", {"expected_calibration_error": "calibration_error"}),
    ],
)
def test_revealing_cells_of_the_course_find_their_exercises(stem, pairs):
    path = next(path for path in lessons() if path.stem == stem)
    exercises = exercises_of(read(path))
    found = {}
    for cell in read(path).cells:
        if "reveal" in tags(cell):
            name = re.search(r"^def (\w+)", cell.source, re.M)
            if name:
                found[name[1]] = assignments.answered_by(cell, exercises).name
    for name, exercise in pairs.items():
        assert found.get(name, exercise) == exercise


def test_a_lesson_without_exercises_folds_no_cell_for_them():
    lesson = small_lesson()
    lesson["cells"] = [c for c in lesson["cells"] if c["id"] not in ("stub", "answer", "check")]
    by = by_id(make_copy(lesson))
    assert "ours-note" not in by and "jupyter" not in by["ours"]["metadata"]


@pytest.fixture(scope="module")
def copies():
    "The copies of the course's own lessons: place -> copy."
    found = lessons_of(root)
    headings = {place: assignments.headings_of(notebook) for place, notebook in found.items()}
    return {place: make_copy(nb, place, headings) for place, nb in found.items()}


def test_each_lesson_with_exercises_and_the_front_page_has_a_copy(copies):
    wanted = {"index.ipynb"}
    for path in lessons():
        if any("exercise" in tags(cell) for cell in read(path).cells):
            wanted.add(path.relative_to(root / "nbs").as_posix())
    assert wanted <= set(copies)
    assert not [place for place in copies if place.startswith("7_")]
    assert next(iter(copies)) == "index.ipynb"


def test_the_copies_of_the_course(copies):
    for place, mine in copies.items():
        nbformat.validate(mine)
        cells = mine["cells"]
        lesson = read(root / "nbs" / place)
        known = {c.id for c in lesson.cells}
        for cell in cells:
            stem = re.sub("-(note|heading|text|section)$", "", cell["id"])
            assert stem in known, f"{place}: a cell with an id of its own: {cell['id']}"
        assert len(by_id(mine)) == len(cells)
        assert cells[0]["source"].startswith("# "), f"{place} does not begin with its title"
        setups = [i for i, c in enumerate(cells) if c["source"].startswith(assignments.setup_line)]
        assert len(setups) == 1 and setups[0] > 0, place
        assert all(c["cell_type"] == "markdown" for c in cells[: setups[0]]), place
        for cell in cells:
            assert cell["cell_type"] != "raw"
            if cell["cell_type"] == "code":
                assert not re.search(r"^#\|", cell["source"], re.M), f"{place}: a directive"
                assert cell["outputs"] == []
                if "check" in cell["metadata"].get("tags", []):
                    assert "raises-exception" in cell["metadata"]["tags"]


def test_no_copy_holds_a_solution(copies):
    for place, mine in copies.items():
        shown = "\n".join(c["source"] for c in mine["cells"])
        for cell in read(root / "nbs" / place).cells:
            if "solution" in tags(cell):
                assert cell.source not in shown, f"{place}: {cell.source[:60]!r}"
                assert cell.id not in by_id(mine)


def links_of(source):
    "Local targets of links, found in another way than by the code under test."
    source = re.sub(r"```.*?```", "", source, flags=re.S)
    source = re.sub(r"`[^`\n]*`", "", source)
    found = re.findall(r"\]\(([^)\s]+)", source) + re.findall(r'href="([^"]+)"', source)
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def test_every_link_of_a_copy_leads_somewhere(copies, tmp_path):
    written = write_course(tmp_path / "course")
    seen = 0
    for place in written.there:
        path = tmp_path / "course" / place
        for cell in read(path).cells:
            if cell.cell_type != "markdown":
                continue
            for target in links_of(cell.source):
                seen += 1
                file, _, anchor = target.partition("#")
                there = (path.parent / file).resolve() if file else path
                assert there.is_file(), f"{place} links to {target}"
                headings = assignments.headings_of(copies[place] if not file else read(there))
                if anchor:
                    ids = {re.sub("[`*]", "", h).replace(" ", "-") for h in headings}
                    assert anchor in ids, f"{place} links to {target}"
    assert seen > 20


@pytest.mark.parametrize(
    "source, wanted",
    [
        ("[one](11_one.ipynb)", "[one](11_one.ipynb)"),
        ("[x `f`](11_one.ipynb#one-x)", "[x `f`](11_one.ipynb#One-x)"),
        ("[gone](../7_kit/70_bands.ipynb#band)", "gone"),
        ("[no heading](11_one.ipynb#none)", "[no heading](11_one.ipynb)"),
        ("[here](#two-parts)", "[here](#Two-parts)"),
        ("[not here](#none)", "not here"),
        ("[a [1]](gone.md) and [b](gone.md)", "a [1] and b"),
        ("![a picture](gone.png)", "a picture"),
        ("`[code](gone.md)`", "`[code](gone.md)`"),
        ("```\n[code](gone.md)\n```", "```\n[code](gone.md)\n```"),
        ("[web](https://pytorch.org/a#b)", "[web](https://pytorch.org/a#b)"),
        ('<a href="gone.md">gone</a>', "gone"),
        ('<a class="x" href="11_one.ipynb">one</a>', '<a class="x" href="11_one.ipynb">one</a>'),
        (
            '```mermaid\nflowchart LR\n  A --> B\n  click A href "11_one.ipynb" "One"\n'
            '  click B href "../gone.md" "Gone"\n```',
            '```mermaid\nflowchart LR\n  A --> B\n  click A href "11_one.ipynb" "One"\n```',
        ),
    ],
)
def test_links(source, wanted):
    headings = {place: ["Two parts"], "1_part/11_one.ipynb": ["One `x`"]}
    assert assignments.mend_links(source, place, headings) == wanted


# An update: three versions of each cell


def notebook_of(cells):
    "A notebook of code cells: id -> source."
    made = [new_code_cell(source, id=name) for name, source in cells.items()]
    return json.loads(json.dumps(new_notebook(cells=made)))


sides = dict(base=(None, "A"), mine=(None, "A", "B"), new=(None, "A", "C", "B"))


@pytest.mark.parametrize("base, mine, new", itertools.product(*sides.values()))
def test_one_cell_in_every_combination(base, mine, new):
    "Wherever it was, is and will be: what somebody changed is there, what nobody wants is not."

    def book(source):
        return notebook_of({"x": source} if source else {})

    done = merge(book(base), book(mine), book(new))
    shown = [
        cell["source"].removeprefix(assignments.beside_code) for cell in done.notebook["cells"]
    ]
    wanted = []
    if new is not None and new != base:
        wanted.append(new)  # the lesson's change
    if mine is not None and mine != base and mine not in wanted:
        wanted.append(mine)  # the learner's change
    if base is not None and base == mine == new:
        wanted.append(base)
    if base is None and None not in (mine, new) and mine == new:
        wanted = [mine]
    assert sorted(shown) == sorted(wanted)
    both = None not in (mine, new) and len({base, mine, new}) == 3
    assert done.both == both
    if both:
        assert shown[-1] == mine, "the learner's stands below, so that it counts"
        assert done.notebook["cells"][-1]["id"] == "x"


names = st.sampled_from([f"c{i}" for i in range(7)])


@st.composite
def updates(draw):
    "A base, and what a learner and a lesson have made of it."
    base = {f"c{i}": f"text {i}" for i in range(6)}

    def side(word):
        cells = dict(base)
        for name in draw(st.sets(st.sampled_from(sorted(base)), max_size=3)):
            cells[name] = f"{word} {name}"
        for name in draw(st.sets(st.sampled_from(sorted(base)), max_size=2)):
            del cells[name]
        order = list(cells)
        if draw(st.booleans()):
            order = draw(st.permutations(order))
        for i in range(draw(st.integers(0, 2))):
            name = f"{word}{i}"
            cells[name] = f"{word} added {i}"
            order.insert(draw(st.integers(0, len(order))), name)
        return {name: cells[name] for name in order}

    return base, side("learner"), side("lesson")


@settings(max_examples=100, deadline=None)
@given(updates())
def test_any_update_keeps_what_the_learner_wrote(update):
    base, mine, new = update
    versions = [notebook_of(cells) for cells in update]
    before = copy.deepcopy(versions)
    done = merge(*versions)
    assert versions == before, "nothing is changed in place"
    nbformat.validate(done.notebook)
    shown = {cell["id"]: cell["source"] for cell in done.notebook["cells"]}
    assert len(shown) == len(done.notebook["cells"])
    for name, source in mine.items():
        if base.get(name) != source:
            assert shown[name] == source, "the learner's own"
    for name, source in new.items():
        if base.get(name) != source:
            assert source in "\n".join(shown.values()), "the lesson's change"
    for name, source in base.items():
        dropped = name not in mine or name not in new
        if dropped and mine.get(name, source) == new.get(name, source) == source:
            assert name not in shown, "one took it away, and the other did not care"
    assert merge(versions[2], done.notebook, versions[2]) == Merged(done.notebook, 0)
    again = merge(versions[0], done.notebook, versions[2])  # killed before the base was written
    assert {c["id"]: c["source"] for c in again.notebook["cells"]} == shown


@settings(max_examples=50, deadline=None)
@given(updates())
def test_what_the_learner_added_stays_behind_what_it_followed(update):
    base, mine, _ = update
    done = merge(*[notebook_of(cells) for cells in update])
    order = [cell["id"] for cell in done.notebook["cells"]]
    yours = list(mine)
    for name in yours:
        follows = yours[: yours.index(name)]
        moved = [n for n in base if n in mine] != [n for n in yours if n in base]
        if not name.startswith("learner") or not follows or moved:
            continue
        if follows[-1] in order:
            between = order[order.index(follows[-1]) + 1 : order.index(name)]
            assert not [n for n in between if n in mine], "another cell of the learner's between"
            assert order.index(follows[-1]) < order.index(name)


def test_the_learners_order_and_the_lessons_order():
    base = notebook_of(dict(a="1", b="2", c="3"))
    moved = notebook_of(dict(c="3", a="1", b="2"))
    longer = notebook_of(dict(a="1", b="2", n="new", c="3"))
    order = [c["id"] for c in merge(base, moved, longer).notebook["cells"]]
    assert order == ["c", "a", "b", "n"], "the learner's order; the new cell behind b"
    order = [c["id"] for c in merge(base, longer, moved).notebook["cells"]]
    assert order == ["c", "a", "b", "n"], "the lesson's order; the learner's cell behind b"


def test_outputs_and_folding_are_the_learners():
    base = make_copy(small_lesson())
    mine = copy.deepcopy(base)
    ran = [dict(output_type="stream", name="stdout", text="2.0\n")]
    by_id(mine)["use"].update(outputs=ran, execution_count=7)
    by_id(mine)["begin"]["metadata"]["jupyter"] = dict(source_hidden=False)
    by_id(mine)["turn"]["metadata"]["mark"] = "mine"
    mine["metadata"]["kernelspec"]["display_name"] = "My kernel"
    new = changed(base, use="print(half(8))", begin="a = 1")
    by_id(new)["finish"]["metadata"]["tags"] = ["new"]
    done = by_id(merge(base, mine, new).notebook)
    assert done["use"] == dict(by_id(mine)["use"], source="print(half(8))")
    assert done["begin"]["source"] == "a = 1"
    assert done["begin"]["metadata"]["jupyter"] == dict(source_hidden=False)
    assert done["turn"]["metadata"]["mark"] == "mine"
    assert done["finish"]["metadata"]["tags"] == ["new"]
    assert merge(base, mine, new).notebook["metadata"] == mine["metadata"]


def test_a_cell_may_change_its_kind():
    base = notebook_of(dict(a="1", b="2"))
    new = copy.deepcopy(base)
    new["cells"][0] = json.loads(json.dumps(new_markdown_cell("text", id="a")))
    mine = copy.deepcopy(base)
    mine["cells"][0]["outputs"] = [dict(output_type="stream", name="stdout", text="1")]
    done = merge(base, mine, new).notebook
    nbformat.validate(done)
    assert done["cells"][0]["cell_type"] == "markdown"


def test_texts_that_were_kept_twice_are_not_kept_three_times():
    base = notebook_of(dict(a="1"))
    mine = notebook_of(dict(a="mine"))
    second = notebook_of(dict(a="2"))
    third = notebook_of(dict(a="3"))
    done = merge(base, mine, second)
    done = merge(second, done.notebook, third)
    assert done.both == 1
    shown = by_id(done.notebook)
    assert list(shown) == ["a-new", "a-new-2", "a"]
    assert merge(third, done.notebook, third).notebook == done.notebook
    nbformat.validate(done.notebook)


def test_cells_without_an_id_of_their_own_get_one():
    "An older editor writes none; copying by hand writes one twice."
    base = make_copy(small_lesson())
    mine = copy.deepcopy(base)
    for cell in mine["cells"]:
        del cell["id"]
    mine["nbformat_minor"] = 4
    given_ids = assignments.give_ids(mine, base)
    assert [c["id"] for c in given_ids["cells"]] == [c["id"] for c in base["cells"]]
    nbformat.validate(given_ids)
    twice = copy.deepcopy(base)
    twice["cells"].append(dict(twice["cells"][0], source="mine"))
    assert assignments.give_ids(twice, base)["cells"][-1]["id"] == "own"
    nbformat.validate(twice)


# The folder


def test_running_again_adds_what_is_new_and_overwrites_nothing(course, checkout):
    edit(course, stub=answer, title="# My halves")
    before = files_of(course)
    publish(checkout, changed(small_lesson(), title="# Halves\n\n> Better."))
    second = small_lesson()
    nbformat.write(second, checkout / "nbs" / "1_part" / "11_more.ipynb")
    done = write_course(course, root=checkout)
    assert done.new == ["1_part/11_more.ipynb"] and done.changed == []
    assert done.older == [place]
    after = files_of(course)
    for path, content in before.items():
        assert after[path] == content or path.name == "exercises.json"
    (course / place).unlink()
    assert write_course(course, root=checkout).new == [place], "what was deleted is written again"


def test_an_update_merges_and_says_what_it_kept_twice(course, checkout):
    edit(course, stub=answer, use="print(half(10))")
    lesson = changed(small_lesson(), stub=f"{stub}  # a float", title="# Halves\n\n> Better.")
    publish(checkout, lesson)
    done = write_course(course, update=True, root=checkout)
    assert done.changed == [place] and done.both == {place: 1}
    by = by_id(json.loads((course / place).read_text()))
    assert by["stub"]["source"] == answer
    assert by["stub-new"]["source"].splitlines()[0] == assignments.beside_code.strip()
    assert by["use"]["source"] == "print(half(10))"
    assert by["title"]["source"].endswith("Better.")
    before = files_of(course)
    again = write_course(course, update=True, root=checkout)
    assert (again.changed, again.both, again.older) == ([], {}, [])
    assert files_of(course) == before


def broken(path):
    path.write_text('{"cells": [\n<<<<<<< mine')


def without_cells(path):
    path.write_text('{"metadata": {}}')


def read_only(path):
    path.chmod(0o444)


@pytest.mark.parametrize(
    "damage, sentence",
    [
        (broken, "is not JSON"),
        (without_cells, "is not a notebook"),
        (read_only, "is read-only"),
    ],
)
def test_a_damaged_copy_is_a_sentence_and_nothing_is_written(
    course, checkout, tmp_path, damage, sentence
):
    "Not one file is touched, not even of lessons whose copies are sound."
    other = "1_part/11_more.ipynb"
    nbformat.write(small_lesson(), checkout / "nbs" / other)
    write_course(course, root=checkout)
    for notebook in (place, other):
        better = changed(small_lesson(), title="# Halves\n\n> Better.")
        nbformat.write(better, checkout / "nbs" / notebook)
    damage(course / other)
    before = files_of(tmp_path)
    with pytest.raises(FtkitError, match=sentence) as e:
        write_course(course, update=True, root=checkout)
    assert "11_more.ipynb" in str(e.value) and len(str(e.value).splitlines()) == 1
    assert files_of(tmp_path) == before
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part")]


def test_where_nothing_can_be_written_nothing_is_left(checkout, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FtkitError, match="Cannot write"):
        write_course(tmp_path / "file" / "course", root=checkout)
    with pytest.raises(FtkitError, match="is a file"):
        write_course(tmp_path / "file", root=checkout)
    with pytest.raises(FtkitError, match="holds other files"):
        write_course(tmp_path, root=checkout)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkout", "file"]


def test_a_killed_first_run_leaves_no_folder(checkout, tmp_path, monkeypatch):
    def interrupted(value, path):
        raise KeyboardInterrupt

    monkeypatch.setattr(assignments, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_course(tmp_path / "course", root=checkout)
    assert not (tmp_path / "course").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkout"]


def test_a_file_in_the_way_is_left_alone(course, checkout):
    shutil.rmtree(course / ".ftkit" / "base")
    edit(course, stub=answer)
    before = (course / place).read_bytes()
    assert write_course(course, update=True, root=checkout).foreign == [place]
    assert (course / place).read_bytes() == before


def test_an_installed_package_without_lessons_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("ftkit.core.checkout", lambda: None)
    with pytest.raises(FtkitError, match="installed without its notebooks"):
        write_course(tmp_path / "course")
    assert not (tmp_path / "course").exists()


def test_the_solutions_cannot_be_read_by_accident(course):
    for path, content in files_of(course).items():
        assert b"whole" not in content, f"{path.name} shows the solution"
    listed = json.loads((course / ".ftkit" / "exercises.json").read_text())
    assert unpacked(listed["10_halves"]["exercises"][0]["solution"]) == answer


# Progress


def test_a_pass_is_noted_once_and_offers_the_solution(course, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(assignments, "show_solution", lambda *texts: shown.append(texts))
    monkeypatch.chdir(course / "1_part")
    assignments.passed("10_halves", "halve")
    first = read_progress(course)
    assert list(first) == ["10_halves"] and list(first["10_halves"]) == ["halve"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", first["10_halves"]["halve"])
    assert shown == [("1 of 1 exercises solved in this lesson.", answer)]
    time.sleep(1)
    assignments.passed(None, "halve")  # only one lesson has it
    assert read_progress(course) == first, "the time of the first pass stays"
    assert len(shown) == 2
    for lesson, exercise in (("10_halves", "another"), ("99_none", "halve"), (None, "another")):
        assignments.passed(lesson, exercise)
    assert read_progress(course) == first and len(shown) == 2
    assert capsys.readouterr().out == ""


def test_outside_a_learners_folder_nothing_happens(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assignments, "show_solution", lambda *texts: 1 / 0)
    assert learner_folder() is None
    assignments.passed("10_halves", "halve")
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().out == ""


@pytest.mark.parametrize("content", ["{", "[]", '{"solved": 3}', '{"solved": {"a": 1}}'])
def test_broken_progress_is_a_sentence(course, monkeypatch, capsys, content):
    progress = course / ".ftkit" / "progress.json"
    progress.write_text(content)
    with pytest.raises(FtkitError, match=r"progress\.json"):
        status_text(course)
    monkeypatch.chdir(course)
    assignments.passed("10_halves", "halve")  # in a notebook: no traceback, and nothing lost
    assert "could not be noted" in capsys.readouterr().out
    assert progress.read_text() == content


@pytest.mark.parametrize("broken", ["{}", '{"exercises": [{"name": "halve", "solution": "%%"}]}'])
def test_a_broken_list_of_exercises_is_a_sentence(course, monkeypatch, capsys, broken):
    (course / ".ftkit" / "exercises.json").write_text(f'{{"10_halves": {broken}}}')
    monkeypatch.chdir(course)
    assignments.passed("10_halves", "halve")
    assert "say 'ftkit course'" in capsys.readouterr().out


def test_two_kernels_note_at_the_same_time(course):
    names = [f"exercise_{i}" for i in range(6)]
    threads = [
        threading.Thread(target=note_solved, args=(course, f"lesson_{i % 3}", name))
        for i, name in enumerate(names)
    ]
    program = (
        "import sys; from pathlib import Path; from ftkit.kit.assignments import note_solved\n"
    )
    program += "for i in range(6): note_solved(Path(sys.argv[1]), 'other', f'exercise_{i}')"
    other = subprocess.Popen([sys.executable, "-c", program, str(course)])
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait() == 0
    solved = read_progress(course)
    assert sorted(name for i in range(3) for name in solved[f"lesson_{i}"]) == sorted(names)
    assert len(solved["other"]) == 6


def test_importing_is_quick():
    "Each kernel imports this module at its first passed check."
    program = "import sys, ftkit.kit.assignments\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "ftkit.kit.assignments" in loaded, done.stderr
    assert not loaded & {"torch", "numpy", "pandas", "typer", "rich", "nbformat", "filelock"}


# The command


def call(command):
    return CliRunner().invoke(cli.app, shlex.split(command))


def test_the_command_writes_updates_and_says_the_status(checkout, tmp_path, monkeypatch):
    monkeypatch.setattr("ftkit.core.checkout", lambda: checkout)
    monkeypatch.chdir(tmp_path)
    first = call("course")
    assert first.exit_code == 0, first.stderr
    line = first.stdout.splitlines()[0]
    assert line == "Your copies: course (1 notebooks, 1 new). Open them: jupyter lab course"
    monkeypatch.chdir(tmp_path / "course" / "1_part")
    status = call("course --status").stdout
    assert status.splitlines()[0] == "0 of 1 exercises solved"
    assert re.search(r"^10_halves +0 of 1$", status, re.M) and "open    halve" in status
    note_solved(tmp_path / "course", "10_halves", "halve")
    status = call("course --status").stdout
    assert status.startswith("1 of 1 exercises solved\n") and "solved  halve" in status
    again = call("course").stdout
    assert f"unfolded what you have solved: {place}" in again
    monkeypatch.chdir(tmp_path)
    edit(tmp_path / "course", stub=answer)
    publish(checkout, changed(small_lesson(), stub=f"{stub}  # a float"))
    assert "something new: 'ftkit course --update'" in call("course").stdout
    update = call("course --update").stdout
    assert "1 cell was changed by you and by the lesson; both are kept." in update
    assert all(len(line) <= 100 for line in update.splitlines()[1:])


def test_bad_input_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    for command, sentence in (
        ("course --status", "There are no copies of lessons in course"),
        ("course file", "is a file"),
        ("course .", "holds other files"),
        ("course --nope", "--nope"),
    ):
        result = call(command)
        assert result.exit_code == 2 and sentence in result.stderr
        assert "Traceback" not in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_status_fits_into_80_columns(copies, tmp_path):
    write_course(tmp_path / "course")
    listed = assignments.exercise_list(lessons_of(root))
    for stem, entry in listed.items():
        for exercise in entry["exercises"][::2]:
            note_solved(tmp_path / "course", stem, exercise["name"])
    status = status_text(tmp_path / "course")
    assert max(map(len, status.splitlines())) <= 80
    total = sum(len(entry["exercises"]) for entry in listed.values())
    assert re.match(rf"\d+ of {total} exercises solved\n", status)


# In a kernel


def run_copy(course, **sources):
    "The outputs of the copy, run in a kernel of its own as JupyterLab would: cell id -> outputs."
    from nbclient import NotebookClient

    edit(course, **sources)
    notebook = nbformat.read(course / place, 4)
    resources = dict(metadata=dict(path=str(course / "1_part")))
    NotebookClient(notebook, timeout=120, resources=resources, kernel_name="python3").execute()
    return {c.id: c.get("outputs", []) for c in notebook.cells}


def test_a_copy_says_what_is_wrong_and_notes_what_is_right(course):
    outputs = run_copy(course)
    assert outputs["check"][0].evalue == "halve is not written yet."
    assert outputs["check"][0].traceback == ["Not yet: halve is not written yet."]
    assert outputs["finish"], "the cells below a failed check run all the same"
    outputs = run_copy(course, stub="def halve(x):\n    return 2 * x")
    assert outputs["check"][0].evalue == "half of 6 is 3: divide, do not double"
    assert read_progress(course) == {}
    outputs = run_copy(course, stub="def halve(x):\n    return 0.5 * x")
    assert outputs["check"][0].text == "halve: passed\n"
    compared = outputs["check"][1].data
    assert compared["text/plain"] == "1 of 1 exercises solved in this lesson."
    assert f"```python\n{answer}\n```" in compared["text/markdown"]
    assert "<details>" in compared["text/markdown"]
    assert list(read_progress(course)["10_halves"]) == ["halve"]


def test_every_noted_exercise_of_the_course_has_its_solution():
    for path in notebooks():
        for exercise in exercises_of(read(path)):
            compile(exercise.solution, exercise.name, "exec")
            assert re.search(rf"(def|class) {exercise.name}\b", exercise.solution), exercise.name


# In JupyterLab, in a browser


@pytest.fixture
def opened(course, browser, tmp_path):
    "The copy, open in JupyterLab."
    with jupyterlab(course, tmp_path) as address:
        notebook = OpenNotebook(browser, address, place)
        yield notebook
        notebook.page.close()


def test_a_learner_solves_an_exercise_in_jupyterlab(opened, course):
    page = opened.page
    cell = opened.cell
    run = opened.run
    write = opened.write
    picture = opened.picture
    prose = page.locator(".jp-MarkdownOutput")
    divide = prose.get_by_text("Divide.", exact=True)

    # Opened: title and problem, and below them the set-up, folded to its first line.
    for text in ("After this lesson", "You have 6", "Hint 1"):
        prose.get_by_text(text).first.wait_for()
    seen = page.locator(".jp-Notebook").inner_text()
    assert seen.index("After this lesson") < seen.index("You have 6") < seen.index("# Set-up")
    assert "fastcore" not in seen and "title: Halves" not in seen
    assert "exercise 1 asks you for this" in seen
    assert "n / 2" not in seen, "what gives the answer away is folded"
    assert "safe_half" not in seen, "what is for the package is folded"
    assert "Hint 1" in seen and not divide.is_visible()
    picture("1_opened")

    # From the top with Shift+Enter: title, cost, problem, set-up.
    cell("After this lesson").click()
    for _ in range(4):
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(500)  # until JupyterLab has moved on to the next cell
    cell("10_halves at scale smoke").wait_for()
    assert "fastcore" not in page.locator(".jp-Notebook").inner_text(), "it stays folded"
    run("raise NotImplementedError")
    run('with check("halve")')
    page.get_by_text("Not yet: halve is not written yet.").wait_for()

    write("raise NotImplementedError", "def halve(x):\n    return 2 * x")
    run("return 2 * x")
    run('with check("halve")')
    page.get_by_text("Not yet: half of 6 is 3: divide, do not double").wait_for()
    assert page.get_by_text("Traceback").count() == 0
    picture("2_wrong")
    prose.get_by_text("Hint 1").click()
    assert divide.is_visible()

    write("return 2 * x", "def halve(x):\n    return x * 0.5")
    run("return x * 0.5")
    run('with check("halve")')
    page.get_by_text("1 of 1 exercises solved in this lesson.").wait_for()
    assert cell("halve: passed").count() == 1
    solution = page.locator(".jp-OutputArea details", has_text="A solution, to compare with yours")
    assert not solution.get_by_text("whole").first.is_visible()
    solution.locator("summary").click()
    solution.get_by_text("whole").first.wait_for()
    picture("3_passed")
    assert status_text(course).startswith("1 of 1 exercises solved")

    # The table of contents knows the sections, those that are folded too.
    page.locator("[data-id='table-of-contents']").click()
    contents = page.locator(".jp-TableOfContents-content")
    for title in ("Halves", "The idea", "Into the package", "Exercise 1: halve it"):
        contents.get_by_text(title, exact=True).first.wait_for()
    picture("4_contents")

    # Saved, and the next `ftkit course` unfolds the lesson's own version and nothing else.
    page.keyboard.press("Control+s")
    saved = course / place
    for _ in range(100):
        if "x * 0.5" in saved.read_text():
            break
        time.sleep(0.1)
    checkout = course.parent / "checkout"
    assert write_course(course, root=checkout).changed == [place]
    by = by_id(read(saved))
    assert by["stub"].source == "def halve(x):\n    return x * 0.5"
    assert "passed" in by["check"].outputs[0].text
    assert "jupyter" not in by["ours"].metadata and "ours-note" not in by
    assert by["begin"].metadata.jupyter.source_hidden
