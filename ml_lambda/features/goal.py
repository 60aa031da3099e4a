"""Goals: whether a tip serves what the person said matters most to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from ml_lambda.features.group import FeatureGroup, Moment, of_snapshot


def goal_alignment(moment: Moment, candidate: Candidate) -> float:
    """1 when the category is one of the goals, -1 when it is none of them; 0 without goals or category."""
    goals, category = moment.snapshot.goals, candidate.category
    if not goals or not category:
        return 0.0
    return 1.0 if category in goals else -1.0


GROUP: Final = FeatureGroup(
    name="goal",
    reads="goals of the snapshot, as the profile has them; category of the candidate",
    age=of_snapshot,
    freshness=timedelta(days=30),
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"goal_alignment": goal_alignment},
)
