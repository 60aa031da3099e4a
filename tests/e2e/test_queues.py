"""Poison on every queue ends in its dead-letter queue and blocks nothing; what is redriven succeeds.

A message may be taken five times (an erasure fifteen), and between two times it rests for the queue's
visibility timeout, which is minutes. So that nobody waits for that, the queues' timeout is one second while
this module runs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from chalicelib.contracts.events import (
    ConsentsChanged,
    Envelope,
    ExportRequested,
    SignalReceived,
    TipDue,
    signal_message,
    to_json,
    wrap,
)
from chalicelib.contracts.records import SignalRecord
from infra.queues import QUEUES
from tests.e2e.people import CANARY, now, person, rows, task

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(queue.name for queue in QUEUES)


class Queues:
    """The queues of the stack by their short names."""

    def __init__(self, stack: RunningStack) -> None:
        self._client = stack.client("sqs")
        self.url = {
            name: self._client.get_queue_url(QueueName=f"oo-local-{name}")["QueueUrl"]
            for plain in NAMES
            for name in (plain, f"{plain}-dlq")
        }

    def send(self, name: str, *bodies: str) -> None:
        """One batch at once, so that the consumer gets good and bad together."""
        answer = self._client.send_message_batch(
            QueueUrl=self.url[name],
            Entries=[
                {"Id": str(number), "MessageBody": body, "DelaySeconds": 0}
                for number, body in enumerate(bodies)
            ],
        )
        assert not answer.get("Failed")

    def timeout(self, name: str, seconds: str) -> str:
        """Set the visibility timeout; the one before."""
        before: str = self._attributes(name)["VisibilityTimeout"]
        self._client.set_queue_attributes(QueueUrl=self.url[name], Attributes={"VisibilityTimeout": seconds})
        return before

    def count(self, name: str) -> int:
        """How many messages it holds, taken or not; without those that wait on purpose."""
        told = self._attributes(name)
        return sum(int(told[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible"))

    def _attributes(self, name: str) -> dict[str, str]:
        told = self._client.get_queue_attributes(QueueUrl=self.url[name], AttributeNames=["All"])
        found: dict[str, str] = told["Attributes"]
        return found

    def holding(self, name: str, words: str) -> list[str]:
        """The messages that have the words in them, left where they are."""
        found = self._client.receive_message(
            QueueUrl=self.url[name], VisibilityTimeout=0, MaxNumberOfMessages=10
        )
        return [m["Body"] for m in found.get("Messages", []) if words in m["Body"]]

    def drain(self, name: str) -> list[str]:
        """Take everything out of a queue that nobody consumes."""
        bodies = []
        while found := self._client.receive_message(QueueUrl=self.url[name], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                bodies.append(message["Body"])
                self._client.delete_message(QueueUrl=self.url[name], ReceiptHandle=message["ReceiptHandle"])
        return bodies


@pytest.fixture(scope="module")
def queues(stack: RunningStack) -> Iterator[Queues]:
    """All queues, impatient; empty dead-letter queues before and after."""
    held = Queues(stack)
    before = {name: held.timeout(name, "1") for name in NAMES}
    for name in NAMES:
        held.drain(f"{name}-dlq")
    yield held
    for name, seconds in before.items():
        held.drain(f"{name}-dlq")
        held.timeout(name, seconds)


def signal(person_id: str, **fields: Any) -> Envelope:
    """A signal on its way from the door to the store."""
    record = SignalRecord(
        **{
            "signal_id": str(uuid4()), "type": "mood", "source": "manual", "origin": "typed",
            "occurred_at": now(), "valence": 3, **fields,
        }
    )  # fmt: skip
    return wrap(
        SignalReceived(signal=signal_message(record)),
        person_id=person_id, event_id=str(uuid4()), at=now(), trace_id="queues",
    )  # fmt: skip


def harmless(name: str, person_id: str) -> list[Envelope]:
    """What the queue's consumer takes without having anything to do; of grants nothing is harmless."""
    nothing: dict[str, Message] = {
        "erase": ConsentsChanged(),
        "export": ExportRequested(export_id=str(uuid4())),
    }
    event = nothing.get(name, TipDue(decision_id=str(uuid4())))
    return [
        wrap(event, person_id=person_id, event_id=str(uuid4()), at=now(), trace_id="queues")
        for _ in range(0 if name == "revoke" else 2)
    ]


def poison(name: str) -> list[str]:
    """What no consumer can ever handle, and that says so by its words."""
    marked = uuid4()
    bodies = [
        f"not JSON {marked}",
        json.dumps({"marked": f"{marked} no envelope"}),
        json.dumps({"eventId": f"{marked}", "personId": "p", "occurredAt": "yesterday"}),
    ]
    if name == "signals":
        # Read without trouble, yet it can never be handled: a title that did not come along.
        bodies.append(to_json(signal(f"{marked}", type="task", item_ref="t", status="open", title_hash="0")))
    return bodies


def test_poison_ends_in_the_dead_letters_and_blocks_nothing(stack: RunningStack, queues: Queues) -> None:
    ada = person(stack)
    sent = {name: poison(name) for name in NAMES}
    good = [signal(ada.id) for _ in range(4)]
    # What another test left to be tried again rests for minutes; it is not waited for.
    resting = {name: queues.count(name) for name in NAMES}
    for name in NAMES:
        # Good messages on either side of the bad ones, in the same batch.
        between = [to_json(event) for event in (good if name == "signals" else harmless(name, ada.id))]
        queues.send(name, *between[:1], *sent[name], *between[1:])
    stack.wait_until(lambda: len(ada.rows("signals")) == len(good), 15)
    stack.wait_until(lambda: all(queues.count(f"{name}-dlq") >= len(sent[name]) for name in NAMES), 120)
    stack.wait_until(lambda: all(queues.count(name) <= resting[name] for name in NAMES), 30)
    for name in NAMES:
        assert sorted(queues.drain(f"{name}-dlq")) == sorted(sent[name]), name
    assert {row["signal_id"]["S"] for row in ada.rows("signals")} == {
        event.signal_received.signal.signal_id for event in good
    }
    # The consumers still live: a signal sent at the front still comes through every one of them.
    ada.send(task("rent"))
    assert ada.tip("ent")


def test_a_signal_of_nobody_is_dropped_not_dead(stack: RunningStack, queues: Queues) -> None:
    """No consent, no person: an answer, not a failure. A neighbour in the batch shows when it is over."""
    ada, nobody = person(stack, "mood"), str(uuid4())
    queues.send(
        "signals",
        to_json(signal(nobody)),
        to_json(signal(ada.id, type="context", valence=None, place="home")),
        to_json(signal(ada.id)),
    )
    stack.wait_until(lambda: len(ada.rows("signals")) == 1 and queues.count("signals") == 0)
    assert [row["signal_id"]["S"] for row in rows(stack, "signals", nobody)] == []
    assert queues.count("signals-dlq") == 0


def redrive(stack: RunningStack, name: str) -> str:
    """Run the command as an operator does; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "infra", "redrive", "--stage", "local", name],
        cwd=ROOT, env={**os.environ, "AWS_ENDPOINT_URL": stack.endpoint},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def logged(stack: RunningStack, bucket: str, tip_id: str) -> bool:
    s3 = stack.client("s3")
    return any(
        tip_id.encode() in s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    )


@contextmanager
def broken(stack: RunningStack, name: str, variable: str, value: str) -> Iterator[None]:
    """A function whose variable points to what is not there; as it was afterwards."""
    functions, name = stack.client("lambda"), f"oo-local-{name}"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, variable: value}}
    )
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_what_failed_for_a_missing_part_succeeds_after_redrive(stack: RunningStack, queues: Queues) -> None:
    """The log's bucket, then the topic of the store are missing. What lies dead tells no words."""
    buckets = stack.client("s3").list_buckets()["Buckets"]
    [bucket] = [found["Name"] for found in buckets if "decision-log" in found["Name"]]
    topic = stack.client("sns").list_topics()["Topics"][0]["TopicArn"]
    ben, cleo = person(stack), person(stack)
    ben.send(task("rent"))
    stack.wait_until(lambda: any('"rent"' in row["body"]["S"] for row in ben.rows("snapshots")))
    with (
        broken(stack, "recommender-log", "OO_DECISION_LOG_BUCKET", "it-is-not-there"),
        broken(stack, "events-store", "OO_TOPIC_ARN", f"{topic}-not-there"),
    ):
        cleo.send(task("secret", f"Write to {CANARY}"))
        tip = ben.tip()
        stack.wait_until(lambda: bool(queues.holding("decision-log-dlq", tip["id"])), 60)
        stack.wait_until(lambda: bool(queues.holding("signals-dlq", cleo.id)), 60)
    assert not logged(stack, bucket, tip["id"])
    assert cleo.ask()["tip"] is None
    [dead] = queues.holding("signals-dlq", cleo.id)
    assert CANARY not in dead
    for name in ("decision-log", "signals"):
        assert re.search(r"moved (\d+) of \1", redrive(stack, name))
    stack.wait_until(lambda: logged(stack, bucket, tip["id"]))
    assert CANARY in cleo.tip(CANARY)["text"]
    # It was stored at the first try and only its announcement failed: it is still one signal.
    assert cleo.kept() == {"signals": 1, "items": 1, "item-words": 1}
    assert queues.count("signals-dlq") == queues.count("decision-log-dlq") == 0
