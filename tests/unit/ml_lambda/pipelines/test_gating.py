"""The gate is fed each settled reward of the canary once, whatever arrives when and however often it runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chalicelib.contracts.decision_log import RewardLine
from chalicelib.contracts.experiments import Experiment
from ml_lambda.pipelines.evidence import evidence
from ml_lambda.pipelines.gating import Fed, feed
from ml_lambda.pipelines.log import Logged
from tests.nightly_world import made, person_id

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
CANARY = Experiment(name="mixed-2", phase="canary", challenger="mixed_ts", rho=0.2, started_at=NOW)
OLD, NEW = [0.97, 0.01, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01]


def settled(
    number: int, *, gain: float = 0.0, hours: float = 2, arm: str = "canary", experiment: str = CANARY.name
) -> Logged:
    """A decision; the challenger's favourite pays `gain` more than the champion's .3."""
    at = NOW - timedelta(hours=number % 400)
    decision = made(
        number, person_id(number % 40), at,
        champion=OLD, challenger=NEW, rho=CANARY.rho, arm=arm, experiment=experiment,
    )  # fmt: skip
    rng = np.random.default_rng((number, 1))
    reward = float(rng.random() < (0.3 + gain if decision.choice.chosen == 1 else 0.3))
    line = RewardLine(
        decision_id=decision.decision_id,
        person_id=decision.person_id,
        revision=1,
        reward=reward,
        decided_at=at,
        settled_at=at + timedelta(hours=hours),
    )
    return Logged(decision, (line,))


def night(logged: list[Logged], before: Fed | None = None) -> Fed:
    return feed(before.state if before else None, before.marks if before else {}, CANARY, evidence(logged))


def test_each_reward_is_observed_once() -> None:
    logged = [settled(n) for n in range(60)]
    first = night(logged)
    assert (first.observed, first.state.decisions, first.refused) == (60, 60, 0)
    again = night(logged, first)
    assert again.observed == 0
    assert again.state == first.state


def test_a_late_line_is_observed_when_it_comes() -> None:
    logged = [settled(n) for n in range(60)]
    # Settled long before what was observed meanwhile.
    late, punctual = logged[:5], logged[5:]
    first = night(punctual)
    assert all(x.first and first.state.settled_until and x.first.settled_at for x in late)
    second = night(logged, first)
    assert (second.observed, second.state.decisions) == (5, 60)


def test_a_later_revision_is_no_other_reward() -> None:
    one = settled(1)
    assert one.first
    revised = Logged(one.decision, (one.first, one.first.model_copy(update={"revision": 2, "reward": 0.8})))
    first = night([one])
    assert night([revised], first).observed == 0
    assert night([revised]).state == first.state


@pytest.mark.parametrize("fields", [{"arm": "holdback"}, {"arm": "champion"}, {"experiment": "mixed-1"}])
def test_only_the_mixture_of_this_experiment_counts(fields: dict[str, str]) -> None:
    assert night([settled(1, **fields)]).observed == 0  # type: ignore[arg-type]


def test_what_is_of_no_mixture_is_told() -> None:
    odd = settled(1)
    odd.decision.choice.probabilities[odd.decision.choice.chosen or 0] = 0.0001
    fed = night([odd, settled(2)])
    assert (fed.observed, fed.refused) == (1, 1)


def test_a_better_challenger_is_found_in_nights_and_nothing_is_observed_after() -> None:
    fed, nights = None, 0
    numbers = iter(range(4000))
    logged: list[Logged] = []
    while fed is None or (fed.state.verdict == "continue" and nights < 10):
        logged += [settled(next(numbers), gain=0.5) for _ in range(200)]
        fed = night(logged, fed)
        nights += 1
    assert fed.state.verdict == "promote"
    assert nights > 1
    assert "Evidence for" in fed.state.reason
    assert night([*logged, settled(3999)], fed).observed == 0


def test_predictions_know_nothing_that_came_after_the_decision() -> None:
    """The same reward, whatever else is settled after its decision's day began."""
    one = settled(10)
    later = [settled(n, gain=0.5) for n in range(10)]
    alone = night([one]).state
    marks = night(later)
    assert all(x.first and x.first.settled_at > one.decision.decided_at - timedelta(hours=12) for x in later)
    known = evidence([one, *later])
    fed = feed(None, marks.marks, CANARY, known)
    assert fed.observed == 1
    assert fed.state.log_promote == pytest.approx(alone.log_promote, abs=1e-12)
