"""Exposure: how new a tip is to this person."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate, RecentTip
from ml_lambda.features.group import FeatureGroup, Moment, of_request

_NOVELTY_SCALE: Final = timedelta(days=3)


def _same(tip: RecentTip, candidate: Candidate) -> bool:
    if candidate.item_ref:
        return tip.item_ref == candidate.item_ref
    return tip.angle == candidate.angle


def novelty(moment: Moment, candidate: Candidate) -> float:
    """1 - e^(-days since this item, or without one this angle, was last shown / 3); 1 if never."""
    shown = [tip.exposed_at for tip in moment.recent if tip.exposed_at and _same(tip, candidate)]
    if not shown:
        return 1.0
    return 1.0 - math.exp(-(moment.age(max(shown)) / _NOVELTY_SCALE))


GROUP: Final = FeatureGroup(
    name="exposure",
    reads="exposures of the tips of 14 days, sent with the request; item and angle of the candidate",
    age=of_request,
    freshness=timedelta(0),
    range=(0.0, 1.0),
    default=1.0,
    candidate={"novelty": novelty},
)
