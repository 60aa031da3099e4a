"""How often one address and one person may call, counted in one write each.

A session counts its own calls in the write that reads it (auth). Beside that an address is counted where
there is no session yet, and a person where they change something, over all their sessions and apps.

A bucket holds a minute's calls and is full again at the next minute.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from chalicelib.contracts.errors import RateLimited
from chalicelib.contracts.ports import Clock
from chalicelib.runtime.counting import counters

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

MINUTE: Final = 60
KEPT_SECONDS: Final = 2 * MINUTE
"""How long a bucket is of use: the minute it counts, and the one that clocks may differ by."""
_NETWORK: Final = 64
"""One household's or one server's IPv6 addresses: as many as it likes, all of one /64."""


class RateStore(Protocol):
    """Buckets at rest."""

    def count(self, bucket: str, *, counters: Mapping[str, bool], expires: int) -> int:
        """Add one call, and say how many there are with it (see `runtime/counting.py`)."""


class Limits:
    """A `Limiter`."""

    def __init__(self, store: RateStore, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings

    def address(self, address: str) -> None:
        """Count a call from an address. Raises RateLimited."""
        self._count(address_bucket(address), self._settings.address_calls_per_minute)

    def person(self, person_id: str) -> None:
        """Count a call of a person. Raises RateLimited."""
        self._count(person_bucket(person_id), self._settings.person_calls_per_minute)

    def _count(self, bucket: str, most: int) -> None:
        now = int(self._clock.now().timestamp())
        calls = self._store.count(bucket, counters=counters(now // MINUTE), expires=now + KEPT_SECONDS)
        if calls > most:
            raise RateLimited(f"At most {most} calls a minute.", retry_after=MINUTE - now % MINUTE)


def address_bucket(address: str) -> str:
    """The bucket of an address: no address rests in the clear."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _bucket("address", "unknown")
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return _bucket("address", str(ipaddress.ip_network((int(parsed), _NETWORK), strict=False)))
        parsed = parsed.ipv4_mapped
    return _bucket("address", str(parsed))


def person_bucket(person_id: str) -> str:
    """The bucket of a person."""
    return _bucket("person", person_id)


def caller(source: str, forwarded: str, proxies: int) -> str:
    """The address that a call came from.

    `source` is who connected to the API. Of `forwarded` (X-Forwarded-For) only what our own proxies appended
    counts, each the address that connected to it, and `source` the last of them; what stands before that
    anyone may have written.
    """
    if proxies == 0:
        return source
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    if not chain or chain[-1] != source:
        chain.append(source)
    return chain[-1 - proxies] if len(chain) > proxies else chain[0]


def _bucket(kind: str, value: str) -> str:
    return kind + ":" + hashlib.sha256(f"rate\n{kind}\n{value}".encode()).hexdigest()
