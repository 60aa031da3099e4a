"""Rate limits in memory; tests/contract/test_rates.py holds the buckets to the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class MemoryRates:
    name = "rates"
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    expires: dict[str, int] = field(default_factory=dict)

    def count(self, bucket: str, *, counters: Mapping[str, bool], expires: int) -> int:
        before = self.rows.get(bucket, {})
        self.rows[bucket] = {name: before.get(name, 0) + 1 for name, add in counters.items() if add}
        self.expires[bucket] = expires
        return min(self.rows[bucket].values())


@dataclass
class Unlimited:
    """A `Limiter` that lets everyone through, and remembers whom it was asked about."""

    asked: list[str] = field(default_factory=list)

    def address(self, address: str) -> None:
        self.asked.append(f"address {address}")

    def person(self, person_id: str) -> None:
        self.asked.append(f"person {person_id}")
