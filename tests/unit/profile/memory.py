"""The stores of profile in memory; tests/contract/test_profile_store.py holds them to the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.profile.ports import Receipt
from ml_lambda.simulation.memory.profiles import MemoryProfiles

__all__ = ["MemoryProfiles", "MemoryReceipts"]


@dataclass
class MemoryReceipts:
    rows: dict[str, Receipt] = field(default_factory=dict)

    def begin(self, receipt_id: str, at: datetime, stores: Sequence[str]) -> None:
        self.rows.setdefault(receipt_id, Receipt(at, at + timedelta(days=90), sorted(stores), {}))

    def done(self, receipt_id: str, store: str, at: datetime) -> None:
        if found := self.rows.get(receipt_id):
            self.rows[receipt_id] = replace(found, done={store: at, **found.done})

    def read(self, receipt_id: str) -> Receipt | None:
        return self.rows.get(receipt_id)
