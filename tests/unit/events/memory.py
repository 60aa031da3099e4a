"""The stores of events in memory; tests/contract/test_events_store.py holds them to the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts.consents import CONSENT_OF_TYPE, Consent
from chalicelib.contracts.ports import PersonalStore
from chalicelib.contracts.signals import SignalRecord, storable
from chalicelib.events.contract import TailEntry
from chalicelib.events.ports import Place, Removal, SeenItem, TakenBack, Words, Write, Written
from chalicelib.events.projection import ItemState, record_of
from chalicelib.profile.contract import ERASED
from tests.unit.profile.memory import MemoryProfiles

Key = tuple[str, str]


@dataclass
class MemorySignals:
    profiles: MemoryProfiles = field(default_factory=MemoryProfiles)
    signals: dict[Key, SignalRecord | TakenBack] = field(default_factory=dict)
    items: dict[Key, ItemState] = field(default_factory=dict)
    sealed: dict[Key, tuple[str, Words]] = field(default_factory=dict)
    over: list[TakenBack] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    down: bool = False

    def known(self, person_id: str, ids: Sequence[str]) -> set[str]:
        self.calls.append("known")
        return {i for i in ids if isinstance(self.signals.get((person_id, i)), SignalRecord)}

    def signal(self, person_id: str, signal_id: str) -> SignalRecord | TakenBack | None:
        found = self.signals.get((person_id, signal_id))
        return None if isinstance(found, TakenBack) and found in self.over else found

    def page(
        self, person_id: str, limit: int, after: Place | None
    ) -> tuple[list[SignalRecord], Place | None]:
        mine = {
            (storable(s.occurred_at), s.signal_id): s
            for (person, _), s in self.signals.items()
            if person == person_id and isinstance(s, SignalRecord)
        }
        places = sorted((p for p in mine if after is None or p < after), reverse=True)
        return [mine[p] for p in places[:limit]], places[limit - 1] if len(places) > limit else None

    def item(self, person_id: str, item_ref: str) -> SeenItem | None:
        state = self.items.get((person_id, item_ref))
        return SeenItem(state, state.model_dump_json(exclude_none=True)) if state else None

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, Words]:
        return {r: self.sealed[person_id, r][1] for r in item_refs if (person_id, r) in self.sealed}

    def write(self, person_id: str, write: Write) -> Written:
        self.calls.append("write")
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
        if self.signals.get((person_id, signal_id)) == mark:
            self.signals[person_id, signal_id] = over = TakenBack(mark.type, None, mark.at)
            self.over.append(over)

    def ping(self) -> None:
        if self.down:
            raise ConnectionError

    def personal_stores(self) -> list[PersonalStore]:
        return [
            MemoryRows("signals", self.signals, lambda s: s.type),
            MemoryRows("items", self.items, lambda i: record_of(i).type),
            MemoryRows("item-words", self.sealed, lambda w: w[0]),
        ]


class MemoryRows:
    def __init__(self, name: str, rows: dict[Key, Any], type_of: Any) -> None:
        self.name = name
        self._rows = rows
        self._type_of = type_of

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        return [
            {"person_id": p, "type": self._type_of(row)}
            for (p, _), row in self._rows.items()
            if p == person_id
        ]

    def erase(self, person_id: str) -> int:
        return self._drop(lambda key, row: key[0] == person_id)

    def withdraw(self, person_id: str, consent: Consent) -> int:
        return self._drop(
            lambda key, row: key[0] == person_id and CONSENT_OF_TYPE[self._type_of(row)] == consent
        )

    def _drop(self, which: Any) -> int:
        gone = [key for key, row in self._rows.items() if which(key, row)]
        for key in gone:
            del self._rows[key]
        return len(gone)


@dataclass
class MemoryTail:
    entries: dict[tuple[str, str], TailEntry] = field(default_factory=dict)

    def add(self, entries: Mapping[str, TailEntry], kept: timedelta) -> None:
        self.entries |= {(storable(entry.at), event_id): entry for event_id, entry in entries.items()}

    def hour(self, hour: datetime, limit: int) -> list[TailEntry]:
        bucket = storable(hour)[:13]
        keys = sorted((key for key in self.entries if key[0].startswith(bucket)), reverse=True)
        return [self.entries[key] for key in keys[:limit]]
