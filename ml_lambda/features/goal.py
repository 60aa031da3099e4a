"""Goals: how well a tip serves what the person wants. No goals are kept yet, so the default is served."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from ml_lambda.features.group import FeatureGroup, Moment


def goal_alignment(_moment: Moment, _candidate: Candidate) -> float:
    """0: nothing is known about goals."""
    return 0.0


GROUP: Final = FeatureGroup(
    name="goal",
    reads="nothing until goals exist",
    freshness=timedelta(days=30),
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"goal_alignment": goal_alignment},
)
