"""Who calls, in the cases that Schemathesis makes; it loads this in its own environment.

One person and one admin stay signed in. What ends a session or a person gets someone made for that case,
so that every other case still has somebody to be.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
import zlib
from typing import Any

import schemathesis

from oo_local.signin import sign_in

URL = os.environ["OO_UNDER_TEST"]
PERSON, ADMIN = os.environ["OO_PERSON_SID"], os.environ["OO_ADMIN_SID"]
KNOWN: dict[str, list[str]] = json.loads(os.environ["OO_KNOWN"])
"""By path: values of its parameter that lead somewhere."""
ENDING = {("DELETE", "/api/me"), ("POST", "/api/auth/logout")}
_numbers = itertools.count()
_one_at_a_time = threading.Lock()


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """The cookie of whoever may call the operation."""

    def get(self, case: schemathesis.Case, context: Any) -> str:
        """The `sid` to send."""
        operation = case.operation
        if (operation.method.upper(), operation.path) in ENDING:
            with _one_at_a_time:
                subject = f"somebody-{next(_numbers)}"
            with contextlib.closing(sign_in(URL, subject)) as client:
                return str(client.cookies["sid"])
        return ADMIN if operation.path.startswith("/api/admin") else PERSON

    def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
        """Send it, whatever else the case says."""
        case.cookies = {**(case.cookies or {}), "sid": data}


@schemathesis.hook  # type: ignore[untyped-decorator]
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Every other value is one that exists: an invented id alone never gets behind the 404."""
    known = KNOWN.get(context.operation.path, [])
    return {name: _instead(value, known) for name, value in (path_parameters or {}).items()}


def _instead(value: Any, known: list[str]) -> Any:
    # By the value itself, so that the same case is the same again.
    place = zlib.crc32(repr(value).encode()) % max(2 * len(known), 1)
    return known[place] if place < len(known) else value
