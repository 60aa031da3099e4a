"""What every linear policy shares: a ridge over candidate, context and intercept, and its posterior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES, FEATURE_VERSION
from ml_lambda.policies.base import FLOOR, Learner, Matrix, Vector
from ml_lambda.policies.priors import Prior
from ml_lambda.policies.ridge import Posterior, Ridge

HALF_LIFE: Final = 300.0
"""After how many days, or decisions where there is no clock, a decision counts half unless told otherwise.

Measured on simulated people: 300 costs 1 to 3 points of the gap where tastes stay, and gains 35 where
they change."""

TIE: Final = 1e-9
"""Scores this close tie: rows that are the same may differ in their last bits."""


class LinearLearner(Learner):
    """Expected reward = row · weights, learned by ridge. Subclasses say how to choose by the posterior.

    A row holds the D candidate columns, the C context columns and an intercept. The last two are the same
    for every candidate of a decision: they cannot change which is best, but without them a good hour or a
    good mood would be credited to whatever was shown then.

    It holds one set of statistics and does not look at `user`: whoever serves decides whose they are.
    """

    def __init__(
        self,
        dimension: int = 12,
        context_dimension: int = 6,
        seed: int = 0,
        *,
        precision: float = 1.0,
        half_life_days: float = 0.0,
        baseline: bool = True,
        prior: Prior | None = None,
    ) -> None:
        """`prior`: what is believed of the weights; without one, mean 0 and `precision` each.

        `half_life_days`: 0 forgets nothing. `update` has no clock: there a decision counts as a day.
        `baseline`: False leaves context and intercept out, for candidates that hold them already.
        """
        super().__init__(dimension, context_dimension, seed)
        self._baseline = baseline
        self._prior_mean, self._prior_precision = (
            _belief(prior, self._names())
            if prior
            else (np.zeros(self._width()), precision * np.eye(self._width()))
        )
        self.ridge = Ridge(self._width(), half_life_days)
        self._posterior: Posterior | None = None

    def _seen(self) -> Sequence[int]:
        """The candidate features that the first columns of a row hold."""
        return range(self.dimension)

    def _width(self) -> int:
        """How many columns a row has."""
        return self.dimension + (self.context_dimension + 1 if self._baseline else 0)

    def _rows(self, context: Vector, candidates: Matrix) -> Matrix:
        """(K, width) of what the regression sees."""
        rows = np.empty((len(candidates), self._width()))
        rows[:, : self.dimension] = candidates
        if self._baseline:
            rows[:, self.dimension : -1] = context
            rows[:, -1] = 1.0
        return rows

    def _names(self) -> list[str]:
        """The columns' names, for the prior; needs the product's dimensions."""
        return [*CANDIDATE_FEATURES, *((*CONTEXT_FEATURES, "baseline") if self._baseline else ())]

    @property
    def posterior(self) -> Posterior:
        """What is known of the weights now."""
        if self._posterior is None:
            self._posterior = self.ridge.posterior(self._prior_mean, self._prior_precision)
        return self._posterior

    @property
    def remembered(self) -> float:
        """How many decisions the statistics rest on; one forgotten by half counts half."""
        return float(self.ridge.sums()[-1]) if self._baseline else float(self.ridge.count)

    def scores(self, context: Vector, candidates: Matrix) -> Vector:
        """The expected reward of each candidate (K,)."""
        scores: Vector = self._rows(context, candidates) @ self.posterior.mean
        return scores

    def bounds(self, context: Vector, candidates: Matrix, alpha: float) -> Vector:
        """The expected reward of each candidate and α of its standard deviations above (K,)."""
        rows = self._rows(context, candidates)
        bounds: Vector = rows @ self.posterior.mean + alpha * self.posterior.widths(rows)
        return bounds

    def weights(self, user: str = "") -> Vector:
        """The posterior means of the candidate columns it sees."""
        weights = np.zeros(self.dimension)
        seen = self._seen()
        weights[seen] = self.posterior.mean[: len(seen)]
        return weights

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
        self._posterior = None

    def update(
        self,
        context: Vector,
        candidates: Matrix,
        index: int,
        reward: float,
        probabilities: Vector,
        user: str = "",
    ) -> None:
        """Learn from the chosen candidate of a decision, a day after the one before."""
        self.learn(context, candidates[index], reward, day=self.ridge.newest + 1.0, user=user)

    def to_bytes(self) -> bytes:
        """The ridge's statistics, marked with the version of the feature layout."""
        return self.ridge.to_bytes(FEATURE_VERSION)

    def load(self, state: bytes) -> None:
        """Take over stored statistics of the same layout."""
        self.ridge.load(state, FEATURE_VERSION)
        self._posterior = None


def _belief(prior: Prior, names: Sequence[str]) -> tuple[Vector, Matrix]:
    """Mean and precision (in units of the noise) of a person's weights before anything is known of them."""
    belief = prior.belief(names)
    if not belief.covariance.any():
        return belief.mean, np.diag(belief.noise / belief.between)
    precision: Matrix = np.linalg.inv(belief.covariance + np.diag(belief.between)).astype(np.float64)
    return belief.mean, belief.noise * precision


def floored(vector: Vector) -> Vector:
    """FLOOR spread over all, the rest as in `vector` (K,), which sums to 1."""
    mixed: Vector = FLOOR / len(vector) + (1.0 - FLOOR) * vector
    return mixed


def best(scores: Vector) -> Vector:
    """Of each row of scores (..., K): the best, as shares that sum to 1; what ties shares it."""
    top = scores >= scores.max(axis=-1, keepdims=True) - TIE
    shares: Vector = top / top.sum(axis=-1, keepdims=True)
    return shares
