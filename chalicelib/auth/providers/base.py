"""What every way to sign in must do. A new one is one file here and one line in the registry."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.auth.contract import Identity


class Provider(Protocol):
    """An OAuth 2.0 / OpenID Connect provider, seen from sign-in.

    Both methods raise `Unavailable` when the provider does not answer or is set up wrongly.
    """

    name: str
    """The last part of its routes, e.g. `oidc`."""
    title: str
    """What the button says."""
    form_post: bool
    """True when the answer comes as a form post from the provider's page (its cookie needs SameSite=None)."""

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser; carries the S256 challenge of `verifier`, never `verifier`."""

    def identify(
        self, *, redirect_uri: str, code: str, issuer: str | None, nonce: str, verifier: str, now: datetime
    ) -> Identity:
        """Exchange the code and check the ID token: signature, issuer, audience, times, nonce.

        `issuer` is what the callback named, if it did. Raises SignInRefused.
        """
