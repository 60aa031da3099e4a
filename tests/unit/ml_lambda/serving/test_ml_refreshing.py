"""Refreshing: once per person and batch, failures one by one, only what is consented to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.contracts.events import (
    ConsentsChanged,
    DecisionMade,
    Envelope,
    SignalStored,
    SilenceAnswered,
    moment,
    type_of,
)
from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.ports import BusError
from chalicelib.contracts.records import ItemRecord, SignalRecord
from chalicelib.runtime.logging import logger
from ml_lambda.features.store import Person
from ml_lambda.serving.refreshing import SKEW, Refreshing
from tests import ml_examples as me

OTHER = "11111111-1111-4111-8111-111111111111"


class Memory:
    def __init__(
        self, granted: frozenset[str] = frozenset(me.ALL), erased: bool = False, at: datetime | None = None
    ) -> None:
        self.granted, self.erased, self.at = granted, erased, at
        self.saved: list[Snapshot] = []
        self.reads: Counter[str] = Counter()
        self.failing: set[str] = set()

    def person(self, person_id: str) -> Person:
        self.reads[person_id] += 1
        if person_id in self.failing:
            raise RuntimeError
        return Person(me.ZONE, self.granted, self.erased, ("health",))  # type: ignore[arg-type]

    def items(self, person_id: str, now: datetime) -> list[ItemRecord]:
        return me.items()

    def signals(self, person_id: str, since: datetime) -> list[SignalRecord]:
        return me.signals()

    def computed_at(self, person_id: str) -> datetime | None:
        return self.at

    def save(self, snapshot: Snapshot) -> bool:
        self.saved.append(snapshot)
        return True


class Frozen:
    at = me.NOW

    def now(self) -> datetime:
        return self.at


def refreshing(store: Memory) -> Refreshing:
    return Refreshing(store, Frozen(), logger("features"))


def stored(number: int, person_id: str = me.PERSON) -> dict[str, str]:
    return me.message(SignalStored(signal_id="s", type="task"), number, person_id)


DECIDED = DecisionMade(decision_id="d", angle="do_now")


def test_a_person_is_refreshed_once_for_many_messages() -> None:
    store = Memory()
    answer = refreshing(store).handle_batch(me.batch(stored(1), stored(2), stored(3), stored(4, OTHER)))
    assert answer == {"batchItemFailures": []}
    assert [s.person_id for s in store.saved] == [me.PERSON, OTHER]
    assert store.saved[0].computed_at == me.NOW


def test_only_the_messages_of_who_failed_come_back() -> None:
    store = Memory()
    store.failing = {OTHER}
    broken = {"messageId": "message-9", "body": "{"}
    answer = refreshing(store).handle_batch(me.batch(stored(1), broken, stored(2, OTHER), stored(3, OTHER)))
    failed = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
    assert failed == {"message-9", "message-2", "message-3"}
    assert [s.person_id for s in store.saved] == [me.PERSON]


def test_a_decision_or_a_silence_refreshes_only_what_is_old() -> None:
    decided, silent = me.message(DECIDED), me.message(SilenceAnswered(), 2)
    for messages in ((decided,), (silent,), (decided, silent)):
        for age, refreshed in ((timedelta(minutes=59), 0), (timedelta(minutes=61), 1), (None, 1)):
            store = Memory(at=me.NOW - age if age else None)
            refreshing(store).handle_batch(me.batch(*messages))
            assert len(store.saved) == refreshed
    fresh = Memory(at=me.NOW)
    refreshing(fresh).handle_batch(me.batch(decided, stored(2)))
    assert len(fresh.saved) == 1


def test_a_backlog_about_one_person_costs_one_refresh() -> None:
    told = me.message(SignalStored(signal_id="s", type="task"))
    for age, refreshed in ((SKEW, 0), (SKEW - timedelta(microseconds=1), 1), (None, 1)):
        store = Memory(at=me.NOW + age if age is not None else None)
        clock = Frozen()
        clock.at = me.NOW + timedelta(minutes=5)
        Refreshing(store, clock, logger("features")).handle_batch(me.batch(told))
        assert len(store.saved) == refreshed, "the snapshot was read when the signal was there"
    changed = me.message(ConsentsChanged(granted=["tasks"]))
    store = Memory(at=me.NOW + timedelta(minutes=1))
    refreshing(store).handle_batch(me.batch(changed))
    assert len(store.saved) == 1


def test_what_was_withdrawn_leaves_the_snapshot() -> None:
    store = Memory(granted=frozenset({"tasks"}))
    changed = me.message(ConsentsChanged(granted=["tasks"], withdrawn=["habits", "calendar"]))
    refreshing(store).handle_batch(me.batch(changed))
    assert store.saved[0].tasks
    assert store.saved[0].habits == store.saved[0].events == []


def test_goals_come_from_the_profile() -> None:
    store = Memory()
    refreshing(store).handle_batch(me.batch(stored(1)))
    assert store.saved[0].goals == ["health"]


def test_an_erased_person_gets_no_snapshot() -> None:
    store = Memory(erased=True)
    refreshing(store).handle_batch(me.batch(stored(1)))
    assert store.saved == []


class Published:
    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.refuses = False

    def publish(self, events: Sequence[Envelope]) -> None:
        if self.refuses:
            raise BusError
        self.events.extend(events)


def test_a_new_snapshot_is_told_of_once_it_is_kept() -> None:
    store, bus = Memory(), Published()
    for _ in range(2):
        one = Refreshing(store, Frozen(), logger("features"), bus)
        one.handle_batch(me.batch(stored(1), stored(2), stored(3, OTHER)))
    told = [
        (e.person_id, type_of(e), e.trace_id, moment(e.features_refreshed.computed_at)) for e in bus.events
    ]
    assert told == 2 * [(p, "features_refreshed", "trace", me.NOW) for p in (me.PERSON, OTHER)]
    assert len({e.event_id for e in bus.events}) == 2, "the same refresh is the same event"


def test_of_what_was_not_kept_nothing_is_told() -> None:
    for store in (Memory(erased=True), Memory(at=me.NOW)):
        bus = Published()
        message = me.message(DECIDED)
        Refreshing(store, Frozen(), logger("features"), bus).handle_batch(me.batch(message))
        assert bus.events == []


def test_a_bus_that_is_down_loses_no_snapshot_and_fails_no_message() -> None:
    store, bus = Memory(), Published()
    bus.refuses = True
    answer = Refreshing(store, Frozen(), logger("features"), bus).handle_batch(me.batch(stored(1)))
    assert (answer, len(store.saved)) == ({"batchItemFailures": []}, 1)
