"""What people have in common and how far they differ: empirical Bayes from sufficient statistics.

θ_person = θ + w, w ~ N(0, diag(between)), θ ~ N(centre, diag(pooled)), rewards with variance `noise`
(Tomkins, Liao, Klasnja, Murphy 2021, "IntelligentPooling"). The variances are fitted by expectation
maximisation of the marginal likelihood (Dempster, Laird, Rubin 1977; for mixed models Laird, Ware 1982).

Pure functions on arrays: `gram` (U, d, d) = XᵀX, `moment` (U, d) = Xᵀr, `square` (U,) = Σ r², `count` (U,).
Columns that share a variance form a group, so that twelve features of one person already say how large
effects are; `groups` says how many columns each has, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
    """What each person says about θ. `own` (U, d, d): Cov(w | θ, data)."""

    marginal: Matrix
    """(U, d, d + 1): precision | shift."""
    own: Matrix

    @property
    def precision(self) -> Matrix:
        """(U, d, d)."""
        return self.marginal[..., :-1]


def contributions(people: People, variances: Variances) -> Contributions:
    """The marginal information about θ of each person, w integrated out.

    Xᵀ(σ²I + X T Xᵀ)⁻¹X = T⁻¹ - T⁻¹(T⁻¹ + XᵀX/σ²)⁻¹T⁻¹ (Woodbury), and likewise for r.
    """
    users, d = people.moment.shape
    tight = 1.0 / variances.between
    systems = people.gram / variances.noise
    systems.reshape(users, -1)[:, :: d + 1] += tight
    own = np.linalg.inv(systems).astype(np.float64, copy=False)
    marginal = np.empty((users, d, d + 1))
    np.multiply(own, -tight[:, None] * tight, out=marginal[..., :-1])
    marginal.reshape(users, -1)[:, :: d + 2] += tight
    marginal[..., -1] = tight * np.matvec(own, people.moment / variances.noise)
    return Contributions(marginal, own)


def before_data(variances: Variances, centre: Vector) -> Matrix:
    """(d, d + 1): precision | shift of θ when nobody has said anything; what people say adds to it."""
    d = len(centre)
    known = np.zeros((d, d + 1))
    known.ravel()[:: d + 2] = 1.0 / variances.pooled
    known[:, -1] = centre / variances.pooled
    return known


def combine(found: Contributions, variances: Variances, centre: Vector) -> Shared:
    """The posterior of θ."""
    known = before_data(variances, centre) + found.marginal.sum(0)
    return Shared(known[:, :-1], known[:, -1])


@lru_cache(maxsize=16)
def _alike(groups: tuple[int, ...]) -> Matrix:
    """(d, d) 1 where two columns are of one group."""
    group = np.repeat(np.arange(len(groups)), groups)
    alike: Matrix = (group[:, None] == group).astype(np.float64)
    return alike


def step(
    people: People,
    variances: Variances,
    anchor: Variances,
    groups: tuple[int, ...],
    centre: Vector,
    found: Contributions | None = None,
) -> Variances:
    """One step of expectation maximisation; `anchor` holds the variances while there is little data.

    E: θ, w given data and variances. M: each group's variance is the mean square of its columns. What XᵀX
    is in is known without it: with A = T⁻¹ + XᵀX/σ², XᵀX/σ² A⁻¹ = I - T⁻¹A⁻¹. `found`: by `variances`.
    """
    found = found or contributions(people, variances)
    shared = combine(found, variances, centre)
    covariance = shared.covariance
    mean = covariance @ shared.shift
    noise, tight = variances.noise, 1.0 / variances.between
    pull = people.moment / noise + tight * mean
    theirs = np.matvec(found.own, pull)  # everybody's θ + w, expected
    kept = found.own * tight  # how much of θ a person's own data leave standing
    moved = kept @ covariance
    own = np.diagonal(found.own, axis1=1, axis2=2)
    spread = np.diagonal(covariance) - 2.0 * np.diagonal(moved, axis1=1, axis2=2) + np.vecdot(moved, kept)
    own_square = (own + (theirs - mean) ** 2 + spread).sum(0)
    shared_square = (mean - centre) ** 2 + np.diagonal(covariance)
    alike, users = _alike(groups), len(people.count)
    width = alike.sum(0)
    between = (alike @ own_square + ANCHOR_COLUMNS * anchor.between) / (users * width + ANCHOR_COLUMNS)
    pooled = (alike @ shared_square + ANCHOR_COLUMNS * anchor.pooled) / (width + ANCHOR_COLUMNS)
    # E |r - X(θ + w)|²: Σ r² less what is explained, and the trace of XᵀX Cov(θ + w).
    explained = noise * np.vdot(theirs, pull + tight * (theirs - 2.0 * mean))
    unsure = noise * (own.size - (own @ tight).sum() + np.einsum("uij,uij->", found.precision, moved))
    residual = people.square.sum() - explained + unsure
    sigma = (residual + ANCHOR_DECISIONS * anchor.noise) / (people.count.sum() + ANCHOR_DECISIONS)
    return Variances(between, pooled, float(sigma))


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
    groups: tuple[int, ...],
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
    shares, held, people = anchor, weight * anchor, len(evidence) + weight
    likely = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    for _ in range(rounds):
        responsible = shares * ((1.0 / (likely @ shares)) @ likely)
        shares = (responsible + held) / people
    return shares
