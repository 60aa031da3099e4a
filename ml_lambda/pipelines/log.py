"""Reads the decision log by day: bounded, paged, never a scan; the layout is `contracts/decision_log.py`.

Of a day with more lines than the bound, the first in the order of their ids are read: ids are hashes, so
that is a random sample that does not depend on what was decided or how it went, the same every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from chalicelib.contracts.decision_log import RewardLine, prefix, reward_key
from chalicelib.contracts.ml import Decision
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAYS: Final = 28
"""How far back a night looks. A decision is settled at most eight days after it was made."""
LINES: Final = 2000
"""Decisions of one day that are read at most."""
REVISIONS: Final = 8
"""Revisions of one reward that are looked for."""
_WORKERS: Final = 8


@dataclass(frozen=True)
class Logged:
    """A decision and every revision of its reward, the first one first; none: not settled, or never seen."""

    decision: Decision
    rewards: tuple[RewardLine, ...] = ()

    @property
    def first(self) -> RewardLine | None:
        """The reward as it was first settled: what the gate takes."""
        return self.rewards[0] if self.rewards else None

    @property
    def last(self) -> RewardLine | None:
        """The reward as it stands: what estimators take."""
        return self.rewards[-1] if self.rewards else None


@dataclass(frozen=True)
class Day:
    """One day of the log. `complete`: every line was read; else a sample."""

    day: date
    logged: tuple[Logged, ...]
    complete: bool
    unreadable: int = 0


class LogReader:
    """Reads from the bucket."""

    def __init__(
        self, client: S3Client | None = None, bucket: str | None = None, *, lines: int = LINES
    ) -> None:
        """`lines`: of one day at most."""
        self._client = client or aws.s3()
        chosen = settings()
        self._bucket = bucket or chosen.decision_log_bucket or physical_name(chosen.stage, "decision-log")
        self._lines = lines

    def days(self, until: date, count: int = DAYS) -> Iterator[Day]:
        """The days up to and with `until`, oldest first."""
        for back in range(count - 1, -1, -1):
            yield self.day(until - timedelta(days=back))

    def day(self, day: date) -> Day:
        """Every decision of a day with its rewards, or the sample."""
        keys, complete = self._keys(day)
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = list(pool.map(self._logged, keys))
        kept = tuple(sorted((x for x in found if x), key=lambda x: x.decision.decision_id))
        # A line may go between listing and reading: its person was erased.
        return Day(day, kept, complete, sum(x is None for x in found))

    def _keys(self, day: date) -> tuple[Sequence[str], bool]:
        keys: list[str] = []
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix("decisions", day)
        )
        for page in pages:
            keys += [entry["Key"] for entry in page.get("Contents", [])]
            if len(keys) > self._lines:
                return keys[: self._lines], False
        return keys, True

    def _logged(self, key: str) -> Logged | None:
        body = self._read(key)
        if body is None:
            return None
        try:
            decision = Decision.model_validate_json(body)
        except ValidationError:
            return None  # of another time's contract; counted, and of no use here
        day = key.split("dt=", 1)[1].split("/", 1)[0]
        rewards = []
        for revision in range(1, REVISIONS + 1):
            line = self._read(reward_key(day, decision.decision_id, revision))
            if line is None:
                break
            rewards.append(RewardLine.model_validate_json(line))
        return Logged(decision, tuple(rewards))

    def _read(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
