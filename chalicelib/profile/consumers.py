"""The queue of profile: `erase` removes what a person took back."""

from __future__ import annotations

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings().name("erase"), batch_size=10)  # type: ignore[untyped-decorator]
def erase(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Erase a person, or what they no longer agree to, store by store."""
    return consume(event.to_dict(), wiring.erasure().handle, logger("profile"))
