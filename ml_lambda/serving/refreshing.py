"""Refreshing a person's snapshot: once per person and batch, however many messages say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from chalicelib.contracts.events import (
    Envelope,
    FeaturesRefreshed,
    moment,
    timestamp,
    type_of,
    wrap,
)
from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.ports import Bus, BusError, Clock
from chalicelib.contracts.records import ItemRecord, SignalRecord
from chalicelib.domain.freshness import RENEW_AFTER
from chalicelib.runtime.logging import Logger, trace, trace_id
from ml_lambda.features.snapshot import WINDOW, build
from ml_lambda.features.store import Person
from ml_lambda.serving.batches import by_person, failures

SKEW: Final = timedelta(seconds=2)
"""How far two functions' clocks may differ."""
_OCCASIONS: Final = frozenset({"decision_made", "silence_answered"})
"""Events that change no feature."""
_AFTER_THE_WRITE: Final = frozenset({"signal_stored", "signal_deleted"})
"""Events that are made once what they tell of can be read."""


class FeatureStore(Protocol):
    """What refreshing needs of the feature store (`features/store.py`)."""

    def person(self, person_id: str) -> Person: ...  # noqa: D102
    def items(self, person_id: str, now: datetime) -> list[ItemRecord]: ...  # noqa: D102
    def signals(self, person_id: str, since: datetime) -> list[SignalRecord]: ...  # noqa: D102
    def computed_at(self, person_id: str) -> datetime | None: ...  # noqa: D102
    def save(self, snapshot: Snapshot) -> bool: ...  # noqa: D102


class Refreshing:
    """Builds snapshots from what is stored, never from what a message says."""

    def __init__(self, store: FeatureStore, clock: Clock, log: Logger, bus: Bus | None = None) -> None:
        """`bus`: where it is told that a snapshot was made anew; None: nobody wants to know."""
        self._store = store
        self._clock = clock
        self._log = log
        self._bus = bus

    def handle_batch(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Take an SQS batch; the partial batch response names the messages of people who failed."""
        messages, failed = by_person(event, self._log)
        for person_id, group in messages.items():
            with trace(group[-1][1].trace_id):
                try:
                    since = self._not_before([envelope for _, envelope in group])
                    outcome = self.refresh(person_id, unless_since=since)
                    self._log.info("features", outcome=outcome, messages=len(group))
                except Exception as error:
                    self._log.exception("features failed", error, messages=len(group))
                    failed.extend(message_id for message_id, _ in group)
        return failures(failed)

    def _not_before(self, group: list[Envelope]) -> datetime | None:
        """A snapshot read at or after this moment knows all that these events tell of; None: make it anew."""
        types = {type_of(event) for event in group}
        if types <= _OCCASIONS:
            return self._clock.now() - RENEW_AFTER
        if types <= _AFTER_THE_WRITE:
            return max(moment(event.occurred_at) for event in group) + SKEW
        return None

    def refresh(self, person_id: str, *, unless_since: datetime | None = None) -> str:
        """Make the snapshot anew; what became of it: kept, fresh, overtaken or erased.

        `unless_since`: a snapshot as young as this is fresh, so that a backlog of messages about one
        person costs one refresh. The moment is taken before anything is read, so that of two refreshes
        the one that read later wins.
        """
        now = self._clock.now()
        if unless_since is not None and unless_since <= now:
            computed_at = self._store.computed_at(person_id)
            if computed_at is not None and computed_at >= unless_since:
                return "fresh"
        person = self._store.person(person_id)
        if person.erased:
            return "erased"
        snapshot = build(
            self._store.items(person_id, now),
            self._store.signals(person_id, now - WINDOW),
            person.timezone,
            now,
            person_id=person_id,
            granted=person.granted,
            goals=person.goals,
        )
        if not self._store.save(snapshot):
            return "overtaken"
        self._tell(snapshot)
        return "kept"

    def _tell(self, snapshot: Snapshot) -> None:
        """After the write: who hears of it reads a snapshot that is at least as young."""
        if self._bus is None:
            return
        at = snapshot.computed_at
        refreshed = wrap(
            FeaturesRefreshed(computed_at=timestamp(at)),
            person_id=snapshot.person_id,
            event_id=str(uuid5(_NAMESPACE, f"{snapshot.person_id}/{at.isoformat()}")),
            at=at,
            trace_id=trace_id(),
        )
        try:
            self._bus.publish([refreshed])
        except BusError:
            # The snapshot is kept, and the next occasion tells of it as well.
            self._log.warning("a refresh that nobody heard of")


_NAMESPACE: Final = UUID("c1d0a0f4-92f7-4f0a-9a55-2f9f3c9d6e10")
