"""The services of auth, in one place for `wiring`."""

from __future__ import annotations

from chalicelib.auth.endings import Ended, Endings
from chalicelib.auth.linking import IdentityService
from chalicelib.auth.sessions import SessionService, Started
from chalicelib.auth.sign_in import Begun, SignInService

__all__ = [
    "Begun",
    "Ended",
    "Endings",
    "IdentityService",
    "SessionService",
    "SignInService",
    "Started",
]
