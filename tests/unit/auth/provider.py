"""An OpenID Connect provider without sockets, whose answers a test may spoil."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from chalicelib.auth.providers.documents import Documents
from chalicelib.auth.providers.oidc import OidcProvider

ISSUER = "https://id.example"
CLIENT = "oo"


def make_key(kid: str = "one") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class FakeIssuer:
    """Gives a code for a subject, and an ID token for the code, signed by `key`."""

    key: RSAKey
    now: Callable[[], int]
    published: list[RSAKey] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    """Put over the right claims; None removes one."""
    metadata: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    sign_with: Any = None
    token_answer: httpx.Response | None = None
    failing: list[Exception | int] = field(default_factory=list)
    """What the next requests meet instead of an answer."""
    pauses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    issuer: str = ISSUER
    _nonce: str = ""
    _subject: str = ""

    def provider(self, secret: Callable[[], str] = lambda: "hush") -> OidcProvider:
        return OidcProvider(issuer=self.issuer, client_id=CLIENT, secret=secret, **self.network())

    def network(self) -> dict[str, Any]:
        """What a provider is given to reach this one."""

        def transport() -> httpx.BaseTransport:
            return httpx.MockTransport(self.answer)

        documents = Documents(transport, self.pauses.append, lambda: self.seconds)
        return {"transport": transport, "documents": documents}

    def consent(self, url: str, subject: str) -> dict[str, str]:
        """What the person's yes sends back to the redirect URI."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self._nonce, self._subject = query["nonce"], subject
        return {"code": "the-code", "state": query["state"]}

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.failing:
            failure = self.failing.pop(0)
            if isinstance(failure, int):
                return httpx.Response(failure)
            raise failure
        path = request.url.path
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self._metadata())
        if path == "/jwks":
            return httpx.Response(200, json=KeySet(self.published or [self.key]).as_dict(private=False))
        if path == "/token":
            return self.token_answer or httpx.Response(200, json=self._tokens())
        return httpx.Response(404)

    def sent(self, path: str) -> list[httpx.Request]:
        return [r for r in self.requests if r.url.path == path]

    def _metadata(self) -> dict[str, Any]:
        made = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        return {k: v for k, v in {**made, **self.metadata}.items() if v is not None}

    def _tokens(self) -> dict[str, Any]:
        now = self.now()
        right = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self._subject,
            "nonce": self._nonce,
            "iat": now,
            "exp": now + 300,
        }
        claims = {k: v for k, v in {**right, **self.claims}.items() if v is not None}
        token = jwt.encode(self.header, claims, self.sign_with or self.key, algorithms=[self.header["alg"]])
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": token}
