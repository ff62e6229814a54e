"""The plugin for pytest: a guest that does nothing unasked, and notebooks as tests where they are
asked for.
"""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ftkit.kit import pytest_plugin, running

pytest_plugins = ["pytester"]

good = """from ftkit.core import setup
run = setup("10_good", scale=scale, seed=seed)
run.record("number", 1.0)
run.finish()"""


def write(path, *sources):
    "A notebook of these cells after the parameters, each under a heading of its own."
    cells = [new_code_cell("scale = None\nseed = 0", metadata=dict(tags=["parameters"]))]
    for number, source in enumerate(sources):
        cells.append(new_markdown_cell(f"## Part {number}"))
        cells.append(new_code_cell(source))
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture
def run_pytest(pytester, monkeypatch):
    """pytest with the plugin in this process, on a machine without a GPU; exit status and what it
    said.
    """
    monkeypatch.setenv("FTKIT_DEVICE", "cpu")
    monkeypatch.setattr(pytest_plugin, "has_cuda", lambda: False)

    def run(*arguments):
        options = ("-p", "ftkit.kit.pytest_plugin", "-q", "-rs")
        done = pytester.runpytest_inprocess(*options, *map(str, arguments))
        return int(done.ret), done.stdout.str() + done.stderr.str()

    return run


@pytest.fixture
def executed(monkeypatch):
    """The notebooks that would be run, with scale and seed; each gets the verdict that `answer`
    names.
    """

    class Executed(list):
        answer = "passed"

    seen = Executed()

    def execute(path, scale, seed, out, stream=None):
        seen.append((path.stem, scale, seed))
        return running.Result(path.stem, seen.answer, error="why")

    monkeypatch.setattr(running, "execute", execute)
    return seen


def make_checkout(folder):
    "What makes a folder a checkout of ftkit, with one lesson and two tests."
    (folder / "settings.ini").write_text("[DEFAULT]\nrepo = ftkit\nlib_name = %(repo)s\n")
    make_project(folder)


def make_project(folder):
    "Another project, which has notebooks in nbs and marks its tests with gpu."
    write(folder / "nbs" / "10_a.ipynb", "1")
    (folder / "ftkit").mkdir()
    (folder / "tests").mkdir()
    (folder / "tests" / "test_x.py").write_text(
        "import pytest\n@pytest.mark.gpu\ndef test_g(): pytest.skip('no GPU')\ndef test_c(): pass\n"
    )
    (folder / "pytest.ini").write_text(
        "[pytest]\ntestpaths = tests\nmarkers =\n    gpu: needs a GPU\n"
    )


# Unasked


def test_unasked_it_imports_nothing_of_ours(pytester):
    pytester.makepyfile(
        "import sys\n"
        "def test_modules():\n"
        "    ours = {name for name in sys.modules if name.startswith('ftkit.')}\n"
        "    assert ours == {'ftkit.kit', 'ftkit.kit.pytest_plugin'}\n"
        "    assert not {'torch', 'numpy', 'pandas', 'papermill'} & set(sys.modules)\n"
    )
    done = pytester.runpytest_subprocess("-p", "ftkit.kit.pytest_plugin")
    assert done.ret == 0
    done.assert_outcomes(passed=1)


def test_another_plugin_may_have_options_of_these_names(pytester):
    pytester.makepyfile(
        another_plugin="def pytest_addoption(parser):\n"
        "    parser.addoption('--scale', default='none')\n"
        "    parser.addoption('--seed', default='none')\n"
        "    parser.addoption('--notebooks', action='store_true')\n"
        "def pytest_report_header(config):\n"
        "    option = config.option\n"
        "    return f'heard {option.scale} {option.seed} {option.notebooks}'\n"
    )
    pytester.syspathinsert()
    write(pytester.path / "week_one.ipynb", "1 / 0")
    options = ("-p", "ftkit.kit.pytest_plugin", "-p", "another_plugin")
    done = pytester.runpytest_subprocess(*options, "--scale", "huge", "--seed", "x", "--notebooks")
    assert done.ret == 5, "an empty folder: no tests ran"
    done.stdout.fnmatch_lines(["heard huge x True", "*no tests ran*"])
    assert "lessons" not in done.stdout.str()


def test_every_option_has_our_name():
    names = []

    class Group:
        def addoption(self, name, **more):
            names.append(name)

    class Parser:
        def getgroup(self, name, description):
            return Group()

    pytest_plugin.pytest_addoption(Parser())
    assert len(names) == 3
    assert all(name.startswith("--ftkit-") for name in names)


def test_the_gpu_tests_of_another_project_are_its_own(run_pytest, pytester, executed):
    make_project(pytester.path)
    code, said = run_pytest("-m", "gpu")
    assert code == 0 and "1 skipped, 1 deselected" in said and "no GPU:" not in said
    assert executed == []
    (pytester.path / "settings.ini").write_text("[DEFAULT]\nrepo = other\n")
    run_pytest("-m", "gpu")
    assert executed == []


# Asked


def test_lessons_are_pytest_items(run_pytest, pytester):
    write(pytester.path / "10_good.ipynb", good)
    write(pytester.path / "20_bad.ipynb", "print('hm')", "1 / 0")
    assert run_pytest()[0] == 5, "without the option no notebook is collected"
    asked = ("--ftkit-notebooks", "--ftkit-scale", "smoke")
    code, said = run_pytest(*asked)
    assert code == 1
    assert "ZeroDivisionError" in said and "section 'Part 1'" in said and "Traceback" not in said
    assert "lessons: 0 passed, 1 failed, 1 not compared" in said and "no baseline file" in said
    code, said = run_pytest(*asked, "-k", "good", "-x", pytester.path)
    assert code == 5, "nothing was compared: not green"
    assert "1 skipped, 1 deselected" in said, "the executed copies in runs are no lessons"


@pytest.mark.parametrize(
    "verdict, code", [("passed", 0), ("no baseline", 5), ("skipped", 5), ("failed", 1)]
)
def test_the_verdict_decides_the_exit_status(run_pytest, pytester, executed, verdict, code):
    executed.answer = verdict
    write(pytester.path / "10_good.ipynb", "1")
    assert run_pytest("--ftkit-notebooks")[0] == code


def test_scale_and_seed_reach_the_notebook(run_pytest, pytester, executed):
    write(pytester.path / "10_good.ipynb", "1")
    run_pytest("--ftkit-notebooks", "--ftkit-scale", "smoke", "--ftkit-seed", "3")
    run_pytest("--ftkit-notebooks", "--ftkit-scale", "cpu")
    assert executed == [("10_good", "smoke", 3), ("10_good", "cpu", 0)]


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--ftkit-scale", "huge"), "Unknown scale 'huge'"),
        (("--ftkit-seed", "-1"), "--ftkit-seed is an integer from 0 to 4294967295, not -1"),
    ],
)
def test_an_unknown_scale_or_seed_is_an_error_of_usage(run_pytest, pytester, options, sentence):
    write(pytester.path / "10_good.ipynb", "1")
    code, said = run_pytest("--ftkit-notebooks", *options)
    assert code == 4 and sentence in said


def test_without_paths_the_lessons_of_the_checkout_are_meant(run_pytest, pytester, executed):
    make_checkout(pytester.path)
    assert run_pytest("--ftkit-notebooks")[0] == 0
    assert [stem for stem, *_ in executed] == ["10_a"]


def test_the_gpu_suite_without_a_gpu_checks_nothing_and_is_not_green(run_pytest, pytester):
    make_checkout(pytester.path)
    code, said = run_pytest("-m", "gpu")
    assert code == 5
    assert "no GPU: 0 checked, 1 lessons skipped" in said and "2 skipped, 1 deselected" in said
    for others in ("not gpu", "not (slow or gpu)"):
        code, said = run_pytest("-m", others)
        assert code == 0 and "no GPU" not in said and "1 passed" in said


def test_what_the_kit_misses_is_one_sentence(run_pytest, pytester, monkeypatch):
    from ftkit.core import FtkitError

    def execute(*arguments, **more):
        raise FtkitError("Running notebooks needs papermill; pip install ftkit[kit]")

    monkeypatch.setattr(running, "execute", execute)
    write(pytester.path / "10_good.ipynb", "1")
    code, said = run_pytest("--ftkit-notebooks")
    assert code == 1 and "pip install ftkit[kit]" in said and "Traceback" not in said
    assert "def execute" not in said
