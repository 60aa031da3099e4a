"""Telling a provider that a grant has ended, although nothing of it is kept here any more.

Tokens to be revoked leave their person: they are sealed under a key of their own and travel in an event that
names nobody, so that erasure can destroy the person's key first and the queue can still tell the provider.
The queue tries again; what fails for good is in its dead-letter queue, sealed, for 14 days.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Final

from chalicelib.contracts.errors import NotFound, Unavailable
from chalicelib.contracts.events import Envelope, GrantOrphaned, MalformedEvent, type_of, wrap
from chalicelib.contracts.ports import Bus, BusError, Clock, Ids, Unsealable
from chalicelib.integrations.contract import GrantEnded, Source, Tokens
from chalicelib.runtime.envelope import open_alone, seal_alone
from chalicelib.runtime.sealing import KeyWrapper

_PURPOSE: Final = "revoke:"


class Revoking:
    """Hands grants over to the queue `revoke`, and works it off."""

    def __init__(
        self, sources: Callable[[str], Source], wrapper: KeyWrapper, bus: Bus, clock: Clock, ids: Ids
    ) -> None:
        self._sources = sources
        self._wrapper = wrapper
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def orphan(self, source: str, grants: Iterable[Tokens]) -> None:
        """Have these revoked. Raises Unavailable when they could not be handed over."""
        events = [self._event(source, tokens) for tokens in grants]
        try:
            self._bus.publish(events)
        except BusError:
            raise Unavailable("The source could not be told yet; try again.") from None

    def revoke(self, event: Envelope) -> None:
        """Tell the provider. Raises SourceFailed, so that the queue tries again."""
        if type_of(event) != "grant_orphaned":
            raise MalformedEvent("only grant_orphaned belongs here")
        grant = event.grant_orphaned
        try:
            plain = json.loads(
                open_alone(self._wrapper, event.person_id, _PURPOSE + grant.source, grant.sealed)
            )
            way = self._sources(grant.source)
        except (Unsealable, NotFound) as error:
            raise MalformedEvent(type(error).__name__) from None
        try:
            way.revoke(Tokens(plain["access"], plain["refresh"]))
        except GrantEnded:
            return  # it was gone already

    def _event(self, source: str, tokens: Tokens) -> Envelope:
        # Not the person: whom it was about must not be told by what is left of them.
        nobody = self._ids.person()
        plain = json.dumps({"access": tokens.access, "refresh": tokens.refresh})
        return wrap(
            GrantOrphaned(source=source, sealed=seal_alone(self._wrapper, nobody, _PURPOSE + source, plain)),
            person_id=nobody,
            event_id=self._ids.new(),
            at=self._clock.now(),
            trace_id=self._ids.new(),
        )
