from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION
from chalicelib.contracts.errors import Gone, Invalid, Unavailable
from chalicelib.contracts.events import ConsentsChanged, MalformedEvent, TipDue, type_of, wrap
from chalicelib.contracts.http import ConsentsPut, ProfilePatch
from chalicelib.contracts.ports import KeyDestroyed, PersonalStore
from chalicelib.profile.contract import CONSENTS_PART, ERASED, decode, profile_keys
from chalicelib.profile.ports import Kept
from chalicelib.profile.service import ErasureService, PersonKeys, ProfileService
from chalicelib.runtime.clock import RandomIds
from tests.unit.events.world import ANN, BOB, NOW, MemoryBus, StandingClock, World, mood, task
from tests.unit.profile.memory import MemoryProfiles
from tests.unit.runtime.memory_keys import memory_sealer

TRACE = "trace-0001"


class Person:
    def __init__(self) -> None:
        self.store = MemoryProfiles()
        self.bus = MemoryBus()
        self.clock = StandingClock()
        self.service = ProfileService(self.store, self.bus, self.clock, RandomIds())

    def agree(self, version: str = TEXT_VERSION, **consents: bool) -> Any:
        put = ConsentsPut.model_validate({"consents": consents, "text_version": version})
        return self.service.decide(ANN, put, TRACE)

    def change(self, **fields: Any) -> Any:
        return self.service.change(ANN, ProfilePatch.model_validate(fields), TRACE)


@pytest.fixture
def person() -> Person:
    return Person()


def test_a_new_person_has_defaults_and_has_agreed_to_nothing(person: Person) -> None:
    assert person.service.profile(ANN).timezone == "UTC"
    assert person.service.granted(ANN) == frozenset()
    answer = person.service.consents(ANN)
    assert set(answer.consents) == set(CONSENTS)
    assert set(answer.consents.values()) == {None}
    assert answer.text_version == TEXT_VERSION


def test_a_patch_changes_what_it_names(person: Person) -> None:
    person.change(timezone="Europe/Berlin", display_name="Ann")
    profile = person.change(locale="de-DE")
    assert (profile.timezone, profile.locale, profile.display_name) == ("Europe/Berlin", "de-DE", "Ann")
    assert person.change(display_name=None).display_name is None
    assert person.service.profile(ANN).timezone == "Europe/Berlin"
    assert person.service.profile(BOB).timezone == "UTC"
    last = person.bus.events[-1].profile_changed
    assert (last.timezone, last.locale) == ("Europe/Berlin", "de-DE")


@pytest.mark.parametrize(
    "zone",
    [
        "Mars/Olympus",
        "../etc/passwd",
        "/etc/localtime",
        "",
        "Europe",
        "localtime",
        "a\x00b",
        "\ud800",
        "UTC+2",
    ],
)
def test_a_time_zone_must_exist(person: Person, zone: str) -> None:
    patch = ProfilePatch.model_construct(timezone=zone)
    with pytest.raises(Invalid) as caught:
        person.service.change(ANN, patch, TRACE)
    assert caught.value.extra["errors"][0]["pointer"] == "/timezone"
    assert person.store.rows == {}


def test_agreeing_and_withdrawing_is_published_and_remembered(person: Person) -> None:
    person.agree(tasks=True, mood=True)
    person.clock.at = NOW + timedelta(days=1)
    answer = person.agree(mood=False)
    assert person.service.granted(ANN) == {"tasks"}
    assert answer.consents["mood"].granted is False
    assert answer.consents["mood"].at == NOW + timedelta(days=1)
    first, second = (event.consents_changed for event in person.bus.events)
    assert (list(first.granted), list(first.withdrawn)) == (["mood", "tasks"], [])
    assert (list(second.granted), list(second.withdrawn)) == (["tasks"], ["mood"])
    history = sorted(part for _, part in person.store.rows if part.startswith("consents#"))
    assert [part.rpartition("#")[2] for part in history] == ["mood", "tasks", "mood"]


def test_the_same_again_adds_no_history_and_repeats_the_event(person: Person) -> None:
    person.agree(tasks=True)
    rows = dict(person.store.rows)
    person.clock.at = NOW + timedelta(days=1)
    person.agree(tasks=True)
    assert person.store.rows == rows
    one, two = person.bus.events
    assert one.event_id == two.event_id


def test_a_withdrawal_whose_event_failed_is_published_by_the_retry(person: Person) -> None:
    person.agree(tasks=True)
    person.bus.down = True
    with pytest.raises(Unavailable):
        person.agree(tasks=False)
    person.bus.down = False
    person.agree(tasks=False)
    assert list(person.bus.events[-1].consents_changed.withdrawn) == ["tasks"]


def test_a_withdrawal_whose_event_was_lost_goes_with_the_next_change(person: Person) -> None:
    person.agree(tasks=True, mood=True)
    person.bus.down = True
    with pytest.raises(Unavailable):
        person.agree(tasks=False)
    person.bus.down = False
    person.agree(mood=False)
    assert list(person.bus.events[-1].consents_changed.withdrawn) == ["mood", "tasks"]
    person.agree(tasks=True)
    assert list(person.bus.events[-1].consents_changed.withdrawn) == ["mood"]


def test_agreeing_to_an_old_text_is_refused_withdrawing_is_not(person: Person) -> None:
    person.agree(tasks=True)
    with pytest.raises(Invalid) as caught:
        person.agree("2020-01", mood=True)
    assert caught.value.extra["text_version"] == TEXT_VERSION
    assert TEXT_VERSION in caught.value.extra["errors"][0]["detail"]
    person.agree("2020-01", tasks=False)
    assert person.service.granted(ANN) == frozenset()


def test_two_devices_at_once_lose_no_consent(person: Person) -> None:
    real, raced = person.store.keep_consents, False

    def racing(*args: Any) -> Kept:
        nonlocal raced
        if not raced:
            raced = True
            person.agree(mood=True)
        return real(*args)

    person.store.keep_consents = racing  # type: ignore[method-assign]
    person.agree(tasks=True)
    assert person.service.granted(ANN) == {"tasks", "mood"}


def test_nothing_is_written_about_an_erased_person(person: Person) -> None:
    person.agree(tasks=True)
    person.store.entomb(ANN, "receipt", NOW)
    assert person.service.granted(ANN) == frozenset()
    for attempt in (
        lambda: person.agree(mood=True),
        lambda: person.agree(tasks=True),
        lambda: person.change(locale="de"),
    ):
        with pytest.raises(Gone):
            attempt()


def test_the_fast_path_reads_the_same_file(person: Person) -> None:
    person.agree(tasks=True, learning=True)
    person.change(timezone="Asia/Tokyo")
    keys = [(key["person_id"], key["part"]) for key in profile_keys(ANN)]
    rows = [
        {"part": part, "body": person.store.rows[p, part]}
        for p, part in keys
        if (p, part) in person.store.rows
    ]
    file = decode(reversed(rows))
    assert (file.profile.timezone, file.granted, file.erased) == ("Asia/Tokyo", {"tasks", "learning"}, False)
    assert decode([]).granted == frozenset()
    gone = decode([*rows, {"part": ERASED, "body": "{}"}])
    assert (gone.granted, gone.erased) == (frozenset(), True)


def test_a_consent_that_this_version_does_not_know_is_none(person: Person) -> None:
    person.agree(tasks=True)
    body = person.store.rows[ANN, CONSENTS_PART].replace('"tasks"', '"dreams"')
    assert decode([{"part": CONSENTS_PART, "body": body}]).granted == frozenset()


# --- erasure ----------------------------------------------------------------------------------


class Rows:
    """A store that counts; it fails as often as told."""

    def __init__(self, name: str, rows: int = 1, fails: int = 0) -> None:
        self.name, self.rows, self.fails = name, rows, fails

    def export(self, person_id: str) -> Sequence[Any]:
        return []

    def erase(self, person_id: str) -> int:
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        gone, self.rows = self.rows, 0
        return gone


class Leaving:
    def __init__(self, *stores: PersonalStore) -> None:
        self.profiles = MemoryProfiles()
        self.sealer = memory_sealer()
        self.bus = MemoryBus()
        self.stores: list[PersonalStore] = [*stores, self.profiles, PersonKeys(self.sealer)]
        self.service = ErasureService(
            self.profiles, lambda: self.stores, self.sealer, self.bus, StandingClock(), RandomIds()
        )


def test_when_the_answer_comes_nothing_opens_and_no_session_is_left() -> None:
    sessions, signals = Rows("sessions"), Rows("signals")
    leaving = Leaving(sessions, signals)
    sealed = leaving.sealer.seal(ANN, "p", "words")
    receipt = leaving.service.request(ANN, TRACE)
    assert sessions.rows == 0
    assert signals.rows == 1
    with pytest.raises(KeyDestroyed):
        leaving.sealer.open(ANN, "p", sealed)
    assert (ANN, ERASED) in leaving.profiles.rows
    [event] = leaving.bus.events
    assert event.erasure_requested.receipt_id == receipt
    assert leaving.service.request(ANN, TRACE) == receipt


def test_a_request_that_failed_half_way_can_be_made_again() -> None:
    sessions = Rows("sessions")
    leaving = Leaving(sessions)
    leaving.bus.down = True
    with pytest.raises(Unavailable):
        leaving.service.request(ANN, TRACE)
    assert sessions.rows == 1
    leaving.bus.down = False
    leaving.service.request(ANN, TRACE)
    assert sessions.rows == 0
    assert leaving.bus.types() == ["erasure_requested"]


def test_every_store_answers_and_again_changes_nothing() -> None:
    leaving = Leaving(Rows("signals", 3), Rows("items", 2))
    leaving.service.request(ANN, TRACE)
    [requested] = leaving.bus.events
    leaving.service.handle(requested)
    done = {e.erasure_done.store: e.erasure_done.rows for e in leaving.bus.events[1:]}
    assert done == {"signals": 3, "items": 2, "profiles": 0, "person-keys": 1}
    ids = [e.event_id for e in leaving.bus.events[1:]]
    leaving.bus.batches.clear()
    leaving.service.handle(requested)
    assert [e.event_id for e in leaving.bus.events] == ids
    assert list(leaving.profiles.rows) == [(ANN, ERASED)]


def test_a_store_that_fails_is_erased_by_the_retry_and_keeps_no_other() -> None:
    bad, good = Rows("signals", fails=1), Rows("items")
    leaving = Leaving(bad, good)
    leaving.service.request(ANN, TRACE)
    [requested] = leaving.bus.events
    with pytest.raises(ExceptionGroup):
        leaving.service.handle(requested)
    assert good.rows == 0
    leaving.service.handle(requested)
    assert bad.rows == 0


def test_a_withdrawn_consent_takes_what_rests_on_it_and_nothing_else() -> None:
    world = World()
    for who in (ANN, BOB):
        world.agree(who)
        world.take_in(task("a", title="Call mum"), mood(), person=who)
    service = ErasureService(
        world.profiles, world.signals.personal_stores, world.sealer, world.bus, world.clock, RandomIds()
    )
    event = wrap(ConsentsChanged(withdrawn=["tasks"]), person_id=ANN, event_id="e", at=NOW, trace_id="t")
    service.handle(event)
    assert len(world.signals.items) == 2, "given again meanwhile: what is there is covered"
    world.agree(ANN, ["mood"])
    service.handle(event)
    service.handle(event)
    assert sorted((p, s.type) for (p, _), s in world.signals.signals.items()) == [
        (ANN, "mood"), (BOB, "mood"), (BOB, "task"),
    ]  # fmt: skip
    assert [p for p, _ in world.signals.items] == [p for p, _ in world.signals.sealed] == [BOB]


def test_another_event_does_not_belong_to_erasure() -> None:
    event = wrap(TipDue(decision_id="d"), person_id=ANN, event_id="e", at=NOW, trace_id="t")
    assert type_of(event) == "tip_due"
    with pytest.raises(MalformedEvent):
        Leaving().service.handle(event)


def test_health_follows_the_store(person: Person) -> None:
    assert person.service.health().status == "ok"

    def down() -> None:
        raise ConnectionError

    person.store.ping = down  # type: ignore[method-assign]
    assert person.service.health().status == "down"
