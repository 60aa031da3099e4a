"""Google Calendar: events, read only.

Google gives a refresh token only for `access_type=offline`, and again only when it is asked to ask again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.integrations.contract import Source
from chalicelib.integrations.sources.oauth import Endpoints, OAuthSource
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

ENDPOINTS: Final = Endpoints(
    authorize="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
    revoke="https://oauth2.googleapis.com/revoke",
    extra={"access_type": "offline", "prompt": "consent", "include_granted_scopes": "false"},
)


def from_settings(settings: Settings) -> Source | None:
    """The source, where oO is registered at Google for calendars."""
    if not settings.google_calendar_client_id:
        return None
    return OAuthSource(
        name="google_calendar",
        title="Google Calendar",
        consent="calendar",
        scopes=("https://www.googleapis.com/auth/calendar.events.readonly",),
        endpoints=ENDPOINTS,
        client_id=settings.google_calendar_client_id,
        secret=partial(secret_parameter, settings.google_calendar_secret_parameter),
    )
