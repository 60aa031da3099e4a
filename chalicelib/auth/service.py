"""The services of auth, in one place for `wiring`."""

from __future__ import annotations

from chalicelib.auth.sessions import SessionService, Started
from chalicelib.auth.sign_in import Begun, Finished, SignInService

__all__ = ["Begun", "Finished", "SessionService", "SignInService", "Started"]
