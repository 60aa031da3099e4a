"""Cuts iCalendar text into its components, so that a broken one does not take the file with it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

_BEGIN: Final = re.compile(r"^BEGIN\s*:\s*([A-Za-z-]+)\s*$", re.IGNORECASE)
_END: Final = re.compile(r"^END\s*:\s*([A-Za-z-]+)\s*$", re.IGNORECASE)
_WANTED: Final = {"VEVENT", "VTODO", "VTIMEZONE"}
# What a signal is made of; whatever else a component carries, well-formed or not, is not looked at.
_PROPERTIES: Final = {
    "UID", "SUMMARY", "STATUS", "TRANSP", "PRIORITY", "CATEGORIES", "SEQUENCE", "LAST-MODIFIED",
    "DTSTART", "DTEND", "DURATION", "DUE", "COMPLETED", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE",
}  # fmt: skip
_NAME: Final = re.compile(r"^([A-Za-z-]+)\s*[;:]")
# A zone name with a colon in it ("(UTC+01:00) Berlin") must be quoted; many programs do not.
_ZONE_WITH_COLON: Final = re.compile(
    r"^([A-Za-z-]+;(?:VALUE=[A-Z-]+;)?TZID=)([^\";]*:[^\";]*):(\d{8}(?:T\d{6}Z?)?)$"
)
_GREGORIAN: Final = re.compile(r";?(RSCALE=GREGORIAN|SKIP=[A-Z]+)", re.IGNORECASE)
MAX_COMPONENT: Final = 2_000_000


@dataclass
class Block:
    """One component as text, from its BEGIN to its END."""

    name: str
    line: int
    text: str
    unfinished: bool = False

    @property
    def where(self) -> str:
        """Where it stands in the file."""
        return f"line {self.line}"

    def fingerprint(self) -> str:
        """An id for a component that has none: its own content."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()


@dataclass
class Blocks:
    """What a file holds."""

    events: list[Block] = field(default_factory=list)
    todos: list[Block] = field(default_factory=list)
    timezones: list[Block] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    timezone: str | None = None


def unfold(text: str) -> list[tuple[int, str]]:
    """Content lines with the number of their first line; RFC 5545, 3.1: a line that begins with a
    space or tab continues the one before."""
    lines: list[tuple[int, str]] = []
    pieces: list[str] = []
    first = 1
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if raw[:1] in {" ", "\t"} and pieces:
            pieces.append(raw[1:])
            continue
        if pieces:
            lines.append((first, "".join(pieces)))
        first, pieces = number, [raw]
    if pieces:
        lines.append((first, "".join(pieces)))
    return lines


def blocks(text: str) -> Blocks:
    """The events, to-dos and time zones of a file. A BEGIN inside an unclosed component of the same
    kind closes it; nested components (alarms, STANDARD, DAYLIGHT) stay inside, alarms are dropped."""
    found = Blocks()
    open_block: Block | None = None
    body: list[str] = []
    inner: list[str] = []
    for number, line in unfold(text):
        begin, end = _BEGIN.match(line), _END.match(line)
        name = (begin or end)[1].upper() if (begin or end) else ""  # type: ignore[index]
        if open_block is None:
            if begin and name in _WANTED:
                open_block, body, inner = Block(name, number, ""), [f"BEGIN:{name}"], []
            elif begin and name != "VCALENDAR":
                found.skipped.append(name)
            elif line.upper().startswith("X-WR-TIMEZONE") and ":" in line:
                found.timezone = line.split(":", 1)[1].strip()
            continue
        if (begin and name in _WANTED) or (end and name == "VCALENDAR"):
            _close(found, open_block, body, unfinished=True)
            open_block = None
            if begin:
                open_block, body, inner = Block(name, number, ""), [f"BEGIN:{name}"], []
        elif end and name == open_block.name:
            _close(found, open_block, body)
            open_block = None
        elif begin:
            inner.append(name)
            body.append(line)
        elif end and inner:
            inner.pop()
            body.append(line)
        elif line.strip() and not end:
            body.append(line)
    if open_block is not None:
        _close(found, open_block, body, unfinished=True)
    return found


def _close(found: Blocks, block: Block, body: list[str], *, unfinished: bool = False) -> None:
    body = _without_alarms(body)
    block.text = "\r\n".join([*body, f"END:{block.name}", ""])[:MAX_COMPONENT]
    block.unfinished = unfinished
    {"VEVENT": found.events, "VTODO": found.todos, "VTIMEZONE": found.timezones}[block.name].append(block)


def _without_alarms(body: list[str]) -> list[str]:
    """The properties of interest, outside whatever is nested; a time zone whole."""
    if body[0].endswith("VTIMEZONE"):
        return body
    kept, depth = [body[0]], 0
    for line in body[1:]:
        if _BEGIN.match(line):
            depth += 1
        elif _END.match(line):
            depth = max(0, depth - 1)
        elif depth == 0 and (name := _NAME.match(line)) and name[1].upper() in _PROPERTIES:
            kept.append(_mend(name[1].upper(), line))
    return kept


def _mend(name: str, line: str) -> str:
    """Repair what many programs get wrong and no reader can misunderstand."""
    if name == "RRULE":
        rule = _GREGORIAN.sub("", re.sub(r"\s", "", line))
        return rule.replace("RRULE:;", "RRULE:").rstrip(";")
    return _ZONE_WITH_COLON.sub(r'\1"\2":\3', line)
