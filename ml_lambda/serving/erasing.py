"""Erasure: everything that ml_lambda holds about a person, store by store, each one reported.

And what was learned, when that is withdrawn or the person deletes it from what oO knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from uuid import UUID, uuid5

from chalicelib.contracts.consents import CONSENTS, Consent
from chalicelib.contracts.events import Envelope, ErasureDone, type_of, wrap
from chalicelib.contracts.ports import Bus, Clock, ConsentBound, PersonalStore


class Standing(Protocol):
    """How a person stands (`features/store.py`)."""

    @property
    def granted(self) -> Collection[Consent]: ...  # noqa: D102
    @property
    def erased(self) -> bool: ...  # noqa: D102


class NotYetErased(Exception):
    """The tombstone is not there yet; the message comes again."""


class Erasing:
    """Answers ErasureRequested with one ErasureDone per store."""

    def __init__(
        self,
        stores: Sequence[PersonalStore],
        person: Callable[[str], Standing],
        bus: Bus,
        clock: Clock,
    ) -> None:
        """`person`: the consents that are in force, and whether the tombstone stands."""
        self._stores = stores
        self._person = person
        self._bus = bus
        self._clock = clock

    def handle(self, event: Envelope) -> None:
        """Erase, then report. Idempotent: again deletes what is left and repeats the same event ids."""
        match type_of(event):
            case "erasure_requested":
                self._erase(event)
            case "consents_changed":
                withdrawn = set(event.consents_changed.withdrawn)
                # What was given again meanwhile covers what is there.
                self._withdraw(event.person_id, withdrawn - set(self._person(event.person_id).granted))
            case "forget_requested":
                request = event.forget_requested
                narrowed = any(request.HasField(f) for f in ("item_ref", "category", "first_hour"))
                if not narrowed:
                    self._withdraw(event.person_id, {request.consent})

    def _withdraw(self, person_id: str, gone: Collection[str]) -> None:
        for consent in CONSENTS:
            if consent in gone:
                for store in self._stores:
                    if isinstance(store, ConsentBound):
                        store.withdraw(person_id, consent)

    def _erase(self, event: Envelope) -> None:
        """Not before the tombstone stands: until then what is on its way would be written again."""
        if not self._person(event.person_id).erased:
            raise NotYetErased
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
