"""DynamoDB behind roles and audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.auth.admins.contract import AUDIT_DAYS, Entry
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

ADMIN: Final = "admin"
_DAY: Final = 86_400


class RoleRow(Row):
    """A person in a role. By role, so that all of one are found without a scan."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("roles")

    role = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    granted_at = NumberAttribute()


class AuditRow(Row):
    """An entry of the audit, by its day and time-ordered id."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("audit")

    day = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    at = NumberAttribute()
    admin = UnicodeAttribute()
    action = UnicodeAttribute()
    trace_id = UnicodeAttribute()
    expires = NumberAttribute()


class RoleTable:
    """A `RoleStore`, and a `PersonalStore`."""

    name = "roles"

    def is_admin(self, person_id: str) -> bool:
        """One consistent read."""
        return self._row(person_id) is not None

    def admins(self) -> Sequence[str]:
        """One consistent query."""
        return [row.person_id for row in RoleRow.query(ADMIN, consistent_read=True)]

    def grant(self, person_id: str, now: int) -> None:
        """One put."""
        RoleRow(ADMIN, person_id, granted_at=now).save()

    def revoke(self, person_id: str) -> bool:
        """One read, one delete."""
        row = self._row(person_id)
        if row is None:
            return False
        row.delete()
        return True

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """The role and since when."""
        if (row := self._row(person_id)) is not None:
            yield {"role": ADMIN, "granted_at": int(row.granted_at)}

    def erase(self, person_id: str) -> int:
        """No admin any more."""
        return int(self.revoke(person_id))

    def _row(self, person_id: str) -> RoleRow | None:
        try:
            row: RoleRow = RoleRow.get(ADMIN, person_id, consistent_read=True)
        except RoleRow.DoesNotExist:
            return None
        return row


class AuditTable:
    """An `AuditStore`."""

    def append(self, entry: Entry) -> None:
        """A conditional put."""
        row = AuditRow(
            datetime.fromtimestamp(entry.at, UTC).date().isoformat(),
            entry.id,
            at=entry.at,
            admin=entry.admin,
            action=entry.action,
            trace_id=entry.trace_id,
            expires=entry.at + AUDIT_DAYS * _DAY,
        )
        try:
            row.save(condition=AuditRow.entry.does_not_exist())
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise

    def day(self, day: str, after: str, limit: int) -> Iterator[Entry]:
        """One consistent query."""
        beyond = AuditRow.entry > after if after else None
        for row in AuditRow.query(day, beyond, limit=limit, consistent_read=True):
            yield Entry(row.entry, int(row.at), row.admin, row.action, row.trace_id)
