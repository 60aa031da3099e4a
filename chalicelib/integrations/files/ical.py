"""An iCalendar file (RFC 5545): events become calendar signals, to-dos become tasks.

The text is cut into components before a parser sees it, so that one broken event costs that event
alone. Series are expanded within a window by recurring-ical-events, each series on its own.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.integrations.files.base import (
    Entry,
    Notes,
    Options,
    Refused,
    decode,
    finish,
    reference,
    slug,
)
from chalicelib.integrations.files.dates import zone
from chalicelib.integrations.files.ical_rules import bounded
from chalicelib.integrations.files.ical_text import Block, blocks

# Zones that are only an offset, e.g. "GMT+0200" or "(UTC-05:00) Bogota".
_OFFSET: Final = re.compile(r"(?:GMT|UTC)\s*([+-])(\d{1,2}):?(\d{2})?")
_HORIZON: Final = timedelta(days=730)
_SKIPPED: Final = {"VJOURNAL", "VFREEBUSY", "VALARM", "VAVAILABILITY", "VPOLL"}


class ICalendar:
    """A calendar file of any maker."""

    name = "ical"

    def sniff(self, head: str, filename: str) -> bool:
        """It begins a VCALENDAR, or has components and the right ending."""
        text = head.upper()
        return "BEGIN:VCALENDAR" in text or ("BEGIN:V" in text and filename.endswith((".ics", ".ical")))

    def parse(self, data: bytes, options: Options, notes: Notes) -> Iterator[Entry | Refused]:
        """Each occurrence in the window becomes an event, each to-do a task."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from _calendar(decode(data), options, notes)


def _calendar(text: str, options: Options, notes: Notes) -> Iterator[Entry | Refused]:
    from icalendar import use_zoneinfo

    use_zoneinfo()  # forgets the zones that another file defined under the same names
    found = blocks(text)
    for name in found.skipped:
        if name in _SKIPPED:
            notes.add(f"{name}, neither event nor task")
    fallback = zone(found.timezone, options.timezone)
    timezones = [part for block in found.timezones if (part := _component(block)) is not None]
    series: dict[str, list[tuple[Block, Any]]] = {}
    for block in (*found.events, *found.todos):
        if block.unfinished:
            notes.add("components without an END, taken as far as they go")
        component = _component(block, notes)
        if component is None:
            yield Refused(block.where, "the component cannot be read")
            continue
        uid = str(component.get("UID") or "").strip() or block.fingerprint()
        series.setdefault(f"{block.name} {uid}", []).append((block, component))
    for key, members in series.items():
        read = _todos if key.startswith("VTODO") else _events
        where = members[0][0].where
        try:
            yield from read(key, members, timezones, fallback, options, notes)
        except Exception as error:
            # The libraries raise many kinds of error on what they cannot read; the file goes on.
            yield Refused(where, f"it cannot be read ({type(error).__name__}); check its dates and rules")


def _component(block: Block, notes: Notes | None = None) -> Any:
    """The parsed component without what in it cannot be read, or None."""
    from icalendar import Component, vBroken

    # The library forgives an event a broken property, and a to-do none: read both as events.
    text = block.text.replace("BEGIN:VTODO", "BEGIN:VEVENT", 1).replace("END:VTODO", "END:VEVENT", 1)
    try:
        component = Component.from_ical(text)
    except Exception:
        # The library raises many kinds of error on what it cannot read; the file goes on.
        return None
    for name in [n for n in component if n not in {"DTSTART", "RRULE"}]:
        values = component[name] if isinstance(component[name], list) else [component[name]]
        readable = [value for value in values if not isinstance(value, vBroken)]
        if len(readable) < len(values):
            if notes:
                notes.add("properties that cannot be read, left out")
            del component[name]
            for value in readable:
                component.add(name, value)
    return component


def _moment(value: Any, tz: ZoneInfo) -> datetime | None:
    """A date or datetime of the file in UTC; floating times and days are the calendar's own zone's."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=tz)).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=tz).astimezone(UTC)
    return None


def _when(component: Any, name: str) -> Any:
    """The property's date, datetime or duration; None when it is missing, broken or a list."""
    prop = component.get(name)
    try:
        value = getattr(prop, "dt", None)
    except ValueError:
        return None
    if isinstance(value, datetime) and value.tzinfo is None:
        offset = _OFFSET.search(str(getattr(prop, "params", {}).get("TZID", "")))
        if offset:
            length = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
            return value.replace(tzinfo=timezone(length if offset[1] == "+" else -length))
    return value


def _span(component: Any, tz: ZoneInfo) -> tuple[datetime, datetime, bool] | None:
    start = _when(component, "DTSTART")
    begins = _moment(start, tz)
    if begins is None:
        return None
    all_day = not isinstance(start, datetime)
    ends = _moment(_when(component, "DTEND"), tz)
    if ends is None:
        length = _when(component, "DURATION")
        if isinstance(length, timedelta):
            ends = begins + length
        elif all_day:
            ends = _moment(start + timedelta(days=1), tz)
        else:
            ends = begins
    return begins, ends or begins, all_day


def _status(component: Any) -> str:
    return str(component.get("STATUS") or "").strip().upper()


def _title(component: Any) -> str | None:
    text = " ".join(str(component.get("SUMMARY") or "").split())
    return text[:500] or None


def _category(component: Any) -> str | None:
    prop = component.get("CATEGORIES")
    first = prop[0] if isinstance(prop, list) and prop else prop
    names = [str(name) for name in getattr(first, "cats", []) or []]
    return slug(names[0]) if names else None


def _version(component: Any) -> str:
    stamp = _when(component, "LAST-MODIFIED")
    return f"{component.get('SEQUENCE') or ''} {stamp.isoformat() if isinstance(stamp, date) else ''}"


def _events(
    key: str,
    members: list[tuple[Block, Any]],
    timezones: list[Any],
    tz: ZoneInfo,
    options: Options,
    notes: Notes,
) -> Iterator[Entry | Refused]:
    start, stop = options.now - options.past, options.now + min(options.ahead, _HORIZON)
    readable = []
    for block, component in members:
        why = "DTSTART is missing or is no date" if _span(component, tz) is None else bounded(component, stop)
        if why:
            yield Refused(block.where, why)
        else:
            readable.append(component)
    if not readable:
        return
    where = members[0][0].where
    if len(readable) == 1 and not any(readable[0].get(n) for n in ("RRULE", "RDATE", "RECURRENCE-ID")):
        occurrences: Iterator[Any] = iter(readable)
    else:
        occurrences = _expand(readable, timezones, tz, start, stop)
    taken = 0
    for component in occurrences:
        begins, ends, all_day = _span(component, tz) or (stop, stop, False)
        if ends < begins:
            yield Refused(where, "it ends before it starts")
        elif ends < start or begins >= stop:
            notes.add("events outside the window")
        elif taken == options.per_series:
            notes.add(f"series cut at {options.per_series} occurrences")
            return
        else:
            taken += 1
            yield Entry(where, _event(key, component, begins, ends, all_day, options))


def _expand(
    components: list[Any], timezones: list[Any], tz: ZoneInfo, start: datetime, stop: datetime
) -> Iterator[Any]:
    """The occurrences of one series in time order, lazily."""
    import recurring_ical_events
    from icalendar import Calendar

    calendar = Calendar()
    for part in (*timezones, *components):
        calendar.add_component(part)
    query = recurring_ical_events.of(calendar, skip_bad_series=False)
    local_stop = stop.astimezone(tz)
    return itertools.takewhile(
        lambda c: (_moment(_when(c, "DTSTART"), tz) or stop) < local_stop, query.after(start.astimezone(tz))
    )


def _event(
    key: str, component: Any, begins: datetime, ends: datetime, all_day: bool, options: Options
) -> dict[str, Any]:
    recurrence = _when(component, "RECURRENCE-ID")
    instance = recurrence.isoformat() if isinstance(recurrence, date) else ""
    if not instance and any(component.get(n) for n in ("RRULE", "RDATE")):
        instance = begins.isoformat()
    cancelled = _status(component) == "CANCELLED"
    return finish(
        {
            "type": "event",
            "source": ICalendar.name,
            "item_ref": reference("ical", options, key, instance),
            "title": _title(component),
            "status": "cancelled" if cancelled else "confirmed",
            "starts_at": begins.isoformat(),
            "ends_at": ends.isoformat(),
            "all_day": all_day,
            "busy": str(component.get("TRANSP") or "").upper() != "TRANSPARENT" and not all_day,
            "category": _category(component),
        },
        options,
        _version(component),
    )


def _todos(
    key: str,
    members: list[tuple[Block, Any]],
    timezones: list[Any],
    tz: ZoneInfo,
    options: Options,
    notes: Notes,
) -> Iterator[Entry | Refused]:
    del timezones
    for block, component in members:
        title = _title(component)
        if title is None:
            yield Refused(block.where, "SUMMARY is missing; give the task a name")
            continue
        due_value = _when(component, "DUE")
        due = _moment(due_value, tz)
        if due and due > options.now + _HORIZON:
            notes.add("due dates too far ahead, kept without one")
            due = None
        days = due is not None and not isinstance(due_value, datetime)
        completed = _moment(_when(component, "COMPLETED"), tz)
        status = {"COMPLETED": "done", "CANCELLED": "deleted"}.get(_status(component), "open")
        if completed:
            status = "done"
        in_time = completed is not None and options.now - timedelta(days=399) < completed <= options.now
        instance = _when(component, "RECURRENCE-ID")
        signal: dict[str, Any] = {
            "type": "task",
            "source": ICalendar.name,
            "item_ref": reference("ical", options, key, instance.isoformat() if instance else ""),
            "title": title,
            "status": status,
            "due_at": due.isoformat() if due and not days else None,
            "due_on": due_value.isoformat() if due and days else None,
            "priority": _priority(component),
            "category": _category(component),
        }
        if status == "done" and completed and in_time:
            signal["occurred_at"] = completed.isoformat()
        yield Entry(block.where, finish(signal, options, _version(component)))


def _priority(component: Any) -> int | None:
    """RFC 5545, 3.8.1.9: 1-4 high, 5 medium, 6-9 low, 0 undefined; ours is 1 (highest) to 4."""
    try:
        value = int(component.get("PRIORITY") or 0)
    except (TypeError, ValueError):
        return None
    return {0: None, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3}.get(value, 4 if 6 <= value <= 9 else None)
