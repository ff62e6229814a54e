"""Running notebooks, bands, verdicts, stored outputs."""

import io
import json
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from scipy import stats

from ftkit.kit import bands
from ftkit.kit import lanes
from ftkit.kit import reports
from ftkit.kit import running
from ftkit.kit import suite
from ftkit.core import FtkitError, mimetype

numbers = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 6)), min_size=5, max_size=12)


# Bands


@given(numbers, st.floats(0.5, 0.999))
def test_interval_is_scipys_and_wider_at_a_higher_level(values, level):
    n, sd = len(values), np.std(values, ddof=1)
    low, high = bands.prediction_interval(values, level)
    half = stats.t.ppf((1 + level) / 2, n - 1) * sd * np.sqrt(1 + 1 / n)
    assert high - low == pytest.approx(2 * half, abs=1e-9)
    assert low <= np.mean(values) + 1e-9 and high >= np.mean(values) - 1e-9
    wider = bands.prediction_interval(values, (1 + level) / 2)
    assert wider.low <= low and wider.high >= high


@given(numbers, st.floats(-50, 50), st.floats(0.1, 10))
def test_interval_moves_and_scales_with_its_values(values, shift, scale):
    a = bands.prediction_interval(values)
    b = bands.prediction_interval([scale * v + shift for v in values])
    assert b == pytest.approx([scale * x + shift for x in a], abs=1e-6)


@given(st.floats(-10, 10), st.floats(1e-6, 1))
def test_interval_is_never_finer_than_the_resolution(value, resolution):
    low, high = bands.prediction_interval([value] * 5, resolution=resolution)
    assert high - low == pytest.approx(2 * resolution)


def test_interval_needs_five_seeds():
    with pytest.raises(FtkitError, match="at least 5 seeds; 4 given"):
        bands.prediction_interval([1, 2, 3, 4])


def record(seed, value=None, control=0.5, resolution=0.001, setting=None, **changed):
    value = 0.83 + 0.01 * float(np.random.default_rng(seed).normal()) if value is None else value
    entry = dict(value=value, unit=None, resolution=resolution, setting=setting or dict(rows=10))
    return (
        dict(
            notebook="x",
            scale="cpu",
            seed=seed,
            metrics=dict(f1=entry),
            controls=dict(majority=entry | dict(value=control, control_of="f1")),
            versions={},
            device="p",
            device_class="cpu",
            dtype="float32",
            threads=2,
            assets={},
            code="c",
            package="p",
        )
        | changed
    )


def baseline(seeds=5, **changed):
    made = None
    for s in range(seeds):
        made = bands.add_run(made, record(s, **changed))
    return made


def verdicts(run, base):
    return {c.name: c.verdict for c in bands.check_band(run, base)}


def test_same_seed_same_everything_must_be_identical():
    assert verdicts(record(2), baseline())["f1"] == "passed"
    almost = record(2)["metrics"]["f1"]["value"] * (1 + 1e-12)
    assert verdicts(record(2, value=almost), baseline())["f1"] == "failed"


@pytest.mark.parametrize(
    "changed",
    [
        dict(threads=1),
        dict(dtype="bfloat16"),
        dict(device="q"),
        dict(code="d"),
        dict(package="q"),
        dict(versions=dict(torch="3")),
    ],
)
def test_anything_changed_means_the_band(changed):
    almost = record(2)["metrics"]["f1"]["value"] * (1 + 1e-12)
    assert verdicts(record(2, value=almost, **changed), baseline())["f1"] == "passed"
    assert verdicts(record(2, value=0.1, **changed), baseline())["f1"] == "failed"


def test_identity_is_not_asked_on_a_gpu():
    base = baseline(device_class="cuda")
    assert (
        verdicts(
            record(2, value=record(2)["metrics"]["f1"]["value"] + 1e-9, device_class="cuda"), base
        )["f1"]
        == "passed"
    )


def test_no_baseline_is_neither_green_nor_red():
    assert set(verdicts(record(9), None).values()) == {"no baseline"}
    assert set(verdicts(record(9), baseline(seeds=4)).values()) == {"no baseline"}
    assert verdicts(record(9, setting=dict(rows=500)), baseline())["f1"] == "no baseline"


def test_a_control_inside_the_band_fails():
    assert verdicts(record(9), baseline()) == dict(f1="passed", majority="passed")
    assert verdicts(record(9, control=0.83), baseline()) == dict(f1="passed", majority="failed")


def test_what_the_run_lost_fails():
    assert verdicts(record(9) | dict(metrics={}, controls={}), baseline()) == dict(
        f1="failed", majority="failed"
    )


def test_exit_codes():
    assert [
        bands.exit_code(v)
        for v in (["passed"], ["failed", "skipped"], ["passed", "no baseline"], ["skipped"], [])
    ] == [0, 1, 3, 3, 3]
    with pytest.raises(FtkitError, match="Unknown verdict"):
        bands.exit_code(["pass"])


def test_a_run_in_another_environment_starts_a_baseline_anew():
    assert [r["seed"] for r in baseline()["runs"]] == [0, 1, 2, 3, 4]
    assert bands.add_run(baseline(), record(3)) == baseline()
    assert len(bands.add_run(baseline(), record(0, code="new"))["runs"]) == 1


def test_a_setting_that_depends_on_the_seed_is_named():
    moving = None
    for s in range(5):
        moving = bands.add_run(moving, record(s, setting=dict(rows=s)))
    assert "does it depend on the seed?" in suite.describe_baseline(moving)
    assert "depend on the seed" not in suite.describe_baseline(baseline())


def test_a_damaged_baseline_is_named(tmp_path):
    path = bands.baseline_path(record(0), tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(FtkitError, match="x.json is not valid JSON"):
        bands.load_baseline(record(0), tmp_path)
    bands.save_baseline(baseline(), path)
    assert bands.load_baseline(record(0), tmp_path) == baseline()
    path.write_text(
        json.dumps(json.loads(path.read_text()), indent=4)
    )  # another layout, the same content
    assert bands.load_baseline(record(0), tmp_path) == baseline()
    for edited in (
        path.read_text().replace('"rows": 10', '"rows": 11'),
        path.read_text().replace("checksum", "sum"),
        "[]",
    ):
        path.write_text(edited)
        with pytest.raises(
            FtkitError, match="x.json was damaged or edited by hand.*restore it from git"
        ):
            bands.load_baseline(record(0), tmp_path)


# Finding


def test_a_notebook_is_found_with_and_without_its_number():
    assert (
        running.find("regression")
        == running.find("70_bands")
        == running.notebooks()["70_bands"]
    )
    with pytest.raises(FtkitError, match="Unknown notebook 'regresion'. Did you mean 'regression'"):
        running.find("regresion")
    with pytest.raises(FtkitError, match="Unknown notebook 'nothing'"):
        running.find("nothing.ipynb")


def test_outside_a_checkout_it_says_so(monkeypatch):
    monkeypatch.setattr(bands, "checkout", lambda: None)
    with pytest.raises(FtkitError, match="needs a checkout"):
        running.find("core")


# Running

cost = "**At scale `cpu`: 9 min 9 s, 9.9 GB of memory.** Builds on nothing."


def write(path, *sources, tags=()):
    cells = [
        new_markdown_cell("# Sample"),
        new_markdown_cell(cost, metadata=dict(tags=["cost"])),
        new_code_cell("scale = None\nseed = 0", metadata=dict(tags=["parameters"])),
    ]
    nbformat.write(new_notebook(cells=cells + [new_code_cell(s) for s in sources]), path)
    return path


finish = f"""from IPython.display import display
entry = dict(value=float(seed), unit=None, resolution=1, setting={{}})
display({{"text/plain": "record", "{mimetype}": dict(schema=1, notebook="sample", scale=scale, seed=seed, metrics=dict(seed=entry), controls={{}},
    claims=[], notes={{}}, seconds=125.0, peak_memory=1.26e9, device="p", device_class="cpu", dtype="float32", threads=1, versions={{}}, assets={{}}, code="c")}}, raw=True)"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    "One real run of a notebook with every kind of output, and where a kernel called python3 is another one."
    folder = tmp_path_factory.mktemp("run")
    rogue = folder / "share" / "kernels" / "python3"
    rogue.mkdir(parents=True)
    (rogue / "kernel.json").write_text(
        json.dumps(dict(argv=["false"], display_name="rogue", language="python"))
    )
    source = write(
        folder / "sample.ipynb",
        "import sys, warnings\nprint('one')\nprint('two')\nwarnings.warn('loud')\nprint('10%\\r100%')\nis_ours = sys.executable",
        f"assert is_ours == {sys.executable!r}\nobject()",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        finish,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share"))
        said = io.StringIO()
        result = running.execute(source, "cpu", 3, folder / "runs", stream=said)
    return source, result, said.getvalue()


def test_the_running_python_executes_with_our_parameters(ran):
    _, result, said = ran
    assert result.error is None
    assert (
        result.record["seed"] == 3
        and result.record["scale"] == "cpu"
        and result.record["package"] == bands.package_hash(ran[0])
    )
    assert result.verdict == "no baseline" and "Sample" in said
    assert json.loads((result.path.parent / "record.json").read_text()) == result.record


def test_outputs_are_stored_tidy(ran, tmp_path):
    source, result, _ = ran
    copy = tmp_path / "sample.ipynb"
    copy.write_bytes(source.read_bytes())
    running.save_outputs(result.path, copy)
    nb = nbformat.read(copy, 4)
    nbformat.validate(nb)
    assert [c.id for c in nb.cells] == [c.id for c in nbformat.read(source, 4).cells]
    assert [c.source for c in nb.cells[2:]] == [
        c.source for c in nbformat.read(source, 4).cells[2:]
    ]
    assert (
        nb.cells[1].source == "**At scale `cpu`: 2 min 5 s, 1.3 GB of memory.** Builds on nothing."
    )
    assert [o.text for o in nb.cells[3].outputs] == ["one\ntwo\n100%\n"]
    assert nb.cells[4].outputs[0].data["text/plain"] == "<object>"
    assert nb.cells[5].outputs == []  # a progress bar
    assert "image/png" in nb.cells[6].outputs[0].data
    assert bands.read_record(copy)["metrics"]["seed"]["value"] == 3.0
    assert all(c.get("execution_count") is None for c in nb.cells)


def test_nbdev_clean_finds_nothing_to_do(ran, tmp_path):
    from execnb.nbio import nb2str
    from nbdev.clean import clean_nb

    source, result, _ = ran
    copy = tmp_path / "sample.ipynb"
    copy.write_bytes(source.read_bytes())
    running.save_outputs(result.path, copy)
    nb = json.loads(copy.read_text())
    clean_nb(nb, allowed_cell_metadata_keys=["tags"])
    nb["metadata"] = json.loads(copy.read_text())[
        "metadata"
    ]  # the fixture has none of a real notebook's
    assert nb2str(nb) == copy.read_text()


def refused(result, source, match):
    before = source.read_bytes()
    with pytest.raises(FtkitError, match=match):
        running.save_outputs(result, source)
    assert source.read_bytes() == before and [p.name for p in source.parent.glob(".*")] == []


def test_what_changed_since_is_refused(ran, tmp_path):
    _, result, _ = ran
    nb = nbformat.read(ran[0], 4)
    nb.cells[3].source += "\n1"
    nbformat.write(nb, tmp_path / "a.ipynb")
    refused(result.path, tmp_path / "a.ipynb", f"Cell {nb.cells[3].id} .* changed since")


@pytest.mark.parametrize(
    "text", [f"{Path.home()}/x", "/home/ada/x", f"in {sys.prefix}", "('/tmp/abc/d',)"]
)
def test_a_path_of_the_machine_is_refused(ran, tmp_path, text):
    source, result, _ = ran
    nb = nbformat.read(result.path, 4)
    cell = next(c for c in nb.cells if c.source.startswith("import sys"))
    cell.outputs[0].text = text
    nbformat.write(nb, tmp_path / "ran.ipynb")
    copy = tmp_path / "source.ipynb"
    copy.write_bytes(source.read_bytes())
    refused(tmp_path / "ran.ipynb", copy, f"Cell {cell.id} of source.ipynb prints")


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
    once = running.tidy_outputs([dict(output_type="stream", name="stdout", text=text)])
    assert running.tidy_outputs(once) == once


def test_a_failing_cell_is_shown_with_its_section(tmp_path):
    nb = nbformat.read(write(tmp_path / "bad.ipynb", "x = 1", "{}['key']"), 4)
    nb.cells.insert(4, new_markdown_cell("## The second half"))
    nbformat.write(nb, tmp_path / "bad.ipynb")
    result = running.execute(
        tmp_path / "bad.ipynb", "smoke", 0, tmp_path / "runs", stream=io.StringIO()
    )
    assert result.verdict == "failed" and result.record is None
    assert (
        "section 'The second half'" in result.error
        and "KeyError: 'key'" in result.error
        and "{}['key']" in result.error
    )
    assert result.path.is_file() and "Traceback" not in result.error


def test_a_dying_kernel_and_a_missing_record_are_failures(tmp_path):
    dies = running.execute(
        write(tmp_path / "dies.ipynb", "import os; os._exit(1)"),
        "smoke",
        0,
        tmp_path / "runs",
        stream=io.StringIO(),
    )
    assert dies.verdict == "failed" and "the kernel died in section 'Sample'" in dies.error
    silent = running.execute(
        write(tmp_path / "silent.ipynb", "1"), "smoke", 0, tmp_path / "runs", stream=io.StringIO()
    )
    assert silent.verdict == "failed" and "no run record" in silent.error


def test_bad_input_raises_before_anything_runs(tmp_path):
    (tmp_path / "text.ipynb").write_text("no notebook")
    (tmp_path / "list.ipynb").write_text("[]")
    for name in ("text", "list"):
        with pytest.raises(FtkitError, match="notebook"):
            running.execute(tmp_path / f"{name}.ipynb", "smoke", 0, tmp_path / "runs")
    with pytest.raises(FtkitError, match="Unknown scale"):
        running.execute(tmp_path / "text.ipynb", "huge", 0, tmp_path / "runs")
    good = write(tmp_path / "good.ipynb", "1")
    (tmp_path / "file").write_text("")
    with pytest.raises(FtkitError, match="Cannot write"):
        running.execute(good, "smoke", 0, tmp_path / "file")
    assert not (tmp_path / "runs").exists()


def test_scale_gpu_without_a_gpu_is_skipped_not_passed(tmp_path, monkeypatch):
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    result = running.execute(write(tmp_path / "good.ipynb", "1"), "gpu", 0, tmp_path / "runs")
    assert result.verdict == "skipped" and bands.exit_code([result.verdict]) == 3
