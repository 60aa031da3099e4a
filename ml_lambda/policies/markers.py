"""Markers: which rewards a person's statistics rest on, in which order, learned by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

DIGITS: Final = 10
"""Of a revision in a marker's key."""


@dataclass(frozen=True)
class Marker:
    """One applied reward revision, as it was applied: `sequence` counts them for a person, from 1."""

    decision_id: str
    revision: int
    reward: float
    decided_at: datetime
    sequence: int
    manifest_version: int = 0
    manifest_digest: str = ""


def revision_key(decision_id: str, revision: int) -> str:
    """The marker's sort key; sorts by revision within a decision."""
    return f"{decision_id}#{revision:0{DIGITS}d}"


def parse_marker(row: Mapping[str, Any]) -> Marker:
    """A raw row of `reward-markers`; one without a manifest was written before manifests were."""
    decision_id, _, revision = row["revision_key"]["S"].rpartition("#")
    return Marker(
        decision_id=decision_id,
        revision=int(revision),
        reward=float(row["reward"]["N"]),
        decided_at=datetime.fromisoformat(row["decided_at"]["S"]),
        sequence=int(row["sequence"]["N"]),
        manifest_version=int(row.get("manifest_version", {"N": "0"})["N"]),
        manifest_digest=row.get("manifest_digest", {"S": ""})["S"],
    )
