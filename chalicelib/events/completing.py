"""What a done tip says of its item, as the signal that it is. Pure."""

from __future__ import annotations

from typing import Final

from chalicelib.contracts.events import Envelope, SignalReceived, moment, signal_message, wrap
from chalicelib.contracts.records import SignalRecord
from chalicelib.domain.identity import derived_id
from chalicelib.events.projection import ItemState, is_open, record_of

SOURCE: Final = "oo"


def completion(event: Envelope, item: ItemState | None) -> Envelope | None:
    """The signal of an ItemCompleted: a task is done, a habit was done then.

    None when there is nothing to say: the item is gone, closed already, or a calendar entry. The
    signal's id follows from the decision, so that the same completion is one signal.
    """
    completed = event.item_completed
    signal_id = derived_id("item_completed", event.person_id, completed.decision_id)
    record = record_of(item) if item else None
    if item is None or record is None or record.type == "event":
        return None
    # Closed by this very signal: an earlier attempt may have died before it told anyone.
    if not is_open(record) and item.own.mark[1] != signal_id:
        return None
    signal = SignalRecord(
        signal_id=signal_id,
        type=record.type,
        source=SOURCE,
        origin="typed",
        occurred_at=moment(completed.completed_at),
        item_ref=record.item_ref,
        status="done",
    )
    return wrap(
        SignalReceived(signal=signal_message(signal)),
        person_id=event.person_id,
        event_id=derived_id("signal_received", event.person_id, signal.signal_id),
        at=moment(completed.completed_at),
        trace_id=event.trace_id,
    )
