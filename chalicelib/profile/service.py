"""Profile and consents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION, Consent, ConsentState, trainable
from chalicelib.contracts.errors import Conflict, Gone, Invalid, Unavailable
from chalicelib.contracts.events import ConsentsChanged, ProfileChanged, wrap
from chalicelib.contracts.http import ConsentsAnswer, ConsentsPut, Health, Profile, ProfilePatch
from chalicelib.contracts.ports import Bus, BusError, Clock, Ids
from chalicelib.contracts.privacy import ConsentDecision, ConsentHistory
from chalicelib.domain.identity import derived_id
from chalicelib.profile.contract import ConsentsDocument, decode
from chalicelib.profile.paging import cursor_of, place_of
from chalicelib.profile.ports import Decision, Kept, ProfileStore, history_part

ATTEMPTS: Final = 5
_MACHINE_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})


class ProfileService:
    """What a person set and agreed to; the Consents port."""

    def __init__(self, store: ProfileStore, bus: Bus, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def profile(self, person_id: str) -> Profile:
        """The profile; defaults for a new person."""
        return decode(self._store.read(person_id).rows()).profile

    def change(self, person_id: str, patch: ProfilePatch, trace_id: str) -> Profile:
        """Change what the patch names; null puts the default back. Publishes ProfileChanged.

        Raises Invalid for a time zone that the IANA database does not have.
        """
        named = {name: getattr(patch, name) for name in patch.model_fields_set}
        if (zone := named.get("timezone")) is not None:
            _check_zone(zone)
        for _ in range(ATTEMPTS):
            seen = self._store.read(person_id)
            before = decode(seen.rows()).profile.model_dump(exclude_unset=True)
            after = {name: value for name, value in {**before, **named}.items() if value is not None}
            profile = Profile.model_validate(after)
            if self._settled(self._store.keep_profile(person_id, profile, seen)):
                break
        else:
            raise Conflict("Your profile is being changed elsewhere; try again.")
        # Published even when nothing changed: the request before may have failed right here.
        event = ProfileChanged(timezone=profile.timezone, locale=profile.locale)
        self._publish(event, person_id, trace_id, self._ids.new())
        return profile

    def consents(self, person_id: str) -> ConsentsAnswer:
        """Every consent as it stands."""
        return _answer(_document(self._store.read(person_id).consents))

    def granted(self, person_id: str) -> frozenset[Consent]:
        """The consents in force; none for an unknown or erased person."""
        return decode(self._store.read(person_id).rows()).granted

    def trainable(self, person_id: str, decided_at: datetime, rests_on: Collection[Consent]) -> bool:
        """Whether anything may be learned from a decision of that moment, drawn from those sources."""
        parts = self._store.read(person_id)
        return not parts.erased and trainable(decided_at, rests_on, _document(parts.consents).consents)

    def history(self, person_id: str, limit: int, cursor: str | None) -> ConsentHistory:
        """A page of the person's decisions about consents, newest first. Raises Invalid for a cursor that
        is not ours."""
        found = self._store.history(person_id, limit + 1, place_of(cursor))
        page = found[:limit]
        more = cursor_of(history_part(page[-1])) if len(found) > limit else None
        return ConsentHistory(
            decisions=[ConsentDecision.model_validate(d.model_dump()) for d in page], next=more
        )

    def decide(self, person_id: str, put: ConsentsPut, trace_id: str) -> ConsentsAnswer:
        """Agree or withdraw, keep the history, publish ConsentsChanged.

        Agreeing needs the text in force, else Invalid; withdrawing is never refused for an old text.
        """
        if put.text_version != TEXT_VERSION and any(put.consents.values()):
            detail = f"the version in force is {TEXT_VERSION}; show that text and ask again"
            raise Invalid(
                f"The text in force is {TEXT_VERSION}.",
                errors=[{"pointer": "/text_version", "detail": detail}],
                text_version=TEXT_VERSION,
            )
        for _ in range(ATTEMPTS):
            seen = self._store.read(person_id)
            document = _document(seen.consents)
            history = self._news(document, put)
            if history:
                document = _decided(document, history)
            outcome: Kept = "erased" if seen.erased else "kept"
            if history and not seen.erased:
                outcome = self._store.keep_consents(person_id, document, history, seen)
            if self._settled(outcome):
                break
        else:
            raise Conflict("Your consents are being changed elsewhere; try again.")
        # All that are withdrawn, not the last alone: the event about an earlier one may have been lost.
        event = ConsentsChanged(granted=sorted(document.granted()), withdrawn=sorted(document.withdrawn()))
        self._publish(
            event, person_id, trace_id, derived_id("consents_changed", person_id, str(document.revision))
        )
        return _answer(document)

    def _news(self, document: ConsentsDocument, put: ConsentsPut) -> list[Decision]:
        """The decisions that change something: the state, or the text that was agreed to."""
        now = self._clock.now()
        news = []
        for consent, granted in put.consents.items():
            state = document.consents.get(consent)
            same = state is not None and state.granted == granted
            if same and (not granted or (state and state.text_version == put.text_version)):
                continue
            news.append(Decision(consent=consent, granted=granted, at=now, text_version=put.text_version))
        return news

    def _settled(self, kept: Kept) -> bool:
        if kept == "erased":
            raise Gone("This person's data was erased.")
        return kept == "kept"

    def _publish(self, event: Any, person_id: str, trace_id: str, event_id: str) -> None:
        try:
            self._bus.publish(
                [wrap(event, person_id=person_id, event_id=event_id, at=self._clock.now(), trace_id=trace_id)]
            )
        except BusError:
            raise Unavailable("It is kept, but not yet in effect everywhere; send it again.") from None

    def health(self) -> Health:
        """Whether the profiles answer; without them no one has consented."""
        try:
            self._store.ping()
        except Exception as error:
            return Health(module="profile", status="down", detail=type(error).__name__)
        return Health(module="profile", status="ok")


def _document(body: str | None) -> ConsentsDocument:
    return ConsentsDocument.model_validate_json(body) if body else ConsentsDocument()


def _decided(document: ConsentsDocument, news: Sequence[Decision]) -> ConsentsDocument:
    states: dict[str, ConsentState] = dict(document.consents)
    for d in news:
        before = states.get(d.consent)
        unbroken = before is not None and before.granted
        since = ((before.since or before.at) if before and unbroken else d.at) if d.granted else None
        states[d.consent] = ConsentState(granted=d.granted, at=d.at, text_version=d.text_version, since=since)
    return ConsentsDocument(consents=states, revision=document.revision + 1)


def _answer(document: ConsentsDocument) -> ConsentsAnswer:
    return ConsentsAnswer(
        consents={consent: document.consents.get(consent) for consent in CONSENTS}, text_version=TEXT_VERSION
    )


def _check_zone(name: str) -> None:
    try:
        if name in _MACHINE_ZONES:
            raise ValueError("depends on the machine")
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Invalid(
            "See `errors` for each field.",
            errors=[{"pointer": "/timezone", "detail": "use an IANA name, e.g. Europe/Berlin"}],
        ) from None
