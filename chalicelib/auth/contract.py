"""What auth promises: its models, the Protocols of its stores, and what can go wrong at sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chalicelib.contracts.errors import OoError
from chalicelib.contracts.http import Strict

SESSION_COOKIE: Final = "sid"
SIGN_IN_COOKIE: Final = "oo_signin"
SIGN_IN_SECONDS: Final = 600
"""How long a sign-in may take, from leaving for the provider to coming back."""

Reason = Literal["denied", "state", "code", "token"]
"""Why a sign-in ended: the person or provider said no; the callback is not one of ours, not this
browser's, too late or used; the provider refused the code; the ID token does not hold."""


class SignInRefused(OoError):
    """A callback that gives no session. `reason` is a code for clients and logs."""

    status, slug, title = 400, "sign-in-refused", "Sign-in did not work"

    def __init__(self, reason: Reason, detail: str) -> None:
        """`detail` says what to do next; it never holds what the provider sent."""
        super().__init__(detail, reason=reason)
        self.reason: Reason = reason


# --- what rests -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """A session at rest. `key` is the SHA-256 of the `sid`; moments are epoch seconds."""

    key: str
    person_id: str | None
    role: Literal["person", "admin"]
    provider: str
    created_at: int
    last_seen: int
    expires: int


@dataclass(frozen=True)
class SignIn:
    """A sign-in under way. `state` and `browser` are SHA-256 of what the browser holds."""

    state: str
    provider: str
    browser: str
    verifier: str
    nonce: str
    return_to: str
    expires: int


@dataclass(frozen=True)
class Identity:
    """Who a provider says it is: unique and stable within the issuer."""

    issuer: str
    subject: str


class SessionStore(Protocol):
    """Sessions by key, and by person through an index."""

    def put(self, session: Session) -> None:
        """Keep a new session."""

    def touch(
        self, key: str, *, now: int, idle_since: int, counters: Mapping[str, bool]
    ) -> tuple[Session, int] | None:
        """Read, slide and count in one write; None when absent, expired, or unused since `idle_since`.

        `counters`: True is added to, False is removed. The number is the least of those added to.
        """

    def of_person(self, person_id: str) -> Sequence[Session]:
        """The person's sessions, also those that have expired and were not yet removed."""

    def end(self, key: str, *, person_id: str | None = None) -> bool:
        """Remove the session, with `person_id` only if it is theirs; whether there was one."""


class IdentityStore(Protocol):
    """Which person an identity (a SHA-256) belongs to."""

    def person_of(self, identity: str) -> str | None:
        """The person, or None for an identity never seen or erased; up to date."""

    def resolve(self, identity: str, *, new_person_id: str, provider: str, now: int) -> str:
        """The person of this identity, made with `new_person_id` at the first sight.

        Of two concurrent first sights one makes the person and both get it.
        """


class SignInStore(Protocol):
    """Sign-ins under way."""

    def put(self, sign_in: SignIn) -> None:
        """Keep it until it is used or expires."""

    def get(self, state: str) -> SignIn | None:
        """Read it, expired or not."""

    def consume(self, state: str) -> bool:
        """Remove it; True for exactly one of all who try."""


# --- what goes over HTTP ----------------------------------------------------------------------


def same_site_path(value: str) -> str:
    """A path on this site, e.g. `/?from=tip`. Raises ValueError for anything a browser may read as elsewhere.

    Browsers read a backslash as a slash and drop control characters, so neither may occur.
    """
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path on this site that begins with one slash")
    if "\\" in value or any(not 0x20 < ord(c) < 0x7F for c in value):
        raise ValueError("must be percent-encoded ASCII without backslashes or spaces")
    return value


class LoginQuery(Strict):
    """Query of `GET /api/auth/login/{provider}`."""

    return_to: Annotated[str, Field(max_length=512), AfterValidator(same_site_path)] = Field(
        default="/", description="The path on this site to come back to."
    )


class Callback(BaseModel):
    """What a provider sends back, by query or form; what else it sends is ignored."""

    model_config = ConfigDict(extra="ignore")

    code: str | None = Field(default=None, max_length=4096)
    state: str | None = Field(default=None, max_length=512)
    error: str | None = Field(default=None, max_length=256)
    iss: str | None = Field(default=None, max_length=512, description="The issuer (RFC 9207).")


class SessionSummary(BaseModel):
    """One of the person's sessions, to recognise and end it."""

    id: str
    current: bool
    provider: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionList(BaseModel):
    """The answer of `GET /api/auth/sessions`, the latest used first."""

    sessions: list[SessionSummary]
