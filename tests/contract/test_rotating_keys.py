"""Keys change on a cloud: another KMS key takes over, a data key gets versions, words are sealed again."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from chalicelib.contracts.ports import KeyDestroyed
from chalicelib.contracts.stores import STORES, Sealed, Store
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


def test_every_sealed_store_is_sealed_again_while_it_serves(aws: Any) -> None:
    """Another KMS key, a new version, everything sealed again, the old version dropped: nobody notices."""
    first, places = sealer(), [(store, sealed) for store in STORES for sealed in store.sealed]
    assert {store.name for store, _ in places} == {"item-words", "decisions", "provider-tokens"}
    for store, sealed in places:
        put_words(aws, store, sealed, first)

    over, served, failed = threading.Event(), list[int](), list[BaseException]()

    def serve() -> None:
        """A process of the API: seals, and opens what rests, for as long as the operator works."""
        mine = sealer()
        try:
            while not over.is_set() or not served:
                for store, sealed in places:
                    for sort, words in resting(aws, store, sealed).items():
                        assert mine.open(ANN, sealed.purpose(sort), words) == f"{store.name} {sort}"
                served.append(version_of(mine.seal(ANN, "p", "new")))
        except BaseException as error:
            failed.append(error)

    serving = [threading.Thread(target=serve) for _ in range(2)]
    for thread in serving:
        thread.start()
    said: list[str] = []
    move_alias(aws)
    for action in ("rewrap", "rotate", "reseal", "reseal"):
        assert run("local", action, [ANN], said.append) == 0
    over.set()
    for thread in serving:
        thread.join()
    assert failed == []
    assert set(served) <= {1, 2}
    assert said[-1] == "1 people looked at, 0 texts sealed again"
    for store, sealed in places:
        assert {version_of(words) for words in resting(aws, store, sealed).values()} == {2}, store.name


def put_words(aws: Any, store: Store, sealed: Sealed, by: PersonSealer) -> None:
    """Two rows; where a store has several sealed attributes each row gets them all."""
    for sort in ("a", "b"):
        words = by.seal(ANN, sealed.purpose(sort), f"{store.name} {sort}")
        aws.client("dynamodb").update_item(
            TableName=f"oo-local-{store.name}",
            Key={store.key: {"S": ANN}, str(store.sort): {"S": sort}},
            UpdateExpression="SET #a = :w",
            ExpressionAttributeNames={"#a": sealed.attribute},
            ExpressionAttributeValues={":w": {"B": words}},
        )


def resting(aws: Any, store: Store, sealed: Sealed) -> dict[str, bytes]:
    """The sealed attribute of every row, by sort key."""
    found = aws.client("dynamodb").scan(TableName=f"oo-local-{store.name}", ConsistentRead=True)["Items"]
    return {row[str(store.sort)]["S"]: bytes(row[sealed.attribute]["B"]) for row in found}
