"""Signals and items as they rest and travel: times, effort, category, priority, a keyed hash of the title."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SignalType = Literal["task", "event", "habit", "mood", "context"]
# Where the words came from decides how long they may rest: typed into oO until done or deleted,
# a file 30 days, a connector (third party) 24 hours.
Origin = Literal["typed", "file", "connector"]


class SignalRecord(BaseModel):
    """A signal at rest and on the bus: derivatives only. Field names equal `Signal` in events.proto."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    signal_id: str
    type: SignalType
    source: str
    origin: Origin
    occurred_at: datetime
    item_ref: str | None = None
    status: str | None = None
    title_hash: str | None = Field(default=None, description="HMAC under the person's key; hex.")
    title_words: int | None = None
    title_chars: int | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    all_day: bool | None = None
    busy: bool | None = None
    effort_minutes: int | None = None
    priority: int | None = None
    category: str | None = None
    linked_ref: str | None = None
    valence: int | None = None
    energy: int | None = None
    place: str | None = None

    def closes_item(self) -> bool:
        """Whether this signal says that its item needs nothing more."""
        return self.status in {"done", "deleted", "cancelled"} and self.type in {"task", "event"}


def storable(at: datetime) -> str:
    """A moment as every store and key writes it: UTC, microseconds, fixed width, sorts as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class ItemRecord(BaseModel):
    """The latest known state of one task, event or habit; rewritten only by a newer signal."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    item_ref: str
    type: Literal["task", "event", "habit"]
    status: str
    as_of: datetime = Field(description="occurred_at of the signal it reflects.")
    first_seen_at: datetime
    title_words: int = 0
    title_chars: int = 0
    due_at: datetime | None = None
    due_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    all_day: bool = False
    busy: bool = True
    effort_minutes: int | None = None
    priority: int | None = None
    category: str | None = None
    linked_ref: str | None = None
    words_expire_at: datetime | None = Field(
        default=None, description="Until when its title can be opened; None: no title is kept."
    )
    postponed: int = Field(default=0, description="Times its due date moved to a later day.")
