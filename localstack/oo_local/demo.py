"""A demo person who signs in, agrees, sends two weeks of signals and gets a first tip: all by the API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from chalicelib.contracts.consents import CONSENTS
from chalicelib.contracts.ml import RankRequest, Snapshot
from chalicelib.contracts.pool import READY
from chalicelib.contracts.signals import MAX_ENTRIES
from ml_lambda.serving.pools import LEASE, parse_pool
from oo_local import demo_signals
from oo_local.connecting import SOURCE, connect
from oo_local.emulator import client as emulator_client
from oo_local.ports import wait_until
from oo_local.signin import signed_in

if TYPE_CHECKING:
    import httpx

SUBJECT: Final = "demo"
FREE_MINUTES: Final = 45
PATIENCE: Final = 240
WORDING_PATIENCE: Final = 180
"""Seconds; a small model words a sentence in one or two, and the first pool has some twenty."""
_CONFLICT: Final = 409


class DemoFailed(Exception):
    """The API refused something of the demo; the message holds its answer."""


@dataclass(frozen=True)
class FirstTip:
    """What the running API answered."""

    tip: Mapping[str, Any] | None
    reason: str | None
    next_look_at: str | None
    said_free: bool
    """Whether the demo person had to say that they have time (at night, or in a meeting)."""


class Demo:
    """One demo person on a running stack."""

    def __init__(self, url: str, emulator: str, home: Path, subject: str = SUBJECT) -> None:
        self._url, self._emulator, self._home, self._subject = url, emulator, home, subject
        self._api: httpx.Client | None = None

    @property
    def api(self) -> httpx.Client:
        """The signed-in client."""
        if self._api is None:
            self._api = signed_in(self._url, self._subject, self._home)
        return self._api

    def close(self) -> None:
        """Close the connection."""
        if self._api is not None:
            self._api.close()

    def agree(self) -> None:
        """Consent to every use but research, and set the time zone."""
        version = _ok(self.api.get("/api/profile/consents"))["text_version"]
        consents = {consent: consent != "research" for consent in CONSENTS}
        body = {"consents": consents, "text_version": version}
        _ok(self.api.put("/api/profile/consents", json=body))
        _ok(self.api.patch("/api/profile", json={"timezone": machine_timezone(), "display_name": "Demo"}))

    def connect(self) -> int:
        """Connect the third party of this machine, unless it is, and read it; how many tasks were new."""
        known = _ok(self.api.get("/api/integrations"))["integrations"]
        status = {one["source"]: one["status"] for one in known}.get(SOURCE)
        if status != "connected":
            connect(self.api, self._subject)
        answer = self.api.post(f"/api/integrations/{SOURCE}/sync", json={})
        if answer.status_code == _CONFLICT:
            # Its state was cleared there, and is still here.
            connect(self.api, self._subject)
            answer = self.api.post(f"/api/integrations/{SOURCE}/sync", json={})
        return int(_ok(answer)["accepted"])

    def send_signals(self) -> dict[str, int]:
        """Send the two weeks in batches; how many were accepted and how many were there already."""
        counts = {"accepted": 0, "duplicate": 0}
        entries = demo_signals.entries(datetime.now(UTC), machine_timezone(), self._subject)
        for batch in _batches(entries):
            answer = _ok(self.api.post("/api/signals", json={"signals": batch}))
            for result in answer["results"]:
                if result["status"] == "rejected":
                    raise DemoFailed(f"a demo signal was rejected: {json.dumps(result['problem'])}")
                counts[result["status"]] += 1
        return counts

    def wait_for_features(self, sent: int, timeout: float = PATIENCE) -> None:
        """Until all `sent` signals are stored and the features know what is open. Raises DemoFailed."""
        person = str(_ok(self.api.get("/api/auth/session"))["person_id"])
        dynamodb = emulator_client("dynamodb", self._emulator)

        def stored() -> bool:
            found = dynamodb.query(
                TableName="oo-local-signals",
                KeyConditionExpression="person_id = :person",
                ExpressionAttributeValues={":person": {"S": person}},
                Select="COUNT",
                ConsistentRead=True,
            )
            return int(found["Count"]) >= sent

        def known() -> bool:
            row = dynamodb.get_item(
                TableName="oo-local-snapshots", Key={"person_id": {"S": person}}, ConsistentRead=True
            ).get("Item")
            if not row:
                return False
            snapshot = Snapshot.model_validate_json(row["body"]["S"])
            refs = {task.item_ref for task in snapshot.tasks} | {habit.item_ref for habit in snapshot.habits}
            return refs >= demo_signals.open_refs() and "calendar" in snapshot.as_of

        if not wait_until(stored, timeout, 0.2):
            raise DemoFailed(f"after {timeout:.0f} s not all {sent} signals are stored")
        if not wait_until(known, timeout, 0.1):
            raise DemoFailed(f"after {timeout:.0f} s the features still lack the demo person's items")

    def wait_for_wordings(self, timeout: float = WORDING_PATIENCE) -> int:
        """Until a model has worded what could be said; how many lie ready, 0 when none does by then."""
        person = str(_ok(self.api.get("/api/auth/session"))["person_id"])
        dynamodb = emulator_client("dynamodb", self._emulator)

        def pool() -> list[Mapping[str, Any]]:
            found = dynamodb.query(
                TableName="oo-local-pools",
                KeyConditionExpression="person_id = :person",
                ExpressionAttributeValues={":person": {"S": person}},
                ConsistentRead=True,
            )
            return list(found["Items"])

        wait_until(lambda: worded(pool()), timeout, 0.5)
        return lying_ready(pool())

    def first_tip(self) -> FirstTip:
        """Ask as the page does; when there is nothing now, ask again having time."""
        self._wake_the_scorer()
        answer = _ok(self.api.post("/api/recommend", json={}))
        said_free = answer["tip"] is None
        if said_free:
            context = {"context": {"minutes_free": FREE_MINUTES}}
            answer = _ok(self.api.post("/api/recommend", json=context))
        return FirstTip(answer["tip"], answer.get("reason"), answer.get("next_look_at"), said_free)

    def _wake_the_scorer(self) -> None:
        """One call about nobody: cold, it outlasts its deadline, and rules would choose the first tip."""
        nobody = RankRequest(
            person_id=str(uuid4()), now=datetime.now(UTC), timezone="UTC", granted=[], seed=0
        )
        emulator_client("lambda", self._emulator).invoke(
            FunctionName="oo-local-rank", Payload=nobody.model_dump_json().encode()
        )


def machine_timezone() -> str:
    """The IANA name of this machine's time zone; UTC when it has none."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    link = Path("/etc/localtime")
    if link.is_symlink():
        candidates.append(str(link.resolve()).partition("zoneinfo/")[2])
    if (named := Path("/etc/timezone")).is_file():
        candidates.append(named.read_text().strip())
    for name in candidates:
        try:
            if name:
                return ZoneInfo(name).key
        except (ValueError, OSError):
            continue
        except KeyError:  # ZoneInfoNotFoundError
            continue
    return "UTC"


def _batches(entries: list[demo_signals.Entry]) -> Iterable[list[demo_signals.Entry]]:
    for start in range(0, len(entries), MAX_ENTRIES):
        yield entries[start : start + MAX_ENTRIES]


def lying_ready(rows: Iterable[Mapping[str, Any]]) -> int:
    """How many wordings lie ready, by a person's rows of `pools`."""
    pool = parse_pool(next((row for row in rows if row["part"]["S"] == READY), None))
    return len(pool.entries) if pool else 0


def worded(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether wordings lie ready, and nobody is writing more: they are stored a few at a time."""
    return lying_ready(rows) > 0 and all(row["part"]["S"] != LEASE for row in rows)


def _ok(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise DemoFailed(f"{answer.request.method} {answer.request.url.path}: {answer.text[:500]}")
    value: dict[str, Any] = answer.json()
    return value
