"""Make README.md, the front page nbs/index.ipynb as Markdown: `python tests/readme.py`."""

import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

root = Path(__file__).resolve().parent.parent
front_matter = re.compile(r"\A---\n.*?\n---\s*", re.S)


def is_hidden(cell) -> bool:
    tags = set(cell.metadata.get("tags", []))
    return cell.source.startswith("#| hide") or bool(tags & {"parameters", "notebook-only"})


def plain_outputs(outputs) -> list:
    "The outputs that are text; figures and the record's table are for the notebook and the site."
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            kept.append(output)
            continue
        text = output.get("data", {}).get("text/plain")
        if text is not None and not str(text).startswith("<Figure"):
            output["data"] = {"text/plain": text}
            kept.append(output)
    return kept


def from_the_root(link: re.Match) -> str:
    "A link of the front page, as it is from the repository's root."
    up, target = link.groups()
    return f"]({target})" if up else f"](nbs/{target})"


def readme() -> str:
    "The front page as Markdown, with links that work from the repository's root."
    notebook = nbformat.read(root / "nbs" / "index.ipynb", as_version=4)
    cells = []
    for cell in notebook.cells:
        if is_hidden(cell):
            continue
        cell.source = front_matter.sub("", cell.source)
        if cell.cell_type == "code":
            cell.outputs = plain_outputs(cell.outputs)
        if cell.source.strip():
            cells.append(cell)
    notebook.cells = cells
    notebook.metadata["language_info"] = {"name": "python"}
    text = MarkdownExporter().from_notebook_node(notebook)[0]
    text = re.sub(r"^ +click .*\n", "", text, flags=re.M)  # links of the figure, for the site alone
    text = re.sub(r"\]\((?!https?:|#)(\.\./)?([^)]+)\)", from_the_root, text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


if __name__ == "__main__":
    (root / "README.md").write_text(readme(), encoding="utf-8")
