"""DynamoDB behind events: signals, items, sealed titles, the tail."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.models import Model

from chalicelib.contracts.records import SignalRecord, storable
from chalicelib.events.contract import TailEntry
from chalicelib.events.ports import Place, Removal, SeenItem, TakenBack, Words, Write, Written
from chalicelib.events.projection import ItemState, open_key, record_of
from chalicelib.events.rows import ItemRow, PersonRow, SignalRow, TailRow, WordsRow
from chalicelib.profile.contract import CONSENTS_PART, ERASED

_REFUSED: Final = "ConditionalCheckFailed"
_BUSY: Final = frozenset({"TransactionConflict", "TransactionInProgressException"})


class SignalTable:
    """The SignalStore."""

    def known(self, person_id: str, ids: Sequence[str]) -> set[str]:
        """Which ids the person has."""
        rows = SignalRow.batch_get(
            [(person_id, signal_id) for signal_id in ids],
            consistent_read=True,
            attributes_to_get=["person_id", "signal_id", "taken_back_at"],
        )
        return {row.signal_id for row in rows if row.taken_back_at is None}

    def signal(self, person_id: str, signal_id: str) -> SignalRecord | TakenBack | None:
        """One signal, or its mark."""
        row = _get(SignalRow, person_id, signal_id)
        if row is None or row.told:
            return None
        if row.taken_back_at:
            return TakenBack(row.type, row.item_ref, datetime.fromisoformat(row.taken_back_at))
        return SignalRecord.model_validate_json(row.body)

    def page(
        self, person_id: str, limit: int, after: Place | None
    ) -> tuple[list[SignalRecord], Place | None]:
        """A page by time, newest first; one more row is read to know whether there is another page."""
        start = None
        if after:
            start = {
                "person_id": {"S": person_id},
                "occurred_at": {"S": after[0]},
                "signal_id": {"S": after[1]},
            }
        rows = SignalRow.by_time.query(
            person_id,
            scan_index_forward=False,
            limit=limit + 1,
            consistent_read=True,
            last_evaluated_key=start,
        )
        records = [SignalRecord.model_validate_json(row.body) for row in rows]
        if len(records) <= limit:
            return records, None
        last = records[limit - 1]
        return records[:limit], (storable(last.occurred_at), last.signal_id)

    def item(self, person_id: str, item_ref: str) -> SeenItem | None:
        """One item; its version is its state as text."""
        row = _get(ItemRow, person_id, item_ref)
        return SeenItem(ItemState.model_validate_json(row.state), row.state) if row else None

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, Words]:
        """The sealed titles that rest."""
        return {
            row.item_ref: Words(
                row.sealed, row.title_hash, datetime.fromisoformat(row.expires_at), row.expires is None
            )
            for row in WordsRow.batch_get([(person_id, ref) for ref in item_refs])
        }

    def write(self, person_id: str, write: Write) -> Written:
        """One transaction: the person agrees and is not erased, the signal is new, the item unchanged."""
        signal, ref = write.signal, write.signal.item_ref or ""
        transaction = _Transaction()
        transaction.check(
            PersonRow, person_id, ERASED, PersonRow.person_id.does_not_exist(), otherwise="erased"
        )
        transaction.check(
            PersonRow, person_id, CONSENTS_PART, PersonRow.granted.contains(write.consent),
            otherwise="no_consent",
        )  # fmt: skip
        row = SignalRow(
            person_id, signal.signal_id, type=signal.type, item_ref=signal.item_ref,
            occurred_at=storable(signal.occurred_at), body=signal.model_dump_json(exclude_none=True),
        )  # fmt: skip
        fresh = SignalRow.taken_back_at < storable(write.received_at)
        transaction.put(row, SignalRow.person_id.does_not_exist() | fresh, otherwise="duplicate")
        if write.item:
            transaction.put(_item_row(person_id, write.item), _unchanged(write.seen), otherwise="changed")
        if write.words == "drop":
            transaction.delete(WordsRow(person_id, ref))
        elif isinstance(write.words, Words):
            transaction.put(_words_row(person_id, signal, write.words))
        return transaction.commit() or "stored"

    def remove(self, person_id: str, removal: Removal) -> bool:
        """One transaction; the signal's row becomes the mark that it was taken back."""
        transaction = _Transaction()
        mark = SignalRow(
            person_id, removal.signal_id, type=removal.type, item_ref=removal.item_ref,
            taken_back_at=storable(removal.at),
        )  # fmt: skip
        transaction.put(mark, SignalRow.body.exists(), otherwise="changed")
        if removal.seen and removal.item is None:
            transaction.delete(
                ItemRow(person_id, removal.item_ref), _unchanged(removal.seen), otherwise="changed"
            )
        elif removal.item and removal.seen and removal.item != removal.seen.state:
            transaction.put(_item_row(person_id, removal.item), _unchanged(removal.seen), otherwise="changed")
        if removal.drop_words:
            transaction.delete(WordsRow(person_id, removal.item_ref))
        return transaction.commit() is None

    def told(self, person_id: str, signal_id: str, mark: TakenBack) -> None:
        """The mark keeps its moment alone; a signal that was sent anew in between stays."""
        at = storable(mark.at)
        row = SignalRow(person_id, signal_id, type=mark.type, taken_back_at=at, told=True)
        try:
            row.save(condition=SignalRow.taken_back_at == at)
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise

    def ping(self) -> None:
        """One read of a key that no one has."""
        _get(SignalRow, "health", "health")


class TailTable:
    """The TailStore: one partition per hour."""

    def add(self, entries: Mapping[str, TailEntry], kept: timedelta) -> None:
        """Batched puts under the events' own keys, so that each may come twice."""
        with TailRow.batch_write() as batch:
            for event_id, entry in entries.items():
                batch.save(
                    TailRow(
                        _hour(entry.at), f"{storable(entry.at)}#{event_id}", body=entry.model_dump_json(),
                        expires=int((entry.at + kept).timestamp()),
                    )
                )  # fmt: skip

    def hour(self, hour: datetime, limit: int) -> list[TailEntry]:
        """One query."""
        rows = TailRow.query(_hour(hour), scan_index_forward=False, limit=limit)
        return [TailEntry.model_validate_json(row.body) for row in rows]


class _Transaction:
    """A TransactWriteItems that says which of its conditions failed, in the caller's words."""

    def __init__(self) -> None:
        self._write = SignalRow.transaction()
        # PynamoDB sends checks, then deletes, then puts; reasons come back in that order.
        self._checks: list[Any] = []
        self._deletes: list[Any] = []
        self._puts: list[Any] = []

    def check(self, row: type[Model], key: str, sort: str, condition: Any, *, otherwise: Written) -> None:
        """A condition on a row that is not written."""
        self._write.condition_check(row, key, sort, condition=condition)
        self._checks.append(otherwise)

    def put(self, row: Model, condition: Any = None, *, otherwise: Written | None = None) -> None:
        """Write a row."""
        self._write.save(row, condition=condition)
        self._puts.append(otherwise)

    def delete(self, row: Model, condition: Any = None, *, otherwise: Written | None = None) -> None:
        """Delete a row."""
        self._write.delete(row, condition=condition)
        self._deletes.append(otherwise)

    def commit(self) -> Written | None:
        """None when all was written; else what the first failed condition means."""
        meanings = [*self._checks, *self._deletes, *self._puts]
        try:
            with self._write:
                pass
        except TransactWriteError as error:
            codes = [reason.code if reason else "" for reason in error.cancellation_reasons]
            failed = [meaning for code, meaning in zip(codes, meanings, strict=False) if code == _REFUSED]
            for outcome in ("erased", "no_consent", "duplicate", "changed"):
                if outcome in failed:
                    return outcome
            if _BUSY & {*codes, error.cause_response_code}:
                # Another transaction holds a row of this person: wait a moment, apart from each other.
                time.sleep(random.uniform(0.005, 0.05))  # noqa: S311
                return "changed"
            raise
        return None


def _unchanged(seen: SeenItem | None) -> Any:
    return ItemRow.state == seen.version if seen else ItemRow.person_id.does_not_exist()


def _item_row(person_id: str, state: ItemState) -> ItemRow:
    record = record_of(state)
    return ItemRow(
        person_id, state.item_ref, type=record.type, open_key=open_key(record),
        body=record.model_dump_json(exclude_none=True), state=state.model_dump_json(exclude_none=True),
    )  # fmt: skip


def _words_row(person_id: str, signal: SignalRecord, words: Words) -> WordsRow:
    return WordsRow(
        person_id, signal.item_ref, type=signal.type, sealed=words.sealed, title_hash=words.title_hash,
        expires_at=storable(words.expires_at),
        expires=None if words.lasting else int(words.expires_at.timestamp()),
    )  # fmt: skip


def _get(row: Any, key: str, sort: str) -> Any:
    try:
        return row.get(key, sort, consistent_read=True)
    except row.DoesNotExist:
        return None


def _hour(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H")
