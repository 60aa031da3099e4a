"""How often an address and a person may call, and how a caller's address is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.errors import RateLimited
from chalicelib.gateway.limits import Limits, address_bucket, caller, person_bucket
from chalicelib.runtime.settings import Settings
from tests.unit.auth.memory import SetClock
from tests.unit.gateway.memory import MemoryRates

SETTINGS = Settings(stage="local", address_calls_per_minute=3, person_calls_per_minute=5)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def limits(clock: SetClock) -> Limits:
    return Limits(MemoryRates(), clock, SETTINGS)


def test_an_address_may_call_so_often_and_again_at_the_next_minute(limits: Limits, clock: SetClock) -> None:
    for _ in range(2):
        for _ in range(3):
            limits.address("203.0.113.7")
        clock.forward(seconds=18)
        with pytest.raises(RateLimited) as refusal:
            limits.address("203.0.113.7")
        assert refusal.value.retry_after == 42
        clock.forward(seconds=42)


def test_other_addresses_and_people_are_not_counted_with_it(limits: Limits) -> None:
    for number in range(20):
        limits.address(f"203.0.113.{number}")
        limits.person(f"person-{number}")


def test_a_person_has_a_limit_of_their_own(limits: Limits) -> None:
    for _ in range(5):
        limits.person("ada")
    with pytest.raises(RateLimited):
        limits.person("ada")
    limits.person("ben")


def test_what_is_refused_counts_too(limits: Limits, clock: SetClock) -> None:
    """Who goes on asking is refused until the minute is over, not let through now and then."""
    for _ in range(3):
        limits.address("203.0.113.7")
    for _ in range(10):
        with pytest.raises(RateLimited):
            limits.address("203.0.113.7")


def test_a_household_of_ipv6_is_one_address() -> None:
    assert address_bucket("2001:db8:1:2:3::4") == address_bucket("2001:db8:1:2:ffff::1")
    assert address_bucket("2001:db8:1:2::1") != address_bucket("2001:db8:1:3::1")
    assert address_bucket("::ffff:203.0.113.7") == address_bucket("203.0.113.7")
    assert address_bucket("203.0.113.7") != address_bucket("203.0.113.8")


def test_no_bucket_tells_whose_it_is() -> None:
    assert "203" not in address_bucket("203.0.113.7").partition(":")[0]
    assert "zanzibar" not in person_bucket("zanzibar")
    assert address_bucket("203.0.113.7").partition(":")[2] != person_bucket("203.0.113.7").partition(":")[2]


@given(st.text(max_size=60))
def test_any_text_for_an_address_has_a_bucket(text: str) -> None:
    assert address_bucket(text).startswith("address:")


@pytest.mark.parametrize(
    ("source", "forwarded", "proxies", "expected"),
    [
        # Nothing stands before the API: the header is the caller's own invention.
        ("198.51.100.1", "203.0.113.7", 0, "198.51.100.1"),
        ("198.51.100.1", "", 0, "198.51.100.1"),
        # One proxy appended who called it; the API appended the proxy.
        ("198.51.100.1", "203.0.113.7, 198.51.100.1", 1, "203.0.113.7"),
        # The same where the API appends nothing.
        ("198.51.100.1", "203.0.113.7", 1, "203.0.113.7"),
        # What the caller wrote before that does not count.
        ("198.51.100.1", "10.0.0.1, 203.0.113.7, 198.51.100.1", 1, "203.0.113.7"),
        ("198.51.100.1", "10.0.0.1, 203.0.113.7, 198.51.100.9, 198.51.100.1", 2, "203.0.113.7"),
        # Fewer than were promised: who is furthest away.
        ("198.51.100.1", "", 1, "198.51.100.1"),
        ("198.51.100.1", "198.51.100.9", 3, "198.51.100.9"),
    ],
)
def test_the_caller_is_whom_our_own_proxies_saw(
    source: str, forwarded: str, proxies: int, expected: str
) -> None:
    assert caller(source, forwarded, proxies) == expected
