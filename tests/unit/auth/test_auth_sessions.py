"""Sessions: one write per call, sliding, ending, counting."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.auth.service import SessionService, Started
from chalicelib.contracts.errors import NotFound, RateLimited, Unauthenticated
from chalicelib.runtime.counting import counters
from tests.unit.auth.memory import IDS, NOON, SETTINGS, MemorySessions, SetClock

PERSON = "6d2c9e5e-4a3a-4b55-b1d8-0f6b5d6f7a10"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store() -> MemorySessions:
    return MemorySessions()


@pytest.fixture
def service(store: MemorySessions, clock: SetClock) -> SessionService:
    return SessionService(store, clock, IDS, SETTINGS)


def sign_in(service: SessionService, person: str = PERSON, previous: str = "") -> Started:
    return service.start(
        person_id=person, role="person", provider="oidc", previous={"cookie": f"sid={previous}"}
    )


def cookie(started: Started) -> dict[str, str]:
    return {"cookie": f"theme=dark; sid={started.secret}"}


def test_a_session_says_who_asks_in_one_write(service: SessionService, store: MemorySessions) -> None:
    started = sign_in(service)
    store.calls.clear()
    who = service.authenticate(cookie(started))
    assert (who.person_id, who.role, who.session_id) == (PERSON, "person", started.session.key)
    assert who.expires_at == NOON + timedelta(days=SETTINGS.session_days)
    assert store.calls == ["touch"]


def test_only_the_hash_of_the_secret_is_kept(service: SessionService, store: MemorySessions) -> None:
    started = sign_in(service)
    assert len(started.secret) == 43
    assert list(store.rows) == [hashlib.sha256(started.secret.encode()).hexdigest()]
    assert started.secret not in repr(store)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": ""},
        {"cookie": "sid="},
        {"cookie": "sid=short"},
        {"cookie": "sid=" + "a" * 44},
        {"cookie": "xsid=" + "a" * 43},
        {"cookie": ";;=;sid"},
    ],
)
def test_a_malformed_cookie_costs_no_call(
    service: SessionService, store: MemorySessions, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthenticated):
        service.authenticate(headers)
    assert store.calls == []


def test_an_unknown_secret_is_refused_and_makes_nothing(
    service: SessionService, store: MemorySessions
) -> None:
    with pytest.raises(Unauthenticated):
        service.authenticate({"cookie": "sid=" + "a" * 43})
    assert store.rows == {}


def test_a_session_unused_too_long_has_ended(service: SessionService, clock: SetClock) -> None:
    started = sign_in(service)
    clock.forward(days=SETTINGS.session_idle_days, seconds=-1)
    service.authenticate(cookie(started))  # slides
    clock.forward(days=SETTINGS.session_idle_days, seconds=-1)
    service.authenticate(cookie(started))
    clock.forward(days=SETTINGS.session_idle_days)
    with pytest.raises(Unauthenticated):
        service.authenticate(cookie(started))


def test_use_does_not_carry_a_session_over_its_absolute_end(service: SessionService, clock: SetClock) -> None:
    started = sign_in(service)
    for _ in range(SETTINGS.session_days - 1):
        clock.forward(days=1)
        service.authenticate(cookie(started))
    clock.forward(days=1, seconds=-1)
    service.authenticate(cookie(started))
    clock.forward(seconds=1)
    with pytest.raises(Unauthenticated):
        service.authenticate(cookie(started))


def test_a_sign_in_ends_the_session_presented_with_it(service: SessionService) -> None:
    first = sign_in(service)
    second = sign_in(service, previous=first.secret)
    with pytest.raises(Unauthenticated):
        service.authenticate(cookie(first))
    assert service.authenticate(cookie(second)).person_id == PERSON


def test_logout_ends_the_session_and_may_be_repeated(service: SessionService) -> None:
    started = sign_in(service)
    service.end(cookie(started))
    service.end(cookie(started))
    service.end({})
    with pytest.raises(Unauthenticated):
        service.authenticate(cookie(started))


def test_the_list_shows_living_sessions_latest_first(service: SessionService, clock: SetClock) -> None:
    forgotten = sign_in(service)
    clock.forward(days=SETTINGS.session_idle_days)
    here, there = sign_in(service), sign_in(service)
    sign_in(service, person="another")
    clock.forward(minutes=1)
    who = service.authenticate(cookie(here))
    listed = service.list(who).sessions
    assert [s.id for s in listed] == [here.session.key, there.session.key]
    assert [s.current for s in listed] == [True, False]
    assert forgotten.session.key not in {s.id for s in listed}


def test_one_may_end_another_of_ones_own_sessions(service: SessionService) -> None:
    here, there = sign_in(service), sign_in(service)
    service.revoke(PERSON, there.session.key)
    with pytest.raises(Unauthenticated):
        service.authenticate(cookie(there))
    assert service.authenticate(cookie(here)).person_id == PERSON
    with pytest.raises(NotFound):
        service.revoke(PERSON, there.session.key)


def test_nobody_ends_another_persons_session(service: SessionService) -> None:
    theirs = sign_in(service, person="another")
    for guess in (theirs.session.key, theirs.secret, "", "../x", "a" * 64):
        with pytest.raises(NotFound):
            service.revoke(PERSON, guess)
    assert service.authenticate(cookie(theirs)).person_id == "another"


def test_too_many_calls_wait_for_the_next_minute(service: SessionService, clock: SetClock) -> None:
    started = sign_in(service)
    clock.forward(seconds=20)
    for _ in range(SETTINGS.calls_per_minute):
        service.authenticate(cookie(started))
    with pytest.raises(RateLimited) as refused:
        service.authenticate(cookie(started))
    assert refused.value.retry_after == 40
    clock.forward(seconds=refused.value.retry_after)
    for _ in range(SETTINGS.calls_per_minute):
        service.authenticate(cookie(started))


@pytest.mark.parametrize("minutes", [1, 3, 4, 10, 16, 60, 64, 100, 255])
def test_an_old_burst_is_forgotten_after_any_pause(
    service: SessionService, clock: SetClock, minutes: int
) -> None:
    started = sign_in(service)
    for _ in range(SETTINGS.calls_per_minute):
        service.authenticate(cookie(started))
    clock.forward(minutes=minutes)
    for _ in range(SETTINGS.calls_per_minute):
        service.authenticate(cookie(started))


@given(
    start=st.integers(0, 30_000_000),
    minutes=st.lists(st.tuples(st.integers(1, 255), st.integers(1, 4)), min_size=1, max_size=40),
)
def test_the_least_counter_is_the_calls_of_this_minute(start: int, minutes: list[tuple[int, int]]) -> None:
    store, service_clock = MemorySessions(), SetClock()
    started = sign_in(SessionService(store, service_clock, IDS, SETTINGS))
    minute, now = start, int(NOON.timestamp())
    for pause, calls in minutes:
        minute += pause
        for expected in range(1, calls + 1):
            touched = store.touch(started.session.key, now=now, idle_since=0, counters=counters(minute))
            assert touched is not None
            assert touched[1] == expected
