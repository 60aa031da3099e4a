"""Where mixed_ts begins: the published prior, or what is usual when there is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES
from ml_lambda.policies.mixed_posterior import Belief, Paces
from ml_lambda.policies.pooling import Variances
from ml_lambda.policies.priors import Prior

HALF_LIVES: Final = (0.0, 120.0, 60.0, 30.0, 15.0)
"""The grid of forgetting in days; 0 forgets nothing."""

SHARES: Final = (0.88, 0.03, 0.03, 0.03, 0.03)
"""How common each pace is before any data: most tastes stay."""

CHANGE: Final = 0.05
"""How likely a person's taste turned at some time, before any data."""

COLUMNS: Final = (*CONTEXT_FEATURES, "baseline", *CANDIDATE_FEATURES)
"""What the regression sees of the product's features, in its order."""

_KEPT: Final = 16


@dataclass(frozen=True)
class Beginning:
    """`given`: what is believed of a person before any data. `start`: where refits of variances begin.

    `first`: the first candidate column; the constant is right before it, the context before that.
    """

    given: Belief
    start: Variances
    first: int


@lru_cache(maxsize=8)
def usual(dimension: int, context_dimension: int, half_life_days: float = 0.0) -> Beginning:
    """Before any data: effects of about .1 per standardised feature and of the context, two thirds of their
    variance shared or more; people differ most in how often they do anything at all.

    A reward in [0, 1] that features move by half of its range leaves no more to each of a dozen.
    """
    between = np.r_[np.full(context_dimension, 0.002), 0.04, np.full(dimension, 0.004)]
    pooled = np.r_[np.full(context_dimension, 0.01), 0.1, np.full(dimension, 0.008)]
    start = Variances(between, pooled, 0.18)
    paces = paces_of(None, half_life_days)
    first = context_dimension + 1
    given = Belief(np.zeros(len(between)), np.diag(between + pooled), start.noise, paces, first)
    return Beginning(given, start, first)


def paces_of(prior: Prior | None, half_life_days: float = 0.0) -> Paces:
    """The one pace asked for, else the prior's mixture, else the usual one."""
    if half_life_days:
        return Paces.of((half_life_days,), (1.0,))
    mixture = prior.pooled.forgetting if prior and prior.pooled else None
    if mixture:
        return Paces.of(mixture.half_lives, mixture.shares, mixture.change)
    return Paces.of(HALF_LIVES, SHARES, CHANGE)


_published: dict[tuple[int, float], tuple[Prior, Beginning]] = {}


def published(prior: Prior, half_life_days: float = 0.0) -> Beginning:
    """A prior's belief over COLUMNS. Kept by identity: a process serves few priors, inverting them costs."""
    key = (id(prior), half_life_days)
    if key not in _published:
        pooled, first = prior.belief(COLUMNS), len(CONTEXT_FEATURES) + 1
        covariance = pooled.covariance + np.diag(pooled.between)
        given = Belief(pooled.mean, covariance, pooled.noise, paces_of(prior, half_life_days), first)
        # A refit in memory starts at the prior's variances and may widen what people share.
        widest = usual(len(CANDIDATE_FEATURES), len(CONTEXT_FEATURES)).start.pooled
        shared = np.maximum(np.diag(pooled.covariance), widest)
        if len(_published) >= _KEPT:
            _published.clear()
        _published[key] = prior, Beginning(given, Variances(pooled.between, shared, pooled.noise), first)
    return _published[key][1]
