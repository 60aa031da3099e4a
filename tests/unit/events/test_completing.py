"""A tip that was done completes its item: a task is done, a habit was done then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.contracts.events import Envelope, ItemCompleted, timestamp, wrap
from chalicelib.contracts.ports import BusError
from tests.unit.events.world import ANN, NOW, World, task


@pytest.fixture
def world() -> World:
    world = World()
    world.agree()
    return world


def completed(ref: str, decision: str = "d1", ago: float = 0.1) -> Envelope:
    at = NOW - timedelta(hours=ago)
    said = ItemCompleted(item_ref=ref, decision_id=decision, completed_at=timestamp(at))
    return wrap(said, person_id=ANN, event_id=decision, at=at, trace_id="trace-0002")


def habit(**fields: object) -> dict[str, object]:
    at = NOW - timedelta(hours=30)
    return {"type": "habit", "item_ref": "walk", "occurred_at": at.isoformat(), "title": "Walk", **fields}


def test_a_task_is_done_and_its_words_go(world: World) -> None:
    world.take_in(task("a", title="Call mum", effort_minutes=10))
    world.bus.batches.clear()
    assert world.service.store(completed("a")) == "stored"
    assert world.bus.types() == ["signal_stored", "item_closed"]
    newest = world.service.history(ANN, 1, None).signals[0]
    assert (newest.type, newest.status, newest.source, newest.title) == ("task", "done", "oo", None)
    assert newest.occurred_at == NOW - timedelta(hours=0.1)


def test_a_habit_was_done_and_lives_on(world: World) -> None:
    world.take_in(habit(status="active"))
    world.bus.batches.clear()
    assert world.service.store(completed("walk")) == "stored"
    assert world.bus.types() == ["signal_stored"]


def test_the_same_completion_is_one_signal(world: World) -> None:
    world.take_in(task("a"))
    world.service.store(completed("a"))
    world.service.store(completed("a"))
    assert len(world.service.history(ANN, 10, None).signals) == 2


def test_an_attempt_that_died_before_telling_is_finished(world: World) -> None:
    world.take_in(task("a"))
    world.bus.batches.clear()
    world.bus.down = True
    with pytest.raises(BusError):
        world.service.store(completed("a"))
    world.bus.down = False
    assert world.service.store(completed("a")) == "duplicate"
    assert world.bus.types() == ["signal_stored", "item_closed"]


def test_what_is_gone_closed_or_a_meeting_is_not_completed(world: World) -> None:
    start = NOW + timedelta(hours=1)
    meeting = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}
    world.take_in(task("a"), task("a", ago=0.5, status="done"), {**task("m"), "type": "event", **meeting})
    for ref in ("a", "m", "unknown"):
        assert world.service.store(completed(ref)) == "no_item"


def test_a_newer_word_from_the_source_stands(world: World) -> None:
    world.take_in(task("a", ago=0.05, title="Call mum"))
    world.service.store(completed("a", ago=0.1))
    assert world.service.history(ANN, 1, None).signals[0].status == "open"
