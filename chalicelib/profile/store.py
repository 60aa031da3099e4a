"""DynamoDB behind profile: the table `profiles`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.contracts.http import Profile
from chalicelib.profile.contract import CONSENTS_PART, ERASED, PARTS, PROFILE, ConsentsDocument, Tombstone
from chalicelib.profile.ports import Decision, Kept, Parts, history_part
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

_REFUSED = "ConditionalCheckFailed"
_HISTORY: Final = "consents#"
_AFTER_HISTORY: Final = "consents$"


class ProfileRow(Row):
    """One part of a person, or one entry of the history of consents."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("profiles")

    person_id = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    granted = UnicodeSetAttribute(null=True)


class ProfileTable:
    """The ProfileStore, and the PersonalStore `profiles`."""

    name = "profiles"

    def read(self, person_id: str) -> Parts:
        """The three parts, one batch read."""
        rows = ProfileRow.batch_get([(person_id, part) for part in PARTS], consistent_read=True)
        bodies = {row.part: row.body for row in rows}
        return Parts(bodies.get(PROFILE), bodies.get(CONSENTS_PART), bodies.get(ERASED))

    def keep_profile(self, person_id: str, profile: Profile, seen: Parts) -> Kept:
        """One transaction: not erased, as it was seen."""
        row = ProfileRow(person_id, PROFILE, body=profile.model_dump_json(exclude_unset=True))
        return self._keep(person_id, row, seen.profile, [])

    def keep_consents(
        self, person_id: str, document: ConsentsDocument, history: list[Decision], seen: Parts
    ) -> Kept:
        """One transaction: not erased, as it was seen, with its history."""
        row = ProfileRow(
            person_id,
            CONSENTS_PART,
            body=document.model_dump_json(),
            granted=set(document.granted()) or None,
        )
        entries = [
            ProfileRow(person_id, history_part(entry), body=entry.model_dump_json()) for entry in history
        ]
        return self._keep(person_id, row, seen.consents, entries)

    def _keep(self, person_id: str, row: ProfileRow, seen: str | None, more: list[ProfileRow]) -> Kept:
        unchanged = ProfileRow.body == seen if seen else ProfileRow.person_id.does_not_exist()
        write = ProfileRow.transaction()
        write.condition_check(ProfileRow, person_id, ERASED, condition=ProfileRow.person_id.does_not_exist())
        write.save(row, condition=unchanged)
        for entry in more:
            write.save(entry)
        try:
            with write:
                pass
        except TransactWriteError as error:
            codes = [reason.code if reason else "" for reason in error.cancellation_reasons]
            if codes[:1] == [_REFUSED]:
                return "erased"
            if _REFUSED in codes or "TransactionConflict" in codes:
                return "changed"
            raise
        return "kept"

    def history(self, person_id: str, limit: int, before: str | None) -> list[Decision]:
        """One query along the sort key."""
        below = ProfileRow.part.between(_HISTORY, before or _AFTER_HISTORY)
        rows = ProfileRow.query(
            person_id, below, limit=limit + 1, scan_index_forward=False, consistent_read=True
        )
        entries = [row for row in rows if row.part != before]
        return [Decision.model_validate_json(row.body) for row in entries[:limit]]

    def entomb(self, person_id: str, receipt_id: str, at: datetime) -> str:
        """A conditional put; the first receipt stands."""
        tombstone = Tombstone(receipt_id=receipt_id, at=at)
        row = ProfileRow(person_id, ERASED, body=tombstone.model_dump_json())
        try:
            row.save(condition=ProfileRow.person_id.does_not_exist())
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            standing = ProfileRow.get(person_id, ERASED, consistent_read=True)
            return Tombstone.model_validate_json(standing.body).receipt_id
        return receipt_id

    def ping(self) -> None:
        """One read of a key that no one has."""
        list(ProfileRow.batch_get([("health", "health")]))

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """Every row of the person, as its document."""
        for row in ProfileRow.query(person_id, consistent_read=True):
            yield {"part": row.part, "content": json.loads(row.body)}

    def erase(self, person_id: str) -> int:
        """Every row but the tombstone."""
        gone = 0
        with ProfileRow.batch_write() as batch:
            for row in ProfileRow.query(person_id, consistent_read=True):
                if row.part != ERASED:
                    batch.delete(row)
                    gone += 1
        return gone
