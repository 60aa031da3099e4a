"""Signals: what happened in a person's life, as they enter; how they rest is in `records.py`.

A title enters in the clear over TLS, is sealed at the door, and never rests or travels otherwise.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.contracts.fields import Day, Moment, Truth, Whole

MAX_ENTRIES: Final = 100
MAX_BYTES: Final = 256 * 1024
OLDEST: Final = timedelta(days=400)
NEWEST: Final = timedelta(minutes=10)
HORIZON: Final = timedelta(days=731)

Ref = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Title = Annotated[str, Field(min_length=1, max_length=500)]
Category = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
SourceName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Minutes = Annotated[Whole, Field(ge=1, le=24 * 60)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: UUID | None = Field(default=None, description="Yours, to make retries safe; else derived.")
    occurred_at: Moment = Field(
        description="When it happened or became known; within the last 400 days, at most 10 min ahead."
    )
    source: SourceName = Field(default="manual", description="What sent it, e.g. `todoist-csv`.")
    origin: Literal["typed", "file"] = "typed"


class TaskSignal(_Entry):
    """A task as it stood at `occurred_at`."""

    type: Literal["task"]
    item_ref: Ref
    title: Title | None = None
    status: Literal["open", "done", "deleted"] = "open"
    due_at: Moment | None = Field(default=None, description="A moment; at most 2 years ahead.")
    due_on: Day | None = Field(default=None, description="A day, when no time is set.")
    effort_minutes: Minutes | None = None
    priority: Annotated[Whole, Field(ge=1, le=4)] | None = Field(default=None, description="1 is highest.")
    category: Category | None = None
    linked_ref: Ref | None = Field(default=None, description="The event or parent it belongs to.")

    @model_validator(mode="after")
    def _one_due(self) -> TaskSignal:
        if self.due_at and self.due_on:
            raise ValueError("give due_at or due_on, not both")
        return self


class EventSignal(_Entry):
    """A calendar entry as it stood at `occurred_at`."""

    type: Literal["event"]
    item_ref: Ref
    title: Title | None = None
    status: Literal["confirmed", "cancelled"] = "confirmed"
    starts_at: Moment
    ends_at: Moment
    all_day: Truth = False
    busy: Truth = True
    category: Category | None = None

    @model_validator(mode="after")
    def _order(self) -> EventSignal:
        if self.ends_at < self.starts_at:
            raise ValueError("ends_at must not be before starts_at")
        return self


class HabitSignal(_Entry):
    """A habit that exists (`active`), was done at `occurred_at`, or was given up (`deleted`)."""

    type: Literal["habit"]
    item_ref: Ref
    title: Title | None = None
    status: Literal["active", "done", "deleted"] = "done"
    effort_minutes: Minutes | None = None
    category: Category | None = None


class MoodSignal(_Entry):
    """How the person said they are; 1 lowest to 5 highest."""

    type: Literal["mood"]
    valence: Annotated[Whole, Field(ge=1, le=5)] | None = None
    energy: Annotated[Whole, Field(ge=1, le=5)] | None = None

    @model_validator(mode="after")
    def _something(self) -> MoodSignal:
        if self.valence is None and self.energy is None:
            raise ValueError("give valence, energy or both")
        return self


class ContextSignal(_Entry):
    """Where the person is."""

    type: Literal["context"]
    place: Literal["home", "work", "out", "travel"]


SignalEntry = Annotated[
    TaskSignal | EventSignal | HabitSignal | MoodSignal | ContextSignal, Field(discriminator="type")
]


class SignalBatch(BaseModel):
    """The body of `POST /api/signals`; each entry is checked on its own."""

    model_config = ConfigDict(extra="forbid")

    signals: list[Any] = Field(
        min_length=1,
        description=f"At most {MAX_ENTRIES} entries and {MAX_BYTES} bytes; see the Signal schemas.",
    )


class SignalResult(BaseModel):
    """What became of one entry, in the order sent."""

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    id: str | None = None
    problem: dict[str, Any] | None = None


class SignalResults(BaseModel):
    """The answer to `POST /api/signals`."""

    results: list[SignalResult]
