"""IPS, SNIPS and DR give what the Open Bandit Pipeline gives on its sample of 10,000 decisions."""

from __future__ import annotations

import numpy as np
import pytest

from bench.policies.open_bandit import pipeline, sample
from ml_lambda.experiments.estimators import dr, ips, snips


@pytest.mark.parametrize("behavior", ["random", "bts"])
def test_the_same_to_nine_decimals(behavior: str) -> None:
    logged, theirs = sample(behavior), pipeline()
    rounds, arms, action = logged["n_rounds"], logged["n_actions"], logged["action"]
    draws = np.random.default_rng(3)
    target = draws.dirichlet(np.full(arms, 0.3), size=rounds)
    predicted = draws.random((rounds, arms)) * 0.02
    chosen = np.arange(rounds), action
    known = {
        "reward": logged["reward"],
        "action": action,
        "position": np.zeros(rounds, dtype=int),
        "pscore": logged["pscore"],
        "action_dist": target[:, :, None],
        "estimated_rewards_by_reg_model": predicted[:, :, None],
    }
    mine = logged["reward"], target[chosen], logged["pscore"]
    assert rounds == 10_000
    for ours, estimator in (
        (ips(*mine), theirs.InverseProbabilityWeighting()),
        (snips(*mine), theirs.SelfNormalizedInverseProbabilityWeighting()),
        (dr(*mine, predicted[chosen], (target * predicted).sum(axis=1)), theirs.DoublyRobust()),
    ):
        assert ours.value == pytest.approx(float(estimator.estimate_policy_value(**known)), abs=1e-9)
        assert ours.low < ours.value < ours.high
