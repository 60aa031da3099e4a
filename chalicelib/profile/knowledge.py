"""What the profile card reads of other owners: snapshot, signals, sealed titles, how much was learned.

The rows are those that their owners promise: `events/rows.py`, `contracts/ml.Snapshot`, and the attribute
`sequence` of `statistics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.ports import SealedWords
from chalicelib.contracts.records import SignalRecord
from chalicelib.events.contract import words_purpose
from chalicelib.runtime import aws
from chalicelib.runtime.dynamodb import table_name
from chalicelib.runtime.spanning import plain, read_rows

_KEYS: Final = 100


class KnowledgeTables:
    """`Knowledge` in DynamoDB."""

    def snapshot(self, person_id: str) -> Snapshot | None:
        """One consistent read."""
        rows = read_rows({"snapshots": [{"person_id": person_id}]})["snapshots"]
        return Snapshot.model_validate_json(rows[0]["body"]["S"]) if rows else None

    def signals(self, person_id: str, limit: int | None) -> Iterator[SignalRecord]:
        """One query by time, newest first, page by page."""
        pages = (
            aws.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=table_name("signals"),
                IndexName="by_time",
                KeyConditionExpression="person_id = :p",
                ExpressionAttributeValues={":p": {"S": person_id}},
                ProjectionExpression="body",
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig={"MaxItems": limit} if limit else {},
            )
        )
        for page in pages:
            for row in page["Items"]:
                yield SignalRecord.model_validate_json(row["body"]["S"])

    def words(self, person_id: str, item_refs: Sequence[str]) -> Mapping[str, SealedWords]:
        """Batch reads of a hundred."""
        found: dict[str, SealedWords] = {}
        for start in range(0, len(item_refs), _KEYS):
            keys = [{"person_id": person_id, "item_ref": ref} for ref in item_refs[start : start + _KEYS]]
            for row in plain(read_rows({"item-words": keys})["item-words"]):
                found[row["item_ref"]] = SealedWords(
                    words_purpose(row["item_ref"]), row["sealed"], _until(row.get("expires"))
                )
        return found

    def learned(self, person_id: str) -> int:
        """One read of one number."""
        answer: Any = aws.dynamodb().get_item(
            TableName=table_name("statistics"),
            Key={"person_id": {"S": person_id}},
            ProjectionExpression="#s",
            ExpressionAttributeNames={"#s": "sequence"},
        )
        return int(answer.get("Item", {}).get("sequence", {}).get("N", 0))


def _until(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds is not None else None
