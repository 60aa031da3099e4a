"""Snapshots: hand-computed, the same for any order, right on the person's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.records import ItemRecord, SignalRecord
from chalicelib.domain.permitted import restrict
from ml_lambda.features.habit import streak_of
from ml_lambda.features.snapshot import build
from tests import ml_examples as me


def snapshot(
    items: list[ItemRecord] | None = None, signals: list[SignalRecord] | None = None, **options: object
) -> Snapshot:
    arguments = {"timezone": me.ZONE, "now": me.NOW, "person_id": me.PERSON, **options}
    return build(
        me.items() if items is None else items, me.signals() if signals is None else signals, **arguments
    )  # type: ignore[arg-type]


def test_the_example_by_hand() -> None:
    made = snapshot()
    assert [t.item_ref for t in made.tasks] == ["task-invoice", "task-tax", "task-shelf"]
    assert [e.item_ref for e in made.events] == ["event-standup"]
    walk = made.habits[0]
    # Walks at 09:00 in Berlin on the 14th to the 17th; today is the 18th.
    assert (walk.last_done_on, walk.streak, walk.done_in_14_days) == (date(2026, 11, 17), 4, 4)
    assert walk.usual_minute == 9 * 60
    assert made.mood is not None
    assert (made.mood.valence, made.mood.energy) == (4, 2)
    assert made.place == "home"
    assert made.done_today == 1
    decayed = sum(0.5 ** ((days + 1 / 24) / 14) for days in range(1, 5))
    assert made.done_by_category["health"] == pytest.approx(decayed, abs=1e-5)
    assert made.done_hours[9] == pytest.approx(decayed + 0.5 ** (1 / 24 / 14), abs=1e-5)
    assert sum(made.done_hours) == pytest.approx(made.done_hours[9])
    assert made.as_of["tasks"] == me.ago(hours=1)
    assert made.as_of["calendar"] == me.ago(days=2)


@given(st.randoms())
@settings(max_examples=25)
def test_order_does_not_matter(random) -> None:  # type: ignore[no-untyped-def]
    items, signals = me.items(), me.signals()
    random.shuffle(items)
    random.shuffle(signals)
    assert snapshot(items, signals) == snapshot()


def test_what_is_not_consented_to_is_left_out() -> None:
    made = snapshot(granted=["tasks"])
    assert made.tasks
    assert made.events == made.habits == []
    assert (made.mood, made.place) == (None, None)
    assert set(made.as_of) == {"tasks"}
    assert set(made.done_by_category) == {"admin"}


def test_restricting_takes_out_what_was_withdrawn_after_it_was_made() -> None:
    made = snapshot()
    assert restrict(made, me.ALL) is made  # type: ignore[arg-type]
    left = restrict(made, ["calendar"])
    assert left.events == made.events
    assert left.tasks == left.habits == []
    assert (left.mood, left.place, left.done_today) == (None, None, 0)
    assert sum(left.done_hours) == 0
    assert left.done_by_category == {}


def test_bounds_keep_what_matters() -> None:
    tasks = [me.item(f"t{n:03d}", due_at=me.ahead(hours=n)) for n in range(150)]
    undated = [me.item(f"u{n:03d}") for n in range(50)]
    made = snapshot([*undated, *reversed(tasks)], [])
    assert [t.item_ref for t in made.tasks] == [f"t{n:03d}" for n in range(100)]


def test_events_within_the_window_only() -> None:
    def event(ref: str, start: float, end: float, **fields: object) -> ItemRecord:
        return me.item(
            ref, "event", "confirmed", starts_at=me.ahead(hours=start), ends_at=me.ahead(hours=end), **fields
        )

    made = snapshot(
        [
            event("over", -5, -3.1),
            event("just-over", -5, -2.9),
            event("long", -200, 2),
            event("far", 7 * 24 + 1, 7 * 24 + 2),
            event("soon", 1, 2),
            me.item("off", "event", "cancelled", starts_at=me.ahead(hours=1), ends_at=me.ahead(hours=2)),
        ],
        [],
    )
    assert [e.item_ref for e in made.events] == ["long", "just-over", "soon"]


def test_a_habit_given_up_is_gone_and_one_never_done_stays() -> None:
    made = snapshot([me.item("gone", "habit", "deleted"), me.item("new", "habit", "active")], signals=[])
    assert [(h.item_ref, h.streak, h.last_done_on, h.usual_minute) for h in made.habits] == [
        ("new", 0, None, None)
    ]


def test_the_same_thing_done_twice_on_a_day_counts_once() -> None:
    twice = [
        me.signal(n, "task", me.ago(hours=n), item_ref="x", status="done", category="admin") for n in (1, 2)
    ]
    assert snapshot([], twice).done_today == 1


@pytest.mark.parametrize(
    ("zone", "last", "done"),
    [
        # Clocks go back at 03:00 on 25 October 2026 and forward at 02:00 on 29 March 2026 in Berlin.
        (
            "Europe/Berlin",
            date(2026, 10, 26),
            [datetime(2026, 10, d, 22, 30, tzinfo=UTC) for d in (23, 24)]
            + [datetime(2026, 10, 25, 23, 30, tzinfo=UTC)],
        ),
        (
            "Europe/Berlin",
            date(2026, 3, 30),
            [
                datetime(2026, 3, 27, 23, 30, tzinfo=UTC),
                datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
                datetime(2026, 3, 29, 22, 30, tzinfo=UTC),
            ],
        ),
        # A leap day.
        (
            "America/New_York",
            date(2028, 3, 1),
            [
                datetime(2028, 2, 28, 12, tzinfo=UTC),
                datetime(2028, 2, 29, 12, tzinfo=UTC),
                datetime(2028, 3, 1, 12, tzinfo=UTC),
            ],
        ),
        # 14 hours ahead: the local day is the next one.
        (
            "Pacific/Kiritimati",
            date(2026, 1, 3),
            [datetime(2026, 1, d, 11, tzinfo=UTC) for d in (1, 2)] + [datetime(2025, 12, 31, 11, tzinfo=UTC)],
        ),
    ],
)
def test_streaks_follow_local_days(zone: str, last: date, done: list[datetime]) -> None:
    signals = [me.signal(n, "habit", at, item_ref="h", status="done") for n, at in enumerate(done)]
    made = snapshot(
        [me.item("h", "habit", "done")], signals, timezone=zone, now=max(done) + timedelta(hours=1)
    )
    assert (made.habits[0].streak, made.habits[0].last_done_on) == (3, last)


@given(st.sets(st.dates(date(2024, 2, 20), date(2024, 3, 10))))
def test_a_streak_is_the_run_that_ends_on_the_last_day(days: set[date]) -> None:
    length = streak_of(days)
    assert (length == 0) == (not days)
    if days:
        run = {max(days) - timedelta(days=n) for n in range(length)}
        assert run <= days
        assert max(days) - timedelta(days=length) not in days


@given(st.sampled_from(sorted(available_timezones())), st.integers(0, 5 * 365 * 24 * 60))
@settings(max_examples=60)
def test_any_zone_any_night(zone: str, minute: int) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    signals = [me.signal(n, "habit", now - timedelta(days=n), item_ref="h", status="done") for n in range(6)]
    made = snapshot([me.item("h", "habit", "done")], signals, timezone=zone, now=now)
    # Six moments 24 hours apart: a clock change can put two of them on one local day or leave one out.
    assert 3 <= made.habits[0].done_in_14_days <= 6
    assert made.done_today >= 1
    assert sum(made.done_hours) == pytest.approx(sum(0.5 ** (n / 14) for n in range(6)), abs=1.0)
    assert Snapshot.model_validate_json(made.model_dump_json(exclude_defaults=True)) == made
