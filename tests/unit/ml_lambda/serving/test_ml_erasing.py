"""Erasure: every store, one report each, the same report when it is asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import ml_examples as me
import pytest

from chalicelib.contracts.events import Envelope, ErasureRequested, TipDue, from_json
from ml_lambda.serving.erasing import Erasing


class Rows:
    def __init__(self, name: str, rows: int) -> None:
        self.name, self.rows = name, rows

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        return ()

    def erase(self, person_id: str) -> int:
        if self.rows < 0:
            raise RuntimeError
        gone, self.rows = self.rows, 0
        return gone


class Published:
    def __init__(self) -> None:
        self.events: list[Envelope] = []

    def publish(self, events: Sequence[Envelope]) -> None:
        self.events.extend(events)


class Frozen:
    def now(self) -> datetime:
        return me.NOW


REQUEST = from_json(me.message(ErasureRequested(receipt_id="receipt"))["body"])


def test_each_store_is_erased_and_reported() -> None:
    bus = Published()
    erasing = Erasing([Rows("snapshots", 1), Rows("reward-markers", 40)], bus, Frozen())
    erasing.handle(REQUEST)
    erasing.handle(REQUEST)
    told = [(e.erasure_done.store, e.erasure_done.rows, e.erasure_done.receipt_id) for e in bus.events]
    assert told[:2] == [("snapshots", 1, "receipt"), ("reward-markers", 40, "receipt")]
    assert [e.event_id for e in bus.events[:2]] == [e.event_id for e in bus.events[2:]]
    assert len({e.event_id for e in bus.events}) == 2


def test_nothing_is_reported_before_all_is_gone() -> None:
    bus = Published()
    with pytest.raises(RuntimeError):
        Erasing([Rows("snapshots", 1), Rows("statistics", -1)], bus, Frozen()).handle(REQUEST)
    assert bus.events == []


def test_other_events_erase_nothing() -> None:
    rows = Rows("snapshots", 1)
    Erasing([rows], Published(), Frozen()).handle(from_json(me.message(TipDue(decision_id="d"))["body"]))
    assert rows.rows == 1
