"""A deployed oO for benchmarks: the code of `make dev`, free ports, a temporary folder."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from oo_local.configuration import configure
from oo_local.ports import free_port, wait_until
from oo_local.progress import Quiet
from oo_local.signin import sign_in
from oo_local.stack import Stack

if TYPE_CHECKING:
    import httpx

ROOT: Final = Path(__file__).resolve().parents[1]
UNLIMITED: Final = {
    "OO_CALLS_PER_MINUTE": "1000000",
    "OO_ADDRESS_CALLS_PER_MINUTE": "1000000",
    "OO_PERSON_CALLS_PER_MINUTE": "1000000",
    "OO_DECISIONS_PER_HOUR": "0",
}
"""A benchmark calls faster than people do."""
SOURCES: Final = ("tasks", "calendar", "habits", "mood", "context", "learning")


@contextlib.contextmanager
def deployed() -> Iterator[Stack]:
    """The stack, stopped afterwards."""
    ports = {
        name: str(free_port())
        for name in ("OO_PORT", "OO_EMULATOR_PORT", "OO_IDENTITY_PORT", "OO_SANDBOX_PORT")
    }
    configuration = configure({**ports, **UNLIMITED})
    with tempfile.TemporaryDirectory() as name:
        stack = Stack(ROOT, Path(name), configuration, persist=False)
        stack.start(Quiet())
        try:
            yield stack
        finally:
            stack.stop()


def person(stack: Stack, subject: str) -> httpx.Client:
    """Someone signed in who agreed to every source and for whom it is about noon."""
    client = sign_in(stack.url, subject)
    version = client.get("/api/profile/consents").json()["text_version"]
    client.put(
        "/api/profile/consents", json={"consents": dict.fromkeys(SOURCES, True), "text_version": version}
    ).raise_for_status()
    offset = 12 - datetime.now(UTC).hour
    zone = "UTC" if offset == 0 else f"Etc/GMT{-offset:+d}"
    client.patch("/api/profile", json={"timezone": zone}).raise_for_status()
    return client


def tasks(count: int) -> list[dict[str, Any]]:
    """Tasks that are due today, each of five minutes."""
    now = datetime.now(UTC)
    return [
        {
            "type": "task", "item_ref": f"task-{n}", "title": f"Answer letter {n}", "effort_minutes": 5,
            "due_at": (now + timedelta(hours=5)).isoformat(), "occurred_at": now.isoformat(),
        }
        for n in range(count)
    ]  # fmt: skip


def with_tasks(stack: Stack, subject: str, count: int) -> httpx.Client:
    """A person whose tasks have come through every queue."""
    client = person(stack, subject)
    client.post("/api/signals", json={"signals": tasks(count)}).raise_for_status()
    person_id = client.get("/api/auth/session").json()["person_id"]
    table = stack.client("dynamodb")

    def known() -> bool:
        row = table.get_item(TableName="oo-local-snapshots", Key={"person_id": {"S": person_id}}).get("Item")
        return row is not None and row["body"]["S"].count('"task-') >= count

    if not wait_until(known, 120, 0.2):
        raise RuntimeError("the tasks did not reach the features within two minutes")
    return client


def ask(client: httpx.Client) -> dict[str, Any]:
    """One recommendation."""
    answer = client.post("/api/recommend", json={"context": {"minutes_free": 60}})
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()
    return document


def react(client: httpx.Client, tip: dict[str, Any]) -> None:
    """Close the tip, so that the next call decides anew."""
    client.post(f"/api/tips/{tip['id']}/reaction", json={"kind": "done"}).raise_for_status()


def quiet(stack: Stack) -> None:
    """Wait until every queue is empty: what an earlier call set off must not compete with the next."""
    sqs = stack.client("sqs")
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        return not any(
            int(value)
            for url in sqs.list_queues()["QueueUrls"]
            for value in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"].values()
        )

    if not wait_until(lambda: empty() and empty(), 60, 0.1):
        raise RuntimeError("the queues did not become empty within a minute")
