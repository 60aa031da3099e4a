"""Signs in without a browser, through the real flow: login, the provider's form, the callback."""

from __future__ import annotations

import contextlib
import re
from http.cookiejar import LoadError, MozillaCookieJar
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

PROVIDER = "oidc"


class SignInFailed(Exception):
    """The flow ended early; the message says at which step and with what."""


def sign_in(url: str, subject: str) -> httpx.Client:
    """A client of the API that is signed in as `subject` at the local provider. Raises SignInFailed."""
    import httpx

    client = httpx.Client(base_url=url, timeout=30)
    try:
        begun = client.get(f"/api/auth/login/{PROVIDER}")
        authorize = _next(begun, "start the sign-in")
        form = client.get(authorize)
        if form.status_code != 200:
            raise SignInFailed(f"the provider's page answered {form.status_code}: {form.text[:300]}")
        callback = _next(client.post(authorize, data={"sub": subject}), "answer the provider's form")
        done = client.get(callback)
        if "signin=failed" in _next(done, "come back from the provider"):
            raise SignInFailed(f"the callback refused: {done.headers['Location']}")
        session = client.get("/api/auth/session")
        if session.status_code != 200:
            raise SignInFailed(f"no session after the callback: {session.status_code} {session.text[:300]}")
    except httpx.HTTPError as error:
        client.close()
        raise SignInFailed(f"no answer: {error!r}") from error
    except SignInFailed:
        client.close()
        raise
    return client


def signed_in(url: str, subject: str, home: Path) -> httpx.Client:
    """A client with the kept session of `subject`, or a fresh sign-in whose cookies are kept."""
    import httpx

    path = jar_path(home, subject)
    jar = MozillaCookieJar(path)
    if path.exists():
        try:
            jar.load(ignore_discard=True)
        except (LoadError, OSError):
            jar.clear()
        client = httpx.Client(base_url=url, cookies=jar, timeout=30)
        if client.get("/api/auth/session").status_code == 200:
            return client
        client.close()
    save_sign_in(url, subject, home)
    jar.load(ignore_discard=True)
    return httpx.Client(base_url=url, cookies=jar, timeout=30)


def save_sign_in(url: str, subject: str, home: Path) -> Path:
    """Sign in and write the cookies where `curl -b` reads them; the path."""
    path = jar_path(home, subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A session's cookie is a key: only this user may read it.
    path.touch(mode=0o600)
    path.chmod(0o600)
    jar = MozillaCookieJar(path)
    with contextlib.closing(sign_in(url, subject)) as client:
        for cookie in client.cookies.jar:
            jar.set_cookie(cookie)
    jar.save(ignore_discard=True)
    return path


def jar_path(home: Path, subject: str) -> Path:
    """Where the cookies of a subject are kept."""
    return home / "cookies" / (re.sub(r"[^A-Za-z0-9._-]", "_", subject)[:80] + ".txt")


def _next(answer: httpx.Response, step: str) -> str:
    if answer.is_redirect and "Location" in answer.headers:
        return str(answer.next_request.url) if answer.next_request else answer.headers["Location"]
    raise SignInFailed(f"could not {step}: {answer.status_code} {answer.text[:300]}")
