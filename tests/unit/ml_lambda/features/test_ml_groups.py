"""Group by group: values by hand where clocks and calendars are odd, and what each does when it is stale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contracts.ml import Candidate, HabitState, MoodState, RecentTip, Snapshot
from chalicelib.contracts.tips import RecommendContext
from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES, FEATURE_VERSION
from ml_lambda.features import clock, dosage, exposure, goal, habit, mood, place, rhythm, similarity, task
from ml_lambda.features.group import FeatureGroup, Moment
from ml_lambda.features.snapshot import build
from ml_lambda.features.vector import GROUPS, candidate_vectors, context_vector, degraded
from tests import ml_examples as me


def made(**changes: Any) -> Snapshot:
    whole = build(me.items(), me.signals(), me.ZONE, me.NOW, person_id=me.PERSON, goals=("admin",))
    return whole.model_copy(update=changes)


def at(text: str, zone: str, **changes: Any) -> Moment:
    return Moment(made(**changes), datetime.fromisoformat(text), zone)


def tip(**fields: Any) -> RecentTip:
    values = {"decision_id": "d", "decided_at": me.ago(days=14), "angle": "do_now", "wording": "do_now.1"}
    return RecentTip.model_validate({**values, **fields})


# --- clocks and calendars ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        # Berlin goes back from 03:00 to 02:00 on 25 October 2026: half past two comes twice.
        ("2026-10-25T00:30:00+00:00", "Europe/Berlin", 2.5),
        ("2026-10-25T01:30:00+00:00", "Europe/Berlin", 2.5),
        ("2026-10-25T02:30:00+00:00", "Europe/Berlin", 3.5),
        # And forward from 02:00 to 03:00 on 29 March: there is no half past two.
        ("2026-03-29T00:59:00+00:00", "Europe/Berlin", 1 + 59 / 60),
        ("2026-03-29T01:00:00+00:00", "Europe/Berlin", 3.0),
        # Lord Howe moves by half an hour, Kathmandu is at 5:45.
        ("2026-04-04T14:59:00+00:00", "Australia/Lord_Howe", 1 + 59 / 60),
        ("2026-04-04T15:00:00+00:00", "Australia/Lord_Howe", 1.5),
        ("2026-11-18T18:15:00+00:00", "Asia/Kathmandu", 0.0),
        ("2026-11-18T18:15:00+00:00", "No/Where", 18.25),
    ],
)
def test_the_hour_is_that_of_the_wall_clock(now: str, zone: str, hours: float) -> None:
    moment = at(now, zone)
    assert clock.hour_sin(moment) == pytest.approx(math.sin(2 * math.pi * hours / 24))
    assert clock.hour_cos(moment) == pytest.approx(math.cos(2 * math.pi * hours / 24))


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        ("2028-02-29T12:00:00+00:00", "UTC", 1),  # a leap day, a Tuesday
        ("2028-02-29T12:00:00+00:00", "Pacific/Kiritimati", 2),  # there it is March
        ("2026-11-16T05:00:00+00:00", "America/Los_Angeles", 6),  # still Sunday evening
        ("2026-11-16T00:00:00+00:00", "UTC", 0),
    ],
)
def test_the_weekday_is_that_of_the_persons_calendar(now: str, zone: str, day: int) -> None:
    assert clock.weekday(at(now, zone)) == pytest.approx((day - 3) / 3)


@pytest.mark.parametrize(
    ("now", "zone", "due_on", "left"),
    [
        # The day that ends is 25 hours long, or 23.
        ("2026-10-24T22:00:00+00:00", "Europe/Berlin", "2026-10-25", 25 * 3600 - 1),
        ("2026-03-28T23:00:00+00:00", "Europe/Berlin", "2026-03-29", 23 * 3600 - 1),
        ("2028-02-28T00:00:00+00:00", "UTC", "2028-02-29", 48 * 3600 - 1),
        ("2027-02-28T00:00:00+00:00", "UTC", "2027-03-01", 48 * 3600 - 1),
    ],
)
def test_a_day_is_due_when_it_ends_on_odd_nights_and_leap_days(
    now: str, zone: str, due_on: str, left: int
) -> None:
    moment = at(now, zone, tasks=[me.item("t", due_on=due_on)])
    value = task.deadline(moment, me.candidate(ref="t"))
    assert value == pytest.approx(1 / (1 + left / 86400))


def test_a_streak_is_at_risk_until_the_local_day_ends_on_a_long_night() -> None:
    # Last done on the 24th; the 25th is 25 hours long in Berlin.
    walk = HabitState(item_ref="w", last_done_on="2026-10-24", streak=3)  # type: ignore[arg-type]
    late, over = "2026-10-25T22:59:00+00:00", "2026-10-25T23:00:00+00:00"
    values = [
        habit.streak_at_risk(at(now, "Europe/Berlin", habits=[walk]), me.candidate(ref="w"))
        for now in (late, over)
    ]
    assert values == [pytest.approx(1 - math.exp(-1)), 0.0]


def test_things_done_in_the_hour_that_comes_twice_are_of_that_hour() -> None:
    signals = [
        me.signal(n, "task", datetime(2026, 10, 25, n, 30, tzinfo=UTC), item_ref=f"t{n}", status="done")
        for n in (0, 1)
    ]
    now = datetime(2026, 10, 25, 9, tzinfo=UTC)
    done = rhythm.summarise(signals, "Europe/Berlin", now)
    assert [hour for hour, weight in enumerate(done.hours) if weight] == [2]
    assert done.today == 2
    assert done.hours[2] == pytest.approx(0.5 ** (8.5 / 24 / 14) + 0.5 ** (7.5 / 24 / 14), abs=1e-5)


def test_mood_is_of_this_local_day_and_no_other() -> None:
    said = MoodState(valence=5, energy=None, at=datetime(2026, 11, 18, 22, 30, tzinfo=UTC))
    same, next_day = "2026-11-18T22:50:00+00:00", "2026-11-18T23:10:00+00:00"
    assert mood.mood(at(same, "Europe/Berlin", mood=said)) == 1.0
    assert mood.mood(at(next_day, "Europe/Berlin", mood=said)) == 0.0
    assert mood.mood(at(next_day, "UTC", mood=said)) == 1.0
    # Without energy the mood stands for it.
    long = me.candidate(minutes=120)
    assert mood.energy_effort(at(same, "Europe/Berlin", mood=said), long) == pytest.approx(1.0)


# --- groups that nothing else computes by hand ------------------------------------------------------


@pytest.mark.parametrize(
    ("goals", "category", "value"),
    [(["admin"], "admin", 1.0), (["admin"], "work", -1.0), ([], "work", 0.0), (["admin"], None, 0.0)],
)
def test_goal_alignment(goals: list[str], category: str | None, value: float) -> None:
    moment = Moment(made(goals=goals), me.NOW, me.ZONE)
    assert goal.goal_alignment(moment, me.candidate(category=category)) == value


class Plane:
    """Tips on a plane, by their item."""

    places: ClassVar = {"a": (1.0, 0.0), "b": (0.0, 2.0), "c": (-3.0, 0.0)}

    def embed(self, tip: Candidate | RecentTip) -> Sequence[float] | None:
        return self.places.get(tip.item_ref or "")


def test_similarity_to_tips_done_by_hand() -> None:
    def value(*recent: RecentTip, ref: str = "a") -> float:
        moment = Moment(made(), me.NOW, me.ZONE, recent=recent, embedder=Plane())
        return similarity.similarity_done(moment, me.candidate(ref=ref))

    same, across, against = (tip(item_ref=r, reaction="done") for r in "abc")
    # 14 days ago each weighs a half, beside one tip that is like nothing.
    assert value(same) == pytest.approx(0.5 / 1.5)
    assert value(across) == 0.0
    assert value(against) == pytest.approx(-0.5 / 1.5)
    assert value(same, across) == pytest.approx(0.5 / 2)
    assert value(same.model_copy(update={"reaction": "dismiss"})) == 0.0
    assert value(same, ref="unknown") == 0.0
    assert similarity.similarity_done(Moment(made(), me.NOW, me.ZONE, recent=[same]), me.candidate()) == 0.0


def test_place_match_by_hand() -> None:
    def value(said: str, category: str) -> float:
        moment = Moment(made(), me.NOW, me.ZONE, RecommendContext.model_validate({"place": said}))
        return place.place_match(moment, me.candidate(category=category))

    assert (value("home", "household"), value("work", "household"), value("home", "admin")) == (1, -1, 0)


def test_dosage_and_novelty_count_what_was_seen() -> None:
    seen = [tip(exposed_at=me.ago(days=d), item_ref="x") for d in (0, 7)]
    moment = Moment(made(), me.NOW, me.ZONE, recent=[*seen, tip(item_ref="x")])
    assert dosage.dosage(moment) == pytest.approx(1 - math.exp(-(1 + math.exp(-1)) / 10))
    assert exposure.novelty(moment, me.candidate(ref="x")) == 0.0
    assert exposure.novelty(moment, me.candidate(ref="y")) == 1.0


# --- stale ------------------------------------------------------------------------------------------

OF_SNAPSHOT = {"task": 7, "habit": 2, "rhythm": 14, "activity": 1, "affinity": 14, "goal": 30}
"""Days that a snapshot may be old for each group that reads it."""


def group(name: str) -> FeatureGroup:
    return next(g for g in GROUPS if g.name == name)


@pytest.mark.parametrize(("name", "days"), OF_SNAPSHOT.items())
def test_a_stale_group_serves_its_default_and_says_so(name: str, days: int) -> None:
    found = group(name)
    assert found.freshness == timedelta(days=days)
    on_time = Moment(made(), me.NOW + found.freshness, me.ZONE)
    late = replace(on_time, now=on_time.now + timedelta(seconds=1))
    assert name not in degraded(on_time)
    assert name in degraded(late)
    candidates = [me.candidate(category="admin"), me.candidate(ref="habit-walk", minutes=90)]
    row = [dict(zip(CANDIDATE_FEATURES, r, strict=True)) for r in candidate_vectors(late, candidates)]
    shared = dict(zip(CONTEXT_FEATURES, context_vector(late), strict=True))
    assert {r[f] for r in row for f in found.candidate} | {shared[f] for f in found.context} == {
        found.default
    }


def test_every_group_has_a_target_and_those_of_the_request_have_no_age() -> None:
    moment = Moment(made(), me.NOW + timedelta(days=400), me.ZONE)
    for found in GROUPS:
        if found.freshness == timedelta(0):
            assert found.age(moment) is None
            assert not found.stale(moment)
        else:
            assert found.freshness > timedelta(0)
    assert set(OF_SNAPSHOT) < set(degraded(moment))


def test_sums_of_another_feature_version_are_not_served() -> None:
    other = Moment(made(feature_version=FEATURE_VERSION + 1), me.NOW, me.ZONE)
    assert set(degraded(other)) == {g.name for g in GROUPS if g.summed} == {
        "habit", "rhythm", "activity", "affinity",
    }  # fmt: skip


def test_what_the_request_says_makes_an_old_snapshot_do() -> None:
    said = RecommendContext(minutes_free=20, energy=5, place="home")
    old = made(
        mood=MoodState(valence=1, at=me.ago(days=3)), as_of={"context": me.ago(days=3), "calendar": me.NOW}
    )
    silent = Moment(old, me.NOW + timedelta(days=8), me.ZONE)
    assert {"calendar", "mood", "place"} <= set(degraded(silent))
    assert not {"calendar", "mood", "place"} & set(degraded(replace(silent, context=said)))


@given(
    age=st.integers(0, 90 * 24 * 60),
    numbers=st.lists(st.floats(0, 1e12), min_size=24, max_size=24),
    version=st.sampled_from([FEATURE_VERSION, FEATURE_VERSION + 1]),
)
@settings(max_examples=100)
def test_whatever_the_age_and_whatever_is_stored_values_stay_in_range(
    age: int, numbers: list[float], version: int
) -> None:
    moment = Moment(
        made(done_hours=numbers, feature_version=version), me.NOW + timedelta(minutes=age), me.ZONE
    )
    row = dict(zip(CANDIDATE_FEATURES, candidate_vectors(moment, [me.candidate()])[0], strict=True))
    row |= dict(zip(CONTEXT_FEATURES, context_vector(moment), strict=True))
    for found in GROUPS:
        for name in (*found.candidate, *found.context):
            assert math.isfinite(row[name])
            assert found.range[0] <= row[name] <= found.range[1]


@pytest.mark.parametrize(
    "stored", [[], [1.0] * 23, [-1.0] * 24, [math.nan] + [0.0] * 23, [math.inf] * 24, [1e308] * 24]
)
def test_stored_hours_that_are_no_day_of_counts_say_nothing(stored: list[float]) -> None:
    snapshot = Snapshot.model_validate({**made().model_dump(), "done_hours": stored})
    assert snapshot.done_hours == [0.0] * 24
    assert rhythm.done_hour(Moment(snapshot, me.NOW, me.ZONE), me.candidate()) == 0.0
