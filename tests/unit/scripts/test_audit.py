"""`make audit` never takes silence for an all-clear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import audit


def answer(*dependencies: dict[str, object]) -> str:
    return json.dumps({"dependencies": list(dependencies), "fixes": []})


GOOD = {"name": "httpx", "version": "1.0", "vulns": []}
BAD = {"name": "old", "version": "0.1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"]}]}
UNKNOWN = {"name": "lost", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def test_what_is_vulnerable_is_named_with_its_cure() -> None:
    found = audit.read(answer(GOOD, BAD), "")
    assert (found.audited, found.vulnerable) == (2, ["old 0.1: PYSEC-1, mended in 0.2"])


def test_what_was_skipped_was_not_audited() -> None:
    found = audit.read(answer(GOOD, UNKNOWN), "")
    assert (found.audited, found.unknown) == (1, ["lost"])
    assert "1 NOT AUDITED" in audit.told(found)


@pytest.mark.parametrize("output", ["", "null", "{}", "oops"])
def test_no_answer_is_a_failure(output: str) -> None:
    assert audit.read(output, "a\nno route to host\n").failure == "no route to host"


@pytest.mark.parametrize(
    ("output", "arguments", "code"),
    [
        (answer(GOOD), [], 0),
        (answer(GOOD, BAD), [], 1),
        (answer(GOOD, UNKNOWN), [], 0),
        (answer(GOOD, UNKNOWN), ["--required"], 1),
        ("", [], 0),
        ("", ["--required"], 1),
    ],
)
def test_the_exit_code(
    output: str, arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(audit, "audit", lambda lock: audit.read(output, "no route"))
    assert audit.main(arguments) == code
    assert ("NOT AUDITED" in capsys.readouterr().out) is (UNKNOWN["name"] in output or not output)


def test_every_lock_is_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(lock: Path) -> audit.Found:
        seen.append(lock.stem)
        return audit.Found()

    monkeypatch.setattr(audit, "audit", note)
    audit.main([])
    assert {"run", "ml", "nightly", "dev"} <= set(seen)
