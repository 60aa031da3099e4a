"""Local days and free time: all arithmetic in UTC, all days and wall times in the person's zone.

Nothing here reads a clock. A naive moment is taken as UTC, so that no valid record can raise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

WAKING_FROM: Final = time(7)
WAKING_UNTIL: Final = time(21, 30)
DayPart = Literal["night", "morning", "afternoon", "evening"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, `start` included, `end` not; both aware."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        """Whole minutes between its ends."""
        return minutes_until(self.start, self.end)


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name; UTC for a name that no zone has."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def utc(at: datetime) -> datetime:
    """The moment in UTC; a naive one is taken as UTC."""
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)


def local(at: datetime, zone: tzinfo) -> datetime:
    """The moment on the wall clock of `zone`; the ends of the calendar stay in UTC."""
    try:
        return utc(at).astimezone(zone)
    except OverflowError:
        return utc(at)


def local_day(at: datetime, zone: tzinfo) -> date:
    """The day that the moment falls on for the person."""
    return local(at, zone).date()


def wall(day: date, at: time, zone: tzinfo) -> datetime:
    """The moment, in UTC, when the wall clock shows `at` on `day`.

    A time that a spring night skips is the moment of the jump plus what it lies beyond it; of a time
    that an autumn night repeats, the first.
    """
    return utc(datetime.combine(day, at, tzinfo=zone))


def day_bounds(at: datetime, zone: tzinfo) -> Span:
    """The local day around the moment: 23, 24 or 25 hours."""
    day = local_day(at, zone)
    return Span(wall(day, time.min, zone), wall(add_days(day, 1), time.min, zone))


def end_of_day(at: datetime, zone: tzinfo) -> datetime:
    """When the local day ends; always later than `at`."""
    end = day_bounds(at, zone).end
    return end if end > utc(at) else utc(at) + timedelta(hours=1)


def next_wall(after: datetime, at: time, zone: tzinfo) -> datetime:
    """The first moment later than `after` when the wall clock shows `at`."""
    day = local_day(after, zone)
    for ahead in range(3):
        moment = wall(add_days(day, ahead), at, zone)
        if moment > utc(after):
            return moment
    return utc(after) + timedelta(days=1)


def add_days(day: date, days: int) -> date:
    """The day `days` later; stays at the end of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def same_wall(at: datetime, days: int, zone: tzinfo) -> datetime:
    """The same wall time `days` local days later, whatever the clocks did between."""
    there = local(at, zone)
    return wall(add_days(there.date(), days), there.time().replace(fold=0), zone)


def minutes_until(now: datetime, then: datetime) -> int:
    """Whole minutes from `now` to `then`; negative when it is past."""
    return int((utc(then) - utc(now)) // timedelta(minutes=1))


def minute_of_day(at: datetime, zone: tzinfo) -> int:
    """Minutes on the wall clock since midnight, 0 to 1439."""
    there = local(at, zone)
    return there.hour * 60 + there.minute


def day_part(at: datetime, zone: tzinfo) -> DayPart:
    """What the person would call this part of the day."""
    hour = local(at, zone).hour
    if hour < 5 or hour >= 22:
        return "night"
    if hour < 12:
        return "morning"
    return "afternoon" if hour < 17 else "evening"


def merge(spans: Iterable[Span], *, within: timedelta = timedelta(0)) -> list[Span]:
    """The spans sorted, those that touch (or lie `within` of each other) as one; empty ones dropped."""
    merged: list[Span] = []
    for span in sorted((s for s in spans if s.end > s.start), key=lambda s: (s.start, s.end)):
        if merged and span.start - merged[-1].end <= within:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end))
        else:
            merged.append(span)
    return merged


def free_until(busy: Sequence[Span], now: datetime, latest: datetime) -> datetime:
    """How long the person is free from `now`: `now` itself when busy, at most `latest`.

    `busy` is merged.
    """
    for span in busy:
        if span.start <= now < span.end:
            return now
        if span.start > now:
            return max(now, min(span.start, latest))
    return max(now, latest)


def next_free_slot(
    busy: Sequence[Span],
    start: datetime,
    minutes: int,
    zone: tzinfo,
    *,
    horizon: timedelta = timedelta(hours=24),
    opens: time = WAKING_FROM,
    closes: time = WAKING_UNTIL,
) -> Span | None:
    """The first free stretch of at least `minutes` in waking hours within `horizon` of `start`.

    `busy` is merged. The whole stretch is returned, so that its end can be told.
    """
    day, last = local_day(start, zone), utc(start) + horizon
    for ahead in range(3):
        on = add_days(day, ahead)
        cursor = max(utc(start), wall(on, opens, zone))
        closing = min(last, wall(on, closes, zone))
        for span in busy:
            if span.end <= cursor:
                continue
            if span.start >= closing:
                break
            if minutes_until(cursor, span.start) >= minutes:
                return Span(cursor, span.start)
            cursor = max(cursor, span.end)
        if minutes_until(cursor, closing) >= minutes:
            return Span(cursor, closing)
    return None
