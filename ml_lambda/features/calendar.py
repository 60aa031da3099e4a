"""Calendar: how long the person is free, against what the tip takes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain.situation import READS_AHEAD
from ml_lambda.features.group import FeatureGroup, Moment, clip

LIMIT: Final = 100
BEHIND: Final = timedelta(hours=3)
AHEAD: Final = READS_AHEAD

_MOST_FREE: Final = 240
_DOUBLINGS: Final = 4.0


def upcoming(items: Iterable[ItemRecord], now: datetime) -> list[ItemRecord]:
    """Confirmed entries that end after now - 3 h and start within 7 days, earliest first, at most LIMIT."""
    kept = [
        item
        for item in items
        if item.type == "event"
        and item.status == "confirmed"
        and item.starts_at is not None
        and item.starts_at <= now + AHEAD
        and (item.ends_at or item.starts_at) > now - BEHIND
    ]
    return sorted(kept, key=lambda e: (e.starts_at or now, e.item_ref))[:LIMIT]


def free_minutes(moment: Moment) -> float | None:
    """Minutes until the next busy entry, at most 240, 0 inside one; what the client says comes first.

    None when the calendar is not known at all. All-day entries do not make a person busy.
    """
    if moment.context.minutes_free is not None:
        return float(moment.context.minutes_free)
    if "calendar" not in moment.snapshot.as_of:
        return None
    free = float(_MOST_FREE)
    for event in moment.snapshot.events:
        if event.all_day or not event.busy or event.starts_at is None:
            continue
        if (event.ends_at or event.starts_at) <= moment.now:
            continue
        free = min(free, max((event.starts_at - moment.now).total_seconds() / 60.0, 0.0))
    return free


def free_fit(moment: Moment, candidate: Candidate) -> float:
    """log2(free minutes / tip minutes) / 4: 0 when it just fits, 1 with 16 times the time, -1 when busy.

    A tip that takes no time always fits (1).
    """
    free = free_minutes(moment)
    if free is None:
        return 0.0
    if candidate.minutes <= 0:
        return 1.0
    if free <= 0:
        return -1.0
    return clip(math.log2(free / candidate.minutes) / _DOUBLINGS)


def _age(moment: Moment) -> timedelta | None:
    return None if moment.context.minutes_free is not None else moment.snapshot_age


GROUP: Final = FeatureGroup(
    name="calendar",
    reads="busy entries of the snapshot, or `minutes_free` of the request; minutes of the candidate",
    age=_age,
    # So long it reaches as far ahead as anyone looks.
    freshness=AHEAD - timedelta(minutes=_MOST_FREE),
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"free_fit": free_fit},
)
