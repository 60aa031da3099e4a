"""Activity: how much was done today, against the length of the tip."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.domain import calendar
from ml_lambda.features.group import FeatureGroup, Moment, centred_effort, clip, of_snapshot

_BUSY_DAY: Final = 5.0


def activity_length(moment: Moment, candidate: Candidate) -> float:
    """How much was done today (5 things are much) × centred log minutes of the tip.

    0 when the snapshot is of another day: its count is of that day.
    """
    made = calendar.local_day(moment.snapshot.computed_at, calendar.zone_of(moment.timezone))
    done = moment.snapshot.done_today if made == moment.today else 0
    return clip(done / _BUSY_DAY, 0.0) * centred_effort(candidate.minutes)


GROUP: Final = FeatureGroup(
    name="activity",
    reads="done_today of the snapshot, while it is of this local day; minutes of the candidate",
    age=of_snapshot,
    freshness=timedelta(days=1),
    summed=True,
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"activity_length": activity_length},
)
