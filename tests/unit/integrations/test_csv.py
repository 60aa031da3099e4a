"""Todoist backups and habit tables: every good row taken, every bad one named by its line."""

# ruff: noqa: E501  (file content is easier to read on one line)

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.contracts.signals import SignalEntry
from chalicelib.integrations.files import dates, parser_for
from chalicelib.integrations.files.base import Entry, Notes, Options, Refused, slug

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
ENTRY: TypeAdapter[Any] = TypeAdapter(SignalEntry)
TODOIST = "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\r\n"


def read(
    text: str | bytes, name: str = "file.csv", **options: Any
) -> tuple[list[dict[str, Any]], list[Refused], dict[str, int]]:
    data = text if isinstance(text, bytes) else text.encode()
    parser = parser_for(data, name)
    assert parser is not None
    notes = Notes()
    given = Options(**{"now": NOW, "timezone": "Europe/Berlin", "key": b"k", **options})
    found = list(parser.parse(data, given, notes))
    signals = [e.signal for e in found if isinstance(e, Entry)]
    for signal in signals:
        ENTRY.validate_python(signal)
    return signals, [e for e in found if isinstance(e, Refused)], notes.counts


def task(content: str, priority: str = "4", indent: str = "1", when: str = "", zone: str = "") -> str:
    return f'task,"{content}",secret description,{priority},{indent},Ada (1),,{when},en,{zone}\r\n'


def test_tasks_sections_notes_and_blank_rows() -> None:
    text = (
        TODOIST
        + "section,Home,,,,,,,,\r\n"
        + task("Buy bread @errands", "1")
        + "note,a comment,,,,,,,,\r\n,,,,,,,,,\r\n"
    )
    (bread,), refused, notes = read(text)
    assert refused == []
    assert (bread["title"], bread["category"], bread["priority"]) == ("Buy bread", "errands", 1)
    assert notes == {"section, not a task": 1, "note, not a task": 1}
    assert "secret" not in str(bread)


@pytest.mark.parametrize(
    ("when", "zone", "due"),
    [
        ("2026-12-01", "", {"due_on": "2026-12-01"}),
        ("2026-12-01 18:00", "", {"due_at": "2026-12-01T17:00:00+00:00"}),
        ("2026-12-01 18:00", "America/New_York", {"due_at": "2026-12-01T23:00:00+00:00"}),
        ("2026-08-13T18:30:00-05:00", "", {"due_at": "2026-08-13T23:30:00+00:00"}),
        ("2026-12-01T18:00:00.000Z", "", {"due_at": "2026-12-01T18:00:00+00:00"}),
        ("30 Nov 2026", "", {"due_on": "2026-11-30"}),
        ("Jan 5", "", {"due_on": "2027-01-05"}),
        ("17 Dec", "", {"due_on": "2026-12-17"}),
        ("Dec 1 at 6pm", "", {"due_at": "2026-12-01T17:00:00+00:00"}),
        ("07.12.2026 14:30", "", {"due_at": "2026-12-07T13:30:00+00:00"}),
        ("12/31/2026", "", {"due_on": "2026-12-31"}),
        ("tomorrow", "", {}),
        ("every day at 9", "", {}),
        ("next week", "", {}),
        ("2026-02-30", "", {}),
        ("9999-01-01", "", {}),
    ],
)
def test_dates_are_read_or_left_out_never_guessed(when: str, zone: str, due: dict[str, str]) -> None:
    (signal,), _, notes = read(TODOIST + task("x", when=when, zone=zone))
    assert {k: v for k, v in signal.items() if k.startswith("due")} == due
    assert bool(notes) == (not due)


def test_subtasks_are_linked_to_their_parent() -> None:
    parent, child, grandchild, other = read(
        TODOIST + task("Trip") + task("Trains", indent="2") + task("Seats", indent="3") + task("Trains")
    )[0]
    assert child["linked_ref"] == parent["item_ref"]
    assert grandchild["linked_ref"] == child["item_ref"]
    assert "linked_ref" not in other
    assert other["item_ref"] != child["item_ref"]


def test_bad_rows_are_named_and_the_others_taken() -> None:
    text = (
        TODOIST
        + task("a")
        + task("b", priority="high")
        + task("c", indent="0")
        + task("")
        + "chore,x,,,,,,,,\r\n"
        + task("d")
    )
    signals, refused, _ = read(text)
    assert [s["title"] for s in signals] == ["a", "d"]
    assert [r.where for r in refused] == ["line 3", "line 4", "line 5", "line 6"]


def test_missing_columns_quotes_newlines_and_a_byte_order_mark() -> None:
    text = '\ufeffTYPE,CONTENT\ntask,"Read ""Systems"",\nchapter 2"\ntask,short\n'
    signals, refused, _ = read(text)
    assert [s["title"] for s in signals] == ['Read "Systems", chapter 2', "short"]
    assert refused == []


def test_the_same_task_twice_and_the_same_file_twice() -> None:
    text = TODOIST + task("Call") + task("Call")
    first, second = read(text)[0]
    assert first["item_ref"] != second["item_ref"]
    later = read(text, now=NOW + timedelta(days=1))[0]
    assert [s["id"] for s in later] == [first["id"], second["id"]]


HABITS = "date,time,habit,done,minutes,category,mood,energy\n"


def test_habits_and_moods() -> None:
    signals, refused, notes = read(
        HABITS
        + '2026-11-20,07:30,Walk,yes,25,Health,4,\n2026-11-20,,Read,no,,,,\n2026-11-21,8:15 pm,Walk,x,,,,"2,4"\n'
    )
    assert refused == []
    assert notes == {"habits not done that day": 1}
    assert [(s["type"], s["occurred_at"]) for s in signals] == [
        ("habit", "2026-11-20T06:30:00+00:00"), ("mood", "2026-11-20T06:30:00+00:00"),
        ("habit", "2026-11-21T19:15:00+00:00"), ("mood", "2026-11-21T19:15:00+00:00"),
    ]  # fmt: skip
    assert signals[0]["item_ref"] == signals[2]["item_ref"]
    assert (signals[1]["valence"], signals[3]["energy"]) == (4, 2)


def test_bad_habit_rows_are_named() -> None:
    text = (
        HABITS
        + "someday,,Walk,yes,,,,\n2026-11-20,,Walk,maybe,,,,\n2026-11-20,,Walk,yes,,,9,\n2027-11-20,,Walk,yes,,,,\n2020-01-01,,Walk,yes,,,,\n"
    )
    signals, refused, notes = read(text)
    assert [r.where for r in refused] == ["line 2", "line 3", "line 4", "line 5"]
    assert [s["type"] for s in signals] == ["habit"]
    assert notes == {"older than 400 days": 1}


def test_today_without_a_time_is_the_same_signal_tomorrow() -> None:
    text = HABITS + "2026-11-22,,Walk,yes,,,,\n"
    early, late = read(text, now=NOW)[0][0], read(text, now=NOW + timedelta(days=1))[0][0]
    assert early["id"] == late["id"]
    assert datetime.fromisoformat(early["occurred_at"]) <= NOW


def test_semicolons_aliases_and_other_apps() -> None:
    assert len(read("Datum;Habit;Duration\n20.11.2026;Laufen;30\n")[0]) == 1
    daylio = "full_date,date,weekday,time,mood,activities,note_title,note\n2026-11-20,November 20,Friday,21:05,good,work,,secret\n"
    (mood,), _, _ = read(daylio)
    assert (mood["valence"], mood["occurred_at"]) == (4, "2026-11-20T20:05:00+00:00")
    loop = "Date,Walk,Read\n2026-11-20,2,0\n2026-11-21,1,2\n"
    assert [s["title"] for s in read(loop, "Checkmarks.csv")[0]] == ["Walk", "Read"]


@pytest.mark.parametrize("name", ["habits.csv", "todoist.csv"])
def test_the_examples_are_read_whole(name: str) -> None:
    signals, refused, _ = read((ROOT / "examples" / name).read_bytes(), name)
    assert refused == []
    assert len(signals) >= 6


def test_what_is_none_of_these_is_not_recognised() -> None:
    assert parser_for(b"name,email\nAda,ada@example.org\n", "people.csv") is None
    assert parser_for(b"\x89PNG\r\n", "picture.png") is None
    assert parser_for(b"", "empty.csv") is None


@settings(max_examples=200)
@given(st.binary(max_size=300), st.sampled_from([TODOIST, HABITS, "Date,Walk\n"]), st.integers(0, 80))
def test_nothing_crashes_them(noise: bytes, head: str, cut: int) -> None:
    data = head.encode()[:cut] + noise
    for parser in (parser_for(head.encode(), "Checkmarks.csv"),):
        assert parser is not None
        for whole in (data, head.encode() + noise, noise):
            for found in parser.parse(whole, Options(now=NOW), Notes()):
                if isinstance(found, Entry):
                    ENTRY.validate_python(found.signal)


@given(
    st.lists(
        st.sampled_from(
            ["task,x,,9,1,,,,,\r\n", 'task,"a""b,,,\r\n', "\x00,\x00\r\n", "task\r\n", "task,,,,,,,,,\r\n"]
        ),
        max_size=5,
    ),
    st.integers(0, 3),
)
def test_good_rows_survive_bad_ones_that_close_their_quotes(bad: list[str], place: int) -> None:
    bad = [row for row in bad if row.count('"') % 2 == 0]
    good = [task(f"good {n}") for n in range(3)]
    signals, _, _ = read(TODOIST + "".join([*good[:place], *bad, *good[place:]]))
    assert [s["title"] for s in signals if s["title"].startswith("good")] == ["good 0", "good 1", "good 2"]


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_nothing(text: str) -> None:
    found = dates.parse(text, ZoneInfo("Europe/Berlin"), date(2026, 11, 22))
    assert found is None or isinstance(found, date)


@given(st.text(max_size=80))
def test_a_slug_is_a_category_or_nothing(text: str) -> None:
    import re

    found = slug(text)
    assert found is None or re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", found)
