"""The arithmetic of mixed_ts for one person: how the past fades, what speaks for it, one posterior.

Columns are ordered nuisance first (context, constant), candidate features last: the last block of a
Cholesky factor is then the factor of the candidates' marginal precision.

Two kinds of hypotheses say how the past counts. A pace λ weighs a decision of age a by e^(-λa): power
steady models (Smith 1979), "stabilised" because the prior is not forgotten. A change says that everything
before one block was another taste and counts no more: a single change point (Chernoff and Zacks 1964).
All are averaged by how well they predicted; of paces recent predictions count more: dynamic model averaging
(Raftery, Kárný, Ettler 2010, Technometrics 52(1)).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log
from typing import Final, NamedTuple

import numpy as np

from ml_lambda.policies.base import Matrix, Vector
from ml_lambda.policies.history import History, Indices
from ml_lambda.policies.pooling import pace_shares

EVIDENCE_HALF_LIFE: Final = 60.0
"""Days after which a prediction says half as much about today's pace of forgetting."""

_LOOSE: Final = 1e12
"""The corner of a bordered matrix: large enough to keep it positive definite."""


@dataclass(frozen=True)
class Paces:
    """What may be. `rates` (G,) per day, 0 forgets nothing; `shares` (G,) before any evidence.

    `change`: how likely there was a change of taste, at whatever time. It needs a first rate of 0: what
    comes after a change is not forgotten.
    """

    rates: Vector
    shares: Vector
    change: float = 0.0

    @classmethod
    def of(cls, half_lives: tuple[float, ...], shares: tuple[float, ...], change: float = 0.0) -> Paces:
        """From half-lives in days, 0 for none."""
        rates = [np.log(2.0) / h if h else 0.0 for h in half_lives]
        return cls(np.array(rates), np.array(shares), 0.0 if rates[0] else change)

    def hypotheses(self, blocks: int) -> int:
        """How many there are about so many blocks: the paces, then a change before each but the first."""
        return len(self.rates) + (max(0, blocks - 1) if self.change else 0)

    @cached_property
    def _logs(self) -> dict[int, Vector]:
        """The logarithms of the shares before any evidence, by how many hypotheses there are."""
        return {len(self.rates): np.log(self.shares * (1.0 - self.change))}

    def likely(self, found: Vector) -> Vector:
        """(H,) each hypothesis' share, given the evidence (H,)."""
        count, many = len(self.rates), len(found)
        if many not in self._logs:
            changes = np.full(many - count, log(self.change / (many - count)))
            self._logs[many] = np.concatenate([self._logs[count], changes])
        logs = found + self._logs[many]
        likely: Vector = np.exp(logs - logs.max())
        likely /= likely.sum()
        return likely

    @cached_property
    def _fading(self) -> Matrix:
        return -self.rates[:, None]

    def counts(self, ages: Vector, likely: Vector) -> Vector:
        """(B,) how much a block of each age counts, averaged over hypotheses of these shares (H,)."""
        count = len(self.rates)
        counts: Vector = likely[:count].dot(np.exp(self._fading * ages))
        if len(likely) > count:
            counts[1:] += likely[count:].cumsum()  # a block counts under each change that was before it
        return counts


@dataclass(frozen=True)
class Belief:
    """N(mean, covariance) over one person's weights (d,), the noise's variance, the paces.

    `first`: the first of the D candidate columns.
    """

    mean: Vector
    covariance: Matrix
    noise: float
    paces: Paces
    first: int = 0

    @cached_property
    def system(self) -> Matrix:
        """(d + 1, d + 1): the precision, bordered by precision times mean; the corner is loose."""
        d = len(self.mean)
        bordered = np.empty((d + 1, d + 1))
        precision = np.linalg.inv(self.covariance)
        bordered[:d, :d] = 0.5 * (precision + precision.T)
        bordered[:d, d] = bordered[d, :d] = bordered[:d, :d] @ self.mean
        bordered[d, d] = _LOOSE
        return bordered

    @cached_property
    def asking(self) -> Matrix:
        """(2 d + 1, 2 d + 1): the system, bordered by the unit vectors of all columns."""
        d = len(self.mean)
        bordered = _LOOSE * np.eye(2 * d + 1)
        bordered[: d + 1, : d + 1] = self.system
        bordered[d + 1 :, :d] = bordered[:d, d + 1 :] = np.eye(d)
        return bordered

    @cached_property
    def mark(self) -> int:
        """Tells beliefs apart: what was computed under one is not used under another."""
        paces = self.paces
        numbers = np.array([self.noise, paces.change])
        parts = (self.mean, self.covariance, numbers, paces.rates, paces.shares)
        return zlib.crc32(b"".join(part.astype("<f8").tobytes() for part in parts))


def _likelihood(systems: Matrix) -> Vector:
    """½(|y|² - ln|P|) of (..., d + 1, d + 1) bordered systems, y = L⁻¹ P m.

    ln p(data | older) is this with the data less this without, and what is the same for all hypotheses.
    """
    factors = np.linalg.cholesky(systems)
    logdets = np.log(np.diagonal(factors[..., :-1, :-1], axis1=-2, axis2=-1)).sum(-1)
    found: Vector = 0.5 * (factors[..., -1, :-1] ** 2).sum(-1) - logdets
    return found


class _Order(NamedTuple):
    """What so many blocks have to do with each other, whatever is in them."""

    earlier: Matrix
    """(B, B) 1 where the column's block is before the row's."""
    itself: Matrix
    """(B, B) the unit matrix."""
    inside: Matrix
    """(S, B) runs of blocks, the empty one first: which each holds."""
    places: Indices
    """(B + 1, B + 1) which run it is, by start and end."""


@lru_cache(maxsize=64)
def _order(blocks: int) -> _Order:
    at = np.arange(blocks)
    starts, ends = np.triu_indices(blocks + 1, 1)
    inside = (at >= starts[:, None]) & (at < ends[:, None])
    places = np.zeros((blocks + 1, blocks + 1), dtype=np.intp)
    places[starts, ends] = 1 + np.arange(len(starts))
    runs = np.vstack([np.zeros(blocks), inside])
    return _Order(np.tri(blocks, k=-1), np.eye(blocks), runs, places)


def evidence(history: History, belief: Belief) -> Vector:
    """(H,) log predictive likelihood of each hypothesis up to a constant: every block from the older ones.

    The first block has none: all hypotheses predict it alike, and it is left out.
    """
    paces, ages = belief.paces, history.ages()
    blocks, count = len(ages), len(paces.rates)
    if blocks < 2:
        return np.zeros(paces.hypotheses(blocks))
    order, fades = _order(blocks), paces.rates > 0.0
    lags = np.maximum(ages - ages[1:, None], 0.0)  # (later, earlier)
    older = np.exp(-paces.rates[fades, None, None] * lags) * order.earlier[1:]
    asked = [older.reshape(-1, blocks), (older + order.itself[1:]).reshape(-1, blocks), order.inside]
    systems = history.weighted(np.concatenate(asked) / belief.noise)
    systems += belief.system
    found = _likelihood(systems)
    many = len(found) - len(order.inside)
    without, within = found[:many].reshape(2, -1, blocks - 1)
    # Under a pace of 0, and after a change, a block's prediction is a run that ends with it less one without.
    runs = found[many:].take(order.places)
    steps = runs[:-1, 2:] - runs[:-1, 1:-1]
    predicted = np.empty((paces.hypotheses(blocks), blocks - 1))
    predicted[:count][fades] = within - without
    predicted[:count][~fades] = steps[0]
    if paces.change:
        predicted[count:] = np.where(order.earlier[1:, 1:], steps[0], steps[1:])
    predicted -= predicted.max(axis=0)
    summed: Vector = predicted @ 2.0 ** (-ages[1:] / EVIDENCE_HALF_LIFE)
    return summed


def common_paces(given: Paces, found: Sequence[Vector], rounds: int = 50) -> Paces:
    """How common each pace and a change are among people of whom each has evidence (H,).

    Changes at different times count as one: by the mean of their likelihoods.
    """
    count = len(given.rates)
    rows = np.zeros((len(found), count + 1))
    for row, own in zip(rows, found, strict=True):
        row[:count] = own[:count]
        if len(changes := own[count:]):
            row[count] = np.logaddexp.reduce(changes) - log(len(changes))
    anchor = np.append(given.shares * (1.0 - given.change), given.change)
    common = pace_shares(rows, anchor, rounds=rounds)
    return Paces(given.rates, common[:-1] / common[:-1].sum(), float(common[-1]))


@dataclass(frozen=True)
class Posterior:
    """N(mean, root rootᵀ) over the candidate features' effects (D,).

    `effects` (D, D + 1): root | mean. `beside` (d - D, d): the nuisance columns' rows of the whole root, of
    which (0, `root`) are the others.
    """

    effects: Matrix
    beside: Matrix

    @property
    def mean(self) -> Vector:
        """(D,)."""
        return self.effects[:, -1]

    @property
    def root(self) -> Matrix:
        """(D, D)."""
        return self.effects[:, :-1]


def posterior(history: History, belief: Belief, likely: Vector) -> Posterior:
    """What is known when each block counts as much as the hypotheses say on average.

    With P = L Lᵀ the borders of a system come out of its Cholesky factor times L⁻ᵀ: of precision times
    mean and of the unit vectors that is all there is to know, and no inverse is left to compute. Where the
    two borders meet is the mean, divided by minus the corner's root.
    """
    d, first = len(belief.mean), belief.first
    system = belief.asking
    if history.count:
        system = system.copy()
        system[: d + 1, : d + 1] += history.weighted(
            belief.paces.counts(history.ages(), likely) / belief.noise
        )
    factor = np.linalg.cholesky(system).astype(np.float64, copy=False)
    effects = factor[d + 1 + first :, first : d + 1]
    effects[:, -1] *= -factor[d, d]
    return Posterior(effects, factor[d + 1 : d + 1 + first, :d])
