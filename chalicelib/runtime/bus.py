"""The SNS transport of the Bus. Nothing else in oO publishes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from chalicelib.contracts.events import Envelope, to_json, type_of
from chalicelib.contracts.ports import Bus, BusError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef

# PublishBatch: at most 10 entries and 256 KiB together.
_ENTRIES: Final = 10
_BYTES: Final = 250_000


class SnsBus:
    """Publishes to one topic, in batches, with the payload's type as an attribute for filters."""

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, events: Sequence[Envelope]) -> None:
        """Publish all events. Raises BusError unless the broker took every one."""
        from botocore.exceptions import BotoCoreError, ClientError

        for batch in _batches(events):
            try:
                answer = self._client.publish_batch(
                    TopicArn=self._topic_arn, PublishBatchRequestEntries=batch
                )
            except (BotoCoreError, ClientError) as error:
                raise BusError(f"the topic does not answer: {type(error).__name__}") from error
            if failed := answer.get("Failed"):
                codes = sorted({str(f.get("Code")) for f in failed})
                raise BusError(f"{len(failed)} of {len(batch)} events refused: {', '.join(codes)}")


class BatchBus:
    """Keeps what is published until `flush`, so that a whole queue batch costs one call.

    Only for consumers, which flush before they report a message as done (`runtime/consuming.py`).
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._kept: list[Envelope] = []

    def publish(self, events: Sequence[Envelope]) -> None:
        """Keep the events."""
        self._kept.extend(events)

    def flush(self) -> None:
        """Publish all that was kept. Raises BusError; then nothing is kept any more, and the messages
        that caused the events come again."""
        kept, self._kept = self._kept, []
        if kept:
            self._bus.publish(kept)


def _batches(events: Sequence[Envelope]) -> Iterator[list[PublishBatchRequestEntryTypeDef]]:
    batch: list[PublishBatchRequestEntryTypeDef] = []
    size = 0
    for event in events:
        text = to_json(event)
        if batch and (len(batch) == _ENTRIES or size + len(text) > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(
            {
                "Id": str(len(batch)),
                "Message": text,
                "MessageAttributes": {"type": {"DataType": "String", "StringValue": type_of(event)}},
            }
        )
        size += len(text)
    if batch:
        yield batch
