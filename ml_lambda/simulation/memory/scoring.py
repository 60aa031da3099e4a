"""What ml_lambda keeps, in memory: snapshots, statistics and markers, and the reads of `rank`.

They read what the other stores in memory hold, as the tables' classes read the other modules' tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.contracts.consents import trainable
from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.pool import title_mark
from chalicelib.contracts.records import ItemRecord, SignalRecord, storable
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.events.projection import ItemState, open_key, record_of
from chalicelib.profile.contract import CONSENTS_PART, ERASED, ConsentsDocument, decode
from ml_lambda.features import calendar, habit, task
from ml_lambda.features.store import MOST_EVENTS, MOST_SIGNALS, Person
from ml_lambda.policies.markers import Marker, revision_key
from ml_lambda.policies.store import (
    Applied,
    Learnable,
    LostRace,
    PersonErased,
    StoredState,
)
from ml_lambda.serving.reads import Known
from ml_lambda.serving.titles import SealedTitle
from ml_lambda.simulation.memory.profiles import MemoryProfiles
from ml_lambda.simulation.memory.signals import MemorySignals
from ml_lambda.simulation.memory.tips import MemoryTips

_LONGEST_EVENT = timedelta(days=31)


@dataclass
class MemoryFeatures:
    """FeatureStore: reads signals, items and profiles, keeps snapshots."""

    profiles: MemoryProfiles
    signals_kept: MemorySignals
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    _records: dict[tuple[str, str], tuple[ItemState, ItemRecord]] = field(default_factory=dict)

    def person(self, person_id: str) -> Person:
        """What the profile says that features depend on."""
        file = decode(self.profiles.read(person_id).rows())
        goals = tuple(file.profile.goals or ())
        return Person(file.profile.timezone or "UTC", file.granted, file.erased, goals)

    def items(self, person_id: str, now: datetime) -> list[ItemRecord]:
        """Open items in the bounds and the order of the table's index."""
        found = [
            (key, record)
            for (person, ref), state in self.signals_kept.items.items()
            if person == person_id
            and (key := open_key(record := self._record((person, ref), state))) is not None
        ]
        found.sort(key=lambda pair: pair[0])
        first, last = storable(now - _LONGEST_EVENT), storable(now + calendar.AHEAD)
        recent = f"task#{storable(now - task.RECENT)}"
        tasks = _between(found, recent, "task#~")[: task.LIMIT]
        older = _between(found, "task#", recent)[::-1][: task.LIMIT - len(tasks)]
        events = _between(found, f"event#{first}", f"event#{last}~")[::-1][:MOST_EVENTS]
        return [*tasks, *older, *events, *_between(found, "habit#", "habit#~")[: habit.LIMIT]]

    def _record(self, key: tuple[str, str], state: ItemState) -> ItemRecord:
        """Read off the facts once per state."""
        known = self._records.get(key)
        if known is None or known[0] is not state:
            known = self._records[key] = state, record_of(state)
        return known[1]

    def signals(self, person_id: str, since: datetime) -> list[SignalRecord]:
        """Signals from `since`, newest first, at most MOST_SIGNALS."""
        found = [
            s
            for (person, _), s in self.signals_kept.signals.items()
            if person == person_id and isinstance(s, SignalRecord) and s.occurred_at >= since
        ]
        return sorted(found, key=lambda s: s.occurred_at, reverse=True)[:MOST_SIGNALS]

    def computed_at(self, person_id: str) -> datetime | None:
        """When the snapshot of this feature version was computed."""
        kept = self.snapshots.get(person_id)
        return kept.computed_at if kept and kept.feature_version == FEATURE_VERSION else None

    def save(self, snapshot: Snapshot) -> bool:
        """Keep it, unless a refresh that began later is there or the person was erased."""
        if (snapshot.person_id, ERASED) in self.profiles.rows:
            return False
        before = self.snapshots.get(snapshot.person_id)
        if before is not None and before.computed_at > snapshot.computed_at:
            return False
        self.snapshots[snapshot.person_id] = snapshot
        return True


def _between(found: list[tuple[str, ItemRecord]], first: str, last: str) -> list[ItemRecord]:
    return [record for key, record in found if first <= key <= last]


@dataclass
class MemoryStatistics:
    """LearningStore: one state per person, one marker per applied revision, both written or none."""

    profiles: MemoryProfiles
    tips: MemoryTips
    states: dict[str, StoredState] = field(default_factory=dict)
    applied: dict[tuple[str, str], list[Applied]] = field(default_factory=dict)
    """By person and decision, in the order of the revisions."""
    log: dict[str, list[Marker]] = field(default_factory=dict)
    """By person."""

    def read(self, person_id: str, decision_id: str) -> Learnable:
        """Decision, statistics, consents and tombstone, and the decision's latest marker."""
        stored = self.tips.decisions.get((person_id, decision_id))
        body = self.profiles.rows.get((person_id, CONSENTS_PART))
        states = ConsentsDocument.model_validate_json(body).consents if body else {}
        revisions = self.applied.get((person_id, decision_id))
        return Learnable(
            decision=stored.decision if stored else None,
            state=self.statistics(person_id),
            applied=revisions[-1] if revisions else None,
            consented=stored is not None and trainable(stored.decision.decided_at, stored.granted, states),
            erased=(person_id, ERASED) in self.profiles.rows,
        )

    def apply(
        self,
        person_id: str,
        decision_id: str,
        applied: Applied,
        decided_at: datetime,
        before: StoredState,
        states: dict[str, bytes],
    ) -> None:
        """Write the new states and the marker. Raises LostRace or PersonErased."""
        if (person_id, ERASED) in self.profiles.rows:
            raise PersonErased
        revisions = self.applied.setdefault((person_id, decision_id), [])
        if "learning" not in self.profiles.granted(person_id):
            raise LostRace
        if self.statistics(person_id).sequence != before.sequence:
            raise LostRace
        if any(r.revision == applied.revision for r in revisions):
            raise LostRace
        self.states[person_id] = StoredState(before.sequence + 1, dict(states))
        revisions.append(applied)
        revisions.sort(key=lambda r: r.revision)
        marker = Marker(
            decision_id=decision_id,
            revision=applied.revision,
            reward=applied.reward,
            decided_at=decided_at,
            sequence=before.sequence + 1,
            manifest_version=applied.manifest_version,
            manifest_digest=applied.manifest_digest,
        )
        self.log.setdefault(person_id, []).append(marker)

    def statistics(self, person_id: str) -> StoredState:
        """The statistics alone."""
        return self.states.get(person_id, StoredState())

    def history(self, person_id: str) -> Iterable[Marker]:
        """Every marker of the person, by decision and revision."""
        return sorted(self.log.get(person_id, []), key=lambda m: revision_key(m.decision_id, m.revision))


@dataclass
class MemoryReads:
    """Reads of `rank`."""

    features: MemoryFeatures
    statistics: MemoryStatistics

    def person(self, person_id: str) -> Known:
        """Snapshot and statistics; no model writes here."""
        return Known(self.features.snapshots.get(person_id), self.statistics.statistics(person_id))

    def words(self, person_id: str, refs: Collection[str], now: datetime) -> dict[str, SealedTitle]:
        """The sealed words by ref; those that have expired or are gone are left out."""
        kept = self.features.signals_kept.sealed
        found = {ref: kept[person_id, ref][1] for ref in refs if (person_id, ref) in kept}
        return {
            ref: SealedTitle(w.sealed, title_mark(w.title_hash))
            for ref, w in found.items()
            if w.lasting or w.expires_at > now
        }
