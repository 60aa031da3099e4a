"""How a queue's batch is consumed: each message on its own, failures reported one by one.

    @bp.on_sqs_message(queue=..., batch_size=10)
    def store(event):
        return consume(event.to_dict(), wiring.events().store, logger("events"))

A message that fails is retried alone and ends in the dead-letter queue; it never blocks its batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.contracts.events import Envelope, MalformedEvent, from_json, type_of
from chalicelib.runtime.logging import Logger, trace


def consume(
    event: Mapping[str, Any],
    handle: Callable[[Envelope], None],
    log: Logger,
    finish: Callable[[], None] | None = None,
) -> dict[str, list[dict[str, str]]]:
    """Hand each message's envelope to `handle`; return the partial batch response.

    `event` is the raw SQS event (`Records` with `messageId` and `body`). The same message may come
    twice, late or out of order: `handle` must be idempotent. `finish` does once what the messages
    have in common (one publish, one batch write); when it fails, all of them come again.
    """
    failures: list[dict[str, str]] = []
    for record in event["Records"]:
        started = time.perf_counter()
        kind = "malformed"
        try:
            envelope = from_json(record["body"])
            kind = type_of(envelope) or "unknown"
            with trace(envelope.trace_id):
                handle(envelope)
                log.info(
                    "consumed",
                    event=kind,
                    event_id=envelope.event_id,
                    milliseconds=round(1000 * (time.perf_counter() - started), 1),
                )
        except MalformedEvent as error:
            log.error("malformed event", message_id=record["messageId"], error=str(error))
            failures.append({"itemIdentifier": record["messageId"]})
        except Exception as error:
            log.exception("message failed", error, event=kind, message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    if finish is not None:
        try:
            finish()
        except Exception as error:
            log.exception("batch failed", error, messages=len(event["Records"]))
            failures = [{"itemIdentifier": record["messageId"]} for record in event["Records"]]
    return {"batchItemFailures": failures}
