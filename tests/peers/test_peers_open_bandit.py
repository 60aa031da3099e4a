"""The stand-in for PyTorch: the pipeline's own estimators run on its own sample, and nothing is left over."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bench.policies.open_bandit import pipeline, sample


def test_its_sample_of_real_decisions_is_there() -> None:
    logged = sample("random")
    assert logged["n_rounds"] == 10_000
    assert logged["pscore"] == pytest.approx(np.full(10_000, 1 / logged["n_actions"]))


def test_its_estimator_is_the_weighted_mean() -> None:
    logged = sample("bts")
    rounds, arms = logged["n_rounds"], logged["n_actions"]
    target = np.full((rounds, arms, 1), 1 / arms)
    estimate = (
        pipeline()
        .InverseProbabilityWeighting()
        .estimate_policy_value(
            reward=logged["reward"],
            action=logged["action"],
            position=np.zeros(rounds, dtype=int),
            pscore=logged["pscore"],
            action_dist=target,
        )
    )
    assert estimate == pytest.approx(float(np.mean(logged["reward"] / arms / logged["pscore"])), abs=1e-12)


def test_nothing_is_left_of_the_stand_in() -> None:
    pipeline()
    assert "torch" not in sys.modules
