"""One suite for the buckets of rate limits: in memory, on moto, on the emulator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.gateway.limits import RateStore, person_bucket
from chalicelib.runtime.counting import counters
from tests.unit.gateway.memory import MemoryRates


class Rates:
    """What every implementation does."""

    def count(self, store: RateStore, minute: int, bucket: str = "b") -> int:
        return store.count(bucket, counters=counters(minute), expires=minute + 120)

    def test_calls_of_a_minute_are_counted_from_one(self, store: RateStore) -> None:
        counts = [self.count(store, minute) for minute in (0, 0, 0, 1, 1, 4, 5, 1, 64, 64)]
        assert counts == [1, 2, 3, 1, 2, 1, 1, 1, 1, 2]

    def test_buckets_are_apart(self, store: RateStore) -> None:
        assert [self.count(store, 7, bucket) for bucket in "abab"] == [1, 1, 2, 2]


class TestInMemory(Rates):
    @pytest.fixture
    def store(self) -> RateStore:
        return MemoryRates()


class TestInDynamoDB(Rates):
    @pytest.fixture
    def store(self, aws: Any) -> RateStore:
        from chalicelib.gateway.store import RateTable

        return RateTable()

    def test_a_bucket_says_when_it_is_of_no_use(self, store: RateStore, aws: Any) -> None:
        self.count(store, 3)
        (row,) = aws.client("dynamodb").scan(TableName="oo-local-rates")["Items"]
        assert row["expires"] == {"N": "123"}

    def test_of_concurrent_calls_each_is_counted(self, store: RateStore, aws: Any) -> None:
        if aws.kind == "moto":
            pytest.skip("moto adds without a lock")
        with ThreadPoolExecutor(4) as pool:
            counts = list(pool.map(lambda _: self.count(store, 9), range(20)))
        assert sorted(counts) == list(range(1, 21))

    def test_a_person_is_erased(self, store: Any, aws: Any) -> None:
        for person in ("ada", "ben"):
            self.count(store, 3, person_bucket(person))
        assert [store.erase("ada"), store.erase("ada")] == [1, 0]
        (left,) = aws.client("dynamodb").scan(TableName="oo-local-rates")["Items"]
        assert left["bucket"] == {"S": person_bucket("ben")}
        assert list(store.export("ben")) == []

    def test_what_dynamodb_finds_too_busy_is_over_any_limit(
        self, store: RateStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from botocore.exceptions import ClientError
        from pynamodb.exceptions import UpdateError

        from chalicelib.gateway.store import RateRow

        def busy(*_: Any, **__: Any) -> Any:
            error = {"Error": {"Code": "ThrottlingException", "Message": "hot"}}
            raise UpdateError("hot", ClientError(error, "UpdateItem"))  # type: ignore[arg-type]

        monkeypatch.setattr(RateRow, "update", busy)
        assert self.count(store, 3) > 1_000_000
