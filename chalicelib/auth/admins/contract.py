"""Who is an admin, and the record of what admins do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

AUDIT_DAYS: Final = 400
"""How long an entry is kept: a year, and time to look back at it."""


@dataclass(frozen=True)
class Entry:
    """One thing that an admin did. `id` is time-ordered; `at` is epoch seconds."""

    id: str
    at: int
    admin: str
    """`token:` and a part of the session's key, or `person:` and a tag that only their id leads to."""
    action: str
    trace_id: str


class RoleStore(Protocol):
    """The people who are admins."""

    def is_admin(self, person_id: str) -> bool:
        """By a consistent read."""

    def admins(self) -> Sequence[str]:
        """Their person ids."""

    def grant(self, person_id: str, now: int) -> None:
        """Make the person an admin. Idempotent."""

    def revoke(self, person_id: str) -> bool:
        """Take it back; whether they were one."""


class AuditStore(Protocol):
    """Entries by day. There is no way to change or remove one."""

    def append(self, entry: Entry) -> None:
        """Keep it; an entry that is there already stays as it is."""

    def day(self, day: str, after: str, limit: int) -> Iterator[Entry]:
        """At most `limit` entries of a day (`2026-03-01`, UTC) after an entry's id, in order."""
