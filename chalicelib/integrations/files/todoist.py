"""A Todoist CSV backup: TYPE, CONTENT, DESCRIPTION, PRIORITY (1 is highest), INDENT, …, DATE, TIMEZONE.

Descriptions and comments are not taken: oO keeps what it needs for a tip, not a copy of Todoist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from chalicelib.integrations.files import dates
from chalicelib.integrations.files.base import Entry, Notes, Options, Refused, finish, reference, slug
from chalicelib.integrations.files.table import header_of, rows

_LABEL: Final = re.compile(r"(?:^|\s)@([\w-]+)")
_RECURRING: Final = re.compile(
    r"^(every|ev|jede|cada|chaque|tous|toutes|ogni|elke|kazd|кажд)\b", re.IGNORECASE
)


class TodoistCsv:
    """Todoist's backup or template export of one project."""

    name = "todoist-csv"

    def sniff(self, head: str, filename: str) -> bool:
        """Its header has both TYPE and CONTENT."""
        return {"type", "content"} <= {name.casefold() for name in header_of(head)[0]}

    def parse(self, data: bytes, options: Options, notes: Notes) -> Iterator[Entry | Refused]:
        """Each task row becomes an open task."""
        above: list[str] = []
        seen: dict[tuple[str, ...], int] = {}
        for row in rows(data):
            if isinstance(row, Refused):
                yield row
                continue
            where, values = row[0], {name.casefold(): value for name, value in row[1].items()}
            kind = values.get("type", "").casefold()
            if kind != "task":
                if kind in {"section", "note", "meta", ""}:
                    notes.add(f"{kind or 'rows without a type'}, not a task")
                else:
                    yield Refused(where, "TYPE must be task, section or note")
                continue
            try:
                yield Entry(where, _task(values, above, seen, options, notes))
            except ValueError as error:
                yield Refused(where, str(error))


def _number(text: str, low: int, high: int, name: str, default: int | None) -> int | None:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high:
        raise ValueError(f"{name} must be a number from {low} to {high}")
    return int(text)


def _task(
    values: dict[str, str], above: list[str], seen: dict[tuple[str, ...], int], options: Options, notes: Notes
) -> dict[str, Any]:
    content = " ".join(values.get("content", "").split())
    labels = _LABEL.findall(content)
    title = _LABEL.sub("", content).removeprefix("* ").strip() or content
    if not title:
        raise ValueError("CONTENT is empty; give the task a name")
    indent = _number(values.get("indent", ""), 1, 20, "INDENT", 1) or 1
    priority = _number(values.get("priority", ""), 1, 4, "PRIORITY", None)
    del above[indent - 1 :]
    path = (*above, title)
    seen[path] = seen.get(path, 0) + 1
    above.extend([title] * (indent - len(above)))
    parent = tuple(path[:-1])
    signal: dict[str, Any] = {
        "type": "task",
        "source": TodoistCsv.name,
        "item_ref": reference("todoist", options, *path, str(seen[path])),
        "linked_ref": reference("todoist", options, *parent, "1") if parent else None,
        "title": title[:500],
        "priority": priority,
        "category": slug(labels[0]) if labels else None,
        "effort_minutes": _duration(values),
    }
    signal |= _due(values, options, notes)
    return finish(signal, options)


def _duration(values: dict[str, str]) -> int | None:
    amount, unit = values.get("duration", ""), values.get("duration_unit", "").casefold()
    if unit.startswith("minute") and amount.isascii() and amount.isdigit() and 1 <= int(amount[:6]) <= 1440:
        return int(amount)
    return None


def _due(values: dict[str, str], options: Options, notes: Notes) -> dict[str, str]:
    """The due day or moment; a deadline counts when there is no date. Relative words stay unresolved:
    the file does not say on which day "tomorrow" was written."""
    tz = dates.zone(values.get("timezone"), options.timezone)
    text = values.get("date", "")
    if _RECURRING.match(text):
        notes.add("recurring dates, kept without a due date")
        text = ""
    month_first = values.get("date_lang", "en").casefold() in {"", "en", "en_us", "en-us"}
    for candidate in (text, values.get("deadline", "")):
        if not candidate:
            continue
        due = dates.parse(candidate, tz, options.now.astimezone(tz).date(), month_first=month_first)
        if due is None:
            notes.add("dates in words, kept without a due date")
        elif (due.date() if isinstance(due, datetime) else due).year > options.now.year + 1:
            notes.add("dates too far ahead, kept without a due date")
        else:
            return {"due_at" if isinstance(due, datetime) else "due_on": due.isoformat()}
    return {}
