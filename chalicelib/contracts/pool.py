"""The candidate pool: wordings that a model wrote ahead for a person, ready before anyone asks.

Code decides what could be said (`domain/candidates.py`), a model only how. An entry tells which candidates
its words fit: those for which the facts that it states are the same (`domain/pooling.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.contracts.tips import Angle

READY: Final = "ready"
"""The part of the table `pools` that holds a person's Pool, as JSON in `body`."""
_MARK: Final = 16


def title_mark(title_hash: str) -> str:
    """What tells two titles of an item apart: the beginning of the keyed hash that rests beside its words."""
    return title_hash[:_MARK]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PoolEntry(_Model):
    """One wording of an item × angle, and until when it may be shown. Its words rest sealed alone."""

    wording: str = Field(description="`m.` and 16 hex digits; stands in decisions as a template's id does.")
    angle: Angle
    item_ref: str | None = None
    anchor_ref: str | None = None
    stated: list[str] = Field(
        default=[],
        description="The reason's parameters that its text states, sorted; others may change. `*`: all.",
    )
    says: str = Field(description="Digest of the facts that its text states.")
    because: str = Field(
        default="",
        description="Digest of the reason that its why states; empty: it has none, the template's is shown.",
    )
    titles: dict[str, str] = Field(
        default={}, description="The mark (`title_mark`) of each title in it, by the item's ref."
    )
    lang: str
    written_at: datetime
    expires_at: datetime = Field(description="When its words must be gone; no later than the titles in them.")
    sealed: str = Field(description="Base64: the sealed JSON object {text, why}, bound to `pool:<wording>`.")


class Pool(_Model):
    """All that is ready for one person: bounded, one row, replaced conditionally by version."""

    person_id: str
    version: int = 0
    refilled_at: datetime | None = None
    entries: list[PoolEntry] = []
    themes: dict[str, str] = Field(
        default={}, description="The theme of each open task by its ref; a theme's id says nothing."
    )


class Worded(_Model):
    """What was written lately, without its words, so that nothing like it is written again."""

    meanings: dict[str, list[int]] = Field(
        default={},
        description="By wording, of those that are ready or were shown in the last 14 days: the wording "
        "without the person's own words, embedded; unit vector × 127, rounded.",
    )
    refused: dict[str, datetime] = Field(
        default={},
        description="By digest of a draft that no model could word: until when it is not asked for again.",
    )
    themed: dict[str, str] = Field(
        default={},
        description="The tasks that themes rest on, each with its title's words and characters.",
    )
    themed_at: datetime | None = None


class PooledWords(_Model):
    """The words of a chosen candidate, as `rank` hands them on without being able to read them."""

    wording: str
    sealed: str
    own_why: bool = Field(description="Whether its own why fits; otherwise the template's is shown.")
