"""The wire format: what is written is read again, by older and newer readers alike."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts import events
from chalicelib.contracts.records import SignalRecord

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
records = st.builds(
    SignalRecord,
    signal_id=st.uuids().map(str),
    type=st.sampled_from(["task", "event", "habit", "mood", "context"]),
    source=st.just("manual"),
    origin=st.sampled_from(["typed", "file", "connector"]),
    occurred_at=moments,
    item_ref=st.none() | st.just("task-1"),
    due_at=st.none() | moments,
    due_on=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    all_day=st.none() | st.booleans(),
    effort_minutes=st.none() | st.integers(1, 1440),
)


@given(records)
def test_a_record_survives_the_wire(record: SignalRecord) -> None:
    message = events.SignalReceived(signal=events.signal_message(record))
    event = events.wrap(message, person_id="p", event_id="e", at=record.occurred_at, trace_id="t")
    read = events.from_json(events.to_json(event))
    assert events.signal_record(read.signal_received.signal) == record
    assert read == event


def test_the_record_and_the_message_have_the_same_fields() -> None:
    assert {f.name for f in events.Signal.DESCRIPTOR.fields} == set(SignalRecord.model_fields)


def test_the_wire_is_canonical_json_with_the_type_named() -> None:
    at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    payload = events.RewardSettled(decision_id="d", revision=2, reward=0.4, decided_at=events.timestamp(at))
    event = events.wrap(payload, person_id="p", event_id="e", at=at + timedelta(hours=1), trace_id="t")
    assert json.loads(events.to_json(event))["rewardSettled"] == {
        "decisionId": "d", "revision": 2, "reward": 0.4, "decidedAt": "2026-11-22T08:00:00Z",
    }  # fmt: skip
    assert events.type_of(event) == "reward_settled"
    assert events.moment(event.reward_settled.decided_at) == at


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"eventId": 5}', '{"eventId": "e"}', "null"])
def test_what_is_not_an_event_is_refused(text: str) -> None:
    with pytest.raises(events.MalformedEvent):
        events.from_json(text)


def test_a_payload_of_the_future_has_no_type() -> None:
    event = events.from_json('{"eventId": "e", "personId": "p", "hologramShown": {"x": 1}}')
    assert events.type_of(event) == ""
