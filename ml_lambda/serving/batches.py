"""Batches by person: several messages about one person are one piece of work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.contracts.events import Envelope, MalformedEvent, from_json
from chalicelib.runtime.logging import Logger

Group = list[tuple[str, Envelope]]
"""Messages of one person: each one's id and event, in the batch's order."""


def by_person(event: Mapping[str, Any], log: Logger) -> tuple[dict[str, Group], list[str]]:
    """An SQS batch's messages by person, and the ids of those that are no events of ours."""
    groups: dict[str, Group] = defaultdict(list)
    malformed: list[str] = []
    for record in event["Records"]:
        try:
            envelope = from_json(record["body"])
            groups[envelope.person_id].append((record["messageId"], envelope))
        except MalformedEvent as error:
            log.error("malformed event", message_id=record["messageId"], error=str(error))
            malformed.append(record["messageId"])
    return dict(groups), malformed


def failures(message_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The partial batch response: these come again, the others are done."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}
