from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION
from chalicelib.contracts.errors import Gone, Invalid, Unavailable
from chalicelib.contracts.http import ConsentsPut, ProfilePatch
from chalicelib.profile.contract import CONSENTS_PART, ERASED, decode, profile_keys
from chalicelib.profile.ports import Kept
from chalicelib.profile.service import ProfileService
from chalicelib.runtime.clock import RandomIds
from tests.unit.events.world import ANN, BOB, NOW, MemoryBus, StandingClock
from tests.unit.profile.memory import MemoryProfiles

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


def test_the_history_is_read_newest_first_page_by_page(person: Person) -> None:
    for day, granted in enumerate((True, False, True)):
        person.clock.at = NOW + timedelta(days=day)
        person.agree(tasks=granted)
    page = person.service.history(ANN, 2, None)
    assert [(d.at, d.granted) for d in page.decisions] == [
        (NOW + timedelta(days=2), True),
        (NOW + timedelta(days=1), False),
    ]
    rest = person.service.history(ANN, 2, page.next)
    assert [d.at for d in rest.decisions] == [NOW]
    assert rest.next is None
    assert person.service.history(BOB, 2, None).decisions == []
    for cursor in ("", "x", "Y29uc2VudHM", "é"):
        with pytest.raises(Invalid):
            person.service.history(ANN, 2, cursor)


def test_a_consent_knows_since_when_it_holds_without_a_break(person: Person) -> None:
    def since() -> Any:
        return person.service.consents(ANN).consents["learning"].since  # type: ignore[union-attr]

    person.agree(learning=True)
    assert since() == NOW
    person.clock.at = NOW + timedelta(days=1)
    # The version alone: it reads like the beginning of a date.
    agreed = person.store.rows[ANN, CONSENTS_PART]
    person.store.rows[ANN, CONSENTS_PART] = agreed.replace(f'"{TEXT_VERSION}"', '"2020-01"')
    assert person.store.rows[ANN, CONSENTS_PART] != agreed
    person.agree(learning=True)
    assert since() == NOW, "the newer text was agreed to without a break"
    person.clock.at = NOW + timedelta(days=2)
    person.agree(learning=False)
    assert since() is None
    person.agree(learning=True)
    assert since() == NOW + timedelta(days=2)


def test_what_was_decided_before_a_withdrawal_stays_out_of_training(person: Person) -> None:
    person.agree(learning=True, tasks=True)
    late = NOW + timedelta(days=3)
    assert person.service.trainable(ANN, NOW, ["tasks"])
    assert not person.service.trainable(ANN, NOW, ["tasks", "mood"])
    person.clock.at = late
    person.agree(learning=False)
    assert not person.service.trainable(ANN, late, ["tasks"])
    person.agree(learning=True)
    assert not person.service.trainable(ANN, NOW, ["tasks"])
    assert person.service.trainable(ANN, late, ["tasks"])
    person.store.entomb(ANN, "receipt", late)
    assert not person.service.trainable(ANN, late, ["tasks"])


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


def test_health_follows_the_store(person: Person) -> None:
    assert person.service.health().status == "ok"

    def down() -> None:
        raise ConnectionError

    person.store.ping = down  # type: ignore[method-assign]
    assert person.service.health().status == "down"
