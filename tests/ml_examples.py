"""One believable person for the tests of ml_lambda: what is stored about them, and events about them."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from chalicelib.contracts.events import to_json, wrap
from chalicelib.contracts.ml import Candidate, Choice, Decision, PolicyRef, Reason, ScoredCandidate
from chalicelib.contracts.pool import PoolEntry
from chalicelib.contracts.records import ItemRecord, SignalRecord, storable
from chalicelib.domain import pooling
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION, FEATURE_VERSION

PERSON = "0b0e3b6e-6d5b-4f55-9d2a-5b8f3f3b8d10"
ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Berlin
AGREED = NOW - timedelta(days=400)
ALL = ["tasks", "calendar", "habits", "mood", "context", "learning"]


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def ahead(**parts: float) -> datetime:
    return NOW + timedelta(**parts)


def item(ref: str, kind: str = "task", status: str = "open", **fields: Any) -> ItemRecord:
    return ItemRecord.model_validate(
        {
            "item_ref": ref,
            "type": kind,
            "status": status,
            "as_of": ago(days=2),
            "first_seen_at": ago(days=5),
            "title_words": 3,
            "title_chars": 20,
            "words_expire_at": ahead(days=30),
            **fields,
        }
    )


def signal(number: int, kind: str, at: datetime, **fields: Any) -> SignalRecord:
    return SignalRecord.model_validate(
        {
            "signal_id": f"00000000-0000-4000-8000-{number:012d}",
            "type": kind,
            "source": "manual",
            "origin": "typed",
            "occurred_at": at,
            **fields,
        }
    )


def items() -> list[ItemRecord]:
    return [
        item("task-invoice", due_at=ahead(hours=6), effort_minutes=5, category="admin", priority=1),
        item("task-tax", due_on="2026-11-25", effort_minutes=60, category="admin", postponed=3),
        item("task-shelf", effort_minutes=25, category="household"),
        item(
            "event-standup",
            "event",
            "confirmed",
            starts_at=ahead(minutes=45),
            ends_at=ahead(minutes=75),
        ),
        item("habit-walk", "habit", "done", effort_minutes=10, category="health"),
    ]


def signals() -> list[SignalRecord]:
    walks = [
        signal(i, "habit", ago(days=i, hours=1), item_ref="habit-walk", status="done", category="health")
        for i in range(1, 5)
    ]
    return [
        *walks,
        signal(20, "task", ago(hours=1), item_ref="task-old", status="done", category="admin"),
        signal(21, "mood", ago(hours=2), valence=4, energy=2),
        signal(22, "context", ago(hours=1), place="home"),
    ]


def candidate(angle: str = "do_now", ref: str | None = "task-invoice", **fields: Any) -> Candidate:
    return Candidate.model_validate(
        {
            "angle": angle,
            "kind": "todo",
            "wording": f"{angle}.1",
            "reason": Reason(code="due_today"),
            "minutes": 5,
            "expires_at": ahead(hours=4),
            "item_ref": ref,
            **fields,
        }
    )


def decision(number: int, features: list[float] | None = None, **fields: Any) -> Decision:
    return Decision.model_validate(
        {
            "decision_id": f"01938d00-0000-7000-8000-{number:012d}",
            "person_id": PERSON,
            "decided_at": ago(days=number / 7),
            "expires_at": ahead(hours=4),
            "settle_at": ahead(hours=24),
            "choice": Choice(
                candidates=[
                    ScoredCandidate(
                        candidate=candidate(),
                        features=features or [((7 * number + 3 * i) % 11) / 11 for i in range(DIMENSION)],
                    )
                ],
                chosen=0,
                context=[((number + i) % 5) / 5 for i in range(CONTEXT_DIMENSION)],
                feature_version=FEATURE_VERSION,
                probabilities=[1.0],
                policy=PolicyRef(name="epsilon_greedy_v2", version="1"),
            ),
            "source": "template",
            "exposed_at": ago(hours=1),
            **fields,
        }
    )


def entry(wording: str = "m.1", of: Candidate | None = None, **fields: Any) -> PoolEntry:
    """A wording that states nothing but the item, its angle and its minutes."""
    of = of or candidate()
    return PoolEntry.model_validate(
        {
            "wording": wording,
            "angle": of.angle,
            "item_ref": of.item_ref,
            "anchor_ref": of.anchor_ref,
            "says": pooling.says(of, (), lang="en", timezone=ZONE),
            "because": pooling.because(of, lang="en", timezone=ZONE),
            "lang": "en",
            "written_at": NOW,
            "expires_at": ahead(days=2),
            "sealed": b64encode(f"sealed {wording}".encode()).decode(),
            **fields,
        }
    )


def message(payload: Message, number: int = 1, person_id: str = PERSON) -> dict[str, Any]:
    """One SQS record with the event in its body."""
    event = wrap(payload, person_id=person_id, event_id=f"event-{number}", at=NOW, trace_id="trace")
    return {"messageId": f"message-{number}", "body": to_json(event)}


def batch(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


class Store:
    """Writes what the other modules would have written."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def put(self, table: str, **row: Any) -> None:
        self.client.put_item(TableName=f"oo-local-{table}", Item={"person_id": {"S": PERSON}, **row})

    def person(self, granted: list[str] | None = None, timezone: str = ZONE) -> None:
        self.put("profiles", part={"S": "profile"}, body={"S": f'{{"timezone": "{timezone}"}}'})
        consents = ALL if granted is None else granted
        agreed = {"granted": True, "at": storable(AGREED), "since": storable(AGREED), "text_version": "1"}
        self.put(
            "profiles",
            part={"S": "consents"},
            body={"S": json.dumps({"consents": dict.fromkeys(consents, agreed)})},
            **({"granted": {"SS": consents}} if consents else {}),
        )

    def erased(self) -> None:
        self.put("profiles", part={"S": "erased"}, body={"S": "{}"})

    def items(self, records: list[ItemRecord]) -> None:
        for record in records:
            due = (record.due_at and storable(record.due_at)) or (record.due_on and record.due_on.isoformat())
            start = storable(record.starts_at) if record.starts_at else "9999"
            key = {"task": f"task#{due or '9999'}", "event": f"event#{start}", "habit": "habit"}[record.type]
            self.put(
                "items",
                item_ref={"S": record.item_ref},
                body={"S": record.model_dump_json()},
                open_key={"S": f"{key}#{record.item_ref}"},
            )

    def signals(self, records: list[SignalRecord]) -> None:
        for record in records:
            self.put(
                "signals",
                signal_id={"S": record.signal_id},
                occurred_at={"S": storable(record.occurred_at)},
                body={"S": record.model_dump_json()},
            )

    def words(self, *refs: str) -> None:
        for ref in refs:
            self.put("item-words", item_ref={"S": ref}, sealed={"B": f"sealed {ref}".encode()})

    def decision(self, stored: Decision) -> None:
        self.put("decisions", decision_id={"S": stored.decision_id}, body={"S": stored.model_dump_json()})
