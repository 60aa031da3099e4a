"""How old a snapshot may be, and what is left of one that another feature version made.

A snapshot is made anew by every signal, by a decision and by a silence when it is older than RENEW_AFTER.
What it holds ages by group: each file of `ml_lambda/features` says when its values fall back to their
default.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import HabitState, Snapshot
from chalicelib.domain import calendar
from chalicelib.domain.features import FEATURE_VERSION

RENEW_AFTER: Final = timedelta(hours=1)
"""Neither a decision nor a silence changes a feature; they are occasions to renew a snapshot this old."""


def outdated(snapshot: Snapshot | None, now: datetime) -> bool:
    """Whether it should be made anew: it is missing, of another version, or older than RENEW_AFTER."""
    if snapshot is None or snapshot.feature_version != FEATURE_VERSION:
        return True
    return calendar.utc(now) - calendar.utc(snapshot.computed_at) > RENEW_AFTER


def current(snapshot: Snapshot) -> Snapshot:
    """What this version may read of it: all of its own; of another version's the facts without the sums.

    Tasks, events, the last day of a habit, mood, place and goals are as the person gave them. Streaks, usual
    times and decayed counts were made by rules that may have changed: they count as unknown.
    """
    if snapshot.feature_version == FEATURE_VERSION:
        return snapshot
    kept = set(Snapshot.model_fields) - {"done_hours", "done_by_category", "done_today", "habits"}
    facts = {name: getattr(snapshot, name) for name in kept}
    return Snapshot(**facts, habits=[_without_sums(habit) for habit in snapshot.habits])


def _without_sums(habit: HabitState) -> HabitState:
    return habit.model_copy(
        update={"streak": 0, "done_in_14_days": 0, "usual_minute": None, "steady_days": 0}
    )
