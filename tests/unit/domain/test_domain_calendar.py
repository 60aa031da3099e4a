"""Local days and free time, over DST nights, leap days and every zone."""

# ruff: noqa: DTZ001, DTZ901 - naive moments are what is tested

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import calendar
from chalicelib.domain.calendar import Span

BERLIN = calendar.zone_of("Europe/Berlin")
ZONES = sorted(available_timezones())
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24), ("2028-02-29", 24)]
)
def test_a_local_day_has_its_own_length(day: str, hours: int) -> None:
    bounds = calendar.day_bounds(at(f"{day}T12:00+00:00"), BERLIN)
    assert bounds.end - bounds.start == timedelta(hours=hours)


def test_a_wall_time_that_the_night_skips_or_repeats() -> None:
    assert calendar.wall(date(2026, 3, 29), time(2, 30), BERLIN) == at("2026-03-29T01:30+00:00")
    assert calendar.wall(date(2026, 10, 25), time(2, 30), BERLIN) == at("2026-10-25T00:30+00:00")


def test_a_midnight_that_does_not_exist() -> None:
    havana = calendar.zone_of("America/Havana")
    bounds = calendar.day_bounds(at("2026-03-08T15:00+00:00"), havana)
    assert bounds == Span(at("2026-03-08T05:00+00:00"), at("2026-03-09T04:00+00:00"))


def test_the_same_wall_time_tomorrow_keeps_the_clock_not_the_hours() -> None:
    before = at("2026-10-24T18:00+02:00")
    after = calendar.same_wall(before, 1, BERLIN)
    assert calendar.local(after, BERLIN).time() == time(18)
    assert after - before == timedelta(hours=25)


@given(now=MOMENTS, zone=st.sampled_from(ZONES))
def test_the_day_s_end_lies_ahead_within_27_hours(now: datetime, zone: str) -> None:
    where = calendar.zone_of(zone)
    end = calendar.end_of_day(now, where)
    assert now < end <= now + timedelta(hours=27)
    assert calendar.local_day(end, where) > calendar.local_day(now, where)


@given(now=MOMENTS, zone=st.sampled_from(ZONES), clock=st.times().map(lambda t: t.replace(microsecond=0)))
def test_the_next_wall_time_lies_ahead_within_two_days(now: datetime, zone: str, clock: time) -> None:
    assert now < calendar.next_wall(now, clock, calendar.zone_of(zone)) <= now + timedelta(days=2)


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "America", "../etc/passwd", "\x00"])
def test_a_zone_that_no_one_knows_is_utc(name: str) -> None:
    assert calendar.zone_of(name) is UTC


def test_naive_moments_and_the_ends_of_time_do_not_raise() -> None:
    assert calendar.utc(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)
    for edge in (datetime.min, datetime.max):
        assert calendar.local_day(edge, BERLIN).year in {1, 9999}
    assert calendar.add_days(date.max, 1) == date.max


def test_merging_joins_what_touches_and_drops_what_is_empty() -> None:
    a, b, c, d = (at(f"2026-11-23T{h}:00+00:00") for h in ("09", "10", "11", "12"))
    assert calendar.merge([Span(b, c), Span(a, b), Span(d, d)]) == [Span(a, c)]
    assert calendar.merge([Span(a, b), Span(c, d)], within=timedelta(hours=1)) == [Span(a, d)]
    assert calendar.merge([Span(a, d), Span(b, c)]) == [Span(a, d)]


def test_free_until_the_next_entry_or_not_at_all() -> None:
    nine, ten, eleven = (at(f"2026-11-23T{h}:00+00:00") for h in ("09", "10", "11"))
    busy = [Span(ten, eleven)]
    assert calendar.free_until(busy, nine, eleven) == ten
    assert calendar.free_until(busy, ten, eleven + timedelta(hours=1)) == ten
    assert calendar.free_until(busy, eleven, eleven + timedelta(hours=1)) == eleven + timedelta(hours=1)


def test_the_next_slot_is_in_waking_hours_and_long_enough() -> None:
    ten, eleven = at("2026-11-23T10:00+01:00"), at("2026-11-23T11:00+01:00")
    busy = [Span(ten, eleven), Span(eleven + timedelta(minutes=20), at("2026-11-23T21:00+01:00"))]
    assert calendar.next_free_slot(busy, ten, 20, BERLIN) == Span(eleven, eleven + timedelta(minutes=20))
    late = calendar.next_free_slot(busy, ten, 45, BERLIN)
    assert late is not None
    assert late.start == at("2026-11-24T07:00+01:00")
    assert calendar.next_free_slot([Span(ten, ten + timedelta(days=2))], ten, 5, BERLIN) is None


@given(
    now=MOMENTS,
    zone=st.sampled_from(ZONES),
    minutes=st.integers(1, 300),
    spans=st.lists(st.tuples(st.integers(-600, 2000), st.integers(0, 600)), max_size=12),
)
def test_a_slot_is_free_ahead_and_awake(
    now: datetime, zone: str, minutes: int, spans: list[tuple[int, int]]
) -> None:
    where = calendar.zone_of(zone)
    busy = calendar.merge(
        Span(now + timedelta(minutes=start), now + timedelta(minutes=start + length))
        for start, length in spans
    )
    slot = calendar.next_free_slot(busy, now, minutes, where)
    if slot is not None:
        assert now <= slot.start <= now + timedelta(hours=24)
        assert slot.minutes >= minutes
        assert not any(span.start < slot.end and slot.start < span.end for span in busy)
        assert calendar.local(slot.start, where).time() >= calendar.WAKING_FROM


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("04:59", "night"),
        ("05:00", "morning"),
        ("12:00", "afternoon"),
        ("17:00", "evening"),
        ("22:00", "night"),
    ],
)
def test_the_part_of_the_day(clock: str, part: str) -> None:
    assert calendar.day_part(at(f"2026-11-23T{clock}:00+01:00"), BERLIN) == part
