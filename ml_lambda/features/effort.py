"""Effort: how long the tip takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from ml_lambda.features.group import FeatureGroup, Moment, log_effort, of_request


def effort(_: Moment, candidate: Candidate) -> float:
    """Log minutes of the tip: log(1 + m) / log(121)."""
    return log_effort(candidate.minutes)


GROUP: Final = FeatureGroup(
    name="effort",
    reads="minutes of the candidate",
    age=of_request,
    freshness=timedelta(0),
    range=(0.0, 1.0),
    default=0.0,
    candidate={"effort": effort},
)
