"""Sign-in: leave for the provider, come back with a code, get a session. Or show the admin's token."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chalicelib.auth import cookies
from chalicelib.auth.contract import (
    SIGN_IN_COOKIE,
    SIGN_IN_SECONDS,
    App,
    SignIn,
    SignInRefused,
    SignInStore,
)
from chalicelib.auth.endings import Ended, Endings, back_to_app, identity_key
from chalicelib.auth.http import Callback
from chalicelib.auth.providers.base import Provider
from chalicelib.auth.sessions import SessionService, Started, digest, presented
from chalicelib.contracts.errors import Forbidden, Invalid, NotFound, OoError, Unauthenticated, Unavailable
from chalicelib.contracts.http import Health, Principal, ProviderInfo, Providers
from chalicelib.contracts.ports import Clock, Ids

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

_SECRET: Final = re.compile(r"^[A-Za-z0-9_-]{43}$")
_NOT_OURS: Final = (
    "This sign-in was not started in this browser, took longer than 10 minutes, or was already used. "
    "Start it again."
)


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and the secret that ties the way back to it."""

    url: str
    browser: str
    form_post: bool


class SignInService:
    """Sign-in through providers and by admin token."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        sign_ins: SignInStore,
        endings: Endings,
        sessions: SessionService,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> None:
        self._providers = providers
        self._sign_ins = sign_ins
        self._endings = endings
        self._sessions = sessions
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def providers(self) -> Providers:
        """The ways to sign in here."""
        return Providers(
            providers=[
                ProviderInfo(name=p.name, title=p.title, login=f"api/auth/login/{p.name}")
                for p in self._providers.values()
            ]
        )

    def begin(
        self, provider: str, return_to: str, headers: Mapping[str, str], app: App | None = None
    ) -> Begun:
        """Remember a sign-in and say where to send the browser. `return_to` is a `same_site_path`.

        Raises NotFound, Unavailable, and Invalid for an app that wants to be sent elsewhere than registered.
        """
        if app is not None and app.redirect_uri not in self._settings.mobile_addresses:
            detail = "send an address that is registered (OO_MOBILE_REDIRECTS), to the letter"
            raise Invalid(
                "No app is registered at this address.",
                errors=[{"pointer": "/redirect_uri", "detail": detail}],
            )
        # An app's sign-in borrows the browser: whoever is signed in there stays so.
        session = "" if app else presented(headers)
        return self._leave(provider, headers, return_to=return_to, session=session, app=app)

    def link(self, provider: str, principal: Principal, return_to: str, headers: Mapping[str, str]) -> Begun:
        """As `begin`, to add a way to sign in to the person of this browser's session.

        Raises Forbidden for an app: its browser does not know who is signed in in the app.
        """
        if principal.by != "cookie" or not principal.session_id:
            raise Forbidden("Add a way to sign in on oO's page; an app cannot.")
        return self._leave(provider, headers, return_to=return_to, session=principal.session_id, link=True)

    def finish(
        self, provider: str, callback: Callback, headers: Mapping[str, str], trace_id: str = ""
    ) -> Ended:
        """What the sign-in was for. Raises NotFound, SignInRefused, Unavailable, Conflict.

        The sign-in is used up before the provider is asked, so a callback works at most once. An app is
        told in its own words what went wrong (RFC 6749, 4.1.2.1).
        """
        way = self._way(provider)
        sign_in = self._use(provider, callback.state, headers)
        try:
            return self._finish(way, callback, sign_in, headers, trace_id)
        except OoError as error:
            if sign_in is None or sign_in.app is None:
                raise
            return Ended(back_to_app(sign_in.app, self._settings.public_url, error=error), failed=error)

    def admin(self, token: str, headers: Mapping[str, str], trace_id: str = "") -> Started:
        """An admin's session for the admin token. Raises Forbidden when it is off, Unauthenticated."""
        if not self._settings.admin_token_sha256:
            raise Forbidden("Sign-in by admin token is off here; set OO_ADMIN_TOKEN_SHA256 to switch it on.")
        if not hmac.compare_digest(digest(token), self._settings.admin_token_sha256):
            raise Unauthenticated("This is not the admin token.")
        started = self._sessions.start(person_id=None, role="admin", provider="token", previous=headers)
        return self._endings.written_down(started, trace_id)

    def health(self) -> Health:
        """Down when its store does not answer; degraded when nobody could sign in. Asks no provider."""
        try:
            self._sign_ins.get("health")
        except Exception as error:
            return Health(module="auth", status="down", detail=type(error).__name__)
        if not self._providers:
            return Health(module="auth", status="degraded", detail="no sign-in provider is set up")
        return Health(module="auth", status="ok")

    def _leave(
        self,
        provider: str,
        headers: Mapping[str, str],
        *,
        return_to: str,
        session: str,
        link: bool = False,
        app: App | None = None,
    ) -> Begun:
        """The browser's secret is kept when it has one, so that two tabs may sign in side by side."""
        way = self._way(provider)
        browser = cookies.read(headers, SIGN_IN_COOKIE)
        if not _SECRET.match(browser):
            browser = self._ids.secret()
        state, nonce, verifier = self._ids.secret(), self._ids.secret(), self._ids.secret()
        try:
            url = way.authorization_url(
                redirect_uri=self._redirect_uri(provider), state=state, nonce=nonce, verifier=verifier
            )
        except Unavailable as error:
            if app is None:
                raise
            return Begun(back_to_app(app, self._settings.public_url, error=error), browser, way.form_post)
        self._sign_ins.put(
            SignIn(
                state=digest(state),
                provider=provider,
                browser=digest(browser),
                verifier=verifier,
                nonce=nonce,
                return_to=return_to,
                expires=self._now() + SIGN_IN_SECONDS,
                session=session,
                link=link,
                app=app,
            )
        )
        return Begun(url, browser, way.form_post)

    def _finish(
        self,
        way: Provider,
        callback: Callback,
        sign_in: SignIn | None,
        headers: Mapping[str, str],
        trace_id: str,
    ) -> Ended:
        if callback.error is not None:
            raise SignInRefused("denied", "The provider did not confirm the sign-in. Start it again.")
        if sign_in is None:
            raise SignInRefused("state", _NOT_OURS)
        if not callback.code:
            raise SignInRefused("code", "The provider sent no sign-in code. Start the sign-in again.")
        identity = way.identify(
            redirect_uri=self._redirect_uri(way.name),
            code=callback.code,
            issuer=callback.iss,
            nonce=sign_in.nonce,
            verifier=sign_in.verifier,
            now=self._clock.now(),
        )
        key = identity_key(identity)
        if sign_in.link:
            return self._endings.link(key, sign_in, headers, trace_id)
        if sign_in.app is not None:
            return self._endings.app(key, sign_in.app, sign_in.provider)
        return self._endings.browser(key, sign_in, headers, trace_id)

    def _use(self, provider: str, state: str | None, headers: Mapping[str, str]) -> SignIn | None:
        """The sign-in of this state, used up; None unless it is ours, this browser's, in time and unused.

        Another browser's callback leaves it as it is: nobody can use up someone else's sign-in.
        """
        browser = cookies.read(headers, SIGN_IN_COOKIE)
        if not state or not browser:
            return None
        sign_in = self._sign_ins.get(digest(state))
        if (
            sign_in is None
            or sign_in.provider != provider
            or sign_in.expires <= self._now()
            or not hmac.compare_digest(sign_in.browser, digest(browser))
        ):
            return None
        return sign_in if self._sign_ins.consume(sign_in.state) else None

    def _way(self, provider: str) -> Provider:
        way = self._providers.get(provider)
        if way is None:
            raise NotFound("There is no such sign-in; see GET /api/auth/providers.")
        return way

    def _redirect_uri(self, provider: str) -> str:
        return f"{self._settings.public_url.rstrip('/')}/api/auth/callback/{provider}"

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
