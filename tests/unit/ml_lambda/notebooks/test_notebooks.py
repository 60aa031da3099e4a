"""Notebooks are stored without outputs, are Python that parses, and nothing imports them."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from oo_local.notebook_run import html

ROOT = Path(__file__).resolve().parents[4]
BOOKS = sorted((ROOT / "ml_lambda/notebooks").glob("*.ipynb"))


@pytest.fixture(params=BOOKS, ids=lambda path: path.name)
def book(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return loaded


def test_it_is_a_notebook_without_outputs(book: dict[str, Any]) -> None:
    assert book["nbformat"] == 4
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids) > 3
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_its_code_parses_and_imports_what_there_is(book: dict[str, Any]) -> None:
    for cell in book["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("ml_lambda", "chalicelib")
            ):
                module = __import__(str(node.module), fromlist=["*"])
                for alias in node.names:
                    if not hasattr(module, alias.name):
                        __import__(f"{node.module}.{alias.name}")


def test_there_is_one_and_nothing_imports_it() -> None:
    assert [path.name for path in BOOKS] == ["policies.ipynb"]
    for package in ("chalicelib", "ml_lambda", "localstack", "infra"):
        for path in (ROOT / package).rglob("*.py"):
            assert "ml_lambda.notebooks" not in path.read_text("utf-8"), path


def test_a_page_shows_outputs_and_folds_code_away() -> None:
    page = html(
        {
            "cells": [
                {"cell_type": "markdown", "source": "# A title\n\nSome <text>."},
                {
                    "cell_type": "code",
                    "source": "print(1 < 2)",
                    "outputs": [
                        {"output_type": "stream", "text": "True & so on"},
                        {
                            "output_type": "display_data",
                            "data": {"image/png": "iVBOR", "text/plain": "<Figure>"},
                        },
                        {"output_type": "error", "traceback": ["it failed"]},
                    ],
                },
            ]
        }
    )
    assert "<h1>A title</h1><p>Some &lt;text&gt;.</p>" in page.replace("\n", "")
    assert "<pre>True &amp; so on</pre>" in page
    assert '<img alt="&lt;Figure&gt;" src="data:image/png;base64,iVBOR">' in page
    assert "<pre>it failed</pre>" in page
    assert "<summary>code</summary><pre>print(1 &lt; 2)</pre>" in page
