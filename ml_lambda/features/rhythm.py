"""Rhythm: at which hours this person gets things done."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import Candidate
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain import calendar
from ml_lambda.features.group import FeatureGroup, Moment, clip, of_snapshot

HALF_LIFE: Final = timedelta(days=14)

# Angles that ask for an act now; the others ask for none or for a later one.
_ACTS: Final = frozenset({"do_now", "smallest_step", "keep_streak", "anchor", "restart", "prepare", "batch"})
_PSEUDO_COUNT: Final = 6.0
_DOUBLINGS: Final = 2.0


@dataclass(frozen=True)
class Done:
    """What was done lately, summed up."""

    hours: list[float]
    categories: dict[str, float]
    today: int


def summarise(signals: Iterable[SignalRecord], timezone: str, now: datetime) -> Done:
    """Tasks and habits done, once per item and local day, weighed by half-life."""
    hours, categories, today, seen = [0.0] * 24, dict[str, float](), 0, set[tuple[str, object]]()
    zone = calendar.zone_of(timezone)
    local_today = calendar.local_day(now, zone)
    for signal in sorted(signals, key=lambda s: (s.occurred_at, s.signal_id)):
        if signal.type not in {"task", "habit"} or signal.status != "done" or signal.occurred_at > now:
            continue
        at = calendar.local(signal.occurred_at, zone)
        key = (signal.item_ref or signal.signal_id, at.date())
        if key in seen:
            continue
        seen.add(key)
        weight = 0.5 ** ((now - signal.occurred_at) / HALF_LIFE)
        hours[at.hour] += weight
        if signal.category:
            categories[signal.category] = categories.get(signal.category, 0.0) + weight
        today += at.date() == local_today
    return Done([round(h, 6) for h in hours], {c: round(w, 6) for c, w in sorted(categories.items())}, today)


def done_hour(moment: Moment, candidate: Candidate) -> float:
    """log2 of this hour's share of things done against an even day, / 2, for tips that ask for an act now.

    The share is shrunk by 6 things spread evenly; the hours beside count half.
    """
    if candidate.angle not in _ACTS:
        return 0.0
    hours, hour = moment.snapshot.done_hours, moment.local.hour
    here = (hours[hour - 1] + 2.0 * hours[hour] + hours[(hour + 1) % 24]) / 4.0
    ratio = (24.0 * here + _PSEUDO_COUNT) / (sum(hours) + _PSEUDO_COUNT)
    return clip(math.log2(ratio) / _DOUBLINGS)


GROUP: Final = FeatureGroup(
    name="rhythm",
    reads="done_hours of the snapshot: task and habit signals of the last 28 days; angle of the candidate",
    age=of_snapshot,
    freshness=HALF_LIFE,
    summed=True,
    range=(-1.0, 1.0),
    default=0.0,
    candidate={"done_hour": done_hour},
)
