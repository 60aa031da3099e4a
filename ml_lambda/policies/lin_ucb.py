"""LinUCB: the candidate that could be best, by a bound on its expected reward.

Li et al. 2010, "A contextual-bandit approach to personalized news article recommendation", with weights
that all candidates share. The choice is the argmax; the floor alone explores beyond the bound.
"""

from __future__ import annotations

from typing import Any

from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.linear import HALF_LIFE, LinearLearner, best, floored


class LinUCB(LinearLearner):
    """argmax of mean + α · standard deviation of each candidate's expected reward."""

    name = "lin_ucb"
    version = "2"

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        alpha: float = 0.3,
        half_life_days: float = HALF_LIFE,
        **ridge: Any,
    ) -> None:
        """`alpha`: .3 was best on simulated people. `half_life_days` and `ridge`: as in LinearLearner."""
        super().__init__(dimension, context_dimension, seed, half_life_days=half_life_days, **ridge)
        self._alpha = alpha

    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """Exact: the floor, and the rest to the highest bound; ties share it."""
        return floored(best(self.bounds(context, candidates, self._alpha)))
