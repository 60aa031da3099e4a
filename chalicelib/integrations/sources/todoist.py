"""Todoist: tasks, read only. Its access tokens may live until they are revoked; then none is refreshed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.integrations.contract import Source
from chalicelib.integrations.sources.oauth import Endpoints, OAuthSource
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

ENDPOINTS: Final = Endpoints(
    authorize="https://app.todoist.com/oauth/authorize",
    token="https://api.todoist.com/oauth/access_token",  # noqa: S106 - an address
    revoke="https://api.todoist.com/api/v1/revoke",
    separator=",",
)


def from_settings(settings: Settings) -> Source | None:
    """The source, where oO is registered at Todoist."""
    if not settings.todoist_client_id:
        return None
    return OAuthSource(
        name="todoist",
        title="Todoist",
        consent="tasks",
        scopes=("data:read",),
        endpoints=ENDPOINTS,
        client_id=settings.todoist_client_id,
        secret=partial(secret_parameter, settings.todoist_secret_parameter),
    )
