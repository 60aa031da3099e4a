from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from chalicelib.contracts.signals import HORIZON, NEWEST, OLDEST, SignalEntry
from oo_local.demo_signals import entries, open_refs

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Apia", "Asia/Kathmandu"]
# Days on which clocks change there, midnight, a leap day, a new year.
MOMENTS = [
    NOON,
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
    datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("now", MOMENTS)
def test_every_entry_is_one_that_the_api_takes(zone: str, now: datetime) -> None:
    made = entries(now, zone)
    adapter: TypeAdapter[SignalEntry] = TypeAdapter(SignalEntry)
    for entry in made:
        signal = adapter.validate_python(entry)
        assert now - OLDEST <= signal.occurred_at <= now + NEWEST
        if signal.type == "event":
            assert signal.starts_at <= now + HORIZON
    assert len({entry["id"] for entry in made}) == len(made)


def test_two_weeks_of_every_kind() -> None:
    made = entries(NOON, "UTC")
    kinds = {entry["type"] for entry in made}
    assert kinds == {"task", "event", "habit", "mood"}
    moments = [datetime.fromisoformat(entry["occurred_at"]) for entry in made if entry["type"] != "event"]
    assert timedelta(days=13) <= max(moments) - min(moments) <= timedelta(days=15)


def test_what_the_features_wait_for_is_sent_at_any_hour() -> None:
    for hour in range(24):
        now = NOON.replace(hour=hour, minute=1)
        sent = {e["item_ref"] for e in entries(now, "UTC") if e.get("status") in {"open", "active"}}
        assert open_refs() <= sent


def test_a_second_start_on_the_same_day_sends_the_same_again() -> None:
    morning = {entry["id"]: entry for entry in entries(NOON - timedelta(hours=4), "UTC")}
    evening = {entry["id"]: entry for entry in entries(NOON + timedelta(hours=6), "UTC")}
    assert morning.items() <= evening.items()


def test_the_next_day_repeats_what_lies_behind_and_renews_what_is_open() -> None:
    today = {entry["id"] for entry in entries(NOON, "UTC") if entry.get("status") == "done"}
    tomorrow = {entry["id"] for entry in entries(NOON + timedelta(days=1), "UTC")}
    assert len(today & tomorrow) > len(today) / 2
    open_today = {e["id"] for e in entries(NOON, "UTC") if e.get("item_ref") == "demo:task:tax"}
    assert not open_today & tomorrow


def test_another_subject_has_other_ids() -> None:
    assert not {e["id"] for e in entries(NOON, "UTC", "ada")} & {e["id"] for e in entries(NOON, "UTC", "ben")}
