"""Erasure: everything that ml_lambda holds about a person, store by store, each one reported."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from chalicelib.contracts.events import Envelope, ErasureDone, type_of, wrap
from chalicelib.contracts.ports import Bus, Clock, PersonalStore


class Erasing:
    """Answers ErasureRequested with one ErasureDone per store."""

    def __init__(self, stores: Sequence[PersonalStore], bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._bus = bus
        self._clock = clock

    def handle(self, event: Envelope) -> None:
        """Erase, then report. Idempotent: again deletes what is left and repeats the same event ids."""
        if type_of(event) != "erasure_requested":
            return
        receipt = event.erasure_requested.receipt_id
        done = [(store.name, store.erase(event.person_id)) for store in self._stores]
        self._bus.publish(
            [
                wrap(
                    ErasureDone(receipt_id=receipt, store=name, rows=rows),
                    person_id=event.person_id,
                    event_id=str(uuid5(_NAMESPACE, f"{receipt}/{name}")),
                    at=self._clock.now(),
                    trace_id=event.trace_id,
                )
                for name, rows in done
            ]
        )


_NAMESPACE = UUID("5f0c1b52-5a0c-4d5e-9a53-9c6d5a3b1a11")
