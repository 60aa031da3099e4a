"""The refit finds what made the data: the shared effects, the noise, how fast tastes fade."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from chalicelib.contracts.decision_log import RewardLine
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION
from ml_lambda.pipelines.log import Logged
from ml_lambda.pipelines.refit import history_of_log, history_of_state, refit
from ml_lambda.policies import make
from ml_lambda.policies.base import Vector
from ml_lambda.policies.history import History
from ml_lambda.policies.mixed_prior import COLUMNS
from ml_lambda.policies.priors import Prior
from tests import ml_examples as me

SHARED = np.r_[np.zeros(CONTEXT_DIMENSION), 0.4, 0.2, -0.2, 0.15, np.zeros(DIMENSION - 3)]


def people(
    users: int, decisions: int, *, between: float = 0.01, turns: bool = False, seed: int = 1
) -> list[History]:
    """People around SHARED; with `turns` each starts over with another taste halfway."""
    rng = np.random.default_rng(seed)

    def taste() -> Vector:
        own = rng.normal(0, np.sqrt(between), DIMENSION)
        return SHARED + np.r_[np.zeros(CONTEXT_DIMENSION + 1), own]

    found = []
    for _ in range(users):
        history, likes = History(len(COLUMNS), CONTEXT_DIMENSION), taste()
        for i in range(decisions):
            if turns and i == decisions // 2:
                likes = taste()
            row = np.r_[rng.normal(size=CONTEXT_DIMENSION - 1) * 0.5, 1.0, 1.0, rng.normal(size=DIMENSION)]
            history.add(row, float(row @ likes + 0.3 * rng.normal()), day=20_000 + i / 4)
        found.append(history)
    return found


def test_it_finds_what_is_shared_and_how_far_people_differ() -> None:
    found = refit(people(60, 80))
    first = CONTEXT_DIMENSION + 1
    assert found.pooled.mean[first:] == pytest.approx(SHARED[first:], abs=0.05)
    assert found.pooled.noise == pytest.approx(0.09, rel=0.15)
    assert found.pooled.between[first:].mean() == pytest.approx(0.01, rel=0.4)
    assert found.after > found.before
    assert (found.people, found.decisions) == (60, 60 * 80)


def test_it_learns_that_tastes_change() -> None:
    stay = refit(people(40, 120, between=0.05))
    turn = refit(people(40, 120, between=0.05, turns=True))
    assert turn.pooled.forgetting is not None
    assert stay.pooled.forgetting is not None
    assert turn.pooled.forgetting.change > 0.5
    assert stay.pooled.forgetting.change < 0.1


def test_the_version_is_the_content() -> None:
    one = refit(people(5, 20))
    assert refit(people(5, 20)).version == one.version
    assert refit(people(6, 20)).version != one.version
    read = Prior.from_document(Prior.from_pooled(one.version, one.pooled).to_document())
    assert read.pooled is not None
    assert read.pooled.mean.tolist() == one.pooled.mean.tolist()
    # It can serve: a newcomer is given the shared effects.
    newcomer = make("mixed_ts", prior=read)
    assert newcomer.weights() == pytest.approx(one.pooled.mean[-DIMENSION:])


def test_a_few_decisions_move_little_and_nobody_is_refused() -> None:
    usual = refit(people(1, 1))
    assert np.isfinite(usual.pooled.covariance).all()
    assert abs(usual.pooled.noise - 0.18) < 0.03
    with pytest.raises(ValueError, match="nobody"):
        refit([])


def test_a_person_is_the_same_from_statistics_and_from_the_log() -> None:
    learner, logged = make("mixed_ts"), []
    for number in range(1, 8):
        decision = me.decision(number)
        choice = decision.choice.model_copy(update={"champion": [1.0]})
        decision = decision.model_copy(update={"choice": choice})
        reward = number % 3 / 2
        learner.learn(
            np.asarray(choice.context),
            np.asarray(choice.candidates[0].features),
            reward,
            day=decision.decided_at.timestamp() / 86_400,
        )
        lines = tuple(
            RewardLine(
                decision_id=decision.decision_id,
                person_id=decision.person_id,
                revision=revision,
                reward=value,
                decided_at=decision.decided_at,
                settled_at=decision.decided_at + timedelta(hours=revision),
            )
            for revision, value in ((1, 0.0), (2, reward))
        )
        logged.append(Logged(decision, lines))
    known, read = history_of_state(learner.to_bytes()), history_of_log(logged)
    assert known is not None
    assert read is not None
    assert read.to_bytes(1) == known.to_bytes(1)


def test_what_is_no_history_is_none() -> None:
    assert history_of_state(b"OOR1 something else") is None
    assert history_of_state(make("mixed_ts").to_bytes()) is None
    assert history_of_log([]) is None
    # Rules chose: nothing is learned from that, nor from what nobody answered.
    assert history_of_log([Logged(me.decision(1))]) is None
