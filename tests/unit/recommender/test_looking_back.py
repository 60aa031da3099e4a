"""One tip afterwards: its state, why it was chosen, and for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.contracts.errors import NotFound
from chalicelib.contracts.events import TipDue, TipReacted
from chalicelib.contracts.http import TipDetail
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.features import CANDIDATE_FEATURES
from chalicelib.domain.wordings import reason_alone
from tests.unit.recommender.fakes import OTHER, PERSON, snapshot, task
from tests.unit.recommender.test_settlement import Settling


class Looking(Settling):
    def weighs(self, **contributions: float) -> None:
        """As if a policy of weights had chosen: nearer to its date, and longer than the other."""
        choice = self.decision.choice
        rows = [[0.5 if name in contributions else 0.0 for name in CANDIDATE_FEATURES], [0.0] * 12]
        candidates = [
            c.model_copy(update={"features": row}) for c, row in zip(choice.candidates, rows, strict=True)
        ]
        update = {
            "candidates": candidates,
            "contributions": [contributions.get(name, 0.0) for name in CANDIDATE_FEATURES],
        }
        decision = self.decision.model_copy(update={"choice": choice.model_copy(update=update)})
        self.store.decisions[PERSON, self.tip] = replace(self.stored, decision=decision)

    @property
    def detail(self) -> TipDetail:
        return self.service.detail(PERSON, self.tip)


@pytest.fixture
def looking() -> Looking:
    return Looking()


def test_it_says_what_was_weighed(looking: Looking) -> None:
    looking.weighs(deadline=0.2, effort=-0.05)
    detail = looking.detail
    assert detail.because == [
        "Its date speaks for now.",
        "Against it: it is longer than other ideas, on average.",
    ]
    assert (detail.state, detail.id, detail.text) == (
        "open",
        looking.tip,
        "Send the invoice to Mira. 5 minutes.",
    )


def test_afterwards_it_speaks_of_that_moment(looking: Looking) -> None:
    looking.weighs(deadline=0.2)
    looking.reacts("done")
    assert (looking.detail.state, looking.detail.because) == ("settled", ["Its date spoke for that moment."])


def test_an_expired_tip_is_looked_back_on(looking: Looking) -> None:
    looking.weighs(deadline=0.2)
    looking.clock.at = looking.decision.expires_at
    assert looking.detail.because == ["Its date spoke for that moment."]


def test_rules_tell_their_ground(looking: Looking) -> None:
    looking.store.states.clear()
    looking.scorer.fails = "late"
    looking.store.snapshots[PERSON] = snapshot(task(category="work"))
    looking.stores_words("todoist:1")
    answer = looking.service.recommend(PERSON, RecommendContext())
    assert answer.tip is not None
    looking.tip = answer.tip.id
    told = looking.detail.because
    assert told[-1] == "oO went by plain rules this time."
    reason = reason_alone(looking.decision.candidate, timezone="Europe/Berlin", locale="en")
    assert told[-2] == reason


def test_the_life_of_a_tip(looking: Looking) -> None:
    states = [looking.detail.state]
    looking.sees()
    states.append(looking.detail.state)
    revision = looking.says("done")
    states.append(looking.detail.state)  # heard, not settled yet
    looking.hears(TipReacted(decision_id=looking.tip, revision=revision, kind="done"))
    states.append(looking.detail.state)
    looking.clock.forward(minutes=1)
    looking.reacts("undo")
    states.append(looking.detail.state)
    looking.clock.at = looking.decision.settle_at
    looking.hears(TipDue(decision_id=looking.tip))
    states.append(looking.detail.state)
    assert states == ["open", "exposed", "reacted", "settled", "exposed", "settled"]


def test_a_tip_that_nobody_saw_ends_inactive(looking: Looking) -> None:
    looking.clock.at = looking.decision.settle_at - timedelta(seconds=1)
    assert looking.detail.state == "open"
    looking.clock.forward(seconds=1)
    assert looking.detail.state == "inactive"


def test_seen_and_not_yet_settled_is_exposed(looking: Looking) -> None:
    looking.sees()
    looking.clock.at = looking.decision.settle_at
    assert looking.detail.state == "exposed"


def test_nobody_elses_and_no_made_up_id(looking: Looking) -> None:
    for person, tip in (
        (OTHER, looking.tip),
        (PERSON, looking.ids.new()),
        (PERSON, "silence"),
        (PERSON, "x"),
    ):
        with pytest.raises(NotFound):
            looking.service.detail(person, tip)


def test_a_withdrawn_source_takes_the_words_and_the_reasons(looking: Looking) -> None:
    looking.weighs(deadline=0.2)
    looking.store.granted -= {"tasks"}
    assert (looking.detail.text, looking.detail.because) == (None, [])
