"""The events service over stores in memory, a bus that remembers, a clock that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION, Consent, ConsentState
from chalicelib.contracts.events import Envelope, from_json, to_json, type_of
from chalicelib.contracts.ports import BusError
from chalicelib.events.service import EventsService
from chalicelib.profile.contract import CONSENTS_PART, ConsentsDocument
from tests.unit.events.memory import MemorySignals, MemoryTail
from tests.unit.profile.memory import MemoryProfiles
from tests.unit.runtime.memory_keys import memory_sealer

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
ANN, BOB = "ann", "bob"


@dataclass
class StandingClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class MemoryBus:
    """Keeps what was published, as it travels; `down` makes it refuse."""

    batches: list[list[Envelope]] = field(default_factory=list)
    down: bool = False

    def publish(self, events: Sequence[Envelope]) -> None:
        if self.down:
            raise BusError("down")
        self.batches.append([from_json(to_json(event)) for event in events])

    @property
    def events(self) -> list[Envelope]:
        return [event for batch in self.batches for event in batch]

    def types(self) -> list[str]:
        return [type_of(event) for event in self.events]


class World:
    def __init__(self) -> None:
        self.profiles = MemoryProfiles()
        self.signals = MemorySignals(self.profiles)
        self.tail = MemoryTail()
        self.bus = MemoryBus()
        self.clock = StandingClock()
        self.sealer = memory_sealer()
        self.service = EventsService(
            self.signals, self.tail, self.profiles, self.sealer, self.bus, self.clock
        )

    def agree(self, person: str = ANN, consents: Sequence[Consent] = CONSENTS) -> None:
        state = ConsentState(granted=True, at=NOW, text_version=TEXT_VERSION)
        document = ConsentsDocument(consents=dict.fromkeys(consents, state))
        self.profiles.rows[person, CONSENTS_PART] = document.model_dump_json()

    def send(self, *entries: Any, person: str = ANN) -> list[Any]:
        return self.service.receive(person, entries, "trace-0001").results

    def deliver(self) -> list[str]:
        """Hand every published signal to the store, once."""
        waiting = [event for event in self.bus.events if type_of(event) == "signal_received"]
        self.bus.batches.clear()
        return [self.service.store(event) for event in waiting]

    def take_in(self, *entries: Any, person: str = ANN) -> list[str]:
        """Send and deliver; the ids."""
        results = self.send(*entries, person=person)
        self.deliver()
        return [result.id for result in results]


def task(ref: str = "t1", ago: float = 1, **fields: Any) -> dict[str, Any]:
    at = NOW - timedelta(hours=ago)
    return {"type": "task", "item_ref": ref, "occurred_at": at.isoformat(), **fields}


def mood(ago: float = 1, **fields: Any) -> dict[str, Any]:
    return {"type": "mood", "occurred_at": (NOW - timedelta(hours=ago)).isoformat(), "energy": 3, **fields}
