"""Apple: the answer is a form post, and the client secret a short JWT that oO signs itself.

https://developer.apple.com/documentation/signinwithapple. Apple documents no PKCE, so state and nonce are
what ties answer and request together. It tells a name only at the first sign-in and often hides the e-mail
address: oO asks for neither and reads neither, so nothing depends on which sign-in it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chalicelib.auth.providers.oidc import OidcProvider
from chalicelib.contracts.errors import Unavailable
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

ISSUER: Final = "https://appleid.apple.com"
SECRET_SECONDS: Final = 300
"""Life of a client secret. Apple allows half a year; one that leaks is soon worth nothing."""
_RENEW_SECONDS: Final = 60


class AppleProvider(OidcProvider):
    """A `Provider`."""

    form_post = True
    pkce = False
    secret_method = "client_secret_post"  # noqa: S105 - a method, not a secret

    def __init__(
        self,
        *,
        team_id: str,
        key_id: str,
        private_key: Callable[[], str],
        client_id: str,
        issuer: str = ISSUER,
        **others: Any,
    ) -> None:
        """`private_key` gives the PEM and is called at the first sign-in; `others` as of `OidcProvider`."""
        super().__init__(
            issuer=issuer, client_id=client_id, secret=private_key, name="apple", title="Apple", **others
        )
        self._team_id = team_id
        self._key_id = key_id
        self._signed: tuple[int, str] = (0, "")

    def parameters(self) -> dict[str, str]:
        """The answer as a form: an address with a code in it stays in histories and logs."""
        return {"response_mode": "form_post"}

    def client_secret(self, now: datetime) -> str:
        """A JWT, kept until it is nearly over. Raises Unavailable without a usable key."""
        moment = int(now.timestamp())
        expires, signed = self._signed
        if moment < expires - _RENEW_SECONDS:
            return signed
        self._signed = (moment + SECRET_SECONDS, self._sign(super().client_secret(now), moment))
        return self._signed[1]

    def forget_secret(self) -> None:
        """The key too is read again."""
        super().forget_secret()
        self._signed = (0, "")

    def _sign(self, pem: str, moment: int) -> str:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import ECKey

        head = {"alg": "ES256", "kid": self._key_id}
        claims = {
            "iss": self._team_id,
            "iat": moment,
            "exp": moment + SECRET_SECONDS,
            "aud": self._issuer,
            "sub": self._client_id,
        }
        try:
            signed: str = jwt.encode(head, claims, ECKey.import_key(pem), algorithms=["ES256"])
        except (JoseError, ValueError, TypeError) as error:
            self.forget_secret()
            raise Unavailable("Sign-in with Apple has no usable key; see OO_APPLE_KEY_PARAMETER.") from error
        return signed


def from_settings(settings: Settings) -> AppleProvider | None:
    """Apple, where its ids are set."""
    if not settings.apple_client_id:
        return None
    return AppleProvider(
        team_id=settings.apple_team_id,
        key_id=settings.apple_key_id,
        private_key=partial(secret_parameter, settings.apple_key_parameter),
        client_id=settings.apple_client_id,
    )
