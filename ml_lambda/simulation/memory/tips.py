"""TipStore in memory, with the same conditions as the tables."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.pool import Pool
from chalicelib.recommender.contract import (
    DueTip,
    LostRace,
    MadeAhead,
    Page,
    PersonNow,
    StoredDecision,
    TipState,
    Words,
    due_hour,
)

SOURCES: frozenset[Consent] = frozenset({"tasks", "calendar", "habits", "mood", "context"})
_PAGE = 2
"""Small, so that callers page."""


@dataclass
class MemoryTips:
    """Decisions and tip states. Everyone has agreed to `granted` and has `profile`; see `PersonNow`."""

    granted: frozenset[Consent] = SOURCES
    erased: bool = False
    profile: Profile = field(default_factory=lambda: Profile(timezone="Europe/Berlin"))
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    words: dict[tuple[str, str], Words] = field(default_factory=dict)
    decisions: dict[tuple[str, str], StoredDecision] = field(default_factory=dict)
    states: dict[str, TipState] = field(default_factory=dict)
    silences: list[tuple[str, datetime, datetime | None, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def read(self, person_id: str) -> PersonNow:
        """Everything the fast path reads."""
        return PersonNow(self.profile, self.granted, self.erased, b"wrapped", self.state(person_id))

    def state(self, person_id: str) -> TipState:
        """The tip state; version 0 when there is none."""
        return self.states.get(person_id) or TipState(person_id=person_id)

    def made_ahead(self, person_id: str) -> MadeAhead:
        """The features and the pool as they are kept."""
        return MadeAhead(self.snapshots.get(person_id), self.pools.get(person_id))

    def item_words(self, person_id: str, item_refs: Iterable[str]) -> Mapping[str, Words]:
        """The sealed titles that are kept."""
        return {r: self.words[person_id, r] for r in item_refs if (person_id, r) in self.words}

    def tip(self, person_id: str, decision_id: str) -> tuple[StoredDecision | None, TipState]:
        """A decision and the tip state."""
        return self.decisions.get((person_id, decision_id)), self.state(person_id)

    def decision(self, person_id: str, decision_id: str) -> StoredDecision | None:
        """One decision."""
        return self.decisions.get((person_id, decision_id))

    def decide(self, stored: StoredDecision, state: TipState) -> None:
        """Add a decision and its state. Raises LostRace."""
        key = (stored.decision.person_id, stored.decision.decision_id)
        with self._lock:
            if key in self.decisions:
                raise LostRace
            self._follows(state)
            self.decisions[key] = stored
            self.states[state.person_id] = state

    def change(self, before: StoredDecision, after: StoredDecision, state: TipState | None = None) -> None:
        """Replace a decision, and the state when given. Raises LostRace."""
        key = (before.decision.person_id, before.decision.decision_id)
        with self._lock:
            there = self.decisions.get(key)
            if there is None or _version(there) != _version(before):
                raise LostRace
            if state is not None:
                self._follows(state)
                self.states[state.person_id] = state
            self.decisions[key] = after

    def write_state(self, state: TipState) -> None:
        """Write the state alone. Raises LostRace."""
        with self._lock:
            self._follows(state)
            self.states[state.person_id] = state

    def note_silence(self, person_id: str, at: datetime, snapshot_at: datetime | None, trace: str) -> None:
        """Remember that nothing could be said by old features."""
        self.silences.append((person_id, at, snapshot_at, trace))

    def history(self, person_id: str, limit: int, before: str | None) -> Sequence[StoredDecision]:
        """Decisions with ids below `before`, newest first."""
        mine = sorted((i for p, i in self.decisions if p == person_id), reverse=True)
        return [self.decisions[person_id, i] for i in mine if before is None or i < before][:limit]

    def due(self, hour: str, until: datetime, start: Mapping[str, Any] | None) -> Page:
        """Decisions due in that hour and not after `until`, soonest first."""
        found = sorted(
            (s.due_at, key)
            for key, s in self.decisions.items()
            if s.due_at is not None and due_hour(s.due_at) == hour and s.due_at <= until
        )
        begin = int(start["from"]) if start else 0
        page = found[begin : begin + _PAGE]
        more = {"from": begin + _PAGE} if begin + _PAGE < len(found) else None
        return Page([DueTip(person, tip, at) for at, (person, tip) in page], more)

    def check(self) -> None:
        """Memory always answers."""

    def _follows(self, state: TipState) -> None:
        if self.state(state.person_id).version != state.version - 1:
            raise LostRace
        if self.erased and state.version == 1:
            raise LostRace


def _version(stored: StoredDecision) -> tuple[int, int, datetime | None]:
    return stored.decision.revision, stored.decision.reward_revision, stored.changed_at
