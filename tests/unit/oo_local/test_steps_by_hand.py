"""`make challenge`, `ab`, `promote`, `rollback`: what an operator reads, and the exit code."""

from __future__ import annotations

from typing import Any

import pytest

from oo_local import nightly
from oo_local.running import Running

STACK = Running("http://oo", "http://cloud", 1, {})
STATE = "v2 serves everybody; mixed_ts only says what it would do."


def answering(monkeypatch: pytest.MonkeyPatch, **answer: Any) -> list[Any]:
    asked: list[Any] = []

    def invoke(*arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        return {"step": "", "refused": "", "manifest": 3, "state": STATE, **answer}

    monkeypatch.setattr(nightly, "invoke", invoke)
    return asked


def test_a_step_says_what_serves_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = answering(monkeypatch)
    assert nightly.step(STACK, "challenge", "mixed_ts") == 0
    [(where, function, wanted)] = asked
    assert (where, function) == ("http://cloud", "evaluate")
    assert (wanted["step"], wanted["policy"]) == ("challenge", "mixed_ts")
    said = capsys.readouterr().out
    assert "✓ challenge mixed_ts" in said
    assert f"{STATE} (manifest 3)" in said


def test_a_refused_step_says_why_and_that_nothing_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, refused="an A/B test follows a canary")
    assert nightly.step(STACK, "start a/b") == 1
    said = capsys.readouterr().out
    assert "✗ start a/b" in said
    assert "✓" not in said
    assert "an A/B test follows a canary" in said
    assert f"as before: {STATE} (manifest 3)" in said
