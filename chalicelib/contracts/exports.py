"""What an export holds: one JSON document per store, each with its schema.

A store without a row here is exported all the same, as objects of which only that is promised.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ml import Decision, ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.ports import KeyDestroyed, SealedWords, Sealer, Unsealable
from chalicelib.contracts.records import ItemRecord, SignalRecord, SignalType
from chalicelib.contracts.stores import STORES, store

SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
ML: Final = "ml_lambda"
HOUSE: Final = "chalicelib"
"""The two who write parts: the scoring image for its stores, the API's deployable for all others."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Identity(_Row):
    provider: str
    created_at: int = Field(description="Seconds since 1970.")


class _Session(_Row):
    role: str
    provider: str
    created_at: int
    last_seen: int
    expires: int


class _ProfilePart(_Row):
    part: str = Field(description="profile, consents, or `consents#<when>#<which>`: one decision.")
    content: dict[str, Any]


class _TakenBack(_Row):
    signal_id: str
    type: SignalType
    taken_back_at: str


class _Words(_Row):
    item_ref: str
    type: SignalType
    title: str | None = Field(description="In your words; null: its time is over.")
    title_hash: str
    kept_until: str | None = Field(description="null: until the item is done or deleted.")


class _TipWords(_Row):
    text: str
    why: str


class _Decision(Decision):
    model_config = ConfigDict(extra="allow")

    lang: str
    granted: list[Consent] = Field(description="The sources that it could draw on.")
    words: _TipWords | None = Field(description="What the tip said; null: its time is over.")


class _TipState(_Row):
    person_id: str
    version: int
    open: dict[str, Any] | None
    recent: list[RecentTip]
    blocks: list[ItemBlock]


class _LogLine(_Row):
    line: str = Field(description="The key of a line; it copies a row of `decisions`.")


class _Statistics(_Row):
    sequence: int = Field(description="How many rewards were learned from.")
    feature_version: int
    states: dict[str, str] = Field(description="Each policy's numbers about its features, hexadecimal.")


class _Marker(_Row):
    revision_key: str
    reward: float
    decided_at: str
    sequence: int


class _Ready(_Row):
    wording: str | None = Field(default=None, description="Of a wording that a model wrote ahead: its id.")
    words: _TipWords | None = Field(default=None, description="What it says; null: its time is over.")
    themes: dict[str, str] | None = Field(default=None, description="The theme of each task by its item_ref.")
    meanings: dict[str, list[int]] | None = Field(
        default=None, description="What was written lately without your words, as vectors, by wording."
    )


class _Usage(_Row):
    day: str = Field(description="The day, UTC.")
    tokens: int = Field(description="What language models read and wrote for the person.")
    calls: int


class _Connection(_Row):
    source: str
    status: str
    scopes: list[str] = Field(description="What oO may read there.")
    connected_at: int = Field(description="Seconds since 1970.")
    refreshed_at: int | None
    synced_at: int | None
    access_expires_at: int | None


class _Export(_Row):
    export_id: str
    requested_at: str


_ROWS: Final[dict[str, Any]] = {
    "identities": _Identity,
    "sessions": _Session,
    "profiles": _ProfilePart,
    "signals": SignalRecord | _TakenBack,
    "items": ItemRecord,
    "item-words": _Words,
    "decisions": _Decision,
    "tip-states": _TipState,
    "decision-log": _LogLine,
    "snapshots": Snapshot,
    "statistics": _Statistics,
    "reward-markers": _Marker,
    "pools": _Ready,
    "model-usage": _Usage,
    "exports": _Export,
    "provider-tokens": _Connection,
}


def personal() -> list[str]:
    """The stores that an export must have, in the order of the store list."""
    return [s.name for s in STORES if s.personal]


def writer(name: str) -> str:
    """Who writes the part of a store: ML or HOUSE."""
    return ML if store(name).owner == ML else HOUSE


def opener(sealer: Sealer, person_id: str, now: datetime) -> Callable[[SealedWords], Any]:
    """What opens the words of an export for whoever they are of."""

    def opened(words: SealedWords) -> Any:
        """The words; None when their time is over or nothing opens them."""
        if words.until is not None and words.until <= now:
            return None
        try:
            plain = sealer.open(person_id, words.purpose, words.sealed)
        except (KeyDestroyed, Unsealable):
            return None
        return json.loads(plain) if words.document else plain

    return opened


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a store's document."""
    kind: Any = list[_ROWS.get(name, dict[str, Any])]  # type: ignore[misc]
    rows = TypeAdapter(kind).json_schema()
    definitions = rows.pop("$defs", {})
    return {
        "$schema": SCHEMA,
        "title": name,
        "description": store(name).holds,
        "type": "object",
        "required": ["store", "holds", "rows"],
        "properties": {"store": {"const": name}, "holds": {"type": "string"}, "rows": rows},
        **({"$defs": definitions} if definitions else {}),
    }
