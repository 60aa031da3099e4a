"""What goes over HTTP: queries, forms and answers of the routes of auth."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from chalicelib.auth.contract import App
from chalicelib.contracts.http import Strict


def same_site_path(value: str) -> str:
    """A path on this site, e.g. `/?from=tip`. Raises ValueError for anything a browser may read as elsewhere.

    Browsers read a backslash as a slash and drop control characters, so neither may occur.
    """
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path on this site that begins with one slash")
    if "\\" in value or any(not 0x20 < ord(c) < 0x7F for c in value):
        raise ValueError("must be percent-encoded ASCII without backslashes or spaces")
    return value


Challenge = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class LoginQuery(Strict):
    """Query of `GET /api/auth/login/{provider}`. With `client` an app signs in and gets a code."""

    return_to: Annotated[str, Field(max_length=512), AfterValidator(same_site_path)] = Field(
        default="/", description="The path on this site to come back to."
    )
    client: Literal["mobile"] | None = Field(default=None, description="An app, which gets tokens.")
    redirect_uri: str | None = Field(
        default=None,
        max_length=512,
        description="For an app: where to send it back to, a registered address.",
    )
    code_challenge: Challenge | None = Field(
        default=None, description="For an app: the S256 challenge of its verifier (RFC 7636)."
    )
    code_challenge_method: Literal["S256"] = "S256"
    state: str | None = Field(
        default=None, min_length=8, max_length=512, pattern=r"^[!-~]+$",
        description="For an app: comes back with the code, so that it knows its own sign-in.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _whole(self) -> LoginQuery:
        given = [name for name in ("redirect_uri", "code_challenge", "state") if getattr(self, name)]
        if self.client and len(given) < 3:
            raise ValueError("client=mobile needs redirect_uri, code_challenge and state")
        if given and not self.client:
            raise ValueError("redirect_uri, code_challenge and state need client=mobile")
        return self

    @property
    def app(self) -> App | None:
        """The app that signs in."""
        if not (self.client and self.redirect_uri and self.code_challenge and self.state):
            return None
        return App(self.redirect_uri, self.code_challenge, self.state)


class LinkRequest(Strict):
    """The body of `POST /api/auth/link/{provider}`."""

    return_to: Annotated[str, Field(max_length=512), AfterValidator(same_site_path)] = Field(
        default="/", description="The path on this site to come back to."
    )


class LinkStarted(BaseModel):
    """Where to send the browser to prove the identity that is to be added."""

    url: str


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
    client: Literal["browser", "app"]
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionList(BaseModel):
    """The answer of `GET /api/auth/sessions`, the latest used first."""

    sessions: list[SessionSummary]


class LinkedIdentity(BaseModel):
    """One of the ways in which the person signs in."""

    id: str
    provider: str
    created_at: datetime


class IdentityList(BaseModel):
    """The answer of `GET /api/auth/identities`, the oldest first."""

    identities: list[LinkedIdentity]


class TokenRequest(BaseModel):
    """The form of `POST /api/auth/oauth/token` (RFC 6749); what else is sent is ignored."""

    model_config = ConfigDict(extra="ignore")

    grant_type: str = Field(default="", max_length=64, description="`authorization_code` or `refresh_token`.")
    client_id: str = Field(default="", max_length=64, description="`mobile`.")
    code: str = Field(default="", max_length=512)
    redirect_uri: str = Field(default="", max_length=512, description="With a code: as it was at the login.")
    code_verifier: str = Field(default="", max_length=512, description="With a code: RFC 7636.")
    refresh_token: str = Field(default="", max_length=2048)
    """As long as an access token may be: who mixes them up is told `invalid_grant`."""


class Tokens(BaseModel):
    """An access token for a few minutes, and the one refresh token that works after this answer."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Life of the access token in seconds.")
    refresh_token: str


class RevokeRequest(BaseModel):
    """The form of `POST /api/auth/oauth/revoke` (RFC 7009)."""

    model_config = ConfigDict(extra="ignore")

    token: str = Field(default="", max_length=4096)


class Jwk(BaseModel):
    """A public Ed25519 key (RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: str
    kid: str
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


class Jwks(BaseModel):
    """The keys that access tokens are checked with."""

    keys: list[Jwk]


class AdminSession(BaseModel):
    """A session of an admin."""

    id: str
    current: bool
    admin: str = Field(description="As the audit names them.")
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class AdminSessionList(BaseModel):
    """The answer of `GET /api/admin/sessions`."""

    sessions: list[AdminSession]


class AuditQuery(Strict):
    """Query of `GET /api/admin/audit`."""

    day: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC; default today.")
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: str = Field(default="", max_length=64, description="The `next` of the page before.")


class AuditEntry(BaseModel):
    """What an admin did."""

    id: str
    at: datetime
    admin: str
    action: str
    trace_id: str


class AuditPage(BaseModel):
    """The answer of `GET /api/admin/audit`, the earliest first."""

    entries: list[AuditEntry]
    next: str | None = None
