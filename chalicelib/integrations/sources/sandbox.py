"""The third party of one machine (`localstack/oo_local/third_party.py`), to try connecting out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chalicelib.integrations.contract import Source
from chalicelib.integrations.sources.oauth import Endpoints, OAuthSource
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

CLIENT_ID = "oo-sandbox"
SCOPES = ("tasks:read",)


def from_settings(settings: Settings) -> Source | None:
    """The source, on one machine and where it runs."""
    if settings.stage != "local" or not settings.sandbox_url:
        return None
    url = settings.sandbox_url
    return OAuthSource(
        name="sandbox",
        title="Sandbox tasks",
        consent="tasks",
        scopes=SCOPES,
        endpoints=Endpoints(f"{url}/authorize", f"{url}/token", f"{url}/revoke"),
        client_id=CLIENT_ID,
        secret=partial(secret_parameter, f"/oo/{settings.stage}/sandbox-client-secret"),
    )
