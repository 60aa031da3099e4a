"""Sessions: started at sign-in, read and slid at every call, ended by logout, time or revocation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from chalicelib.auth import cookies
from chalicelib.auth.contract import APP, SESSION_COOKIE, Session, SessionStore
from chalicelib.auth.http import SessionList, SessionSummary
from chalicelib.contracts.errors import NotFound, RateLimited, Unauthenticated
from chalicelib.contracts.http import Principal
from chalicelib.contracts.ports import Clock, Ids
from chalicelib.runtime.counting import counters

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
    """Makes, reads, slides and ends the sessions of browsers; lists and ends those of apps too."""

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
        ended: str = "",
    ) -> Started:
        """A fresh session; the one that the headers `previous` present ends, so none outlives a sign-in.

        So does the one with the key `ended`: a provider that posts a form brings no `sid` along.
        """
        self.end(previous)
        if ended:
            self._store.end(ended)
        now = self._now()
        days, hours = self._settings.session_days, self._settings.admin_session_hours
        secret = self._ids.secret()
        session = Session(
            key=digest(secret),
            person_id=person_id,
            role=role,
            provider=provider,
            created_at=now,
            last_seen=now,
            expires=now + (min(days * DAY, hours * 3600) if role == "admin" else days * DAY),
        )
        self._store.put(session)
        return Started(secret, session)

    def end(self, headers: Mapping[str, str]) -> None:
        """End the session whose cookie these headers carry, if there is one."""
        if key := presented(headers):
            self._store.end(key)

    def current(self, key: str) -> Session | None:
        """The session of that key, if it is in force."""
        session = self._store.get(key) if key else None
        return session if session is not None and self._alive(session) else None

    def discard(self, session: Session) -> None:
        """End a session whose secret was never handed out."""
        self._store.end(session.key)

    def list(self, principal: Principal) -> SessionList:
        """The sessions of the person that are in force, the latest used first."""
        if principal.person_id is None:
            return SessionList(sessions=[])
        alive = [s for s in self._store.of_person(principal.person_id) if self._alive(s)]
        return SessionList(
            sessions=[
                SessionSummary(
                    id=s.key,
                    current=s.key == principal.session_id,
                    provider=s.provider,
                    client="app" if s.client else "browser",
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

    def end_others(self, person_id: str, provider: str, keep: str) -> None:
        """End every session that the provider vouched for, but for the one with the key `keep`."""
        for session in self._store.of_person(person_id):
            if session.provider == provider and session.key != keep:
                self._store.end(session.key, person_id=person_id)

    def _alive(self, session: Session) -> bool:
        now, settings = self._now(), self._settings
        idle_days = settings.mobile_idle_days if session.client == APP else settings.session_idle_days
        return not session.pending and session.expires > now and session.last_seen > now - idle_days * DAY

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def presented(headers: Mapping[str, str]) -> str:
    """The key of the session whose cookie these headers carry, in force or not; else empty."""
    secret = cookies.read(headers, SESSION_COOKIE)
    return digest(secret) if _SECRET.match(secret) else ""
