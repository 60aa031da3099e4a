"""What passes the door, and what is said about what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.contracts.errors import ConsentRequired, Gone, Invalid, TooLarge, Unavailable
from chalicelib.contracts.events import to_json
from tests.unit.events.world import ANN, BOB, NOW, World, mood, task

CANARY = "xylophone-canary"


@pytest.fixture
def world() -> World:
    world = World()
    world.agree()
    return world


def pointers(problem: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


def test_good_entries_are_accepted_and_published_in_one_call(world: World) -> None:
    results = world.send(task("a", title="Call mum"), mood())
    assert [(r.index, r.status) for r in results] == [(0, "accepted"), (1, "accepted")]
    assert [len(batch) for batch in world.bus.batches] == [2]
    first = world.bus.events[0].signal_received
    assert (first.signal.signal_id, first.signal.title_words, first.signal.title_chars) == (
        results[0].id,
        2,
        8,
    )
    assert world.sealer.open(ANN, "item:a", first.sealed_title) == "Call mum"


def test_a_bad_entry_does_not_keep_the_good_ones_out(world: World) -> None:
    results = world.send(task("a"), {**task("b"), "effort_minutes": "much", "colour": 1}, "junk", task("c"))
    assert [r.status for r in results] == ["accepted", "rejected", "rejected", "accepted"]
    assert results[1].problem["type"] == "urn:oo:problem:invalid"
    assert sorted(pointers(results[1].problem)) == ["/colour", "/effort_minutes"]
    assert len(world.bus.events) == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "dream"}, "/type"),
        ({"type": ["task"]}, "/type"),
        ({"occurred_at": "yesterday"}, "/occurred_at"),
        ({"occurred_at": "2026-11-05T10:00:00"}, "/occurred_at"),
        ({"occurred_at": (NOW - timedelta(days=401)).isoformat()}, "/occurred_at"),
        ({"occurred_at": (NOW + timedelta(minutes=11)).isoformat()}, "/occurred_at"),
        ({"due_at": (NOW + timedelta(days=732)).isoformat()}, "/due_at"),
        ({"due_at": "0001-01-01T00:00:00+14:00"}, "/due_at"),
        ({"due_on": "9999-12-31"}, "/due_on"),
        ({"due_on": "2026-11-06", "due_at": "2026-11-06T10:00:00Z"}, ""),
        ({"item_ref": "white space"}, "/item_ref"),
        ({"item_ref": None}, "/item_ref"),
        ({"title": "x" * 501}, "/title"),
        ({"title": "\ud800"}, "/title"),
        ({"id": "not-a-uuid"}, "/id"),
        ({"priority": 5}, "/priority"),
        ({"\ud800": 1}, ""),
    ],
)
def test_each_refusal_points_at_its_field(world: World, change: dict[str, Any], pointer: str) -> None:
    results = world.send({**task("a"), **change}, task("b"))
    assert [r.status for r in results] == ["rejected", "accepted"]
    assert pointers(results[0].problem) == [pointer]
    results[0].model_dump_json()  # what cannot be encoded must not come back


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "2026-11-04T00:00:00Z"])
def test_an_event_ends_after_it_starts_and_not_in_another_age(world: World, end: str) -> None:
    entry = {**task("e"), "type": "event", "starts_at": "2026-11-06T10:00:00Z", "ends_at": end}
    assert world.send(entry, mood())[0].status == "rejected"


@pytest.mark.parametrize(
    "edge",
    [
        {"occurred_at": (NOW - timedelta(days=400)).isoformat()},
        {"occurred_at": (NOW + timedelta(minutes=10)).isoformat()},
        {"due_at": (NOW + timedelta(days=731)).isoformat()},
        {"due_on": "2020-02-29"},
        {"title": "x" * 500},
        {"title": "Zahnarzt 🦷 пн"},
    ],
)
def test_the_edges_are_inside(world: World, edge: dict[str, Any]) -> None:
    assert world.send({**task("a"), **edge})[0].status == "accepted"


def test_when_all_is_wrong_the_answer_names_every_field_of_every_entry(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        world.send({**task(), "priority": 9}, 7)
    assert pointers(caught.value.document()) == ["/signals/0/priority", "/signals/1"]
    assert world.bus.batches == []


def test_too_many_entries_are_refused_before_any_is_read(world: World) -> None:
    with pytest.raises(TooLarge):
        world.send(*[{}] * 10_000)
    with pytest.raises(TooLarge):
        world.send(*(task(str(n)) for n in range(101)))
    assert len(world.send(*(task(str(n)) for n in range(100)))) == 100


def test_without_consent_nothing_enters(world: World) -> None:
    with pytest.raises(ConsentRequired):
        world.send(task(), person=BOB)
    world.agree(BOB, ["mood"])
    with pytest.raises(ConsentRequired) as caught:
        world.send(task(), task("b"), person=BOB)
    assert caught.value.extra["consents"] == ["tasks"]
    results = world.send(task(), mood(), person=BOB)
    assert [r.status for r in results] == ["rejected", "accepted"]
    assert results[0].problem["type"] == "urn:oo:problem:consent-required"


def test_the_same_entry_twice_is_a_duplicate_in_the_batch_and_later(world: World) -> None:
    one = task("a", title="Call mum")
    first, second = world.send(one, dict(reversed(one.items())))
    assert (first.status, second.status) == ("accepted", "duplicate")
    assert first.id == second.id
    world.deliver()
    world.bus.batches.clear()
    assert [(r.status, r.id) for r in world.send(one)] == [("duplicate", first.id)]
    assert world.bus.batches == []


def test_the_clients_id_decides_what_is_the_same(world: World) -> None:
    key = str(uuid4())
    assert [r.status for r in world.send(task("a", id=key), task("b", id=key))] == ["accepted", "duplicate"]
    world.agree(BOB)
    assert world.send(task("a", id=key), person=BOB)[0].status == "accepted"


def test_the_ids_of_a_batch_are_looked_up_in_one_read(world: World) -> None:
    world.send(*(task(str(n)) for n in range(100)))
    assert world.signals.calls == ["known"]


def test_when_the_bus_is_down_nothing_is_kept_and_sending_again_is_safe(world: World) -> None:
    world.bus.down = True
    with pytest.raises(Unavailable):
        world.send(task())
    assert world.signals.signals == {}
    world.bus.down = False
    assert world.send(task())[0].status == "accepted"
    again = world.send(task())[0]
    assert again.status == "accepted"
    first, second = world.bus.events
    assert first.event_id == second.event_id


def test_an_id_does_not_let_anyone_guess_the_title(world: World) -> None:
    """Same person id, same entry, another data key: another id."""
    other = World()
    other.agree()
    entry = task("a", title="Call mum")
    assert world.send(entry)[0].id != other.send(entry)[0].id
    assert world.send(task("a"))[0].id == other.send(task("a"))[0].id


def test_no_title_travels_in_the_clear(world: World) -> None:
    world.send(task("a", title=f"Buy a {CANARY}"))
    assert all(CANARY not in to_json(event) for event in world.bus.events)


def test_an_erased_person_is_refused(world: World) -> None:
    world.sealer.destroy(ANN)
    with pytest.raises(Gone):
        world.send(task("a", title="Call mum"))


def test_a_connector_says_the_origin_itself(world: World) -> None:
    world.service.receive(ANN, [task("a", title="Call mum")], "trace-0001", origin="connector")
    assert world.bus.events[0].signal_received.signal.origin == "connector"
