"""Similarity to tips this person did, in an embedder's space. Without one the default is served."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from ml_lambda.features.group import FeatureGroup, Moment, clip, of_request

_HALF_LIFE: Final = timedelta(days=14)
_PSEUDO_COUNT: Final = 1.0


def similarity_done(moment: Moment, candidate: Candidate) -> float:
    """Σ w cos(candidate, tip) / (Σ w + 1) over tips done, w = 2^(-days since decided / 14).

    Shrunk towards 0 by one tip; 0 without an embedder, and for what it does not know.
    """
    if moment.embedder is None:
        return 0.0
    here = moment.embedder.embed(candidate)
    if here is None:
        return 0.0
    weights, alike = [], []
    for tip in moment.recent:
        there = moment.embedder.embed(tip) if tip.reaction == "done" else None
        if there is not None:
            weights.append(0.5 ** (moment.age(tip.decided_at) / _HALF_LIFE))
            alike.append(weights[-1] * cosine(here, there))
    return clip(math.fsum(alike) / (math.fsum(weights) + _PSEUDO_COUNT))


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle between two vectors of one length; 0 when either has no direction."""
    length = math.hypot(*one) * math.hypot(*other)
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) / length if length else 0.0


GROUP: Final = FeatureGroup(
    name="similarity",
    reads="an embedder; the tips done of 14 days, sent with the request",
    age=of_request,
    freshness=timedelta(0),
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"similarity_done": similarity_done},
)
