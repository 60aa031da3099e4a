"""Cursors: where a page ended, opaque to the client, never trusted when it comes back."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final
from uuid import UUID

from chalicelib.contracts.errors import Invalid
from chalicelib.events.ports import Place

_MOMENT: Final = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")


def cursor_of(place: Place | None) -> str | None:
    """The cursor for what comes after that place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode() if place else None


def place_of(cursor: str | None) -> Place | None:
    """The place that a cursor names. Raises Invalid."""
    if cursor is None:
        return None
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not _MOMENT.match(at):
            raise ValueError("no moment")
        return at, str(UUID(last))
    except (ValueError, TypeError, AttributeError, binascii.Error):
        wrong = {"pointer": "/cursor", "detail": "pass `next` of the page before, unchanged"}
        raise Invalid("The cursor is not one of ours.", errors=[wrong]) from None
