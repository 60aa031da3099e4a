"""What auth promises: what it keeps, the Protocols of its stores, and what can go wrong at sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from chalicelib.contracts.errors import OoError

SESSION_COOKIE: Final = "sid"
SIGN_IN_COOKIE: Final = "oo_signin"
SIGN_IN_SECONDS: Final = 600
"""How long a sign-in may take, from leaving for the provider to coming back."""

CODE_SECONDS: Final = 60
"""How long an app may take to redeem its code."""
APP: Final = "mobile"
"""The one client that gets tokens instead of a cookie."""

Reason = Literal["denied", "state", "code", "token", "session"]
"""Why a sign-in ended: the person or provider said no; the callback is not one of ours, not this
browser's, too late or used; the provider refused the code; the ID token does not hold; the session
that wanted to add a sign-in is over."""


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
    """A session at rest: a browser's, or with `client` an app's. Moments are epoch seconds.

    `key` is the SHA-256 of the `sid`, or of what all refresh tokens of an app's sign-in have in common.
    """

    key: str
    person_id: str | None
    role: Literal["person", "admin"]
    provider: str
    created_at: int
    last_seen: int
    expires: int
    client: str = ""
    """Empty for a browser, APP for an app."""
    pending: bool = False
    """An app's whose code was not redeemed yet: nobody is signed in by it."""


@dataclass(frozen=True)
class PendingCode:
    """What must fit for an app's code to be redeemed. `code` is its SHA-256."""

    code: str
    challenge: str
    redirect_uri: str


@dataclass(frozen=True)
class App:
    """An app that a sign-in under way goes back to; the address is a registered one."""

    redirect_uri: str
    challenge: str
    """The S256 challenge of the app's own verifier."""
    state: str


@dataclass(frozen=True)
class SignIn:
    """A sign-in under way. `state` and `browser` are SHA-256 of what the browser holds.

    `session` is the key of the session that the browser had when it left: it ends with the sign-in, or,
    with `link`, its person gets one more way to sign in. No person stands here.
    """

    state: str
    provider: str
    browser: str
    verifier: str
    nonce: str
    return_to: str
    expires: int
    session: str = ""
    link: bool = False
    app: App | None = None


@dataclass(frozen=True)
class Identity:
    """Who a provider says it is: unique and stable within the issuer."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class Linked:
    """One of a person's identities at rest; `key` is the SHA-256 of issuer and subject."""

    key: str
    provider: str
    created_at: int


class SessionStore(Protocol):
    """Sessions by key, and by person through an index; without a person: the sessions of the admin token."""

    def put(self, session: Session, code: PendingCode | None = None) -> None:
        """Keep a new session, with `code` a pending one."""

    def get(self, key: str) -> Session | None:
        """Read it as it is, expired or not; up to date."""

    def touch(
        self, key: str, *, now: int, idle_since: int, counters: Mapping[str, bool]
    ) -> tuple[Session, int] | None:
        """Read, slide and count in one write; None when absent, expired, or unused since `idle_since`.

        `counters`: True is added to, False is removed. The number is the least of those added to.
        """

    def redeem(self, key: str, code: PendingCode, *, refresh: str, now: int, expires: int) -> Session | None:
        """The pending session in force, with its first refresh token's SHA-256; None unless the code fits."""

    def rotate(self, key: str, refresh: str, fresh: str, *, now: int, idle_since: int) -> Session | None:
        """The session with `fresh` for `refresh` (both SHA-256) in one write; None unless that fits.

        Of two concurrent calls one gets it.
        """

    def of_person(self, person_id: str | None) -> Sequence[Session]:
        """The person's sessions, also those that have expired and were not yet removed."""

    def end(self, key: str, *, person_id: str | None = None, role: str | None = None) -> bool:
        """Remove the session, with `person_id` or `role` only if it has that; whether there was one."""


class IdentityStore(Protocol):
    """Which person an identity (a SHA-256) belongs to."""

    def person_of(self, identity: str) -> str | None:
        """The person, or None for an identity never seen or erased; up to date."""

    def resolve(self, identity: str, *, new_person_id: str, provider: str, now: int) -> str:
        """The person of this identity, made with `new_person_id` at the first sight.

        Of two concurrent first sights one makes the person and both get it.
        """

    def of_person(self, person_id: str) -> Sequence[Linked]:
        """The person's identities, by an index that may lag a moment."""

    def unlink(self, identity: str, *, person_id: str, other: str) -> bool:
        """Forget a person's identity, if `other` then still is theirs; whether it went."""

    def forget(self, identity: str, *, person_id: str) -> None:
        """Take back what `resolve` made. Idempotent."""


class SignInStore(Protocol):
    """Sign-ins under way."""

    def put(self, sign_in: SignIn) -> None:
        """Keep it until it is used or expires."""

    def get(self, state: str) -> SignIn | None:
        """Read it, expired or not."""

    def consume(self, state: str) -> bool:
        """Remove it; True for exactly one of all who try."""
