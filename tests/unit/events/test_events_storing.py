"""What becomes of a signal behind the door: stored once, shown, taken back; and the tail."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest

from chalicelib.contracts.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.contracts.events import (
    Envelope,
    MalformedEvent,
    Signal,
    SignalReceived,
    TipDue,
    type_of,
    wrap,
)
from chalicelib.contracts.ports import BusError
from chalicelib.events.ports import Write, Written
from chalicelib.profile.contract import ERASED
from tests.unit.events.world import ANN, BOB, NOW, World, mood, task


@pytest.fixture
def world() -> World:
    world = World()
    world.agree()
    return world


def received(world: World) -> list[Envelope]:
    return [event for event in world.bus.events if type_of(event) == "signal_received"]


def test_a_stored_signal_is_announced_with_its_trace(world: World) -> None:
    [signal_id] = world.take_in(task("a", title="Call mum"))
    [stored] = world.bus.events
    assert type_of(stored) == "signal_stored"
    assert (stored.signal_stored.signal_id, stored.signal_stored.item_ref) == (signal_id, "a")
    assert (stored.person_id, stored.trace_id) == (ANN, "trace-0001")


def test_seen_again_changes_nothing_and_announces_the_same_event(world: World) -> None:
    world.send(task("a"), task("a", ago=0.5, status="done"))
    events = received(world)
    assert [world.service.store(e) for e in events] == ["stored", "stored"]
    rows = (dict(world.signals.signals), dict(world.signals.items))
    before = {(type_of(e), e.event_id) for e in world.bus.events}
    assert [world.service.store(e) for e in reversed(events)] == ["duplicate", "duplicate"]
    assert rows == (world.signals.signals, world.signals.items)
    assert {(type_of(e), e.event_id) for e in world.bus.events} == before
    assert world.bus.types().count("item_closed") == 2


def test_a_consumer_that_died_before_publishing_loses_nothing(world: World) -> None:
    world.send(task("a"))
    world.send(task("a", ago=0.5, status="done"))
    opening, closing = received(world)
    world.service.store(opening)
    world.bus.down = True
    with pytest.raises(BusError):
        world.service.store(closing)
    world.bus.down = False
    world.bus.batches.clear()
    assert world.service.store(closing) == "duplicate"
    assert world.bus.types() == ["signal_stored", "item_closed"]
    assert world.bus.events[1].item_closed.status == "done"


def test_any_order_of_delivery_gives_the_same_items(world: World) -> None:
    entries = [task("a", ago=n, title=f"v{n}", due_on=f"2026-11-{20 - n:02}") for n in range(1, 9)]
    world.send(*entries, task("a", ago=0.1, status="done"))
    events = received(world)
    outcomes = []
    for seed in range(5):
        other = World()
        other.agree()
        order = events * 2
        random.Random(seed).shuffle(order)
        for event in order:
            other.service.store(event)
        [state] = other.signals.items.values()
        outcomes.append((state.model_copy(update={"announced": None}), other.signals.sealed))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0][1] == {}


def test_an_erased_person_gets_nothing_written_and_nothing_published(world: World) -> None:
    world.send(task("a"))
    world.profiles.rows[ANN, ERASED] = "{}"
    assert world.deliver() == ["erased"]
    assert world.signals.signals == {}
    assert world.bus.batches == []


def test_a_consent_withdrawn_meanwhile_drops_the_signal(world: World) -> None:
    world.send(task("a"), mood())
    world.agree(ANN, ["mood"])
    assert world.deliver() == ["no_consent", "stored"]
    assert [s.type for s in world.signals.signals.values()] == ["mood"]


def test_poison_is_refused(world: World) -> None:
    def envelope(payload: object) -> Envelope:
        return wrap(payload, person_id=ANN, event_id="e", at=NOW, trace_id="t")  # type: ignore[arg-type]

    with pytest.raises(MalformedEvent):
        world.service.store(envelope(TipDue(decision_id="d")))
    with pytest.raises(ValueError, match="validation error"):
        world.service.store(envelope(SignalReceived(signal=Signal(signal_id="x"))))
    assert world.signals.signals == {}


def test_an_item_that_changes_meanwhile_is_read_again(world: World) -> None:
    world.send(task("a"))
    real, calls = world.signals.write, 0

    def busy(person_id: str, write: Write) -> Written:
        nonlocal calls
        calls += 1
        return real(person_id, write) if calls > 3 else "changed"

    world.signals.write = busy  # type: ignore[method-assign]
    assert world.deliver() == ["stored"]
    world.send(task("b"))
    world.signals.write = lambda person_id, write: "changed"  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        world.deliver()


def test_history_is_newest_first_in_pages_and_each_person_sees_their_own(world: World) -> None:
    world.agree(BOB)
    world.take_in(*(task(f"t{n}", ago=n) for n in range(7)))
    world.take_in(task("b"), person=BOB)
    refs: list[str | None] = []
    cursor, pages = None, 0
    while True:
        page = world.service.history(ANN, 3, cursor)
        refs += [s.item_ref for s in page.signals]
        pages += 1
        cursor = page.next
        if cursor is None:
            break
    assert refs == [f"t{n}" for n in range(7)]
    assert pages == 3
    assert [s.item_ref for s in world.service.history(BOB, 100, None).signals] == ["b"]


@pytest.mark.parametrize("cursor", ["", "x", "e30=", "WzEsMl0=", "bnVsbA==", "WyJhIiwiYiJd", "ä"])
def test_a_made_up_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(Invalid):
        world.service.history(ANN, 3, cursor)


def test_a_title_is_shown_on_the_signal_that_brought_it_while_it_is_kept(world: World) -> None:
    world.take_in(task("a", ago=3, title="Old words", origin="file"))
    world.take_in(task("a", ago=2, title="New words", origin="file"))
    shown = world.service.history(ANN, 10, None).signals
    assert [s.title for s in shown] == ["New words", None]
    world.clock.at = NOW + timedelta(days=31)
    assert [s.title for s in world.service.history(ANN, 10, None).signals] == [None, None]
    world.clock.at = NOW
    world.sealer.destroy(ANN)
    assert [s.title for s in world.service.history(ANN, 10, None).signals] == [None, None]


def test_what_is_taken_back_is_gone_with_its_item_and_words(world: World) -> None:
    [signal_id] = world.take_in(task("a", title="Call mum"))
    world.bus.batches.clear()
    world.service.delete(ANN, signal_id, "trace-0002")
    assert (world.service.history(ANN, 10, None).signals, world.signals.items, world.signals.sealed) == (
        [],
        {},
        {},
    )
    deleted, closed = world.bus.events
    assert (deleted.signal_deleted.signal_id, deleted.signal_deleted.item_ref) == (signal_id, "a")
    assert (closed.item_closed.item_ref, closed.item_closed.status) == ("a", "deleted")


def test_a_late_copy_of_what_was_taken_back_brings_nothing_back_but_sending_it_anew_does(
    world: World,
) -> None:
    [sent] = world.send(task("a", title="Call mum"))
    late = received(world)
    world.deliver()
    world.clock.at = NOW + timedelta(minutes=1)
    world.service.delete(ANN, sent.id, "trace-0002")
    assert [world.service.store(event) for event in late] == ["duplicate"]
    assert (world.service.history(ANN, 10, None).signals, world.signals.items) == ([], {})
    world.clock.at = NOW + timedelta(minutes=2)
    world.bus.batches.clear()
    assert [r.status for r in world.send(task("a", title="Call mum"))] == ["accepted"]
    assert world.deliver() == ["stored"]
    assert [s.title for s in world.service.history(ANN, 10, None).signals] == ["Call mum"]


def test_an_item_that_a_newer_signal_backs_stays(world: World) -> None:
    old, _ = world.take_in(task("a", ago=3), task("a", ago=1, title="Call mum"))
    world.bus.batches.clear()
    world.service.delete(ANN, old, "trace-0002")
    left = world.service.history(ANN, 10, None).signals
    assert len(left) == len(world.signals.items) == len(world.signals.sealed) == 1
    assert world.bus.types() == ["signal_deleted"]


def test_anothers_signal_and_no_signal_look_the_same(world: World) -> None:
    world.agree(BOB)
    [theirs] = world.take_in(task("b"), person=BOB)
    problems = []
    for signal_id in (theirs, "00000000-0000-4000-8000-000000000000", "no-uuid", "../x"):
        with pytest.raises(NotFound) as caught:
            world.service.delete(ANN, signal_id, "trace-0002")
        problems.append(json.dumps(caught.value.document()))
    assert len(set(problems)) == 1
    assert len(world.signals.signals) == 1


def test_taking_back_can_be_finished_after_the_bus_was_down(world: World) -> None:
    [signal_id] = world.take_in(task("a"))
    world.bus.down = True
    with pytest.raises(Unavailable):
        world.service.delete(ANN, signal_id, "trace-0002")
    assert world.service.history(ANN, 10, None).signals == []
    world.bus.down = False
    world.bus.batches.clear()
    world.service.delete(ANN, signal_id, "trace-0002")
    assert world.bus.types() == ["signal_deleted", "item_closed"]
    with pytest.raises(NotFound):
        world.service.delete(ANN, signal_id, "trace-0002")


def test_the_tail_tells_what_passed_and_not_whose_it_was(world: World) -> None:
    world.send(task("a", title="Call mum"), mood())
    for _ in range(2):
        world.service.note(received(world) * 2)
    entries = world.service.tail()
    assert [e.type for e in entries] == ["signal_received", "signal_received"]
    assert {e.trace_id for e in entries} == {"trace-0001"}
    assert ANN not in "".join(e.model_dump_json() for e in entries)


def test_the_tail_is_newest_first_bounded_and_a_day_long(world: World) -> None:
    for hours in range(30):
        at = NOW - timedelta(hours=hours)
        event = wrap(TipDue(decision_id="d"), person_id=ANN, event_id=f"e{hours}", at=at, trace_id="t")
        world.service.note([event])
    assert [e.at for e in world.service.tail(3)] == [NOW - timedelta(hours=h) for h in range(3)]
    assert len(world.service.tail()) == 24


def test_health_follows_the_store(world: World) -> None:
    assert world.service.health().status == "ok"
    world.signals.down = True
    assert world.service.health().status == "down"
