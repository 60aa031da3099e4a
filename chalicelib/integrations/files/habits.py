"""Habits and moods as CSV, and two apps' exports of the same.

Own format (columns in any order, only `date` is required; a row may carry a habit, a mood, or both):
`date, time, habit, done, minutes, category, mood, energy`. Also read: Loop Habit Tracker's
Checkmarks.csv (a column per habit) and Daylio's export (`full_date, time, mood` in words).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from chalicelib.integrations.files import dates
from chalicelib.integrations.files.base import Entry, Notes, Options, Refused, finish, reference, slug
from chalicelib.integrations.files.table import header_of, rows

OLDEST: Final = timedelta(days=399)
_YES: Final = {"", "1", "yes", "y", "true", "x", "done", "ja", "si", "sí", "да", "✓", "✔"}
_NO: Final = {"0", "no", "n", "false", "-", "nein", "нет", "skip", "skipped"}
_DAYLIO: Final = {"rad": 5, "good": 4, "meh": 3, "bad": 2, "awful": 1}
_ALIASES: Final = {
    "full_date": "date", "day": "date", "datum": "date", "habit name": "habit", "name": "habit",
    "duration": "minutes", "completed": "done", "status": "done", "valence": "mood",
}  # fmt: skip
_NAMED: Final = {"habit", "mood", "energy"}
# Marks the columns of a table that has one per habit; no header can contain it.
_CHECKMARK: Final = "\0"
_CLOCK: Final = re.compile(r"^(\d{1,2})[:.h](\d{2})(?::\d{2})?\s*([ap])?\.?m?\.?$", re.IGNORECASE)


class HabitsCsv:
    """Habits done and moods entered."""

    name = "habits-csv"

    def sniff(self, head: str, filename: str) -> bool:
        """It has a date column and one that says habit or mood, or is a table of checkmarks."""
        names = {_ALIASES.get(name.casefold(), name.casefold()) for name in header_of(head)[0]}
        return "date" in names and (bool(_NAMED & names) or "checkmarks" in filename)

    def parse(self, data: bytes, options: Options, notes: Notes) -> Iterator[Entry | Refused]:
        """Each habit done and each mood becomes a signal."""
        for row in rows(data):
            if isinstance(row, Refused):
                yield row
                continue
            where, raw = row
            lower = {name.casefold(): value for name, value in raw.items()}
            values = lower | {_ALIASES[name]: value for name, value in lower.items() if name in _ALIASES}
            if not _NAMED & set(values):
                values |= {_CHECKMARK + name: mark for name, mark in raw.items()}
            try:
                at = _moment(values, options)
            except ValueError as error:
                yield Refused(where, str(error))
                continue
            if at < options.now - OLDEST:
                notes.add("older than 400 days")
                continue
            for take in (_habits, _mood):
                try:
                    for signal in take(values, at, options, notes):
                        yield Entry(where, signal)
                except ValueError as error:
                    yield Refused(where, str(error))


def _moment(values: dict[str, str], options: Options) -> datetime:
    """When it was; without a time, noon of that day (or now, when that day's noon is still ahead)."""
    tz = dates.zone(values.get("timezone"), options.timezone)
    found = dates.parse(values.get("date", ""), tz, options.now.astimezone(tz).date())
    if found is None:
        raise ValueError("date must be a day such as 2026-11-22")
    if not isinstance(found, datetime):
        clock = time(12)
        if match := _CLOCK.match(values.get("time", "")):
            hour, half = int(match[1]), match[3]
            clock = time((hour % 12 + (12 if half in "pP" else 0)) if half else hour % 24, int(match[2]) % 60)
        found = datetime.combine(found, clock, tz).astimezone(UTC)
        if found > options.now and found.astimezone(tz).date() == options.now.astimezone(tz).date():
            found = options.now
    if found > options.now + timedelta(minutes=10):
        raise ValueError("date is in the future")
    return found


def _day(values: dict[str, str]) -> str:
    """What the row says of when: the same however often and whenever the file is loaded."""
    return f"{values.get('date', '')} {values.get('time', '')}"


def _scale(text: str, name: str) -> int | None:
    """1 to 5; decimals (comma or point) are rounded."""
    if not text:
        return None
    if text.casefold() in _DAYLIO:
        return _DAYLIO[text.casefold()]
    try:
        value = round(float(text.replace(",", ".")))
    except (ValueError, OverflowError):
        raise ValueError(f"{name} must be a number from 1 to 5") from None
    if not 1 <= value <= 5:
        raise ValueError(f"{name} must be a number from 1 to 5")
    return value


def _minutes(text: str) -> int | None:
    if not text:
        return None
    try:
        value = round(float(text.replace(",", ".")))
    except (ValueError, OverflowError):
        raise ValueError("minutes must be a number") from None
    if not 1 <= value <= 1440:
        raise ValueError("minutes must be from 1 to 1440")
    return value


def _habits(values: dict[str, str], at: datetime, options: Options, notes: Notes) -> Iterator[dict[str, Any]]:
    yield from _checkmarks(values, at, options)
    title = " ".join(values.get("habit", "").split())
    if not title:
        return
    done = values.get("done", "").casefold()
    if done in _NO:
        notes.add("habits not done that day")
        return
    if done not in _YES:
        raise ValueError("done must be yes or no")
    minutes = _minutes(values.get("minutes", ""))
    yield _habit(title, _day(values), at, options, minutes, values.get("category", ""))


def _checkmarks(values: dict[str, str], at: datetime, options: Options) -> Iterator[dict[str, Any]]:
    """Loop Habit Tracker: 2 is a checkmark that the person made; -1, 0, 1 and 3 are not."""
    for name, mark in values.items():
        title = name.removeprefix(_CHECKMARK)
        if (
            name.startswith(_CHECKMARK)
            and title.casefold() not in {"", "date"}
            and mark in {"2", "YES_MANUAL"}
        ):
            yield _habit(title, _day(values), at, options)


def _habit(
    title: str, day: str, at: datetime, options: Options, minutes: int | None = None, category: str = ""
) -> dict[str, Any]:
    return finish(
        {
            "type": "habit",
            "source": HabitsCsv.name,
            "status": "done",
            "item_ref": reference("habit", options, title.casefold()),
            "title": title[:500],
            "effort_minutes": minutes,
            "category": slug(category),
            "occurred_at": at.isoformat(),
        },
        options,
        day,
    )


def _mood(values: dict[str, str], at: datetime, options: Options, _notes: Notes) -> Iterator[dict[str, Any]]:
    valence, energy = _scale(values.get("mood", ""), "mood"), _scale(values.get("energy", ""), "energy")
    if valence is not None or energy is not None:
        yield finish(
            {
                "type": "mood",
                "source": HabitsCsv.name,
                "valence": valence,
                "energy": energy,
                "occurred_at": at.isoformat(),
            },
            options,
            _day(values),
        )
