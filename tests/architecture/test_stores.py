"""`contracts/stores.py` and what really exists say the same, both ways round."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from chalicelib.contracts.stores import STORES, Store, physical_name
from infra.buckets import BUCKETS
from infra.grants import arn
from infra.tables import table_definition
from infra.template import template

ROOT = Path(__file__).resolve().parents[2]
TABLES = [s for s in STORES if s.kind == "table"]


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    made: dict[str, Any] = template()["Resources"]
    return made


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def test_the_template_makes_every_listed_table_and_no_other(resources: dict[str, Any]) -> None:
    made = {p["TableName"]["Fn::Sub"] for p in of_type(resources, "AWS::DynamoDB::Table").values()}
    assert made == {physical_name("${Stage}", s.name) for s in TABLES}


def test_the_template_makes_every_listed_bucket_and_no_other(resources: dict[str, Any]) -> None:
    assert of_type(resources, "AWS::S3::Bucket").keys() == set(BUCKETS.values())
    assert {s.name for s in STORES if s.kind == "bucket"} == BUCKETS.keys()


@pytest.mark.parametrize("store", TABLES, ids=lambda s: s.name)
def test_a_table_is_made_as_it_is_listed(resources: dict[str, Any], store: Store) -> None:
    made = next(
        p
        for p in of_type(resources, "AWS::DynamoDB::Table").values()
        if p["TableName"]["Fn::Sub"] == physical_name("${Stage}", store.name)
    )
    expiry = {"AttributeName": store.expires, "Enabled": True} if store.expires else None
    assert made.get("TimeToLiveSpecification") == expiry
    backups = made["PointInTimeRecoverySpecification"]
    assert backups["PointInTimeRecoveryEnabled"] is bool(store.backup_days)
    assert backups.get("RecoveryPeriodInDays", 35) == (store.backup_days or 35)
    assert ("StreamSpecification" in made) is store.stream
    assert made["KeySchema"] == table_definition(store.name, "local")["KeySchema"]
    if store.personal:
        assert made["SSESpecification"] == {"SSEEnabled": True}


def test_a_personal_bucket_is_sealed_and_closed(resources: dict[str, Any]) -> None:
    bucket = of_type(resources, "AWS::S3::Bucket")["DecisionLog"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    # An older version of an object would outlive the person who was erased from it.
    assert "VersioningConfiguration" not in bucket


def test_code_names_no_store_that_is_not_listed() -> None:
    """Every literal given to `table_name` and `physical_name` is a listed store."""
    listed = {s.name for s in STORES}
    calls = (
        (node.func.id, node.args[-1])
        for package in ("chalicelib", "ml_lambda")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
    )
    named = {
        name.value
        for called, name in calls
        if called in {"table_name", "physical_name"} and isinstance(name, ast.Constant)
    }
    assert "profiles" in named
    assert named <= listed


def test_every_personal_store_is_erased_by_its_owner() -> None:
    from chalicelib.wiring import personal_stores
    from ml_lambda.serving.stores import personal_stores as scoring_stores

    erased = [store.name for store in (*personal_stores(), *scoring_stores())]
    assert sorted(erased) == sorted(s.name for s in STORES if s.personal)


def test_a_grant_on_an_unlisted_store_is_refused() -> None:
    with pytest.raises(StopIteration):
        arn("table:diaries", "dev")
