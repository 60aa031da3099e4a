"""Tokens for apps: a code for the way back, tokens for the code, fresh tokens for old ones.

A sign-in by an app is a session like a browser's, with a refresh token in the place of a `sid`. A refresh
token has two parts: one that all of its family share, whose SHA-256 is the session's key, and one that
changes each time, of which the session keeps the SHA-256 of the latest. So who shows the first part with
another second part shows a token that was used before, and the whole family ends (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.auth.contract import APP, CODE_SECONDS, App, PendingCode, Session, SessionStore
from chalicelib.auth.http import Jwk, Jwks, TokenRequest, Tokens
from chalicelib.auth.sessions import DAY, digest
from chalicelib.auth.tokens import jwt
from chalicelib.auth.tokens.keys import SigningKeys
from chalicelib.contracts.errors import OoError, RateLimited, Unauthenticated
from chalicelib.contracts.http import Principal
from chalicelib.contracts.ports import Clock, Ids, Limiter
from chalicelib.runtime.counting import counters
from chalicelib.runtime.logging import logger

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

_PARTS: Final = re.compile(r"[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_log = logger("auth")


class OAuthRefused(OoError):
    """No token for this. Carries `error` as RFC 6749, section 5.2, beside the members of a problem."""

    status, slug, title = 400, "oauth-refused", "No token for this"

    def __init__(self, error: str, detail: str) -> None:
        """`error` is a code of RFC 6749; `detail` says what to do and never holds what was sent."""
        super().__init__(detail, error=error, error_description=detail)
        self.error = error


class TokenService:
    """Gives tokens to apps, and knows them again."""

    def __init__(
        self,
        sessions: SessionStore,
        keys: SigningKeys,
        erased: Callable[[str], bool],
        limiter: Limiter,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._erased = erased
        self._limiter = limiter
        self._clock = clock
        self._ids = ids
        self._settings = settings

    @property
    def issuer(self) -> str:
        """Who issues the tokens, and whom they are for."""
        return self._settings.public_url.rstrip("/")

    def code(self, person_id: str, provider: str, app: App) -> tuple[str, Session]:
        """A code that the app redeems once and soon, and the pending session behind it."""
        family, secret, now = self._ids.secret(), self._ids.secret(), self._now()
        session = Session(
            key=family_key(family),
            person_id=person_id,
            role="person",
            provider=provider,
            created_at=now,
            last_seen=now,
            expires=now + CODE_SECONDS,
            client=APP,
            pending=True,
        )
        self._sessions.put(session, PendingCode(digest(secret), app.challenge, app.redirect_uri))
        return f"{family}.{secret}", session

    def exchange(self, request: TokenRequest) -> Tokens:
        """Tokens for a code or for a refresh token. Raises OAuthRefused."""
        if request.client_id != APP:
            raise OAuthRefused("invalid_client", f"The client_id of the app is {APP}.")
        match request.grant_type:
            case "authorization_code":
                return self._redeem(request)
            case "refresh_token":
                return self._refresh(request)
        raise OAuthRefused("unsupported_grant_type", "Send grant_type authorization_code or refresh_token.")

    def read(self, token: str) -> dict[str, Any]:
        """The claims of an access token, by its signature and times alone. Raises Unauthenticated."""
        try:
            return jwt.decode(
                token, self._keys.public, issuer=self.issuer, audience=self.issuer, now=self._now()
            )
        except jwt.BadToken as error:
            raise Unauthenticated(f"This access token does not hold ({error}). Refresh it.") from None

    def authenticate(self, token: str) -> Principal:
        """Who sends this access token. Raises Unauthenticated, RateLimited.

        One write to its session, which must be in force, counts the call; a token that does not hold costs
        none.
        """
        claims = self.read(token)
        person_id, key = str(claims["sub"]), str(claims["sid"])
        self._touch(key, person_id, self._now())
        return Principal(
            person_id=person_id,
            role="person",
            session_id=key,
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            by="token",
        )

    def revoke(self, token: str) -> None:
        """End the sign-in that this access or refresh token belongs to; harmless with any other text."""
        if _PARTS.fullmatch(token):
            self._sessions.end(family_key(token.partition(".")[0]))
            return
        with suppress(Unauthenticated):
            self._sessions.end(str(self.read(token)["sid"]))

    def jwks(self) -> Jwks:
        """The public keys."""
        return Jwks(keys=[Jwk(x=_b64(key.public), kid=key.kid) for key in self._keys.published()])

    def _redeem(self, request: TokenRequest) -> Tokens:
        if not (request.code and request.redirect_uri and request.code_verifier):
            raise OAuthRefused("invalid_request", "Send code, redirect_uri and code_verifier.")
        if not _PARTS.fullmatch(request.code) or not _VERIFIER.fullmatch(request.code_verifier):
            raise _not_this("code")
        family, _, secret = request.code.partition(".")
        challenge = _b64(hashlib.sha256(request.code_verifier.encode()).digest())
        code = PendingCode(digest(secret), challenge, request.redirect_uri)
        fresh, now, key = self._ids.secret(), self._now(), family_key(family)
        session = self._sessions.redeem(
            key,
            code,
            refresh=digest(fresh),
            now=now,
            expires=now + self._settings.mobile_session_days * DAY,
        )
        if session is None:
            # One try: a code that does not fit was stolen or used before (RFC 6749, 4.1.2).
            if self._sessions.end(key):
                _log.warning("app sign-in ended", reason="code used twice or by another")
            raise _not_this("code")
        return self._tokens(session, family, fresh, now)

    def _refresh(self, request: TokenRequest) -> Tokens:
        if not request.refresh_token:
            raise OAuthRefused("invalid_request", "Send refresh_token.")
        if not _PARTS.fullmatch(request.refresh_token):
            raise _not_this("refresh token")
        family, _, secret = request.refresh_token.partition(".")
        fresh, now, key = self._ids.secret(), self._now(), family_key(family)
        session = self._sessions.rotate(
            key, digest(secret), digest(fresh), now=now, idle_since=self._idle_since(now)
        )
        if session is None:
            if self._sessions.end(key):
                _log.warning("app sign-in ended", reason="refresh token used twice, or too old")
            raise _not_this("refresh token")
        return self._tokens(session, family, fresh, now)

    def _tokens(self, session: Session, family: str, refresh: str, now: int) -> Tokens:
        if session.person_id is None or self._erased(session.person_id):
            self._sessions.end(session.key)
            raise _not_this("sign-in")
        self._limiter.person(session.person_id)
        kid, seed = self._keys.signing()
        life = min(self._settings.access_token_seconds, session.expires - now)
        claims = {
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": session.person_id,
            "client_id": APP,
            "sid": session.key,
            "jti": self._ids.new(),
            "iat": now,
            "exp": now + life,
        }
        return Tokens(
            access_token=jwt.encode(claims, kid, seed), expires_in=life, refresh_token=f"{family}.{refresh}"
        )

    def _touch(self, key: str, person_id: str, now: int) -> None:
        touched = self._sessions.touch(
            key, now=now, idle_since=self._idle_since(now), counters=counters(now // 60)
        )
        if touched is None or touched[0].person_id != person_id:
            raise Unauthenticated("This sign-in has ended. Sign in again.")
        if touched[1] > self._settings.calls_per_minute:
            raise RateLimited(
                f"At most {self._settings.calls_per_minute} calls a minute.", retry_after=60 - now % 60
            )

    def _idle_since(self, now: int) -> int:
        return now - self._settings.mobile_idle_days * DAY

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def family_key(family: str) -> str:
    """The key of an app's session. No `sid` leads to it: those are hashed as they are."""
    return digest(f"app\n{family}")


def _not_this(what: str) -> OAuthRefused:
    return OAuthRefused(
        "invalid_grant", f"This {what} is not in force: used, too old, or another's. Sign in again."
    )


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
