"""Erasure and withdrawal: what goes when, what the receipt tells, what a failure leaves to the next try."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.errors import NotFound, Unavailable
from chalicelib.contracts.events import (
    ConsentsChanged,
    ErasureDone,
    ErasureRequested,
    MalformedEvent,
    TipDue,
    type_of,
    wrap,
)
from chalicelib.contracts.ports import KeyDestroyed, PersonalStore
from chalicelib.contracts.stores import STORES
from chalicelib.profile.contract import ERASED
from chalicelib.profile.erasing import ErasureService, PersonKeys
from chalicelib.runtime.clock import RandomIds
from tests.unit.events.world import ANN, BOB, NOW, MemoryBus, StandingClock, World, mood, task
from tests.unit.profile.memory import MemoryProfiles, MemoryReceipts
from tests.unit.runtime.memory_keys import memory_sealer

TRACE = "trace-0001"


class Rows:
    """A store that counts; it fails as often as told."""

    def __init__(self, name: str, rows: int = 1, fails: int = 0) -> None:
        self.name, self.rows, self.fails = name, rows, fails
        self.withdrawn: list[str] = []

    def export(self, person_id: str) -> Sequence[Any]:
        return []

    def erase(self, person_id: str) -> int:
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        gone, self.rows = self.rows, 0
        return gone

    def withdraw(self, person_id: str, consent: Consent) -> int:
        self.withdrawn.append(consent)
        return 0


class Leaving:
    def __init__(self, *stores: PersonalStore) -> None:
        self.profiles = MemoryProfiles()
        self.receipts = MemoryReceipts()
        self.sealer = memory_sealer()
        self.bus = MemoryBus()
        self.clock = StandingClock()
        self.stores: list[PersonalStore] = [*stores, self.profiles, PersonKeys(self.sealer)]
        self.service = ErasureService(
            self.profiles,
            self.receipts,
            lambda: self.stores,
            self.sealer,
            self.bus,
            self.clock,
            RandomIds(),
        )

    def told(self) -> list[Any]:
        """Deliver every ErasureDone."""
        events = [e for e in self.bus.events if type_of(e) == "erasure_done"]
        for event in events:
            self.service.handle(event)
        return events


def test_when_the_answer_comes_nothing_opens_and_no_session_is_left() -> None:
    sessions, signals = Rows("sessions"), Rows("signals")
    leaving = Leaving(sessions, signals)
    sealed = leaving.sealer.seal(ANN, "p", "words")
    receipt = leaving.service.request(ANN, TRACE)
    assert sessions.rows == 0
    assert signals.rows == 1
    with pytest.raises(KeyDestroyed):
        leaving.sealer.open(ANN, "p", sealed)
    assert (ANN, ERASED) in leaving.profiles.rows
    [event] = leaving.bus.events
    assert event.erasure_requested.receipt_id == receipt
    assert leaving.service.request(ANN, TRACE) == receipt


def test_a_request_that_failed_at_the_bus_has_begun_nothing_and_can_be_made_again() -> None:
    sessions = Rows("sessions")
    leaving = Leaving(sessions)
    leaving.bus.down = True
    with pytest.raises(Unavailable):
        leaving.service.request(ANN, TRACE)
    assert sessions.rows == 1
    assert leaving.profiles.rows == {}
    leaving.bus.down = False
    leaving.service.request(ANN, TRACE)
    assert sessions.rows == 0
    assert leaving.bus.types() == ["erasure_requested"]


@pytest.mark.parametrize("dies_at", ["entomb", "destroy", "sessions"])
def test_a_request_that_dies_anywhere_after_publishing_is_finished_by_the_queue(
    dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, signals = Rows("sessions"), Rows("signals")
    leaving = Leaving(sessions, signals)
    sealed = leaving.sealer.seal(ANN, "p", "words")

    def dies(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        if dies_at == "entomb":
            broken.setattr(leaving.profiles, "entomb", dies)
        elif dies_at == "destroy":
            broken.setattr(leaving.sealer, "destroy", dies)
        else:
            broken.setattr(sessions, "erase", dies)
        with pytest.raises(KeyboardInterrupt):
            leaving.service.request(ANN, TRACE)
    [requested] = leaving.bus.events
    leaving.service.handle(requested)
    assert (sessions.rows, signals.rows) == (0, 0)
    assert list(leaving.profiles.rows) == [(ANN, ERASED)]
    with pytest.raises(KeyDestroyed):
        leaving.sealer.open(ANN, "p", sealed)


def test_of_two_requests_at_once_one_receipt_stands_and_tells_all() -> None:
    leaving = Leaving(Rows("signals"))
    entomb = leaving.profiles.entomb
    raced: list[str] = []

    def overtaken(*args: Any) -> str:
        leaving.profiles.entomb = entomb  # type: ignore[method-assign]
        raced.append(leaving.service.request(ANN, TRACE))
        return entomb(*args)

    leaving.profiles.entomb = overtaken  # type: ignore[method-assign]
    receipt = leaving.service.request(ANN, TRACE)
    assert raced == [receipt]
    for event in list(leaving.bus.events):
        leaving.service.handle(event)
    assert {e.erasure_done.receipt_id for e in leaving.told()} == {receipt}


def test_every_store_answers_and_again_changes_nothing() -> None:
    leaving = Leaving(Rows("signals", 3), Rows("items", 2))
    leaving.service.request(ANN, TRACE)
    [requested] = leaving.bus.events
    leaving.service.handle(requested)
    done = {e.erasure_done.store: e.erasure_done.rows for e in leaving.bus.events[1:]}
    assert done == {"signals": 3, "items": 2, "profiles": 0, "person-keys": 1}
    ids = [e.event_id for e in leaving.bus.events[1:]]
    leaving.bus.batches.clear()
    leaving.service.handle(requested)
    assert [e.event_id for e in leaving.bus.events] == ids
    assert list(leaving.profiles.rows) == [(ANN, ERASED)]


def test_a_store_that_fails_is_erased_by_the_retry_and_keeps_no_other() -> None:
    bad, good = Rows("signals", fails=1), Rows("items")
    leaving = Leaving(bad, good)
    leaving.service.request(ANN, TRACE)
    [requested] = leaving.bus.events
    with pytest.raises(ExceptionGroup):
        leaving.service.handle(requested)
    assert good.rows == 0
    leaving.service.handle(requested)
    assert bad.rows == 0


# --- the receipt --------------------------------------------------------------------------------


def test_the_receipt_tells_store_by_store_what_is_gone_and_what_backups_hold() -> None:
    leaving = Leaving()
    receipt_id = leaving.service.request(ANN, TRACE)
    first = leaving.service.receipt(receipt_id)
    assert first.key_destroyed
    assert not first.complete
    assert first.backups_until is None
    personal = [s for s in STORES if s.personal]
    assert sorted(s.store for s in first.stores) == sorted(s.name for s in personal)
    assert ANN not in first.model_dump_json()

    gone = NOW + timedelta(minutes=1)
    for store in personal:
        for at in (gone, gone + timedelta(hours=1)):
            done = ErasureDone(receipt_id=receipt_id, store=store.name, rows=1)
            leaving.service.handle(wrap(done, person_id=ANN, event_id="e", at=at, trace_id=TRACE))
    told = leaving.service.receipt(receipt_id)
    assert told.complete
    by_name = {s.store: s for s in told.stores}
    assert by_name["signals"].gone_at == gone, "the first report stands"
    assert by_name["person-keys"].gone_at == NOW
    for store in personal:
        line = by_name[store.name]
        assert line.holds == store.holds
        ends = line.gone_at + timedelta(days=store.backup_days) if line.gone_at else None
        assert line.backups_until == (ends if store.backup_days else None)
    assert by_name["item-words"].unreadable
    assert not by_name["signals"].unreadable
    assert not by_name["decisions"].unreadable, "only the words in it are sealed"
    assert told.backups_until == gone + timedelta(days=35)


def test_a_receipt_that_is_not_there_or_too_old_is_not_found() -> None:
    leaving = Leaving()
    receipt_id = leaving.service.request(ANN, TRACE)
    with pytest.raises(NotFound):
        leaving.service.receipt("another")
    leaving.clock.at = NOW + timedelta(days=91)
    with pytest.raises(NotFound):
        leaving.service.receipt(receipt_id)


def test_a_receipt_says_until_when_messages_under_way_last() -> None:
    from infra.queues import DEAD_RETENTION, RETENTION

    leaving = Leaving()
    told = leaving.service.receipt(leaving.service.request(ANN, TRACE))
    # A dead letter's time counts from when it was first sent.
    assert told.messages_until == NOW + timedelta(seconds=max(RETENTION, DEAD_RETENTION))


def test_a_receipt_outlives_every_backup() -> None:
    from chalicelib.profile.receipts import KEPT

    assert max(s.backup_days for s in STORES if s.personal) < KEPT.days


# --- withdrawal ---------------------------------------------------------------------------------


def test_a_withdrawn_consent_takes_what_rests_on_it_and_nothing_else() -> None:
    world = World()
    for who in (ANN, BOB):
        world.agree(who)
        world.take_in(task("a", title="Call mum"), mood(), person=who)
    service = ErasureService(
        world.profiles, MemoryReceipts(), world.signals.personal_stores, world.sealer, world.bus,
        world.clock, RandomIds(),
    )  # fmt: skip
    event = wrap(ConsentsChanged(withdrawn=["tasks"]), person_id=ANN, event_id="e", at=NOW, trace_id="t")
    service.handle(event)
    assert len(world.signals.items) == 2, "given again meanwhile: what is there is covered"
    world.agree(ANN, ["mood"])
    service.handle(event)
    service.handle(event)
    assert sorted((p, s.type) for (p, _), s in world.signals.signals.items()) == [
        (ANN, "mood"), (BOB, "mood"), (BOB, "task"),
    ]  # fmt: skip
    assert [p for p, _ in world.signals.items] == [p for p, _ in world.signals.sealed] == [BOB]


def test_another_event_does_not_belong_to_erasure() -> None:
    event = wrap(TipDue(decision_id="d"), person_id=ANN, event_id="e", at=NOW, trace_id="t")
    assert type_of(event) == "tip_due"
    with pytest.raises(MalformedEvent):
        Leaving().service.handle(event)


class Grants(Rows):
    """A store that has something to hand over while the key still opens it."""

    def __init__(self, leaving_key: list[bool], fails: int = 0) -> None:
        super().__init__("provider-tokens", fails=fails)
        self.key_stood = leaving_key
        self.opens: Any = None

    def surrender(self, person_id: str) -> None:
        if self.fails:
            self.fails -= 1
            raise Unavailable
        self.key_stood.append(self.opens())
        self.rows = 0


def granting(fails: int = 0) -> tuple[Leaving, Grants]:
    grants = Grants([], fails)
    leaving = Leaving(grants)
    sealed = leaving.sealer.seal(ANN, "p", "token")
    grants.opens = lambda: leaving.sealer.open(ANN, "p", sealed) == "token"
    return leaving, grants


def test_grants_are_handed_over_while_the_key_still_opens_them() -> None:
    leaving, grants = granting()
    leaving.service.request(ANN, TRACE)
    assert grants.key_stood == [True]
    with pytest.raises(KeyDestroyed):
        grants.opens()


def test_the_key_waits_until_grants_are_handed_over() -> None:
    leaving, grants = granting(fails=1)
    with pytest.raises(Unavailable):
        leaving.service.request(ANN, TRACE)
    assert grants.opens(), "asked again, it can still hand over"
    assert (ANN, ERASED) in leaving.profiles.rows
    leaving.service.request(ANN, TRACE)
    assert grants.key_stood == [True]


def test_in_the_queue_too_the_key_waits_for_grants_and_for_nothing_else() -> None:
    leaving, grants = granting(fails=1)
    other = Rows("signals", fails=1)
    leaving.stores.insert(0, other)
    requested = wrap(ErasureRequested(receipt_id="r"), person_id=ANN, event_id="e", at=NOW, trace_id=TRACE)
    with pytest.raises(ExceptionGroup, match="2 stores"):
        leaving.service.handle(requested)
    assert grants.opens()
    other.fails = 1
    with pytest.raises(ExceptionGroup, match="1 stores"):
        leaving.service.handle(requested)
    with pytest.raises(KeyDestroyed):
        grants.opens()
