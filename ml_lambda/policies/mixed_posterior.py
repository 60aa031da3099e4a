"""The arithmetic of mixed_ts for one person: paces of forgetting, their evidence, one posterior.

Columns are ordered nuisance first (context, constant), candidate features last: the last block of a
Cholesky factor is then the factor of the candidates' marginal precision, and nothing else is needed.
A pace of forgetting λ weighs a decision of age a by e^(-λa): power steady models (Smith 1979), "stabilised"
because the prior is not forgotten. Paces are averaged by how well they predicted, recent predictions
counting more: dynamic model averaging (Raftery, Kárný, Ettler 2010, Technometrics 52(1)).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.history import History

EVIDENCE_HALF_LIFE: Final = 60.0
"""Days after which a prediction says half as much about today's pace of forgetting."""

_LOOSE: Final = 1e12
"""The corner of a bordered matrix: large enough to keep it positive definite, never read."""


@dataclass(frozen=True)
class Paces:
    """The grid of forgetting. `rates` (G,) per day, 0 forgets nothing; `shares` (G,) before any evidence."""

    rates: Vector
    shares: Vector

    @classmethod
    def of(cls, half_lives: tuple[float, ...], shares: tuple[float, ...]) -> Paces:
        """From half-lives in days, 0 for none."""
        rates = [np.log(2.0) / h if h else 0.0 for h in half_lives]
        return cls(np.array(rates), np.array(shares))


@dataclass(frozen=True)
class Belief:
    """N(mean, covariance) over one person's weights (d,), the noise's variance, the paces."""

    mean: Vector
    covariance: Matrix
    noise: float
    paces: Paces

    @cached_property
    def system(self) -> Matrix:
        """(d + 1, d + 1): the precision, bordered by precision times mean."""
        d = len(self.mean)
        bordered = np.empty((d + 1, d + 1))
        precision = np.linalg.inv(self.covariance)
        bordered[:d, :d] = 0.5 * (precision + precision.T)
        bordered[:d, d] = bordered[d, :d] = bordered[:d, :d] @ self.mean
        bordered[d, d] = 0.0
        return bordered

    @cached_property
    def mark(self) -> int:
        """Tells beliefs apart: what was computed under one is not used under another."""
        parts = (self.mean, self.covariance, np.array([self.noise]), self.paces.rates, self.paces.shares)
        return zlib.crc32(b"".join(part.astype("<f8").tobytes() for part in parts))


def _factor(systems: Matrix) -> Matrix:
    """Cholesky of (..., d + 1, d + 1) bordered systems: the last row is L⁻¹ times the border."""
    systems[..., -1, -1] = _LOOSE
    return np.asarray(np.linalg.cholesky(systems))


def evidence(history: History, belief: Belief) -> Vector:
    """(G,) log predictive likelihood of each pace, up to a constant: every block from the older ones.

    ln p(block | older) = ½ (ln|P| - ln|P'| + |y'|² - |y|²) + what is the same for all, where P, P' are the
    precisions before and after the block and y = L⁻¹ P m.
    """
    rates, ages = belief.paces.rates, history.ages()
    paces, blocks, width = len(rates), len(ages), history.columns + 1
    if blocks < 2:
        return np.zeros(paces)
    lags = np.maximum(ages[None, :] - ages[:, None], 0.0)  # (later, earlier)
    weights = np.exp(-rates[:, None, None] * lags) * np.tril(np.ones((blocks, blocks)), -1)
    before = history.weighted(weights.reshape(paces * blocks, blocks) / belief.noise)
    before = before.reshape(paces, blocks, width, width) + belief.system
    after = before + history.weighted(np.eye(blocks) / belief.noise)
    factors = _factor(np.stack([before, after]))
    logdet = np.log(np.diagonal(factors[..., :-1, :-1], axis1=-2, axis2=-1)).sum(-1)
    squares = (factors[..., -1, :-1] ** 2).sum(-1)
    predicted = logdet[0] - logdet[1] + 0.5 * (squares[1] - squares[0])
    predicted -= predicted.max(axis=0)
    found: Vector = predicted @ 2.0 ** (-ages / EVIDENCE_HALF_LIFE)
    return found


def shares(belief: Belief, found: Vector) -> Vector:
    """(G,) how likely each pace is for this person: shares before, times e^evidence."""
    logs = np.log(belief.paces.shares) + found
    likely: Vector = np.exp(logs - logs.max())
    likely /= likely.sum()
    return likely


@dataclass(frozen=True)
class Posterior:
    """N(mean, root rootᵀ) over the candidate features' effects (D,)."""

    mean: Vector
    root: Matrix


def posterior(history: History, belief: Belief, likely: Vector, first: int) -> Posterior:
    """The paces' posteriors as one normal distribution with their mean and covariance.

    `first`: the first candidate column. Paces of a share under 1% are left out.
    """
    kept = likely >= min(0.01, likely.max())
    likely = likely[kept] / likely[kept].sum()
    if history.count:
        weights = np.exp(-np.outer(belief.paces.rates[kept], history.ages()))
        systems = history.weighted(weights / belief.noise) + belief.system
    else:
        systems, likely = belief.system[None].copy(), np.ones(1)
    factors = _factor(systems)
    inverses = np.linalg.inv(factors[:, first:-1, first:-1])  # (G, D, D)
    means = (factors[:, -1:, first:-1] @ inverses)[:, 0]
    mean = likely @ means
    # Covariance of a mixture: the mean of the covariances and the covariance of the means.
    apart = np.sqrt(likely)[:, None] * (means - mean)
    spread = (np.sqrt(likely)[:, None, None] * inverses).reshape(-1, inverses.shape[-1])
    if len(likely) == 1:
        return Posterior(mean, np.ascontiguousarray(inverses[0].T))
    return Posterior(mean, np.linalg.cholesky(spread.T @ spread + apart.T @ apart))
