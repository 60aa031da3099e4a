"""One suite for the key table and the wrapping key: in memory, on moto, on the emulator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.ports import KeyDestroyed, Unsealable
from chalicelib.runtime.person_keys import DynamoKeyTable, KmsKeyWrapper
from chalicelib.runtime.sealing import KeyRow, KeyTable, KeyWrapper, PersonSealer
from tests.unit.runtime.memory_keys import MemoryKeyTable, MemoryWrapper

ANN, BOB = "person-ann", "person-bob"


@dataclass
class Keys:
    table: KeyTable
    wrapper: KeyWrapper
    entomb: Callable[[str], None] = lambda _: None
    """Write the person's tombstone."""

    def sealer(self) -> PersonSealer:
        """A process of its own: it holds no key yet."""
        return PersonSealer(self.table, self.wrapper)


class Sealing:
    """What every implementation does."""

    def test_the_first_key_stands(self, keys: Keys) -> None:
        assert keys.table.read(ANN) is None
        assert keys.table.create(ANN, b"one")
        assert not keys.table.create(ANN, b"two")
        assert keys.table.read(ANN) == KeyRow(b"one")
        assert keys.table.read(BOB) is None

    def test_of_an_erased_person_there_is_no_key_and_none_is_made(self, keys: Keys) -> None:
        keys.table.create(ANN, b"one")
        for who in (ANN, BOB):  # with a key and without
            keys.entomb(who)
            keys.table.destroy(who)
            keys.table.destroy(who)
            row = keys.table.read(who)
            assert row
            assert row.destroyed
            assert not keys.table.create(who, b"again")

    def test_a_ring_is_replaced_only_as_it_was_seen(self, keys: Keys) -> None:
        assert not keys.table.replace(ANN, b"one", b"two")
        keys.table.create(ANN, b"one")
        assert not keys.table.replace(ANN, b"other", b"two")
        assert keys.table.replace(ANN, b"one", b"two")
        assert keys.table.read(ANN) == KeyRow(b"two")
        keys.entomb(ANN)
        keys.table.destroy(ANN)
        assert not keys.table.replace(ANN, b"two", b"three")
        row = keys.table.read(ANN)
        assert row
        assert row.destroyed

    def test_versions_made_by_one_are_known_to_all(self, keys: Keys) -> None:
        from chalicelib.runtime.key_rotation import KeyRotation

        rotation, held = KeyRotation(keys.table, keys.wrapper), keys.sealer()
        first = held.seal(ANN, "p", "one")
        assert rotation.rotate(ANN) == 2
        second = keys.sealer().seal(ANN, "p", "two")
        for sealer in (held, keys.sealer()):
            assert [sealer.open(ANN, "p", one) for one in (first, second)] == ["one", "two"]

    def test_a_key_is_wrapped_for_its_person(self, keys: Keys) -> None:
        key, wrapped = keys.wrapper.generate(ANN)
        assert len(key) == 32
        assert key not in wrapped
        assert keys.wrapper.unwrap(ANN, wrapped) == key
        with pytest.raises(Unsealable):
            keys.wrapper.unwrap(BOB, wrapped)

    def test_one_process_seals_another_opens(self, keys: Keys) -> None:
        sealed = keys.sealer().seal(ANN, "item:1", "Zahnarzt 🦷")
        assert keys.sealer().open(ANN, "item:1", sealed) == "Zahnarzt 🦷"
        digests = {keys.sealer().digest(ANN, "title", "Zahnarzt") for _ in range(2)}
        assert len(digests) == 1

    def test_many_makers_end_with_one_key(self, keys: Keys) -> None:
        """Eight processes seal for a person who has no key yet; each must open what the others sealed."""
        start, sealed = threading.Barrier(8), list[bytes]()

        def maker() -> None:
            sealer = keys.sealer()
            start.wait()
            sealed.append(sealer.seal(ANN, "p", "words"))

        threads = [threading.Thread(target=maker) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reader = keys.sealer()
        assert [reader.open(ANN, "p", one) for one in sealed] == ["words"] * 8

    def test_after_destruction_no_process_opens_or_seals(self, keys: Keys) -> None:
        sealed = keys.sealer().seal(ANN, "p", "words")
        keys.entomb(ANN)
        keys.sealer().destroy(ANN)
        with pytest.raises(KeyDestroyed):
            keys.sealer().open(ANN, "p", sealed)
        with pytest.raises(KeyDestroyed):
            keys.sealer().seal(ANN, "p", "new")


class TestInMemory(Sealing):
    @pytest.fixture
    def keys(self) -> Keys:
        return Keys(MemoryKeyTable(), MemoryWrapper())


class TestInTheCloud(Sealing):
    @pytest.fixture
    def keys(self, aws: Any) -> Keys:
        def entomb(person_id: str) -> None:
            row = {"person_id": {"S": person_id}, "part": {"S": "erased"}, "body": {"S": "{}"}}
            aws.client("dynamodb").put_item(TableName="oo-local-profiles", Item=row)

        return Keys(DynamoKeyTable("local"), KmsKeyWrapper("alias/oo-local-persons"), entomb)

    def test_nothing_of_an_erased_person_is_left(self, keys: Keys, aws: Any) -> None:
        keys.sealer().seal(ANN, "p", "words")
        keys.entomb(ANN)
        keys.sealer().destroy(ANN)
        assert aws.client("dynamodb").scan(TableName="oo-local-person-keys")["Items"] == []
        assert list(DynamoKeyTable("local").people()) == []

    def test_the_sealer_of_the_app_works(self, keys: Keys, aws: Any) -> None:
        from chalicelib.runtime.person_keys import make_sealer

        sealed = make_sealer().seal(ANN, "p", "words")
        row = aws.client("dynamodb").get_item(
            TableName="oo-local-person-keys", Key={"person_id": {"S": ANN}}
        )["Item"]
        primed = make_sealer()
        primed.prime(ANN, row["wrapped"]["B"])
        assert primed.open(ANN, "p", sealed) == "words"

    def test_a_missing_wrapping_key_is_unavailable_not_a_crash(self, keys: Keys) -> None:
        with pytest.raises(Unavailable):
            KmsKeyWrapper("alias/oo-local-nowhere").generate(ANN)
