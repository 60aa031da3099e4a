"""The queue of integrations: `revoke` tells providers that grants have ended."""

from __future__ import annotations

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring_integrations as wiring
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings().name("revoke"), batch_size=5)  # type: ignore[untyped-decorator]
def revoke(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Revoke grants that nobody holds any more; one that fails is tried again by the queue."""
    return consume(event.to_dict(), wiring.revoking().revoke, logger("integrations"))
