"""The whole benchmark against a scripted proxy: what it asks, what it reports, when nobody answers."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ml_lambda.bench.__main__ import main

if TYPE_CHECKING:
    from tests.openai_server import OpenAIServer


def words(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model that fills a frame with its first words, writes a draft anew, and judges by position."""
    schema = body["response_format"]["json_schema"]["schema"]["properties"]
    if "better" in schema:
        return {"better": "A"}
    if "pattern" in schema["text"]:
        first = re.sub(r"\(([^|()]*)[^()]*\)", r"\1", schema["text"]["pattern"][1:-1])
        return {"text": re.sub(r"\\(.)", r"\1", first)}
    asked = json.loads(body["messages"][-1]["content"])
    return {"text": f"Today: {asked['draft']}", "why": asked["why"]}


def run(server: OpenAIServer, home: Path, *more: str) -> tuple[int, str]:
    code = main(["--at", f"small={server.url}@reword", "--home", str(home), "--mlflow", "", *more])
    pages = list(home.rglob("tips.html"))
    return code, pages[0].read_text() if pages else ""


def test_a_page_with_the_figures_of_a_model(
    openai_server: OpenAIServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    openai_server.write = words
    code, html = run(openai_server, tmp_path, "--first", "14", "--judge", "--attacks")
    shown = capsys.readouterr().out
    assert code == 0
    assert {asked.body["model"] for asked in openai_server.asked} == {"tip-generator", "embedder", "judge"}
    assert "no better than a coin" in html
    assert re.search(r"delivered tips grounded\D+100%", shown)
    assert re.search(r"attacks sent to it / shown\D+0 / 0 of", shown)
    assert int(re.search(r"worded by the model\D+(\d+)%", shown)[1]) >= 50  # type: ignore[index]


def test_what_the_guard_refuses_is_the_template_with_its_reason(
    openai_server: OpenAIServer, tmp_path: Path
) -> None:
    openai_server.write = words
    code = main(
        ["--at", f"large={openai_server.url}@write", "--home", str(tmp_path), "--mlflow", "", "--first", "5"]
    )
    html = next(tmp_path.rglob("tips.html")).read_text()
    assert code == 0
    assert "template: dates" in html
    assert re.search(r"worded by the model</td><td>0%", html)


def test_it_says_when_nobody_answers_or_is_named(
    openai_server: OpenAIServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = openai_server.url
    openai_server.stop()
    code = main(["--at", f"gone={address}@reword", "--home", str(tmp_path), "--mlflow", "", "--first", "3"])
    assert code == 1
    assert "gone: no answer from `tip-generator`" in capsys.readouterr().out
    for name in ("LITELLM_URL", "OO_LITELLM_URL"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 2
    with pytest.raises(SystemExit):
        main(["--at", "small"])


def test_mlflow_keeps_a_run_per_model_with_its_figures_and_the_page(
    openai_server: OpenAIServer, blank_registry: Path, tmp_path: Path
) -> None:
    openai_server.write = words
    kept = tmp_path / "registry.db"
    shutil.copyfile(blank_registry, kept)
    at = [f"--at={name}={openai_server.url}@reword" for name in ("one", "two")]
    assert main([*at, "--home", str(tmp_path), "--mlflow", f"sqlite:///{kept}", "--first", "3"]) == 0
    with sqlite3.connect(kept) as rows:
        names = rows.execute(
            "select r.name from runs r join experiments e using (experiment_id) where e.name = 'tip-wordings'"
        ).fetchall()
        grounded = rows.execute("select value from metrics where key = 'grounded'").fetchall()
    assert sorted(names) == [("one",), ("two",)]
    assert grounded == [(1.0,), (1.0,)]
