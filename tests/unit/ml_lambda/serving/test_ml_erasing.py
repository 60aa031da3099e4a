"""Erasure: every store, one report each, the same report when it is asked again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.events import (
    ConsentsChanged,
    Envelope,
    ErasureRequested,
    ForgetRequested,
    TipDue,
    from_json,
)
from ml_lambda.serving.erasing import Erasing, NotYetErased
from tests import ml_examples as me


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


@dataclass
class Person:
    granted: Collection[Consent] = ()
    erased: bool = False


def gone(person_id: str) -> Person:
    return Person(erased=True)


REQUEST = from_json(me.message(ErasureRequested(receipt_id="receipt"))["body"])


def test_each_store_is_erased_and_reported() -> None:
    bus = Published()
    erasing = Erasing([Rows("snapshots", 1), Rows("reward-markers", 40)], gone, bus, Frozen())
    erasing.handle(REQUEST)
    erasing.handle(REQUEST)
    told = [(e.erasure_done.store, e.erasure_done.rows, e.erasure_done.receipt_id) for e in bus.events]
    assert told[:2] == [("snapshots", 1, "receipt"), ("reward-markers", 40, "receipt")]
    assert [e.event_id for e in bus.events[:2]] == [e.event_id for e in bus.events[2:]]
    assert len({e.event_id for e in bus.events}) == 2


def test_nothing_is_reported_before_all_is_gone() -> None:
    bus = Published()
    with pytest.raises(RuntimeError):
        Erasing([Rows("snapshots", 1), Rows("statistics", -1)], gone, bus, Frozen()).handle(REQUEST)
    assert bus.events == []


def test_before_the_tombstone_stands_nothing_is_erased_and_the_message_comes_again() -> None:
    """What is on its way until then would be written again, and nobody would look once more."""
    rows, bus = Rows("snapshots", 1), Published()
    with pytest.raises(NotYetErased):
        Erasing([rows], lambda _: Person(), bus, Frozen()).handle(REQUEST)
    assert (rows.rows, bus.events) == (1, [])


def test_other_events_erase_nothing() -> None:
    rows = Rows("snapshots", 1)
    Erasing([rows], gone, Published(), Frozen()).handle(
        from_json(me.message(TipDue(decision_id="d"))["body"])
    )
    assert rows.rows == 1


class Learned(Rows):
    def withdraw(self, person_id: str, consent: Consent) -> int:
        return self.erase(person_id) if consent == "learning" else 0


def heard(payload: Any, granted: Collection[Consent] = ()) -> tuple[int, int]:
    """What is left of a snapshot and of the statistics."""
    rows, learned, bus = Rows("snapshots", 1), Learned("statistics", 1), Published()
    Erasing([rows, learned], lambda _: Person(granted), bus, Frozen()).handle(
        from_json(me.message(payload)["body"])
    )
    assert bus.events == []
    return rows.rows, learned.rows


def test_what_was_learned_goes_with_its_consent_and_with_its_line_of_the_card() -> None:
    assert heard(ConsentsChanged(withdrawn=["learning"])) == (1, 0)
    assert heard(ConsentsChanged(withdrawn=["learning"]), granted=["learning"]) == (1, 1), "given again"
    assert heard(ConsentsChanged(withdrawn=["tasks"])) == (1, 1)
    assert heard(ForgetRequested(line="learning", consent="learning")) == (1, 0)
    assert heard(ForgetRequested(line="tasks", consent="tasks")) == (1, 1)
    assert heard(ForgetRequested(line="h", consent="habits", item_ref="run")) == (1, 1)
