"""`python -m infra redrive`: sends what a dead-letter queue holds back to the queue it came from.

By receive, send and delete, which every SQS understands (the one machine's has no StartMessageMoveTask).
A run that breaks off between send and delete leaves one message in both queues: consumers are
idempotent, so that is harmless, and so is running it again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from infra.queues import queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCH: Final = 10
WAIT_SECONDS: Final = 2
"""A receive that does not wait may find nothing while there is something."""
HOLD_SECONDS: Final = 60


def main(stage: str, name: str) -> int:
    """Redrive one queue with the credentials of the environment; the exit code."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    if stage == "local" and not os.environ.get("AWS_ENDPOINT_URL"):
        print("set AWS_ENDPOINT_URL to the cloud of `make dev`, e.g. http://127.0.0.1:4566", file=sys.stderr)
        return 1
    try:
        left = redrive(boto3.client("sqs"), stage, name, _say)
    except (BotoCoreError, ClientError) as error:
        print(f"stopped: {error}; what was moved is moved, run it again for the rest", file=sys.stderr)
        return 1
    return 1 if left else 0


def redrive(client: SQSClient, stage: str, name: str, say: Callable[[str], None]) -> int:
    """Move every dead letter of the queue; how many came back meanwhile and were left. Tells its progress.

    A message that fails again comes back to the dead-letter queue: it is left there, else a cause that
    is not mended would keep this going for ever.
    """
    dead_name = f"oo-{stage}-{queue(name).dead_letters}"
    dead = client.get_queue_url(QueueName=dead_name)["QueueUrl"]
    live = client.get_queue_url(QueueName=f"oo-{stage}-{name}")["QueueUrl"]
    counted = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
    total = int(counted["Attributes"]["ApproximateNumberOfMessages"])
    say(f"{dead_name}: about {total} messages")
    sent: set[str] = set()
    back: set[str] = set()
    for messages in _received(client, dead):
        fresh = [message for message in messages if message["MessageId"] not in sent]
        back |= {message["MessageId"] for message in messages} & sent
        for message in fresh:
            sent.add(client.send_message(QueueUrl=live, **_again(message))["MessageId"])
            client.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        if not fresh:
            break
        say(f"moved {len(sent)} of {max(total, len(sent))}")
    if back:
        say(f"{len(back)} failed again and were left in {dead_name}: mend the cause first")
    say(f"{len(sent)} messages are back in oO's queue {name}")
    return len(back)


def _received(client: SQSClient, url: str) -> Iterator[list[MessageTypeDef]]:
    """Batch after batch until there is nothing more."""
    while found := client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=BATCH,
        WaitTimeSeconds=WAIT_SECONDS,
        VisibilityTimeout=HOLD_SECONDS,
        MessageAttributeNames=["All"],
    ).get("Messages", []):
        yield found


def _again(message: MessageTypeDef) -> dict[str, Any]:
    """The message as it was first sent: its body and attributes."""
    attributes = {
        name: {part: value for part, value in attribute.items() if value and not part.endswith("Values")}
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    return {"MessageBody": message["Body"], **({"MessageAttributes": attributes} if attributes else {})}


def _say(line: str) -> None:
    print(line, flush=True)
