"""Google: OpenID Connect with two spellings of its name, and accounts of one organisation if wanted.

https://developers.google.com/identity/openid-connect/openid-connect. Whether an e-mail address is verified
is of no matter here: oO asks for none, and an identity is the issuer and the subject alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chalicelib.auth.providers.id_token import refused
from chalicelib.auth.providers.oidc import OidcProvider
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

ISSUER: Final = "https://accounts.google.com"


class GoogleProvider(OidcProvider):
    """A `Provider`. With `hosted_domain` only accounts of that Google Workspace sign in."""

    def __init__(self, *, hosted_domain: str = "", issuer: str = ISSUER, **others: Any) -> None:
        """`others` as of `OidcProvider`."""
        super().__init__(issuer=issuer, name="google", title="Google", **others)
        self._hosted_domain = hosted_domain

    def issuers(self) -> tuple[str, ...]:
        """Older tokens name the host alone."""
        return (self._issuer, self._issuer.removeprefix("https://"))

    def parameters(self) -> dict[str, str]:
        """Let people with several accounts choose; `hd` narrows the choice, and is checked afterwards."""
        choice = {"prompt": "select_account"}
        return {**choice, "hd": self._hosted_domain} if self._hosted_domain else choice

    def check(self, claims: Mapping[str, Any]) -> None:
        """The parameter `hd` is a hint that anyone may take out of the address; the claim is proof."""
        if self._hosted_domain and claims.get("hd") != self._hosted_domain:
            raise refused("hd")


def from_settings(settings: Settings) -> GoogleProvider | None:
    """Google, where a client id is set."""
    if not settings.google_client_id:
        return None
    return GoogleProvider(
        hosted_domain=settings.google_hosted_domain,
        client_id=settings.google_client_id,
        secret=partial(secret_parameter, settings.google_secret_parameter),
    )
