"""Keys change on a cloud: another KMS key takes over, a data key gets versions, words are sealed again."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.contracts.ports import KeyDestroyed
from chalicelib.runtime.key_rotation import KeyRotation
from chalicelib.runtime.person_keys import DynamoKeyTable, KmsKeyWrapper
from chalicelib.runtime.sealing import PersonSealer, version_of
from infra.keys import run

ANN, BOB = "person-ann", "person-bob"
ALIAS = "alias/oo-local-persons"


def sealer() -> PersonSealer:
    """A process of its own."""
    return PersonSealer(DynamoKeyTable("local"), KmsKeyWrapper(ALIAS))


def keep(aws: Any, table: str, **row: Any) -> None:
    item = {k: {"B": v} if isinstance(v, bytes) else {"S": v} for k, v in row.items()}
    aws.client("dynamodb").put_item(TableName=f"oo-local-{table}", Item=item)


def entomb(aws: Any, person_id: str) -> None:
    keep(aws, "profiles", person_id=person_id, part="erased", body="{}")


def rows(aws: Any, table: str) -> dict[str, dict[str, Any]]:
    found = aws.client("dynamodb").scan(TableName=f"oo-local-{table}")["Items"]
    sort = {"item-words": "item_ref", "decisions": "decision_id"}[table]
    return {row[sort]["S"]: row for row in found}


def move_alias(aws: Any) -> str:
    """What an operator does when another KMS key takes over; the id of the one before."""
    kms = aws.client("kms")
    before = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=ALIAS, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return str(before)


def test_another_kms_key_takes_over(aws: Any) -> None:
    serving = sealer()
    sealed = {who: serving.seal(who, "p", who) for who in (ANN, BOB)}
    move_alias(aws)
    assert {who: sealer().open(who, "p", sealed[who]) for who in sealed} == {ANN: ANN, BOB: BOB}
    said: list[str] = []
    table = DynamoKeyTable("local")
    before = {who: table.read(who) for who in sealed}
    assert run("local", "rewrap", table.people(), said.append) == 0
    assert said[-1] == "2 people looked at, 2 people changed"
    assert all(table.read(who) != before[who] for who in sealed)
    for process in (serving, sealer()):
        assert {who: process.open(who, "p", sealed[who]) for who in sealed} == {ANN: ANN, BOB: BOB}
    run("local", "rewrap", table.people(), said.append)
    assert said[-1] == "2 people looked at, 0 people changed"


def test_words_are_sealed_again_under_the_new_version(aws: Any) -> None:
    first = sealer()
    for ref in ("a", "b", "c"):
        keep(aws, "item-words", person_id=ANN, item_ref=ref, sealed=first.seal(ANN, f"item:{ref}", ref))
    keep(aws, "decisions", person_id=ANN, decision_id="d1", words=first.seal(ANN, "tip:d1", "tip"), body="{}")
    keep(aws, "decisions", person_id=ANN, decision_id="d2", body="{}")
    keep(aws, "item-words", person_id=BOB, item_ref="a", sealed=first.seal(BOB, "item:a", "bob's"))
    bobs = rows(aws, "item-words")["a"]["sealed"]["B"]
    keep(aws, "item-words", person_id=ANN, item_ref="a", sealed=first.seal(ANN, "item:a", "a"))
    assert KeyRotation(DynamoKeyTable("local"), KmsKeyWrapper(ALIAS)).rotate(ANN) == 2
    said: list[str] = []
    assert run("local", "reseal", [ANN, BOB], said.append) == 0
    assert said == ["2 people looked at, 4 texts sealed again"]
    assert run("local", "reseal", [ANN, BOB], said.append) == 0
    assert said[-1] == "2 people looked at, 0 texts sealed again"
    after = sealer()
    found = aws.client("dynamodb").scan(TableName="oo-local-item-words")["Items"]
    for row in found:
        who, ref, sealed = row["person_id"]["S"], row["item_ref"]["S"], bytes(row["sealed"]["B"])
        assert version_of(sealed) == (2 if who == ANN else 1)
        assert after.open(who, f"item:{ref}", sealed) == (ref if who == ANN else "bob's")
    words = rows(aws, "decisions")["d1"]
    assert words["body"]["S"] == "{}"
    assert after.open(ANN, "tip:d1", bytes(words["words"]["B"])) == "tip"
    assert "words" not in rows(aws, "decisions")["d2"]
    assert bobs is not None


def test_what_cannot_be_opened_is_left_and_said(aws: Any) -> None:
    sealer().seal(ANN, "p", "x")
    keep(aws, "item-words", person_id=ANN, item_ref="a", sealed=b"\x01" + bytes(40))
    KeyRotation(DynamoKeyTable("local"), KmsKeyWrapper(ALIAS)).rotate(ANN)
    said: list[str] = []
    assert run("local", "reseal", [ANN], said.append) == 1
    assert rows(aws, "item-words")["a"]["sealed"]["B"] == b"\x01" + bytes(40)
    assert "1 could not be opened" in said[-1]


def test_a_run_goes_on_where_another_stopped_and_leaves_the_erased_alone(aws: Any) -> None:
    table = DynamoKeyTable("local")
    people = [f"person-{n}" for n in range(6)]
    for who in people:
        sealer().seal(who, "p", "x")
    entomb(aws, people[0])
    sealer().destroy(people[0])
    order = list(table.people())
    assert sorted(order) == people[1:]
    assert list(table.people(after=order[1])) == order[2:]
    said: list[str] = []
    assert run("local", "rotate", [*order[2:], people[0]], said.append) == 0
    assert said == [f"{len(order[2:]) + 1} people looked at, {len(order[2:])} people changed"]
    with pytest.raises(KeyDestroyed):
        sealer().seal(people[0], "p", "x")
    assert [version_of(sealer().seal(who, "p", "x")) for who in order] == [1, 1, 2, 2, 2]
