"""Our estimators beside the Open Bandit Pipeline's, on its sample of real decisions: the same to 1e-9."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.policies.open_bandit import pipeline, sample
from ml_lambda.experiments.estimators import Estimate, dr, ips, snips

LIMIT: Final = 1e-9
"""The largest difference that counts as the same."""

LOGS: Final = ("random", "bts")
"""Who made the decisions: chance, or Thompson sampling with unequal probabilities."""

TARGETS: Final = ("uniform", "drawn")
"""Whose value is estimated: chance, or other odds at every decision, a few arms having most of them."""


@dataclass(frozen=True)
class Agreement:
    """One estimator of one target policy on one log of `rounds` decisions."""

    log: str
    target: str
    estimator: str
    rounds: int
    ours: Estimate
    theirs: float

    @property
    def difference(self) -> float:
        """How far apart."""
        return abs(self.ours.value - self.theirs)


def agreements() -> Iterator[Agreement]:
    """IPS, SNIPS and DR of each target on each log. DR's predictions are drawn: any must give the same."""
    for log in LOGS:
        for target in TARGETS:
            yield from _compared(log, target)


def _compared(log: str, target: str) -> Iterator[Agreement]:
    logged, theirs = sample(log), pipeline()
    rounds, arms, action = logged["n_rounds"], logged["n_actions"], logged["action"]
    draws = np.random.default_rng(3)
    odds = (
        np.full((rounds, arms), 1.0 / arms)
        if target == "uniform"
        else draws.dirichlet(np.full(arms, 0.3), size=rounds)
    )
    predicted = draws.random((rounds, arms)) * 0.02
    chosen = np.arange(rounds), action
    known: dict[str, Any] = {
        "reward": logged["reward"],
        "action": action,
        "position": np.zeros(rounds, dtype=int),
        "pscore": logged["pscore"],
        "action_dist": odds[:, :, None],
        "estimated_rewards_by_reg_model": predicted[:, :, None],
    }
    mine = logged["reward"], odds[chosen], logged["pscore"]
    for name, ours, estimator in (
        ("IPS", ips(*mine), theirs.InverseProbabilityWeighting()),
        ("SNIPS", snips(*mine), theirs.SelfNormalizedInverseProbabilityWeighting()),
        ("DR", dr(*mine, predicted[chosen], (odds * predicted).sum(axis=1)), theirs.DoublyRobust()),
    ):
        yield Agreement(log, target, name, rounds, ours, float(estimator.estimate_policy_value(**known)))
