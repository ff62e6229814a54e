"""The report: a page that needs no network, and JUnit XML; stored outputs."""

import io
import json
import re
import sys
import xml.etree.ElementTree as tree
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes
from test_bands import baseline, checks, record
from test_running import cost, ran, write  # noqa: F401

from ftkit.core import FtkitError
from ftkit.kit import bands, reports, running, suite


def report_of(**results):
    sources = [Path(f"{name}.ipynb") for name in results]
    return suite.Suite(Path("runs/x"), "cpu", 0, sources, results)


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_makes_a_well_formed_report(error, why):
    check = bands.Check("f1", "no baseline", 0.5, why)
    found = report_of(
        a=running.Result("a", "failed", error=error or "x"),
        b=running.Result("b", "no baseline", record=record(0), checks=[check]),
    )
    assert tree.fromstring(reports.junit_xml(found)).get("tests") == "2"
    page = reports.report_html(found)
    assert page.count("<details") == 2
    assert page.count("<script") == 0


def test_junit_has_a_case_for_each_number():
    judged = bands.check_band(record(9, control=0.83), baseline())
    found = report_of(a=running.Result("a", "failed", record=record(9), checks=judged, seconds=7))
    cases = tree.fromstring(reports.junit_xml(found)).findall("testcase")
    assert [case.get("name") for case in cases] == ["f1", "majority"]
    assert [case.get("time") for case in cases] == ["7.0", "0.0"]
    assert [len(case.findall("failure")) for case in cases] == [0, 1]


@pytest.mark.parametrize("value, verdict", [(0.83, "passed"), (0.2, "failed")])
def test_a_plot_marks_its_verdict_and_stays_in_its_frame(value, verdict):
    check = checks(record(9, value=value), baseline())["f1"]
    svg = reports.small_plot(check, seeds=[0.82, 0.84] * 5, past=[0.83, -40.0])
    assert f"class='now {verdict}'" in svg
    assert svg.count("class='seed'") == 8, "no more than there is room for"
    assert svg.count("<polyline") == 1
    heights = [float(y) for y in re.findall(r"cy='([\d.]+)'", svg)]
    assert all(0 <= y <= 46 for y in heights)
    assert tree.fromstring(svg).tag == "svg"


def test_the_head_of_a_row_is_the_most_urgent_number():
    judged = bands.check_band(record(9, control=0.83), baseline())
    result = running.Result("x", "failed", record=record(9, control=0.83), checks=judged)
    assert reports.report_row(result, [], baseline())["head"]["name"] == "majority"
    judged = bands.check_band(record(9), baseline())
    result = running.Result("x", "passed", record=record(9), checks=judged)
    assert reports.report_row(result, [], baseline())["head"]["name"] == "f1"


def test_the_kind_of_an_error_is_said_though_its_message_has_many_lines():
    error = "code cell 1, section '' (id a):\n    test_eq(1, 2)\n    ...\nAssertionError: ==:\n1\n2"
    failed = running.Result("x", "failed", error=error + "\n... and 40 more lines")
    said = reports.verdict_text([failed])
    assert said.endswith("x: code cell 1, section '' (id a): AssertionError: ==: 1 2")
    case = tree.fromstring(reports.junit_xml(report_of(x=failed))).find("testcase/failure")
    assert case.get("message") == "AssertionError: ==: 1 2"


def test_the_end_of_a_long_output_is_shown_without_colours(tmp_path):
    traceback = ["\x1b[31mValueError\x1b[0m: the end"]
    error = new_output("error", ename="ValueError", evalue="the end", traceback=traceback)
    printed = new_output("stream", name="stdout", text="x" * 9000)
    cell = new_code_cell("1 / 0", outputs=[printed, error])
    path = tmp_path / "a.ipynb"
    path.write_text(writes(new_notebook(cells=[cell])))
    found = reports.failing_cell(path)
    assert found["source"] == "1 / 0"
    assert found["output"].startswith("[...]\nx")
    assert found["output"].endswith("ValueError: the end")
    assert len(found["output"]) < 4100


def test_what_failed_comes_first_and_stands_open():
    page = reports.report_html(
        report_of(
            a=running.Result("a", "passed"),
            b=running.Result("b", "skipped"),
            c=running.Result("c", "failed", error="<b>why</b>"),
        )
    )
    assert re.findall(r'id="(\w)"( open)?>', page) == [("c", " open"), ("b", ""), ("a", "")]
    assert "&lt;b&gt;why&lt;/b&gt;" in page


def test_both_palettes_name_the_same_colours():
    assert set(reports.palettes["light"]) == set(reports.palettes["dark"])
    used = set(re.findall(r"var\(--([\w-]+)\)", reports.page_style)) - {"c"}
    assert used == set(reports.palettes["light"])


# What a terminal says first

two_tables = {
    "ours": "       f1   support\n\nneg  0.87      2000\npos  0.88      2000\n\nmacro  0.87",
    "published": "       f1\nneg  0.83\npos  0.83",
}


def whole(seed, name="x", headline=None, **changed):
    "The result of a run whose record has all that a lesson's has, compared with `baseline()`."
    more = dict(seconds=566.4, peak_memory=3.6e9, claims=[], notes={}, why="cpu", notebook=name)
    if headline:
        more["headline"] = dict(answer=headline[0], tables=headline[1])
    made = record(seed, **changed) | more
    judged = bands.check_band(made, baseline())
    verdict = bands.worst(check.verdict for check in judged)
    return running.Result(name, verdict, record=made, checks=judged)


def test_tables_stand_beside_each_other_row_by_row():
    lines = reports.side_by_side(two_tables).splitlines()
    assert lines[0].split() == ["ours", "published"]
    assert [line.split() for line in lines[2:4]] == [
        ["neg", "0.87", "2000", "neg", "0.83"],
        ["pos", "0.88", "2000", "pos", "0.83"],
    ]
    assert lines[-1] == "macro  0.87"
    starts = {line.index(word) for line, word in zip(lines[2:4], ("neg  0.83", "pos  0.83"))}
    assert starts == {lines[0].index("published")}
    assert all(line == line.rstrip() for line in lines)


def test_tables_that_are_too_wide_stand_below_each_other():
    wide = max(map(len, reports.side_by_side(two_tables).splitlines()))
    assert "\n\n" not in reports.side_by_side(two_tables, wide)
    ours, published = reports.side_by_side(two_tables, wide - 1).split("\n\n")
    assert ours.startswith("ours\n") and published == "published\n       f1\nneg  0.83\npos  0.83"
    assert reports.side_by_side({}) == ""


def test_the_answer_comes_first_then_its_tables_and_what_it_took():
    found = whole(2, "sample", headline=("macro F1 0.874 [0.864, 0.884]", two_tables))
    text = reports.answer_text(found)
    first, tables, last = text.split("\n\n")
    assert first == "macro F1 0.874 [0.864, 0.884]"
    assert tables == reports.side_by_side(two_tables)
    assert last == "sample at scale cpu, seed 2: 9 min 26 s, 3.6 GB of memory"
    assert text.isascii()
    bare = reports.answer_text(whole(2, "sample", headline=("accuracy 0.9", {})))
    assert bare == f"accuracy 0.9\n{last}"


def test_a_lesson_without_a_headline_shows_its_numbers_with_their_bands():
    first, last = reports.answer_text(whole(2, value=0.83)).splitlines()
    band = checks(record(2), baseline())["f1"].band
    assert first == f"f1  0.83  band [{band.low:.4g}, {band.high:.4g}]"
    assert last.startswith("x at scale cpu")
    lonely = whole(2, setting=dict(rows=11))
    assert reports.answer_text(lonely).splitlines()[0].endswith("  no band")


def test_only_the_first_numbers_are_shown():
    many = whole(2)
    entry = many.record["metrics"]["f1"]
    many.record["metrics"] = {f"f{i}": entry | dict(unit="s") for i in range(11)}
    lines = reports.answer_text(many).splitlines()
    assert len(lines) == 10
    assert lines[7].startswith("f7  0.8") and " s  no band" in lines[7]
    assert lines[8] == "and 3 more in the report"


def test_a_failed_notebook_says_first_where_it_stopped(tmp_path):
    path = write(tmp_path / "bad.ipynb", "x = 1", "int('three')")
    result = running.execute(path, "smoke", 0, tmp_path / "runs", stream=io.StringIO())
    lines = reports.answer_text(result).splitlines()
    assert lines[0].startswith("bad: failed in code cell 3, section 'Sample'")
    assert "int('three')" in lines[1]
    assert lines[-1].startswith("Executed copy: ") and lines[-1].endswith("bad.ipynb")
    verdict = reports.verdict_text([result]).splitlines()
    assert verdict[0] == "failed: no number was compared"
    assert verdict[1].startswith("  bad: code cell 3, section 'Sample'")
    assert "ValueError: invalid literal" in verdict[1]


def test_what_did_not_run_says_why():
    skipped = running.Result("a", "skipped", error="Scale gpu needs a CUDA device.")
    assert reports.answer_text(skipped) == "a: skipped: Scale gpu needs a CUDA device."
    assert reports.verdict_text([skipped]).startswith("skipped: no number was compared\n  a: Scale")


def test_the_verdict_is_one_line_where_all_is_well():
    same = "passed: 2 of 2 numbers inside their bands (2 identical to the baseline)"
    assert reports.verdict_text([whole(2), whole(3, "y")]) == same
    other = whole(2, value=0.831, code="d")
    one = "passed: 2 of 2 numbers inside their bands (1 identical to the baseline)"
    assert reports.verdict_text([whole(2), other]) == one
    assert reports.verdict_text([whole(9)]) == "passed: 1 of 1 numbers inside their bands"
    unmoved = whole(2, code="d")
    assert unmoved.checks[0].drift == 0
    assert "(1 identical" in reports.verdict_text([unmoved])


def test_the_verdict_names_what_failed_and_counts_what_has_no_band():
    far = whole(9, "far", value=0.2, control=0.83)
    new = whole(9, "new", setting=dict(rows=11))
    lines = reports.verdict_text([whole(2), far, new]).splitlines()
    assert lines[0] == (
        "failed: 1 of 3 numbers inside their bands (1 identical to the baseline), "
        "1 without a band, 1 of 3 controls failed"
    )
    assert lines[1].startswith("  far: f1 0.2: outside [")
    assert lines[2].startswith("  far: majority 0.83: inside the band of f1")
    assert len(lines) == 3
    none = "no baseline: 0 of 1 numbers inside their bands, 1 without a band"
    assert reports.verdict_text([new]) == none


def test_many_failures_are_cut():
    wrong = [whole(9, f"n{i}", value=0.2) for i in range(11)]
    lines = reports.verdict_text(wrong).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "  and 3 more in the report"


def test_the_report_holds_the_answer_and_the_rest_of_the_record(tmp_path):
    found = whole(2, headline=("macro F1 <0.874>", two_tables))
    found.path = tmp_path / "19990101-000000-x" / "x.ipynb"
    claim = dict(text="LoRA is close", at="cpu", checked=True, held=True)
    note = dict(value=12.5, unit="s", setting={})
    found.record |= dict(claims=[claim], notes=dict(step_full=note), versions=dict(torch="2.0"))
    folder = tmp_path / "19990101-000000-run"
    made = suite.Suite(folder, "cpu", 2, [Path("x.ipynb")], dict(x=found))
    page = reports.report_html(made, tmp_path, command="run")
    for part in ("macro F1 &lt;0.874&gt;", "published", "neg  0.83", "LoRA is close"):
        assert part in page
    for part in ("step_full 12.5 s", "torch 2.0", "ftkit run, scale cpu"):
        assert part in page
    assert 'href="../19990101-000000-x/x.ipynb"' in page
    assert 'href="../19990101-000000-x/record.json"' in page
    assert 'id="x" open>' in page
    assert 'id="x">' in reports.report_html(made, tmp_path)


# Stored outputs


@pytest.fixture(scope="module")
def executed(ran, tmp_path_factory):
    "The notebook, and its run as if that had been made with seed 0, whose outputs are stored."
    source, result, _ = ran
    path = tmp_path_factory.mktemp("executed") / "sample.ipynb"
    path.write_text(result.path.read_text().replace('"seed": 3', '"seed": 0'))
    return source, path


def copy_of(source, path):
    path.write_bytes(source.read_bytes())
    return path


def test_outputs_are_stored_tidy(executed, tmp_path):
    source, path = executed
    copy = copy_of(source, tmp_path / "sample.ipynb")
    reports.save_outputs(path, copy)
    new = nbformat.read(copy, 4)
    old = nbformat.read(source, 4)
    nbformat.validate(new)
    assert [cell.id for cell in new.cells] == [cell.id for cell in old.cells]
    assert [cell.source for cell in new.cells[2:]] == [cell.source for cell in old.cells[2:]]
    assert new.cells[1].source == (
        "**At scale `cpu`: 2 min 5 s, 1.3 GB of memory.** Builds on nothing."
    )
    assert [output.text for output in new.cells[3].outputs] == ["one\ntwo\n100%\n"]
    assert new.cells[4].outputs[0].data["text/plain"] == "<object>"
    assert new.cells[5].outputs == []  # a progress bar
    assert "image/png" in new.cells[6].outputs[0].data
    assert bands.read_record(copy)["metrics"]["seed"]["value"] == 3.0
    assert all(cell.get("execution_count") is None for cell in new.cells)


def test_nbdev_clean_finds_nothing_to_do(executed, tmp_path):
    from execnb.nbio import nb2str
    from nbdev.clean import clean_nb

    source, path = executed
    copy = copy_of(source, tmp_path / "sample.ipynb")
    reports.save_outputs(path, copy)
    notebook = json.loads(copy.read_text())
    clean_nb(notebook, allowed_cell_metadata_keys=["tags"])
    # The fixture has none of a real notebook's metadata.
    notebook["metadata"] = json.loads(copy.read_text())["metadata"]
    assert nb2str(notebook) == copy.read_text()


def refused(executed, source, match):
    before = source.read_bytes()
    with pytest.raises(FtkitError, match=match):
        reports.save_outputs(executed, source)
    assert source.read_bytes() == before
    assert list(source.parent.glob(".*")) == []


def test_what_changed_since_is_refused(executed, tmp_path):
    source, path = executed
    notebook = nbformat.read(source, 4)
    notebook.cells[3].source += "\n1"
    nbformat.write(notebook, tmp_path / "a.ipynb")
    refused(path, tmp_path / "a.ipynb", f"Cell {notebook.cells[3].id} .* changed since")


@pytest.mark.parametrize(
    "text", [f"{Path.home()}/x", "/home/ada/x", f"in {sys.prefix}", "('/tmp/abc/d',)"]
)
def test_a_path_of_the_machine_is_refused(executed, tmp_path, text):
    source, path = executed
    notebook = nbformat.read(path, 4)
    cell = next(c for c in notebook.cells if c.source.startswith("import sys"))
    cell.outputs[0].text = text
    nbformat.write(notebook, tmp_path / "ran.ipynb")
    copy = copy_of(source, tmp_path / "source.ipynb")
    refused(tmp_path / "ran.ipynb", copy, rf"Cell {cell.id} of source.ipynb prints")


def test_another_scale_or_seed_or_no_cost_line_is_refused(ran, executed, tmp_path):
    source, path = executed
    copy = tmp_path / "s.ipynb"
    copy.write_text(source.read_text().replace(cost, "soon"))
    refused(path, copy, "tagged cost")
    (tmp_path / "smoke").mkdir()
    ran_small = tmp_path / "smoke" / "ran.ipynb"
    ran_small.write_text(path.read_text().replace('"scale": "cpu"', '"scale": "smoke"'))
    refused(ran_small, copy, "ran at scale smoke")
    _, result, _ = ran
    refused(result.path, copy, "ran with seed 3")


@given(st.text(alphabet="ab\r\n \t", max_size=30))
def test_tidying_twice_changes_nothing(text):
    once = reports.tidy_outputs([dict(output_type="stream", name="stdout", text=text)])
    assert reports.tidy_outputs(once) == once
