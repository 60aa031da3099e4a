"""The queues of profile: `erase` removes what a person took back, `export` makes the copy they asked for."""

from __future__ import annotations

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring_privacy as wiring
from chalicelib.contracts.events import Envelope, type_of
from chalicelib.runtime.consuming import consume
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import settings

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings().name("erase"), batch_size=10)  # type: ignore[untyped-decorator]
def erase(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Erase a person, what they no longer agree to, or a line of what is known; store by store."""
    return consume(event.to_dict(), _erase, logger("profile"))


@bp.on_sqs_message(queue=settings().name("export"), batch_size=10)  # type: ignore[untyped-decorator]
def export(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    """Write what chalicelib holds about a person; zip it when everyone has written."""
    return consume(event.to_dict(), wiring.exporting().handle, logger("profile"))


def _erase(event: Envelope) -> None:
    (wiring.forgetting() if type_of(event) == "forget_requested" else wiring.erasure()).handle(event)
