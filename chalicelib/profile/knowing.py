"""The profile card: what oO knows, and forgetting a line of it with all that is behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from chalicelib.contracts.consents import SOURCES
from chalicelib.contracts.errors import NotFound, Unavailable
from chalicelib.contracts.events import Envelope, Forgotten, MalformedEvent, moment, type_of, wrap
from chalicelib.contracts.http import ProfilePatch
from chalicelib.contracts.ml import HabitState, Snapshot
from chalicelib.contracts.ports import (
    Bus,
    BusError,
    Clock,
    ConsentBound,
    Ids,
    KeyDestroyed,
    PersonalStore,
    Sealer,
    Unsealable,
)
from chalicelib.contracts.privacy import CardLine, LineDeleted, ProfileCard
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain.identity import derived_id
from chalicelib.profile.card import GOALS_LINE, PROFILE_LINE, Known, card
from chalicelib.profile.contract import decode
from chalicelib.profile.ports import Knowledge, ProfileStore
from chalicelib.profile.selection import Selection, selection_of
from chalicelib.profile.service import ProfileService

COUNTED: Final = 5_000
"""Signals that a card counts, newest first: one look must not read years of them."""
_RESET: Final = {
    PROFILE_LINE: ProfilePatch(timezone=None, locale=None, display_name=None),
    GOALS_LINE: ProfilePatch(goals=None),
}


class CardService:
    """What oO knows, as the person may see it."""

    def __init__(
        self,
        profile: ProfileService,
        profiles: ProfileStore,
        knowledge: Knowledge,
        sealer: Sealer,
        bus: Bus,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._profile = profile
        self._profiles = profiles
        self._knowledge = knowledge
        self._sealer = sealer
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def card(self, person_id: str) -> ProfileCard:
        """The card as of now."""
        snapshot, lines = self._lines(person_id)
        return ProfileCard(
            lines=[line for line, _ in lines], as_of=snapshot.computed_at if snapshot else None
        )

    def delete(self, person_id: str, line_id: str, trace_id: str) -> LineDeleted:
        """Forget a line. Raises NotFound for one that is not there, Unavailable when it did not begin."""
        _, lines = self._lines(person_id)
        found = next(((line, chosen) for line, chosen in lines if line.id == line_id), None)
        if found is None:
            raise NotFound("That line is not on your card any more.")
        line, chosen = found
        if chosen is None:
            self._profile.change(person_id, _RESET[line.id], trace_id)
        else:
            event = wrap(
                chosen.request(line.id),
                person_id=person_id,
                event_id=self._ids.new(),
                at=self._clock.now(),
                trace_id=trace_id,
            )
            try:
                self._bus.publish([event])
            except BusError:
                raise Unavailable("Nothing was removed; delete the line again.") from None
        return LineDeleted(id=line.id, removes=line.removes)

    def _lines(self, person_id: str) -> tuple[Snapshot | None, list[tuple[CardLine, Selection | None]]]:
        file = decode(self._profiles.read(person_id).rows())
        snapshot = self._knowledge.snapshot(person_id)
        signals = list(self._knowledge.signals(person_id, COUNTED + 1))
        return snapshot, card(
            Known(
                person_id=person_id,
                profile=file.profile,
                granted=file.granted,
                now=self._clock.now(),
                snapshot=snapshot,
                signals=signals[:COUNTED],
                more=len(signals) > COUNTED,
                learned=self._knowledge.learned(person_id),
                title=self._titles(person_id, snapshot),
            )
        )

    def _titles(self, person_id: str, snapshot: Snapshot | None) -> Callable[[str], str | None]:
        items: list[HabitState | ItemRecord] = []
        if snapshot:
            items = [*snapshot.habits, *snapshot.tasks, *snapshot.events]
        sealed = self._knowledge.words(person_id, list(dict.fromkeys(item.item_ref for item in items)))
        now, opened = self._clock.now(), dict[str, str | None]()

        def title(ref: str) -> str | None:
            words = sealed.get(ref)
            if ref not in opened:
                opened[ref] = None
                if words and (words.until is None or words.until > now):
                    with contextlib.suppress(KeyDestroyed, Unsealable):
                        opened[ref] = self._sealer.open(person_id, words.purpose, words.sealed)
            return opened[ref]

        return title


class Forgetting:
    """Removes what is behind a line, when nobody waits."""

    def __init__(
        self,
        knowledge: Knowledge,
        stores: Callable[[], Sequence[PersonalStore]],
        take_back: Callable[[str, str, str], None],
        bus: Bus,
    ) -> None:
        """`take_back(person, signal id, trace)` deletes one signal as its owner does; NotFound: gone."""
        self._knowledge = knowledge
        self._stores = stores
        self._take_back = take_back
        self._bus = bus

    def handle(self, event: Envelope) -> None:
        """Consume ForgetRequested; may be repeated, what is left is removed then."""
        if type_of(event) != "forget_requested":
            raise MalformedEvent("only forget_requested belongs here")
        person_id, request = event.person_id, event.forget_requested
        chosen = selection_of(request)
        if chosen.whole:
            assert chosen.consent is not None
            for store in self._stores():
                if isinstance(store, ConsentBound):
                    store.withdraw(person_id, chosen.consent)
        else:
            for signal in list(self._knowledge.signals(person_id, None)):
                if chosen.holds(signal, moment(event.occurred_at)):
                    try:
                        self._take_back(person_id, signal.signal_id, event.trace_id)
                    except NotFound:
                        continue
        if not chosen.whole or chosen.consent in SOURCES:
            gone = wrap(
                Forgotten(line=request.line),
                person_id=person_id,
                event_id=derived_id("forgotten", event.event_id),
                at=moment(event.occurred_at),
                trace_id=event.trace_id,
            )
            self._bus.publish([gone])
