"""One refill of a person at a time: queues deliver twice, events come close together, models cost money."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.contracts.ports import Clock
from ml_lambda.serving.leases import Lease
from ml_lambda.serving.pools import PersonErased
from ml_lambda.serving.writing import Refilled


class Leases(Protocol):
    """Who refills whose pool (`leases.py`)."""

    def claim(  # noqa: D102
        self, person_id: str, closed: Collection[str], now: datetime, until: datetime
    ) -> Lease | None: ...
    def end(self, lease: Lease) -> frozenset[str] | None: ...  # noqa: D102
    def drop(self, lease: Lease) -> None: ...  # noqa: D102


class Refills(Protocol):
    """Who fills one pool (`refilling.py`)."""

    def refill(  # noqa: D102
        self, person_id: str, closed: Collection[str], time_left: Callable[[], float]
    ) -> Refilled: ...


class Leasing:
    """Refills while it alone does; who comes meanwhile leaves word, and is served by one more round."""

    def __init__(self, refills: Refills, leases: Leases, clock: Clock) -> None:
        self._refills = refills
        self._leases = leases
        self._clock = clock

    def refill(self, person_id: str, closed: Collection[str], time_left: Callable[[], float]) -> Refilled:
        """As `Refilling.refill`. `handed_on`: another refills now, and looks again when it is done."""
        now = self._clock.now()
        try:
            lease = self._leases.claim(person_id, closed, now, now + timedelta(seconds=time_left()))
        except PersonErased:
            return Refilled("erased")
        if lease is None:
            return Refilled("handed_on")
        try:
            told, said = frozenset(closed), self._refills.refill(person_id, closed, time_left)
            while (news := self._leases.end(lease)) is not None:
                told |= news
                said = said.then(self._refills.refill(person_id, told, time_left))
        except Exception:
            self._leases.drop(lease)
            raise
        return said
