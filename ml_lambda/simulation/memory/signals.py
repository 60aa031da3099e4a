"""SignalStore in memory, with the same conditions as the tables; and the tail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.records import SignalRecord, storable
from chalicelib.events.contract import TailEntry
from chalicelib.events.ports import Place, Removal, SeenItem, TakenBack, Words, Write, Written
from chalicelib.events.projection import ItemState
from chalicelib.profile.contract import ERASED

Key = tuple[str, str]


class Profiles(Protocol):
    """What the store's transactions check."""

    @property
    def rows(self) -> Mapping[Key, str]:
        """The parts of people."""

    def granted(self, person_id: str) -> frozenset[Consent]:
        """The consents in force."""


@dataclass
class MemorySignals:
    """Signals, items and sealed titles."""

    profiles: Profiles
    signals: dict[Key, SignalRecord | TakenBack] = field(default_factory=dict)
    items: dict[Key, ItemState] = field(default_factory=dict)
    sealed: dict[Key, tuple[str, Words]] = field(default_factory=dict)
    over: list[TakenBack] = field(default_factory=list)

    def known(self, person_id: str, ids: Sequence[str]) -> set[str]:
        """Which of the ids the person has."""
        return {i for i in ids if isinstance(self.signals.get((person_id, i)), SignalRecord)}

    def signal(self, person_id: str, signal_id: str) -> SignalRecord | TakenBack | None:
        """One signal, or its mark."""
        found = self.signals.get((person_id, signal_id))
        return None if isinstance(found, TakenBack) and found in self.over else found

    def page(
        self, person_id: str, limit: int, after: Place | None
    ) -> tuple[list[SignalRecord], Place | None]:
        """A page, newest first, and where to go on."""
        mine = {
            (storable(s.occurred_at), s.signal_id): s
            for (person, _), s in self.signals.items()
            if person == person_id and isinstance(s, SignalRecord)
        }
        places = sorted((p for p in mine if after is None or p < after), reverse=True)
        return [mine[p] for p in places[:limit]], places[limit - 1] if len(places) > limit else None

    def item(self, person_id: str, item_ref: str) -> SeenItem | None:
        """One item."""
        state = self.items.get((person_id, item_ref))
        return SeenItem(state, state.model_dump_json(exclude_none=True)) if state else None

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, Words]:
        """Sealed titles by ref."""
        return {r: self.sealed[person_id, r][1] for r in item_refs if (person_id, r) in self.sealed}

    def write(self, person_id: str, write: Write) -> Written:
        """All of it or nothing."""
        signal = write.signal
        if (person_id, ERASED) in self.profiles.rows:
            return "erased"
        if write.consent not in self.profiles.granted(person_id):
            return "no_consent"
        there = self.signals.get((person_id, signal.signal_id))
        if there and not (isinstance(there, TakenBack) and there.at < write.received_at):
            return "duplicate"
        key = (person_id, signal.item_ref or "")
        if write.item:
            if not self._unchanged(key, write.seen):
                return "changed"
            self.items[key] = write.item
        self.signals[person_id, signal.signal_id] = signal
        if write.words == "drop":
            self.sealed.pop(key, None)
        elif isinstance(write.words, Words):
            self.sealed[key] = (signal.type, write.words)
        return "stored"

    def _unchanged(self, key: Key, seen: SeenItem | None) -> bool:
        return self.items.get(key) == (seen.state if seen else None)

    def remove(self, person_id: str, removal: Removal) -> bool:
        """All of it or nothing; False: the item changed meanwhile."""
        key = (person_id, removal.item_ref or "")
        if not isinstance(self.signals.get((person_id, removal.signal_id)), SignalRecord):
            return False
        if removal.seen and (removal.item is None or removal.item != removal.seen.state):
            if not self._unchanged(key, removal.seen):
                return False
            if removal.item is None:
                del self.items[key]
            else:
                self.items[key] = removal.item
        self.signals[person_id, removal.signal_id] = TakenBack(removal.type, removal.item_ref, removal.at)
        if removal.drop_words:
            self.sealed.pop(key, None)
        return True

    def told(self, person_id: str, signal_id: str, mark: TakenBack) -> None:
        """Its end is published."""
        if self.signals.get((person_id, signal_id)) == mark:
            self.signals[person_id, signal_id] = over = TakenBack(mark.type, None, mark.at)
            self.over.append(over)

    def ping(self) -> None:
        """Memory always answers."""


@dataclass
class MemoryTail:
    """TailStore."""

    entries: dict[tuple[str, str], TailEntry] = field(default_factory=dict)

    def add(self, entries: Mapping[str, TailEntry], kept: timedelta) -> None:
        """Keep entries by event id."""
        self.entries |= {(storable(entry.at), event_id): entry for event_id, entry in entries.items()}

    def hour(self, hour: datetime, limit: int) -> list[TailEntry]:
        """The newest entries of that hour."""
        bucket = storable(hour)[:13]
        keys = sorted((key for key in self.entries if key[0].startswith(bucket)), reverse=True)
        return [self.entries[key] for key in keys[:limit]]
