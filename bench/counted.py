"""Runs one handler in this process and prints which AWS calls went over the wire (for `bench.calls`)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.httpsession import URLLib3Session

_calls: list[str] = []


def watch() -> None:
    """Note every request that botocore sends, retries included."""
    send = URLLib3Session.send

    def noted(self: Any, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target")
        path = urlsplit(request.url).path
        if target:
            name = target.decode() if isinstance(target, bytes) else target
            service, operation = name.split(".", 1)
            _calls.append(("kms." if "Trent" in service else "") + operation)
        else:
            _calls.append("Invoke" if path.endswith("/invocations") else f"{request.method} {path}")
        return send(self, request)

    URLLib3Session.send = noted  # type: ignore[method-assign]


def drain() -> list[str]:
    """The calls since the last time."""
    taken = list(_calls)
    _calls.clear()
    return taken


def api(sid: str) -> dict[str, list[str]]:
    """A deciding recommend with a cold process, then one with everything cached."""
    from chalice.test import Client

    from app import app

    headers = {"Cookie": f"sid={sid}", "Content-Type": "application/json"}
    body = json.dumps({"context": {"minutes_free": 60}}).encode()
    taken = []
    with Client(app) as client:
        for _ in range(2):
            tip = client.http.post("/api/recommend", headers=headers, body=body).json_body["tip"]
            taken.append(drain())
            client.http.post(
                f"/api/tips/{tip['id']}/reaction", headers=headers, body=json.dumps({"kind": "done"}).encode()
            )
            drain()
    return {"cold": taken[0], "warm": taken[1]}


def rank(person_id: str) -> dict[str, list[str]]:
    """One ranking."""
    from chalicelib.contracts.ml import RankRequest
    from ml_lambda.serving.rank import handler

    request = RankRequest(
        person_id=person_id, now=datetime.now(UTC), timezone="UTC", seed=1,
        granted=["tasks", "calendar", "habits", "mood", "context"], context={"minutes_free": 60},  # type: ignore[arg-type]
    )  # fmt: skip
    answer = handler(request.model_dump(mode="json"), None)
    assert answer["choice"]["chosen"] is not None
    return {"warm": drain()}


HANDLERS: Final[Mapping[str, Callable[..., dict[str, list[str]]]]] = {"api": api, "rank": rank}

if __name__ == "__main__":
    watch()
    given = json.loads(sys.argv[2])
    sys.stdout.write("\n" + json.dumps(HANDLERS[sys.argv[1]](**given)) + "\n")
