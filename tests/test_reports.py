"""The report: a page that needs no network, and JUnit XML; stored outputs."""

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
from test_running import cost, ran  # noqa: F401

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


# Stored outputs


def copy_of(source, path):
    path.write_bytes(source.read_bytes())
    return path


def test_outputs_are_stored_tidy(ran, tmp_path):
    source, result, _ = ran
    copy = copy_of(source, tmp_path / "sample.ipynb")
    reports.save_outputs(result.path, copy)
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


def test_nbdev_clean_finds_nothing_to_do(ran, tmp_path):
    from execnb.nbio import nb2str
    from nbdev.clean import clean_nb

    source, result, _ = ran
    copy = copy_of(source, tmp_path / "sample.ipynb")
    reports.save_outputs(result.path, copy)
    notebook = json.loads(copy.read_text())
    clean_nb(notebook, allowed_cell_metadata_keys=["tags"])
    # The fixture has none of a real notebook's metadata.
    notebook["metadata"] = json.loads(copy.read_text())["metadata"]
    assert nb2str(notebook) == copy.read_text()


def refused(result, source, match):
    before = source.read_bytes()
    with pytest.raises(FtkitError, match=match):
        reports.save_outputs(result, source)
    assert source.read_bytes() == before
    assert list(source.parent.glob(".*")) == []


def test_what_changed_since_is_refused(ran, tmp_path):
    source, result, _ = ran
    notebook = nbformat.read(source, 4)
    notebook.cells[3].source += "\n1"
    nbformat.write(notebook, tmp_path / "a.ipynb")
    refused(result.path, tmp_path / "a.ipynb", f"Cell {notebook.cells[3].id} .* changed since")


@pytest.mark.parametrize(
    "text", [f"{Path.home()}/x", "/home/ada/x", f"in {sys.prefix}", "('/tmp/abc/d',)"]
)
def test_a_path_of_the_machine_is_refused(ran, tmp_path, text):
    source, result, _ = ran
    notebook = nbformat.read(result.path, 4)
    cell = next(c for c in notebook.cells if c.source.startswith("import sys"))
    cell.outputs[0].text = text
    nbformat.write(notebook, tmp_path / "ran.ipynb")
    copy = copy_of(source, tmp_path / "source.ipynb")
    refused(tmp_path / "ran.ipynb", copy, rf"Cell {cell.id} of source.ipynb prints")


def test_another_scale_or_no_cost_line_is_refused(ran, tmp_path):
    source, result, _ = ran
    copy = tmp_path / "s.ipynb"
    copy.write_text(source.read_text().replace(cost, "soon"))
    refused(result.path, copy, "tagged cost")
    (tmp_path / "smoke").mkdir()
    ran_small = tmp_path / "smoke" / "ran.ipynb"
    ran_small.write_text(result.path.read_text().replace('"scale": "cpu"', '"scale": "smoke"'))
    refused(ran_small, copy, "ran at scale smoke")


@given(st.text(alphabet="ab\r\n \t", max_size=30))
def test_tidying_twice_changes_nothing(text):
    once = reports.tidy_outputs([dict(output_type="stream", name="stdout", text=text)])
    assert reports.tidy_outputs(once) == once
