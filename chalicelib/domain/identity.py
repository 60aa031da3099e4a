"""What makes two signals the same signal, and two events the same event."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

from chalicelib.contracts.records import storable
from chalicelib.contracts.signals import SignalEntry

NAMESPACE: Final = UUID("6b0f4a1e-8f0a-5f5e-9a53-1d6f0c7e2b11")
"""Never changes: every derived id would."""


def signal_id(person_id: str, entry: SignalEntry) -> str:
    """The client's UUID, else uuid5 of person, source, type, item, moment and canonical payload.

    The payload is canonical: sorted keys, UTC moments, defaults left out (so that a new optional field
    leaves old ids alone). Whoever must not let a title be guessed from the id passes the entry with the
    title replaced by its keyed hash.
    """
    if entry.id is not None:
        return str(entry.id)
    payload = entry.model_dump(
        exclude_defaults=True, exclude={"id", "occurred_at", "source", "type", "item_ref"}
    )
    return derived_id(
        person_id,
        entry.source,
        entry.type,
        getattr(entry, "item_ref", "") or "",
        storable(entry.occurred_at),
        json.dumps(payload, sort_keys=True, default=_canonical),
    )


def derived_id(*cause: str) -> str:
    """An id that the same cause always gives: what is sent again is recognised as the same."""
    return str(uuid5(NAMESPACE, json.dumps(cause)))


def _canonical(value: object) -> str:
    if isinstance(value, datetime):
        return storable(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")
