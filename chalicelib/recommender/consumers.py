"""What the recommender hears: its own table's stream, and the events that settle and log decisions."""

import os
from typing import Any, Final

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib import wiring
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings

bp = Blueprint(__name__)

# Known only after the table is made; the placeholder keeps this importable without it.
STREAM_ARN: Final = (
    os.environ.get("OO_DECISIONS_STREAM_ARN")
    or "arn:aws:dynamodb:eu-central-1:000000000000:table/oo-decisions/stream/1970-01-01T00:00:00.000"
)


@bp.on_dynamodb_record(stream_arn=STREAM_ARN, batch_size=100, starting_position="TRIM_HORIZON")  # type: ignore[untyped-decorator]
def relay(event: DynamoDBEvent) -> None:
    """The outbox: what changed in a decision leaves as events, and nothing else happens here."""
    wiring.settlement().relay(event.to_dict()["Records"])


@bp.on_sqs_message(queue=settings().name("settle"), batch_size=10)  # type: ignore[untyped-decorator]
def settle(event: SQSEvent) -> dict[str, Any]:
    """Exposures, reactions, deadlines and closed items become rewards."""
    return consume(event.to_dict(), wiring.settlement().settle, logger("recommender"))


@bp.on_sqs_message(queue=settings().name("complete"), batch_size=10)  # type: ignore[untyped-decorator]
def complete(event: SQSEvent) -> dict[str, Any]:
    """What was done on a tip, and still stands a minute later, is told to the item's owner."""
    return consume(event.to_dict(), wiring.settlement().complete, logger("recommender"))


@bp.on_sqs_message(queue=settings().name("decision-log"), batch_size=10)  # type: ignore[untyped-decorator]
def log(event: SQSEvent) -> dict[str, Any]:
    """Decisions and rewards are written to the decision log, without words."""
    return consume(event.to_dict(), wiring.settlement().record, logger("recommender"))
