"""Bands and verdicts; which modules a notebook reaches; baselines on disk."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, writes
from scipy import stats

from ftkit.core import FtkitError
from ftkit.kit import bands, suite

numbers = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 6)), min_size=5, max_size=12)


# The interval


@given(numbers, st.floats(0.5, 0.999))
def test_interval_is_scipys_and_wider_at_a_higher_level(values, level):
    n = len(values)
    sd = np.std(values, ddof=1)
    low, high = bands.prediction_interval(values, level)
    half = stats.t.ppf((1 + level) / 2, n - 1) * sd * np.sqrt(1 + 1 / n)
    assert high - low == pytest.approx(2 * half, abs=1e-9)
    assert low <= np.mean(values) + 1e-9
    assert high >= np.mean(values) - 1e-9
    wider = bands.prediction_interval(values, (1 + level) / 2)
    assert wider.low <= low
    assert wider.high >= high


@given(numbers, st.floats(-50, 50), st.floats(0.1, 10))
def test_interval_moves_and_scales_with_its_values(values, shift, scale):
    a = bands.prediction_interval(values)
    b = bands.prediction_interval([scale * v + shift for v in values])
    assert b == pytest.approx([scale * x + shift for x in a], abs=1e-6)


@given(st.floats(-10, 10), st.floats(1e-6, 1))
def test_interval_is_never_finer_than_the_resolution(value, resolution):
    low, high = bands.prediction_interval([value] * 5, resolution=resolution)
    assert high - low == pytest.approx(2 * resolution)


@pytest.mark.parametrize(
    "values, options, said",
    [
        ([83, 84, 82, 85, 83], dict(resolution=1, bounds=(0, 1)), "83 lies outside the bounds 0"),
        ([-1, 1, 2, 3, 4], dict(resolution=1, bounds=(0, None)), "-1 lies outside the bounds 0"),
        ([1, 2, 3, 4, np.nan], {}, "finite numbers"),
        ([1, 2, 3, 4, 5], dict(level=99), "between 0 and 1; 99 given"),
    ],
)
def test_a_band_that_would_be_wrong_is_refused(values, options, said):
    with pytest.raises(FtkitError, match=said):
        bands.prediction_interval(values, **options)


def test_interval_needs_five_seeds():
    with pytest.raises(FtkitError, match="at least 5 seeds; 4 given"):
        bands.prediction_interval([1, 2, 3, 4])


# Verdicts


def record(seed, value=None, control=0.5, resolution=0.001, setting=None, **changed):
    "A run's record: a metric near 0.83 and a control."
    if value is None:
        value = 0.83 + 0.01 * float(np.random.default_rng(seed).normal())
    entry = dict(value=value, unit=None, resolution=resolution, setting=setting or dict(rows=10))
    found = dict(
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
    return found | changed


def baseline(seeds=5, **changed):
    "A baseline of these records."
    made = None
    for seed in range(seeds):
        made = bands.add_run(made, record(seed, **changed))
    return made


def checks(run, base):
    return {check.name: check for check in bands.check_band(run, base)}


def verdicts(run, base):
    return {name: check.verdict for name, check in checks(run, base).items()}


def value_of(run):
    return run["metrics"]["f1"]["value"]


def test_same_seed_same_everything_must_be_identical():
    assert verdicts(record(2), baseline())["f1"] == "passed"
    almost = value_of(record(2)) * (1 + 1e-12)
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
    almost = value_of(record(2)) * (1 + 1e-12)
    assert verdicts(record(2, value=almost, **changed), baseline())["f1"] == "passed"
    assert verdicts(record(2, value=0.1, **changed), baseline())["f1"] == "failed"


def test_identity_is_not_asked_on_a_gpu():
    almost = value_of(record(2)) + 1e-9
    run = record(2, value=almost, device_class="cuda")
    assert verdicts(run, baseline(device_class="cuda"))["f1"] == "passed"


def test_no_baseline_is_neither_green_nor_red():
    assert set(verdicts(record(9), None).values()) == {"no baseline"}
    assert set(verdicts(record(9), baseline(seeds=4)).values()) == {"no baseline"}
    assert verdicts(record(9, setting=dict(rows=500)), baseline())["f1"] == "no baseline"


def test_a_control_inside_the_band_fails():
    assert verdicts(record(9), baseline()) == dict(f1="passed", majority="passed")
    assert verdicts(record(9, control=0.83), baseline()) == dict(f1="passed", majority="failed")


def test_a_control_on_the_other_side_fails():
    beats = checks(record(9, control=0.99), baseline())["majority"]
    assert beats.verdict == "failed"
    assert beats.why.startswith("on the other side of the band of f1")
    below = checks(record(9, control=0.2), baseline())["majority"]
    assert below.verdict == "passed"
    both = baseline()
    both["runs"][0]["controls"]["majority"]["value"] = 0.99
    assert verdicts(record(9, control=0.99), both)["majority"] == "passed"


def test_what_the_run_lost_fails():
    lost = record(9) | dict(metrics={}, controls={})
    assert verdicts(lost, baseline()) == dict(f1="failed", majority="failed")


def test_better_than_the_band_fails_and_says_so():
    better = checks(record(9, value=0.99), baseline())["f1"]
    assert (better.verdict, better.better) == ("failed", True)
    assert better.why.startswith("better than [")
    worse = checks(record(9, value=0.6), baseline())["f1"]
    assert (worse.verdict, worse.better) == ("failed", False)
    assert worse.why.startswith("outside [")
    nobody = record(9, value=0.99) | dict(controls={})
    assert bands.check_metric("f1", nobody, baseline()).better is False


def test_the_same_seeds_drift_is_reported_when_the_environment_changed():
    value = value_of(record(2))
    moved = checks(record(2, value=value + 1e-4, versions=dict(torch="3")), baseline())["f1"]
    assert moved.verdict == "passed"
    assert moved.drift == pytest.approx(1e-4)
    assert "this seed moved by +0.0001" in moved.why
    assert checks(record(2, value=value, threads=1), baseline())["f1"].drift == 0
    assert checks(record(9), baseline())["f1"].drift is None
    assert checks(record(2), baseline())["f1"].why.startswith("identical")


def test_one_seed_is_no_band_but_a_difference_is_seen():
    assert checks(record(0), baseline(seeds=1))["f1"].verdict == "no baseline"
    assert checks(record(0, value=0.1), baseline(seeds=1))["f1"].verdict == "failed"


def test_changes_are_named():
    assert bands.changes(record(0), baseline()) == []
    now = record(0, versions=dict(torch="3", numpy="2"), threads=1, code="d")
    before = baseline(versions=dict(torch="2", numpy="2"))
    assert bands.changes(now, before) == ["code changed", "torch 2 → 3", "threads 2 → 1"]


@pytest.mark.parametrize(
    "found, code",
    [
        (["passed"], 0),
        (["failed", "skipped"], 1),
        (["passed", "no baseline"], 3),
        (["skipped"], 3),
        ([], 3),
    ],
)
def test_exit_codes(found, code):
    assert bands.exit_code(found) == code


def test_an_unknown_verdict_has_no_exit_code():
    with pytest.raises(FtkitError, match="Unknown verdict"):
        bands.exit_code(["pass"])


# Which modules a piece of code imports

losses = "ftkit.foundations.losses"
training = "ftkit.foundations.training"


@pytest.mark.parametrize(
    "code",
    [
        "from ftkit.foundations.losses import softmax",
        "from ftkit.foundations.losses import *",
        "from ftkit.foundations import losses",
        "from ftkit.foundations import losses as l",
        "import ftkit.foundations.losses",
        "import ftkit.foundations.losses as l",
        "import ftkit\nftkit.foundations.losses.softmax(x)",
        "import ftkit as f\nf.foundations.losses.softmax(x)",
        "from ftkit import foundations\nfoundations.losses.softmax(x)",
        "import ftkit\nftkit.softmax(x)",
        "import ftkit as f\ndef later():\n    return f.cross_entropy",
        "from ftkit import softmax",
        "def later():\n    from ftkit import cross_entropy as c",
        "import importlib\nimportlib.import_module('ftkit.foundations.losses')",
        "import sys\nsys.modules['ftkit.foundations.losses']",
        "EntryPoint('a', 'ftkit.foundations.losses:b', 'c')",
    ],
)
def test_an_import_is_seen_however_it_is_written(code):
    assert bands.imported_modules(code) == {losses}


@pytest.mark.parametrize(
    "code",
    [
        "from .losses import softmax",
        "from .losses import *",
        "from . import losses",
        "from ..foundations import losses",
        "from ..foundations.losses import softmax",
        "def later():\n    from .losses import softmax",
    ],
)
def test_a_relative_import_is_seen_from_where_it_stands(code):
    assert bands.imported_modules(code, inside=training) == {losses}
    assert losses not in bands.imported_modules(code, inside="ftkit.core")


def test_a_star_import_of_the_package_reaches_every_public_name():
    everything = set(bands.public_addresses().values())
    assert losses in everything
    assert bands.imported_modules("from ftkit import *") == everything


@pytest.mark.parametrize(
    "code",
    [
        "import torch",
        "print('from ftkit.foundations.losses import softmax')",
        "# import ftkit.foundations.losses",
        "import ftkit",
        "losses.softmax(x)",
        "ftkit.softmax(x)",
        "from other.foundations.losses import softmax",
    ],
)
def test_what_imports_nothing_of_ours_reaches_nothing(code):
    assert bands.imported_modules(code) == set()


# What a notebook reaches, and the hash of it


def notebook(path, *sources):
    path.write_text(writes(new_notebook(cells=[new_code_cell(source) for source in sources])))
    return path


@pytest.fixture
def copied_package(tmp_path, monkeypatch):
    "A copy of every module's text, which a test may edit; what the functions then read."
    found = {}
    for name, path in bands.package_modules().items():
        found[name] = tmp_path / f"{name}.py"
        found[name].write_text(path.read_text())
    monkeypatch.setattr(bands, "package_modules", lambda: found)
    return found


def test_only_reached_modules_count():
    assert set(bands.reached_modules("from ftkit.core import setup")) == {"ftkit.core"}
    assert bands.reached_modules("print('ftkit')") == {}
    reached = bands.reached_modules("from ftkit.finetuning.finetune import finetune")
    assert "ftkit.finetuning.lora" in reached, "methods are loaded through entry points"
    assert "ftkit.kit.cli" not in reached
    assert list(reached) == sorted(reached)


def test_what_entry_points_load_is_reached_but_not_imported():
    code = "from importlib import metadata\nmetadata.entry_points(group='ftkit.methods')"
    assert bands.imported_modules(code) == set()
    assert bands.method_modules() <= set(bands.reached_modules(code))
    assert bands.reached_modules(code.replace("entry_points", "distributions")) == {}


def test_a_module_that_names_itself_imports_nothing():
    code = f"address = '{losses}:softmax'"
    assert bands.imported_modules(code, inside=losses) == set()
    assert bands.imported_modules(code, inside=training) == {losses}


def test_asking_twice_gives_the_same():
    code = "from ftkit.pretraining import causal_lm"
    first = bands.reached_modules(code)
    assert len(first) > 5
    assert bands.reached_modules(code) == first


def test_an_edit_changes_the_hash_of_what_depends_on_it_and_of_nothing_else(
    copied_package, tmp_path
):
    depends = notebook(tmp_path / "a.ipynb", "from ftkit.pretraining import causal_lm")
    free = notebook(tmp_path / "b.ipynb", "from ftkit.core import setup\nimport torch")
    assert losses not in bands.imported_modules(bands.notebook_code(depends)), "only through others"
    assert losses in bands.reached_modules(bands.notebook_code(depends))
    before = [bands.package_hash(path) for path in (depends, free, None)]

    copied_package[losses].write_text(copied_package[losses].read_text() + "\n# a comment\n")
    assert [bands.package_hash(path) for path in (depends, free, None)] == before

    copied_package[losses].write_text(copied_package[losses].read_text() + "\nmore = 1\n")
    after = [bands.package_hash(path) for path in (depends, free, None)]
    assert after[0] != before[0], "a lesson on the decoder depends on its loss"
    assert after[1] == before[1], "a lesson on the core does not"
    assert after[2] != before[2], "the whole package has changed"


def test_a_new_import_in_between_is_followed(copied_package, tmp_path):
    path = notebook(tmp_path / "a.ipynb", "from ftkit.core import setup")
    before = bands.package_hash(path)
    core = copied_package["ftkit.core"]
    core.write_text(core.read_text() + "\nfrom .foundations import losses\n")
    assert losses in bands.reached_modules(bands.notebook_code(path))
    assert bands.package_hash(path) != before


def test_a_lazy_import_in_another_cell_counts(copied_package, tmp_path):
    path = notebook(tmp_path / "a.ipynb", "import ftkit", "%time ftkit.softmax(x)", "ftkit.softmax")
    plain = notebook(tmp_path / "b.ipynb", "import ftkit", "%time 1", "ftkit.__version__")
    before = [bands.package_hash(path), bands.package_hash(plain)]
    copied_package[losses].write_text("changed = True")
    assert bands.package_hash(path) != before[0]
    assert bands.package_hash(plain) == before[1]


def test_cells_that_are_no_python_hide_nothing(tmp_path):
    path = notebook(
        tmp_path / "a.ipynb",
        "%%bash\nls -l | wc",
        "!pip list\n%matplotlib inline\nfrom ftkit.core import setup",
        "total = (1\n    % 2)",
        "def broken(",
    )
    code = bands.notebook_code(path)
    assert bands.imported_modules(code) == {"ftkit.core"}
    assert "% 2" in code
    assert "broken" not in code


# Baselines


def test_a_run_in_another_environment_starts_a_baseline_anew():
    assert [run["seed"] for run in baseline()["runs"]] == [0, 1, 2, 3, 4]
    assert bands.add_run(baseline(), record(3)) == baseline()
    for other in (dict(code="new"), dict(scale="smoke"), dict(notebook="y")):
        assert len(bands.add_run(baseline(), record(0, **other))["runs"]) == 1


def test_a_setting_that_depends_on_the_seed_is_named():
    moving = None
    for seed in range(5):
        moving = bands.add_run(moving, record(seed, setting=dict(rows=seed)))
    assert "does it depend on the seed?" in suite.describe_baseline(moving)
    assert "depend on the seed" not in suite.describe_baseline(baseline())


def test_a_damaged_baseline_is_named(tmp_path):
    path = bands.baseline_path(record(0), tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(FtkitError, match=r"x.json is not valid JSON"):
        bands.load_baseline(record(0), tmp_path)
    bands.save_baseline(baseline(), path)
    assert bands.load_baseline(record(0), tmp_path) == baseline()
    # Another layout, the same content.
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    assert bands.load_baseline(record(0), tmp_path) == baseline()


@pytest.mark.parametrize(
    "old, new", [('"rows": 10', '"rows": 11'), ("checksum", "sum"), (None, "[]")]
)
def test_an_edited_baseline_is_refused(tmp_path, old, new):
    path = bands.baseline_path(record(0), tmp_path)
    bands.save_baseline(baseline(), path)
    text = path.read_text()
    path.write_text(text.replace(old, new) if old else new)
    with pytest.raises(
        FtkitError, match=r"x.json was damaged or edited by hand.*restore it from git"
    ):
        bands.load_baseline(record(0), tmp_path)


# Bounded metrics, and what a band notices

shares = st.lists(st.integers(0, 1000).map(lambda k: k / 1000), min_size=5, max_size=12)


@given(shares, st.floats(0.5, 0.999))
def test_a_band_of_shares_holds_no_impossible_value(values, level):
    low, high = bands.prediction_interval(values, level, resolution=0.001, bounds=(0, 1))
    assert 0 <= low < high <= 1
    assert low <= max(values)
    assert high >= min(values)
    whole = [100 * v for v in values]
    percent = bands.prediction_interval(whole, level, resolution=0.1, bounds=(0, 100))
    assert percent == pytest.approx((100 * low, 100 * high), abs=1e-9)


@given(shares)
def test_the_share_that_is_left_has_the_mirrored_band(values):
    low, high = bands.prediction_interval(values, resolution=0.001, bounds=(0, 1))
    left = [1 - v for v in values]
    mirrored = bands.prediction_interval(left, resolution=0.001, bounds=(0, 1))
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_the_logit_band_is_scipys():
    values = np.array([0.88, 0.95, 0.97, 0.98, 0.99])
    logits = np.log(values / (1 - values))
    scale = logits.std(ddof=1) * np.sqrt(6 / 5)
    ends = stats.t.interval(0.99, df=4, loc=logits.mean(), scale=scale)
    expected = 1 / (1 + np.exp(-np.array(ends)))
    found = bands.prediction_interval(values, resolution=1e-6, bounds=(0, 1))
    assert found == pytest.approx(tuple(expected), rel=1e-9)


def test_one_bound_makes_a_band_of_ratios():
    values = [10, 20, 40, 80, 160]
    low, high = bands.prediction_interval(values, resolution=0.1, bounds=(0, None))
    assert low > 0
    assert low * high == pytest.approx(40**2), "the middle is the geometric mean"
    below = bands.prediction_interval([-v for v in values], resolution=0.1, bounds=(None, 0))
    assert below == pytest.approx((-high, -low))


def test_five_perfect_scores_pass_a_perfect_one():
    "A score of 1 has an infinite logit; half a resolution makes it finite."
    low, high = bands.prediction_interval([1.0] * 5, resolution=0.01, bounds=(0, 1))
    assert high == 1
    assert low == pytest.approx(0.985)


def with_reading(seed, **reading):
    found = record(seed)
    found["metrics"]["f1"] |= reading
    return found


def test_how_a_number_is_read_is_no_part_of_its_setting():
    plain = baseline()
    read = with_reading(9, bounds=[0, 1], matters=1.0)
    check = {c.name: c for c in bands.check_band(read, plain)}["f1"]
    assert check.verdict == "passed"
    assert not check.too_wide
    old = {c.name: c for c in bands.check_band(record(9), plain)}["f1"]
    assert check.band.high < old.band.high, "made on the logit scale"
    assert check.band.high < 1


def test_a_band_that_would_miss_what_matters_is_too_wide():
    values = [run["metrics"]["f1"]["value"] for run in baseline()["runs"]]
    band = bands.prediction_interval(values, resolution=0.001)
    half = (band.high - band.low) / 2
    noticed = bands.noticed_change(values, band)
    assert noticed == pytest.approx(half)
    for matters, wide in ((half * 1.01, False), (half * 0.99, True)):
        found = bands.check_band(with_reading(9, matters=matters), baseline())
        assert {c.name: c.too_wide for c in found}["f1"] is wide
        said = suite.describe_baseline(
            baseline()
            | dict(
                runs=[
                    r | dict(metrics=dict(f1=r["metrics"]["f1"] | dict(matters=matters)))
                    for r in baseline()["runs"]
                ]
            )
        )
        assert ("too wide" in said) is wide
        assert f"notices {noticed:.2g}" in said


def test_what_has_no_end_to_leave_by_notices_nothing():
    assert bands.noticed_change([0.5] * 5, bands.Band(0, 1), (0, 1)) == float("inf")
    assert bands.noticed_change([0.9] * 5, bands.Band(0.8, 1), (0, 1)) == pytest.approx(0.1)
    # Both ways are open: the farther end decides, or a change that way would go unnoticed.
    assert bands.noticed_change([0.5] * 5, bands.Band(0.2, 0.6)) == pytest.approx(0.3)
