import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Envelope(_message.Message):
    __slots__ = ("event_id", "person_id", "occurred_at", "schema_version", "trace_id", "signal_received", "signal_stored", "signal_deleted", "item_closed", "decision_made", "tip_exposed", "tip_reacted", "tip_due", "reward_settled", "item_completed", "silence_answered", "profile_changed", "consents_changed", "erasure_requested", "erasure_done", "export_requested", "export_written", "forget_requested", "forgotten", "features_refreshed", "grant_orphaned")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_STORED_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_DELETED_FIELD_NUMBER: _ClassVar[int]
    ITEM_CLOSED_FIELD_NUMBER: _ClassVar[int]
    DECISION_MADE_FIELD_NUMBER: _ClassVar[int]
    TIP_EXPOSED_FIELD_NUMBER: _ClassVar[int]
    TIP_REACTED_FIELD_NUMBER: _ClassVar[int]
    TIP_DUE_FIELD_NUMBER: _ClassVar[int]
    REWARD_SETTLED_FIELD_NUMBER: _ClassVar[int]
    ITEM_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    SILENCE_ANSWERED_FIELD_NUMBER: _ClassVar[int]
    PROFILE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    CONSENTS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ERASURE_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    ERASURE_DONE_FIELD_NUMBER: _ClassVar[int]
    EXPORT_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    EXPORT_WRITTEN_FIELD_NUMBER: _ClassVar[int]
    FORGET_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    FORGOTTEN_FIELD_NUMBER: _ClassVar[int]
    FEATURES_REFRESHED_FIELD_NUMBER: _ClassVar[int]
    GRANT_ORPHANED_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    person_id: str
    occurred_at: _timestamp_pb2.Timestamp
    schema_version: int
    trace_id: str
    signal_received: SignalReceived
    signal_stored: SignalStored
    signal_deleted: SignalDeleted
    item_closed: ItemClosed
    decision_made: DecisionMade
    tip_exposed: TipExposed
    tip_reacted: TipReacted
    tip_due: TipDue
    reward_settled: RewardSettled
    item_completed: ItemCompleted
    silence_answered: SilenceAnswered
    profile_changed: ProfileChanged
    consents_changed: ConsentsChanged
    erasure_requested: ErasureRequested
    erasure_done: ErasureDone
    export_requested: ExportRequested
    export_written: ExportWritten
    forget_requested: ForgetRequested
    forgotten: Forgotten
    features_refreshed: FeaturesRefreshed
    grant_orphaned: GrantOrphaned
    def __init__(self, event_id: _Optional[str] = ..., person_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., schema_version: _Optional[int] = ..., trace_id: _Optional[str] = ..., signal_received: _Optional[_Union[SignalReceived, _Mapping]] = ..., signal_stored: _Optional[_Union[SignalStored, _Mapping]] = ..., signal_deleted: _Optional[_Union[SignalDeleted, _Mapping]] = ..., item_closed: _Optional[_Union[ItemClosed, _Mapping]] = ..., decision_made: _Optional[_Union[DecisionMade, _Mapping]] = ..., tip_exposed: _Optional[_Union[TipExposed, _Mapping]] = ..., tip_reacted: _Optional[_Union[TipReacted, _Mapping]] = ..., tip_due: _Optional[_Union[TipDue, _Mapping]] = ..., reward_settled: _Optional[_Union[RewardSettled, _Mapping]] = ..., item_completed: _Optional[_Union[ItemCompleted, _Mapping]] = ..., silence_answered: _Optional[_Union[SilenceAnswered, _Mapping]] = ..., profile_changed: _Optional[_Union[ProfileChanged, _Mapping]] = ..., consents_changed: _Optional[_Union[ConsentsChanged, _Mapping]] = ..., erasure_requested: _Optional[_Union[ErasureRequested, _Mapping]] = ..., erasure_done: _Optional[_Union[ErasureDone, _Mapping]] = ..., export_requested: _Optional[_Union[ExportRequested, _Mapping]] = ..., export_written: _Optional[_Union[ExportWritten, _Mapping]] = ..., forget_requested: _Optional[_Union[ForgetRequested, _Mapping]] = ..., forgotten: _Optional[_Union[Forgotten, _Mapping]] = ..., features_refreshed: _Optional[_Union[FeaturesRefreshed, _Mapping]] = ..., grant_orphaned: _Optional[_Union[GrantOrphaned, _Mapping]] = ...) -> None: ...

class Signal(_message.Message):
    __slots__ = ("signal_id", "type", "source", "origin", "occurred_at", "item_ref", "status", "title_hash", "title_words", "title_chars", "due_at", "due_on", "starts_at", "ends_at", "all_day", "busy", "effort_minutes", "priority", "category", "linked_ref", "valence", "energy", "place")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    ITEM_REF_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TITLE_HASH_FIELD_NUMBER: _ClassVar[int]
    TITLE_WORDS_FIELD_NUMBER: _ClassVar[int]
    TITLE_CHARS_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    DUE_ON_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    ALL_DAY_FIELD_NUMBER: _ClassVar[int]
    BUSY_FIELD_NUMBER: _ClassVar[int]
    EFFORT_MINUTES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    LINKED_REF_FIELD_NUMBER: _ClassVar[int]
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    signal_id: str
    type: str
    source: str
    origin: str
    occurred_at: _timestamp_pb2.Timestamp
    item_ref: str
    status: str
    title_hash: str
    title_words: int
    title_chars: int
    due_at: _timestamp_pb2.Timestamp
    due_on: str
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    all_day: bool
    busy: bool
    effort_minutes: int
    priority: int
    category: str
    linked_ref: str
    valence: int
    energy: int
    place: str
    def __init__(self, signal_id: _Optional[str] = ..., type: _Optional[str] = ..., source: _Optional[str] = ..., origin: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., item_ref: _Optional[str] = ..., status: _Optional[str] = ..., title_hash: _Optional[str] = ..., title_words: _Optional[int] = ..., title_chars: _Optional[int] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_on: _Optional[str] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., all_day: _Optional[bool] = ..., busy: _Optional[bool] = ..., effort_minutes: _Optional[int] = ..., priority: _Optional[int] = ..., category: _Optional[str] = ..., linked_ref: _Optional[str] = ..., valence: _Optional[int] = ..., energy: _Optional[int] = ..., place: _Optional[str] = ...) -> None: ...

class SignalReceived(_message.Message):
    __slots__ = ("signal", "sealed_title")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    SEALED_TITLE_FIELD_NUMBER: _ClassVar[int]
    signal: Signal
    sealed_title: bytes
    def __init__(self, signal: _Optional[_Union[Signal, _Mapping]] = ..., sealed_title: _Optional[bytes] = ...) -> None: ...

class SignalStored(_message.Message):
    __slots__ = ("signal_id", "type", "item_ref")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ITEM_REF_FIELD_NUMBER: _ClassVar[int]
    signal_id: str
    type: str
    item_ref: str
    def __init__(self, signal_id: _Optional[str] = ..., type: _Optional[str] = ..., item_ref: _Optional[str] = ...) -> None: ...

class SignalDeleted(_message.Message):
    __slots__ = ("signal_id", "type", "item_ref")
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ITEM_REF_FIELD_NUMBER: _ClassVar[int]
    signal_id: str
    type: str
    item_ref: str
    def __init__(self, signal_id: _Optional[str] = ..., type: _Optional[str] = ..., item_ref: _Optional[str] = ...) -> None: ...

class ItemClosed(_message.Message):
    __slots__ = ("item_ref", "status", "closed_at")
    ITEM_REF_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_AT_FIELD_NUMBER: _ClassVar[int]
    item_ref: str
    status: str
    closed_at: _timestamp_pb2.Timestamp
    def __init__(self, item_ref: _Optional[str] = ..., status: _Optional[str] = ..., closed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DecisionMade(_message.Message):
    __slots__ = ("decision_id", "angle", "policy", "arm", "candidates")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ANGLE_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    angle: str
    policy: str
    arm: str
    candidates: int
    def __init__(self, decision_id: _Optional[str] = ..., angle: _Optional[str] = ..., policy: _Optional[str] = ..., arm: _Optional[str] = ..., candidates: _Optional[int] = ...) -> None: ...

class TipExposed(_message.Message):
    __slots__ = ("decision_id", "revision")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    revision: int
    def __init__(self, decision_id: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class TipReacted(_message.Message):
    __slots__ = ("decision_id", "revision", "kind", "reason")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    revision: int
    kind: str
    reason: str
    def __init__(self, decision_id: _Optional[str] = ..., revision: _Optional[int] = ..., kind: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class TipDue(_message.Message):
    __slots__ = ("decision_id",)
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    def __init__(self, decision_id: _Optional[str] = ...) -> None: ...

class RewardSettled(_message.Message):
    __slots__ = ("decision_id", "revision", "reward", "decided_at")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    revision: int
    reward: float
    decided_at: _timestamp_pb2.Timestamp
    def __init__(self, decision_id: _Optional[str] = ..., revision: _Optional[int] = ..., reward: _Optional[float] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ItemCompleted(_message.Message):
    __slots__ = ("item_ref", "decision_id", "completed_at")
    ITEM_REF_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    item_ref: str
    decision_id: str
    completed_at: _timestamp_pb2.Timestamp
    def __init__(self, item_ref: _Optional[str] = ..., decision_id: _Optional[str] = ..., completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SilenceAnswered(_message.Message):
    __slots__ = ("snapshot_at",)
    SNAPSHOT_AT_FIELD_NUMBER: _ClassVar[int]
    snapshot_at: _timestamp_pb2.Timestamp
    def __init__(self, snapshot_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProfileChanged(_message.Message):
    __slots__ = ("timezone", "locale")
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    timezone: str
    locale: str
    def __init__(self, timezone: _Optional[str] = ..., locale: _Optional[str] = ...) -> None: ...

class ConsentsChanged(_message.Message):
    __slots__ = ("granted", "withdrawn")
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    granted: _containers.RepeatedScalarFieldContainer[str]
    withdrawn: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, granted: _Optional[_Iterable[str]] = ..., withdrawn: _Optional[_Iterable[str]] = ...) -> None: ...

class ErasureRequested(_message.Message):
    __slots__ = ("receipt_id",)
    RECEIPT_ID_FIELD_NUMBER: _ClassVar[int]
    receipt_id: str
    def __init__(self, receipt_id: _Optional[str] = ...) -> None: ...

class ErasureDone(_message.Message):
    __slots__ = ("receipt_id", "store", "rows")
    RECEIPT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    receipt_id: str
    store: str
    rows: int
    def __init__(self, receipt_id: _Optional[str] = ..., store: _Optional[str] = ..., rows: _Optional[int] = ...) -> None: ...

class ExportRequested(_message.Message):
    __slots__ = ("export_id",)
    EXPORT_ID_FIELD_NUMBER: _ClassVar[int]
    export_id: str
    def __init__(self, export_id: _Optional[str] = ...) -> None: ...

class ExportWritten(_message.Message):
    __slots__ = ("export_id", "owner")
    EXPORT_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    export_id: str
    owner: str
    def __init__(self, export_id: _Optional[str] = ..., owner: _Optional[str] = ...) -> None: ...

class ForgetRequested(_message.Message):
    __slots__ = ("line", "consent", "item_ref", "category", "first_hour", "last_hour", "timezone")
    LINE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    ITEM_REF_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FIRST_HOUR_FIELD_NUMBER: _ClassVar[int]
    LAST_HOUR_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    line: str
    consent: str
    item_ref: str
    category: str
    first_hour: int
    last_hour: int
    timezone: str
    def __init__(self, line: _Optional[str] = ..., consent: _Optional[str] = ..., item_ref: _Optional[str] = ..., category: _Optional[str] = ..., first_hour: _Optional[int] = ..., last_hour: _Optional[int] = ..., timezone: _Optional[str] = ...) -> None: ...

class Forgotten(_message.Message):
    __slots__ = ("line",)
    LINE_FIELD_NUMBER: _ClassVar[int]
    line: str
    def __init__(self, line: _Optional[str] = ...) -> None: ...

class FeaturesRefreshed(_message.Message):
    __slots__ = ("computed_at",)
    COMPUTED_AT_FIELD_NUMBER: _ClassVar[int]
    computed_at: _timestamp_pb2.Timestamp
    def __init__(self, computed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GrantOrphaned(_message.Message):
    __slots__ = ("source", "sealed")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    source: str
    sealed: bytes
    def __init__(self, source: _Optional[str] = ..., sealed: _Optional[bytes] = ...) -> None: ...
