"""The queues of events: `signals` makes signals durable, `tail` lets an operator see what passes."""

from __future__ import annotations

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.contracts.events import Envelope
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings

bp = Blueprint(__name__)
log = logger("events")


@bp.on_sqs_message(queue=settings().name("signals"), batch_size=10)  # type: ignore[untyped-decorator]
def store(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Make signals durable and keep the items up to date."""
    return consume(event.to_dict(), _store, log, wiring.batch_bus().flush)


@bp.on_sqs_message(queue=settings().name("tail"), batch_size=10)  # type: ignore[untyped-decorator]
def tail(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Remember for a day that an event passed: its type and time, no person, no text."""
    passed: list[Envelope] = []
    return consume(event.to_dict(), passed.append, log, lambda: wiring.events().note(passed))


def _store(envelope: Envelope) -> None:
    stored = wiring.storing().store(envelope)
    if stored in {"erased", "no_consent", "no_item"}:
        log.metric("oO", **{f"signal_dropped_{stored}": 1})
