"""What a file parser promises: every good entry is taken, every bad one named, nothing ever raised."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

_ENTRY: Final = UUID("6f4ab0d4-5a2c-4d53-9d1c-3b7f2f6f2c11")


@dataclass(frozen=True)
class Options:
    """How to read a file."""

    now: datetime
    timezone: str = "UTC"
    """For what the file does not say: floating times and days."""
    key: bytes = b""
    """Keys the references made from a file's own ids and titles, so that they tell nothing."""
    past: timedelta = timedelta(days=30)
    ahead: timedelta = timedelta(days=60)
    per_series: int = 200
    """At most so many occurrences of one series."""


@dataclass(frozen=True)
class Entry:
    """One entry of `POST /api/signals`, and where in the file it stood."""

    where: str
    signal: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """What was not taken and what to change; never the words of the file."""

    where: str
    why: str


@dataclass
class Notes:
    """What was left out on purpose, counted by reason; filled while parsing."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str) -> None:
        """Count one."""
        self.counts[reason] = self.counts.get(reason, 0) + 1


class Parser(Protocol):
    """A file format."""

    name: str

    def sniff(self, head: str, filename: str) -> bool:
        """Whether the text (its first 4,000 characters) looks like this format."""

    def parse(self, data: bytes, options: Options, notes: Notes) -> Iterator[Entry | Refused]:
        """Yield every entry and every refusal, in the file's order. Never raises."""


def reference(prefix: str, options: Options, *parts: str) -> str:
    """A stable item reference that tells nothing without the key."""
    digest = hmac.new(options.key, "\x1f".join(parts).encode("utf-8", "replace"), hashlib.sha256)
    return f"{prefix}:{digest.hexdigest()[:32]}"


def finish(signal: dict[str, Any], options: Options, version: str = "") -> dict[str, Any]:
    """Drop what is empty, say when, and give an id that is the same when the same file is loaded again.

    `version` is the file's own word for which one it is: a revision (SEQUENCE, LAST-MODIFIED), so that
    going back to an earlier state counts as news, or the day that a row stands for.
    """
    kept = {name: value for name, value in signal.items() if value not in (None, "")}
    content = json.dumps([{k: v for k, v in kept.items() if k != "occurred_at"}, version], sort_keys=True)
    keyed = hmac.new(options.key, content.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return {"occurred_at": options.now.isoformat(), **kept, "id": str(uuid5(_ENTRY, keyed)), "origin": "file"}


def decode(data: bytes) -> str:
    """Text of a file whose encoding nobody wrote down: BOMs, UTF-8, UTF-16, else Windows-1252/Latin-1."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def slug(text: str) -> str | None:
    """A category name from anything, or None when nothing of it can be one."""
    cleaned = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.casefold()).strip("-_")
    return "-".join(part for part in cleaned.split("-") if part)[:40].rstrip("-") or None
