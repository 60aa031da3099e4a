"""The stores of events in memory; tests/contract/test_events_store.py holds them to the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.contracts.consents import CONSENT_OF_TYPE, Consent
from chalicelib.contracts.ports import PersonalStore
from chalicelib.events.ports import Write, Written
from chalicelib.events.projection import record_of
from ml_lambda.simulation.memory import signals
from ml_lambda.simulation.memory.signals import Key, MemoryTail
from tests.unit.profile.memory import MemoryProfiles

__all__ = ["MemorySignals", "MemoryTail"]


@dataclass
class MemorySignals(signals.MemorySignals):
    """Remembers which calls were made, and may be down."""

    profiles: MemoryProfiles = field(default_factory=MemoryProfiles)
    calls: list[str] = field(default_factory=list)
    down: bool = False

    def known(self, person_id: str, ids: Sequence[str]) -> set[str]:
        self.calls.append("known")
        return super().known(person_id, ids)

    def write(self, person_id: str, write: Write) -> Written:
        self.calls.append("write")
        return super().write(person_id, write)

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
