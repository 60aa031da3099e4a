"""DecisionLogStore in memory: the lines as they are in the bucket, by their key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.contracts.decision_log import Kind, line_key


@dataclass
class MemoryLog:
    """Lines by key."""

    lines: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, kind: Kind, day: str, person_id: str, event_id: str, line: Mapping[str, Any]) -> None:
        """Keep one line; the same event again replaces it."""
        self.lines[line_key(kind, day, event_id)] = {"event_id": event_id, **line}

    def remove(self, kind: Kind, day: str, person_id: str, event_id: str) -> None:
        """Take one line away again."""
        self.lines.pop(line_key(kind, day, event_id), None)
