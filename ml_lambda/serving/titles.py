"""A title as it rests in `item-words`: sealed, with what tells it from an earlier one of the same item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.contracts.pool import title_mark


@dataclass(frozen=True)
class SealedTitle:
    """The words, which only the person's key opens, and their mark."""

    sealed: bytes
    mark: str = ""


def parse_titles(rows: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, SealedTitle]:
    """The titles of raw rows by ref; those that have expired are left out."""
    return {
        row["item_ref"]["S"]: SealedTitle(
            bytes(row["sealed"]["B"]), title_mark(row["title_hash"]["S"] if "title_hash" in row else "")
        )
        for row in rows
        if "expires" not in row or int(row["expires"]["N"]) > now.timestamp()
    }
