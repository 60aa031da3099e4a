"""How sign-in answers over HTTP: cookies set, the browser sent on or back to the page with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from chalicelib.auth import cookies
from chalicelib.auth.contract import SESSION_COOKIE, SIGN_IN_COOKIE, SIGN_IN_SECONDS, SignInRefused
from chalicelib.auth.service import Begun, Started
from chalicelib.contracts.errors import OoError


def is_secure(public_url: str) -> bool:
    """Whether cookies may travel over TLS only."""
    return public_url.startswith("https://")


def location(public_url: str, path: str) -> str:
    """A path on this site as an absolute address, so that no path can lead elsewhere."""
    return public_url.rstrip("/") + path


def session_cookie(started: Started, public_url: str) -> str:
    """The `sid` of a new session, until its absolute expiry."""
    return cookies.write(
        SESSION_COOKIE, started.secret, max_age=started.seconds, secure=is_secure(public_url)
    )


def sign_in_cookie(begun: Begun, public_url: str) -> str:
    """Ties the way back to this browser. A form post comes from the provider's page: SameSite=None."""
    secure = is_secure(public_url)
    same_site = "None" if begun.form_post and secure else "Lax"
    return cookies.write(
        SIGN_IN_COOKIE, begun.browser, max_age=SIGN_IN_SECONDS, secure=secure, same_site=same_site
    )


def wants_page(headers: Mapping[str, str]) -> bool:
    """Whether a person looks at the answer, so that a problem document would be a dead end."""
    return "text/html" in headers.get("accept", "")


def reason(error: OoError) -> str:
    """The code that the page and the log get for a failed sign-in."""
    return error.reason if isinstance(error, SignInRefused) else error.slug


def failed(error: OoError, public_url: str) -> str:
    """The page, with why sign-in failed."""
    return location(public_url, "/?" + urlencode({"signin": "failed", "reason": reason(error)}))
