"""DynamoDB behind integrations: the table `provider-tokens`.

One row per connection, by source, and beside it one for a person who is at the provider just now.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from pynamodb.attributes import BinaryAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.integrations.contract import Attempt, Connection, Status
from chalicelib.profile.contract import ERASED
from chalicelib.runtime import aws
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

ATTEMPTS: Final = 4
_REFUSED: Final = "ConditionalCheckFailedException"
_ATTEMPT: Final = "attempt#"


class ConnectionRow(Row):
    """A connection, or (sort key `attempt#<source>`) the way to one."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("provider-tokens")

    person_id = UnicodeAttribute(hash_key=True)
    source = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    status = UnicodeAttribute(null=True)
    sealed = BinaryAttribute(legacy_encoding=False, null=True)
    scopes = JSONAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    connected_at = NumberAttribute(null=True)
    refreshed_at = NumberAttribute(null=True)
    holder = UnicodeAttribute(null=True)
    held_until = NumberAttribute(null=True)
    cursor = UnicodeAttribute(null=True)
    synced_at = NumberAttribute(null=True)
    listed_at = NumberAttribute(null=True)
    # Of an attempt; `expires` is the table's TTL, which a connection does not have.
    state = UnicodeAttribute(null=True)
    session = UnicodeAttribute(null=True)
    verifier = BinaryAttribute(legacy_encoding=False, null=True)
    expires = NumberAttribute(null=True)

    def model(self) -> Connection:
        """The connection as the service knows it."""
        return Connection(
            person_id=self.person_id,
            source=self.source,
            version=int(self.version),
            status=cast(Status, self.status),
            sealed=self.sealed,
            scopes=tuple(self.scopes or ()),
            expires_at=_whole(self.expires_at),
            connected_at=int(self.connected_at),
            refreshed_at=_whole(self.refreshed_at),
            holder=self.holder,
            held_until=int(self.held_until or 0),
            cursor=self.cursor,
            synced_at=_whole(self.synced_at),
            listed_at=_whole(self.listed_at),
        )


class ConnectionTable:
    """A `ConnectionStore`."""

    def get(self, person_id: str, source: str) -> Connection | None:
        """A consistent read."""
        row = _row(person_id, source)
        return row.model() if row else None

    def of_person(self, person_id: str) -> Sequence[Connection]:
        """One query."""
        rows = ConnectionRow.query(person_id, consistent_read=True)
        return [row.model() for row in rows if not row.source.startswith(_ATTEMPT)]

    def put(self, connection: Connection) -> bool:
        """One transaction: the person is not erased, the row takes the place of any before."""
        row = ConnectionRow(
            connection.person_id,
            connection.source,
            version=connection.version,
            status=connection.status,
            sealed=connection.sealed,
            scopes=list(connection.scopes),
            expires_at=connection.expires_at,
            connected_at=connection.connected_at,
            refreshed_at=connection.refreshed_at,
        )
        return _unless_erased(row)

    def hold(self, seen: Connection, holder: str, *, now: int, until: int) -> bool:
        """One conditional update."""
        free = ConnectionRow.held_until.does_not_exist() | (ConnectionRow.held_until <= now)
        return _update(
            seen,
            [ConnectionRow.holder.set(holder), ConnectionRow.held_until.set(until)],
            _same(seen) & free,
        )

    def change(self, seen: Connection, after: Connection) -> bool:
        """One conditional update of what a refresh can change. Tokens that stay are not written, so that
        what was sealed again under a newer key meanwhile stays so."""
        same_holder = (
            ConnectionRow.holder == seen.holder if seen.holder else ConnectionRow.holder.does_not_exist()
        )
        row = ConnectionRow
        values: list[tuple[Any, Any]] = [
            (row.version, after.version),
            (row.status, after.status),
            (row.scopes, list(after.scopes)),
            (row.expires_at, after.expires_at),
            (row.refreshed_at, after.refreshed_at),
            (row.holder, after.holder),
            (row.held_until, after.held_until or None),
        ]
        if after.sealed != seen.sealed:
            values.append((row.sealed, after.sealed))
        return _update(
            seen,
            [name.set(value) if value is not None else name.remove() for name, value in values],
            _same(seen) & same_holder,
        )

    def delete(self, seen: Connection) -> bool:
        """One conditional delete."""
        gone = ConnectionRow.person_id.does_not_exist()
        return _delete(ConnectionRow(seen.person_id, seen.source), gone | _same(seen))

    def read_up_to(self, seen: Connection, cursor: str, synced_at: int, listed_at: int | None) -> bool:
        """One conditional update."""
        row = ConnectionRow
        actions = [row.cursor.set(cursor), row.synced_at.set(synced_at)]
        if listed_at is not None:
            actions.append(row.listed_at.set(listed_at))
        return _update(seen, actions, row.connected_at == seen.connected_at)

    def begin(self, attempt: Attempt) -> bool:
        """One transaction, as for a connection."""
        return _unless_erased(
            ConnectionRow(
                attempt.person_id,
                _ATTEMPT + attempt.source,
                state=attempt.state,
                session=attempt.session,
                verifier=attempt.sealed,
                expires=attempt.expires,
            )
        )

    def attempt(self, person_id: str, source: str) -> Attempt | None:
        """A consistent read."""
        row = _row(person_id, _ATTEMPT + source)
        if row is None:
            return None
        return Attempt(person_id, source, row.state, row.session, row.verifier, int(row.expires))

    def finish(self, attempt: Attempt) -> bool:
        """One conditional delete."""
        row = ConnectionRow(attempt.person_id, _ATTEMPT + attempt.source)
        return _delete(row, ConnectionRow.state == attempt.state)

    def ping(self) -> None:
        """One read of a key that no one has."""
        _row("health", "health")

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """The facts of each connection."""
        for seen in self.of_person(person_id):
            yield {
                "source": seen.source,
                "status": seen.status,
                "scopes": list(seen.scopes),
                "connected_at": seen.connected_at,
                "refreshed_at": seen.refreshed_at,
                "synced_at": seen.synced_at,
                "access_expires_at": seen.expires_at,
            }

    def clear(self, person_id: str) -> int:
        """Every row, attempts too."""
        gone = 0
        with ConnectionRow.batch_write() as batch:
            for row in ConnectionRow.query(person_id, consistent_read=True):
                batch.delete(row)
                gone += 1
        return gone


def _row(person_id: str, source: str) -> ConnectionRow | None:
    try:
        return cast(ConnectionRow, ConnectionRow.get(person_id, source, consistent_read=True))
    except ConnectionRow.DoesNotExist:
        return None


def _unless_erased(row: ConnectionRow) -> bool:
    """One transaction over two tables. Another transaction at the same moment is waited for."""
    client = aws.dynamodb()
    check: Any = {
        "TableName": table_name("profiles"),
        "Key": {"person_id": {"S": row.person_id}, "part": {"S": ERASED}},
        "ConditionExpression": "attribute_not_exists(person_id)",
    }
    put: Any = {"TableName": ConnectionRow.Meta.table_name, "Item": row.serialize()}
    for attempt in range(ATTEMPTS):
        try:
            client.transact_write_items(TransactItems=[{"ConditionCheck": check}, {"Put": put}])
        except client.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if reasons[:1] == ["ConditionalCheckFailed"]:
                return False
            if "TransactionConflict" not in reasons or attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return True
    raise AssertionError("unreachable: the last attempt returns or raises")


def _same(seen: Connection) -> Condition:
    """The row is as it was seen. Versions start anew with each connection, so its beginning counts too."""
    return (ConnectionRow.version == seen.version) & (ConnectionRow.connected_at == seen.connected_at)


def _update(seen: Connection, actions: list[Action], condition: Condition) -> bool:
    try:
        ConnectionRow(seen.person_id, seen.source).update(actions=actions, condition=condition)
    except UpdateError as error:
        if error.cause_response_code == _REFUSED:
            return False
        raise
    return True


def _delete(row: ConnectionRow, condition: Condition) -> bool:
    try:
        row.delete(condition=condition)
    except DeleteError as error:
        if error.cause_response_code == _REFUSED:
            return False
        raise
    return True


def _whole(value: Any) -> int | None:
    return int(value) if value is not None else None
