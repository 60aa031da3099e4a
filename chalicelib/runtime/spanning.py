"""DynamoDB calls that span tables: one batch read, one transaction. PynamoDB has them per table only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chalicelib.contracts.errors import Unavailable
from chalicelib.runtime import aws
from chalicelib.runtime.dynamodb import table_name

ATTEMPTS: Final = 4
# Someone else wrote first, or is writing.
_LOST: Final = {"ConditionalCheckFailed", "TransactionConflict"}


class LostTransaction(Exception):
    """A condition did not hold; nothing was written."""


@dataclass(frozen=True)
class Put:
    """One row of a transaction, in the wire's types, with its condition."""

    table: str
    row: Mapping[str, Any]
    condition: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Absent:
    """A row that a transaction does not write and that must not be there."""

    table: str
    key: Mapping[str, str]


def read_rows(wanted: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by store name, in the wire's types, strongly consistent; `wanted` holds at most 100 keys.

    One BatchGetItem, unless DynamoDB leaves keys unread under load. Raises Unavailable when it goes on so.
    """
    names = {table_name(store): store for store in wanted}
    found: dict[str, list[dict[str, Any]]] = {store: [] for store in wanted}
    left: dict[str, Any] = {
        table_name(store): {
            "Keys": [{name: {"S": value} for name, value in key.items()} for key in keys],
            "ConsistentRead": True,
        }
        for store, keys in wanted.items()
    }
    for _ in range(ATTEMPTS):
        answer = aws.dynamodb().batch_get_item(RequestItems=left)
        for table, rows in answer["Responses"].items():
            found[names[table]].extend(dict(row) for row in rows)
        left = dict(answer.get("UnprocessedKeys") or {})
        if not left:
            return found
    raise Unavailable("The tables are busy; try again.")


def plain(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows as Python values, for attributes that are strings, numbers, bytes, booleans or string sets."""
    for row in rows:
        yield {name: _value(value) for name, value in row.items()}


def _value(wire: Mapping[str, Any]) -> Any:
    ((kind, value),) = wire.items()
    match kind:
        case "N":
            return Decimal(value)
        case "SS":
            return set(value)
        case "NULL":
            return None
        case "S" | "B" | "BOOL":
            return value
    raise TypeError(f"attributes of type {kind} are not read plainly")


def put_all(puts: Sequence[Put], absent: Sequence[Absent] = ()) -> None:
    """One TransactWriteItems: all rows or none. Raises LostTransaction when a condition did not hold."""
    client = aws.dynamodb()
    items: list[Any] = [{"ConditionCheck": _check(row)} for row in absent]
    items += [{"Put": _wire(put)} for put in puts]
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionCanceledException as error:
        reasons: Any = error.response.get("CancellationReasons", [])
        if {str(r.get("Code")) for r in reasons} & _LOST:
            raise LostTransaction from error
        raise


def _check(row: Absent) -> Any:
    return {
        "TableName": row.table,
        "Key": {name: {"S": value} for name, value in row.key.items()},
        "ConditionExpression": f"attribute_not_exists({next(iter(row.key))})",
    }


def _wire(put: Put) -> Any:
    wire: dict[str, Any] = {
        "TableName": put.table,
        "Item": put.row,
        "ConditionExpression": put.condition,
    }
    return {**wire, "ExpressionAttributeValues": put.values} if put.values else wire
