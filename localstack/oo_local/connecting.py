"""Connects the third party of one machine without a browser, through the real flow: there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

SOURCE: Final = "sandbox"


class ConnectFailed(Exception):
    """The flow ended early; the message says at which step and with what."""


def connect(client: httpx.Client, account: str) -> None:
    """Connect the account for the person of a signed-in client. Raises ConnectFailed."""
    import httpx

    begun = client.post(f"/api/integrations/{SOURCE}/connect", json={})
    if begun.status_code != 200:
        raise ConnectFailed(f"could not begin: {begun.status_code} {begun.text[:300]}")
    there = httpx.post(begun.json()["location"], data={"account": account, "answer": "allow"}, timeout=30)
    if not there.is_redirect:
        raise ConnectFailed(f"the third party answered {there.status_code}: {there.text[:300]}")
    back = client.get(there.headers["Location"], headers={"Accept": "text/html"})
    if f"connected={SOURCE}" not in back.headers.get("Location", ""):
        raise ConnectFailed(f"the way back was refused: {back.status_code} {back.text[:300]}")
