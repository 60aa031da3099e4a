"""What people have in common and how far they differ: empirical Bayes from sufficient statistics.

θ_person = θ + w, w ~ N(0, diag(between)), θ ~ N(centre, diag(pooled)), rewards with variance `noise`
(Tomkins, Liao, Klasnja, Murphy 2021, "IntelligentPooling"). The variances are fitted by expectation
maximisation of the marginal likelihood (Dempster, Laird, Rubin 1977; for mixed models Laird, Ware 1982).

Pure functions on arrays: `gram` (U, d, d) = XᵀX, `moment` (U, d) = Xᵀr, `square` (U,) = Σ r², `count` (U,).
Columns that share a variance form a group, so that twelve features of one person already say how large
effects are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml_lambda.policies.base import Matrix, Vector

ANCHOR_COLUMNS: Final = 3.0
"""A variance starts as sure as if this many columns had been seen to have it."""

ANCHOR_DECISIONS: Final = 20.0
"""The noise starts as sure as after this many decisions."""


@dataclass(frozen=True)
class Variances:
    """Per column (d,): between people and of what they share; and the noise's."""

    between: Vector
    pooled: Vector
    noise: float


@dataclass(frozen=True)
class People:
    """Sufficient statistics of U people."""

    gram: Matrix
    moment: Matrix
    square: Vector
    count: Vector


@dataclass(frozen=True)
class Shared:
    """θ ~ N(precision⁻¹ shift, precision⁻¹) after everybody's data."""

    precision: Matrix
    shift: Vector

    @property
    def covariance(self) -> Matrix:
        """(d, d)."""
        inverse = np.linalg.inv(self.precision)
        return np.asarray(0.5 * (inverse + inverse.T))

    @property
    def mean(self) -> Vector:
        """(d,)."""
        return np.asarray(np.linalg.solve(self.precision, self.shift))


@dataclass(frozen=True)
class Contributions:
    """What each person says about θ: precision (U, d, d), shift (U, d); `own` (U, d, d): Cov(w | θ, data)."""

    precision: Matrix
    shift: Matrix
    own: Matrix


def contributions(people: People, variances: Variances) -> Contributions:
    """The marginal information about θ of each person, w integrated out.

    Xᵀ(σ²I + X T Xᵀ)⁻¹X = T⁻¹ - T⁻¹(T⁻¹ + XᵀX/σ²)⁻¹T⁻¹ (Woodbury), and likewise for r.
    """
    tight = 1.0 / variances.between
    own: Matrix = np.linalg.inv(people.gram / variances.noise + np.diag(tight)).astype(np.float64, copy=False)
    precision = np.diag(tight) - tight[:, None] * own * tight
    shift = tight * (own @ (people.moment / variances.noise)[..., None])[..., 0]
    return Contributions(precision, shift, own)


def combine(found: Contributions, variances: Variances, centre: Vector) -> Shared:
    """The posterior of θ."""
    loose = 1.0 / variances.pooled
    return Shared(np.diag(loose) + found.precision.sum(0), loose * centre + found.shift.sum(0))


def step(
    people: People,
    variances: Variances,
    anchor: Variances,
    groups: Sequence[slice],
    centre: Vector,
    found: Contributions | None = None,
) -> Variances:
    """One step of expectation maximisation; `anchor` holds the variances while there is little data.

    E: θ, w given data and variances. M: each group's variance is the mean square of its columns.
    """
    found = found or contributions(people, variances)
    shared = combine(found, variances, centre)
    mean, covariance = shared.mean, shared.covariance
    tight = 1.0 / variances.between
    moment = people.moment / variances.noise
    kept = found.own * tight  # I - own XᵀX/σ²: how much of θ a person's own data leave standing
    deviation = (found.own @ moment[..., None])[..., 0] - mean + kept @ mean
    moved = np.eye(len(mean)) - kept
    spread = moved @ covariance
    own_square = (
        np.diagonal(found.own, axis1=1, axis2=2) + deviation**2 + np.einsum("uij,uij->ui", spread, moved)
    )
    shared_square = (mean - centre) ** 2 + np.diag(covariance)
    between, pooled = variances.between.copy(), variances.pooled.copy()
    users = len(people.count)
    for group in groups:
        width = own_square[:, group].shape[1]
        between[group] = (own_square[:, group].sum() + ANCHOR_COLUMNS * anchor.between[group]) / (
            users * width + ANCHOR_COLUMNS
        )
        pooled[group] = (shared_square[group].sum() + ANCHOR_COLUMNS * anchor.pooled[group]) / (
            width + ANCHOR_COLUMNS
        )
    theta = mean + deviation
    covariances = found.own + kept @ covariance @ kept.transpose(0, 2, 1)
    residual = (
        people.square.sum()
        - 2.0 * (theta * people.moment).sum()
        + np.einsum("ui,ui->", theta, (people.gram @ theta[..., None])[..., 0])
        + np.einsum("uij,uij->", people.gram, covariances)
    )
    noise = (residual + ANCHOR_DECISIONS * anchor.noise) / (people.count.sum() + ANCHOR_DECISIONS)
    return Variances(between, pooled, float(noise))


def log_likelihood(people: People, variances: Variances, centre: Vector) -> float:
    """ln p(rewards | variances), θ and w integrated out: what `step` never lowers (but for the anchor)."""
    found = contributions(people, variances)
    shared = combine(found, variances, centre)
    noise, loose = variances.noise, 1.0 / variances.pooled
    moment = people.moment / noise
    logdets = np.linalg.slogdet(found.own)[1].sum() - len(people.count) * np.log(variances.between).sum()
    logdets -= np.linalg.slogdet(shared.precision)[1] + np.log(variances.pooled).sum()
    fit = np.einsum("ui,uij,uj->", moment, found.own, moment)
    fit += shared.shift @ shared.mean - centre @ (loose * centre) - people.square.sum() / noise
    return float(0.5 * (logdets + fit - people.count.sum() * np.log(2.0 * np.pi * noise)))


def fit(
    people: People,
    anchor: Variances,
    groups: Sequence[slice],
    centre: Vector,
    *,
    rounds: int = 200,
    tolerance: float = 1e-3,
) -> tuple[Variances, Shared]:
    """Variances and θ. Stops when no variance moves by more than `tolerance` of itself."""
    variances = anchor
    for _ in range(rounds):
        after = step(people, variances, anchor, groups, centre)
        moved = max(
            float(np.abs(np.log(after.between / variances.between)).max()),
            float(np.abs(np.log(after.pooled / variances.pooled)).max()),
            abs(float(np.log(after.noise / variances.noise))),
        )
        variances = after
        if moved < tolerance:
            break
    return variances, combine(contributions(people, variances), variances, centre)


def pace_shares(evidence: Matrix, anchor: Vector, *, weight: float = 5.0, rounds: int = 50) -> Vector:
    """(G,) how common each pace is, from each person's evidence (U, G); `anchor` counts `weight` people."""
    shares = anchor
    likely = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    for _ in range(rounds):
        responsible = shares * likely
        responsible /= responsible.sum(axis=1, keepdims=True)
        shares = (responsible.sum(0) + weight * anchor) / (len(evidence) + weight)
    return shares
