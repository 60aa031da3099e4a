"""The stores of auth in memory; tests/contract/test_auth_stores.py holds them to the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.auth.contract import Session, SignIn
from chalicelib.contracts.ports import Ids
from chalicelib.runtime.clock import RandomIds
from chalicelib.runtime.settings import Settings

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = Settings(stage="local", public_url="https://oo.example", calls_per_minute=5)


@dataclass
class SetClock:
    """A clock that a test moves."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class MemorySessions:
    name = "sessions"
    rows: dict[str, Session] = field(default_factory=dict)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def put(self, session: Session) -> None:
        self.calls.append("put")
        self.rows[session.key] = session
        self.counted[session.key] = {}

    def touch(
        self, key: str, *, now: int, idle_since: int, counters: Mapping[str, bool]
    ) -> tuple[Session, int] | None:
        self.calls.append("touch")
        row = self.rows.get(key)
        if row is None or row.expires <= now or row.last_seen <= idle_since:
            return None
        self.rows[key] = replace(row, last_seen=now)
        before = self.counted[key]
        self.counted[key] = {name: before.get(name, 0) + 1 for name, add in counters.items() if add}
        return self.rows[key], min(self.counted[key].values())

    def of_person(self, person_id: str) -> Sequence[Session]:
        return [row for row in self.rows.values() if row.person_id == person_id]

    def end(self, key: str, *, person_id: str | None = None) -> bool:
        self.calls.append("end")
        row = self.rows.get(key)
        if row is None or (person_id is not None and row.person_id != person_id):
            return False
        del self.rows[key]
        return True

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        for row in self.of_person(person_id):
            held = ("role", "provider", "created_at", "last_seen", "expires")
            yield {name: getattr(row, name) for name in held}

    def erase(self, person_id: str) -> int:
        return sum(self.end(row.key) for row in self.of_person(person_id))


@dataclass
class MemoryIdentities:
    name = "identities"
    rows: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    def person_of(self, identity: str) -> str | None:
        row = self.rows.get(identity)
        return row[0] if row else None

    def resolve(self, identity: str, *, new_person_id: str, provider: str, now: int) -> str:
        return self.rows.setdefault(identity, (new_person_id, provider, now))[0]

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        for held_by, provider, created_at in self.rows.values():
            if held_by == person_id:
                yield {"provider": provider, "created_at": created_at}

    def erase(self, person_id: str) -> int:
        mine = [key for key, row in self.rows.items() if row[0] == person_id]
        for key in mine:
            del self.rows[key]
        return len(mine)


@dataclass
class MemorySignIns:
    rows: dict[str, SignIn] = field(default_factory=dict)

    def put(self, sign_in: SignIn) -> None:
        self.rows[sign_in.state] = sign_in

    def get(self, state: str) -> SignIn | None:
        return self.rows.get(state)

    def consume(self, state: str) -> bool:
        return self.rows.pop(state, None) is not None


IDS: Ids = RandomIds()
