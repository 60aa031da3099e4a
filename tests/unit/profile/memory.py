"""The stores of profile in memory; tests/contract/test_profile_store.py and test_privacy_stores.py hold them
to the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import IO, Any

from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.ports import PersonalStore, SealedWords
from chalicelib.contracts.records import SignalRecord
from chalicelib.profile.ports import Receipt
from chalicelib.runtime.exports import Export, document
from ml_lambda.simulation.memory.profiles import MemoryProfiles

__all__ = ["MemoryExports", "MemoryKnowledge", "MemoryProfiles", "MemoryReceipts"]


@dataclass
class MemoryReceipts:
    rows: dict[str, Receipt] = field(default_factory=dict)

    def begin(self, receipt_id: str, at: datetime, stores: Sequence[str]) -> None:
        self.rows.setdefault(receipt_id, Receipt(at, at + timedelta(days=90), sorted(stores), {}))

    def done(self, receipt_id: str, store: str, at: datetime) -> None:
        if found := self.rows.get(receipt_id):
            self.rows[receipt_id] = replace(found, done={store: at, **found.done})

    def read(self, receipt_id: str) -> Receipt | None:
        return self.rows.get(receipt_id)


@dataclass
class MemoryExports:
    """Exports by person and id; times come from `now`, as the bucket has its own."""

    now: Callable[[], datetime]
    name: str = "exports"
    begun: dict[tuple[str, str], datetime] = field(default_factory=dict)
    parts: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    zips: dict[tuple[str, str], tuple[datetime, bytes]] = field(default_factory=dict)

    def begin(self, person_id: str, export_id: str) -> None:
        self.begun[person_id, export_id] = self.now()

    def all(self, person_id: str) -> list[Export]:
        found = [
            Export(
                key[1],
                at,
                self.zips[key][0] if key in self.zips else None,
                frozenset(self.parts.get(key, ())),
            )
            for key, at in self.begun.items()
            if key[0] == person_id
        ]
        return sorted(found, key=lambda one: (one.requested_at, one.export_id))

    def get(self, person_id: str, export_id: str) -> Export | None:
        return next((one for one in self.all(person_id) if one.export_id == export_id), None)

    def write_parts(
        self,
        person_id: str,
        export_id: str,
        stores: Iterable[PersonalStore],
        opened: Callable[[SealedWords], Any],
    ) -> None:
        for personal in stores:
            written = b"".join(document(personal, person_id, opened))
            self.parts.setdefault((person_id, export_id), {})[personal.name] = written

    def part(self, person_id: str, export_id: str, name: str) -> Iterator[bytes]:
        whole = self.parts[person_id, export_id][name]
        yield from (whole[at : at + 7] for at in range(0, len(whole), 7))

    def finish(self, person_id: str, export_id: str, file: IO[bytes]) -> None:
        self.zips[person_id, export_id] = (self.now(), file.read())
        self.parts.pop((person_id, export_id), None)

    def link(self, person_id: str, export_id: str, seconds: int) -> str:
        return f"https://exports.example/{export_id}?X-Amz-Expires={seconds}"

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        for one in self.all(person_id):
            yield {"export_id": one.export_id, "requested_at": one.requested_at.isoformat()}

    def erase(self, person_id: str) -> int:
        gone = 0
        for held in (self.begun, self.parts, self.zips):
            for key in [key for key in held if key[0] == person_id]:
                del held[key]  # type: ignore[attr-defined]
                gone += 1
        return gone


@dataclass
class MemoryKnowledge:
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    told: dict[str, list[SignalRecord]] = field(default_factory=dict)
    sealed: dict[tuple[str, str], SealedWords] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)

    def snapshot(self, person_id: str) -> Snapshot | None:
        return self.snapshots.get(person_id)

    def signals(self, person_id: str, limit: int | None) -> Iterable[SignalRecord]:
        newest = sorted(self.told.get(person_id, []), key=lambda s: s.occurred_at, reverse=True)
        return newest[:limit]

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, SealedWords]:
        return {ref: self.sealed[person_id, ref] for ref in item_refs if (person_id, ref) in self.sealed}

    def learned(self, person_id: str) -> int:
        return self.answers.get(person_id, 0)
