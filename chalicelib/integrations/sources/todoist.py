"""Todoist: tasks, read only. Its access tokens may live until they are revoked; then none is refreshed.

Read by its sync API: a cursor (`sync_token`), and since then what changed, the completed and deleted too.
Descriptions, comments, projects and people are not taken: oO keeps what it needs for a tip.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from chalicelib.integrations.contract import Fetched, Item, Source
from chalicelib.integrations.files.base import slug
from chalicelib.integrations.sources.oauth import Endpoints, OAuthSource
from chalicelib.integrations.sources.reading import first, given, read_all
from chalicelib.runtime.parameters import secret_parameter

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

ENDPOINTS: Final = Endpoints(
    authorize="https://app.todoist.com/oauth/authorize",
    token="https://api.todoist.com/oauth/access_token",  # noqa: S106 - an address
    revoke="https://api.todoist.com/api/v1/revoke",
    separator=",",
)
SYNC: Final = "https://api.todoist.com/api/v1/sync"
_LONGEST: Final = 500
_DAY: Final = len("2026-11-05")


class TodoistSource(OAuthSource):
    """Tasks by the sync API."""

    def fetch(self, access: str, cursor: str | None, zone: tzinfo) -> Fetched:
        """One call."""
        told = self.ask("POST", SYNC, access, sync_token=cursor or "*", resource_types='["items"]')
        return read_all(told.get("items"), lambda item: _task(item, zone, cursor), told.get("sync_token"))


def make_source(client_id: str, secret: Any, transport: Any = None) -> TodoistSource:
    """The source, as oO is registered there."""
    return TodoistSource(
        name="todoist",
        title="Todoist",
        consent="tasks",
        scopes=("data:read",),
        endpoints=ENDPOINTS,
        client_id=client_id,
        secret=secret,
        transport=transport,
    )


def from_settings(settings: Settings) -> Source | None:
    """The source, where oO is registered at Todoist."""
    if not settings.todoist_client_id:
        return None
    secret = partial(secret_parameter, settings.todoist_secret_parameter)
    return make_source(settings.todoist_client_id, secret)


def _task(told: Any, zone: tzinfo, cursor: str | None) -> Item | None:
    status = "deleted" if told.get("is_deleted") else "done" if told.get("checked") else "open"
    if cursor is None and status != "open":
        return None
    parent, duration = told.get("parent_id"), told.get("duration") or {}
    changed = told.get("updated_at") or told.get("completed_at") or told["added_at"]
    return Item(
        changed_at=_moment(changed, UTC),
        signal=given(
            type="task",
            item_ref=f"todoist:{told['id']}",
            title=" ".join(told["content"].split())[:_LONGEST],
            status=status,
            # Theirs: 4 is the most urgent; ours: 1.
            priority=5 - told["priority"] if told.get("priority") else None,
            category=slug(first(told.get("labels") or ()) or ""),
            effort_minutes=duration.get("amount") if duration.get("unit") == "minute" else None,
            linked_ref=f"todoist:{parent}" if parent else None,
            **_due(told.get("due") or told.get("deadline") or {}, zone),
        ),
    )


def _due(told: Any, zone: tzinfo) -> dict[str, str]:
    """A day, or a moment; one without a zone is the person's."""
    text = told.get("date") or ""
    if not text:
        return {}
    if len(text) == _DAY:
        return {"due_on": date.fromisoformat(text).isoformat()}
    own = told.get("timezone")
    return {"due_at": _moment(text, ZoneInfo(own) if own else zone).isoformat()}


def _moment(text: str, zone: tzinfo) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=zone)
