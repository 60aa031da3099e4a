"""What other modules may use of events, and the words its own files share."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel

Stored = Literal["stored", "duplicate", "erased", "no_consent", "no_item"]
"""What became of one signal in the store; the last three were dropped on purpose."""


class TailEntry(BaseModel):
    """One event that passed the bus: never whose, never what it said."""

    at: datetime
    type: str
    trace_id: str
    schema_version: int


TITLE_PURPOSE: Final = "title"
"""The purpose of the keyed hash of a title: equal titles of one person hash alike, on any item."""


def words_purpose(item_ref: str) -> str:
    """The purpose under which an item's title is sealed."""
    return f"item:{item_ref}"
