"""The recommender's tables in DynamoDB, and what it reads of others' in the same calls.

Rows by PynamoDB; what spans tables (one batch read, one transaction) by the client it stands on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pynamodb.attributes import BinaryAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.contracts.ml import Decision, Snapshot
from chalicelib.contracts.pool import READY, Pool, title_mark
from chalicelib.contracts.records import storable
from chalicelib.profile.contract import ERASED, decode, profile_keys
from chalicelib.recommender.contract import (
    SILENCE,
    DueTip,
    LostRace,
    MadeAhead,
    Page,
    PersonNow,
    StoredDecision,
    TipState,
    Words,
    due_hour,
)
from chalicelib.runtime import aws
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name
from chalicelib.runtime.spanning import Absent, LostTransaction, Put, plain, put_all, read_rows

DUE_PAGE: Final = 100
M = TypeVar("M", bound=BaseModel)


class ByDue(GlobalSecondaryIndex["DecisionRow"]):  # type: ignore[misc]
    """Decisions that the schedule must look at, by hour."""

    class Meta:
        """The index."""

        index_name = "by_due"
        projection = KeysOnlyProjection()

    due_hour = UnicodeAttribute(hash_key=True)
    settle_at = UnicodeAttribute(range_key=True)


class DecisionRow(Row):
    """A decision. `body` is the Decision; the rest is what keys, conditions, stream and words need."""

    class Meta(TableMeta):
        """The table."""

        table_name = table_name("decisions")

    person_id = UnicodeAttribute(hash_key=True)
    decision_id = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    revision = NumberAttribute()
    reward_revision = NumberAttribute()
    reactions = NumberAttribute()
    """How many reactions the body holds; the stream tells a new one by it."""
    exposed_at = UnicodeAttribute(null=True)
    due_hour = UnicodeAttribute(null=True)
    settle_at = UnicodeAttribute(null=True)
    """When it is due, in the index; the deadline itself is in the body."""
    lang = UnicodeAttribute()
    granted = JSONAttribute()
    words = BinaryAttribute(legacy_encoding=False, null=True)
    words_expire_at = UnicodeAttribute(null=True)
    trace_id = UnicodeAttribute(null=True)
    changed_at = UnicodeAttribute()
    by_due = ByDue()


class TipStateRow(Row):
    """A person's tip state. `body` is the TipState; its `version` is beside it for conditions."""

    class Meta(TableMeta):
        """The table."""

        table_name = table_name("tip-states")

    person_id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    body = UnicodeAttribute()


class RecommenderTables:
    """TipStore on DynamoDB."""

    def read(self, person_id: str) -> PersonNow:
        """One BatchGetItem over four tables."""
        own = [{"person_id": person_id}]
        rows = read_rows({"profiles": profile_keys(person_id), "person-keys": own, "tip-states": own})
        file = decode(plain(rows["profiles"]))
        key = next(iter(plain(rows["person-keys"])), {})
        return PersonNow(
            profile=file.profile,
            granted=file.granted,
            erased=file.erased,
            wrapped_key=key.get("wrapped"),
            state=_state(person_id, rows["tip-states"]),
        )

    def state(self, person_id: str) -> TipState:
        """A consistent read of the tip state."""
        return _state(person_id, read_rows({"tip-states": [{"person_id": person_id}]})["tip-states"])

    def made_ahead(self, person_id: str) -> MadeAhead:
        """One BatchGetItem of what ml_lambda owns; what is of another shape is none."""
        own = {"person_id": person_id}
        rows = read_rows({"snapshots": [own], "pools": [{**own, "part": READY}]})
        return MadeAhead(_parsed(Snapshot, rows["snapshots"]), _parsed(Pool, rows["pools"]))

    def item_words(self, person_id: str, item_refs: Iterable[str]) -> Mapping[str, Words]:
        """Sealed titles, which `events` owns; `expires` is epoch seconds."""
        keys = [{"person_id": person_id, "item_ref": ref} for ref in item_refs]
        rows = read_rows({"item-words": keys})["item-words"]
        return {
            row["item_ref"]: Words(
                row["sealed"], _epoch(row.get("expires")), title_mark(row.get("title_hash", ""))
            )
            for row in plain(rows)
            if "sealed" in row
        }

    def tip(self, person_id: str, decision_id: str) -> tuple[StoredDecision | None, TipState]:
        """One BatchGetItem over both tables."""
        key = {"person_id": person_id}
        rows = read_rows({"decisions": [{**key, "decision_id": decision_id}], "tip-states": [key]})
        found = rows["decisions"]
        return (_from_raw(found[0]) if found else None), _state(person_id, rows["tip-states"])

    def decision(self, person_id: str, decision_id: str) -> StoredDecision | None:
        """A consistent read."""
        rows = read_rows({"decisions": [{"person_id": person_id, "decision_id": decision_id}]})["decisions"]
        return _from_raw(rows[0]) if rows else None

    def decide(self, stored: StoredDecision, state: TipState) -> None:
        """One TransactWriteItems: a new decision and the state that points to it."""
        _transact([_put(_decision_row(stored), "attribute_not_exists(decision_id)")], state)

    def change(self, before: StoredDecision, after: StoredDecision, state: TipState | None = None) -> None:
        """One TransactWriteItems, on condition that neither row changed since it was read."""
        was = _decision_row(before)
        values = {":r": {"N": str(was.revision)}, ":w": {"N": str(was.reward_revision)}}
        # Words that go are no revision: `changed_at` keeps a change read before that from bringing them back.
        values[":c"] = {"S": was.changed_at}
        unchanged = "revision = :r AND reward_revision = :w AND changed_at = :c"
        _transact([_put(_decision_row(after), unchanged, values)], state)

    def write_state(self, state: TipState) -> None:
        """One write, on condition of the version read."""
        _transact([], state)

    def note_silence(self, person_id: str, at: datetime, snapshot_at: datetime | None, trace: str) -> None:
        """One row per person, written over; the stream of the table takes it from there."""
        row: dict[str, Any] = {
            "person_id": {"S": person_id},
            "decision_id": {"S": SILENCE},
            "changed_at": {"S": storable(at)},
            "trace_id": {"S": trace},
        }
        if snapshot_at is not None:
            row["snapshot_at"] = {"S": storable(snapshot_at)}
        # Of two at once one is enough.
        later = Put(
            DecisionRow.Meta.table_name,
            row,
            "attribute_not_exists(changed_at) OR changed_at < :at",
            {":at": row["changed_at"]},
        )
        alive = Absent(table_name("profiles"), {"person_id": person_id, "part": ERASED})
        with suppress(LostTransaction):
            put_all([later], [alive])

    def history(self, person_id: str, limit: int, before: str | None) -> Sequence[StoredDecision]:
        """One query along the sort key, newest first."""
        # Ids of decisions are hexadecimal: all of them come before SILENCE.
        below = DecisionRow.decision_id < (before or SILENCE)
        rows = DecisionRow.query(
            person_id, below, limit=limit, scan_index_forward=False, consistent_read=True
        )
        return [_from_row(row) for row in rows]

    def due(self, hour: str, until: datetime, start: Mapping[str, Any] | None) -> Page:
        """One query of the index; entries lag the table by moments, which settlement bears."""
        found = DecisionRow.by_due.query(
            hour,
            DecisionRow.settle_at <= storable(until),
            limit=DUE_PAGE,
            last_evaluated_key=dict(start) if start else None,
            attributes_to_get=["person_id", "decision_id", "settle_at"],
        )
        tips = [DueTip(r.person_id, r.decision_id, _moment(r.settle_at)) for r in found]
        return Page(tips, found.last_evaluated_key)

    def check(self) -> None:
        """Asks for the decisions table; raises when it does not answer."""
        aws.dynamodb().describe_table(TableName=DecisionRow.Meta.table_name)


# --- rows -------------------------------------------------------------------------------------------


def _decision_row(stored: StoredDecision) -> DecisionRow:
    decision = stored.decision
    due = stored.due_at
    return DecisionRow(
        person_id=decision.person_id,
        decision_id=decision.decision_id,
        body=decision.model_dump_json(),
        revision=decision.revision,
        reward_revision=decision.reward_revision,
        reactions=len(decision.reactions),
        exposed_at=storable(decision.exposed_at) if decision.exposed_at else None,
        due_hour=due_hour(due) if due else None,
        settle_at=storable(due) if due else None,
        lang=stored.lang,
        granted=list(stored.granted),
        words=stored.words,
        words_expire_at=storable(stored.words_expire_at) if stored.words_expire_at else None,
        trace_id=stored.trace_id or None,
        changed_at=storable(stored.changed_at or decision.decided_at),
    )


def _from_row(row: DecisionRow) -> StoredDecision:
    return StoredDecision(
        decision=Decision.model_validate_json(row.body),
        lang=row.lang,
        granted=row.granted,
        words=row.words,
        words_expire_at=_moment(row.words_expire_at) if row.words_expire_at else None,
        due_at=_moment(row.settle_at) if row.settle_at else None,
        trace_id=row.trace_id or "",
        changed_at=_moment(row.changed_at),
    )


def _from_raw(raw: Mapping[str, Any]) -> StoredDecision:
    return _from_row(DecisionRow.from_raw_data(dict(raw)))


def _state(person_id: str, rows: Sequence[Mapping[str, Any]]) -> TipState:
    return TipState.model_validate_json(rows[0]["body"]["S"]) if rows else TipState(person_id=person_id)


def _parsed(model: type[M], rows: Sequence[Mapping[str, Any]]) -> M | None:
    try:
        return model.model_validate_json(rows[0]["body"]["S"]) if rows else None
    except ValidationError:
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _epoch(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds is not None else None


def _put(row: Row, condition: str, values: dict[str, Any] | None = None) -> Put:
    return Put(row.Meta.table_name, row.serialize(), condition, values or {})


def _state_put(state: TipState) -> Put:
    row = TipStateRow(person_id=state.person_id, version=state.version, body=state.model_dump_json())
    if state.version == 1:
        return _put(row, "attribute_not_exists(person_id)")
    return _put(row, "version = :v", {":v": {"N": str(state.version - 1)}})


def _transact(puts: Sequence[Put], state: TipState | None) -> None:
    """Erasure deletes the state first: no change of it goes through then, and no erased person's begins."""
    absent = []
    if state is not None and state.version == 1:
        absent = [Absent(table_name("profiles"), {"person_id": state.person_id, "part": ERASED})]
    try:
        put_all([*puts, *([_state_put(state)] if state else [])], absent)
    except LostTransaction as error:
        raise LostRace from error
