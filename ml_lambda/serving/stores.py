"""Every store of ml_lambda that holds something about a person, for export and erasure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.ports import PersonalStore
from ml_lambda.features.store import FeatureTables
from ml_lambda.llm.budget import TokenBudget
from ml_lambda.policies.store import StatisticsTable
from ml_lambda.serving.pools import PoolTable


class Statistics:
    """The store `statistics`."""

    name = "statistics"

    def __init__(self, table: StatisticsTable) -> None:
        self._table = table

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """The statistics, bytes as hex: numbers about features, no words."""
        state = self._table.statistics(person_id)
        if state.sequence:
            yield {
                "sequence": state.sequence,
                "feature_version": state.feature_version,
                "states": {name: value.hex() for name, value in state.states.items()},
            }

    def erase(self, person_id: str) -> int:
        """Delete them."""
        return self._table.forget(person_id)

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """They are what was learned."""
        return self.erase(person_id) if consent == "learning" else 0


class RewardMarkers:
    """The store `reward-markers`."""

    name = "reward-markers"

    def __init__(self, table: StatisticsTable) -> None:
        self._table = table

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """One row per applied reward revision."""
        return self._table.markers(person_id)

    def erase(self, person_id: str) -> int:
        """Delete them; again when it was cut off."""
        return self._table.forget_markers(person_id)

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """They tell what was learned from."""
        return self.erase(person_id) if consent == "learning" else 0


def personal_stores() -> list[PersonalStore]:
    """All of them."""
    table = StatisticsTable()
    return [FeatureTables(), Statistics(table), RewardMarkers(table), PoolTable(), TokenBudget()]
