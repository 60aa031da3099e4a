"""What integrations promises: connections to third parties, and what may be used of them.

`TokenVault.access_token(person, source)` is all that a connector needs; everything else here is how the
connection itself is made, kept and ended. What a file parser promises is in `files/base.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Final, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.errors import Conflict, OoError

CONNECT_SECONDS: Final = 600
"""How long a person may take at the provider."""
EARLY_SECONDS: Final = 60
"""An access token is renewed when it has less than this to live."""
USABLE_SECONDS: Final = 10
"""While another one renews it, a token with more than this to live is used as it is."""
LEASE_SECONDS: Final = 20
"""How long one refresher has; longer than any refresh takes, so that two never overlap."""
REST_SECONDS: Final = 5
"""How long nobody asks a provider again that did not answer."""
WAIT_SECONDS: Final = 8.0
"""How long the others wait for its result, when the token of now is as good as over."""

Status = Literal["connected", "needs_reconnect"]
Refusal = Literal["denied", "state", "code", "scope"]


class NotConnected(OoError):
    """The person has no connection to this source."""

    status, slug, title = 404, "not-connected", "Not connected"


class AlreadyConnected(Conflict):
    """The source is connected; a second grant beside the first would be one that nobody revokes."""

    slug, title = "already-connected", "Already connected"


class NeedsReconnect(Conflict):
    """The provider no longer accepts what it gave; the person has to connect again."""

    slug, title = "needs-reconnect", "Connect this source again"


class ConnectRefused(OoError):
    """A way back from a provider that gives no connection."""

    status, slug, title = 400, "connect-refused", "Connecting did not work"

    def __init__(self, reason: Refusal, detail: str) -> None:
        """`detail` never holds what the provider sent."""
        super().__init__(detail, reason=reason)
        self.reason: Refusal = reason


# --- what a source says about itself ----------------------------------------------------------------


@dataclass(frozen=True)
class Tokens:
    """What a provider gave. `expires_at` is epoch seconds; None: until it is revoked."""

    access: str
    refresh: str | None = None
    expires_at: int | None = None
    scopes: tuple[str, ...] = ()


class NothingToRead(Conflict):
    """oO can be connected to this source, and does not read it yet."""

    slug, title = "nothing-to-read", "This source is not read yet"


class GrantEnded(Exception):
    """The provider says that the grant is no longer good (RFC 6749, `invalid_grant`)."""


class SourceFailed(Exception):
    """The provider did not answer, or not usably; what it was asked may or may not have happened."""


class Source(Protocol):
    """A third party that a person can connect. One file each in `sources/`."""

    name: str
    title: str
    consent: Consent
    """What the person must have agreed to, before and while it is connected."""
    scopes: tuple[str, ...]

    def authorization_url(self, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Where to send the browser; carries the S256 challenge of `verifier`, never `verifier`."""

    def exchange(self, *, redirect_uri: str, code: str, verifier: str, now: datetime) -> Tokens:
        """The code for tokens, once. Raises GrantEnded or SourceFailed."""

    def refresh(self, tokens: Tokens, *, now: datetime) -> Tokens:
        """New tokens for old, once: a refresh token may work only once. Raises GrantEnded or SourceFailed."""

    def revoke(self, tokens: Tokens) -> None:
        """Take the grant back (RFC 7009); one that is gone already is as good. Raises SourceFailed."""


@dataclass(frozen=True)
class Item:
    """A thing at a source as it stood when it changed last there."""

    changed_at: datetime
    signal: Mapping[str, Any]
    """An entry of `POST /api/signals` without `occurred_at` and `source`, which are the reader's to say."""


@dataclass(frozen=True)
class Fetched:
    """What a source told. `refused` counts what could not be read; `cursor` is where to go on from."""

    items: Sequence[Item]
    cursor: str
    refused: int = 0


class TokenRefused(Exception):
    """The source does not take the access token (401)."""


@runtime_checkable
class Readable(Protocol):
    """A `Source` that oO reads."""

    def fetch(self, access: str, cursor: str | None, zone: tzinfo) -> Fetched:
        """What changed since the cursor, the closed among it; without one, all that is open.

        `zone` is the person's, for times without one. Raises TokenRefused, SourceFailed.
        """


# --- what rests -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Connection:
    """A connection at rest. Moments are epoch seconds; `sealed` tokens are None once they are no good."""

    person_id: str
    source: str
    version: int
    """Every change adds one and requires the version that was seen."""
    status: Status
    sealed: bytes | None
    scopes: tuple[str, ...]
    expires_at: int | None
    connected_at: int
    refreshed_at: int | None = None
    holder: str | None = None
    """Who refreshes now, until `held_until`."""
    held_until: int = 0
    cursor: str | None = None
    """Where reading goes on from."""
    synced_at: int | None = None
    listed_at: int | None = None
    """When all that is open was read last, so that its titles are kept anew."""

    def changed(self, **changes: Any) -> Connection:
        """The next version, held by nobody."""
        return replace(self, **{"version": self.version + 1, "holder": None, "held_until": 0, **changes})


@dataclass(frozen=True)
class Attempt:
    """A person who is at the provider to connect: digests of state and session, the sealed verifier."""

    person_id: str
    source: str
    state: str
    session: str
    sealed: bytes
    expires: int


class ConnectionStore(Protocol):
    """The table `provider-tokens`."""

    def get(self, person_id: str, source: str) -> Connection | None:
        """The connection, strongly consistent."""

    def of_person(self, person_id: str) -> Sequence[Connection]:
        """All of the person's connections, strongly consistent."""

    def put(self, connection: Connection) -> bool:
        """Keep a new connection in place of any before; False when the person is erased."""

    def hold(self, seen: Connection, holder: str, *, now: int, until: int) -> bool:
        """Become the one who refreshes what was seen; False when it changed or another one is at it."""

    def change(self, seen: Connection, after: Connection) -> bool:
        """Write `after` if the connection is still as `seen`, and held by whom `seen` says."""

    def delete(self, seen: Connection) -> bool:
        """Remove the connection; False when it changed since, and then it stays."""

    def read_up_to(self, seen: Connection, cursor: str, synced_at: int, listed_at: int | None) -> bool:
        """Remember how far it was read; False when it is another connection by now.

        Whatever changed of its tokens meanwhile stays.
        """

    def begin(self, attempt: Attempt) -> bool:
        """Keep an attempt in place of any before; False when the person is erased."""

    def attempt(self, person_id: str, source: str) -> Attempt | None:
        """The attempt under way, expired or not."""

    def finish(self, attempt: Attempt) -> bool:
        """Use the attempt up; True for exactly one of all who try."""

    def ping(self) -> None:
        """Raises when the store does not answer."""

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """What is connected and since when; never a token."""

    def clear(self, person_id: str) -> int:
        """Remove every row of the person; how many."""


# --- what goes over HTTP ----------------------------------------------------------------------------


class Integration(BaseModel):
    """A source that can be connected here, and how it stands for the person."""

    source: str
    title: str
    consent: Consent
    status: Literal["available", "connected", "needs_reconnect"]
    scopes: list[str] = Field(description="What oO asks the source for.")
    connected_at: datetime | None = None
    synced_at: datetime | None = Field(default=None, description="When it was read last.")


class Integrations(BaseModel):
    """The answer of `GET /api/integrations`."""

    integrations: list[Integration]


class ConnectStarted(BaseModel):
    """The answer of `POST /api/integrations/{source}/connect`: where to send the browser."""

    location: str
    expires_at: datetime


class ConnectCallback(BaseModel):
    """What a provider sends back; what else it sends is ignored."""

    model_config = ConfigDict(extra="ignore")

    code: str | None = Field(default=None, max_length=4096)
    state: str | None = Field(default=None, max_length=512)
    error: str | None = Field(default=None, max_length=256)


class Synced(BaseModel):
    """The answer of `POST /api/integrations/{source}/sync`: what became of what the source told."""

    source: str
    accepted: int = Field(description="New or changed; stored within moments.")
    duplicate: int = Field(description="Known already.")
    rejected: int = Field(description="Could not be read or taken.")
    synced_at: datetime
