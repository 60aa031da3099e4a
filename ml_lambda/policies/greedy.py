"""What both ε-greedy policies share: a ridge on some columns, the best one mostly, any one sometimes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from chalicelib.domain.features import FEATURE_VERSION
from ml_lambda.policies.base import Learner, Matrix, Vector, epsilon_greedy
from ml_lambda.policies.priors import Prior
from ml_lambda.policies.ridge import Ridge


class RidgeGreedy(Learner):
    """ε-greedy on a ridge. Subclasses say which columns it sees.

    It holds one set of statistics and does not look at `user`: whoever serves decides whose they are.
    """

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        epsilon: float = 0.05,
        precision: float = 1.0,
        half_life_days: float = 0.0,
        prior: Prior | None = None,
    ) -> None:
        """`epsilon`: .05 closed 2 to 6 points more of the gap than .1 on simulated people, and still logs
        every candidate at five times the floor. `prior`: mean and precision by feature name; without one,
        mean 0 and `precision`.
        """
        super().__init__(dimension, context_dimension, seed)
        self._epsilon = epsilon
        self._precision = prior.precision if prior else precision
        columns = self._width()
        self._prior = np.asarray(prior.mean(self._names()) if prior else [0.0] * columns, dtype=np.float64)
        self.ridge = Ridge(columns, half_life_days)
        self._mean: Vector | None = None

    @abstractmethod
    def _rows(self, context: Vector, candidates: Matrix) -> Matrix:
        """(K, width) of what the regression sees."""

    @abstractmethod
    def _width(self) -> int:
        """How many columns `_rows` has."""

    def _seen(self) -> Sequence[int]:
        """The candidate features that the first columns of `_rows` hold."""
        return range(self.dimension)

    @abstractmethod
    def _names(self) -> list[str]:
        """The columns' names, for the prior; needs the product's dimensions."""

    def scores(self, context: Vector, candidates: Matrix) -> Vector:
        """The expected reward of each candidate (K,)."""
        scores: Vector = self._rows(context, candidates) @ self._posterior_mean()
        return scores

    def _posterior_mean(self) -> Vector:
        if self._mean is None:
            self._mean = self.ridge.mean(self._prior, self._precision)
        return self._mean

    def weights(self, user: str = "") -> Vector:
        """The ridge's weights of the candidate columns it sees."""
        weights = np.zeros(self.dimension)
        seen = self._seen()
        weights[seen] = self._posterior_mean()[: len(seen)]
        return weights

    def probabilities(self, context: Vector, candidates: Matrix, user: str = "") -> Vector:
        """Exact: ε / K each, the rest to the best."""
        return epsilon_greedy(self.scores(context, candidates), self._epsilon)

    def learn(
        self,
        context: Vector,
        candidate: Vector,
        reward: float,
        *,
        replaces: float | None = None,
        day: float = 0.0,
        user: str = "",
    ) -> None:
        """Add the chosen row, or give it another reward."""
        row = self._rows(context, np.asarray(candidate, dtype=np.float64)[None, :])[0]
        self.ridge.add(row, reward, replaces=replaces, day=day)
        self._mean = None

    def to_bytes(self) -> bytes:
        """The ridge's statistics, marked with the version of the feature layout."""
        return self.ridge.to_bytes(FEATURE_VERSION)

    def load(self, state: bytes) -> None:
        """Take over stored statistics of the same layout."""
        self.ridge.load(state, FEATURE_VERSION)
        self._mean = None
