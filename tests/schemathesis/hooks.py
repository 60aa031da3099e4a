"""Who calls, in the cases that Schemathesis makes; it loads this in its own environment.

One person and one admin stay signed in. What ends a session or a person gets someone made for that case,
so that every other case still has somebody to be.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from typing import Any

import schemathesis

from oo_local.signin import sign_in

URL = os.environ["OO_UNDER_TEST"]
PERSON, ADMIN = os.environ["OO_PERSON_SID"], os.environ["OO_ADMIN_SID"]
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
