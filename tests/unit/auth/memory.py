"""The stores of auth in memory; tests/contract/test_auth_stores.py holds them to the real ones."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.auth.admins.contract import Entry
from chalicelib.auth.admins.service import AdminService
from chalicelib.auth.contract import Linked, PendingCode, Session, SignIn
from chalicelib.auth.providers.base import Provider
from chalicelib.auth.service import Endings, IdentityService, SessionService, SignInService
from chalicelib.auth.tokens.keys import SigningKey, SigningKeys
from chalicelib.auth.tokens.service import TokenService
from chalicelib.contracts.ports import Ids
from chalicelib.gateway.limits import Limits
from chalicelib.runtime.clock import RandomIds
from chalicelib.runtime.settings import Settings
from tests.unit.gateway.memory import MemoryRates

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = Settings(
    stage="local", public_url="https://oo.example", calls_per_minute=5, mobile_redirects="oo://signin"
)


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
    codes: dict[str, PendingCode] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def put(self, session: Session, code: PendingCode | None = None) -> None:
        self.calls.append("put")
        self.rows[session.key] = session
        self.counted[session.key] = {}
        if code is not None:
            self.codes[session.key] = code

    def get(self, key: str) -> Session | None:
        self.calls.append("get")
        return self.rows.get(key)

    def redeem(self, key: str, code: PendingCode, *, refresh: str, now: int, expires: int) -> Session | None:
        self.calls.append("redeem")
        with self.lock:
            row = self.rows.get(key)
            if row is None or self.codes.get(key) != code or row.expires <= now:
                return None
            del self.codes[key]
            self.refresh[key] = refresh
            self.rows[key] = replace(row, pending=False, last_seen=now, expires=expires)
            return self.rows[key]

    def rotate(self, key: str, refresh: str, fresh: str, *, now: int, idle_since: int) -> Session | None:
        self.calls.append("rotate")
        with self.lock:
            row = self.rows.get(key)
            if row is None or self.refresh.get(key) != refresh:
                return None
            if row.expires <= now or row.last_seen <= idle_since:
                return None
            self.refresh[key] = fresh
            self.rows[key] = replace(row, last_seen=now)
            return self.rows[key]

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

    def of_person(self, person_id: str | None) -> Sequence[Session]:
        return [row for row in self.rows.values() if row.person_id == person_id]

    def end(self, key: str, *, person_id: str | None = None, role: str | None = None) -> bool:
        self.calls.append("end")
        row = self.rows.get(key)
        if row is None or person_id not in {None, row.person_id} or role not in {None, row.role}:
            return False
        del self.rows[key]
        self.codes.pop(key, None)
        self.refresh.pop(key, None)
        return True

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        for row in self.of_person(person_id):
            held = ("role", "provider", "client", "created_at", "last_seen", "expires")
            yield {name: getattr(row, name) for name in held}

    def erase(self, person_id: str) -> int:
        return sum(self.end(row.key) for row in self.of_person(person_id))


@dataclass
class MemoryIdentities:
    name = "identities"
    rows: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def person_of(self, identity: str) -> str | None:
        row = self.rows.get(identity)
        return row[0] if row else None

    def resolve(self, identity: str, *, new_person_id: str, provider: str, now: int) -> str:
        return self.rows.setdefault(identity, (new_person_id, provider, now))[0]

    def of_person(self, person_id: str) -> Sequence[Linked]:
        return [Linked(key, row[1], row[2]) for key, row in self.rows.items() if row[0] == person_id]

    def unlink(self, identity: str, *, person_id: str, other: str) -> bool:
        with self.lock:
            if self.person_of(identity) != person_id or self.person_of(other) != person_id:
                return False
            del self.rows[identity]
            return True

    def forget(self, identity: str, *, person_id: str) -> None:
        if self.person_of(identity) == person_id:
            del self.rows[identity]

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


@dataclass
class MemoryRoles:
    name = "roles"
    rows: dict[str, int] = field(default_factory=dict)

    def is_admin(self, person_id: str) -> bool:
        return person_id in self.rows

    def admins(self) -> Sequence[str]:
        return sorted(self.rows)

    def grant(self, person_id: str, now: int) -> None:
        self.rows[person_id] = now

    def revoke(self, person_id: str) -> bool:
        return self.rows.pop(person_id, None) is not None

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        if person_id in self.rows:
            yield {"role": "admin", "granted_at": self.rows[person_id]}

    def erase(self, person_id: str) -> int:
        return int(self.revoke(person_id))


@dataclass
class MemoryAudit:
    entries: dict[str, Entry] = field(default_factory=dict)

    def append(self, entry: Entry) -> None:
        self.entries.setdefault(entry.id, entry)

    def day(self, day: str, after: str, limit: int) -> Iterator[Entry]:
        of_day = [
            e for e in self.entries.values() if datetime.fromtimestamp(e.at, UTC).date().isoformat() == day
        ]
        yield from sorted((e for e in of_day if e.id > after), key=lambda e: e.id)[:limit]


@dataclass
class MemoryKeys:
    rows: dict[int, SigningKey] = field(default_factory=dict)
    reads: int = 0

    def all(self) -> Sequence[SigningKey]:
        self.reads += 1
        return [self.rows[serial] for serial in sorted(self.rows)]

    def add(self, key: SigningKey) -> bool:
        return self.rows.setdefault(key.serial, key) is key

    def remove(self, serial: int) -> None:
        self.rows.pop(serial, None)


class MemorySeeds:
    """Wraps by adding the key id, and opens only what was wrapped with that."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def generate(self, kid: str) -> tuple[bytes, bytes]:
        seed = secrets.token_bytes(32)
        return seed, kid.encode() + seed

    def unwrap(self, kid: str, wrapped: bytes) -> bytes:
        assert wrapped.startswith(kid.encode())
        self.opened.append(kid)
        return wrapped.removeprefix(kid.encode())


@dataclass
class Auth:
    """Every service of auth over memory, wired as `wiring` does."""

    clock: SetClock = field(default_factory=SetClock)
    settings: Settings = SETTINGS
    sign_ins: MemorySignIns = field(default_factory=MemorySignIns)
    identities_table: MemoryIdentities = field(default_factory=MemoryIdentities)
    sessions_table: MemorySessions = field(default_factory=MemorySessions)
    roles: MemoryRoles = field(default_factory=MemoryRoles)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    keys_table: MemoryKeys = field(default_factory=MemoryKeys)
    seeds: MemorySeeds = field(default_factory=MemorySeeds)
    tombstones: set[str] = field(default_factory=set)
    rates: MemoryRates = field(default_factory=MemoryRates)

    def __post_init__(self) -> None:
        tools = (self.clock, IDS, self.settings)
        self.sessions = SessionService(self.sessions_table, *tools)
        self.keys = SigningKeys(
            self.keys_table, self.seeds, self.clock, IDS.new, self.settings,
            seconds=lambda: self.clock.now().timestamp(),
        )  # fmt: skip
        erased = self.tombstones.__contains__
        self.limiter = Limits(self.rates, self.clock, self.settings)
        self.tokens = TokenService(self.sessions_table, self.keys, erased, self.limiter, *tools)
        self.admins = AdminService(self.roles, self.audit, self.sessions_table, *tools)
        self.endings = Endings(
            self.identities_table,
            self.sessions,
            lambda: self.tokens,
            self.admins,
            erased,
            self.limiter,
            *tools,
        )
        self.identities = IdentityService(self.identities_table, self.sessions)

    def sign_in(self, providers: Mapping[str, Provider]) -> SignInService:
        return SignInService(
            providers, self.sign_ins, self.endings, self.sessions, self.clock, IDS, self.settings
        )


IDS: Ids = RandomIds()
