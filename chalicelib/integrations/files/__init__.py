"""File formats that can be loaded as signals: one file each, one line here."""

from __future__ import annotations

from chalicelib.integrations.files.base import Parser, decode
from chalicelib.integrations.files.habits import HabitsCsv
from chalicelib.integrations.files.ical import ICalendar
from chalicelib.integrations.files.todoist import TodoistCsv

PARSERS: tuple[Parser, ...] = (ICalendar(), TodoistCsv(), HabitsCsv())


def parser_for(data: bytes, filename: str) -> Parser | None:
    """The first format that recognises the file, by content before name."""
    head = decode(data[:16_000])[:4_000]
    return next((parser for parser in PARSERS if parser.sniff(head, filename.lower())), None)
