"""The feature store: reads a person's items, signals and profile, keeps their snapshot.

DynamoDB's own client, no mapper: `rank` and `features` load nothing that they do not use. Rows hold their
document as JSON in `body` beside the attributes that keys and conditions need.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from chalicelib.contracts.consents import CONSENTS, Consent
from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.records import ItemRecord, SignalRecord, storable
from chalicelib.contracts.stores import physical_name
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.features import calendar, habit, task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_SIGNALS: Final = 4000
"""Of the last 28 days, newest first: more than a hundred a day are cut off at the old end."""

_LONGEST_EVENT: Final = timedelta(days=31)
MOST_EVENTS: Final = 400
_PAGE: Final = 1000


@dataclass(frozen=True)
class Person:
    """What the profile says that features depend on."""

    timezone: str
    granted: frozenset[Consent]
    erased: bool
    goals: tuple[str, ...] = ()


class FeatureTables:
    """Reads signals, items and profiles; owns snapshots. All reads are strongly consistent."""

    name = "snapshots"

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def _table(self, name: str) -> str:
        return physical_name(self._stage, name)

    def person(self, person_id: str) -> Person:
        """Time zone, goals, consents and whether the person was erased; one call."""
        table = self._table("profiles")
        parts = ("profile", "consents", "erased")
        keys = [{"person_id": {"S": person_id}, "part": {"S": part}} for part in parts]
        answer = self._client.batch_get_item(
            RequestItems={table: cast("Any", {"Keys": keys, "ConsistentRead": True})}
        )
        if answer.get("UnprocessedKeys"):
            raise RuntimeError("profiles are throttled")
        rows = {row["part"]["S"]: row for row in answer["Responses"].get(table, [])}
        erased = "erased" in rows
        profile = json.loads(rows["profile"]["body"]["S"]) if "profile" in rows else {}
        granted = rows.get("consents", {}).get("granted", {}).get("SS", [])
        return Person(
            timezone=profile.get("timezone") or "UTC",
            granted=frozenset() if erased else frozenset(c for c in CONSENTS if c in granted),
            erased=erased,
            goals=tuple(profile.get("goals") or ()),
        )

    def items(self, person_id: str, now: datetime) -> list[ItemRecord]:
        """Open items, bounded: tasks by date, long past ones last; entries of the next days; habits."""
        first, last = storable(now - _LONGEST_EVENT), storable(now + calendar.AHEAD)
        recent = f"task#{storable(now - task.RECENT)}"
        tasks = list(self._open(person_id, recent, "task#~", task.LIMIT))
        left = task.LIMIT - len(tasks)
        rows = [
            *tasks,
            *self._open(person_id, "task#", recent, left, newest_first=True),
            *self._open(person_id, f"event#{first}", f"event#{last}~", MOST_EVENTS, newest_first=True),
            *self._open(person_id, "habit#", "habit#~", habit.LIMIT),
        ]
        return [ItemRecord.model_validate_json(row["body"]["S"]) for row in rows]

    def signals(self, person_id: str, since: datetime) -> list[SignalRecord]:
        """Signals from `since`, newest first, at most MOST_SIGNALS."""
        rows = self._query(
            TableName=self._table("signals"),
            IndexName="by_time",
            KeyConditionExpression="person_id = :p AND occurred_at >= :since",
            ExpressionAttributeValues={":p": {"S": person_id}, ":since": {"S": storable(since)}},
            ScanIndexForward=False,
            limit=MOST_SIGNALS,
        )
        return [SignalRecord.model_validate_json(row["body"]["S"]) for row in rows]

    def _open(
        self, person_id: str, first: str, last: str, limit: int, newest_first: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        return self._query(
            TableName=self._table("items"),
            IndexName="by_open",
            KeyConditionExpression="person_id = :p AND open_key BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":p": {"S": person_id},
                ":first": {"S": first},
                ":last": {"S": last},
            },
            ScanIndexForward=not newest_first,
            limit=limit,
        )

    def _query(self, *, limit: int, **query: Any) -> Iterator[Mapping[str, Any]]:
        while limit > 0:
            page = self._client.query(ConsistentRead=True, Limit=min(limit, _PAGE), **query)
            yield from page["Items"]
            limit -= len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def computed_at(self, person_id: str) -> datetime | None:
        """When the stored snapshot of this feature version was computed; None when there is none."""
        answer = self._client.get_item(
            TableName=self._table("snapshots"),
            Key={"person_id": {"S": person_id}},
            ProjectionExpression="computed_at, feature_version",
            ConsistentRead=True,
        )
        row = answer.get("Item")
        if not row or int(row["feature_version"]["N"]) != FEATURE_VERSION:
            return None
        return datetime.fromisoformat(row["computed_at"]["S"])

    def save(self, snapshot: Snapshot) -> bool:
        """Keep it, unless a refresh that began later is there already or the person was erased.

        Whether it was kept. Raises when DynamoDB could not say: the message is retried.
        """
        item = {
            "person_id": {"S": snapshot.person_id},
            "computed_at": {"S": storable(snapshot.computed_at)},
            "feature_version": {"N": str(snapshot.feature_version)},
            "body": {"S": snapshot.model_dump_json(exclude_defaults=True)},
        }
        try:
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "ConditionCheck": {
                            "TableName": self._table("profiles"),
                            "Key": {"person_id": {"S": snapshot.person_id}, "part": {"S": "erased"}},
                            "ConditionExpression": "attribute_not_exists(person_id)",
                        }
                    },
                    {
                        "Put": {
                            "TableName": self._table("snapshots"),
                            "Item": cast("Any", item),
                            "ConditionExpression": "attribute_not_exists(computed_at) OR computed_at <= :at",
                            "ExpressionAttributeValues": {":at": item["computed_at"]},
                        }
                    },
                ]
            )
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = cast("Any", error.response)["CancellationReasons"]
            if {r["Code"] for r in reasons} <= {"None", "ConditionalCheckFailed"}:
                return False
            raise
        return True

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """The snapshot as it is stored."""
        answer = self._client.get_item(
            TableName=self._table("snapshots"), Key={"person_id": {"S": person_id}}, ConsistentRead=True
        )
        if row := answer.get("Item"):
            yield json.loads(row["body"]["S"])

    def erase(self, person_id: str) -> int:
        """Delete the snapshot."""
        answer = self._client.delete_item(
            TableName=self._table("snapshots"), Key={"person_id": {"S": person_id}}, ReturnValues="ALL_OLD"
        )
        return 1 if answer.get("Attributes") else 0
