"""DynamoDB tables, from `contracts/stores.py`: the same definition for CloudFormation and for tests."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.stores import STORES, Store, physical_name, store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_BACKUP_DAYS: Final = 35
"""DynamoDB's own, and what it does when no number is given."""


def tables() -> tuple[Store, ...]:
    """The stores that are tables."""
    return tuple(s for s in STORES if s.kind == "table")


def table_definition(name: str, stage: str) -> dict[str, Any]:
    """What boto3's `create_table` takes, which is also what CloudFormation takes.

    TTL, backups and encryption at rest are CloudFormation's alone: `cloudformation_properties`.
    """
    table = store(name)
    if table.kind != "table":
        raise ValueError(f"{name} is a {table.kind}, not a table")
    attributes = {table.key, *([table.sort] if table.sort else [])}
    attributes |= {attribute for _, attribute in table.local_indexes}
    for _, partition, sort in table.global_indexes:
        attributes |= {partition, *([sort] if sort else [])}
    definition: dict[str, Any] = {
        "TableName": physical_name(stage, name),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in sorted(attributes)
        ],
        "KeySchema": _keys(table.key, table.sort),
    }
    if table.local_indexes:
        definition["LocalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": _keys(table.key, sort), "Projection": {"ProjectionType": "ALL"}}
            for index, sort in table.local_indexes
        ]
    if table.global_indexes:
        definition["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _keys(partition, sort),
                "Projection": {"ProjectionType": "KEYS_ONLY" if table.index_keys_only else "ALL"},
            }
            for index, partition, sort in table.global_indexes
        ]
    if table.stream:
        definition["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    return definition


def cloudformation_properties(name: str, stage: str) -> dict[str, Any]:
    """The definition as CloudFormation spells it, with what only CloudFormation can say in one call."""
    table = store(name)
    properties = table_definition(name, stage)
    if stream := properties.pop("StreamSpecification", None):
        # CloudFormation has no StreamEnabled: the view type alone switches the stream on.
        properties["StreamSpecification"] = {"StreamViewType": stream["StreamViewType"]}
    properties["SSESpecification"] = {"SSEEnabled": table.personal}
    properties["PointInTimeRecoverySpecification"] = {
        "PointInTimeRecoveryEnabled": bool(table.backup_days),
        **({"RecoveryPeriodInDays": table.backup_days} if 0 < table.backup_days < MOST_BACKUP_DAYS else {}),
    }
    if table.expires:
        properties["TimeToLiveSpecification"] = {"AttributeName": table.expires, "Enabled": True}
    properties["Tags"] = [
        {"Key": "oo:owner", "Value": table.owner},
        {"Key": "oo:personal", "Value": str(table.personal).lower()},
    ]
    return properties


def create_tables(client: DynamoDBClient, stage: str) -> list[str]:
    """Make every table that is not there yet and wait until each is active; their physical names.

    For tests: TTL and backups are left out, as readers enforce expiry themselves.
    """
    made = []
    for table in tables():
        definition = table_definition(table.name, stage)
        with contextlib.suppress(client.exceptions.ResourceInUseException):
            client.create_table(**definition)
        made.append(definition["TableName"])
    for name in made:
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return made


def _keys(partition: str, sort: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    if sort:
        keys.append({"AttributeName": sort, "KeyType": "RANGE"})
    return keys
