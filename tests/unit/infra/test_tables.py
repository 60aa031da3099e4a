from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.tables import cloudformation_properties, create_tables, table_definition, tables


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-central-1")


def test_every_definition_is_taken_by_dynamodb_and_made_once(dynamodb: Any) -> None:
    first = create_tables(dynamodb, "local")
    second = create_tables(dynamodb, "local")
    assert first == second == [f"oo-local-{t.name}" for t in tables()]
    assert set(dynamodb.list_tables()["TableNames"]) == set(first)


def test_indexes_and_stream_follow_the_store_list(dynamodb: Any) -> None:
    create_tables(dynamodb, "local")
    decisions = dynamodb.describe_table(TableName="oo-local-decisions")["Table"]
    assert decisions["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert [i["IndexName"] for i in decisions["GlobalSecondaryIndexes"]] == ["by_due"]
    # Writing a decision's body must not write the index again.
    assert decisions["GlobalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    items = dynamodb.describe_table(TableName="oo-local-items")["Table"]
    assert items["LocalSecondaryIndexes"][0]["KeySchema"] == [
        {"AttributeName": "person_id", "KeyType": "HASH"},
        {"AttributeName": "open_key", "KeyType": "RANGE"},
    ]


def test_cloudformation_adds_what_only_it_can_say() -> None:
    sessions = cloudformation_properties("sessions", "dev")
    assert sessions["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert sessions["SSESpecification"] == {"SSEEnabled": True}
    decisions = cloudformation_properties("decisions", "dev")
    assert decisions["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert decisions["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": 7,
    }
    keys = cloudformation_properties("person-keys", "dev")
    assert keys["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert {
        k: v for k, v in sessions.items() if k in table_definition("sessions", "dev")
    } == table_definition("sessions", "dev")


def test_a_bucket_is_no_table() -> None:
    with pytest.raises(ValueError, match="bucket"):
        table_definition("decision-log", "dev")
