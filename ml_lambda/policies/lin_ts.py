"""LinTS: each candidate as often as it is the best of a draw from the posterior.

Agrawal and Goyal 2013, "Thompson sampling for contextual bandits with linear payoffs". Not one draw but
many: how often a candidate wins among them, mixed with the floor, is its probability, and what is shown
is drawn from that. So the logged probability is exact given the draws, which the seed gives back.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.linear import HALF_LIFE, LinearLearner, best, floored

_STREAM: Final = 1
"""Which stream of the seed the posterior draws come from; `act` draws the choice from another."""


class LinTS(LinearLearner):
    """The share of M posterior draws N(mean, v² covariance) that each candidate wins."""

    name = "lin_ts"
    version = "2"

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        scale: float = 0.1,
        draws: int = 64,
        half_life_days: float = HALF_LIFE,
        **ridge: Any,
    ) -> None:
        """`scale`: v, the standard deviation of a reward around its expectation as far as exploring goes.

        `draws`: M. The normals behind them are the seed's own: the same for all decisions of a learner.
        `half_life_days` and `ridge`: as in LinearLearner.
        """
        super().__init__(dimension, context_dimension, seed, half_life_days=half_life_days, **ridge)
        self._scale = scale
        self._count = draws
        self._normals: Matrix | None = None

    def normals(self) -> Matrix:
        """The standard normals (M, d) behind the draws, already times v."""
        if self._normals is None:
            generator = np.random.Generator(np.random.PCG64([self._seed, _STREAM]))
            self._normals = self._scale * generator.standard_normal((self._count, self._width()))
        return self._normals

    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """Exact given the draws: the share each candidate wins, ties shared, above the floor."""
        drawn = self.posterior.draws(self._rows(context, candidates), self.normals())
        return floored(best(drawn).mean(axis=0))
