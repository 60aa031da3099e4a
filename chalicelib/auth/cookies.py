"""The two cookies, as text: `sid` for a session, `oo_signin` for a sign-in under way."""

from __future__ import annotations

from collections.abc import Mapping


def read(headers: Mapping[str, str], name: str) -> str:
    """The cookie's value, or an empty string. Header names are lower case.

    Two values are none: a sibling domain may have set one of them, and which is ours nobody can tell.
    """
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    values = {value for key, _, value in pairs if key == name}
    return values.pop() if len(values) == 1 else ""


def write(name: str, value: str, *, max_age: int, secure: bool, same_site: str = "Lax") -> str:
    """A Set-Cookie value; scripts never see the cookie."""
    parts = [f"{name}={value}", "Path=/", f"Max-Age={max_age}", "HttpOnly", f"SameSite={same_site}"]
    return "; ".join([*parts, "Secure"] if secure else parts)


def clear(name: str, *, secure: bool) -> str:
    """A Set-Cookie value that removes the cookie."""
    return write(name, "", max_age=0, secure=secure)
