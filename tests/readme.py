"""README.md is the front page nbs/index.ipynb, written as Markdown by nbconvert: `python tests/readme.py` makes it."""

import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

root = Path(__file__).resolve().parent.parent


def readme() -> str:
    "The front page as Markdown, with links that work from the repository's root."
    notebook = nbformat.read(root / "nbs" / "index.ipynb", as_version=4)
    front = re.compile(r"\A---\n.*?\n---\s*", re.S)
    hidden = lambda cell: (
        cell.source.startswith("#| hide")
        or {"parameters", "notebook-only"} & set(cell.metadata.get("tags", []))
    )
    notebook.cells = [
        cell for cell in notebook.cells if not hidden(cell) and front.sub("", cell.source).strip()
    ]
    for cell in notebook.cells:
        cell.source = front.sub("", cell.source)
        # the figure and the record's table are for the notebook and the site; the README keeps what is text
        if cell.cell_type == "code":
            cell.outputs = [
                o
                for o in cell.outputs
                if o.output_type == "stream" or "text/plain" in o.get("data", {})
            ]
            for output in cell.outputs:
                if "data" in output:
                    output["data"] = {"text/plain": output["data"]["text/plain"]}
            cell.outputs = [
                o
                for o in cell.outputs
                if not str(o.get("data", {}).get("text/plain", "")).startswith("<Figure")
            ]
    notebook.metadata["language_info"] = {"name": "python"}
    text = MarkdownExporter().from_notebook_node(notebook)[0]
    text = re.sub(
        r"\]\((?!https?:|#)(\.\./)?([^)]+)\)",
        lambda m: f"]({m[2] if m[1] else 'nbs/' + m[2]})",
        text,
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


if __name__ == "__main__":
    (root / "README.md").write_text(readme(), encoding="utf-8")
