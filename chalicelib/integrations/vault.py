"""The token vault: an access token that works, whoever asks and however many at once.

A token near its end is renewed by exactly one of all who ask, in whichever process: who gets the lease on the
row (a conditional write) asks the provider; the others use the token of now while it lives, else they wait
for the row to change. A refresh token may work only once, so what came back is written before anyone uses
it. A refresher that dies leaves its lease behind, which ends by itself; what it may have been given is lost,
and if the provider took the old token back meanwhile it says so, and the person has to connect again.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.ports import Clock, Ids, KeyDestroyed, Sealer, Unsealable
from chalicelib.integrations.contract import (
    EARLY_SECONDS,
    LEASE_SECONDS,
    REST_SECONDS,
    USABLE_SECONDS,
    WAIT_SECONDS,
    Connection,
    ConnectionStore,
    GrantEnded,
    NeedsReconnect,
    NotConnected,
    Source,
    SourceFailed,
    Tokens,
)
from chalicelib.integrations.revoking import Revoking

_FIRST_LOOK: Final = 0.05
_LAST_LOOK: Final = 0.4
_AGAIN: Final = "The provider no longer accepts this connection. Connect it again."


class TokenVault:
    """Hands out access tokens; keeps them sealed under the person's own key."""

    def __init__(
        self,
        sources: Callable[[str], Source],
        store: ConnectionStore,
        sealer: Sealer,
        revoking: Revoking,
        clock: Clock,
        ids: Ids,
        pause: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sources(name)` raises NotFound for one that is not set up here; `pause` is for tests."""
        self._sources = sources
        self._store = store
        self._sealer = sealer
        self._revoking = revoking
        self._clock = clock
        self._ids = ids
        self._pause = pause
        self._monotonic = monotonic

    def access_token(self, person_id: str, source: str) -> str:
        """A token with more than a moment to live. Raises NotConnected, NeedsReconnect, Unavailable."""
        way = self._sources(source)
        until, look = self._monotonic() + WAIT_SECONDS, _FIRST_LOOK
        while True:
            seen = self._store.get(person_id, source)
            if seen is None:
                raise NotConnected(f"Connect {way.title} first.")
            if seen.status != "connected":
                raise NeedsReconnect(_AGAIN)
            now = self._now()
            if seen.expires_at is None or seen.expires_at > now + EARLY_SECONDS:
                return self.open(seen).access
            holder = self._ids.new()
            if self._store.hold(seen, holder, now=now, until=now + LEASE_SECONDS):
                renewed = self._renew(way, seen, holder)
                if renewed is not None:
                    return renewed.access
                continue
            if seen.expires_at > now + USABLE_SECONDS:
                return self.open(seen).access
            if self._monotonic() >= until:
                if seen.expires_at > now:
                    return self.open(seen).access
                raise Unavailable(f"{way.title} does not answer now. Try again in a minute.")
            self._pause(look)
            look = min(2 * look, _LAST_LOOK)

    def rejected(self, person_id: str, source: str, access: str) -> None:
        """The source answered 401 to this token: the next `access_token` renews it, or it has ended."""
        seen = self._store.get(person_id, source)
        if seen is None or seen.status != "connected" or seen.sealed is None:
            return
        if seen.held_until > self._now():
            return  # is being renewed just now
        tokens = self.open(seen)
        if not hmac.compare_digest(tokens.access.encode(), access.encode()):
            return  # renewed meanwhile
        if tokens.refresh:
            self._store.change(seen, seen.changed(expires_at=0))
        else:
            self._store.change(seen, seen.changed(status="needs_reconnect", sealed=None, expires_at=None))

    def seal(self, person_id: str, source: str, tokens: Tokens) -> bytes:
        """Tokens as they rest. Raises KeyDestroyed."""
        plain = json.dumps({"access": tokens.access, "refresh": tokens.refresh})
        return self._sealer.seal(person_id, purpose(source), plain)

    def open(self, connection: Connection) -> Tokens:
        """The tokens of a connection. Raises NeedsReconnect when nothing opens them any more."""
        try:
            if connection.sealed is None:
                raise Unsealable("no tokens")
            plain = json.loads(
                self._sealer.open(connection.person_id, purpose(connection.source), connection.sealed)
            )
        except (KeyDestroyed, Unsealable):
            raise NeedsReconnect(_AGAIN) from None
        return Tokens(plain["access"], plain["refresh"], connection.expires_at, connection.scopes)

    def _renew(self, way: Source, seen: Connection, holder: str) -> Tokens | None:
        """Ask the provider once and keep what it gives; None when the connection changed meanwhile."""
        held = replace(seen, holder=holder)
        try:
            tokens = self.open(seen)
            if tokens.refresh is None:
                raise GrantEnded("expired, and there is nothing to renew it with")
            fresh = way.refresh(tokens, now=self._clock.now())
        except GrantEnded:
            self._store.change(held, held.changed(status="needs_reconnect", sealed=None, expires_at=None))
            raise NeedsReconnect(_AGAIN) from None
        except (SourceFailed, Unavailable) as error:
            # What it was asked may have happened: the old tokens stay. The lease too, for a moment: else
            # everyone who waits would ask the provider that does not answer, one after the other.
            self._store.change(held, held.changed(holder=holder, held_until=self._now() + REST_SECONDS))
            if seen.expires_at is not None and seen.expires_at > self._now():
                return tokens
            raise Unavailable(f"{way.title} does not answer now. Try again in a minute.") from error
        try:
            sealed = self.seal(seen.person_id, seen.source, fresh)
        except KeyDestroyed:
            self._revoking.orphan(seen.source, [fresh])
            raise NotConnected("This person's data was erased.") from None
        after = held.changed(
            sealed=sealed, scopes=fresh.scopes, expires_at=fresh.expires_at, refreshed_at=self._now()
        )
        if self._store.change(held, after):
            return fresh
        if self._store.get(seen.person_id, seen.source) is None:
            # Disconnected while the provider was asked: what it gave belongs to nobody.
            self._revoking.orphan(seen.source, [fresh])
        return None

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def purpose(source: str) -> str:
    """What the sealed tokens are bound to (contracts/stores.py says the same)."""
    return f"tokens:{source}"
