"""What each answer to each angle changes: at once, and until when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest

from chalicelib.contracts.ml import Candidate, ReactionRecord, RecentTip, Snapshot
from chalicelib.contracts.tips import Angle, DismissReason, RecommendContext
from chalicelib.domain.angles import COMPLETING
from chalicelib.domain.candidates import Proposal
from chalicelib.recommender.reacting import block_of
from tests.unit.domain.lives import Life
from tests.unit.domain.people import NOW, angles, ask, event, habit, only, snapshot, task, tip

TODAY = date(2026, 11, 23)
MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORT = tuple(task(ref, effort_minutes=5, due_on=TODAY + 3 * DAY) for ref in "tuvw")


@dataclass(frozen=True)
class Case:
    """A life in which an angle is offered."""

    shot: Snapshot
    now: datetime = NOW
    themes: dict[str, str] = field(default_factory=dict)

    def ask(self, later: timedelta = timedelta(0), **values: Any) -> Proposal:
        return ask(self.shot, self.now + later, themes=self.themes, **values)


def review(minutes: int) -> list[Any]:
    return [event("review", NOW + minutes * MIN, NOW + (minutes + 60) * MIN)]


CASES: dict[Angle, Case] = {
    "do_now": Case(snapshot(tasks=[task(effort_minutes=20, due_on=TODAY)])),
    "smallest_step": Case(snapshot(tasks=[task(effort_minutes=60, due_on=TODAY)])),
    "plan_slot": Case(snapshot(tasks=[task(effort_minutes=90)], events=review(60))),
    "anchor": Case(
        snapshot(
            tasks=[task(effort_minutes=5)],
            habits=[habit(usual_minute=620, steady_days=12, last_done_on=TODAY)],
        )
    ),
    "keep_streak": Case(snapshot(habits=[habit(streak=4, last_done_on=TODAY - DAY)])),
    "restart": Case(
        snapshot(habits=[habit(streak=4, last_done_on=TODAY - 2 * DAY, usual_minute=620, done_in_14_days=5)])
    ),
    "rest": Case(snapshot(events=[event("a", NOW - 2 * HOUR, NOW - 5 * MIN)])),
    "prepare": Case(snapshot(tasks=[task(effort_minutes=90, linked_ref="review")], events=review(60))),
    "batch": Case(snapshot(tasks=[*SHORT]), themes=dict.fromkeys("tuvw", "1")),
    "keep_or_let_go": Case(snapshot(tasks=[task(effort_minutes=30, postponed=4)])),
    "close_day": Case(snapshot(done_today=1), NOW + 10 * HOUR),
}
ITEMLESS = {"rest", "close_day"}
EVERY = sorted(CASES)
# The angles on its item that an answer leaves.
LEFT = {"too_big": {"smallest_step"}, "wrong_time": {"plan_slot"}, "not_mine": set[str]()}


def offered(angle: str) -> Candidate:
    (found,) = [c for c in CASES[angle].ask().candidates if c.angle == angle]  # type: ignore[index]
    return found


def said(angle: str, **values: Any) -> RecentTip:
    """The tip as it is remembered once it was answered."""
    found, now = offered(angle), CASES[angle].now  # type: ignore[index]
    return tip(angle, found.item_ref, now, found.wording, exposed_at=now, **values)


def not_now(angle: str, reason: DismissReason, later: timedelta = MIN) -> Proposal:
    """The next look after "not now", with the block that the recommender makes of it."""
    case, found = CASES[angle], offered(angle)  # type: ignore[index]
    record = ReactionRecord(kind="dismiss", at=case.now, reason=reason)
    made = block_of(found.item_ref, record) if found.item_ref else None
    return case.ask(
        later, recent=[said(angle, reaction="dismiss", reason=reason)], blocks=[made] if made else []
    )


def test_every_angle_has_a_case() -> None:
    assert set(CASES) == set(get_args(Angle)) - {"silence"}


@pytest.mark.parametrize("reason", get_args(DismissReason))
@pytest.mark.parametrize("angle", EVERY)
def test_each_not_now_changes_the_next_tip_at_once(angle: str, reason: DismissReason) -> None:
    found = offered(angle)
    after = not_now(angle, reason)
    assert (found.item_ref, angle) not in {(c.item_ref, c.angle) for c in after.candidates}
    if found.item_ref is not None:
        left = LEFT[reason]
        assert angles(after, found.item_ref) <= left
        task_of = next((t for t in CASES[angle].shot.tasks if t.item_ref == found.item_ref), None)  # type: ignore[index]
        # What belongs to an event has its place beside it: no other is looked for.
        planned = reason == "wrong_time" and task_of is not None and task_of.linked_ref is not None
        if task_of is not None and left - {angle} and not planned:
            assert angles(after, found.item_ref) == left, "what was asked for instead"


@pytest.mark.parametrize("reason", get_args(DismissReason))
def test_the_same_in_any_life(reason: DismissReason) -> None:
    seen: Counter[str] = Counter()
    for seed in range(200):
        life = Life(seed)
        for found in {c.angle: c for c in life.propose()}.values():
            seen[found.angle] += 1
            answered = tip(
                found.angle, found.item_ref, life.now, found.wording,
                exposed_at=life.now, reaction="dismiss", reason=reason,
            )  # fmt: skip
            record = ReactionRecord(kind="dismiss", at=life.now, reason=reason)
            blocks = [block_of(found.item_ref, record)] if found.item_ref else []
            after = life.propose(now=life.now + MIN, recent=[*life.recent, answered], blocks=blocks)
            assert (found.item_ref, found.angle) not in {(c.item_ref, c.angle) for c in after}
            if found.item_ref is not None:
                assert {c.angle for c in after if c.item_ref == found.item_ref} <= LEFT[reason]
    # A life has no mood and seldom 90 minutes without a pause: rest has its own cases.
    assert set(seen) >= set(CASES) - {"rest"}, seen


@pytest.mark.parametrize("angle", sorted(ITEMLESS))
def test_without_an_item_the_angle_itself_stays_away(angle: str) -> None:
    case = CASES[angle]  # type: ignore[index]
    for reason, days in (("not_mine", 13), ("wrong_time", 0)):
        answered = said(angle, reaction="dismiss", reason=reason)
        for ago in range(1, 14):
            before = answered.model_copy(update={"decided_at": answered.decided_at - ago * DAY})
            assert (angle in angles(case.ask(recent=[before]), None)) is (ago > days), (reason, ago)
        hours_ago = answered.model_copy(update={"decided_at": answered.decided_at - 4 * HOUR})
        assert angle not in angles(case.ask(recent=[hours_ago]), None), "nor later that day"


def test_a_pause_that_was_too_big_is_a_short_one_for_the_day() -> None:
    assert offered("rest").minutes == 10
    said_so = tip("rest", None, NOW - 4 * HOUR, reaction="dismiss", reason="too_big")
    assert only(CASES["rest"].ask(recent=[said_so]), "rest").minutes == 5
    yesterday = tip("rest", None, NOW - DAY, reaction="dismiss", reason="too_big")
    assert only(CASES["rest"].ask(recent=[yesterday]), "rest").minutes == 10


@pytest.mark.parametrize("reason", get_args(DismissReason))
def test_after_a_batch_there_is_no_other_for_some_hours(reason: DismissReason) -> None:
    first = offered("batch").item_ref
    for later, offers in ((MIN, False), (3 * HOUR, True)):
        after = not_now("batch", reason, later)
        batches = [c for c in after.candidates if c.angle == "batch"]
        assert bool(batches) is offers
        assert all(c.item_ref != first for c in batches)


class TestDone:
    def test_what_it_completes(self) -> None:
        assert {"do_now", "keep_streak", "anchor", "restart", "batch"} == COMPLETING

    @pytest.mark.parametrize("angle", sorted(set(CASES) - ITEMLESS))
    def test_the_item_is_left_alone_for_the_day(self, angle: str) -> None:
        after = CASES[angle].ask(4 * HOUR, recent=[said(angle, reaction="done")])  # type: ignore[index]
        assert angles(after, offered(angle).item_ref) == set()

    @pytest.mark.parametrize("angle", ["do_now", "anchor", "batch"])
    def test_a_task_that_is_done_stays_quiet_until_its_source_says_otherwise(self, angle: str) -> None:
        done = said(angle, reaction="done")
        case = CASES[angle]  # type: ignore[index]
        for days in (1, 2):
            assert angles(case.ask(days * DAY, recent=[done]), done.item_ref) == set()
        changed = case.shot.tasks[0].model_copy(update={"as_of": NOW + HOUR, "due_on": TODAY + DAY})
        shot = snapshot(tasks=[changed.model_copy(update={"item_ref": done.item_ref})])
        assert angles(ask(shot, NOW + DAY, recent=[done]), done.item_ref) != set()

    def test_a_batch_leaves_the_other_two_on_the_list(self) -> None:
        done = said("batch", reaction="done")
        after = CASES["batch"].ask(MIN, recent=[done])
        assert {c.item_ref for c in after.candidates} == set("tuvw") - {done.item_ref}

    def test_what_is_kept_is_not_asked_about_while_that_is_remembered_and_comes_otherwise(self) -> None:
        kept = said("keep_or_let_go", reaction="done")
        for days in (1, 7, 13):
            assert "keep_or_let_go" not in angles(CASES["keep_or_let_go"].ask(days * DAY, recent=[kept]))
        assert "smallest_step" in angles(CASES["keep_or_let_go"].ask(DAY, recent=[kept]))

    def test_after_enough_for_today_there_is_silence_until_the_morning(self) -> None:
        due = task(effort_minutes=10, due_on=TODAY + DAY)
        shot = snapshot(done_today=1, tasks=[due])
        closed = said("close_day", reaction="done")
        case = CASES["close_day"]
        assert ask(shot, case.now + HOUR).candidates != []
        after = ask(shot, case.now + HOUR, recent=[closed])
        assert after.candidates == []
        assert after.next_look_at == case.now + 7 * HOUR, "in 6 hours, at the latest"
        assert ask(shot, case.now + 11 * HOUR, recent=[closed]).candidates != []
        asked = ask(shot, case.now + HOUR, recent=[closed], context=RecommendContext(minutes_free=30))
        assert angles(asked) == {"do_now"}, "unless the person asks"
