"""Dates as files write them. What cannot be known from the text alone is not guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
            "aug august", "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_CLOCK: Final = (
    r"(?:[T\s,]+(?:at\s+|@\s*)?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?::\d{2}(?:\.\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_FORMS: Final = tuple(
    re.compile(f"^{day}{_CLOCK}$", re.IGNORECASE)
    for day in (
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})",
        r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})",
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?\.?\s+(?P<name>[A-Za-z]{3,9})\.?,?(?:\s+(?P<y>\d{4}))?",
        r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?(?:\s+(?P<y>\d{4}))?",
    )
)


def zone(name: str | None, fallback: str) -> ZoneInfo:
    """The zone of that name, else the fallback, else UTC."""
    for candidate in (name, fallback):
        if candidate:
            try:
                return ZoneInfo(candidate.strip())
            except (ValueError, OSError, KeyError):
                continue
    return ZoneInfo("UTC")


def parse(text: str, tz: ZoneInfo, today: date, *, month_first: bool = False) -> date | datetime | None:
    """A day, or a moment in UTC when a time is written; None when the text does not settle it.

    A day without a year is the next such day (it is a plan). 03/04/2026 is settled by one number
    above 12, else by `month_first`.
    """
    for form in _FORMS:
        if match := form.match(text.strip()):
            try:
                return _moment(match.groupdict(), tz, today, month_first)
            except (ValueError, OverflowError):
                return None
    return None


def _moment(
    parts: dict[str, str | None], tz: ZoneInfo, today: date, month_first: bool
) -> date | datetime | None:
    if parts.get("name"):
        month = _MONTHS.get(str(parts["name"]).casefold())
        if month is None:
            return None
        number = int(str(parts["d"]))
    elif parts.get("a"):
        first, second = int(str(parts["a"])), int(str(parts["b"]))
        if first <= 12 < second or (month_first and first <= 12):
            first, second = second, first
        number, month = first, second
    else:
        number, month = int(str(parts["d"])), int(str(parts["m"]))
    if parts.get("y"):
        day = date(int(str(parts["y"])), month, number)
    else:
        day = date(today.year, month, number)
        if day < today:
            day = date(today.year + 1, month, number)
    if not parts.get("hour"):
        return day
    hour = int(str(parts["hour"]))
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    clock = time(hour, int(parts["minute"] or 0))
    if offset := parts.get("zone"):
        text = f"{day.isoformat()}T{clock.isoformat()}{'+00:00' if offset in 'Zz' else offset}"
        return datetime.fromisoformat(text).astimezone(UTC)
    return datetime.combine(day, clock, tz).astimezone(UTC)
