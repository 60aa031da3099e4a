"""The door for signals: send them, see them again, take one back."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.contracts.http import PageQuery, StoredSignals
from chalicelib.contracts.signals import MAX_BYTES, SignalBatch, SignalResults
from chalicelib.gateway.call import Call, Reply
from chalicelib.wiring import api

bp = Blueprint(__name__)


@api.endpoint(
    bp,
    "POST",
    "/api/signals",
    body=SignalBatch,
    answers={202: SignalResults},
    problems=(400, 403, 410, 413, 422, 503),
    max_bytes=MAX_BYTES,
)
def send_signals(call: Call[SignalBatch]) -> SignalResults:
    """Send what happened, at most 100 entries.

    One result per entry, in the order sent. An accepted entry is stored within moments. Sending the same
    batch again is safe: what is stored already is answered `duplicate`.
    """
    return wiring.events().receive(call.person_id, call.body.signals, call.trace_id)


@api.endpoint(bp, "GET", "/api/signals", query=PageQuery, answers={200: StoredSignals}, problems=(422,))
def list_signals(call: Call[None]) -> StoredSignals:
    """Your signals, newest first. A title is shown while its words are kept."""
    return wiring.events().history(call.person_id, call.query.limit, call.query.cursor)


@api.endpoint(bp, "DELETE", "/api/signals/{signal_id}", answers={204: None}, problems=(404, 409, 503))
def delete_signal(call: Call[None]) -> Reply:
    """Take a signal back, with what was derived from it alone."""
    wiring.events().delete(call.person_id, call.path["signal_id"], call.trace_id)
    return Reply(status=204)
