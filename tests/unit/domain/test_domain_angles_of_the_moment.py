"""When anchor, restart, prepare, batch, keep_or_let_go and close_day may be offered, and when not."""

from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from chalicelib.contracts.ml import HabitState, Snapshot
from chalicelib.contracts.tips import RecommendContext
from tests.unit.domain.people import NOW, angles, ask, block, event, habit, only, snapshot, task, tip

TODAY = date(2026, 11, 23)
MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVENING = NOW + 10 * HOUR  # 20:30 in Berlin


def routine(**values: Any) -> HabitState:
    """A habit that is done at 10:20 on twelve of fourteen days; it is 10:30."""
    base = {"usual_minute": 10 * 60 + 20, "steady_days": 12, "done_in_14_days": 12, "last_done_on": TODAY}
    return habit("coffee", **(base | values))


class TestAnchor:
    def anchored(self, other: object, **values: object) -> set[str]:
        return angles(ask(snapshot(habits=[routine(**values), other])), "h")

    def test_a_small_habit_after_a_routine(self) -> None:
        found = only(ask(snapshot(habits=[routine(), habit(effort_minutes=10)])), "anchor")
        assert (found.item_ref, found.anchor_ref, found.minutes) == ("h", "coffee", 10)
        assert (found.reason.code, found.reason.params) == ("routine", {"minute": 620})
        assert found.expires_at == NOW + 20 * MIN, "half an hour after the routine's time"

    def test_a_small_task_too(self) -> None:
        shot = snapshot(habits=[routine()], tasks=[task(effort_minutes=10), task("u", effort_minutes=11)])
        assert only(ask(shot), "anchor").item_ref == "t"
        unknown = snapshot(habits=[routine()], tasks=[task()])
        assert ask(unknown).candidates == []

    def test_nine_of_fourteen_days_are_sixty_percent(self) -> None:
        assert self.anchored(habit(), steady_days=9) == {"anchor"}
        assert self.anchored(habit(), steady_days=8) == set()

    @pytest.mark.parametrize(
        ("usual", "offered"),
        [(10 * 60, False), (10 * 60 + 1, True), (11 * 60, True), (11 * 60 + 1, False), (None, False)],
    )
    def test_within_half_an_hour_of_its_time(self, usual: int | None, offered: bool) -> None:
        assert (self.anchored(habit(), usual_minute=usual) == {"anchor"}) is offered

    def test_not_to_itself_nor_another_routine_nor_what_is_done_or_long(self) -> None:
        assert self.anchored(habit(steady_days=9)) == set()
        assert self.anchored(habit(last_done_on=TODAY)) == set()
        assert self.anchored(habit(effort_minutes=16)) == set()

    def test_there_is_time_for_the_routine_before_it(self) -> None:
        later = {"last_done_on": TODAY - DAY, "usual_minute": 10 * 60 + 40}
        shot = snapshot(habits=[routine(**later), habit(effort_minutes=5)])
        tight = shot.model_copy(update={"events": [event("e", NOW + 29 * MIN, NOW + HOUR)]})
        fits = shot.model_copy(update={"events": [event("e", NOW + 30 * MIN, NOW + HOUR)]})
        assert angles(ask(tight), "h") == set(), "10 minutes to wait, 10 for it, 5, and 5 to spare"
        assert angles(ask(fits), "h") == {"anchor"}

    def test_a_routine_that_cannot_be_named_anchors_nothing(self) -> None:
        assert self.anchored(habit(), words_expire_at=None) == set()
        assert angles(ask(snapshot(habits=[routine(), habit()]), granted=["tasks"]), "h") == set()


class TestRestart:
    def paused(self, days: int, **values: object) -> set[str]:
        base = {"streak": 3, "last_done_on": TODAY - days * DAY, "usual_minute": 620, "done_in_14_days": 5}
        return angles(ask(snapshot(habits=[habit(**(base | values))])), "h") - {"do_now"}

    @pytest.mark.parametrize(("days", "offered"), [(1, False), (2, True), (4, True), (5, False)])
    def test_one_to_three_days_after_the_first_day_without(self, days: int, offered: bool) -> None:
        assert (self.paused(days) == {"restart"}) is offered

    def test_only_what_was_a_streak_and_only_with_a_fact_for_now(self) -> None:
        assert self.paused(2, streak=2) == set()
        assert self.paused(2, usual_minute=18 * 60) == set()
        said = snapshot(habits=[habit(streak=3, last_done_on=TODAY - 2 * DAY)])
        assert (
            only(ask(said, context=RecommendContext(minutes_free=20)), "restart").reason.code == "said_free"
        )

    def test_it_is_small(self) -> None:
        shot = snapshot(
            habits=[
                habit("long", streak=4, last_done_on=TODAY - 2 * DAY, effort_minutes=60),
                habit("short", streak=4, last_done_on=TODAY - 2 * DAY, effort_minutes=2),
            ],
            events=[event("e", NOW + 10 * MIN, NOW + HOUR)],
        )
        found = {c.item_ref: c.minutes for c in ask(shot).candidates if c.angle == "restart"}
        assert found == {"long": 5, "short": 2}

    def test_a_habit_that_paused_is_met_again_at_its_time_as_any_other(self) -> None:
        old = habit(streak=9, last_done_on=TODAY - 8 * DAY, usual_minute=620, done_in_14_days=4)
        assert angles(ask(snapshot(habits=[old])), "h") == {"do_now"}


class TestPrepare:
    def before(self, minutes: int, **values: object) -> Snapshot:
        starts = NOW + minutes * MIN
        linked = task(**({"effort_minutes": 200, "linked_ref": "review"} | values))
        return snapshot(tasks=[linked], events=[event("review", starts, starts + HOUR)])

    @pytest.mark.parametrize(
        ("minutes", "offered"), [(14, False), (15, True), (40, True), (90, True), (91, False)]
    )
    def test_fifteen_to_ninety_minutes_before_its_event(self, minutes: int, offered: bool) -> None:
        assert ("prepare" in angles(ask(self.before(minutes)))) is offered

    def test_five_minutes_until_a_quarter_of_an_hour_before(self) -> None:
        found = only(ask(self.before(40)), "prepare")
        assert (found.minutes, found.anchor_ref, found.expires_at) == (5, "review", NOW + 25 * MIN)
        assert found.reason.params == {"at": (NOW + 40 * MIN).isoformat()}
        at_last = only(ask(self.before(15)), "prepare")
        assert NOW < at_last.expires_at <= NOW + 10 * MIN

    def test_not_without_the_link_the_name_or_the_time(self) -> None:
        assert "prepare" not in angles(ask(self.before(40, linked_ref=None)))
        unnamed = self.before(40)
        unnamed.events[0] = unnamed.events[0].model_copy(update={"words_expire_at": None})
        assert "prepare" not in angles(ask(unnamed))
        busy = self.before(40)
        busy.events.append(event("now", NOW - MIN, NOW + 20 * MIN))
        assert "prepare" not in angles(ask(busy))

    def test_when_it_comes_near_is_when_to_look_again(self) -> None:
        assert ask(self.before(200)).next_look_at == NOW + 110 * MIN


class TestBatch:
    kind = MappingProxyType({"t": "7", "u": "7", "v": "7", "w": "8"})
    tasks = tuple(task(ref, effort_minutes=minutes) for ref, minutes in (("t", 10), ("u", 4), ("v", 6)))

    def test_three_short_ones_of_a_theme(self) -> None:
        found = only(ask(snapshot(tasks=[*self.tasks]), themes=self.kind), "batch")
        assert (found.item_ref, found.minutes) == ("u", 20)
        assert (found.reason.code, found.reason.params) == ("three_short", {"takes": 10})
        assert found.expires_at == NOW + HOUR

    def test_what_is_due_comes_first(self) -> None:
        tasks = [*self.tasks[1:], task("t", effort_minutes=10, due_on=TODAY)]
        found = only(ask(snapshot(tasks=tasks), themes=self.kind), "batch")
        assert (found.item_ref, found.reason.code) == ("t", "due_today")

    @pytest.mark.parametrize(
        "themes", [{}, {"t": "7", "u": "7"}, {"t": "7", "u": "7", "v": "8"}], ids=["none", "two", "apart"]
    )
    def test_not_with_fewer(self, themes: dict[str, str]) -> None:
        proposal = ask(snapshot(tasks=[*self.tasks]), themes=themes)
        assert "batch" not in {c.angle for c in proposal.candidates}

    def test_each_takes_ten_minutes_at_most_and_says_so_itself(self) -> None:
        for effort in (11, None):
            tasks = [*self.tasks[:2], task("v", effort_minutes=effort)]
            assert "batch" not in {c.angle for c in ask(snapshot(tasks=tasks), themes=self.kind).candidates}

    def test_not_in_less_than_half_an_hour(self) -> None:
        for free, offered in ((29, False), (30, True)):
            shot = snapshot(tasks=[*self.tasks], events=[event("e", NOW + free * MIN, NOW + 2 * HOUR)])
            assert ("batch" in {c.angle for c in ask(shot, themes=self.kind).candidates}) is offered
        ten = [task(ref, effort_minutes=10) for ref in "tuv"]
        shot = snapshot(tasks=ten, events=[event("e", NOW + 34 * MIN, NOW + 2 * HOUR)])
        assert "batch" not in {c.angle for c in ask(shot, themes=self.kind).candidates}

    def test_a_theme_is_of_tasks(self) -> None:
        assert ask(snapshot(tasks=[*self.tasks]), themes=self.kind, granted=["calendar"]).candidates == []

    def test_others_like_it_are_a_fact_of_their_own(self) -> None:
        shot = snapshot(tasks=[*self.tasks])
        alike = {c.reason.code for c in ask(shot, themes=self.kind).candidates if c.angle == "do_now"}
        assert alike == {"alike"}
        pair = ask(shot, themes={"t": "7", "u": "7"})
        assert pair.candidates == []


class TestKeepOrLetGo:
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"postponed": 4}, "moved_dates"),
            ({"due_on": TODAY - 14 * DAY}, "was_due_date"),
            ({"due_at": NOW - 14 * DAY}, "was_due_date"),
            ({"due_on": TODAY - 400 * DAY}, "was_due_year"),
        ],
    )
    def test_put_off_four_times_or_two_weeks_past_its_date(self, values: dict[str, Any], code: str) -> None:
        found = only(ask(snapshot(tasks=[task(effort_minutes=30, **values)])), "keep_or_let_go")
        assert (found.reason.code, found.minutes) == (code, 1)

    @pytest.mark.parametrize(
        "values",
        [{"postponed": 3}, {"due_on": TODAY - 13 * DAY}, {"due_on": TODAY - 1200 * DAY}, {"due_on": TODAY}],
    )
    def test_not_before(self, values: dict[str, object]) -> None:
        assert "keep_or_let_go" not in angles(ask(snapshot(tasks=[task(**values)])))

    def test_put_off_is_a_moved_date_or_a_tip_kept_for_later(self) -> None:
        later = [
            tip("do_now", "t", NOW - days * DAY, f"do_now.{days}", reaction="snooze") for days in (2, 4, 8)
        ]
        shot = snapshot(tasks=[task(effort_minutes=5, postponed=1)])
        assert only(ask(shot, recent=later), "keep_or_let_go").reason.code == "set_aside"
        assert ask(shot, recent=later[1:]).candidates == []

    def test_one_question_of_this_kind_a_day(self) -> None:
        shot = snapshot(tasks=[task("t", postponed=4), task("u", postponed=4)])
        asked = tip("keep_or_let_go", "t", NOW - 2 * HOUR, exposed_at=NOW - 2 * HOUR)
        assert "keep_or_let_go" not in {c.angle for c in ask(shot, recent=[asked]).candidates}
        unseen = asked.model_copy(update={"exposed_at": None})
        assert "keep_or_let_go" in {c.angle for c in ask(shot, recent=[unseen]).candidates}

    def test_not_in_a_meeting(self) -> None:
        shot = snapshot(tasks=[task(postponed=4)], events=[event("e", NOW - MIN, NOW + HOUR)])
        assert "keep_or_let_go" not in angles(ask(shot))


class TestCloseDay:
    def evening(self, **values: object) -> set[str]:
        return angles(ask(snapshot(**({"done_today": 2} | values)), EVENING), None)

    def test_something_done_and_nothing_more_to_come(self) -> None:
        found = only(ask(snapshot(done_today=2), EVENING), "close_day")
        assert (found.reason.params, found.minutes, found.kind) == ({"done": 2}, 0, "advice")
        assert found.expires_at == NOW + 12 * HOUR + 30 * MIN, "23:00"

    def test_not_without_anything_done_today(self) -> None:
        assert self.evening(done_today=0) == set()
        assert self.evening(computed_at=NOW - DAY) == set(), "that was counted yesterday"
        withdrawn = {"tasks": NOW, "habits": NOW}
        assert angles(ask(snapshot(done_today=2, as_of=withdrawn), EVENING, granted=["tasks"]), None) == set()

    def test_not_before_eight(self) -> None:
        shot = snapshot(done_today=2)
        assert angles(ask(shot, EVENING - 31 * MIN), None) == set()
        assert angles(ask(shot, EVENING - 30 * MIN), None) == {"close_day"}
        assert ask(shot, NOW + 6 * HOUR).next_look_at == EVENING - 30 * MIN

    @pytest.mark.parametrize(
        "values",
        [
            {"events": [event("e", EVENING + HOUR, EVENING + 2 * HOUR)]},
            {"events": [event("e", EVENING - HOUR, EVENING + HOUR)]},
            {"habits": [habit(usual_minute=21 * 60, done_in_14_days=1)]},
            {"habits": [habit(streak=3, last_done_on=TODAY - DAY)]},
            {"tasks": [task(due_at=EVENING + HOUR)]},
        ],
        ids=["event", "in an event", "habit", "streak", "deadline"],
    )
    def test_not_while_something_comes_before_the_night(self, values: dict[str, Any]) -> None:
        assert self.evening(**values) == set()

    def test_it_may_name_a_habit_that_was_done(self) -> None:
        done = [habit("h", last_done_on=TODAY, streak=2), habit("g", last_done_on=TODAY, streak=5)]
        assert only(ask(snapshot(done_today=2, habits=done), EVENING), "close_day").anchor_ref == "g"
        blocked = ask(snapshot(done_today=2, habits=done), EVENING, blocks=[block("not_mine", "g")])
        assert only(blocked, "close_day").anchor_ref == "h"
