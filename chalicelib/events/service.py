"""Events: signals enter, become durable, are shown and taken back; the tail of what passed the bus.

At the door a title is sealed at once; from then on only its keyed hash, its length and the sealed bytes
travel. The store writes a signal, its item and its words in one transaction, which also proves that the
person still agrees. Every id is derived from its cause, so whatever is sent twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from google.protobuf.message import Message

from chalicelib.contracts.consents import CONSENT_OF_TYPE
from chalicelib.contracts.errors import (
    Conflict,
    ConsentRequired,
    Gone,
    NotFound,
    OoError,
    TooLarge,
    Unavailable,
)
from chalicelib.contracts.events import (
    Envelope,
    ItemClosed,
    MalformedEvent,
    SignalDeleted,
    SignalReceived,
    SignalStored,
    moment,
    signal_message,
    signal_record,
    timestamp,
    type_of,
    wrap,
)
from chalicelib.contracts.http import Health, StoredSignal, StoredSignals
from chalicelib.contracts.ports import Bus, BusError, Clock, Consents, KeyDestroyed, Sealer, Unsealable
from chalicelib.contracts.records import Origin, SignalRecord
from chalicelib.contracts.signals import MAX_ENTRIES, SignalEntry, SignalResult, SignalResults
from chalicelib.domain.identity import derived_id, signal_id
from chalicelib.events.completing import completion
from chalicelib.events.contract import TITLE_PURPOSE, Stored, TailEntry, words_purpose
from chalicelib.events.ingress import read_entry, record, refusal
from chalicelib.events.paging import cursor_of, place_of
from chalicelib.events.planning import plan, plan_removal
from chalicelib.events.ports import SignalStore, TailStore, TakenBack

ATTEMPTS: Final = 8
TAIL_HOURS: Final = 24


class EventsService:
    """Everything that events does; its stores, sealer and bus are handed in."""

    def __init__(
        self, signals: SignalStore, tail: TailStore, consents: Consents, sealer: Sealer, bus: Bus,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._signals = signals
        self._tail = tail
        self._consents = consents
        self._sealer = sealer
        self._bus = bus
        self._clock = clock

    # --- the door ---------------------------------------------------------------------------------

    def receive(
        self, person_id: str, entries: Sequence[Any], trace_id: str, origin: Origin | None = None
    ) -> SignalResults:
        """Check and publish a batch; one result per entry. `origin` overrides the entries' (connectors).

        Raises TooLarge, ConsentRequired, Invalid when nothing is acceptable, and Unavailable when the bus
        is down: then nothing was kept and the same batch may be sent again.
        """
        if len(entries) > MAX_ENTRIES:
            raise TooLarge(
                f"Send at most {MAX_ENTRIES} entries; these were {len(entries)}.", limit=MAX_ENTRIES
            )
        granted = self._consents.granted(person_id)
        if not granted:
            raise ConsentRequired("Agree to a source first (PUT /api/profile/consents).")
        now = self._clock.now()
        good: dict[int, SignalEntry] = {}
        bad: dict[int, OoError] = {}
        for index, raw in enumerate(entries):
            try:
                good[index] = read_entry(raw, now, granted)
            except OoError as error:
                bad[index] = error
        if not good:
            raise refusal(list(bad.values()))
        results = {i: SignalResult(index=i, status="rejected", problem=e.document()) for i, e in bad.items()}
        try:
            hashes = {index: self._hash(person_id, entry) for index, entry in good.items()}
            ids = {index: _identify(person_id, entry, hashes[index]) for index, entry in good.items()}
            seen = self._signals.known(person_id, list(dict.fromkeys(ids.values())))
            events: list[Envelope] = []
            for index, entry in good.items():
                fresh = ids[index] not in seen
                results[index] = SignalResult(
                    index=index, status="accepted" if fresh else "duplicate", id=ids[index]
                )
                if fresh:
                    seen.add(ids[index])
                    signal = record(entry, ids[index], hashes[index], origin or entry.origin)
                    events.append(self._received(person_id, signal, getattr(entry, "title", None), trace_id))
        except KeyDestroyed:
            raise Gone("This person's data was erased.") from None
        try:
            if events:
                self._bus.publish(events)
        except BusError:
            raise Unavailable("The signals were not kept; send the same batch again.") from None
        return SignalResults(results=[results[index] for index in sorted(results)])

    def _hash(self, person_id: str, entry: SignalEntry) -> str | None:
        title: str | None = getattr(entry, "title", None)
        return self._sealer.digest(person_id, TITLE_PURPOSE, title) if title else None

    def _received(self, person_id: str, signal: SignalRecord, title: str | None, trace_id: str) -> Envelope:
        payload = SignalReceived(signal=signal_message(signal))
        if title and signal.item_ref:
            payload.sealed_title = self._sealer.seal(person_id, words_purpose(signal.item_ref), title)
        return self._event(payload, "signal_received", person_id, signal.signal_id, trace_id)

    def _event(self, payload: Message, kind: str, person_id: str, signal_id: str, trace_id: str) -> Envelope:
        """What happened because of one signal: the same cause, the same event id."""
        event_id = derived_id(kind, person_id, signal_id)
        return wrap(payload, person_id=person_id, event_id=event_id, at=self._clock.now(), trace_id=trace_id)

    # --- the store --------------------------------------------------------------------------------

    def store(self, event: Envelope) -> Stored:
        """Make a signal durable and publish SignalStored, and ItemClosed when it closed an open item.

        A signal stored before is published again: the earlier attempt may have died in between. Raises
        when it must be retried; MalformedEvent, and pydantic's error, for what never will be right.
        """
        if type_of(event) == "item_completed":
            found = self._signals.item(event.person_id, event.item_completed.item_ref)
            done = completion(event, found.state if found else None)
            if done is None:
                return "no_item"
            event = done
        if type_of(event) != "signal_received":
            raise MalformedEvent("only signal_received and item_completed belong here")
        payload = event.signal_received
        signal = signal_record(payload.signal)
        sealed = payload.sealed_title if payload.HasField("sealed_title") else None
        for _ in range(ATTEMPTS):
            seen = self._signals.item(event.person_id, signal.item_ref) if signal.item_ref else None
            write = plan(signal, sealed, moment(event.occurred_at), seen, CONSENT_OF_TYPE[signal.type])
            outcome = self._signals.write(event.person_id, write)
            if outcome != "changed":
                break
        else:
            raise Conflict("the item changes too often right now")
        if outcome in {"stored", "duplicate"}:
            before = seen.state if seen else None
            state = (write.item or before) if outcome == "stored" else before
            announced = state is not None and state.announced == signal.signal_id
            self._bus.publish(self._stored(event, signal, closed=announced))
        return outcome

    def _stored(self, cause: Envelope, signal: SignalRecord, *, closed: bool) -> list[Envelope]:
        about = (cause.person_id, signal.signal_id, cause.trace_id)
        stored = SignalStored(signal_id=signal.signal_id, type=signal.type, item_ref=signal.item_ref)
        events = [self._event(stored, "signal_stored", *about)]
        if closed:
            closing = ItemClosed(
                item_ref=signal.item_ref, status=signal.status, closed_at=timestamp(signal.occurred_at)
            )
            events.append(self._event(closing, "item_closed", *about))
        return events

    # --- what the person sees and takes back ------------------------------------------------------

    def history(self, person_id: str, limit: int, cursor: str | None) -> StoredSignals:
        """A page of signals, newest first; with the title while its words are kept."""
        page, after = self._signals.page(person_id, limit, place_of(cursor))
        titled = {s.item_ref for s in page if s.item_ref and s.title_hash}
        words = self._signals.words(person_id, sorted(titled)) if titled else {}
        now = self._clock.now()
        shown = []
        for signal in page:
            kept = words.get(signal.item_ref or "")
            title = None
            if kept and signal.item_ref and kept.title_hash == signal.title_hash and kept.expires_at > now:
                title = self._open(person_id, signal.item_ref, kept.sealed)
            fields = signal.model_dump(include=set(StoredSignal.model_fields))
            shown.append(StoredSignal(id=signal.signal_id, title=title, **fields))
        return StoredSignals(signals=shown, next=cursor_of(after))

    def _open(self, person_id: str, item_ref: str, sealed: bytes) -> str | None:
        try:
            return self._sealer.open(person_id, words_purpose(item_ref), sealed)
        except (KeyDestroyed, Unsealable):
            return None

    def delete(self, person_id: str, signal_id: str, trace_id: str) -> None:
        """Take a signal back; its item and words too when the item rests on it, which closes it for a tip
        that names it. NotFound for another's.

        Two steps, so that it can be repeated after a failure: the signal becomes a `TakenBack`, which
        counts as told once SignalDeleted is published.
        """
        signal_id = _uuid(signal_id)
        for _ in range(ATTEMPTS):
            signal = self._signals.signal(person_id, signal_id)
            if signal is None:
                raise NotFound("You have no signal with that id.")
            if isinstance(signal, TakenBack):
                break
            seen = self._signals.item(person_id, signal.item_ref) if signal.item_ref else None
            removal = plan_removal(signal, seen, self._clock.now())
            if self._signals.remove(person_id, removal):
                signal = TakenBack(signal.type, signal.item_ref, removal.at)
                break
        else:
            raise Conflict("This signal's item is changing right now; try again.")
        deleted = SignalDeleted(signal_id=signal_id, type=signal.type, item_ref=signal.item_ref)
        events = [self._event(deleted, "signal_deleted", person_id, signal_id, trace_id)]
        if signal.item_ref and self._signals.item(person_id, signal.item_ref) is None:
            gone = ItemClosed(
                item_ref=signal.item_ref, status="deleted", closed_at=timestamp(self._clock.now())
            )
            events.append(self._event(gone, "item_closed", person_id, signal_id, trace_id))
        try:
            self._bus.publish(events)
        except BusError:
            raise Unavailable("It is removed, but tips may not know yet; delete it again.") from None
        self._signals.told(person_id, signal_id, signal)

    # --- the tail, health -------------------------------------------------------------------------

    def note(self, events: Sequence[Envelope]) -> None:
        """Remember that events passed; nothing of whom or what."""
        entries = {}
        for event in events:
            at = moment(event.occurred_at)
            entries[event.event_id] = TailEntry(
                at=at, type=type_of(event) or "unknown", trace_id=event.trace_id,
                schema_version=event.schema_version,
            )  # fmt: skip
        self._tail.add(entries, timedelta(hours=TAIL_HOURS))

    def tail(self, limit: int = 100) -> list[TailEntry]:
        """What passed in the last 24 hours, newest first; reads back hour by hour until it has enough."""
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)  # clocks differ a little
        entries: list[TailEntry] = []
        for _ in range(TAIL_HOURS + 2):
            entries += self._tail.hour(hour, limit - len(entries))
            if len(entries) >= limit:
                break
            hour -= timedelta(hours=1)
        return [entry for entry in entries if entry.at > now - timedelta(hours=TAIL_HOURS)]

    def health(self) -> Health:
        """Whether the signal store answers; without it nothing enters."""
        try:
            self._signals.ping()
        except Exception as error:
            return Health(module="events", status="down", detail=type(error).__name__)
        return Health(module="events", status="ok")


def _identify(person_id: str, entry: SignalEntry, title_hash: str | None) -> str:
    """The id, derived from the title's keyed hash instead of the title: no one can guess titles from ids."""
    return signal_id(person_id, entry.model_copy(update={"title": title_hash}) if title_hash else entry)


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFound("You have no signal with that id.") from None
