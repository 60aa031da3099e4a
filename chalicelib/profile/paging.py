"""Cursors of the history of consents: where a page ended, opaque to the client, never trusted."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from chalicelib.contracts.errors import Invalid

_PART: Final = re.compile(r"consents#\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z#[a-z]+")


def cursor_of(part: str) -> str:
    """The cursor for what comes after that entry."""
    return base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> str | None:
    """The entry that a cursor names. Raises Invalid."""
    if cursor is None:
        return None
    try:
        part = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        part = ""
    if not _PART.fullmatch(part):
        wrong = {"pointer": "/cursor", "detail": "pass `next` of the page before, unchanged"}
        raise Invalid("The cursor is not one of ours.", errors=[wrong])
    return part
