"""Dead letters go back to their queue whole, each once, and what fails again stays dead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra import __main__ as command
from infra.redrive import redrive
from tests.conftest import Cloud

NAME = "learn"


@pytest.fixture
def queues(emulator: str) -> Iterator[tuple[Any, str, str]]:
    """A client, the URL of the queue and that of its dead letters; made and deleted by each test."""
    client = Cloud("emulator", emulator).client("sqs")
    dead = client.create_queue(QueueName=f"oo-local-{NAME}-dlq")["QueueUrl"]
    live = client.create_queue(QueueName=f"oo-local-{NAME}")["QueueUrl"]
    yield client, live, dead
    for url in (live, dead):
        client.delete_queue(QueueUrl=url)


def held(client: Any, url: str) -> list[dict[str, Any]]:
    found = []
    while batch := client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        found.extend(batch)
    return found


def test_every_dead_letter_comes_back_whole(queues: tuple[Any, str, str]) -> None:
    client, live, dead = queues
    bodies = {f'{{"number": {number}, "text": "ü"}}' for number in range(23)}
    for body in bodies:
        client.send_message(
            QueueUrl=dead,
            MessageBody=body,
            MessageAttributes={
                "type": {"DataType": "String", "StringValue": "reward_settled"},
                "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
            },
        )
    said: list[str] = []
    assert redrive(client, "local", NAME, said.append) == 0
    back = held(client, live)
    assert {message["Body"] for message in back} == bodies
    assert len(back) == len(bodies)
    for message in back:
        attributes = message["MessageAttributes"]
        assert attributes["type"]["StringValue"] == "reward_settled"
        assert attributes["raw"]["BinaryValue"] == b"\x00\xff"
    assert held(client, dead) == []
    assert said[0] == f"oo-local-{NAME}-dlq: about 23 messages"
    assert "moved 23 of 23" in said
    assert said[-1].startswith("23 messages")


class Stubborn:
    """An SQS whose consumer fails at once: what is sent back is a dead letter again."""

    def __init__(self, client: Any, dead: str) -> None:
        self._client = client
        self._dead = dead

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send_message(self, **message: Any) -> Any:
        return self._client.send_message(**{**message, "QueueUrl": self._dead})


def test_a_message_that_fails_again_is_left(queues: tuple[Any, str, str]) -> None:
    client, _, dead = queues
    client.send_message(QueueUrl=dead, MessageBody="poison")
    said: list[str] = []
    assert redrive(Stubborn(client, dead), "local", NAME, said.append) == 1  # type: ignore[arg-type]
    assert any("failed again" in line for line in said)
    attributes = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1", "held for a minute, not deleted"


def test_the_command(
    queues: tuple[Any, str, str],
    emulator: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client, live, dead = queues
    client.send_message(QueueUrl=dead, MessageBody="again")
    arguments = ["redrive", "--stage", "local", NAME]
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert command.main(arguments) == 1
    assert "AWS_ENDPOINT_URL" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator)
    assert command.main(arguments) == 0
    assert [message["Body"] for message in held(client, live)] == ["again"]
    assert "moved 1 of 1" in capsys.readouterr().out


def test_a_stage_that_is_not_there_is_told(
    emulator: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator)
    assert command.main(["redrive", "--stage", "dev", NAME]) == 1
    assert "stopped:" in capsys.readouterr().err
