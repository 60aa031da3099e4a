"""OAuth 2.0 as a source speaks it: authorization code with PKCE, refresh, revocation. The work is authlib's.

A source is data (`Endpoints`) and this class; its file in this folder says what is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.consents import Consent
from chalicelib.integrations.contract import GrantEnded, SourceFailed, TokenRefused, Tokens

if TYPE_CHECKING:
    import httpx

# What the token endpoint says about this one grant (RFC 6749, section 5.2); all else is our set-up.
_GRANT_ERRORS: Final = frozenset({"invalid_grant", "access_denied", "bad_authorization_code"})
_MOST_SECONDS: Final = 400 * 86_400


@dataclass(frozen=True)
class Endpoints:
    """What a provider documents."""

    authorize: str
    token: str
    revoke: str
    separator: str = " "
    """Between scopes."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More parameters of the authorization request."""
    method: str = "client_secret_post"
    """How the client shows its secret at the token endpoint."""
    revoke_method: str = "client_secret_basic"


class OAuthSource:
    """A `Source`."""

    def __init__(
        self,
        *,
        name: str,
        title: str,
        consent: Consent,
        scopes: tuple[str, ...],
        endpoints: Endpoints,
        client_id: str,
        secret: Callable[[], str],
        transport: Callable[[], httpx.BaseTransport] | None = None,
    ) -> None:
        """`secret` is read at the first call to the provider; `transport` is for tests."""
        self.name = name
        self.title = title
        self.consent: Consent = consent
        self.scopes = scopes
        self._endpoints = endpoints
        self._client_id = client_id
        self._secret = secret
        self._transport = transport
        self._kept_secret: str | None = None

    def authorization_url(self, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Where to send the browser."""
        with self._client(redirect_uri, secret="") as client:
            url: str
            url, _ = client.create_authorization_url(
                self._endpoints.authorize, state=state, code_verifier=verifier, **self._endpoints.extra
            )
        return url

    def exchange(self, *, redirect_uri: str, code: str, verifier: str, now: datetime) -> Tokens:
        """The code for tokens."""
        with self._talking(), self._client(redirect_uri) as client:
            answer = client.fetch_token(
                self._endpoints.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )
            return self._tokens(answer, now, Tokens("", scopes=self.scopes))

    def refresh(self, tokens: Tokens, *, now: datetime) -> Tokens:
        """New tokens for old. A provider that rotates sends a new refresh token, another one sends none."""
        with self._talking(), self._client("") as client:
            client.scope = None  # as granted: asking again for a scope may be refused
            answer = client.refresh_token(self._endpoints.token, refresh_token=tokens.refresh)
            return self._tokens(answer, now, tokens)

    def revoke(self, tokens: Tokens) -> None:
        """Take the grant back: with the refresh token, where there is one, the access tokens go too."""
        with self._talking(), self._client("") as client:
            answer = client.revoke_token(
                self._endpoints.revoke,
                token=tokens.refresh or tokens.access,
                token_type_hint="refresh_token" if tokens.refresh else "access_token",
            )
            # A token that is not known (any more) is what was wanted.
            if answer.status_code != 200 and not _unknown_token(answer):
                raise SourceFailed(f"revocation answered {answer.status_code}")

    def ask(self, method: str, url: str, access: str, **form: str) -> dict[str, Any]:
        """The source's own API, with an access token; `form` is its query, or its form when posted.

        The JSON object that it answers. Raises TokenRefused, SourceFailed.
        """
        import httpx

        from chalicelib.runtime import outbound

        given = {"params": form} if method == "GET" else {"data": form}
        try:
            with httpx.Client(
                transport=(self._transport or outbound.network)(), timeout=outbound.limits()
            ) as client:
                headers = {"Authorization": f"Bearer {access}"}
                answer = client.request(method, url, headers=headers, **given)  # type: ignore[arg-type]
                document = answer.json() if answer.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, ValueError) as error:
            raise SourceFailed(type(error).__name__) from None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise TokenRefused
        if not isinstance(document, dict):
            raise SourceFailed(f"status {answer.status_code}, not the JSON that was asked for")
        return document

    def _tokens(self, answer: Mapping[str, Any], now: datetime, before: Tokens) -> Tokens:
        access = answer.get("access_token")
        if not isinstance(access, str) or not access:
            raise SourceFailed("no access token in the answer")
        refresh, seconds, scope = answer.get("refresh_token"), answer.get("expires_in"), answer.get("scope")
        lives = isinstance(seconds, int | float | str) and str(seconds).split(".")[0].isdigit()
        expires = int(now.timestamp()) + min(int(float(str(seconds))), _MOST_SECONDS) if lives else None
        granted = scope.replace(",", " ").split() if isinstance(scope, str) and scope else before.scopes
        return Tokens(
            access=access,
            refresh=refresh if isinstance(refresh, str) and refresh else before.refresh,
            expires_at=expires,
            scopes=tuple(granted),
        )

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """What goes wrong at the provider, in the vault's words; never what it sent, which may be a token."""
        import httpx
        from authlib.common.errors import AuthlibBaseError

        try:
            yield
        except AuthlibBaseError as error:
            if error.error in _GRANT_ERRORS:
                raise GrantEnded(error.error) from None
            self._kept_secret = None  # it may have been changed: read it again next time
            raise SourceFailed(f"the provider says {error.error}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise SourceFailed(type(error).__name__) from None

    def _client(self, redirect_uri: str, *, secret: str | None = None) -> Any:
        from chalicelib.runtime import outbound

        if secret is None:
            if self._kept_secret is None:
                self._kept_secret = self._secret()
            secret = self._kept_secret
        return _oauth2_client()(
            client_id=self._client_id,
            client_secret=secret or None,
            token_endpoint_auth_method=self._endpoints.method if secret else "none",
            revocation_endpoint_auth_method=self._endpoints.revoke_method if secret else "none",
            scope=self._endpoints.separator.join(self.scopes),
            redirect_uri=redirect_uri or None,
            code_challenge_method="S256",
            transport=(self._transport or outbound.network)(),
            timeout=outbound.limits(),
        )


def _unknown_token(answer: Any) -> bool:
    try:
        document = answer.json()
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("error") in {"invalid_token", "invalid_grant"}


def _oauth2_client() -> Any:
    import warnings

    with warnings.catch_warnings():
        from authlib.deprecate import AuthlibDeprecationWarning

        # authlib prefers httpx2, which its own httpx fallback announces at import.
        warnings.filterwarnings("ignore", "The httpx module is deprecated", AuthlibDeprecationWarning)
        from authlib.integrations.httpx_client import OAuth2Client

    return OAuth2Client
