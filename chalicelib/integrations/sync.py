"""Reading a connected source: what changed there becomes signals, by the same door as any others.

The moment of a signal is when the thing changed at the source, not when it was read: what the person said in
oO since then stands. Titles may rest for 24 hours. So twice a day all that is open is read anew, each a hair
(its half day, in microseconds) later than before: the newest title of an item is the one that is kept.
Reading again, or at once with another one, says the same again, which the door knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Protocol

from chalicelib.contracts.errors import ConsentRequired, Invalid, Unavailable
from chalicelib.contracts.ports import Clock, Consents
from chalicelib.contracts.records import Origin
from chalicelib.contracts.signals import MAX_ENTRIES, OLDEST, SignalResults
from chalicelib.integrations.contract import (
    Connection,
    ConnectionStore,
    Fetched,
    Item,
    NotConnected,
    NothingToRead,
    Readable,
    Source,
    SourceFailed,
    Synced,
    TokenRefused,
)
from chalicelib.integrations.vault import TokenVault

HALF_DAY: Final = 12 * 3600
_MARGIN: Final = timedelta(days=1)


class Door(Protocol):
    """Where signals enter."""

    def __call__(
        self, person_id: str, entries: Sequence[Any], trace_id: str, origin: Origin | None = None
    ) -> SignalResults:
        """One result per entry; raises Invalid when none is acceptable."""


class Syncing:
    """Reads connected sources."""

    def __init__(
        self,
        sources: Callable[[str], Source],
        store: ConnectionStore,
        vault: TokenVault,
        consents: Consents,
        door: Door,
        zone: Callable[[str], tzinfo],
        clock: Clock,
    ) -> None:
        """`zone` tells the time zone of a person."""
        self._sources = sources
        self._store = store
        self._vault = vault
        self._consents = consents
        self._door = door
        self._zone = zone
        self._clock = clock

    def sync(self, person_id: str, source: str, trace_id: str) -> Synced:
        """Read what changed and hand it to the door.

        Raises NotFound, NothingToRead, ConsentRequired, NotConnected, NeedsReconnect, Unavailable.
        """
        way = self._sources(source)
        if not isinstance(way, Readable):
            raise NothingToRead(f"oO does not read {way.title} yet.")
        if way.consent not in self._consents.granted(person_id):
            raise ConsentRequired(f"Agree to `{way.consent}` first.", consent=way.consent)
        seen = self._store.get(person_id, source)
        if seen is None:
            raise NotConnected(f"Connect {way.title} first.")
        now = self._clock.now()
        half_day = int(now.timestamp()) // HALF_DAY
        whole = seen.cursor is None or (seen.listed_at or 0) // HALF_DAY != half_day
        told = list(self._told(way, seen, whole=whole))
        # What is open is told after what changed, so the later of two about one thing is the newer.
        latest = {item.signal["item_ref"]: item for fetched in told for item in fetched.items}
        counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
        counts["rejected"] = sum(fetched.refused for fetched in told)
        self._enter(person_id, [_entry(source, item, half_day) for item in latest.values()], trace_id, counts)
        # The oldest cursor: what changed between the two calls is told again rather than never.
        at = int(now.timestamp())
        self._store.read_up_to(seen, told[0].cursor, at, at if whole else None)
        return Synced(source=source, **counts, synced_at=now)

    def _told(self, way: Any, seen: Connection, *, whole: bool) -> Iterator[Fetched]:
        zone = self._zone(seen.person_id)
        if seen.cursor is not None:
            yield self._fetch(way, seen, seen.cursor, zone)
        if whole:
            yield self._fetch(way, seen, None, zone)

    def _fetch(self, way: Any, seen: Connection, cursor: str | None, zone: tzinfo) -> Fetched:
        """One call; a token that is refused is renewed once."""
        try:
            for _ in range(2):
                access = self._vault.access_token(seen.person_id, seen.source)
                try:
                    fetched: Fetched = way.fetch(access, cursor, zone)
                except TokenRefused:
                    self._vault.rejected(seen.person_id, seen.source, access)
                else:
                    return fetched
        except SourceFailed as error:
            raise Unavailable(f"{way.title} does not answer now. Try again in a minute.") from error
        raise Unavailable(f"{way.title} refuses what it gave. Try again in a minute.")

    def _enter(
        self, person_id: str, entries: Sequence[dict[str, Any]], trace_id: str, counts: dict[str, int]
    ) -> None:
        for start in range(0, len(entries), MAX_ENTRIES):
            batch = entries[start : start + MAX_ENTRIES]
            try:
                results = self._door(person_id, batch, trace_id, origin="connector").results
            except Invalid:
                counts["rejected"] += len(batch)
                continue
            for result in results:
                counts[result.status] += 1


def _entry(source: str, item: Item, half_day: int) -> dict[str, Any]:
    oldest = datetime.fromtimestamp(half_day * HALF_DAY, UTC) - OLDEST + _MARGIN
    at = max(item.changed_at.astimezone(UTC), oldest) + timedelta(microseconds=half_day)
    return {**item.signal, "source": source, "occurred_at": at.isoformat()}
