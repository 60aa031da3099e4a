"""Events: the envelope, and how it is made, written and read. Generated code is below `oo/`.

event = wrap(TipExposed(decision_id=..., revision=1), person_id=..., event_id=..., at=..., trace_id=...)
text = to_json(event)        # proto3 canonical JSON, what travels
event = from_json(text)      # unknown fields are ignored: an older consumer survives a newer event
type_of(event)               # "tip_exposed", also the SNS attribute `type`
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chalicelib.contracts.events.oo.events.v1.events_pb2 import (
    ConsentsChanged,
    DecisionMade,
    Envelope,
    ErasureDone,
    ErasureRequested,
    ExportRequested,
    ExportWritten,
    FeaturesRefreshed,
    ForgetRequested,
    Forgotten,
    GrantOrphaned,
    ItemClosed,
    ItemCompleted,
    ProfileChanged,
    RewardSettled,
    Signal,
    SignalDeleted,
    SignalReceived,
    SignalStored,
    SilenceAnswered,
    TipDue,
    TipExposed,
    TipReacted,
)
from chalicelib.contracts.records import SignalRecord

__all__ = [
    "SCHEMA_VERSION",
    "ConsentsChanged",
    "DecisionMade",
    "Envelope",
    "ErasureDone",
    "ErasureRequested",
    "ExportRequested",
    "ExportWritten",
    "FeaturesRefreshed",
    "ForgetRequested",
    "Forgotten",
    "GrantOrphaned",
    "ItemClosed",
    "ItemCompleted",
    "MalformedEvent",
    "ProfileChanged",
    "RewardSettled",
    "Signal",
    "SignalDeleted",
    "SignalReceived",
    "SignalStored",
    "SilenceAnswered",
    "TipDue",
    "TipExposed",
    "TipReacted",
    "from_json",
    "moment",
    "signal_message",
    "signal_record",
    "timestamp",
    "to_json",
    "type_of",
    "wrap",
]

SCHEMA_VERSION: Final = 1

_PAYLOADS: Final[dict[str, str]] = {
    kind.name: field.name
    for field in Envelope.DESCRIPTOR.oneofs_by_name["payload"].fields
    if (kind := field.message_type) is not None
}


class MalformedEvent(ValueError):
    """Not an event of ours; goes to the dead-letter queue."""


def timestamp(at: datetime) -> Timestamp:
    """A protobuf timestamp from an aware datetime."""
    stamp = Timestamp()
    stamp.FromDatetime(at.astimezone(UTC))
    return stamp


def moment(stamp: Timestamp) -> datetime:
    """An aware UTC datetime from a protobuf timestamp."""
    return stamp.ToDatetime(tzinfo=UTC)


def wrap(payload: Message, *, person_id: str, event_id: str, at: datetime, trace_id: str) -> Envelope:
    """Put a payload into the envelope. `event_id` must be the same when the same event is sent again."""
    envelope = Envelope(
        event_id=event_id,
        person_id=person_id,
        occurred_at=timestamp(at),
        schema_version=SCHEMA_VERSION,
        trace_id=trace_id,
    )
    getattr(envelope, _PAYLOADS[payload.DESCRIPTOR.name]).CopyFrom(payload)
    return envelope


def type_of(event: Envelope) -> str:
    """The payload's name; empty when there is none that this version knows."""
    return event.WhichOneof("payload") or ""


def to_json(event: Envelope) -> str:
    """The event as it travels, on one line."""
    return json_format.MessageToJson(event, indent=None)


def from_json(text: str) -> Envelope:
    """Read an event. Raises MalformedEvent."""
    try:
        event = json_format.Parse(text, Envelope(), ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise MalformedEvent(type(error).__name__) from None
    if not event.event_id or not event.person_id:
        raise MalformedEvent("event_id and person_id are required")
    return event


def signal_message(record: SignalRecord) -> Signal:
    """The event form of a record; field names are the same by contract."""
    return json_format.ParseDict(record.model_dump(mode="json", exclude_none=True), Signal())


def signal_record(message: Signal) -> SignalRecord:
    """The record of an event's signal."""
    return SignalRecord.model_validate(json_format.MessageToDict(message, preserving_proto_field_name=True))
