"""Two people, every route with an id, both ways round: nobody sees, changes or guesses another's things.

Cases are made from the OpenAPI document. A new route with an id is probed by itself; when the probe knows
no id that the route would take from its owner, `test_the_probe_would_have_found_it` says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.people import Operation, Person, call, connect, now, operations, person, problem, task

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

PERSONS = [operation for operation in operations() if operation.for_whom == {"person"}]
OWNED = [operation for operation in PERSONS if operation.templated]
LISTS = [operation for operation in PERSONS if operation.method == "GET" and not operation.templated]
# These come and go by themselves, or by being looked at.
MOVING = {"last_seen_at", "as_of", "expires_at", "next", "next_look_at"}
# Names that everybody has: what is behind them is one's own.
NAMES = {"source", "provider", "line"}
# What an owner gets where a plain yes cannot be had by an id alone; nobody else gets this either.
TOLD_TO_ITS_OWNER = {
    "DELETE /api/auth/identities/{id}": 409,  # the last way to sign in stays
    "POST /api/integrations/{source}/connect": 409,  # it is connected
    "GET /api/integrations/{source}/callback": 400,  # no connection is under way
}


@dataclass
class Owner:
    """A person, the ids of all that is theirs, and a word that stands in everything they wrote."""

    person: Person
    word: str
    kept: set[str] = field(default_factory=set)
    """Ids that no list tells."""

    def belongings(self) -> dict[str, Any]:
        """All that the person's lists tell, in an order and without what a mere look changes."""
        return {str(operation): steady(call(self.person.client, operation).json()) for operation in LISTS}

    def ids(self, belongings: dict[str, Any]) -> set[str]:
        """The ids in what `belongings` told, and those that no list tells."""
        return (ids_in(belongings) | self.kept) - {self.person.id}


def steady(value: Any) -> Any:
    """A document without what moves; lists of things with an id in the order of the ids."""
    if isinstance(value, dict):
        return {name: steady(part) for name, part in value.items() if name not in MOVING}
    if isinstance(value, list):
        return sorted((steady(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


def ids_in(value: Any) -> set[str]:
    """Every id and every name that a route may take, at any depth of a document."""
    if isinstance(value, list):
        return {found for part in value for found in ids_in(part)}
    if isinstance(value, dict):
        own = {
            part
            for name, part in value.items()
            if (name.endswith("id") or name in NAMES) and isinstance(part, str)
        }
        return own | {found for part in value.values() for found in ids_in(part)}
    return set()


def owner(stack: RunningStack) -> Owner:
    """Somebody with everything that can be had."""
    who = person(stack)
    made = Owner(who, f"word{uuid4().hex}")
    who.client.patch("/api/profile", json={"display_name": made.word})
    who.send(
        task("rent", f"Pay {made.word}"), {"type": "mood", "valence": 4, "occurred_at": now().isoformat()}
    )
    stack.sign_in(who.subject)
    connect(who)
    made.kept.add(who.client.post("/api/me/export").json()["export_id"])
    who.tip(made.word)
    stack.wait_until(lambda: len(who.rows("signals")) == 2)
    export = f"/api/me/export/{next(iter(made.kept))}"
    stack.wait_until(lambda: who.client.get(export).json()["state"] == "ready")
    stack.wait_until(lambda: settled(made))
    return made


def settled(made: Owner) -> bool:
    """Whether two looks a moment apart tell the same: what is still on its way would look like a leak."""
    return made.belongings() == made.belongings()


@pytest.fixture(scope="module")
def pair(stack: RunningStack) -> tuple[Owner, Owner]:
    return owner(stack), owner(stack)


@pytest.fixture(scope="module")
def intruder(stack: RunningStack) -> Owner:
    """Somebody whose own things may change, because they ask for them by the same names."""
    return owner(stack)


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_another_persons_things_look_as_if_they_were_not(
    pair: tuple[Owner, Owner], operation: Operation
) -> None:
    before = [one.belongings() for one in pair]
    one, two = (owner.ids(told) for owner, told in zip(pair, before, strict=True))
    for ids, other in ((one - two, pair[1]), (two - one, pair[0])):
        assert len(ids) >= 7, "two signals, a tip, two sessions, an identity, an export"
        client = other.person.client
        unknown = problem(call(client, operation, str(uuid4())), 404)
        for value in sorted(ids):
            told = problem(call(client, operation, value), 404)
            assert {**told, "instance": ""} == {**unknown, "instance": ""}
            assert value not in json.dumps(told)
    assert [one.belongings() for one in pair] == before


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_a_name_that_everybody_has_leads_to_ones_own(
    pair: tuple[Owner, Owner], intruder: Owner, operation: Operation
) -> None:
    before = [one.belongings() for one in pair]
    theirs = intruder.ids(intruder.belongings())
    for victim, told in zip(pair, before, strict=True):
        ids = victim.ids(told)
        names, mine = ids & theirs, ids - theirs
        assert "sandbox" in names
        for value in sorted(names):
            answer = call(intruder.person.client, operation, value)
            assert answer.status_code < 500
            assert not [text for text in (victim.word, victim.person.id, *mine) if text in answer.text]
    assert [one.belongings() for one in pair] == before


def test_no_list_tells_of_another_person(pair: tuple[Owner, Owner]) -> None:
    for victim, other in (pair, pair[::-1]):
        belongings = other.belongings()
        told = json.dumps(belongings)
        assert other.word in told
        mine = victim.ids(victim.belongings()) - other.ids(belongings)
        assert not [text for text in (victim.word, victim.person.id, *mine) if text in told]


@pytest.fixture(scope="module")
def keeper(stack: RunningStack) -> Owner:
    """Somebody whose things are used, and all stay."""
    return owner(stack)


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_the_probe_would_have_found_it(stack: RunningStack, keeper: Owner, operation: Operation) -> None:
    """The owner's own call with one of the same ids works: the 404 above is about whose it is."""
    mine = owner(stack) if operation.method == "DELETE" else keeper
    ids = sorted(mine.ids(mine.belongings()))
    statuses = {value: call(mine.person.client, operation, value).status_code for value in ids}
    expected = TOLD_TO_ITS_OWNER.get(str(operation))
    assert any(status == expected if expected else status < 300 for status in statuses.values()), {
        value: status for value, status in statuses.items() if status != 404
    }
