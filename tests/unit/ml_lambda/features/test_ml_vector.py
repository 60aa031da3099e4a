"""Vectors: hand-computed examples, bounds for any input, every feature declared once."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contracts.ml import MoodState, RecentTip
from chalicelib.contracts.tips import Angle, RecommendContext
from chalicelib.domain.features import CANDIDATE_FEATURES, CONTEXT_FEATURES
from ml_lambda.features.group import Moment
from ml_lambda.features.snapshot import build
from ml_lambda.features.vector import GROUPS, candidate_vectors, context_vector
from tests import ml_examples as me


def moment(**changes: Any) -> Moment:
    made = build(me.items(), me.signals(), me.ZONE, me.NOW, person_id=me.PERSON)
    snapshot = made.model_copy(update=changes.pop("snapshot", {}))
    return Moment(snapshot, **{"now": me.NOW, "timezone": me.ZONE, **changes})


def features(at: Moment, **candidate: Any) -> dict[str, float]:
    row = candidate_vectors(at, [me.candidate(**candidate)])[0]
    return dict(zip(CANDIDATE_FEATURES, row, strict=True))


def shared(at: Moment) -> dict[str, float]:
    return dict(zip(CONTEXT_FEATURES, context_vector(at), strict=True))


def recent(**fields: Any) -> RecentTip:
    values = {"decision_id": "d", "decided_at": me.ago(days=3), "angle": "do_now", "wording": "do_now.1"}
    return RecentTip.model_validate({**values, **fields})


def log_minutes(minutes: int) -> float:
    return math.log1p(minutes) / math.log(121)


def test_the_invoice_by_hand() -> None:
    row = features(moment(), category="admin")
    effort = log_minutes(5)
    assert row["free_fit"] == pytest.approx(math.log2(45 / 5) / 4, abs=1e-6)  # 45 minutes to the stand-up
    assert row["deadline"] == pytest.approx(1 / (1 + 6 / 24), abs=1e-6)  # due in six hours
    assert row["energy_effort"] == pytest.approx(-0.5 * (2 * effort - 1), abs=1e-6)  # energy 2 of 5
    assert row["effort"] == pytest.approx(effort, abs=1e-6)
    assert row["affinity"] == pytest.approx(0.998 / 4.998, abs=1e-3)  # one admin task done an hour ago
    assert row["activity_length"] == pytest.approx(1 / 5 * (2 * effort - 1), abs=1e-6)
    assert row["novelty"] == 1.0
    assert (row["streak_at_risk"], row["place_match"], row["goal_alignment"], row["similarity_done"]) == (
        0,
    ) * 4
    hours = moment().snapshot.done_hours
    here = hours[9] / 4  # it is 10:00; all was done at 9, an hour beside
    expected = math.log2((24 * here + 6) / (sum(hours) + 6)) / 2
    assert row["done_hour"] == pytest.approx(min(expected, 1), abs=1e-6)
    assert row["done_hour"] > 0


def test_the_habit_by_hand() -> None:
    row = features(moment(), angle="keep_streak", ref="habit-walk", minutes=10, category="health")
    assert row["streak_at_risk"] == pytest.approx(1 - math.exp(-4 / 3), abs=1e-6)
    assert row["deadline"] == 0


def test_a_habit_done_today_is_not_at_risk_and_one_missed_is_broken() -> None:
    for days in (0, 2):
        walk = moment().snapshot.habits[0]
        done = walk.model_copy(update={"last_done_on": me.NOW.date() - timedelta(days=days)})
        row = features(moment(snapshot={"habits": [done]}), angle="keep_streak", ref="habit-walk")
        assert row["streak_at_risk"] == 0


def test_the_context_by_hand() -> None:
    row = shared(moment(recent=[recent(exposed_at=me.ago(days=7)), recent()]))
    assert row["hour_sin"] == pytest.approx(math.sin(2 * math.pi * 10 / 24), abs=1e-6)
    assert row["hour_cos"] == pytest.approx(math.cos(2 * math.pi * 10 / 24), abs=1e-6)
    assert row["weekday"] == pytest.approx(-1 / 3, abs=1e-6)  # Wednesday
    assert row["mood"] == 0.5
    assert row["dosage"] == pytest.approx(1 - math.exp(-math.exp(-1) / 10), abs=1e-6)
    assert row["intercept"] == 1


@pytest.mark.parametrize(
    ("angle", "share"),
    [
        ("do_now", 1.0),
        ("batch", 1.0),
        ("anchor", 1.0),
        ("smallest_step", 0.7),
        ("prepare", 0.5),
        ("plan_slot", 0.5),
        ("keep_or_let_go", 0.3),
        ("rest", 0.0),
        ("close_day", 0.0),
    ],
)
def test_deadline_counts_by_how_far_the_angle_addresses_it(angle: str, share: float) -> None:
    assert features(moment(), angle=angle)["deadline"] == pytest.approx(0.8 * share, abs=1e-6)


def test_a_day_is_due_at_its_end_on_the_persons_clock() -> None:
    tasks = [me.item("t", due_on="2026-11-18")]
    far = features(moment(snapshot={"tasks": tasks}, timezone="Pacific/Kiritimati"), ref="t")  # 23:00 there
    near = features(
        moment(snapshot={"tasks": tasks}, timezone="Pacific/Pago_Pago"), ref="t"
    )  # 22:00 the day before
    assert far["deadline"] == pytest.approx(1 / (1 + 3599 / 86400), abs=1e-6)
    assert near["deadline"] == pytest.approx(1 / (1 + (26 * 3600 - 1) / 86400), abs=1e-6)


def test_past_due_is_as_near_as_it_gets() -> None:
    tasks = [me.item("t", due_at=me.ago(days=40))]
    assert features(moment(snapshot={"tasks": tasks}), ref="t")["deadline"] == 1


def test_inside_an_appointment_nothing_fits_but_what_takes_no_time() -> None:
    meeting = me.item("m", "event", "confirmed", starts_at=me.ago(minutes=5), ends_at=me.ahead(minutes=5))
    at = moment(snapshot={"events": [meeting]})
    assert features(at)["free_fit"] == -1
    assert features(at, minutes=0)["free_fit"] == 1
    for harmless in ({"all_day": True}, {"busy": False}):
        assert features(moment(snapshot={"events": [meeting.model_copy(update=harmless)]}))["free_fit"] == 1


def test_the_client_knows_better() -> None:
    said = RecommendContext(minutes_free=5, place="work", energy=5)
    row = features(moment(context=said), category="household", minutes=60)
    assert row["free_fit"] == pytest.approx(math.log2(5 / 60) / 4, abs=1e-6)
    assert row["place_match"] == -1
    assert row["energy_effort"] == pytest.approx(2 * log_minutes(60) - 1, abs=1e-6)


def test_what_is_stale_or_unknown_is_its_default() -> None:
    old = {
        "mood": MoodState(valence=1, energy=1, at=me.ago(hours=13)),
        "place": "home",
        "as_of": {"context": me.ago(hours=5)},
    }
    row = features(moment(snapshot=old), category="household")
    assert (row["energy_effort"], row["place_match"], row["free_fit"]) == (0, 0, 0)
    assert shared(moment(snapshot=old))["mood"] == 0


def test_not_mine_lowers_affinity_but_a_wrong_time_does_not() -> None:
    base = features(moment(), category="admin")["affinity"]
    tips = {
        r: features(moment(recent=[recent(category="admin", reaction="dismiss", reason=r)]), category="admin")
        for r in ("not_mine", "wrong_time", "too_big")
    }
    assert tips["not_mine"]["affinity"] < base
    assert tips["wrong_time"]["affinity"] == tips["too_big"]["affinity"] == base
    let_go = recent(category="admin", angle="keep_or_let_go", reaction="dismiss", reason="not_mine")
    assert features(moment(recent=[let_go]), category="admin")["affinity"] == base
    liked = features(moment(recent=[recent(category="admin", reaction="done")]), category="admin")
    assert liked["affinity"] > base


def test_novelty_returns_with_days_since_it_was_seen() -> None:
    shown = recent(item_ref="task-invoice", exposed_at=me.ago(days=3))
    assert features(moment(recent=[shown]))["novelty"] == pytest.approx(1 - math.exp(-1), abs=1e-6)
    unseen = recent(item_ref="task-invoice", exposed_at=None)
    assert features(moment(recent=[unseen]))["novelty"] == 1
    rest = recent(angle="rest", exposed_at=me.NOW)
    assert features(moment(recent=[rest]), angle="rest", ref=None)["novelty"] == 0


def test_every_feature_belongs_to_exactly_one_group() -> None:
    candidate = [name for group in GROUPS for name in group.candidate]
    context = [name for group in GROUPS for name in group.context]
    assert sorted(candidate) == sorted(CANDIDATE_FEATURES)
    assert sorted(context) == sorted(CONTEXT_FEATURES)
    assert all(group.reads and group.range[0] <= group.default <= group.range[1] for group in GROUPS)


_moments = st.integers(0, 7 * 365 * 24 * 60).map(
    lambda m: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=m)
)
_near = st.integers(-60 * 24 * 20, 60 * 24 * 20).map(lambda m: timedelta(minutes=m))


@given(
    now=_moments,
    zone=st.sampled_from(
        ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "No/Where"]
    ),
    minutes=st.integers(0, 100_000),
    shift=_near,
    angle=st.sampled_from(get_args(Angle)),
    free=st.none() | st.integers(1, 720),
    energy=st.none() | st.integers(1, 5),
    counts=st.lists(st.floats(0, 1e6), min_size=24, max_size=24),
    ref=st.sampled_from([None, "task-invoice", "habit-walk", "unknown"]),
)
@settings(max_examples=200)
def test_finite_and_within_the_declared_range(
    now: datetime,
    zone: str,
    minutes: int,
    shift: timedelta,
    angle: str,
    free: int | None,
    energy: int | None,
    counts: list[float],
    ref: str | None,
) -> None:
    tips = [recent(exposed_at=now + shift, category="admin", reaction="dismiss", item_ref=ref)]
    at = moment(
        now=now,
        timezone=zone,
        recent=tips,
        context=RecommendContext(minutes_free=free, energy=energy),
        snapshot={
            "done_hours": counts,
            "done_today": int(counts[0]),
            "tasks": [me.item("task-invoice", due_at=now + shift)],
            "events": [me.item("e", "event", "confirmed", starts_at=now + shift, ends_at=now + shift * 2)],
            "done_by_category": {"admin": counts[1]},
        },
    )
    row = features(at, minutes=minutes, angle=angle, ref=ref, category="admin")
    values = {**row, **shared(at)}
    for group in GROUPS:
        for name in (*group.candidate, *group.context):
            assert math.isfinite(values[name])
            assert group.range[0] <= values[name] <= group.range[1], name
