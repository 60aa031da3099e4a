"""The Protocols at module boundaries. Services depend on these; `wiring.py` chooses what is behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from chalicelib.contracts.consents import Consent
    from chalicelib.contracts.events import Envelope
    from chalicelib.contracts.http import Principal
    from chalicelib.contracts.ml import RankRequest, RankResponse


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """The current moment, in UTC, aware."""


class Ids(Protocol):
    """Fresh identifiers."""

    def new(self) -> str:
        """A time-ordered random id (UUID version 7), for events, decisions and traces."""

    def person(self) -> str:
        """A random person id that tells nothing (UUID version 4)."""

    def secret(self) -> str:
        """256 bits of URL-safe randomness for sessions and states."""


class BusError(Exception):
    """Not every event was accepted; publish the same events again (ids make it safe)."""


class Bus(Protocol):
    """The only way that an event leaves a module."""

    def publish(self, events: Sequence[Envelope]) -> None:
        """Hand all events to the broker, in batches. Raises BusError unless all were accepted."""


class Consents(Protocol):
    """What a person has agreed to."""

    def granted(self, person_id: str) -> frozenset[Consent]:
        """The consents in force now; empty for an unknown or erased person."""


class Sealer(Protocol):
    """Seals words under a person's own data key; without the key nothing opens them again."""

    def seal(self, person_id: str, purpose: str, plaintext: str) -> bytes:
        """AES-256-GCM; person and purpose are bound as associated data. Makes the key if absent.

        Raises `KeyDestroyed` for an erased person.
        """

    def prime(self, person_id: str, wrapped: bytes | None) -> None:
        """Hand over the wrapped key that a caller has just read, to save reading it again."""

    def open(self, person_id: str, purpose: str, sealed: bytes) -> str:
        """The plaintext. Raises `KeyDestroyed` or `Unsealable`."""

    def digest(self, person_id: str, purpose: str, plaintext: str) -> str:
        """A keyed hash (HMAC-SHA256 under a key derived from the person's), hex."""

    def destroy(self, person_id: str) -> None:
        """Destroy the person's key; every sealed word of theirs becomes noise. Idempotent."""


class KeyDestroyed(Exception):
    """The person's key is gone (erased)."""


class Unsealable(Exception):
    """The sealed bytes are not ours, not this person's, or not for this purpose."""


class PersonalStore(Protocol):
    """A store that holds something about a person; its owner implements export and erasure."""

    name: str
    """The store's name in `contracts/stores.py`."""

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """Everything held about the person, as JSON-ready rows; words as `SealedWords`, at any depth."""

    def erase(self, person_id: str) -> int:
        """Delete everything held about the person; how many rows went. Idempotent, resumable."""


@dataclass(frozen=True)
class SealedWords:
    """Sealed words in an export, which whoever makes it opens for the person."""

    purpose: str
    sealed: bytes
    until: datetime | None = None
    """When they may no longer be opened; None: as long as they rest."""
    document: bool = False
    """What is sealed is a JSON document, not a text."""


@runtime_checkable
class ConsentBound(Protocol):
    """A store that can drop what rests on one consent; part of withdrawal."""

    name: str

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """Delete everything held under that consent; how many rows went. Idempotent, resumable."""


@runtime_checkable
class Surrendering(Protocol):
    """A store with something that has to outlive the person's key, such as a grant to be revoked."""

    name: str

    def surrender(self, person_id: str) -> None:
        """Hand it over, and keep nothing. Called before the key is destroyed; idempotent, resumable.

        Raises Unavailable when that did not work; then the key stays for now.
        """


class Authenticator(Protocol):
    """Turns a request's credentials into who is asking."""

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Header names are lower case. Raises Unauthenticated or RateLimited."""

    def admit(self, principal: Principal, action: str, trace_id: str) -> None:
        """Let an admin do what `action` names (a route), and write it down. Raises Forbidden."""


class Limiter(Protocol):
    """Keeps one address, and one person, from calling too often."""

    def address(self, address: str) -> None:
        """Count a call from an address. Raises RateLimited."""

    def person(self, person_id: str) -> None:
        """Count a call of a person, over all their sessions and apps. Raises RateLimited."""


class ScorerUnavailable(Exception):
    """The scorer did not answer in time or answered nonsense; rules take over."""


class Scorer(Protocol):
    """The recommendation engine, whatever is inside."""

    def rank(self, request: RankRequest) -> RankResponse:
        """Choose one candidate. Raises ScorerUnavailable after the deadline."""
