"""A person's own files, through the running API: taken once, refused by line, and then tipped about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from chalicelib.integrations.files.base import Options
from oo_local import load as command
from oo_local.load import Loaded, LoadFailed, load
from oo_local.running import Running

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningStack

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def person(stack: RunningStack) -> httpx.Client:
    return stack.sign_in(f"loader-{uuid4()}")


def bring(client: httpx.Client, *paths: Path, agree: bool = True) -> dict[str, Loaded]:
    options = Options(now=datetime.now(UTC), timezone="Europe/Berlin", key=b"a machine's key")
    return {each.name: each for each in load(client, list(paths), options, "someone", agree=agree)}


def test_nothing_is_taken_without_consent(person: httpx.Client) -> None:
    with pytest.raises(LoadFailed, match="has not agreed that oO uses: calendar, tasks"):
        bring(person, EXAMPLES / "calendar.ics", agree=False)
    assert person.get("/api/signals").json()["signals"] == []


def test_files_are_taken_once(stack: RunningStack, person: httpx.Client) -> None:
    first = bring(person, *sorted(EXAMPLES.iterdir()))
    assert set(first) == {"calendar.ics", "habits.csv", "todoist.csv"}
    assert all(each.taken and not each.refused and not each.duplicate for each in first.values())
    sent = sum(each.taken for each in first.values())

    def stored() -> int:
        count, cursor = 0, None
        while True:
            page = person.get("/api/signals", params={"limit": 100, **({"cursor": cursor} if cursor else {})})
            count += len(page.json()["signals"])
            cursor = page.json()["next"]
            if not cursor:
                return count

    stack.wait_until(lambda: stored() == sent)
    again = bring(person, *sorted(EXAMPLES.iterdir()))
    assert all(not each.taken and each.duplicate == first[name].taken for name, each in again.items())


def test_bad_rows_are_refused_by_line_and_the_task_comes_back_as_a_tip(
    stack: RunningStack, person: httpx.Client, tmp_path: Path
) -> None:
    offset = 12 - datetime.now(UTC).hour
    person.patch("/api/profile", json={"timezone": "UTC" if offset == 0 else f"Etc/GMT{-offset:+d}"})
    due = (datetime.now(UTC) + timedelta(hours=4)).isoformat(timespec="seconds")
    table = tmp_path / "todoist.csv"
    table.write_text(
        "TYPE,CONTENT,PRIORITY,INDENT,DATE\n"
        f"task,Return the ladder,1,1,{due}\n"
        "task,Priority is a word,high,1,\n"
        "task,,1,1,\n"
    )
    outcome = bring(person, table)["todoist.csv"]
    assert outcome.taken == 1
    assert [where for where, _ in outcome.refused] == ["line 3", "line 4"]

    def told() -> bool:
        tip = person.post("/api/recommend", json={"context": {"minutes_free": 60}}).json()["tip"]
        return tip is not None and "return the ladder" in tip["text"].casefold()

    stack.wait_until(told)


def test_the_command_works_with_a_kept_session_too(
    stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "home_folder", lambda: tmp_path)
    monkeypatch.setattr(command, "running", lambda home: Running(stack.url, "", 0, {}))
    call = ["--subject", f"loader-{uuid4()}", "--consent", "yes", str(EXAMPLES / "habits.csv")]
    assert command.main(call) == 0
    assert command.main(call) == 0
    assert "habits not done that day: 1" in capsys.readouterr().out
    assert command.main([*call, "--consent", "maybe"]) == 1
    assert "CONSENT may only be yes" in capsys.readouterr().err
