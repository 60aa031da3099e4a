"""The SNS transport: batches within the broker's limits, attributes for filters, refusals raised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.contracts.events import Envelope, SignalReceived, TipExposed, from_json, wrap
from chalicelib.contracts.ports import BusError
from chalicelib.runtime.bus import BatchBus, SnsBus


class Topic:
    def __init__(self, refuse: int = 0) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.refuse = refuse

    def publish_batch(
        self, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]
    ) -> dict[str, Any]:
        self.batches.append(PublishBatchRequestEntries)
        return {"Failed": [{"Id": "0", "Code": "Throttled"}] * self.refuse}


def event(n: int, payload: Any = None) -> Envelope:
    return wrap(
        payload or TipExposed(decision_id=str(n), revision=1),
        person_id="p", event_id=str(n), at=datetime.now(UTC), trace_id="t",
    )  # fmt: skip


def test_everything_is_published_once_in_batches_of_ten() -> None:
    topic = Topic()
    SnsBus(topic, "arn").publish([event(n) for n in range(25)])  # type: ignore[arg-type]
    assert [len(b) for b in topic.batches] == [10, 10, 5]
    sent = [from_json(e["Message"]).event_id for b in topic.batches for e in b]
    assert sent == [str(n) for n in range(25)]
    assert all(len({e["Id"] for e in b}) == len(b) for b in topic.batches)
    assert topic.batches[0][0]["MessageAttributes"]["type"]["StringValue"] == "tip_exposed"


def test_large_events_do_not_share_a_batch() -> None:
    topic = Topic()
    big = SignalReceived(sealed_title=b"x" * 100_000)
    SnsBus(topic, "arn").publish([event(n, big) for n in range(4)])  # type: ignore[arg-type]
    assert all(sum(len(e["Message"]) for e in b) <= 256 * 1024 for b in topic.batches)
    assert sum(len(b) for b in topic.batches) == 4


def test_a_refusal_is_raised() -> None:
    with pytest.raises(BusError, match="1 of 1 events refused: Throttled"):
        SnsBus(Topic(refuse=1), "arn").publish([event(1)])  # type: ignore[arg-type]


def test_nothing_to_publish_calls_nothing() -> None:
    topic = Topic()
    SnsBus(topic, "arn").publish([])  # type: ignore[arg-type]
    assert topic.batches == []


def test_a_batch_bus_publishes_once_and_keeps_nothing_after_a_failure() -> None:
    topic = Topic()
    bus = BatchBus(SnsBus(topic, "arn"))  # type: ignore[arg-type]
    for n in range(4):
        bus.publish([event(n)])
    assert topic.batches == []
    bus.flush()
    bus.flush()
    assert [len(b) for b in topic.batches] == [4]
    refusing = BatchBus(SnsBus(Topic(refuse=1), "arn"))  # type: ignore[arg-type]
    refusing.publish([event(1)])
    with pytest.raises(BusError):
        refusing.flush()
    refusing.flush()
