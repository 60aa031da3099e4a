"""Connections: what can be connected, the way to the provider and back, and the end of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.errors import ConsentRequired, Gone, NotFound, Unauthenticated, Unavailable
from chalicelib.contracts.http import Health, Principal
from chalicelib.contracts.ports import Clock, Consents, Ids, KeyDestroyed, Sealer, Unsealable
from chalicelib.integrations.contract import (
    CONNECT_SECONDS,
    AlreadyConnected,
    Attempt,
    ConnectCallback,
    Connection,
    ConnectionStore,
    ConnectRefused,
    ConnectStarted,
    GrantEnded,
    Integration,
    Integrations,
    NeedsReconnect,
    NotConnected,
    Source,
    SourceFailed,
    Tokens,
)
from chalicelib.integrations.revoking import Revoking
from chalicelib.integrations.vault import TokenVault

_NOT_OURS: Final = (
    "This was not begun in this session, took longer than 10 minutes, or was already used. Start it again."
)
_ERASED: Final = "This person's data was erased."


@dataclass(frozen=True)
class Sources:
    """The sources of this stage, by name."""

    by_name: Mapping[str, Source]

    def __call__(self, name: str) -> Source:
        """The source. Raises NotFound."""
        way = self.by_name.get(name)
        if way is None:
            raise NotFound("There is no such source here; see GET /api/integrations.")
        return way


class IntegrationsService:
    """Connects and disconnects; a `PersonalStore` and `ConsentBound` for its table."""

    name = "provider-tokens"

    def __init__(
        self,
        sources: Sources,
        store: ConnectionStore,
        vault: TokenVault,
        revoking: Revoking,
        consents: Consents,
        sealer: Sealer,
        clock: Clock,
        ids: Ids,
        public_url: str,
    ) -> None:
        self._sources = sources
        self._store = store
        self._vault = vault
        self._revoking = revoking
        self._consents = consents
        self._sealer = sealer
        self._clock = clock
        self._ids = ids
        self._url = public_url.rstrip("/")

    def list(self, person_id: str) -> Integrations:
        """Every source that is set up here, and how it stands for the person."""
        mine = {connection.source: connection for connection in self._store.of_person(person_id)}
        return Integrations(
            integrations=[_shown(s, mine.get(s.name)) for s in self._sources.by_name.values()]
        )

    def begin(self, principal: Principal, source: str) -> ConnectStarted:
        """Where to send the browser. Raises NotFound, ConsentRequired, AlreadyConnected, Gone."""
        way = self._sources(source)
        person_id, session = _asking(principal)
        self._require(person_id, way)
        standing = self._store.get(person_id, source)
        if standing is not None and standing.status == "connected":
            raise AlreadyConnected(
                f"{way.title} is connected; disconnect it first to connect another account."
            )
        state, verifier = self._ids.secret(), self._ids.secret()
        expires = self._now() + CONNECT_SECONDS
        try:
            sealed = self._sealer.seal(person_id, _attempt_purpose(source), verifier)
        except KeyDestroyed:
            raise Gone(_ERASED) from None
        location = way.authorization_url(
            redirect_uri=self._redirect_uri(source), state=state, verifier=verifier
        )
        if not self._store.begin(
            Attempt(person_id, source, _digest(state), _digest(session), sealed, expires)
        ):
            raise Gone(_ERASED)
        return ConnectStarted(location=location, expires_at=datetime.fromtimestamp(expires, UTC))

    def finish(self, principal: Principal, source: str, callback: ConnectCallback) -> None:
        """Keep what the provider gives. Raises ConnectRefused, ConsentRequired, NotFound, Unavailable, Gone.

        The attempt is used up before the provider is asked, so a way back works at most once.
        """
        way = self._sources(source)
        person_id, session = _asking(principal)
        attempt = self._use(person_id, source, session, callback.state)
        if attempt is None:
            raise ConnectRefused("state", _NOT_OURS)
        if callback.error is not None:
            raise ConnectRefused("denied", f"{way.title} was not connected.")
        if not callback.code:
            raise ConnectRefused("code", f"{way.title} sent no code. Start it again.")
        self._require(person_id, way)
        try:
            tokens = way.exchange(
                redirect_uri=self._redirect_uri(source),
                code=callback.code,
                verifier=self._sealer.open(person_id, _attempt_purpose(source), attempt.sealed),
                now=self._clock.now(),
            )
        except KeyDestroyed:
            raise Gone(_ERASED) from None
        except Unsealable:
            raise ConnectRefused("state", _NOT_OURS) from None
        except GrantEnded:
            raise ConnectRefused("code", f"{way.title} refused the code. Start it again.") from None
        except SourceFailed as error:
            raise Unavailable(f"{way.title} does not answer now. Start it again in a minute.") from error
        if missing := set(way.scopes) - set(tokens.scopes):
            self._revoking.orphan(source, [tokens])
            raise ConnectRefused("scope", f"oO needs {', '.join(sorted(missing))} to read {way.title}.")
        self._keep(person_id, source, tokens)

    def disconnect(self, person_id: str, source: str) -> None:
        """End the connection here, always; the provider is told now, or by the queue. Raises NotConnected."""
        connection = self._store.get(person_id, source)
        if connection is None:
            raise NotConnected("There is no such connection; see GET /api/integrations.")
        self._end(connection, at_once=True)

    def surrender(self, person_id: str) -> None:
        """Before the person's key is destroyed: hand over every grant to be revoked, keep none.

        Raises Unavailable when one could not be handed over; asked again, it goes on with what is left.
        """
        for connection in self._store.of_person(person_id):
            self._end(connection, strict=True)

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """End every connection that rests on that consent; how many."""
        ended = 0
        for connection in self._store.of_person(person_id):
            way = self._sources.by_name.get(connection.source)
            # Of a source that is not set up here any more nobody can tell; it is of no use either.
            if way is None or way.consent == consent:
                self._end(connection, strict=True)
                ended += 1
        return ended

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """What is connected, since when and for what; never a token."""
        return self._store.export(person_id)

    def erase(self, person_id: str) -> int:
        """Every row, and the grants of those that can still be opened are revoked."""
        standing = len(self._store.of_person(person_id))
        self.surrender(person_id)
        return standing + self._store.clear(person_id)

    def health(self) -> Health:
        """Whether the connections answer. It asks no third party."""
        try:
            self._store.ping()
        except Exception as error:
            return Health(module="integrations", status="down", detail=type(error).__name__)
        return Health(module="integrations", status="ok")

    def _keep(self, person_id: str, source: str, tokens: Tokens) -> None:
        before = self._store.get(person_id, source)
        try:
            kept = self._store.put(
                Connection(
                    person_id=person_id,
                    source=source,
                    version=before.version + 1 if before else 1,
                    status="connected",
                    sealed=self._vault.seal(person_id, source, tokens),
                    scopes=tokens.scopes,
                    expires_at=tokens.expires_at,
                    connected_at=self._now(),
                )
            )
        except KeyDestroyed:
            kept = False
        if not kept:
            self._revoking.orphan(source, [tokens])
            raise Gone(_ERASED)

    def _end(self, connection: Connection, *, at_once: bool = False, strict: bool = False) -> None:
        """Revoke, here or by the queue, then delete. `strict`: keep it when neither could be told.

        What a refresh put in its place meanwhile is another token, to be revoked as well. One that is
        still under way finds no connection when it comes back, and hands over what it got.
        """
        seen: Connection | None = connection
        while seen is not None:
            try:
                self._revoke(seen, at_once=at_once)
            except Unavailable:
                if strict:
                    raise
            if self._store.delete(seen):
                return
            seen, at_once = self._store.get(seen.person_id, seen.source), False

    def _revoke(self, connection: Connection, *, at_once: bool) -> None:
        try:
            tokens = self._vault.open(connection)
        except NeedsReconnect:
            return  # the provider ended it, or its key is gone: there is nothing to revoke with
        if at_once:
            try:
                self._sources(connection.source).revoke(tokens)
                return
            except GrantEnded:
                return
            except (SourceFailed, NotFound, Unavailable):
                pass
        self._revoking.orphan(connection.source, [tokens])

    def _require(self, person_id: str, way: Source) -> None:
        if way.consent not in self._consents.granted(person_id):
            raise ConsentRequired(f"Agree to `{way.consent}` first.", consent=way.consent)

    def _use(self, person_id: str, source: str, session: str, state: str | None) -> Attempt | None:
        """The attempt of this state, used up; None unless it is this session's, in time and unused."""
        attempt = self._store.attempt(person_id, source) if state else None
        if attempt is None or attempt.expires <= self._now():
            return None
        same_state = hmac.compare_digest(attempt.state, _digest(state or ""))
        same_session = hmac.compare_digest(attempt.session, _digest(session))
        if not (same_state and same_session):
            return None
        return attempt if self._store.finish(attempt) else None

    def _redirect_uri(self, source: str) -> str:
        return f"{self._url}/api/integrations/{source}/callback"

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _shown(way: Source, connection: Connection | None) -> Integration:
    synced = connection.synced_at if connection else None
    since = datetime.fromtimestamp(connection.connected_at, UTC) if connection else None
    return Integration(
        source=way.name,
        title=way.title,
        consent=way.consent,
        status=connection.status if connection else "available",
        scopes=list(way.scopes),
        connected_at=since,
        synced_at=datetime.fromtimestamp(synced, UTC) if synced else None,
    )


def _asking(principal: Principal) -> tuple[str, str]:
    """Person and session; the way back is bound to both."""
    if principal.person_id is None or principal.session_id is None:
        raise Unauthenticated("Sign in first.")
    return principal.person_id, principal.session_id


def _attempt_purpose(source: str) -> str:
    return f"connect:{source}"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
