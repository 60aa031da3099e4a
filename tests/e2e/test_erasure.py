"""Leaving for good: what is still on its way resurrects nothing, and coming back is being new."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chalicelib.contracts.events import (
    ConsentsChanged,
    DecisionMade,
    Envelope,
    ErasureRequested,
    ItemClosed,
    ProfileChanged,
    RewardSettled,
    SignalReceived,
    SignalStored,
    TipDue,
    TipExposed,
    TipReacted,
    signal_message,
    timestamp,
    to_json,
    type_of,
    wrap,
)
from chalicelib.contracts.records import SignalRecord
from infra.functions import function
from infra.queues import visibility_timeout
from tests.e2e.people import Person, anonymous, now, person, problem, task

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

TOMBSTONES = {"oo-local-profiles"}
PATIENCE = 60.0 + visibility_timeout(function("profile-erase").timeout)
"""Seconds: an erasure that was cut off, on a busy machine, is tried again after so long."""


def traces(stack: RunningStack, *needles: str) -> list[str]:
    """Where the person, or anything of theirs, is still found: in tables and in the log's bucket."""
    table, found = stack.client("dynamodb"), []
    for name in table.list_tables()["TableNames"]:
        for item in table.scan(TableName=name, ConsistentRead=True)["Items"]:
            if any(needle in repr(item) for needle in needles):
                found.append(name)
    s3 = stack.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        if "decision-log" not in bucket["Name"]:
            continue
        for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            try:
                held = s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
            except s3.exceptions.NoSuchKey:
                continue  # erased between the list and the look
            if any(needle.encode() in entry["Key"].encode() + held for needle in needles):
                found.append(bucket["Name"])
    return sorted(found)


def late(person_id: str, tip_id: str, receipt: str) -> list[Envelope]:
    """Every kind of event that could still be on its way about the person."""
    record = SignalRecord(
        signal_id=str(uuid4()), type="mood", source="manual", origin="typed", occurred_at=now(), valence=3
    )
    payloads: list[Any] = [
        SignalReceived(signal=signal_message(record)),
        SignalStored(signal_id=record.signal_id, type="mood"),
        ItemClosed(item_ref="rent", status="done", closed_at=timestamp(now())),
        DecisionMade(decision_id=tip_id),
        TipExposed(decision_id=tip_id, revision=1),
        TipReacted(decision_id=tip_id, revision=2, kind="done"),
        TipDue(decision_id=tip_id),
        RewardSettled(decision_id=tip_id, revision=1, reward=1.0, decided_at=timestamp(now())),
        ProfileChanged(timezone="UTC", locale="en"),
        ConsentsChanged(granted=["tasks"]),
        ErasureRequested(receipt_id=receipt),
    ]
    return [
        wrap(payload, person_id=person_id, event_id=str(uuid4()), at=now(), trace_id="late")
        for payload in payloads
    ]


def left(stack: RunningStack, *needles: str) -> list[str]:
    """The traces that should not be."""
    return [place for place in traces(stack, *needles) if place not in TOMBSTONES]


def busy(stack: RunningStack) -> list[str]:
    """Queues with messages on their way, and how many; but for what waits on purpose."""
    sqs, found = stack.client("sqs"), []
    for url in sqs.list_queues()["QueueUrls"]:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counts = [int(told[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible")]
        if not url.endswith("-dlq") and any(counts):
            found.append(f"{url.rsplit('/', 1)[-1]}: {counts[0]} waiting, {counts[1]} in hand")
    return found


def leaving(stack: RunningStack) -> tuple[Person, str]:
    """Someone with a life behind them and signals on their way."""
    ada = person(stack)
    ada.send(task("rent"), {"type": "mood", "valence": 4, "occurred_at": now().isoformat()})
    tip_id = ada.tip()["id"]
    assert ada.client.post(f"/api/tips/{tip_id}/reaction", json={"kind": "done"}).status_code == 202
    stack.wait_until(lambda: json.loads(ada.rows("decisions")[0]["body"]["S"])["reward"] is not None)
    return ada, tip_id


def test_what_is_on_its_way_resurrects_nothing(stack: RunningStack) -> None:
    ada, tip_id = leaving(stack)
    second = stack.sign_in(ada.subject)
    ada.send(*(task(f"late-{number}") for number in range(100)))
    answer = ada.client.delete("/api/me")
    assert answer.status_code == 202
    receipt = answer.json()["receipt_id"]

    # No session is left, on no device: nothing more can be sent.
    for client in (ada.client, second):
        body = {"signals": [task("after")]}
        problem(client.post("/api/signals", json=body), 401, "unauthenticated")
        problem(client.post("/api/recommend", json={}), 401, "unauthenticated")
    problem(ada.client.delete("/api/me"), 401, "unauthenticated")

    # What other parts still say about the person, when most is gone and again when all is.
    for _ in range(2):
        sns = stack.client("sns")
        topic = sns.list_topics()["Topics"][0]["TopicArn"]
        for event in late(ada.id, tip_id, receipt):
            kind = {"DataType": "String", "StringValue": type_of(event)}
            sns.publish(TopicArn=topic, Message=to_json(event), MessageAttributes={"type": kind})
        stack.wait_for_none(lambda: left(stack, ada.id, tip_id) + busy(stack), PATIENCE)

    profile = ada.rows("profiles")
    assert [row["part"]["S"] for row in profile] == ["erased"]
    assert receipt in repr(profile)
    assert ada.rows("person-keys") == []


def test_coming_back_is_being_new(stack: RunningStack) -> None:
    ada, tip_id = leaving(stack)
    assert ada.client.delete("/api/me").status_code == 202
    stack.wait_for_none(lambda: left(stack, ada.id, tip_id), PATIENCE)
    again = stack.sign_in(ada.subject)
    session = again.get("/api/auth/session").json()
    assert session["person_id"] != ada.id
    assert again.get("/api/signals").json() == {"signals": [], "next": None}
    assert again.get("/api/tips").json() == {"tips": [], "next": None}
    assert not any(again.get("/api/profile/consents").json()["consents"].values())
    assert again.get("/api/profile").json()["timezone"] == "UTC"
    # The old person's session is over, whoever signs in again.
    problem(anonymous(stack).get("/api/auth/session"), 401, "unauthenticated")
    assert ada.client.get("/api/auth/session").status_code == 401
    # And leaving again, as the new person, is another receipt.
    assert again.delete("/api/me").status_code == 202
    assert again.delete("/api/me").status_code == 401


def test_a_second_delete_in_the_same_breath_is_the_same_receipt(stack: RunningStack) -> None:
    """Two tabs: both requests are under way with a session that still holds."""
    ada = person(stack)
    sid = ada.client.cookies["sid"]

    def leave(_: int) -> tuple[int, str]:
        client = stack.anonymous()
        answer = client.delete("/api/me", headers={"Cookie": f"sid={sid}"})
        return answer.status_code, answer.json().get("receipt_id", "")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(leave, range(4)))
    assert {status for status, _ in answers} <= {202, 401}
    assert len({receipt for status, receipt in answers if status == 202}) == 1
    stack.wait_for_none(lambda: left(stack, ada.id), PATIENCE)
