"""Connections in memory; tests/contract/test_connection_store.py holds them to the real table."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.integrations.contract import Attempt, Connection


class MemoryConnections:
    """A `ConnectionStore`."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Connection] = {}
        self.attempts: dict[tuple[str, str], Attempt] = {}
        self.erased: set[str] = set()
        self.down = False
        self._lock = threading.Lock()

    def get(self, person_id: str, source: str) -> Connection | None:
        return self.rows.get((person_id, source))

    def of_person(self, person_id: str) -> Sequence[Connection]:
        return [row for (person, _), row in sorted(self.rows.items()) if person == person_id]

    def put(self, connection: Connection) -> bool:
        with self._lock:
            if connection.person_id in self.erased:
                return False
            self.rows[connection.person_id, connection.source] = connection
            return True

    def hold(self, seen: Connection, holder: str, *, now: int, until: int) -> bool:
        with self._lock:
            row = self.rows.get((seen.person_id, seen.source))
            if row is None or not _same(row, seen) or row.held_until > now:
                return False
            self.rows[seen.person_id, seen.source] = replace(row, holder=holder, held_until=until)
            return True

    def change(self, seen: Connection, after: Connection) -> bool:
        with self._lock:
            row = self.rows.get((seen.person_id, seen.source))
            if row is None or not _same(row, seen) or row.holder != seen.holder:
                return False
            read = {"cursor": row.cursor, "synced_at": row.synced_at, "listed_at": row.listed_at}
            self.rows[seen.person_id, seen.source] = replace(after, **read)  # type: ignore[arg-type]
            return True

    def delete(self, seen: Connection) -> bool:
        with self._lock:
            row = self.rows.get((seen.person_id, seen.source))
            if row is not None and not _same(row, seen):
                return False
            self.rows.pop((seen.person_id, seen.source), None)
            return True

    def read_up_to(self, seen: Connection, cursor: str, synced_at: int, listed_at: int | None) -> bool:
        with self._lock:
            row = self.rows.get((seen.person_id, seen.source))
            if row is None or row.connected_at != seen.connected_at:
                return False
            self.rows[seen.person_id, seen.source] = replace(
                row, cursor=cursor, synced_at=synced_at, listed_at=listed_at or row.listed_at
            )
            return True

    def begin(self, attempt: Attempt) -> bool:
        with self._lock:
            if attempt.person_id in self.erased:
                return False
            self.attempts[attempt.person_id, attempt.source] = attempt
            return True

    def attempt(self, person_id: str, source: str) -> Attempt | None:
        return self.attempts.get((person_id, source))

    def finish(self, attempt: Attempt) -> bool:
        with self._lock:
            standing = self.attempts.get((attempt.person_id, attempt.source))
            if standing is None or standing.state != attempt.state:
                return False
            del self.attempts[attempt.person_id, attempt.source]
            return True

    def ping(self) -> None:
        if self.down:
            raise ConnectionError

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        for seen in self.of_person(person_id):
            yield {
                "source": seen.source,
                "status": seen.status,
                "scopes": list(seen.scopes),
                "connected_at": seen.connected_at,
                "refreshed_at": seen.refreshed_at,
                "synced_at": seen.synced_at,
                "access_expires_at": seen.expires_at,
            }

    def clear(self, person_id: str) -> int:
        with self._lock:
            mine = [(rows, key) for rows in (self.rows, self.attempts) for key in rows if key[0] == person_id]
            for rows, key in mine:
                rows.pop(key)  # type: ignore[attr-defined]
            return len(mine)


def _same(row: Connection, seen: Connection) -> bool:
    return (row.version, row.connected_at) == (seen.version, seen.connected_at)
