"""The documentation site as a person uses it, and what its build refuses.

The whole site is built once for all tests of this file.
"""

import ast
import itertools
import json
import re
import subprocess
from importlib import resources
from types import SimpleNamespace

import pytest
import yaml
from conftest import root

import ftkit
from ftkit.core import FtkitError
from ftkit.kit import site
from ftkit.kit.bands import public_addresses


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    "The site of this checkout, built from nothing in a folder of its own."
    folder = tmp_path_factory.mktemp("site")
    return site.build(root, out=folder / "site", work=folder / "work")


@pytest.fixture(scope="session")
def server(built):
    running = site.serve(built.out)
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


@pytest.fixture(params=["disk", "server"])
def base(request, built):
    "The address of the site, from a disk and from a server."
    return built.out.as_uri() if request.param == "disk" else request.getfixturevalue("server")


@pytest.fixture
def page(browser):
    """A page with the network cut; `page.complaints` collects what a console says and what would
    leave.
    """
    context = browser.new_context(viewport=dict(width=1280, height=900))
    opened = context.new_page()
    opened.complaints = []

    def hear(message):
        if message.type in ("error", "warning"):
            opened.complaints.append(f"console: {message.text}")

    opened.on("console", hear)
    opened.on("pageerror", lambda e: opened.complaints.append(f"script: {e}"))

    def gate(route):
        address = route.request.url
        if address.startswith(("file:", "data:", "http://127.0.0.1:")):
            return route.continue_()
        opened.complaints.append(f"request: {address}")
        route.abort()

    context.route("**/*", gate)
    yield opened
    context.close()


def names():
    return [p.name for p in site.navigation(root)]


def go(page, address):
    page.goto(address, wait_until="load")


# In a browser


# lines of 100 columns, without scrolling sideways
wide = """[...document.querySelectorAll('.cell_input pre')]
    .filter(pre => pre.clientWidth > 0 && pre.scrollWidth > pre.clientWidth + 1)
    .map(pre => pre.textContent.slice(0, 80))"""


def test_every_page_opens_and_fits(page, built):
    """From a disk, without a network; a line of code fits on a laptop, and a phone scrolls down
    only.
    """
    for name in names():
        page.set_viewport_size(dict(width=1280, height=900))
        go(page, f"{built.out.as_uri()}/{name}.html")
        assert page.locator("article h1").count() >= 1, name
        assert page.evaluate(wide) == [], name
        page.set_viewport_size(dict(width=360, height=740))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        assert page.complaints == [], name


def test_a_server_gives_the_same_pages(page, server):
    "The files are those of the disk, so a page of each folder is opened."
    folders = {name.rpartition("/")[0]: name for name in names()}
    for name in folders.values():
        go(page, f"{server}/{name}.html")
        assert page.locator("article h1").count() >= 1, name
        assert page.complaints == [], name


def test_the_navigation_leads_everywhere(page, built):
    go(page, f"{built.out.as_uri()}/index.html")
    listed = page.eval_on_selector_all(".sidebar-tree a", "links => links.map(a => a.href)")
    for name in set(names()) - {"index"}:
        assert any(href.endswith(f"/{name}.html") for href in listed), name
    following = page.locator(".next-page")
    assert following.count() == 1
    following.click()
    page.locator(".prev-page").first.wait_for(state="attached")  # the next page is still being read
    assert page.locator(".prev-page").count() == 1


def test_formulas_and_diagrams_are_drawn(page, base):
    go(page, f"{base}/1_foundations/losses.html")
    boxes = page.eval_on_selector_all(
        "math",
        "all => all.map(m => { const b = m.getBoundingClientRect(); return [b.width, b.height] })",
    )
    assert len(boxes) > 20 and all(w > 1 and h > 5 for w, h in boxes)
    page.wait_for_function(
        "[...document.fonts].some(f => f.family.includes('Site Maths') && f.status === 'loaded')"
    )
    go(page, f"{base}/8_reference/concepts.html")
    nodes = page.eval_on_selector_all(
        "figure.diagram .node", "all => all.map(n => n.getBoundingClientRect().width)"
    )
    assert len(nodes) > 10 and min(nodes) > 30
    targets = page.eval_on_selector_all(
        "figure.diagram a", "all => all.map(a => a.href.baseVal ?? a.getAttribute('href'))"
    )
    assert "../3_finetuning/finetune.html" in targets


def look_for(page, words):
    page.keyboard.press("/")
    page.locator(".search-dialog input").fill(words)
    page.wait_for_function("document.querySelector('.found-count').textContent !== ''")
    return page.eval_on_selector_all(
        "#found-list a", "links => links.map(a => a.getAttribute('href'))"
    )


def test_search_finds_a_symbol_and_a_phrase(page, base):
    go(page, f"{base}/3_finetuning/lora.html")
    first = look_for(page, "chunked_cross_entropy")[0]
    assert first.endswith(
        "8_reference/api/foundations/losses.html#ftkit-foundations-losses-chunked-cross-entropy"
    )
    page.keyboard.press("Escape")
    found = look_for(page, '"softmax minus one-hot"')
    assert any("1_foundations/losses.html" in href for href in found)
    page.keyboard.press("Escape")
    assert look_for(page, "no such word as qzxv") == []
    assert page.complaints == []


def test_the_keyboard_is_enough(page, built):
    go(page, f"{built.out.as_uri()}/index.html")
    page.keyboard.press("Tab")
    focused = "document.activeElement.textContent.trim()"
    assert page.evaluate(focused) == "Skip to content"
    look_for(page, "info_nce")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/losses.html#ftkit-foundations-losses-info-nce")
    assert page.locator("#ftkit-foundations-losses-info-nce").first.is_visible()
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    assert not page.locator(".search-dialog").is_visible()


def test_what_folds_opens(page, built):
    go(page, f"{built.out.as_uri()}/1_foundations/losses.html")
    fold = page.locator("details:has-text('Solution')").first
    code = fold.locator(".highlight").first
    assert not code.is_visible()
    fold.locator("summary").click()
    assert code.is_visible()
    assert page.locator("details:has-text('Plumbing of the module')").count() > 0
    page.locator("details.package > summary").first.click()
    assert page.locator("div.tag_exports .cell_input .highlight").first.is_visible()
    assert page.locator("text=from fastcore.test import").count() == 0
    assert page.locator("a[download]").count() == 1


def test_the_section_for_the_package_folds_as_a_whole(page, built):
    "A link into it opens it, and paper shows all; its heading and its place in the contents stay."
    address = f"{built.out.as_uri()}/1_foundations/backpropagation.html"
    go(page, address)
    fold = page.locator("#into-the-package > details.package")
    code = fold.locator(".tag_export .highlight, .tag_exports .highlight").first
    assert page.locator("#into-the-package > h2").is_visible() and not code.is_visible()
    assert page.locator(".toc-tree a[href='#into-the-package']").count() == 1
    assert fold.locator("details.hide").count() == 0, "what is folded is not folded again inside"
    fold.locator("summary").first.click()
    assert code.is_visible()
    inside = fold.locator("[id^=cell-]").last.get_attribute("id")
    for target in (inside, "into-the-package"):
        go(page, "about:blank")
        go(page, f"{address}#{target}")
        assert code.is_visible(), target
    go(page, "about:blank")
    go(page, address)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert code.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not code.is_visible()


def test_code_is_copied(page, browser, built):
    "What is pasted afterwards is the code, and nothing of the button."
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(page, f"{built.out.as_uri()}/index.html")
    button = page.locator("button.copy:visible").first
    code = button.locator("xpath=..").locator("pre").text_content()
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "[...document.querySelectorAll('button.copy')].some(b => b.textContent === 'Copied')"
    )
    page.keyboard.press("/")
    page.keyboard.press("Control+v")
    pasted = page.locator(".search-dialog input").input_value()
    assert code.strip()
    assert re.sub(r"\s+", "", pasted) == re.sub(r"\s+", "", code)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(browser, built, scheme):
    """axe-core finds nothing serious: contrast, landmarks, names, order.

    The dark scheme is the same pages in other colours, so there it is asked for contrast alone.
    Contrast takes a long time, so it is asked of the first ten code cells of a page only."""
    contrast = dict(runOnly=["color-contrast"])
    all_else = dict(rules={"color-contrast": dict(enabled=False)})
    shorten = "[...document.querySelectorAll('div.cell')].slice(10).forEach(c => c.remove())"
    ask = "asked => axe.run({resultTypes: ['violations'], ...asked})"
    context = browser.new_context(color_scheme=scheme, viewport=dict(width=1280, height=900))
    page = context.new_page()
    checker = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    found = []
    for name in (
        "index",
        "1_foundations/losses",
        "3_finetuning/lora",
        "8_reference/concepts",
        "8_reference/results",
        "8_reference/api",
        "8_reference/api/foundations/losses",
    ):
        go(page, f"{built.out.as_uri()}/{name}.html")
        page.evaluate(checker)
        violations = []
        if scheme == "light":
            violations += page.evaluate(ask, all_else)["violations"]
        page.evaluate(shorten)
        violations += page.evaluate(ask, contrast)["violations"]
        for v in violations:
            if v["impact"] in ("serious", "critical"):
                example = v["nodes"][0]["html"][:150]
                times = len(v["nodes"])
                found.append(f"{name}: {v['id']} ({v['impact']}), {times} times: {example}")
    context.close()
    assert found == []


# Without a browser


def test_no_link_is_dead(built):
    assert site.check_built(built.out) == []


def test_the_site_is_light(built):
    assert built.size < 0.4e6 * built.total  # it grows with the course: 40 MB for 100 pages
    text = (built.out / "index.html").read_text(encoding="utf-8")
    tags = r'<(?:link[^>]+rel="stylesheet"[^>]+href|script[^>]+src)="([^"]+)"'
    loaded = [built.out / address.split("?")[0] for address in re.findall(tags, text)]
    assert loaded
    assert sum(p.stat().st_size for p in loaded) + len(text.encode()) < 500e3


def test_every_lesson_has_cost_download_and_neighbours(built):
    for page in site.navigation(root):
        if not page.source.stem[:2].isdigit():
            continue
        text = (built.out / f"{page.name}.html").read_text(encoding="utf-8")
        assert "At scale" in text and " download>" in text and "prev-page" in text, page.name


def test_every_symbol_has_an_entry_that_lessons_link_to(built):
    found = site.read_site(root)
    pages = ""
    for page in found.pages:
        if page.source.suffix == ".ipynb":
            pages += (built.out / f"{page.name}.html").read_text(encoding="utf-8")
    linked = set(re.findall(r"api/[\w/]+\.html#([\w-]+)", pages))
    for symbols in found.modules().values():
        text = (built.out / f"{symbols[0].page}.html").read_text(encoding="utf-8")
        for symbol in symbols:
            assert f'id="{site.label(symbol)}"' in text, symbol.name
    functions = [s for s in found.symbols if s.kind in ("function", "class")]
    assert len(linked) > 0.5 * len(functions)


def test_the_reference_shows_the_public_names_first(built):
    """The names of `ftkit.__all__`, each once, each a link to its own module's page; the others
    below.
    """
    text = (built.out / "8_reference/api.html").read_text(encoding="utf-8")
    first, others = text.split('id="what-else-the-modules-export"')
    table = first.split('id="the-public-names"')[1]
    links = re.findall(r'href="api/([\w/]+)\.html#[\w-]+"><code[^>]*>([^<]+)</code>', table)
    assert sorted(name for _, name in links) == sorted(ftkit.__all__)
    address = public_addresses()
    for module, name in links:
        assert address[name] == f"ftkit.{module.replace('/', '.')}", name
    assert "ftkit-kit-site-read-module" in others and "ftkit-kit-site-read-module" not in first


def test_a_module_of_a_part_has_its_page_in_the_folder_of_the_part(built):
    for module in ("core", "foundations/losses", "finetuning/lora", "kit/site"):
        text = (built.out / f"8_reference/api/{module}.html").read_text(encoding="utf-8")
        assert f"<h1>ftkit.{module.replace('/', '.')}<" in text
    assert "from ftkit import softmax" in re.sub(
        r"<[^>]+>", "", (built.out / "8_reference/api/foundations/losses.html").read_text()
    )


def test_the_questions_quote_the_records(built):
    found = site.read_site(root)
    page = (built.out / "8_reference/questions.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    value = found.records["3_finetuning/finetune"]["metrics"]["macro_f1_full"]["value"]
    assert f"{value:.3g}" in text
    assert "{{<" not in text


def test_nothing_changed_nothing_built(built):
    again = site.build(root, out=built.out, work=built.out.parent / "work")
    assert again.pages == 0 and again.total == built.total


def test_addresses_have_no_numbers_and_are_unique():
    pages = site.navigation(root)
    assert len({p.name for p in pages}) == len(pages)
    assert not any(re.match(r"\d", p.name.split("/")[-1]) for p in pages)


def test_the_configuration_is_one_file():
    known = yaml.safe_load((root / "_quarto.yml").read_text())
    site.check_keys(known, site.quarto_keys, "_quarto.yml")
    command = ["git", "ls-files", "nbs/_quarto.yml", "_variables.yml"]
    assert not subprocess.run(command, cwd=root, capture_output=True, text=True).stdout
    settings = (root / "settings.ini").read_text()
    skipped = re.search(r"skip_procs = (.*)", settings)[1].split(",")
    assert set(skipped) == set(site.replaced_steps) - {"FrontmatterProc"}
    assert "procs = ftkit.kit.site:mark_cell" in settings


# What the build refuses, on a tiny project


numbers = itertools.count(1)


def cell(source, kind="code", outputs=()):
    made = dict(cell_type=kind, id=f"cell{next(numbers):04d}", source=source, metadata={})
    if kind == "code":
        made |= dict(outputs=list(outputs), execution_count=None)
    return made


def stream(text):
    return dict(output_type="stream", name="stdout", text=text)


@pytest.fixture
def tiny(tmp_path):
    "A project of two pages, without a reference; call it with the lesson's cells."
    module = (
        '__all__ = ["square"]\n\n'
        "# %% ../nbs/1_part/10_lesson.ipynb #aa\n"
        "def square(x): return x * x\n"
    )

    def write(name, *cells):
        notebook = dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5)
        (tmp_path / "nbs" / f"{name}.ipynb").write_text(json.dumps(notebook))

    def make(*lesson, navigation="      - nbs/index.ipynb\n      - nbs/1_part/10_lesson.ipynb\n"):
        for folder in ("nbs/1_part", "ftkit/part"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "ftkit/part/loss.py").write_text(module)
        (tmp_path / "_quarto.yml").write_text(
            f"website:\n  title: tiny\n  sidebar:\n    contents:\n{navigation}"
        )
        write("index", cell("# Tiny", "markdown"), cell("1", outputs=[stream("1")]))
        write("1_part/10_lesson", cell("# A lesson", "markdown"), *lesson)
        return tmp_path

    return make


def fine():
    return cell("square(2)", outputs=[stream("4")])


traceback = dict(
    output_type="error", ename="ZeroDivisionError", evalue="division by zero", traceback=[]
)
broken = {
    "no outputs": (
        [cell("1"), cell("2")],
        r"10_lesson.ipynb, cell 2 \(id cell\d+\).*none has a stored output",
    ),
    "a traceback": (
        [
            fine(),
            cell("1 / 0", outputs=[traceback]),
        ],
        r"10_lesson.ipynb, cell 3 \(id cell\d+\) has a traceback.*ZeroDivisionError",
    ),
    "a dead link": (
        [fine(), cell("[no](11_none.ipynb)", "markdown")],
        r"10_lesson.ipynb, cell 3 .*links to 11_none.ipynb, which is no page",
    ),
    "a dead anchor": (
        [fine(), cell("[no](../index.ipynb#nowhere)", "markdown")],
        r"cell 3 .*that page has no heading 'nowhere'",
    ),
    "an undefined symbol in code": (
        [cell("from ftkit.part.loss import sqare", outputs=[stream("")])],
        r"cell 2 .*ftkit.part.loss.sqare, which does not exist. Did you mean square",
    ),
    "an undefined symbol in prose": (
        [fine(), cell("see `ftkit.part.loss.cube`", "markdown")],
        r"cell 3 .*ftkit.part.loss.cube, which does not exist",
    ),
    "a module of the wrong part": (
        [fine(), cell("see `ftkit.loss.square`", "markdown")],
        r"cell 3 .*Unknown module of ftkit 'loss'. Did you mean 'part.loss'",
    ),
    "a public name that is none": (
        [cell("from ftkit import sofmax", outputs=[stream("")])],
        r"cell 2 .*ftkit.sofmax, which does not exist. Did you mean softmax",
    ),
    "a formula": (
        [fine(), cell(r"so $\undefinedhere{x}$", "markdown")],
        r"1_part/lesson, cell 3: The formula .*Undefined control sequence",
    ),
    "a diagram": (
        [fine(), cell("```mermaid\nflowchart LR\n a -->\n```", "markdown")],
        r"The diagram that begins with 'flowchart LR' cannot be drawn",
    ),
    "a link in a diagram": (
        [
            fine(),
            cell('```mermaid\nflowchart LR\n a --> b\n click a href "no.ipynb"\n```', "markdown"),
        ],
        r"cell 3 .*links to no.ipynb",
    ),
}


@pytest.mark.parametrize("what", broken)
def test_the_build_fails_with_file_and_cell(tiny, what):
    cells, said = broken[what]
    project = tiny(*cells)
    with pytest.raises(FtkitError, match=said):
        site.build(project, jobs=1)
    assert not (project / "_docs").exists(), "nothing partial is left"


def test_a_good_project_builds_and_a_later_mistake_keeps_it(tiny):
    project = tiny(fine())
    done = site.build(project, jobs=1)
    assert done.total == 2 and (done.out / "1_part/lesson.html").is_file()
    tiny(fine(), cell("[no](none.md)", "markdown"))
    with pytest.raises(FtkitError, match=r"none\.md"):
        site.build(project, jobs=1)
    assert "A lesson" in (done.out / "1_part/lesson.html").read_text()


def test_the_preview_builds_at_first_and_then_what_changes(tiny, monkeypatch):
    project = tiny(fine())
    changes = [1.0, 1.0, 2.0, 2.0, 1.5]  # what an older branch brings is new, too
    seen = []
    said = []

    def newest(root):
        seen.append(changes[len(seen)])
        return seen[-1]

    def build(root, out):
        said.append(f"at {seen[-1]}")
        return SimpleNamespace(pages=1, total=2, seconds=0.1)

    monkeypatch.setattr(site, "newest", newest)
    monkeypatch.setattr(site, "build", build)
    site.preview(project, wait=0, say=said.append, going=lambda: len(seen) < len(changes))
    assert said[0].startswith("http://127.0.0.1:")
    assert [line for line in said if line.startswith("at")] == ["at 1.0", "at 2.0", "at 1.5"]
    assert "built 1 of 2 pages in 0.1 s" in said


def test_a_comment_belongs_to_the_parameter_beside_it():
    source = """def f(
    first: int,  # an integer
    second=2,  # two, if nothing is said
    *,
    third=3,
    fourth: dict[str, int] | None = None,  # None: none
): ...
"""
    node = ast.parse(source).body[0]
    found = site.read_parameters(node, site.comments(source))
    assert [p.name for p in found] == ["first", "second", "third", "fourth"]
    meanings = ["an integer", "two, if nothing is said", "", "None: none"]
    assert [p.meaning for p in found] == meanings


def test_a_link_keeps_its_heading(tmp_path):
    page = site.Page(tmp_path / "nbs" / "1_part" / "10_lesson.ipynb", "1_part/lesson", "")
    names = {(tmp_path / "nbs" / "index.ipynb").resolve(): "index"}
    target = "../index.ipynb#the-first-hour"
    assert site.page_link(target, page, names) == target
    assert site.page_link(target, page, names, ".html") == "../index.html#the-first-hour"
    assert site.page_link("../other.ipynb#here", page, names, ".html") == "../other.ipynb#here"


def test_an_anchor_is_githubs():
    assert site.slug(" What `fit` does: 3 Steps! ") == "what-fit-does-3-steps"


def test_the_engine_for_formulas_is_started_once():
    assert site._katex() is site._katex()


def test_a_page_outside_the_navigation_is_refused(tiny):
    with pytest.raises(FtkitError, match=r"nbs/1_part/10_lesson.ipynb is in no navigation"):
        site.navigation(tiny(fine(), navigation="      - nbs/index.ipynb\n"))


def test_an_entry_without_a_page_is_refused(tiny):
    with pytest.raises(FtkitError, match=r"lists nbs/none.ipynb"):
        site.navigation(
            tiny(fine(), navigation="      - nbs/index.ipynb\n      - nbs/none.ipynb\n")
        )


def test_two_files_that_make_one_page_are_refused(tiny):
    entries = ["nbs/index.ipynb", "nbs/1_part/10_lesson.ipynb", "nbs/1_part/11_lesson.md"]
    project = tiny(fine(), navigation="".join(f"      - {name}\n" for name in entries))
    (project / entries[2]).write_text("# Another lesson\n")
    with pytest.raises(FtkitError, match=r"2 entries make the page 1_part/lesson"):
        site.navigation(project)


@pytest.mark.parametrize(
    "text, said",
    [
        ("website: [", r"_quarto.yml, line 1.*is not YAML"),
        ("- a\n", "should hold keys and values"),
        ("websit:\n  title: x\n", "Did you mean 'website'"),
        ("website:\n  sidebar:\n    contents: nbs\n", "should be of type list"),
        ("website:\n  sidebar:\n    contents:\n      - 7\n", "should be a file"),
        (
            "website:\n  sidebar:\n    contents:\n      - {href: nbs/index.ipynb, tekst: x}\n",
            "Unknown key in _quarto.yml, sidebar: 'tekst'. Did you mean 'text'",
        ),
    ],
)
def test_broken_configuration_is_refused(tiny, text, said):
    project = tiny(fine())
    (project / "_quarto.yml").write_text(text)
    with pytest.raises(FtkitError, match=said):
        site.navigation(project)


def test_an_unknown_number_and_an_unknown_paper_are_refused(tiny):
    found = site.read_site(tiny(fine(), cell("arXiv:9999.99999", "markdown")))
    with pytest.raises(FtkitError, match=r"9999.99999, which nbs/_site/papers.yml does not have"):
        site.bibliography(found, {})
    with pytest.raises(FtkitError, match=r"a.md: Unknown lesson"):
        site.fill("{{< var none.x >}}", {"some": {}}, {}, "a.md")


def test_the_filter_marks_cells_as_quarto_wants_them():
    cells = [
        cell("---\ntitle: A\n---", "raw"),
        cell("#| hide\nx"),
        cell("#| export\ny = 1"),
        cell("#| exports\nz = 1"),
    ]
    notebook = dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5)
    kept = site.filter_notebook(notebook)["cells"]
    assert [c["source"].splitlines()[-1] for c in kept] == ["---", "y = 1", "z = 1"]
    assert kept[1]["source"].startswith("#| code-fold: true")
    assert not kept[2]["source"].startswith("#|")
