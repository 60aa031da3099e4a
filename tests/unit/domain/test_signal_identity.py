from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.contracts.signals import SignalEntry
from chalicelib.domain.identity import derived_id, signal_id

ENTRY: TypeAdapter[SignalEntry] = TypeAdapter(SignalEntry)
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)

entries = st.fixed_dictionaries(
    {
        "type": st.just("task"),
        "item_ref": st.text("abc123", min_size=1, max_size=5),
        "occurred_at": st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(  # noqa: DTZ001
            lambda at: at.replace(tzinfo=UTC).isoformat()
        ),
    },
    optional={
        "title": st.text("abc ", min_size=1, max_size=5).filter(str.strip),
        "status": st.sampled_from(["open", "done", "deleted"]),
        "priority": st.integers(1, 4),
        "effort_minutes": st.integers(1, 90),
        "source": st.sampled_from(["manual", "todoist-csv"]),
    },
)


def identify(person: str, raw: dict[str, Any]) -> str:
    return signal_id(person, ENTRY.validate_python(raw))


@given(entries, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(raw: dict[str, Any], chance: random.Random) -> None:
    keys = list(raw)
    chance.shuffle(keys)
    assert identify("ann", raw) == identify("ann", {key: raw[key] for key in keys})


@given(entries)
def test_two_people_never_share_an_id(raw: dict[str, Any]) -> None:
    assert identify("ann", raw) != identify("bob", raw)


@given(entries, entries)
def test_different_signals_have_different_ids(one: dict[str, Any], other: dict[str, Any]) -> None:
    assume(ENTRY.validate_python(one) != ENTRY.validate_python(other))
    assert identify("ann", one) != identify("ann", other)


def test_one_moment_written_in_two_zones_is_one_signal() -> None:
    raw = {"type": "task", "item_ref": "1", "due_at": NOON + timedelta(days=1)}
    east = timezone(timedelta(hours=5))
    there = {**raw, "due_at": raw["due_at"].astimezone(east), "occurred_at": NOON.astimezone(east)}  # type: ignore[attr-defined]
    assert identify("ann", {**raw, "occurred_at": NOON}) == identify("ann", there)


def test_a_default_said_aloud_changes_nothing() -> None:
    raw = {"type": "task", "item_ref": "1", "occurred_at": NOON}
    assert identify("ann", raw) == identify("ann", {**raw, "status": "open", "source": "manual"})


def test_the_clients_uuid_wins() -> None:
    given_id = "0190F3D2-7B0A-7C3E-8A51-0123456789AB"
    raw = {"type": "task", "item_ref": "1", "occurred_at": NOON, "id": given_id}
    assert identify("ann", raw) == given_id.lower()


def test_the_ids_of_today_are_the_ids_of_tomorrow() -> None:
    raw = {"type": "task", "item_ref": "1", "occurred_at": NOON, "title": "x", "due_on": "2026-11-07"}
    assert identify("ann", raw) == "93d8ebcf-058c-5b39-941f-fbd154332f9c"


def test_causes_are_not_glued_together() -> None:
    assert derived_id("a", "bc") != derived_id("ab", "c")
