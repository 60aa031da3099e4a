"""Sign-in, sessions and logout over HTTP."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.auth import cookies, replies
from chalicelib.auth.contract import SESSION_COOKIE, SIGN_IN_COOKIE
from chalicelib.auth.http import (
    Callback,
    IdentityList,
    LinkRequest,
    LinkStarted,
    LoginQuery,
    SessionList,
)
from chalicelib.contracts.errors import Malformed, NotFound, OoError, Unauthenticated
from chalicelib.contracts.http import AdminTokenRequest, Providers, SessionInfo
from chalicelib.gateway.call import Call, Reply
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from chalicelib.wiring import api

bp = Blueprint(__name__)
_FORM: Final = "application/x-www-form-urlencoded"
_log = logger("auth")


@api.endpoint(bp, "GET", "/api/auth/providers", access="anyone", answers={200: Providers})
def providers(call: Call[None]) -> Providers:
    """List the ways to sign in."""
    return wiring.sign_in().providers()


@api.endpoint(
    bp, "GET", "/api/auth/login/{provider}", access="anyone", limit="address",
    query=LoginQuery, answers={303: None},
    problems=(503,),
)  # fmt: skip
def login(call: Call[None]) -> Reply:
    """Start a sign-in: go to the provider.

    Needs a browser that keeps cookies; afterwards it comes back to `return_to`. With `client` an app signs
    in: the browser goes on to its `redirect_uri` with a code for `POST /api/auth/oauth/token`.
    """
    url = settings().public_url
    try:
        begun = wiring.sign_in().begin(
            call.path["provider"], call.query.return_to, call.headers, call.query.app
        )
    except OoError as error:
        return _back_to_page(call, error)
    return Reply(status=303, headers={"Location": begun.url}, cookies=[replies.sign_in_cookie(begun, url)])


@api.endpoint(
    bp, "GET", "/api/auth/callback/{provider}", access="anyone", limit="address",
    query=Callback, answers={303: None},
    problems=(400, 409, 503),
)  # fmt: skip
def callback(call: Call[None]) -> Reply:
    """Come back from the provider: a session, and on to the page.

    A browser is sent to `/?signin=failed&reason=...` when it does not work; other clients get a problem.
    """
    return _finish(call, call.query)


@api.endpoint(
    bp, "POST", "/api/auth/callback/{provider}", access="anyone", limit="address", answers={303: None},
    problems=(400, 409, 503), content_types=(_FORM,), cross_site=True,
)  # fmt: skip
def callback_form(call: Call[bytes]) -> Reply:
    """Come back from a provider that posts a form.

    The same as by GET. The state and the browser's cookie are the proof that it belongs here.
    """
    try:
        form = Callback.model_validate(dict(parse_qsl(call.body.decode(), max_num_fields=20)))
    except ValueError:
        raise Malformed("Post the form that the provider made.") from None
    return _finish(call, form)


@api.endpoint(
    bp, "POST", "/api/auth/token", access="anyone", limit="address",
    body=AdminTokenRequest, answers={200: SessionInfo},
    problems=(401,),
)  # fmt: skip
def token(call: Call[AdminTokenRequest]) -> Reply:
    """Sign in as admin with the admin token."""
    started = wiring.sign_in().admin(call.body.token, call.headers, call.trace_id)
    info = SessionInfo(person_id=None, role="admin", expires_at=started.expires_at)
    return Reply(body=info, cookies=[replies.session_cookie(started, settings().public_url)])


@api.endpoint(
    bp, "POST", "/api/auth/link/{provider}", body=LinkRequest, answers={200: LinkStarted},
    problems=(403, 503),
)  # fmt: skip
def link(call: Call[LinkRequest]) -> Reply:
    """Add a way to sign in: send the browser to `url`.

    It comes back to `return_to`, or to `/?signin=failed&reason=...`: `conflict` when that account already
    signs in to another oO.
    """
    begun = wiring.sign_in().link(call.path["provider"], call.principal, call.body.return_to, call.headers)
    cookie = replies.sign_in_cookie(begun, settings().public_url)
    return Reply(body=LinkStarted(url=begun.url), cookies=[cookie])


@api.endpoint(bp, "GET", "/api/auth/identities", answers={200: IdentityList})
def identities(call: Call[None]) -> IdentityList:
    """List the ways in which you sign in."""
    return wiring.identities().list(call.person_id)


@api.endpoint(bp, "DELETE", "/api/auth/identities/{id}", answers={204: None}, problems=(409,))
def unlink(call: Call[None]) -> Reply:
    """Take a way to sign in away, and end the other sessions that it began.

    The last one stays.
    """
    wiring.identities().unlink(call.principal, call.person_id, call.path["id"])
    return Reply(status=204)


@api.endpoint(bp, "GET", "/api/auth/session", access="session", answers={200: SessionInfo})
def session(call: Call[None]) -> SessionInfo:
    """Tell who is signed in, and until when."""
    who = call.principal
    if who.expires_at is None:
        raise Unauthenticated
    return SessionInfo(person_id=who.person_id, role=who.role, expires_at=who.expires_at)


@api.endpoint(bp, "GET", "/api/auth/sessions", answers={200: SessionList})
def sessions(call: Call[None]) -> SessionList:
    """List the sessions of the person who asks."""
    return wiring.sessions().list(call.principal)


@api.endpoint(bp, "DELETE", "/api/auth/sessions/{id}", answers={204: None})
def revoke(call: Call[None]) -> Reply:
    """End one of your own sessions, a browser's or an app's."""
    wiring.sessions().revoke(call.person_id, call.path["id"])
    return Reply(status=204)


@api.endpoint(bp, "POST", "/api/auth/logout", access="anyone", answers={204: None})
def logout(call: Call[None]) -> Reply:
    """End this session; harmless without one."""
    wiring.sessions().end(call.headers)
    secure = replies.is_secure(settings().public_url)
    return Reply(status=204, cookies=[cookies.clear(SESSION_COOKIE, secure=secure)])


def _finish(call: Call[Any], answer: Callback) -> Reply:
    url = settings().public_url
    try:
        done = wiring.sign_in().finish(call.path["provider"], answer, call.headers, call.trace_id)
    except OoError as error:
        return _back_to_page(call, error)
    if done.failed is None:
        _log.info("signed in", provider=call.path["provider"])
    else:
        _log.warning("sign-in failed", provider=call.path["provider"], reason=replies.reason(done.failed))
    session = [replies.session_cookie(done.started, url)] if done.started else []
    return Reply(
        status=303,
        headers={"Location": done.location},
        cookies=[*session, cookies.clear(SIGN_IN_COOKIE, secure=replies.is_secure(url))],
    )


def _back_to_page(call: Call[Any], error: OoError) -> Reply:
    if isinstance(error, NotFound):
        raise error
    _log.warning("sign-in failed", provider=call.path["provider"], reason=replies.reason(error))
    if not replies.wants_page(call.headers):
        raise error
    return Reply(status=303, headers={"Location": replies.failed(error, settings().public_url)})
