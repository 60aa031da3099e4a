"""Connections over HTTP: what there is, connect, come back, disconnect."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from chalice.app import Blueprint

from chalicelib import wiring_integrations as wiring
from chalicelib.contracts.errors import NotFound, OoError
from chalicelib.gateway.call import Call, Reply
from chalicelib.integrations.contract import (
    ConnectCallback,
    ConnectRefused,
    ConnectStarted,
    Integrations,
    Synced,
)
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings
from chalicelib.wiring import api

bp = Blueprint(__name__)
_log = logger("integrations")


@api.endpoint(bp, "GET", "/api/integrations", answers={200: Integrations})
def integrations(call: Call[None]) -> Integrations:
    """What can be connected here, and how it stands for you."""
    return wiring.integrations().list(call.person_id)


@api.endpoint(
    bp, "POST", "/api/integrations/{source}/connect", answers={200: ConnectStarted},
    problems=(403, 404, 409, 410, 503),
)  # fmt: skip
def connect(call: Call[bytes]) -> ConnectStarted:
    """Begin to connect a source: send the browser to `location` within ten minutes.

    Needs the consent that the source's data falls under.
    """
    return wiring.integrations().begin(call.principal, call.path["source"])


@api.endpoint(
    bp, "GET", "/api/integrations/{source}/callback", query=ConnectCallback, answers={303: None},
    problems=(400, 403, 404, 410, 503),
)  # fmt: skip
def callback(call: Call[None]) -> Reply:
    """Come back from the source, in the same session: to `/?connected=<source>`.

    A browser is sent to `/?connect=failed&source=...&reason=...` when it does not work; other clients get a
    problem.
    """
    source = call.path["source"]
    try:
        wiring.integrations().finish(call.principal, source, call.query)
    except NotFound:
        raise
    except OoError as error:
        return _back(call, source, error)
    _log.info("connected", source=source)
    return _to_page({"connected": source})


@api.endpoint(
    bp, "POST", "/api/integrations/{source}/sync", answers={202: Synced}, problems=(403, 404, 409, 410, 503),
)  # fmt: skip
def sync(call: Call[bytes]) -> Synced:
    """Read what changed at a source, now. What is new is stored within moments.

    Titles are kept for a day. To connect again (409 `needs-reconnect`) is for the person to do.
    """
    return wiring.syncing().sync(call.person_id, call.path["source"], call.trace_id)


@api.endpoint(bp, "DELETE", "/api/integrations/{source}", answers={204: None}, problems=(404, 503))
def disconnect(call: Call[bytes]) -> Reply:
    """Disconnect a source. What it was given is revoked there, now or as soon as it answers again."""
    wiring.integrations().disconnect(call.person_id, call.path["source"])
    return Reply(status=204)


def _back(call: Call[Any], source: str, error: OoError) -> Reply:
    reason = error.reason if isinstance(error, ConnectRefused) else error.slug
    _log.warning("connecting failed", source=source, reason=reason)
    if "text/html" not in call.headers.get("accept", ""):
        raise error
    return _to_page({"connect": "failed", "source": source, "reason": reason})


def _to_page(query: dict[str, str]) -> Reply:
    """An absolute address of this site, whatever the request says of its own."""
    return Reply(status=303, headers={"Location": f"{settings().public_url.rstrip('/')}/?{urlencode(query)}"})
