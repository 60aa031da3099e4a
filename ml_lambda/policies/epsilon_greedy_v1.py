"""ε-greedy v1: what the task alone tells. The yardstick that everything else must beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES
from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.greedy import RidgeGreedy

COLUMNS: Final = ("free_fit", "deadline", "affinity", "effort")
"""Fits the free time, how near its deadline, its category, its size. No person, no day, no mood."""

_INDICES: Final = [CANDIDATE_FEATURES.index(name) for name in COLUMNS]


class EpsilonGreedyV1(RidgeGreedy):
    """Sees COLUMNS and an intercept. With a dimension other than the product's it sees every column."""

    name = "epsilon_greedy_v1"
    version = "1"

    def _own(self) -> bool:
        return self.dimension == len(CANDIDATE_FEATURES)

    def _width(self) -> int:
        return 1 + (len(COLUMNS) if self._own() else self.dimension)

    def _rows(self, context: Vector, candidates: Matrix) -> Matrix:
        seen = candidates[:, _INDICES] if self._own() else candidates
        return np.concatenate([seen, np.ones((len(candidates), 1))], axis=1)

    def _seen(self) -> Sequence[int]:
        return _INDICES if self._own() else super()._seen()

    def _names(self) -> list[str]:
        return [*COLUMNS, "intercept"]
