"""Habits: how each stands, and whether an intact streak ends today."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from chalicelib.contracts.ml import Candidate, HabitState
from chalicelib.contracts.records import ItemRecord, SignalRecord
from chalicelib.domain import calendar
from ml_lambda.features.group import FeatureGroup, Moment, of_snapshot

LIMIT: Final = 40
NEAR: Final = 60
"""Minutes around a usual time that belong to it."""
STEADY: Final = 30
"""Minutes around it within which a day counts as steady."""

_DAY: Final = timedelta(days=1)
_MINUTES: Final = 24 * 60
_FORTNIGHT: Final = 14
_STREAK_SCALE: Final = 3.0


def streak_of(days: set[date]) -> int:
    """Consecutive days ending on the last one."""
    if not days:
        return 0
    day, length = max(days), 0
    while day in days:
        day, length = day - _DAY, length + 1
    return length


def usual_minute(minutes: Iterable[int]) -> int | None:
    """The minute of the day around which most of these lie, on a clock that goes round; None if nowhere.

    The median of the fullest two hours, when they hold more than half: done mornings and evenings, a habit
    has no usual time, and done around midnight it is not a thing of noon.
    """
    ordered = sorted(minutes)
    twice = [*ordered, *(minute + _MINUTES for minute in ordered)]
    fullest: list[int] = []
    end = 0
    for start, first in enumerate(ordered):
        while end < start + len(ordered) and twice[end] <= first + 2 * NEAR:
            end += 1
        if end - start > len(fullest):
            fullest = twice[start:end]
    if 2 * len(fullest) <= len(ordered):
        return None
    return int(median(fullest)) % _MINUTES


def states(
    items: Iterable[ItemRecord], signals: Iterable[SignalRecord], timezone: str, now: datetime
) -> list[HabitState]:
    """The LIMIT habits not given up, latest done first, then by ref; days on the person's clock."""
    zone = calendar.zone_of(timezone)
    done: dict[str, list[datetime]] = defaultdict(list)
    for signal in signals:
        if (
            signal.type == "habit"
            and signal.status == "done"
            and signal.item_ref
            and signal.occurred_at <= now
        ):
            done[signal.item_ref].append(calendar.local(signal.occurred_at, zone))
    today = calendar.local_day(now, zone)
    kept = [
        _state(item, done[item.item_ref], today)
        for item in items
        if item.type == "habit" and item.status != "deleted"
    ]
    return sorted(kept, key=lambda h: (-(h.last_done_on or date.min).toordinal(), h.item_ref))[:LIMIT]


def _state(item: ItemRecord, done: list[datetime], today: date) -> HabitState:
    days = {at.date() for at in done}
    since = today - _FORTNIGHT * _DAY
    usual = usual_minute(at.hour * 60 + at.minute for at in done)
    return HabitState(
        item_ref=item.item_ref,
        title_words=item.title_words,
        title_chars=item.title_chars,
        effort_minutes=item.effort_minutes,
        category=item.category,
        words_expire_at=item.words_expire_at,
        last_done_on=max(days, default=None),
        streak=streak_of(days),
        done_in_14_days=sum(day > since for day in days),
        usual_minute=usual,
        steady_days=len({at.date() for at in done if at.date() > since and _steady(at, usual)}),
    )


def _steady(at: datetime, usual: int | None) -> bool:
    """Whether that was about the usual time, on a clock that goes round."""
    if usual is None:
        return False
    apart = abs(at.hour * 60 + at.minute - usual)
    return min(apart, _MINUTES - apart) <= STEADY


def streak_at_risk(moment: Moment, candidate: Candidate) -> float:
    """1 - e^(-streak / 3) when the candidate's habit was last done yesterday; otherwise 0."""
    habit = moment.habits.get(candidate.item_ref or "")
    if habit is None or habit.last_done_on != moment.today - _DAY:
        return 0.0
    return 1.0 - math.exp(-habit.streak / _STREAK_SCALE)


GROUP: Final = FeatureGroup(
    name="habit",
    reads="habit signals of the last 28 days (a streak counts at most 28), the person's local day",
    age=of_snapshot,
    freshness=timedelta(days=2),
    summed=True,
    range=(0.0, 1.0),
    default=0.0,
    candidate={"streak_at_risk": streak_at_risk},
)
