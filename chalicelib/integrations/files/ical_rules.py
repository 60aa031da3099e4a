"""Keeps recurrence rules within bounds: a rule may be broken, or a bomb."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

_DAYS_IN: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TOO_OFTEN: Final = {"SECONDLY", "MINUTELY"}
# RFC 5545, 3.3.10: by-parts that make a rule finer than hourly.
_FINE: Final = ("BYSECOND", "BYMINUTE")
_OLDEST: Final = 1970


def bounded(component: Any, stop: datetime) -> str | None:
    """Make the component's rules end at `stop`; why it is refused, or None when it is fine.

    A rule without COUNT gets an UNTIL, so that expanding it ends even when it matches nothing.
    """
    rules = component.get("RRULE")
    if rules is None:
        return None
    start = getattr(component.get("DTSTART"), "dt", None)
    if isinstance(start, date) and not _OLDEST <= start.year < 2200:
        return "a series must start between 1970 and 2200"
    for rule in rules if isinstance(rules, list) else [rules]:
        if why := _wrong(rule):
            return why
        _end(rule, start, stop)
    return None


def _wrong(rule: Any) -> str | None:
    if not isinstance(rule, dict):
        return "RRULE cannot be read"
    if "RSCALE" in rule:
        return "RRULE follows a calendar other than the Gregorian"
    frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
    if frequency in _TOO_OFTEN or any(len(rule.get(part, [])) > 4 for part in _FINE):
        return "it repeats more often than hourly"
    if frequency not in {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        return "RRULE needs a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY"
    return "RRULE names a day that no month has" if _never(rule) else None


def _never(rule: Any) -> bool:
    days, months = rule.get("BYMONTHDAY"), rule.get("BYMONTH")
    if not days:
        return False
    longest = max((_DAYS_IN[int(m) - 1] for m in months if 1 <= int(m) <= 12), default=31) if months else 31
    return all(abs(int(day)) > longest for day in days)


def _end(rule: Any, start: Any, stop: datetime) -> None:
    """Set UNTIL in the type that DTSTART has (RFC 5545, 3.3.10), or take a wrong one's sense."""
    limit = stop + timedelta(days=1)
    until = next(iter(rule.get("UNTIL", [])), None)
    if isinstance(until, datetime):
        moment = until if until.tzinfo else until.replace(tzinfo=UTC)
        limit = min(limit, moment)
    elif isinstance(until, date):
        limit = min(limit, datetime(until.year, until.month, until.day, 23, 59, 59, tzinfo=UTC))
    elif rule.get("COUNT"):
        return
    if not isinstance(start, datetime):
        value: date = limit.date()
    elif start.tzinfo is None:
        value = limit.replace(tzinfo=None)
    else:
        value = limit.astimezone(UTC)
    rule["UNTIL"] = [value]
