"""Runs in the environment `mlops`: executes a notebook and writes it as a page, with the copy beside it.

python -m oo_local.notebook_run NOTEBOOK PAGE
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, Final

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:860px;margin:0 auto;padding:24px 16px;color:#1b1b1b;
background:#fff}
h1{font-size:1.3rem}h2{font-size:1rem;margin-top:2em}table{border-collapse:collapse;font-size:.85rem}
td,th{border-bottom:1px solid #ddd;padding:.2em .6em;font-weight:400}th,summary{color:#666}img{max-width:100%}
pre{white-space:pre-wrap;font-size:.85rem}summary{font-size:.85rem;cursor:pointer;min-height:44px;line-height:44px}
"""
_PATIENCE: Final = 300
"""Seconds that one cell may take."""


def run(source: Path, page: Path) -> None:
    """Execute; both files are written also when a cell fails, which raises CellExecutionError then."""
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    # Sockets that are files: nobody else on this machine can reach them.
    private = Config({"KernelManager": {"transport": "ipc"}})
    book = nbformat.read(source, as_version=4)
    try:
        NotebookClient(book, timeout=_PATIENCE, kernel_name="python3", config=private).execute()
    finally:
        nbformat.write(book, page.with_suffix(".ipynb"))
        page.write_text(html(book), encoding="utf-8")


def html(book: Any) -> str:
    """The notebook as one file: texts, outputs, the code folded away."""
    body = "\n".join(part for cell in book["cells"] for part in _cell(cell))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>oO, policies side by side</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _cell(cell: Any) -> Iterator[str]:
    text = cell["source"]
    if cell["cell_type"] == "markdown":
        yield from (_paragraph(part) for part in text.split("\n\n") if part.strip())
        return
    for output in cell.get("outputs", []):
        yield _output(output)
    yield f"<details><summary>code</summary><pre>{escape(text)}</pre></details>"


def _paragraph(text: str) -> str:
    """Headings and paragraphs are all the markdown that the notebook uses."""
    level = len(text) - len(text.lstrip("#"))
    return f"<h{level}>{escape(text[level:].strip())}</h{level}>" if level else f"<p>{escape(text)}</p>"


def _output(output: Any) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        name = escape(str(data.get("text/plain", "plot")))
        return f'<img alt="{name}" src="data:image/png;base64,{data["image/png"]}">'
    if "text/html" in data:
        return str(data["text/html"])
    text = output.get("text") or data.get("text/plain") or "\n".join(output.get("traceback", []))
    return f"<pre>{escape(str(text))}</pre>"


def main(arguments: list[str]) -> int:
    """Run it; 1 with the failing cell's error when one fails."""
    from nbclient.exceptions import CellExecutionError

    source, page = (Path(argument) for argument in arguments)
    try:
        run(source, page)
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
