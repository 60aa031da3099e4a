"""TipStore in memory that reads what the other stores in memory hold, and keeps the stream of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.contracts.pool import title_mark
from chalicelib.contracts.records import storable
from chalicelib.profile.contract import ERASED, decode
from chalicelib.recommender.contract import (
    SILENCE,
    DueTip,
    LostRace,
    Page,
    PersonNow,
    StoredDecision,
    TipState,
    Words,
    due_hour,
)
from ml_lambda.simulation.memory.keys import MemoryKeyTable
from ml_lambda.simulation.memory.profiles import MemoryProfiles
from ml_lambda.simulation.memory.signals import MemorySignals
from ml_lambda.simulation.memory.tips import MemoryTips

Record = dict[str, Any]


@dataclass
class LinkedTips(MemoryTips):
    """`snapshots` is the dict that the feature store writes; `stream` what `relay` takes, oldest first."""

    profiles: MemoryProfiles = field(default_factory=MemoryProfiles)
    signals: MemorySignals | None = None
    keys: MemoryKeyTable = field(default_factory=MemoryKeyTable)
    stream: list[Record] = field(default_factory=list)
    _silent: dict[str, datetime] = field(default_factory=dict)
    _due: dict[str, dict[tuple[str, str], datetime]] = field(default_factory=dict)
    """By hour, as the table's index: settlement asks for hundreds of hours, most of them empty."""

    def read(self, person_id: str) -> PersonNow:
        """Profile, consents, tombstone, wrapped key and tip state."""
        file, key = decode(self.profiles.read(person_id).rows()), self.keys.rows.get(person_id)
        return PersonNow(
            file.profile, file.granted, file.erased, key.wrapped if key else None, self.state(person_id)
        )

    def item_words(self, person_id: str, item_refs: Iterable[str]) -> Mapping[str, Words]:
        """The sealed titles; one that lasts has no end."""
        kept = self.signals.sealed if self.signals else {}
        found = {ref: kept[person_id, ref][1] for ref in item_refs if (person_id, ref) in kept}
        return {
            ref: Words(w.sealed, None if w.lasting else w.expires_at, title_mark(w.title_hash))
            for ref, w in found.items()
        }

    def decide(self, stored: StoredDecision, state: TipState) -> None:
        """As the table does; the stream tells of a new row."""
        super().decide(stored, state)
        self._indexed(stored, None)
        self.stream.append({"eventName": "INSERT", "dynamodb": {"NewImage": _image(stored)}})

    def change(self, before: StoredDecision, after: StoredDecision, state: TipState | None = None) -> None:
        """As the table does; the stream tells of both images."""
        super().change(before, after, state)
        self._indexed(after, before)
        images = {"NewImage": _image(after), "OldImage": _image(before)}
        self.stream.append({"eventName": "MODIFY", "dynamodb": images})

    def note_silence(self, person_id: str, at: datetime, snapshot_at: datetime | None, trace: str) -> None:
        """One row per person, the later one wins; nothing of an erased person."""
        if (person_id, ERASED) in self.profiles.rows or self._silent.get(person_id, at) > at:
            return
        if self._silent.get(person_id) == at:
            return
        self._silent[person_id] = at
        image: Record = {
            "person_id": {"S": person_id},
            "decision_id": {"S": SILENCE},
            "changed_at": {"S": storable(at)},
            "trace_id": {"S": trace},
        }
        if snapshot_at is not None:
            image["snapshot_at"] = {"S": storable(snapshot_at)}
        self.stream.append({"eventName": "MODIFY", "dynamodb": {"NewImage": image}})

    def due(self, hour: str, until: datetime, start: Mapping[str, Any] | None) -> Page:
        """Decisions due in that hour and not after `until`, soonest first; one page."""
        found = sorted((at, key) for key, at in self._due.get(hour, {}).items() if at <= until)
        return Page([DueTip(person, tip, at) for at, (person, tip) in found])

    def _indexed(self, after: StoredDecision, before: StoredDecision | None) -> None:
        key = (after.decision.person_id, after.decision.decision_id)
        if before is not None and before.due_at is not None:
            self._due[due_hour(before.due_at)].pop(key, None)
        if after.due_at is not None:
            self._due.setdefault(due_hour(after.due_at), {})[key] = after.due_at

    def _follows(self, state: TipState) -> None:
        super()._follows(state)
        if state.version == 1 and (state.person_id, ERASED) in self.profiles.rows:
            raise LostRace


def _image(stored: StoredDecision) -> Record:
    """What the relay looks at of a row."""
    decision = stored.decision
    return {
        "decision_id": {"S": decision.decision_id},
        "body": {"S": decision.model_dump_json()},
        "reactions": {"N": str(len(decision.reactions))},
        "reward_revision": {"N": str(decision.reward_revision)},
        "changed_at": {"S": storable(stored.changed_at or decision.decided_at)},
        **({"exposed_at": {"S": storable(decision.exposed_at)}} if decision.exposed_at else {}),
        **({"trace_id": {"S": stored.trace_id}} if stored.trace_id else {}),
    }
