"""SquareCB: inverse-gap weighting on an optimistic ridge score.

Foster and Rakhlin 2020, "Beyond UCB: optimal and efficient contextual bandits with regression oracles",
as Vowpal Wabbit defines it: p = 1 / (K + γ gap) for each candidate but the best, which gets the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.linear import HALF_LIFE, LinearLearner, best, floored


class SquareCB(LinearLearner):
    """Probabilities in closed form: the further behind the best, the rarer; the more is known, the rarer."""

    name = "square_cb"
    version = "2"

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        gamma: float = 1000.0,
        alpha: float = 0.3,
        half_life_days: float = HALF_LIFE,
        **ridge: Any,
    ) -> None:
        """`gamma`: γ is this times √(1 + decisions that are remembered). `alpha`: how optimistic the score
        is, as in LinUCB. `half_life_days` and `ridge`: as in LinearLearner.
        """
        super().__init__(dimension, context_dimension, seed, half_life_days=half_life_days, **ridge)
        self._gamma = gamma
        self._alpha = alpha

    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """Exact: inverse-gap weights, above the floor."""
        scores = self.bounds(context, candidates, self._alpha)
        return floored(inverse_gap(scores, self._gamma * np.sqrt(1.0 + self.remembered)))


def inverse_gap(scores: Vector, gamma: float) -> Vector:
    """Each candidate's probability from its gap to the best score (K,): 1 / (K + γ gap).

    What that leaves goes to the best; those that tie share it.
    """
    first = best(scores)
    weights: Vector = np.where(first > 0, 0.0, 1.0 / (len(scores) + gamma * (scores.max() - scores)))
    weights += (1.0 - weights.sum()) * first
    return weights
