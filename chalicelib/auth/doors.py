"""The gateway's `Authenticator`: a browser's cookie or an app's access token, and the way in for admins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalicelib.contracts.http import Principal

if TYPE_CHECKING:
    from chalicelib.auth.admins.service import AdminService
    from chalicelib.auth.sessions import SessionService
    from chalicelib.auth.tokens.service import TokenService


class Doors:
    """Who is asking. Loads what tokens and admins need when the first of them comes."""

    def __init__(
        self,
        sessions: SessionService,
        tokens: Callable[[], TokenService],
        admins: Callable[[], AdminService],
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._admins = admins

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """A bearer token decides alone, good or bad; else the cookie. Raises Unauthenticated, RateLimited."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._tokens().authenticate(token.strip())
        return self._sessions.authenticate(headers)

    def admit(self, principal: Principal, action: str, trace_id: str) -> None:
        """An admin, written down. Raises Forbidden."""
        self._admins().admit(principal, action, trace_id)
