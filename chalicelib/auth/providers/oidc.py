"""Any OpenID Connect provider, from its issuer alone: the authorization code flow with PKCE.

The OAuth work is authlib's, the token's joserfc's; both are loaded at the first sign-in, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chalicelib.auth.contract import Identity, SignInRefused
from chalicelib.auth.providers.documents import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Documents,
    Transport,
    network,
)
from chalicelib.auth.providers.id_token import claims_of
from chalicelib.contracts.errors import Unavailable
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

# Only the subject is needed: no e-mail address, no name.
SCOPE: Final = "openid"
_DISCOVERY: Final = "/.well-known/openid-configuration"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What the token endpoint says about this one code (RFC 6749, section 5.2); all else is our set-up.
_CODE_ERRORS: Final = frozenset({"invalid_grant", "invalid_request", "access_denied"})


class OidcProvider:
    """A `Provider`. Set-up comes from the issuer's discovery document.

    What a provider does otherwise is a subclass in its own file: the attributes and the methods marked so.
    """

    form_post = False
    pkce = True
    """Whether the provider checks a PKCE challenge."""
    secret_method = ""
    """How the client secret is sent (RFC 7591's names); empty: as the discovery document says."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        secret: Callable[[], str],
        name: str = "oidc",
        title: str = "your account",
        allow_http: bool = False,
        transport: Transport = network,
        documents: Documents | None = None,
    ) -> None:
        """`secret` is read at the first code exchange; an empty one makes a public client.

        `allow_http` is for one machine only.
        """
        self.name = name
        self.title = title
        self._issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._kept_secret: str | None = None
        self._allow_http = allow_http
        self._transport = transport
        self._documents = documents or Documents(transport)

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser."""
        endpoint = self._metadata()["authorization_endpoint"]
        with self._client(redirect_uri, secret="") as client:
            url: str
            url, _ = client.create_authorization_url(
                endpoint,
                state=state,
                code_verifier=verifier if self.pkce else None,
                nonce=nonce,
                **self.parameters(),
            )
        return url

    def identify(
        self, *, redirect_uri: str, code: str, issuer: str | None, nonce: str, verifier: str, now: datetime
    ) -> Identity:
        """Who came back. Raises SignInRefused or Unavailable."""
        if issuer is not None and issuer not in self.issuers():
            raise SignInRefused("token", "This answer is another provider's. Start the sign-in again.")
        token = self._exchange(redirect_uri, code, verifier, now)
        if not isinstance(token, str):
            raise SignInRefused("token", "The provider sent no ID token. Start the sign-in again.")
        claims = claims_of(
            token,
            keys=lambda fresh: self._documents.get(self._metadata()["jwks_uri"], fresh=fresh),
            issuers=self.issuers(),
            client_id=self._client_id,
            nonce=nonce,
            now=now,
        )
        self.check(claims)
        return Identity(self._issuer, claims["sub"])

    def issuers(self) -> tuple[str, ...]:
        """The provider's own: how it spells its name in tokens and answers."""
        return (self._issuer,)

    def parameters(self) -> dict[str, str]:
        """The provider's own: what else its authorization endpoint is told."""
        return {}

    def check(self, claims: Mapping[str, Any]) -> None:
        """The provider's own: what else must hold of an ID token. Raises SignInRefused."""

    def client_secret(self, now: datetime) -> str:
        """The provider's own: what proves that it is oO who asks. Raises Unavailable."""
        if self._kept_secret is None:
            self._kept_secret = self._secret()
        return self._kept_secret

    def forget_secret(self) -> None:
        """The provider's own: the provider did not accept the secret; it may have been replaced."""
        self._kept_secret = None

    def _exchange(self, redirect_uri: str, code: str, verifier: str, now: datetime) -> Any:
        import httpx
        from authlib.common.errors import AuthlibBaseError

        metadata = self._metadata()
        proof = {"code_verifier": verifier} if self.pkce else {}
        try:
            with self._client(
                redirect_uri,
                secret=self.client_secret(now),
                methods=metadata.get("token_endpoint_auth_methods_supported"),
            ) as client:
                answer = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    **proof,
                )
        except AuthlibBaseError as error:
            if error.error in _CODE_ERRORS:
                raise SignInRefused(
                    "code", "The provider refused the sign-in code. Start the sign-in again."
                ) from None
            self.forget_secret()
            raise Unavailable("The sign-in provider does not accept oO's set-up.") from error
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("The sign-in provider does not answer. Start again in a minute.") from error
        return answer.get("id_token")

    def _metadata(self) -> dict[str, Any]:
        metadata = dict(self._documents.get(self._issuer.rstrip("/") + _DISCOVERY))
        # OpenID Connect Discovery 1.0, section 4.3: else one issuer could speak for another.
        if metadata.get("issuer") != self._issuer:
            raise Unavailable("The sign-in provider names another issuer than oO is set up for.")
        schemes = ("https://", "http://") if self._allow_http else ("https://",)
        for name in _ENDPOINTS:
            if not str(metadata.get(name, "")).startswith(schemes):
                raise Unavailable(f"The sign-in provider's {name} is missing or not https.")
        return metadata

    def _client(self, redirect_uri: str, *, secret: str, methods: Any = None) -> Any:
        import httpx

        method = (self.secret_method or "client_secret_basic") if secret else "none"
        if (
            secret
            and not self.secret_method
            and methods
            and method not in methods
            and "client_secret_post" in methods
        ):
            method = "client_secret_post"
        return _oauth2_client()(
            client_id=self._client_id,
            client_secret=secret or None,
            token_endpoint_auth_method=method,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256" if self.pkce else None,
            transport=self._transport(),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )


def from_settings(settings: Settings) -> OidcProvider | None:
    """The generic provider, where an issuer is set."""
    if not settings.oidc_issuer:
        return None
    return OidcProvider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        secret=partial(secret_parameter, settings.oidc_secret_parameter),
        allow_http=settings.stage == "local",
    )


def _oauth2_client() -> Any:
    import warnings

    with warnings.catch_warnings():
        from authlib.deprecate import AuthlibDeprecationWarning

        # authlib prefers httpx2, which its own httpx fallback announces at import.
        warnings.filterwarnings("ignore", "The httpx module is deprecated", AuthlibDeprecationWarning)
        from authlib.integrations.httpx_client import OAuth2Client

    return OAuth2Client
