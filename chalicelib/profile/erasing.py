"""Erasure of a person, store by store, with a receipt; and of what rests on a consent that was withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from chalicelib.contracts import exports
from chalicelib.contracts.consents import CONSENTS
from chalicelib.contracts.errors import NotFound, Unavailable
from chalicelib.contracts.events import (
    Envelope,
    ErasureDone,
    ErasureRequested,
    MalformedEvent,
    moment,
    type_of,
    wrap,
)
from chalicelib.contracts.ports import (
    Bus,
    BusError,
    Clock,
    ConsentBound,
    Ids,
    PersonalStore,
    Sealer,
    Surrendering,
)
from chalicelib.contracts.privacy import ErasedStore, ErasureReceipt
from chalicelib.contracts.stores import STORES
from chalicelib.domain.identity import derived_id
from chalicelib.profile.contract import Tombstone, decode
from chalicelib.profile.ports import ProfileStore, Receipt, Receipts

KEYS = "person-keys"
SESSIONS = "sessions"
MESSAGES_KEPT: Final = timedelta(days=14)
"""The longest that a queue keeps a message, counted from when it was sent (`infra/queues.py`)."""


class ErasureService:
    """Erasure of a person, and of what rests on a consent that was withdrawn."""

    def __init__(
        self,
        store: ProfileStore,
        receipts: Receipts,
        stores: Callable[[], Sequence[PersonalStore]],
        sealer: Sealer,
        bus: Bus,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """`stores` is called when something is erased, not before."""
        self._store = store
        self._receipts = receipts
        self._stores = stores
        self._sealer = sealer
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def request(self, person_id: str, trace_id: str) -> str:
        """Begin the erasure; the receipt id, the same however often it is asked.

        When it returns nothing new can be written, no sealed word can be opened and no session is left.
        It is published first: from then on the queue does all of it, wherever this request ends. Sessions
        end last, so that a person whose request failed on the way can ask again.
        """
        standing = self._store.read(person_id).erased
        receipt = Tombstone.model_validate_json(standing).receipt_id if standing else self._ids.person()
        now = self._clock.now()
        self._receipts.begin(receipt, now, exports.personal())
        event = wrap(
            ErasureRequested(receipt_id=receipt),
            person_id=person_id,
            event_id=derived_id("erasure_requested", receipt),
            at=now,
            trace_id=trace_id,
        )
        try:
            self._bus.publish([event])
        except BusError:
            raise Unavailable("The erasure has not begun; ask again.") from None
        receipt = self._store.entomb(person_id, receipt, now)
        for store in self._stores():
            if isinstance(store, Surrendering):
                store.surrender(person_id)
        self._sealer.destroy(person_id)
        self._receipts.done(receipt, KEYS, self._clock.now())
        for store in self._stores():
            if store.name == SESSIONS:
                store.erase(person_id)
        return receipt

    def receipt(self, receipt_id: str) -> ErasureReceipt:
        """What was erased when. Raises NotFound."""
        found = self._receipts.read(receipt_id)
        if found is None or found.expires_at <= self._clock.now():
            raise NotFound("There is no such receipt; receipts are kept for 90 days.")
        stores = [_told(found, name) for name in found.stores]
        complete = all(store.gone_at for store in stores)
        ends = [store.backups_until for store in stores if store.backups_until]
        return ErasureReceipt(
            receipt_id=receipt_id,
            requested_at=found.requested_at,
            key_destroyed=KEYS in found.done,
            complete=complete,
            stores=stores,
            backups_until=max(ends) if complete and ends else None,
            messages_until=found.requested_at + MESSAGES_KEPT,
        )

    def handle(self, event: Envelope) -> None:
        """Erase what the event takes back, or note what others erased. May be repeated; what is left is
        erased then."""
        match type_of(event):
            case "erasure_requested":
                self._erase(event)
            case "erasure_done":
                done = event.erasure_done
                self._receipts.done(done.receipt_id, done.store, moment(event.occurred_at))
            case "consents_changed":
                self._withdraw(event)
            case _:
                raise MalformedEvent("only erasures and changed consents belong here")

    def _erase(self, event: Envelope) -> None:
        """Every store, each answered with ErasureDone; one that fails does not keep the others.

        Only the key waits: for stores that could not hand over yet what it alone opens.
        """
        person_id, now = event.person_id, self._clock.now()
        # Of two requests at once one tombstone stands: its receipt tells the story.
        receipt = self._store.entomb(person_id, event.erasure_requested.receipt_id, now)
        self._receipts.begin(receipt, now, exports.personal())
        failed: list[Exception] = []
        key_is_needed = False
        for store in self._stores():
            if store.name == KEYS and key_is_needed:
                continue
            try:
                rows = store.erase(person_id)
                done = wrap(
                    ErasureDone(receipt_id=receipt, store=store.name, rows=rows),
                    person_id=person_id,
                    event_id=derived_id("erasure_done", receipt, store.name),
                    at=self._clock.now(),
                    trace_id=event.trace_id,
                )
                self._bus.publish([done])
            except Exception as error:
                failed.append(error)
                key_is_needed = key_is_needed or isinstance(store, Surrendering)
        if failed:
            raise ExceptionGroup(f"{len(failed)} stores are not erased yet", failed)

    def _withdraw(self, event: Envelope) -> None:
        """What rests on the consents that ended. One given again meanwhile covers what is there."""
        withdrawn = set(event.consents_changed.withdrawn)
        if not withdrawn:
            return
        now_granted = decode(self._store.read(event.person_id).rows()).granted
        for consent in CONSENTS:
            if consent in withdrawn and consent not in now_granted:
                for store in self._stores():
                    if isinstance(store, ConsentBound):
                        store.withdraw(event.person_id, consent)


class PersonKeys:
    """The person's data key as a PersonalStore: nothing of it can be exported, erasing destroys it."""

    name = KEYS

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """Nothing: the key is no information about the person."""
        return ()

    def erase(self, person_id: str) -> int:
        """Destroy the key; the tombstone keeps a new one from being made."""
        self._sealer.destroy(person_id)
        return 1


_LISTED = {store.name: store for store in STORES}


def _told(receipt: Receipt, name: str) -> ErasedStore:
    gone_at, listed = receipt.done.get(name), _LISTED.get(name)
    kept = listed.backup_days if listed else 0
    return ErasedStore(
        store=name,
        holds=listed.holds if listed else "",
        gone_at=gone_at,
        backups_until=gone_at + timedelta(days=kept) if gone_at and kept else None,
        unreadable=bool(listed and listed.only_sealed),
    )
