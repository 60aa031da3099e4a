"""A tip in a model's words: opened where it can be, otherwise the template's, and the decision says which.

Whoever chose it: the scorer hands the words on, and where it is late the rules find them themselves.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.http import Tip
from chalicelib.contracts.ml import Candidate, Decision, RankRequest, RankResponse, RecentTip
from chalicelib.contracts.pool import Pool, PooledWords, PoolEntry
from chalicelib.contracts.ports import ScorerUnavailable
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain import pooling
from chalicelib.recommender.contract import TipState, Words
from chalicelib.recommender.service import RecommenderService
from chalicelib.runtime.settings import Settings
from tests.unit.recommender.fakes import (
    NOW,
    PERSON,
    FakeClock,
    FakeIds,
    FakeScorer,
    FakeSealer,
    MemoryTips,
    candidate,
    response,
    snapshot,
    task,
)

WORDING = "m.00112233445566aa"
TEXT, WHY = "Send the invoice to Mira. 5 minutes.", "It is due by tonight."


class PoolingScorer(FakeScorer):
    """Attaches a wording of the pool."""

    sealed = b""
    own_why = True

    def rank(self, request: RankRequest) -> RankResponse:
        self.asked = [request]
        if self.fails is not None:
            raise ScorerUnavailable(self.fails)
        pooled = PooledWords(wording=WORDING, sealed=b64encode(self.sealed).decode(), own_why=self.own_why)
        return response(self, request).model_copy(update={"pooled": pooled})


class World:
    def __init__(self) -> None:
        self.sealer, self.store = FakeSealer(), MemoryTips()
        self.scorer = PoolingScorer(self.sealer, candidate(), candidate(angle="smallest_step"))
        self.service = RecommenderService(
            self.store, self.scorer, self.sealer, FakeClock(), FakeIds(), Settings(stage="local")
        )

    def seals(self, plain: str, purpose: str = f"pool:{WORDING}", person: str = PERSON) -> None:
        self.scorer.sealed = self.sealer.seal(person, purpose, plain)

    def tip(self) -> tuple[Tip, Decision]:
        answer = self.service.recommend(PERSON, RecommendContext(minutes_free=30))
        assert answer.tip is not None
        return answer.tip, self.store.decisions[PERSON, answer.tip.id].decision


@pytest.fixture
def world() -> World:
    return World()


def template_of(world: World) -> tuple[str, str]:
    world.scorer.sealed = b""
    tip, _ = World().tip()
    return tip.text, tip.why


def test_the_models_words_are_shown_and_the_decision_says_so(world: World) -> None:
    world.seals(json.dumps({"text": TEXT, "why": WHY}))
    tip, decision = world.tip()
    assert (tip.text, tip.why, tip.source) == (TEXT, WHY, "model")
    assert (decision.source, decision.candidate.wording) == ("model", WORDING)
    assert "Mira" not in decision.model_dump_json()
    again = world.service.recommend(PERSON, RecommendContext(minutes_free=30)).tip
    assert again == tip
    assert world.store.states[PERSON].recent[0].wording == WORDING


def test_only_the_wording_of_what_was_chosen_changes(world: World) -> None:
    world.seals(json.dumps({"text": TEXT, "why": WHY}))
    _, decision = world.tip()
    theirs = response(world.scorer, world.scorer.asked[0]).choice
    assert decision.choice.probabilities == theirs.probabilities
    assert [c.features for c in decision.choice.candidates] == [c.features for c in theirs.candidates]
    assert decision.choice.candidates[1] == theirs.candidates[1]
    expected = theirs.candidates[0].candidate.model_copy(update={"wording": WORDING})
    assert decision.candidate == expected


def test_a_why_that_does_not_fit_is_the_templates(world: World) -> None:
    template = template_of(world)
    world.scorer.own_why = False
    world.seals(json.dumps({"text": TEXT, "why": WHY}))
    tip, _ = world.tip()
    assert (tip.text, tip.why, tip.source) == (TEXT, template[1], "model")


def test_a_model_that_wrote_no_why_leaves_the_templates(world: World) -> None:
    template = template_of(world)
    world.seals(json.dumps({"text": TEXT, "why": ""}))
    tip, _ = world.tip()
    assert (tip.text, tip.why, tip.source) == (TEXT, template[1], "model")


@pytest.mark.parametrize(
    "seal",
    [
        lambda world: world.seals(json.dumps({"text": TEXT, "why": WHY}), purpose="pool:m.other"),
        lambda world: world.seals(json.dumps({"text": TEXT, "why": WHY}), person="another"),
        lambda world: world.seals("not json"),
        lambda world: world.seals(json.dumps({"text": TEXT})),
        lambda world: world.seals(json.dumps([TEXT, WHY])),
        lambda world: setattr(world.scorer, "sealed", b""),
    ],
    ids=["another wording's", "another person's", "no JSON", "half", "a list", "nothing"],
)
def test_words_that_cannot_be_opened_are_the_templates(world: World, seal: object) -> None:
    template = template_of(world)
    seal(world)  # type: ignore[operator]
    tip, decision = world.tip()
    assert (tip.text, tip.why, tip.source) == (*template, "template")
    assert (decision.source, decision.candidate.wording) == ("template", "do_now.1")


class RulesWorld(World):
    """The scorer is late; one task is due today, and a wording of it lies ready."""

    MARK = "0a" * 8

    def __init__(self) -> None:
        super().__init__()
        self.scorer.fails = "ReadTimeoutError"
        self.seals(json.dumps({"text": TEXT, "why": WHY}))
        sealed = self.sealer.seal(PERSON, "item:todoist:1", "Send the invoice to Mira")
        self.store.snapshots[PERSON] = snapshot(task())
        self.store.words[PERSON, "todoist:1"] = Words(sealed, NOW + timedelta(days=20), self.MARK)

    def chosen(self) -> Candidate:
        """What the rules choose, as a template words it."""
        _, decision = RulesWorld().tip()
        return decision.candidate

    def lies_ready(self, of: Candidate, **changes: Any) -> None:
        about = {"lang": "en", "timezone": self.store.profile.timezone}
        values: dict[str, Any] = {
            "wording": WORDING, "angle": of.angle, "item_ref": of.item_ref, "lang": "en",
            "says": pooling.says(of, (), **about), "because": pooling.because(of, **about),
            "titles": {"todoist:1": self.MARK}, "sealed": b64encode(self.scorer.sealed).decode(),
            "written_at": NOW, "expires_at": NOW + timedelta(days=1),
        }  # fmt: skip
        entry = PoolEntry.model_validate({**values, **changes})
        self.store.pools[PERSON] = Pool(person_id=PERSON, version=1, entries=[entry])


def test_where_the_scorer_is_late_the_rules_show_what_lies_ready() -> None:
    world = RulesWorld()
    world.lies_ready(world.chosen())
    tip, decision = world.tip()
    assert (tip.text, tip.why, tip.source) == (TEXT, WHY, "model")
    assert (decision.source, decision.candidate.wording) == ("model", WORDING)
    assert decision.choice.policy.name == "rules"
    assert world.store.calls == ["read", "made_ahead", "item_words", "decide"]


@pytest.mark.parametrize(
    "changes",
    [
        {"titles": {"todoist:1": "0b" * 8}},
        {"says": "0" * 16},
        {"lang": "de", "says": "0" * 16},
        {"expires_at": NOW},
        {"item_ref": "todoist:2"},
        {"sealed": b64encode(b"damaged").decode()},
    ],
    ids=str,
)
def test_what_does_not_fit_leaves_the_rules_their_template(changes: dict[str, Any]) -> None:
    world, template = RulesWorld(), RulesWorld().tip()[0]
    world.lies_ready(world.chosen(), **changes)
    tip, decision = world.tip()
    assert (tip.text, tip.why, tip.source) == (template.text, template.why, "template")
    assert decision.source == "template"


def test_what_the_person_saw_is_not_shown_by_the_rules_again() -> None:
    world = RulesWorld()
    world.lies_ready(world.chosen())
    seen = RecentTip(decision_id="d", decided_at=NOW - timedelta(days=2), angle="rest", wording=WORDING)
    world.store.states[PERSON] = TipState(person_id=PERSON, version=1, recent=[seen])
    assert world.tip()[0].source == "template"
