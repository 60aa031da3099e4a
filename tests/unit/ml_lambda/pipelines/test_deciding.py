"""One step a night, the worst news first; and the lift above the holdback."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from chalicelib.contracts.decision_log import RewardLine
from chalicelib.contracts.experiments import GateState, Manifest, PolicySpec
from ml_lambda.pipelines import deciding
from ml_lambda.pipelines.deciding import RAISE_AFTER, Findings, rule
from ml_lambda.pipelines.evidence import evidence
from ml_lambda.pipelines.lifting import lift
from ml_lambda.pipelines.log import Logged
from ml_lambda.pipelines.report.content import AS_PLANNED, Lift
from ml_lambda.registry import transitions
from tests.nightly_world import made, person_id

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
FIRST = Manifest(
    version=0,
    policies=[PolicySpec(id=n, policy=n) for n in ("epsilon_greedy_v2", "mixed_ts")],
    champion="epsilon_greedy_v2",
    shadows=["mixed_ts"],
)
SHADOW = transitions.challenge(FIRST, "mixed_ts", NOW)
CANARY = transitions.start_canary(SHADOW, NOW)
MORE = transitions.raise_share(CANARY, NOW)
SPLIT = transitions.start_ab(MORE, NOW)


def state(verdict: Any = "continue", decisions: int = 10) -> GateState:
    return GateState(experiment="mixed_ts-1", rho=0.1, decisions=decisions, verdict=verdict)


@pytest.mark.parametrize(
    ("manifest", "found", "step"),
    [
        (FIRST, Findings(), "stay"),
        (SHADOW, Findings(vetoes=["too little"]), "stay"),
        (SHADOW, Findings(), "start canary"),
        (CANARY, Findings(gate=state()), "stay"),
        (CANARY, Findings(gate=state(decisions=RAISE_AFTER)), "raise the share"),
        (MORE, Findings(gate=state(decisions=RAISE_AFTER)), "stay"),
        (MORE, Findings(gate=state("promote")), "promote"),
        (MORE, Findings(gate=state("rollback")), "roll back"),
        (MORE, Findings(gate=state("promote"), breached=["refused"]), "roll back"),
        (MORE, Findings(gate=state("promote"), suspect="90% in canary"), "stay"),
        (MORE, Findings(gate=state("rollback"), suspect="90% in canary"), "roll back"),
        (SPLIT, Findings(gate=state("promote")), "stay"),
        (SPLIT, Findings(breached=["refused"]), "roll back"),
    ],
)
def test_the_worst_news_comes_first(manifest: Manifest, found: Findings, step: str) -> None:
    ruling = rule(manifest, found)
    assert ruling.step == step
    assert all(text.endswith(".") for text in (ruling.reason, ruling.state, ruling.change))
    if step != "stay":
        after = deciding.STEPS[ruling.step](manifest, NOW)
        assert after.version == manifest.version + 1


@pytest.mark.parametrize(
    ("step", "manifest", "why"),
    [
        (transitions.start_ab, FIRST, "nobody challenges.*name a challenger"),
        (transitions.start_ab, SHADOW, "follows a canary.*in the shadow.*no veto"),
        (transitions.start_ab, SPLIT, "follows a canary.*in an A/B test already"),
        (transitions.promote_by_hand, SHADOW, "only an A/B test.*in the shadow"),
        (transitions.promote_by_hand, MORE, "only an A/B test.*in a canary.*make an A/B test of it"),
    ],
)
def test_by_hand_nothing_is_promoted_that_was_not_tried(step: Any, manifest: Manifest, why: str) -> None:
    with pytest.raises(transitions.NotPossible, match=why):
        step(manifest, NOW)


@pytest.mark.parametrize(
    ("split", "arms", "why"),
    [
        (None, AS_PLANNED, "no night has compared"),
        (Lift("d", 400, 0.1, 0.02, 0.18), "90% in one", "cannot be compared: 90% in one"),
        (Lift("d", 199, 0.1, 0.02, 0.18), AS_PLANNED, "compared 199 people, and it takes 200"),
        (
            Lift("d", 400, 0.1, 0.0, 0.2),
            AS_PLANNED,
            r"not certain.*\+0.100 reward.*between \+0.000 and \+0.200",
        ),
        (Lift("d", 400, -0.1, -0.2, -0.05), AS_PLANNED, "not certain"),
        (Lift("d", 200, 0.1, 0.001, 0.2), AS_PLANNED, "^$"),
    ],
)
def test_an_ab_test_ends_with_the_challenger_on_evidence_alone(
    split: Lift | None, arms: str, why: str
) -> None:
    assert re.search(why, deciding.unproven(split, arms))


def test_an_ab_test_goes_either_way() -> None:
    assert SPLIT.experiment is not None
    assert (SPLIT.experiment.phase, SPLIT.experiment.rho) == ("ab", 0.5)
    promoted = transitions.promote_by_hand(SPLIT, NOW)
    assert (promoted.champion, promoted.holdback) == ("mixed_ts", "epsilon_greedy_v2")
    told = "mixed_ts serves 95% of people, epsilon_greedy_v2 the 5% held back"
    assert deciding.describe(promoted) == f"{told}."
    after = transitions.challenge(promoted, "lin_ucb", NOW, PolicySpec(id="lin_ucb", policy="lin_ucb"))
    assert deciding.describe(after) == f"{told}; lin_ucb only says what it would do."
    assert deciding.describe(transitions.roll_back(promoted, NOW)) == "epsilon_greedy_v2 serves everybody."
    assert transitions.roll_back(SPLIT, NOW).champion == "epsilon_greedy_v2"


def canary(people: int, decisions: int, *, served: float, held: float) -> list[Logged]:
    """People, every fifth held back; how likely a tip is refused by either."""
    experiment = MORE.experiment
    assert experiment
    found = []
    for number in range(people * decisions):
        who = number % people
        arm, likely = ("holdback", held) if who % 5 == 0 else ("canary", served)
        at = NOW - timedelta(minutes=7 * number)
        decision = made(number + 1, person_id(who), at, arm=arm, experiment=experiment.name)
        reward = 0.0 if np.random.default_rng(number).random() < likely else 1.0
        line = RewardLine(
            decision_id=decision.decision_id, person_id=decision.person_id, revision=1, reward=reward,
            decided_at=at, settled_at=at + timedelta(hours=1),
        )  # fmt: skip
        found.append(Logged(decision, (line,)))
    return found


def test_the_lift_is_seen_and_nobody_is_counted_twice() -> None:
    better = lift(evidence(canary(200, 6, served=0.1, held=0.9)), "d")
    assert better is not None
    assert better.low > 0.4
    assert better.n == 200
    same = lift(evidence(canary(200, 6, served=0.5, held=0.5)), "d")
    assert same is not None
    assert same.low < 0 < same.high
    assert lift(evidence(canary(20, 6, served=0.5, held=0.5)), "d") is None
    # Of the sides of an A/B test: beside the people of a named arm.
    beside = lift(evidence(canary(200, 6, served=0.1, held=0.9)), "d", beside="canary")
    assert beside is not None
    assert beside.lift == pytest.approx(-better.lift)
