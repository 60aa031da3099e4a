"""One refill of a person at a time: who comes meanwhile is served by the one that runs, or by the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

import pytest

from ml_lambda.serving.leasing import Leasing
from ml_lambda.serving.pools import LostRace
from ml_lambda.serving.writing import Refilled
from tests import ml_examples as me
from tests.unit.ml_lambda.serving.pool_memory import MemoryLeases
from tests.unit.recommender.fakes import FakeClock

OTHER = "11111111-1111-4111-8111-111111111111"


class Refills:
    """Notes each round; during the n-th it does what `meanwhile` has there."""

    def __init__(self) -> None:
        self.rounds: list[tuple[str, set[str]]] = []
        self.meanwhile: list[Callable[[], object]] = []
        self.said: list[Refilled] = []

    def refill(self, person_id: str, closed: Collection[str], time_left: Callable[[], float]) -> Refilled:
        self.rounds.append((person_id, set(closed)))
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return self.said.pop(0) if self.said else Refilled("fresh", 3)


class World:
    def __init__(self) -> None:
        self.refills, self.leases, self.clock = Refills(), MemoryLeases(), FakeClock(me.NOW)
        self.leasing = Leasing(self.refills, self.leases, self.clock)

    def refill(self, *closed: str, person: str = me.PERSON, left: float = 180.0) -> Refilled:
        return self.leasing.refill(person, closed, lambda: left)


@pytest.fixture
def world() -> World:
    return World()


def test_who_is_alone_refills_once_and_leaves_nothing_behind(world: World) -> None:
    assert world.refill("t1") == Refilled("fresh", 3)
    assert world.refill() == Refilled("fresh", 3)
    assert world.refills.rounds == [(me.PERSON, {"t1"}), (me.PERSON, set())]
    assert world.leases.held == {}


def test_who_comes_meanwhile_does_nothing_and_one_more_round_knows_what_they_knew(world: World) -> None:
    came: list[Refilled] = []
    world.refills.meanwhile = [lambda: came.extend([world.refill("t2"), world.refill(), world.refill("t3")])]
    world.refill("t1")
    assert [said.outcome for said in came] == ["handed_on"] * 3
    assert world.refills.rounds == [(me.PERSON, {"t1"}), (me.PERSON, {"t1", "t2", "t3"})]
    assert world.leases.held == {}


def test_whoever_comes_during_that_round_gets_another(world: World) -> None:
    world.refills.meanwhile = [lambda: world.refill("t2"), lambda: world.refill("t3")]
    world.refill()
    assert [closed for _, closed in world.refills.rounds] == [set(), {"t2"}, {"t2", "t3"}]


def test_another_person_waits_for_nobody(world: World) -> None:
    world.refills.meanwhile = [lambda: world.refill(person=OTHER)]
    world.refill()
    assert [person for person, _ in world.refills.rounds] == [me.PERSON, OTHER]


def test_what_two_rounds_did_is_told_together(world: World) -> None:
    world.refills.meanwhile = [world.refill]
    world.refills.said = [
        Refilled("kept", 4, 4, Counter(style=1), unavailable="timeout"),
        Refilled("fresh", 3, 0, Counter(style=2), cut=True),
    ]
    assert world.refill() == Refilled("kept", 3, 4, Counter(style=3), unavailable="timeout", cut=True)
    world.refills.meanwhile = [world.refill]
    world.refills.said = [Refilled("kept", 4, 4), Refilled("erased")]
    assert world.refill().outcome == "erased"


def test_who_fails_stands_in_nobodys_way(world: World) -> None:
    def fail() -> None:
        world.refill("t2")
        raise LostRace

    world.refills.meanwhile = [fail]
    with pytest.raises(LostRace):
        world.refill()
    assert world.leases.held == {}
    assert world.refill().outcome == "fresh"


def test_who_was_killed_is_followed_when_it_can_no_longer_live(world: World) -> None:
    def kill() -> None:
        raise KeyboardInterrupt

    world.refills.meanwhile = [kill]
    with pytest.raises(KeyboardInterrupt):
        world.refill(left=180.0)
    world.clock.forward(seconds=179)
    assert world.refill().outcome == "handed_on"
    world.clock.forward(seconds=1)
    assert world.refill().outcome == "fresh"
    assert world.leases.held == {}


def test_who_was_overtaken_takes_nothing_from_the_other(world: World) -> None:
    def overtaken() -> None:
        world.clock.forward(seconds=181)
        world.refills.meanwhile = [lambda: rounds.append(len(world.refills.rounds))]
        world.refill()

    rounds: list[int] = []
    world.refills.meanwhile = [overtaken]
    world.refill()
    assert rounds == [2]
    assert len(world.refills.rounds) == 2


def test_of_who_left_nothing_is_begun(world: World) -> None:
    from ml_lambda.serving.pool_reads import Person

    world.leases.pools.people[me.PERSON] = Person(erased=True)
    assert world.refill().outcome == "erased"
    assert (world.refills.rounds, world.leases.held) == ([], {})
