"""iCalendar of every make: taken where it can be, refused by line where not, never a crash."""

# ruff: noqa: E501  (file content is easier to read on one line)

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from pydantic import TypeAdapter

from chalicelib.contracts.signals import SignalEntry
from chalicelib.integrations.files import parser_for
from chalicelib.integrations.files.base import Entry, Notes, Options, Refused
from chalicelib.integrations.files.ical import ICalendar
from chalicelib.integrations.files.ical_text import unfold

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
ENTRY: TypeAdapter[Any] = TypeAdapter(SignalEntry)


def read(text: str | bytes, **options: Any) -> tuple[list[dict[str, Any]], list[Refused], dict[str, int]]:
    data = text if isinstance(text, bytes) else text.encode()
    notes = Notes()
    given = Options(**{"now": NOW, "timezone": "Europe/Berlin", "key": b"k", **options})
    found = list(ICalendar().parse(data, given, notes))
    signals = [e.signal for e in found if isinstance(e, Entry)]
    for signal in signals:
        ENTRY.validate_python(signal)
    return signals, [e for e in found if isinstance(e, Refused)], notes.counts


def event(*lines: str, uid: str = "u1") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Lunch", *lines, "END:VEVENT", ""])


def calendar(*components: str, head: str = "") -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{''.join(components)}END:VCALENDAR\r\n"


def starts(text: str, **options: Any) -> list[str]:
    return [s["starts_at"] for s in read(text, **options)[0]]


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Europe/Berlin", "09:00"),
        ("W. Europe Standard Time", "09:00"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "09:00"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Paris", "09:00"),
        ("Eastern Standard Time", "15:00"),
        ("GMT+0200", "08:00"),
        ("GMT-5", "15:00"),
        ("(UTC+01:00) Amsterdam, Berlin", "09:00"),
        ('"(UTC+01:00) Amsterdam, Berlin"', "09:00"),
        ("UTC", "10:00"),
        ("Nowhere/Land", "09:00"),
    ],
)
def test_time_zones_of_every_make(zone: str, utc: str) -> None:
    assert starts(calendar(event(f"DTSTART;TZID={zone}:20261124T100000"))) == [f"2026-11-24T{utc}:00+00:00"]


def custom_zone(offset: str) -> str:
    return "\r\n".join(
        ["BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:16010101T000000",
         f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE", ""]
    )  # fmt: skip


def test_a_files_own_zone_is_used_and_does_not_leak_into_the_next_file() -> None:
    lunch = event("DTSTART;TZID=Ours:20261124T100000")
    assert starts(calendar(custom_zone("+0300"), lunch)) == ["2026-11-24T07:00:00+00:00"]
    assert starts(calendar(custom_zone("+0500"), lunch)) == ["2026-11-24T05:00:00+00:00"]


def test_floating_times_are_the_calendars_or_the_persons() -> None:
    lunch = event("DTSTART:20261124T100000")
    assert starts(calendar(lunch), timezone="Asia/Tokyo") == ["2026-11-24T01:00:00+00:00"]
    assert starts(calendar(lunch, head="X-WR-TIMEZONE:America/New_York\r\n")) == ["2026-11-24T15:00:00+00:00"]


def test_all_day_events_are_local_days_and_do_not_block() -> None:
    signals, _, _ = read(calendar(event("DTSTART;VALUE=DATE:20261124")))
    assert (signals[0]["starts_at"], signals[0]["ends_at"]) == (
        "2026-11-23T23:00:00+00:00", "2026-11-24T23:00:00+00:00",
    )  # fmt: skip
    assert signals[0]["all_day"] is True
    assert signals[0]["busy"] is False


def test_ends_by_duration_by_end_or_at_once() -> None:
    for line, end in [("DURATION:PT45M", "10:45"), ("DTEND:20261124T113000Z", "11:30"), ("X-A:1", "10:00")]:
        signals, _, _ = read(calendar(event("DTSTART:20261124T100000Z", line)))
        assert signals[0]["ends_at"] == f"2026-11-24T{end}:00+00:00"


def test_a_series_with_exceptions_overrides_and_a_changed_day() -> None:
    series = event(
        "DTSTART;TZID=Europe/Berlin:20261123T100000", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=5",
        "EXDATE;TZID=Europe/Berlin:20261124T100000", "RDATE;TZID=Europe/Berlin:20261130T120000",
    )  # fmt: skip
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20261125T100000", "DTSTART;TZID=Europe/Berlin:20261125T160000",
        "DURATION:PT30M",
    )  # fmt: skip
    signals, refused, _ = read(calendar(series, moved))
    assert refused == []
    assert sorted(s["starts_at"][:16] for s in signals) == [
        "2026-11-23T09:00", "2026-11-25T15:00", "2026-11-26T09:00", "2026-11-27T09:00", "2026-11-30T11:00",
    ]  # fmt: skip
    assert len({s["item_ref"] for s in signals}) == 5


def test_a_series_keeps_its_local_hour_across_a_clock_change() -> None:
    weekly = event("DTSTART;TZID=Europe/Berlin:20261018T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    hours = starts(calendar(weekly), past=timedelta(days=40), ahead=timedelta(days=1))
    assert [h[:13] for h in hours][:3] == ["2026-10-18T08", "2026-10-25T09", "2026-11-01T09"]


@pytest.mark.parametrize("until", ["20261126", "20261126T235959Z", "20261126T235959"])
@pytest.mark.parametrize(
    "start", ["DTSTART;VALUE=DATE:20261123", "DTSTART:20261123T100000Z", "DTSTART:20261123T100000"]
)
def test_until_in_the_wrong_type_is_understood(start: str, until: str) -> None:
    assert len(starts(calendar(event(start, f"RRULE:FREQ=DAILY;UNTIL={until}")))) == 4


@pytest.mark.parametrize(
    "rule",
    ["FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=1000000", "FREQ=HOURLY;BYSECOND=1,2,3,4,5,6",
     "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31;COUNT=3", "FREQ=SOMETIMES", "COUNT=3", "FREQ=YEARLY;RSCALE=CHINESE"],
)  # fmt: skip
def test_broken_rules_and_bombs_cost_themselves_alone(rule: str) -> None:
    began = time.process_time()
    bad = event("DTSTART:20200101T000000Z", f"RRULE:{rule}", uid="bad")
    signals, refused, _ = read(
        calendar(event("DTSTART:20261124T100000Z"), bad, event("DTSTART:20261125T100000Z", uid="u2"))
    )
    assert len(signals) == 2
    assert len(refused) == 1
    assert time.process_time() - began < 20, "a rule must not keep the machine busy"


def test_an_hourly_series_is_cut() -> None:
    signals, _, notes = read(calendar(event("DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY")), per_series=50)
    assert len(signals) == 50
    assert notes == {"series cut at 50 occurrences": 1}


def test_broken_parts_are_refused_by_line_and_the_rest_is_taken() -> None:
    text = calendar(
        event("DTSTART:20261124T100000Z"),
        event("DTSTART:yesterday", uid="u2"),
        event(uid="u3"),
        event("DTSTART:20261124T100000Z", "DTEND:20261123T100000Z", uid="u4"),
        event("DTSTART:20261124T100000Z", "ATTENDEE;;;=:broken", "DTSTAMP:never", "EXDATE:", uid="u5"),
    )
    signals, refused, _ = read(text)
    assert len(signals) == 2
    assert [r.where for r in refused] == ["line 8", "line 13", "line 17"]
    assert all(r.why for r in refused)


def test_alarms_do_not_lend_their_properties() -> None:
    alarm = "BEGIN:VALARM\r\nSUMMARY:Alarm\r\nDURATION:PT9H\r\nEND:VALARM"
    signals, _, _ = read(calendar(event("DTSTART:20261124T100000Z", "DURATION:PT15M", alarm)))
    assert signals[0]["title"] == "Lunch"
    assert signals[0]["ends_at"] == "2026-11-24T10:15:00+00:00"


def test_tasks() -> None:
    todo = "BEGIN:VTODO\r\nUID:t{0}\r\nSUMMARY:Task {0}\r\n{1}\r\nEND:VTODO\r\n"
    text = calendar(
        todo.format(1, "DUE;VALUE=DATE:20261130\r\nPRIORITY:1"),
        todo.format(2, "DUE;TZID=Europe/Berlin:20261130T170000\r\nPRIORITY:5"),
        todo.format(3, "STATUS:COMPLETED\r\nCOMPLETED:20261120T080000Z"),
        todo.format(4, "DUE:99991231T000000Z\r\nPRIORITY:many"),
    )
    one, two, three, four = read(text)[0]
    assert (one["due_on"], one["priority"], one["status"]) == ("2026-11-30", 1, "open")
    assert (two["due_at"], two["priority"]) == ("2026-11-30T16:00:00+00:00", 3)
    assert (three["status"], three["occurred_at"]) == ("done", "2026-11-20T08:00:00+00:00")
    assert "due_at" not in four
    assert "priority" not in four


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_encodings_and_line_ends(encoding: str, newline: str) -> None:
    text = calendar(event("DTSTART:20261124T100000Z").replace("Lunch", "Frühstück für Käthe"))
    signals, _, _ = read(text.replace("\r\n", newline).encode(encoding))
    assert signals[0]["title"] == "Frühstück für Käthe"


def test_folded_lines_are_joined() -> None:
    assert unfold("A:1\r\n 2\r\n\t3\r\nB:4") == [(1, "A:123"), (4, "B:4")]


def test_loading_again_gives_the_same_ids_and_a_change_another() -> None:
    text = calendar(event("DTSTART:20261124T100000Z", "RRULE:FREQ=DAILY;COUNT=3"))
    later = {"now": NOW + timedelta(hours=20)}
    assert [s["id"] for s in read(text)[0]] == [s["id"] for s in read(text, **later)[0]]
    assert [s["item_ref"] for s in read(text)[0]] != [s["item_ref"] for s in read(text, key=b"other")[0]]
    moved = text.replace("T100000Z", "T110000Z")
    assert not {s["id"] for s in read(text)[0]} & {s["id"] for s in read(moved)[0]}


def test_references_tell_nothing_of_the_uid() -> None:
    signals, _, _ = read(calendar(event("DTSTART:20261124T100000Z", uid="mira@example.org")))
    assert "mira" not in str(signals[0]["item_ref"])


@pytest.mark.parametrize(
    "text", ["", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nBEGIN:VEVENT", "BEGIN:VEVENT\nDTSTART:20261124T100000Z"]
)
def test_files_that_stop_early(text: str) -> None:
    signals, refused, _ = read(text)
    assert len(signals) + len(refused) <= 1


ATOMS = st.sampled_from(
    ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VTIMEZONE", "END:VTIMEZONE",
     "BEGIN:VALARM", "END:VALARM", "BEGIN:VTODO", "END:VTODO", "DTSTART:20261124T100000Z", "DTSTART:x",
     "DTSTART;TZID=:20261124T100000", "DTSTART;VALUE=DATE:20261301", "DTEND;VALUE=PERIOD:x/y", "DURATION:-P1D",
     "RRULE:FREQ=DAILY", "RRULE:FREQ=MONTHLY;BYDAY=9MO", "RRULE:", "EXDATE:x", "RDATE;VALUE=PERIOD:20261124T100000Z/PT1H",
     "RECURRENCE-ID:20261124T100000Z", "UID:a", "UID:", "SUMMARY;LANGUAGE=:é", "CATEGORIES:,,", " folded", "DUE:", "PRIORITY:é"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(ATOMS, max_size=25), st.binary(max_size=40), st.integers(0, 600))
def test_nothing_crashes_it(lines: list[str], noise: bytes, cut: int) -> None:
    data = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]).encode()
    read(data[:cut] + noise + data[cut:])


@settings(max_examples=60)
@given(
    st.lists(ATOMS.filter(lambda a: not a.startswith(("BEGIN", "END", "UID"))), max_size=8), st.integers(0, 3)
)
def test_good_events_survive_a_bad_one_at_any_place(lines: list[str], place: int) -> None:
    good = [event(f"DTSTART:2026112{n}T100000Z", uid=f"good-{n}") for n in range(4, 7)]
    bad = "\r\n".join(["BEGIN:VEVENT", "UID:bad", *lines, "END:VEVENT", ""])
    signals, _, _ = read(calendar(*good[:place], bad, *good[place:]))
    wanted = {s["item_ref"] for s in read(calendar(*good))[0]}
    assert wanted <= {s["item_ref"] for s in signals}


@settings(max_examples=80)
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]), st.integers(1, 5), st.dates(date(2024, 1, 1), date(2026, 12, 1)),
    st.sampled_from(["", ";BYDAY=MO,WE", ";BYDAY=-1FR", ";BYMONTHDAY=31", ";COUNT=20", ";UNTIL=20261201T000000Z"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)  # fmt: skip
def test_expansion_agrees_with_the_library(
    freq: str, interval: int, start: date, extra: str, zone: str
) -> None:
    if extra == ";BYDAY=-1FR" and freq in {"DAILY", "WEEKLY"}:
        extra = ";BYDAY=FR"
    text = calendar(
        event(
            f"DTSTART;TZID={zone}:{start:%Y%m%d}T093000",
            "DURATION:PT30M",
            f"RRULE:FREQ={freq};INTERVAL={interval}{extra}",
        )
    )
    window = (NOW - timedelta(days=30), NOW + timedelta(days=60))
    expected = recurring_ical_events.of(Calendar.from_ical(text)).between(*window)
    assert starts(text) == sorted(e["DTSTART"].dt.astimezone(UTC).isoformat() for e in expected)


def test_the_example_is_read_whole() -> None:
    path = ROOT / "examples/calendar.ics"
    assert isinstance(parser_for(path.read_bytes(), path.name), ICalendar)
    signals, refused, _ = read(path.read_bytes())
    assert refused == []
    assert {s["title"] for s in signals} == {
        "Stand-up",
        "Jonas, budget",
        "Chor",
        "Mira’s birthday 🎂",
        "Renew the passport",
    }
