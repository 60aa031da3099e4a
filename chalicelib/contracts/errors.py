"""What can be wrong with a request, as exceptions that know nothing of HTTP's wire format.

Services raise these; the gateway alone turns them into RFC 9457 problem details. `slug` is the
last part of the problem's `type`, stable for clients to branch on; `detail` says what to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import ValidationError

TYPE_BASE: Final = "urn:oo:problem:"
_LONGEST_NAME: Final = 100


class OoError(Exception):
    """Base of every error that a caller may see."""

    status = 500
    slug = "internal"
    title = "Something failed on our side"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        """`extra` become members of the problem document (never personal text)."""
        super().__init__(detail or self.title)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra

    def document(self) -> dict[str, Any]:
        """The problem document (RFC 9457), without an instance; also for one entry of a batch."""
        return {
            "type": TYPE_BASE + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail or self.title,
            **self.extra,
        }


class Malformed(OoError):
    """The body is not JSON, or not an object."""

    status, slug, title = 400, "malformed", "The request could not be read"


class Unauthenticated(OoError):
    """No valid session, token or sign-in."""

    status, slug, title = 401, "unauthenticated", "Sign in first"


class Forbidden(OoError):
    """Known, but not allowed."""

    status, slug, title = 403, "forbidden", "Not allowed"


class ConsentRequired(Forbidden):
    """The person has not agreed to this use."""

    slug, title = "consent-required", "Consent is required first"


class NotFound(OoError):
    """No such thing for this person; another person's thing looks the same."""

    status, slug, title = 404, "not-found", "No such thing"


class Conflict(OoError):
    """The state changed meanwhile; read again and retry."""

    status, slug, title = 409, "conflict", "It changed meanwhile"


class Gone(OoError):
    """It was there, and its time is over."""

    status, slug, title = 410, "gone", "Too late"


class TooLarge(OoError):
    """Over the size or count limit."""

    status, slug, title = 413, "too-large", "Too large"


class Invalid(OoError):
    """Readable, but wrong: `errors` lists each field and what to change."""

    status, slug, title = 422, "invalid", "Some fields need changing"

    def __init__(self, detail: str = "", errors: Sequence[Mapping[str, Any]] = (), **extra: Any):
        """`errors`: one `{pointer, detail}` per wrong field."""
        super().__init__(detail, **extra, **({"errors": list(errors)} if errors else {}))


class RateLimited(OoError):
    """Too many calls; `retry_after` seconds."""

    status, slug, title = 429, "rate-limited", "Too many calls"

    def __init__(self, detail: str = "", retry_after: int = 60) -> None:
        """`retry_after`: seconds until a call is accepted again."""
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(OoError):
    """A part that this needs does not answer now; nothing was kept, try again."""

    status, slug, title = 503, "unavailable", "Not available right now"


def field_errors(error: ValidationError) -> list[dict[str, str]]:
    """One `{pointer, detail}` per wrong field; never the value, which may be personal."""
    return [
        {"pointer": "".join(f"/{_token(part)}" for part in e["loc"]), "detail": _what_to_change(e)}
        for e in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _token(part: int | str) -> str:
    """A part of a JSON pointer (RFC 6901). A name that was sent comes back short and as plain text."""
    name = str(part)[:_LONGEST_NAME].encode("utf-8", "replace").decode()
    return name.replace("~", "~0").replace("/", "~1")


def _what_to_change(error: Mapping[str, Any]) -> str:
    # The only message of pydantic's that quotes what was sent.
    if error["type"] == "uuid_parsing":
        return "send a UUID"
    return str(error["msg"]).removeprefix("Value error, ")
