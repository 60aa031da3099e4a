"""What the events service needs behind it; the real ones are in `store.py`, the fakes with the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.records import SignalRecord, SignalType
from chalicelib.events.contract import Stored, TailEntry
from chalicelib.events.projection import ItemState

Written = Stored | Literal["changed"]
"""`changed`: the item was changed meanwhile; read it again and retry."""
Place = tuple[str, str]
"""Where a page ended: (storable occurred_at, signal id)."""


@dataclass(frozen=True)
class Words:
    """A sealed title, the keyed hash that tells which title it is, and until when it may be opened."""

    sealed: bytes
    title_hash: str
    expires_at: datetime
    lasting: bool = False
    """Kept until the item is done or deleted, so no table expires it."""


@dataclass(frozen=True)
class SeenItem:
    """An item as it was read; writing it again needs that it is still so."""

    state: ItemState
    version: str


@dataclass(frozen=True)
class Write:
    """One signal and what it does to its item, to be written together or not at all."""

    signal: SignalRecord
    consent: Consent
    received_at: datetime
    """When it passed the door; a signal that was taken back since is not written again."""
    seen: SeenItem | None = None
    item: ItemState | None = None
    """The item's new state; None leaves it as it is."""
    words: Words | Literal["keep", "drop"] = "keep"


@dataclass(frozen=True)
class Removal:
    """One signal to take back; `item` is what stays of its item (None: nothing)."""

    signal_id: str
    type: SignalType
    item_ref: str | None
    seen: SeenItem | None
    item: ItemState | None
    drop_words: bool
    at: datetime


@dataclass(frozen=True)
class TakenBack:
    """The mark of a signal that was removed and whose SignalDeleted may not be published yet."""

    type: SignalType
    item_ref: str | None
    at: datetime


class SignalStore(Protocol):
    """The durable signals, the items made of them, the sealed titles of the items."""

    def known(self, person_id: str, ids: Sequence[str]) -> set[str]:
        """Which of at most 100 ids the person has, without those taken back; one batch read."""

    def signal(self, person_id: str, signal_id: str) -> SignalRecord | TakenBack | None:
        """One signal, or the mark of one whose end was not told yet."""

    def page(
        self, person_id: str, limit: int, after: Place | None
    ) -> tuple[list[SignalRecord], Place | None]:
        """Signals, newest first, and where to go on (None: that was all)."""

    def item(self, person_id: str, item_ref: str) -> SeenItem | None:
        """One item, strongly consistent."""

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, Words]:
        """The sealed titles of at most 100 items, by ref; those that rest."""

    def write(self, person_id: str, write: Write) -> Written:
        """Write all of it in one transaction, unless the person is erased, has not agreed, or has it."""

    def remove(self, person_id: str, removal: Removal) -> bool:
        """Remove all of it in one transaction, leaving a `TakenBack`; False: the item changed meanwhile."""

    def told(self, person_id: str, signal_id: str, mark: TakenBack) -> None:
        """Its SignalDeleted is published. What stays of the mark keeps late copies of the signal out."""

    def ping(self) -> None:
        """Raises when the store does not answer."""


class TailStore(Protocol):
    """What passed the bus in the last 24 hours."""

    def add(self, entries: Mapping[str, TailEntry], kept: timedelta) -> None:
        """Keep entries by event id, that long after they happened; the same event again changes nothing."""

    def hour(self, hour: datetime, limit: int) -> list[TailEntry]:
        """The newest entries of the hour that begins then, newest first."""
