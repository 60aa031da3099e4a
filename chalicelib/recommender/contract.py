"""What the recommender keeps and promises: the state of a person's tips, the store behind a Protocol."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import Decision, ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.pool import Pool
from chalicelib.contracts.records import storable
from chalicelib.contracts.tips import Angle, TipSource

RECENT_TIPS: Final = 60
RECENT_FOR: Final = timedelta(days=14)
BLOCKS: Final = 100
WORDS_FOR: Final = timedelta(days=14)
"""Rendered words rest at most this long, and never longer than the title they name."""
WORDS_UNKNOWN: Final = timedelta(hours=24)
"""When nobody says how long the title may rest: as if it came from a third party."""
SILENCE: Final = "silence"
"""Instead of a decision's id: the one row per person that tells the stream of a silence by old features."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class OpenTip(_Model):
    """The tip that a person has now: all that is needed to show it again without another read."""

    decision_id: str
    kind: Literal["advice", "todo"]
    angle: Angle
    source: TipSource
    lang: str
    words: str
    """Text and why, sealed, base64."""
    words_expire_at: datetime
    decided_at: datetime
    expires_at: datetime
    granted: list[Consent]
    """The sources it may have drawn on; withdrawing one closes the tip."""
    item_ref: str | None = None
    anchor_ref: str | None = None


class TipState(_Model):
    """One row per person: the open tip, what was shown lately, what "not now" said about items."""

    person_id: str
    version: int = 0
    """Every write adds one and requires the version that was read; 0: no row yet."""
    open: OpenTip | None = None
    recent: list[RecentTip] = []
    """Newest first; at most 60, of at most 14 days."""
    blocks: list[ItemBlock] = []

    def next(self, now: datetime, **changes: Any) -> TipState:
        """The following version with changes, trimmed to its bounds."""
        state = self.model_copy(update={"version": self.version + 1, **changes})
        recent = [r for r in state.recent if r.decided_at > now - RECENT_FOR][:RECENT_TIPS]
        alive = [b for b in state.blocks if b.until is None or b.until > now]
        blocks = sorted(alive, key=lambda b: b.since)[-BLOCKS:]
        return state.model_copy(update={"recent": recent, "blocks": blocks})


@dataclass(frozen=True)
class StoredDecision:
    """A decision with what rests beside it: sealed words, the hour of its next look, a trace id."""

    decision: Decision
    lang: str = "en"
    granted: Sequence[Consent] = ()
    """The sources that were consented to when it was decided."""
    words: bytes | None = None
    words_expire_at: datetime | None = None
    due_at: datetime | None = None
    """When the schedule looks at it next: to settle it, then to drop its words. None: never."""
    trace_id: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True)
class PersonNow:
    """All that the fast path reads about a person, in one call."""

    profile: Profile
    granted: frozenset[Consent]
    erased: bool
    wrapped_key: bytes | None
    state: TipState


@dataclass(frozen=True)
class Words:
    """A sealed title and how long it may rest."""

    sealed: bytes
    expires_at: datetime | None
    mark: str = ""
    """What tells it from an earlier title of the item (`contracts/pool.py`)."""


@dataclass(frozen=True)
class MadeAhead:
    """What ml_lambda made of a person for whoever decides; None: nothing that can be read."""

    snapshot: Snapshot | None = None
    pool: Pool | None = None


@dataclass(frozen=True)
class DueTip:
    """One entry of the due index."""

    person_id: str
    decision_id: str
    due_at: datetime


@dataclass(frozen=True)
class Page:
    """One page of the due index and where the next begins."""

    tips: Sequence[DueTip]
    next: Mapping[str, Any] | None = field(default=None)


class LostRace(Exception):
    """Another writer was first; read again and decide again."""


class TipStore(Protocol):
    """Decisions and tip states. Every read is strongly consistent but that of the due index."""

    def read(self, person_id: str) -> PersonNow:
        """Profile, consents, erased flag, wrapped key and tip state, in one call."""

    def state(self, person_id: str) -> TipState:
        """The tip state alone; version 0 when there is none."""

    def made_ahead(self, person_id: str) -> MadeAhead:
        """Features and a model's wordings, in one call; a new person has none."""

    def item_words(self, person_id: str, item_refs: Iterable[str]) -> Mapping[str, Words]:
        """The sealed titles of items, by ref; missing when none is kept. At most 100 refs."""

    def tip(self, person_id: str, decision_id: str) -> tuple[StoredDecision | None, TipState]:
        """A decision and the tip state, in one call."""

    def decision(self, person_id: str, decision_id: str) -> StoredDecision | None:
        """One decision of this person."""

    def decide(self, stored: StoredDecision, state: TipState) -> None:
        """Add a decision and write the state that points to it, both or none. Raises LostRace."""

    def change(self, before: StoredDecision, after: StoredDecision, state: TipState | None = None) -> None:
        """Replace a decision, and the state when given, both or none. Raises LostRace."""

    def write_state(self, state: TipState) -> None:
        """Write the state alone. Raises LostRace."""

    def note_silence(self, person_id: str, at: datetime, snapshot_at: datetime | None, trace: str) -> None:
        """Leave word that there was no tip by old features; nothing is written about an erased person."""

    def history(self, person_id: str, limit: int, before: str | None) -> Sequence[StoredDecision]:
        """Decisions with ids below `before`, newest first."""

    def due(self, hour: str, until: datetime, start: Mapping[str, Any] | None) -> Page:
        """Decisions due in that hour (`due_hour`) and not after `until`, soonest first."""

    def check(self) -> None:
        """Raises when the tables cannot be reached."""


class Training(Protocol):
    """What may be learned from."""

    def trainable(self, person_id: str, decided_at: datetime, rests_on: Collection[Consent]) -> bool:
        """Whether a decision of that moment, drawn from those sources, may be learned from now."""


class DecisionLogStore(Protocol):
    """The append-only log that training and evaluation read."""

    def write(self, kind: Literal["decisions", "rewards"], day: str, person_id: str,
              event_id: str, line: Mapping[str, Any]) -> None:  # fmt: skip
        """Write one line; the same event id again replaces it by itself."""

    def remove(self, kind: Literal["decisions", "rewards"], day: str, person_id: str, event_id: str) -> None:
        """Take one line away again."""


@runtime_checkable
class Breakable(Protocol):
    """A scorer that can say that it is not being asked for now."""

    def resting(self) -> bool:
        """Whether calls are skipped after failures in a row."""


def due_hour(at: datetime) -> str:
    """The bucket of the due index, e.g. `2026-11-05T14`."""
    return storable(at)[:13]
