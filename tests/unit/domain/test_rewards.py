"""The reward table, and that it depends on what happened, never on the order in which we heard of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.ml import (
    Candidate,
    Choice,
    Decision,
    PolicyRef,
    ReactionRecord,
    Reason,
    ScoredCandidate,
)
from chalicelib.domain.rewards import reward_of, standing

NOW = datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
DEFAULT = 0.1
CANDIDATE = Candidate(
    angle="do_now",
    kind="todo",
    wording="do_now.1",
    reason=Reason(code="due_today"),
    minutes=5,
    expires_at=NOW + timedelta(hours=6),
    item_ref="todoist:1",
)
DECISION = Decision(
    decision_id="d",
    person_id="p",
    decided_at=NOW,
    expires_at=NOW + timedelta(hours=6),
    settle_at=NOW + timedelta(hours=6),
    choice=Choice(
        candidates=[ScoredCandidate(candidate=CANDIDATE, features=[])],
        chosen=0,
        context=[],
        feature_version=1,
        probabilities=[1.0],
        policy=PolicyRef(name="rules", version="1"),
    ),
    source="template",
)

kinds = st.sampled_from(["done", "snooze", "dismiss", "helpful", "not_helpful", "undo"])
moments = st.integers(0, 5).map(lambda minutes: NOW + timedelta(minutes=minutes))
records = st.builds(ReactionRecord, kind=kinds, at=moments)
seen = st.one_of(st.none(), moments)
laters = st.one_of(st.none(), st.integers(-2, 50).map(lambda h: NOW + timedelta(hours=h)))
looks = st.integers(0, 200).map(lambda h: NOW + timedelta(hours=h))


def decision(*reactions: ReactionRecord, exposed: bool = True, later: datetime | None = None) -> Decision:
    return DECISION.model_copy(
        update={
            "reactions": list(reactions),
            "exposed_at": NOW if exposed else None,
            "later_done_at": later,
        }
    )


def said(kind: str, minutes: int = 1) -> ReactionRecord:
    return ReactionRecord.model_validate({"kind": kind, "at": NOW + timedelta(minutes=minutes)})


def reward(what: Decision, hours: float = 1) -> float | None:
    return reward_of(what, now=NOW + timedelta(hours=hours), no_reaction_reward=DEFAULT)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("done", 1.0), ("snooze", 0.4), ("dismiss", 0.0), ("helpful", 0.8), ("not_helpful", 0.0)],
)
def test_each_reaction_has_its_reward(kind: str, expected: float) -> None:
    assert reward(decision(said(kind))) == expected


@pytest.mark.parametrize(
    ("angle", "reason", "expected"),
    [
        ("keep_or_let_go", "not_mine", 1.0),
        ("keep_or_let_go", "too_big", 0.0),
        ("keep_or_let_go", None, 0.0),
        ("do_now", "not_mine", 0.0),
    ],
)
def test_to_let_go_of_what_was_asked_about_is_an_answer(
    angle: str, reason: str | None, expected: float
) -> None:
    asked = CANDIDATE.model_copy(update={"angle": angle})
    choice = DECISION.choice.model_copy(
        update={"candidates": [ScoredCandidate(candidate=asked, features=[])]}
    )
    record = said("dismiss").model_copy(update={"reason": reason})
    assert reward(decision(record).model_copy(update={"choice": choice})) == expected


def test_snoozed_and_done_within_a_day_is_later_done() -> None:
    assert reward(decision(said("snooze"), later=NOW + timedelta(hours=24))) == 0.8


def test_done_after_more_than_a_day_is_not_later_done() -> None:
    assert reward(decision(said("snooze"), later=NOW + timedelta(hours=24, seconds=1))) == 0.4


def test_an_item_done_elsewhere_without_a_tap_is_later_done() -> None:
    assert reward(decision(later=NOW + timedelta(hours=2))) == 0.8


def test_a_dismissal_stands_even_when_the_item_is_done_later() -> None:
    assert reward(decision(said("dismiss"), later=NOW + timedelta(hours=2))) == 0.0


def test_seen_without_a_reaction_waits_for_the_deadline() -> None:
    assert reward(decision(), hours=5.99) is None
    assert reward(decision(), hours=6) == DEFAULT


def test_never_seen_is_never_trained() -> None:
    assert reward(decision(exposed=False), hours=500) is None
    assert reward(decision(exposed=False, later=NOW + timedelta(hours=1)), hours=500) is None


def test_a_reaction_implies_that_it_was_seen() -> None:
    assert reward(decision(said("done"), exposed=False)) == 1.0


def test_a_rating_counts_only_without_a_verdict() -> None:
    assert reward(decision(said("dismiss", 1), said("helpful", 2))) == 0.0
    assert reward(decision(said("not_helpful", 1), said("done", 2))) == 1.0


def test_the_latest_verdict_wins() -> None:
    assert reward(decision(said("done", 1), said("dismiss", 2))) == 0.0
    assert reward(decision(said("dismiss", 1), said("snooze", 2), said("done", 3))) == 1.0


def test_undo_takes_the_latest_back() -> None:
    assert reward(decision(said("done", 1), said("undo", 2))) is None
    assert reward(decision(said("snooze", 1), said("done", 2), said("undo", 3))) == 0.4
    assert reward(decision(said("undo", 1), said("done", 2))) == 1.0


@given(st.lists(records, max_size=6), seen, laters, looks, st.floats(0, 1))
def test_a_reward_lies_between_0_and_1(
    reactions: list[ReactionRecord],
    exposed: datetime | None,
    later: datetime | None,
    now: datetime,
    default: float,
) -> None:
    what = DECISION.model_copy(update={"reactions": reactions, "exposed_at": exposed, "later_done_at": later})
    value = reward_of(what, now=now, no_reaction_reward=default)
    assert value is None or 0 <= value <= 1
    if exposed is None and not reactions:
        assert value is None
    elif now >= what.settle_at:
        assert value is not None


@given(
    st.lists(records, max_size=6).flatmap(lambda r: st.tuples(st.just(r), st.permutations(r))), laters, looks
)
def test_the_order_of_arrival_does_not_matter(
    orders: tuple[list[ReactionRecord], list[ReactionRecord]], later: datetime | None, now: datetime
) -> None:
    one, other = (decision(*order, later=later) for order in orders)
    assert reward_of(one, now=now, no_reaction_reward=DEFAULT) == reward_of(
        other, now=now, no_reaction_reward=DEFAULT
    )
    assert standing(one.reactions) == standing(other.reactions)


@given(
    st.lists(records.filter(lambda r: r.kind != "undo"), max_size=6),
    st.sampled_from(["done", "snooze", "dismiss"]),
)
def test_a_verdict_after_all_others_is_the_one_that_counts(before: list[ReactionRecord], kind: str) -> None:
    last = said(kind, 60)
    assert standing([last, *before]).verdict == last


@given(st.lists(records.filter(lambda r: r.kind != "undo"), min_size=1, max_size=6))
def test_undo_right_after_leaves_what_was_before(reactions: list[ReactionRecord]) -> None:
    last = said("done", 60)
    assert standing([*reactions, last, said("undo", 61)]) == standing(reactions)
