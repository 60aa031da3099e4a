"""Context: the hour and the day on the person's clock. The same for every candidate of a decision."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from ml_lambda.features.group import FeatureGroup, Moment, of_request


def _turn(moment: Moment) -> float:
    at = moment.local
    return 2.0 * math.pi * (at.hour * 60 + at.minute) / 1440.0


def hour_sin(moment: Moment) -> float:
    """Sine of the time of day: 1 at six in the morning."""
    return math.sin(_turn(moment))


def hour_cos(moment: Moment) -> float:
    """Cosine of the time of day: 1 at midnight."""
    return math.cos(_turn(moment))


def weekday(moment: Moment) -> float:
    """Monday -1 to Sunday 1."""
    return (moment.local.weekday() - 3) / 3.0


def intercept(_moment: Moment) -> float:
    """1."""
    return 1.0


GROUP: Final = FeatureGroup(
    name="context",
    reads="the moment of the decision and the person's time zone",
    age=of_request,
    freshness=timedelta(0),
    range=(-1.0, 1.0),
    default=0.0,
    context={"hour_sin": hour_sin, "hour_cos": hour_cos, "weekday": weekday, "intercept": intercept},
)
