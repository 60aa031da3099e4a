"""Are people who get what is new better off than those who get what served before?

The holdback tells it of all promotions together, the sides of an A/B test of the challenger alone. Per
person, not per decision: the arm is drawn once per person, so people are the independent units. The interval
is an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024, "Time-uniform central
limit theory", theorem 2.2), valid at any number of people at which one looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import log, sqrt
from typing import Final

import numpy as np

from ml_lambda.pipelines.evidence import Evidence
from ml_lambda.pipelines.report.content import LEAST, Lift
from ml_lambda.policies.base import Vector

HOLDBACK: Final = "holdback"
CHAMPION: Final = "champion"
_TIGHT_AT: Final = 500.0
"""People at which the interval is tightest."""
_ALPHA: Final = 0.05


def lift(known: Evidence, day: str, beside: str = HOLDBACK) -> Lift | None:
    """Tonight's point: all others beside the people of one arm; None while either side has too few people."""
    sides = _means(known, beside)
    held, others = sides.get(True, np.zeros(0)), sides.get(False, np.zeros(0))
    if min(len(held), len(others)) < LEAST:
        return None
    value = float(others.mean() - held.mean())
    # Each side errs at most half as often as both together may.
    sure = margin(held) + margin(others)
    return Lift(day, len(held) + len(others), value, value - sure, value + sure)


def margin(values: Vector, alpha: float = _ALPHA / 2) -> float:
    """Half the width of the interval around the mean of (n,) values, n ≥ 2."""
    n = float(len(values))
    weight = (-2.0 * log(alpha) + log(-2.0 * log(alpha) + 1.0)) / _TIGHT_AT
    grown = n * weight + 1.0
    return float(values.std(ddof=1)) * sqrt(2.0 * grown / (n * n * weight) * log(sqrt(grown) / alpha))


def _means(known: Evidence, arm: str) -> Mapping[bool, Vector]:
    """Each person's mean reward, by whether they are in this arm."""
    rewards: dict[tuple[bool, str], list[float]] = defaultdict(list)
    for logged, reward in zip(known.logged, known.last.tolist(), strict=True):
        side = logged.decision.choice.arm == arm
        rewards[side, logged.decision.person_id].append(reward)
    return {
        side: np.array([np.mean(v) for (s, _), v in rewards.items() if s is side]) for side in (True, False)
    }
