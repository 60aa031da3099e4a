"""The table `erasures`: what each erasure did, by receipt. It holds no person and nothing of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.contracts.records import storable
from chalicelib.profile.ports import Receipt
from chalicelib.runtime import aws
from chalicelib.runtime.dynamodb import table_name

KEPT: Final = timedelta(days=90)
"""Longer than any backup (35 days), so that a receipt outlives what it tells of."""
_DONE: Final = "done#"


class ReceiptTable:
    """`Receipts` in DynamoDB; each emptied store is an attribute, so that reports in any order add up."""

    def __init__(self) -> None:
        self._table = table_name("erasures")

    def begin(self, receipt_id: str, at: datetime, stores: Sequence[str]) -> None:
        """A conditional put."""
        client = aws.dynamodb()
        try:
            client.put_item(
                TableName=self._table,
                Item={
                    "receipt_id": {"S": receipt_id},
                    "requested_at": {"S": storable(at)},
                    "expires": {"N": str(int((at + KEPT).timestamp()))},
                    "stores": {"SS": sorted(stores)},
                },
                ConditionExpression="attribute_not_exists(receipt_id)",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return

    def done(self, receipt_id: str, store: str, at: datetime) -> None:
        """One update, if the receipt is there."""
        client = aws.dynamodb()
        try:
            client.update_item(
                TableName=self._table,
                Key={"receipt_id": {"S": receipt_id}},
                UpdateExpression="SET #s = if_not_exists(#s, :at)",
                ConditionExpression="attribute_exists(receipt_id)",
                ExpressionAttributeNames={"#s": f"{_DONE}{store}"},
                ExpressionAttributeValues={":at": {"S": storable(at)}},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return

    def read(self, receipt_id: str) -> Receipt | None:
        """One consistent read."""
        answer = aws.dynamodb().get_item(
            TableName=self._table, Key={"receipt_id": {"S": receipt_id}}, ConsistentRead=True
        )
        row: Any = answer.get("Item")
        if row is None:
            return None
        return Receipt(
            requested_at=datetime.fromisoformat(row["requested_at"]["S"]),
            expires_at=datetime.fromtimestamp(int(row["expires"]["N"]), UTC),
            stores=sorted(row["stores"]["SS"]),
            done={
                name.removeprefix(_DONE): datetime.fromisoformat(value["S"])
                for name, value in row.items()
                if name.startswith(_DONE)
            },
        )
