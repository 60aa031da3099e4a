"""What another policy would have earned on decisions that were logged: IPS, SNIPS and DR.

With chosen arm a, reward r, its probability π under the target policy and π₀ as logged, w = π / π₀:

    IPS    mean(w r)                             unbiased, high variance (Horvitz and Thompson 1952)
    SNIPS  Σ w r / Σ w                           a little bias, less variance (Swaminathan and Joachims 2015)
    DR     mean(v + w (r - q))                   unbiased when π₀ is right, whatever q (Dudík et al. 2011)

q is the reward predicted for the chosen arm and v = Σ_a π(a) q(a). All agree with the Open Bandit Pipeline.

**Intervals** are normal, from the linearised variance, with Student's quantile at (effective sample size
- 1) degrees of freedom, so that they widen as few decisions come to carry the estimate. Decisions of one
person are alike: with `people`, whole people are the independent units. They are for one look at a fixed
log: what is watched as it grows goes through the gate. With an effective sample size under about 50 the
largest weights have not been seen yet and no interval can be trusted; read the two fields that say so.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_ROUNDING: Final = 1e-9


class Estimate(float):
    """A policy's value per decision, and how far to trust it. It is that number and compares as such."""

    low: float
    high: float
    effective_sample_size: float
    """(Σw)² / Σw²: how many decisions of the target policy itself would tell as much."""
    largest_weight_share: float
    """The share of the largest weight in all; near 1 one decision says it all."""

    def __new__(
        cls, value: float, low: float, high: float, effective_sample_size: float, largest_weight_share: float
    ) -> Self:
        """The value, with what is known of it."""
        made = super().__new__(cls, value)
        made.low, made.high = low, high
        made.effective_sample_size = effective_sample_size
        made.largest_weight_share = largest_weight_share
        return made

    def __getnewargs__(self) -> tuple[float, ...]:  # type: ignore[override]
        """What a copy is made of."""
        return float(self), self.low, self.high, self.effective_sample_size, self.largest_weight_share

    @property
    def value(self) -> float:
        """The number alone."""
        return float(self)

    def __repr__(self) -> str:
        """Value and interval."""
        return f"Estimate({float(self):.6g}, {self.low:.6g} to {self.high:.6g})"


def ips(
    reward: ArrayLike,
    pi_target: ArrayLike,
    pi_logged: ArrayLike,
    *,
    people: ArrayLike | None = None,
    alpha: float = 0.05,
) -> Estimate:
    """Inverse propensity scoring. All arrays (n,), of the chosen arms; `people` (n,): whose decision.

    Raises ValueError for shapes that differ, no decisions, or values that are no probabilities.
    """
    r, w = _checked(reward, pi_target, pi_logged)
    value = float(np.mean(w * r))
    return _estimate(value, w * r - value, w, people, alpha)


def snips(
    reward: ArrayLike,
    pi_target: ArrayLike,
    pi_logged: ArrayLike,
    *,
    people: ArrayLike | None = None,
    alpha: float = 0.05,
) -> Estimate:
    """Self-normalised IPS: bounded by the rewards. As `ips`; ValueError when no weight is above 0, too."""
    r, w = _checked(reward, pi_target, pi_logged)
    if not w.any():
        raise ValueError("the target policy would have chosen nothing of this")
    value = float(np.sum(w * r) / np.sum(w))
    return _estimate(value, w * (r - value) / np.mean(w), w, people, alpha)


def dr(
    reward: ArrayLike,
    pi_target: ArrayLike,
    pi_logged: ArrayLike,
    predicted: ArrayLike,
    predicted_value: ArrayLike,
    *,
    people: ArrayLike | None = None,
    alpha: float = 0.05,
) -> Estimate:
    """Doubly robust. `predicted` (n,): q of the chosen arm; `predicted_value` (n,): Σ_a π_target(a) q(a).

    Predictions must not have seen the decision's own reward. As `ips` otherwise.
    """
    r, w = _checked(reward, pi_target, pi_logged)
    q, v = _column(predicted, len(r)), _column(predicted_value, len(r))
    if not (np.isfinite(q).all() and np.isfinite(v).all()):
        raise ValueError("predictions are finite")
    terms = v + w * (r - q)
    value = float(np.mean(terms))
    return _estimate(value, terms - value, w, people, alpha)


def effective_sample_size(weights: ArrayLike) -> float:
    """(Σw)² / Σw²; 0 when all are 0 (Kish 1965)."""
    w = np.asarray(weights, dtype=np.float64)
    squares = float(w @ w)
    return float(w.sum()) ** 2 / squares if squares else 0.0


def student_quantile(probability: float, degrees: float) -> float:
    """Student's t by Hill's expansion (1970), to about 1% from 3 degrees on; no fewer are taken."""
    z, n = NormalDist().inv_cdf(probability), max(degrees, 3.0)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def _estimate(
    value: float, influence: Array, weights: Array, people: ArrayLike | None, alpha: float
) -> Estimate:
    """`influence` (n,): what each decision moves the estimate by, times n; its mean is 0."""
    n, total = len(weights), float(weights.sum())
    size = effective_sample_size(weights)
    sums = influence if people is None else _by_person(influence, people)
    units = len(sums)
    error = float(np.sqrt(sums @ sums * units / max(units - 1, 1))) / n
    margin = student_quantile(1 - alpha / 2, min(size, units) - 1) * error if units > 1 else float("inf")
    return Estimate(
        value, value - margin, value + margin, size, float(weights.max()) / total if total else 0.0
    )


def _by_person(influence: Array, people: ArrayLike) -> Array:
    names: NDArray[Any] = np.asarray(people)
    if names.shape != influence.shape:
        raise ValueError("people names one person per decision")
    _, who = np.unique(names, return_inverse=True)
    return np.bincount(who, weights=influence).astype(np.float64)


def _checked(reward: ArrayLike, pi_target: ArrayLike, pi_logged: ArrayLike) -> tuple[Array, Array]:
    r = np.asarray(reward, dtype=np.float64)
    if r.ndim != 1 or not len(r):
        raise ValueError("an estimate needs decisions: arrays (n,) with n of at least 1")
    target, logged = _column(pi_target, len(r)), _column(pi_logged, len(r))
    # Written so that NaN, of which every comparison is false, is refused as well.
    if not ((logged > 0) & (logged <= 1 + _ROUNDING)).all():
        raise ValueError("logged probabilities lie in (0, 1]")
    if not ((target >= 0) & (target <= 1 + _ROUNDING)).all():
        raise ValueError("target probabilities lie in [0, 1]")
    if not np.isfinite(r).all():
        raise ValueError("rewards are finite")
    return r, target / logged


def _column(values: ArrayLike, length: int) -> Array:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (length,):
        raise ValueError(f"expected an array of shape ({length},), got {column.shape}")
    return column
