"""Sessions: started at sign-in, read and slid at every call, ended by logout, time or revocation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from chalicelib.auth import cookies
from chalicelib.auth.contract import SESSION_COOKIE, Session, SessionStore
from chalicelib.auth.counting import counters
from chalicelib.auth.http import SessionList, SessionSummary
from chalicelib.contracts.errors import NotFound, RateLimited, Unauthenticated
from chalicelib.contracts.http import Principal
from chalicelib.contracts.ports import Clock, Ids

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

DAY: Final = 86_400
_SECRET: Final = re.compile(r"^[A-Za-z0-9_-]{43}$")
_KEY: Final = re.compile(r"^[0-9a-f]{64}$")


def digest(value: str) -> str:
    """SHA-256, hex: all that is kept of a secret."""
    return hashlib.sha256(value.encode()).hexdigest()


@dataclass(frozen=True)
class Started:
    """A new session. `secret` goes into the cookie and is kept nowhere."""

    secret: str
    session: Session

    @property
    def seconds(self) -> int:
        """From its start to its absolute expiry."""
        return self.session.expires - self.session.created_at

    @property
    def expires_at(self) -> datetime:
        """Its absolute expiry."""
        return datetime.fromtimestamp(self.session.expires, UTC)


class SessionService:
    """Makes, reads, slides and ends sessions. Is the gateway's `Authenticator`."""

    def __init__(self, store: SessionStore, clock: Clock, ids: Ids, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Who sends this cookie: exactly one write to the store, none for a malformed cookie.

        Raises Unauthenticated, or RateLimited over `calls_per_minute`.
        """
        secret = cookies.read(headers, SESSION_COOKIE)
        if not _SECRET.match(secret):
            raise Unauthenticated("Sign in first: GET /api/auth/providers says how.")
        now = self._now()
        touched = self._store.touch(
            digest(secret),
            now=now,
            idle_since=now - self._settings.session_idle_days * DAY,
            counters=counters(now // 60),
        )
        if touched is None:
            raise Unauthenticated("This session has ended. Sign in again.")
        session, calls = touched
        if calls > self._settings.calls_per_minute:
            raise RateLimited(
                f"At most {self._settings.calls_per_minute} calls a minute.", retry_after=60 - now % 60
            )
        return Principal(
            person_id=session.person_id,
            role=session.role,
            session_id=session.key,
            expires_at=datetime.fromtimestamp(session.expires, UTC),
        )

    def start(
        self,
        *,
        person_id: str | None,
        role: Literal["person", "admin"],
        provider: str,
        previous: Mapping[str, str],
    ) -> Started:
        """A fresh session; the one that the headers `previous` present ends, so none outlives a sign-in."""
        self.end(previous)
        now = self._now()
        secret = self._ids.secret()
        session = Session(
            key=digest(secret),
            person_id=person_id,
            role=role,
            provider=provider,
            created_at=now,
            last_seen=now,
            expires=now + self._settings.session_days * DAY,
        )
        self._store.put(session)
        return Started(secret, session)

    def end(self, headers: Mapping[str, str]) -> None:
        """End the session whose cookie these headers carry, if there is one."""
        secret = cookies.read(headers, SESSION_COOKIE)
        if _SECRET.match(secret):
            self._store.end(digest(secret))

    def discard(self, started: Started) -> None:
        """End a session whose secret was never handed out."""
        self._store.end(started.session.key)

    def list(self, principal: Principal) -> SessionList:
        """The sessions of the person that are in force, the latest used first."""
        if principal.person_id is None:
            return SessionList(sessions=[])
        now = self._now()
        idle_since = now - self._settings.session_idle_days * DAY
        alive = [
            s
            for s in self._store.of_person(principal.person_id)
            if s.expires > now and s.last_seen > idle_since
        ]
        return SessionList(
            sessions=[
                SessionSummary(
                    id=s.key,
                    current=s.key == principal.session_id,
                    provider=s.provider,
                    created_at=datetime.fromtimestamp(s.created_at, UTC),
                    last_seen_at=datetime.fromtimestamp(s.last_seen, UTC),
                    expires_at=datetime.fromtimestamp(s.expires, UTC),
                )
                for s in sorted(alive, key=lambda s: (-s.last_seen, s.key))
            ]
        )

    def revoke(self, person_id: str, session_id: str) -> None:
        """End one of the person's sessions. Raises NotFound, also for another person's."""
        if not _KEY.match(session_id) or not self._store.end(session_id, person_id=person_id):
            raise NotFound("You have no such session; see GET /api/auth/sessions.")

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
