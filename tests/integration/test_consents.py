"""Each consent, and every place that asks for it: the door, the store, features, prompts, training, the log.

And what withdrawing it takes at once, and within moments; nothing of another consent or of anybody else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import pytest

from chalicelib import wiring
from chalicelib.contracts.consents import (
    CONSENT_OF_TYPE,
    CONSENTS,
    SOURCES,
    TEXT_VERSION,
    Consent,
    Use,
    usable,
)
from chalicelib.contracts.errors import ConsentRequired
from chalicelib.contracts.events import RewardSettled, timestamp, to_json, wrap
from chalicelib.contracts.http import ConsentsPut
from chalicelib.contracts.ml import Decision, RecentTip, Snapshot
from chalicelib.domain.permitted import prompt_context, restrict, without_answers
from chalicelib.events.contract import words_purpose
from chalicelib.recommender import words
from chalicelib.recommender.contract import StoredDecision, TipState
from chalicelib.recommender.log import DecisionLog
from chalicelib.recommender.reacting import remembered
from chalicelib.recommender.store import RecommenderTables
from ml_lambda.features.store import FeatureTables
from ml_lambda.pipelines.people import PeopleReader
from ml_lambda.policies.store import StatisticsTable
from ml_lambda.serving.reads import RankReads
from tests import ml_examples as examples
from tests.conftest import Cloud
from tests.integration.leaving import Machine

pytestmark = pytest.mark.parametrize("aws", ["moto"], indirect=True)
ANN, BOB = "person-ann", "person-bob"
NOW: Final = datetime.now(UTC)
IN_ORDER: Final[list[Consent]] = [c for c in CONSENTS if c in SOURCES]


def entry(consent: Consent, **fields: Any) -> dict[str, Any]:
    """A signal that needs the consent."""
    when = (NOW - timedelta(hours=1)).isoformat()
    ahead = {"starts_at": NOW + timedelta(days=1), "ends_at": NOW + timedelta(days=1, hours=1)}
    by_consent: dict[Consent, dict[str, Any]] = {
        "tasks": {"type": "task", "item_ref": "t", "title": "Task words", "status": "open"},
        "calendar": {
            "type": "event", "item_ref": "c", "title": "Calendar words", "status": "confirmed",
            **{name: at.isoformat() for name, at in ahead.items()},
        },
        "habits": {"type": "habit", "item_ref": "h", "title": "Habit words", "status": "done"},
        "mood": {"type": "mood", "valence": 4, "energy": 2},
        "context": {"type": "context", "place": "home"},
    }  # fmt: skip
    return {"occurred_at": when, **by_consent[consent], **fields}


ITEM: Final[dict[Consent, str]] = {"tasks": "t", "calendar": "c", "habits": "h"}


class World:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def decide(self, person_id: str, **consents: bool) -> None:
        put = ConsentsPut.model_validate({"consents": consents, "text_version": TEXT_VERSION})
        wiring.profile().decide(person_id, put, "trace")

    def send(self, person_id: str, *consents: Consent, **fields: Any) -> None:
        wiring.events().receive(person_id, [entry(c, **fields) for c in consents], "trace")

    def tip(self, person_id: str, number: int, granted: list[Consent]) -> Decision:
        """A tip about the task, decided now and seen."""
        decided_at = datetime.now(UTC)
        drawn = examples.decision(number).model_dump()
        drawn["choice"]["candidates"][0]["candidate"]["item_ref"] = "t"
        decision = Decision.model_validate(
            {
                **drawn,
                "person_id": person_id,
                "decided_at": decided_at,
                "expires_at": NOW + timedelta(hours=4),
                "exposed_at": decided_at,
            }
        )
        stored = StoredDecision(
            decision, lang="en", granted=granted, due_at=decision.settle_at, changed_at=decided_at,
            words=words.seal(wiring.sealer(), person_id, decision.decision_id, "Tip words", "why"),
            words_expire_at=NOW + timedelta(days=1),
        )  # fmt: skip
        state = RecommenderTables().state(person_id)
        after = (state if state.version else TipState(person_id=person_id)).next(
            NOW, open=words.open_tip(stored, NOW), recent=[remembered(decision)]
        )
        RecommenderTables().decide(stored, after)
        return decision

    def made(self, decision: Decision) -> None:
        """The decision's events reach the log and the learner."""
        from chalicelib.contracts.events import DecisionMade

        at = timestamp(decision.decided_at)
        settled = RewardSettled(decision_id=decision.decision_id, revision=1, reward=1.0, decided_at=at)
        for kind, payload in (("made", DecisionMade(decision_id=decision.decision_id)), ("settled", settled)):
            event_id = f"{decision.decision_id}-{kind}"
            event = wrap(
                payload, person_id=decision.person_id, event_id=event_id, at=decision.decided_at, trace_id="t"
            )
            self.machine.publish(to_json(event))
        self.machine.drain()

    def snapshot(self, person_id: str) -> Snapshot:
        found = RankReads().person(person_id).snapshot
        assert found is not None
        return found

    def log(self, person_id: str) -> int:
        return len(list(DecisionLog().export(person_id)))


@pytest.fixture
def world(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(Machine(monkeypatch))
    for who in (ANN, BOB):
        made.decide(who, **dict.fromkeys(CONSENTS, True))
        made.send(who, *IN_ORDER)
    made.machine.drain()
    return made


def shown(snapshot: Snapshot) -> set[Consent]:
    """Of which sources something is in it."""
    held: dict[Consent, Callable[[Snapshot], Any]] = {
        "tasks": lambda s: s.tasks,
        "calendar": lambda s: s.events,
        "habits": lambda s: s.habits,
        "mood": lambda s: s.mood,
        "context": lambda s: s.place,
    }
    told = {consent for consent, part in held.items() if part(snapshot)}
    assert told == set(snapshot.as_of)
    return told


@pytest.mark.parametrize("consent", IN_ORDER)
def test_a_source(world: World, aws: Cloud, consent: Consent) -> None:
    others = SOURCES - {consent}
    tip = world.tip(ANN, 1, [consent])
    apart = world.tip(BOB, 2, [consent])
    for decision in (tip, apart):
        world.made(decision)
    assert (world.log(ANN), world.log(BOB)) == (2, 2)
    before = world.snapshot(ANN)
    assert shown(before) == SOURCES
    world.send(ANN, consent, occurred_at=NOW.isoformat())  # still on its way at the withdrawal

    # --- at once, before any queue has moved
    world.decide(ANN, **{consent: False})
    granted = wiring.profile().granted(ANN)
    with pytest.raises(ConsentRequired) as refused:
        world.send(ANN, consent)
    assert (refused.value.status, refused.value.extra["consents"]) == (403, [consent])
    assert shown(restrict(before, granted)) == others
    prompt = prompt_context(before, [RecentTip.model_validate(remembered(tip))], granted)
    assert shown(prompt.snapshot) == others
    assert prompt.refs == {ref for c, ref in ITEM.items() if c != consent}
    if consent == "tasks":
        assert prompt.recent[0].item_ref is None, "what the tip was about is not told either"
    assert not wiring.profile().trainable(ANN, tip.decided_at, [consent])
    assert wiring.profile().trainable(ANN, tip.decided_at, sorted(others))

    # --- within moments
    world.machine.drain()
    signals = list(_rows(aws, "signals", ANN))
    assert {CONSENT_OF_TYPE[row["type"]["S"]] for row in signals} == others
    for table in ("items", "item-words"):
        kept = {row["item_ref"]["S"] for row in _rows(aws, table, ANN)}
        assert kept == {ref for c, ref in ITEM.items() if c != consent}, table
    assert shown(world.snapshot(ANN)) == others
    assert world.log(ANN) == 0
    assert RecommenderTables().state(ANN).open is None
    stored = RecommenderTables().decision(ANN, tip.decision_id)
    assert stored is not None
    assert stored.words is None

    # --- what comes late changes nothing, and nobody else notices
    learned = StatisticsTable().statistics(ANN)
    world.made(tip)
    assert world.log(ANN) == 0
    assert StatisticsTable().statistics(ANN) == learned
    assert world.log(BOB) == 2
    assert len(list(_rows(aws, "signals", BOB))) == len(IN_ORDER)
    assert shown(world.snapshot(BOB)) == SOURCES


def test_learning(world: World, aws: Cloud) -> None:
    old = world.tip(ANN, 1, ["tasks"])
    apart = world.tip(BOB, 2, ["tasks"])
    for decision in (old, apart):
        world.made(decision)
    assert StatisticsTable().statistics(ANN).sequence == 1
    assert (world.log(ANN), PeopleReader().consenting([ANN, BOB])) == (2, {ANN, BOB})

    world.decide(ANN, learning=False)
    granted = wiring.profile().granted(ANN)
    answered = [RecentTip.model_validate({**remembered(old).model_dump(), "reaction": "done"})]
    assert without_answers(answered, granted)[0].reaction is None
    assert prompt_context(world.snapshot(ANN), answered, granted).recent[0].reaction is None
    assert usable("training", granted) == frozenset()
    assert PeopleReader().consenting([ANN, BOB]) == {BOB}, "out of the next night's prior at once"
    world.machine.drain()
    assert StatisticsTable().statistics(ANN).sequence == 0
    assert list(StatisticsTable().markers(ANN)) == []
    assert world.log(ANN) == 0
    assert len(list(_rows(aws, "signals", ANN))) == len(IN_ORDER), "no source was withdrawn"

    # What was decided before stays out for good; what is decided from now on counts again.
    world.decide(ANN, learning=True)
    world.machine.drain()
    world.made(old)
    assert (StatisticsTable().statistics(ANN).sequence, world.log(ANN)) == (0, 0)
    world.made(world.tip(ANN, 3, ["tasks"]))
    assert (StatisticsTable().statistics(ANN).sequence, world.log(ANN)) == (1, 2)
    assert (StatisticsTable().statistics(BOB).sequence, world.log(BOB)) == (1, 2)


@pytest.mark.parametrize("use", get_args(Use))
def test_every_use_asks_for_its_consents(aws: Cloud, use: Use) -> None:
    needs: dict[Use, set[Consent]] = {
        "features": set(),
        "prompt": set(),
        "training": {"learning"},
        "research": {"learning", "research"},
        "notifications": {"notifications"},
    }
    assert usable(use, CONSENTS) == SOURCES
    assert usable(use, SOURCES | needs[use]) == SOURCES
    for missing in needs[use]:
        assert usable(use, set(CONSENTS) - {missing}) == frozenset()
    for source in SOURCES:
        assert usable(use, set(CONSENTS) - {source}) == SOURCES - {source}


def test_a_source_given_again_before_the_queue_moved_covers_what_is_there(world: World, aws: Cloud) -> None:
    world.decide(ANN, tasks=False)
    world.decide(ANN, tasks=True)
    world.machine.drain()
    assert {row["item_ref"]["S"] for row in _rows(aws, "items", ANN)} == set(ITEM.values())
    [sealed] = [r["sealed"]["B"] for r in _rows(aws, "item-words", ANN) if r["item_ref"]["S"] == "t"]
    assert wiring.sealer().open(ANN, words_purpose("t"), bytes(sealed)) == "Task words"
    assert FeatureTables().person(ANN).granted == set(CONSENTS)


def _rows(aws: Cloud, table: str, person_id: str) -> Any:
    return aws.client("dynamodb").query(
        TableName=f"oo-local-{table}",
        KeyConditionExpression="person_id = :p",
        ExpressionAttributeValues={":p": {"S": person_id}},
    )["Items"]
