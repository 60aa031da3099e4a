"""The third party of one machine (`localstack/oo_local/third_party.py`), to try connecting out."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chalicelib.integrations.contract import Fetched, Item, Source
from chalicelib.integrations.sources.oauth import Endpoints, OAuthSource
from chalicelib.integrations.sources.reading import given, read_all
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

CLIENT_ID: Final = "oo-sandbox"
SCOPES: Final = ("tasks:read",)


class SandboxSource(OAuthSource):
    """Tasks, each with a number that grows with every change."""

    url: str

    def fetch(self, access: str, cursor: str | None, zone: tzinfo) -> Fetched:
        """One call."""
        told = self.ask("GET", f"{self.url}/tasks", access, since=cursor or "0")
        return read_all(told.get("tasks"), _task, told.get("cursor"))


def make_source(url: str, secret: Any, transport: Any = None) -> SandboxSource:
    """The source at that address."""
    source = SandboxSource(
        name="sandbox",
        title="Sandbox tasks",
        consent="tasks",
        scopes=SCOPES,
        endpoints=Endpoints(f"{url}/authorize", f"{url}/token", f"{url}/revoke"),
        client_id=CLIENT_ID,
        secret=secret,
        transport=transport,
    )
    source.url = url
    return source


def from_settings(settings: Settings) -> Source | None:
    """The source, on one machine and where it runs."""
    if settings.stage != "local" or not settings.sandbox_url:
        return None
    secret = partial(secret_parameter, f"/oo/{settings.stage}/sandbox-client-secret")
    return make_source(settings.sandbox_url, secret)


def _task(told: Any) -> Item:
    return Item(
        changed_at=datetime.fromtimestamp(told["changed_at"], UTC),
        signal=given(
            type="task",
            item_ref=f"sandbox:{told['id']}",
            title=told["title"],
            status=told["status"],
            effort_minutes=told.get("minutes"),
            due_on=told.get("due"),
            priority=told.get("priority"),
        ),
    )
