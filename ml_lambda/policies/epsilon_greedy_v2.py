"""ε-greedy v2: the whole vector, beside the context and an intercept that absorb the baseline."""

from __future__ import annotations

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES
from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.greedy import RidgeGreedy


class EpsilonGreedyV2(RidgeGreedy):
    """Sees the D candidate columns, the C context columns and an intercept of its own.

    The last two are the same for every candidate of a decision: they cannot change which is best, but
    without them a good hour or a good mood would be credited to whatever was shown then.
    """

    name = "epsilon_greedy_v2"
    version = "1"

    def _width(self) -> int:
        return self.dimension + self.context_dimension + 1

    def _rows(self, context: Vector, candidates: Matrix) -> Matrix:
        rows = np.empty((len(candidates), self._width()))
        rows[:, : self.dimension] = candidates
        rows[:, self.dimension : -1] = context
        rows[:, -1] = 1.0
        return rows

    def _names(self) -> list[str]:
        return [*CANDIDATE_FEATURES, *CONTEXT_FEATURES, "baseline"]
