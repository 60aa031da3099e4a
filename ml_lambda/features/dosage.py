"""Dosage: how many tips this person saw lately. The same for every candidate of a decision."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from ml_lambda.features.group import FeatureGroup, Moment, of_request

_SCALE: Final = timedelta(days=7)
_MANY: Final = 10.0


def dosage(moment: Moment) -> float:
    """Σ e^(-days since shown / 7) over tips shown, as 1 - e^(-sum / 10): 0 for none, near 1 for very many."""
    # fsum: the same whatever the order of the tips.
    shown = [moment.age(tip.exposed_at) for tip in moment.recent if tip.exposed_at]
    total = math.fsum(math.exp(-(age / _SCALE)) for age in shown)
    return 1.0 - math.exp(-total / _MANY)


GROUP: Final = FeatureGroup(
    name="dosage",
    reads="exposures of the tips of 14 days, sent with the request",
    age=of_request,
    freshness=timedelta(0),
    range=(0.0, 1.0),
    default=0.0,
    context={"dosage": dosage},
)
