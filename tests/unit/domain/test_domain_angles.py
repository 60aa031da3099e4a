"""When each angle may be offered, and when not."""

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.contracts.ml import MoodState
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import RecommendContext
from tests.unit.domain.people import NOW, angles, ask, block, event, habit, only, snapshot, task, tip

TODAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
MIN = timedelta(minutes=1)


def meeting(start: int, end: int, ref: str = "e", **values: Any) -> ItemRecord:
    """An event from and to so many minutes from now."""
    return event(ref, NOW + start * MIN, NOW + end * MIN, **values)


class TestDoNow:
    def test_fits_with_five_minutes_to_spare(self) -> None:
        fits = snapshot(tasks=[task(effort_minutes=25, due_on=TODAY)], events=[meeting(30, 60)])
        tight = snapshot(tasks=[task(effort_minutes=26, due_on=TODAY)], events=[meeting(30, 60)])
        assert "do_now" in angles(ask(fits))
        assert "do_now" not in angles(ask(tight))

    def test_expires_when_it_no_longer_fits(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=10, due_on=TODAY)], events=[meeting(30, 60)])
        assert only(ask(shot), "do_now").expires_at == NOW + 20 * MIN

    def test_expires_when_it_is_due(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=10, due_at=NOW + 90 * MIN)])
        found = only(ask(shot), "do_now")
        assert found.expires_at == NOW + 90 * MIN
        assert found.reason.code == "due_today_at"

    def test_no_fact_no_tip(self) -> None:
        assert ask(snapshot(tasks=[task(effort_minutes=5)])).candidates == []

    def test_a_word_of_the_person_s_time_is_a_fact_and_overrides_the_calendar(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=5)], events=[meeting(-10, 60)])
        assert "do_now" not in angles(ask(shot))
        found = only(ask(shot, context=RecommendContext(minutes_free=20)), "do_now")
        assert found.reason.code == "said_free"
        assert found.reason.params["stated"] == 20

    def test_not_where_it_cannot_be_done(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=5, due_on=TODAY, category="laundry")])
        assert "do_now" in angles(ask(shot))
        assert "do_now" in angles(ask(shot, context=RecommendContext(place="home")))
        assert "do_now" not in angles(ask(shot, context=RecommendContext(place="work")))

    def test_a_place_seen_long_ago_rules_nothing_out(self) -> None:
        laundry = task(effort_minutes=5, due_on=TODAY, category="laundry")
        fresh = snapshot(tasks=[laundry], place="work", as_of={"context": NOW - HOUR})
        old = snapshot(tasks=[laundry], place="work", as_of={"context": NOW - 9 * HOUR})
        assert "do_now" not in angles(ask(fresh))
        assert "do_now" in angles(ask(old))

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"due_on": TODAY}, "due_today"),
            ({"due_on": TODAY, "postponed": 1}, "moved_to_today"),
            ({"due_on": TODAY + timedelta(days=1)}, "due_tomorrow"),
            ({"due_on": TODAY + timedelta(days=3)}, "due_weekday"),
            ({"due_on": TODAY + timedelta(days=9)}, "due_date"),
            ({"due_on": TODAY - timedelta(days=2)}, "was_due_weekday"),
            ({"due_on": TODAY - timedelta(days=12)}, "was_due_date"),
            ({"due_at": NOW - HOUR}, "was_due_at"),
            ({"priority": 1}, "top_priority"),
            ({"first_seen_at": NOW - HOUR}, "added_today"),
            ({"first_seen_at": NOW - timedelta(days=3)}, "listed_since_weekday"),
            ({"first_seen_at": NOW - timedelta(days=20)}, "listed_since"),
        ],
    )
    def test_the_one_true_fact(self, values: dict[str, object], code: str) -> None:
        shot = snapshot(tasks=[task(effort_minutes=5, **values)])
        assert only(ask(shot), "do_now").reason.code == code

    def test_the_event_it_belongs_to_speaks_loudest_and_sets_the_end(self) -> None:
        shot = snapshot(
            tasks=[task(effort_minutes=20, due_on=TODAY, linked_ref="review")],
            events=[meeting(90, 120, "review")],
        )
        found = only(ask(shot), "do_now")
        assert (found.reason.code, found.anchor_ref) == ("for_event", "review")
        assert found.expires_at <= NOW + 90 * MIN

    def test_an_event_without_openable_words_is_not_named(self) -> None:
        shot = snapshot(
            tasks=[task(effort_minutes=20, linked_ref="review")],
            events=[meeting(90, 120, "review", words_expire_at=None)],
        )
        found = only(ask(shot), "do_now")
        assert (found.reason.code, found.anchor_ref) == ("free_until", None)

    def test_the_hour_in_which_this_person_finishes_most(self) -> None:
        hours = [0.0] * 24
        hours[10], hours[15] = 4.0, 2.0  # it is 10:30 in Berlin
        shot = snapshot(tasks=[task(effort_minutes=5)], done_hours=hours)
        found = only(ask(shot), "do_now")
        assert (found.reason.code, found.reason.params["hour"]) == ("good_hour", 10)
        assert found.expires_at == NOW + 30 * MIN
        hours[15] = 4.0
        assert ask(snapshot(tasks=[task(effort_minutes=5)], done_hours=hours)).candidates == []

    def test_a_habit_at_its_usual_time_without_a_streak(self) -> None:
        usual = habit(usual_minute=10 * 60 + 45, done_in_14_days=5, streak=1)
        found = only(ask(snapshot(habits=[usual])), "do_now")
        assert found.reason.code == "usual_time"
        other = habit(usual_minute=18 * 60, done_in_14_days=5, streak=1)
        assert ask(snapshot(habits=[other])).candidates == []

    def test_events_are_never_done(self) -> None:
        shot = snapshot(events=[meeting(30, 60), meeting(120, 180, "f")])
        assert ask(shot).candidates == []


class TestSmallestStep:
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"postponed": 2, "effort_minutes": 20}, "moved_dates"),
            ({"effort_minutes": 46}, "large"),
        ],
    )
    def test_put_off_twice_or_large(self, values: dict[str, object], code: str) -> None:
        found = only(ask(snapshot(tasks=[task(**values)])), "smallest_step")
        assert (found.reason.code, found.minutes) == (code, 2)

    def test_neither(self) -> None:
        shot = snapshot(tasks=[task(postponed=1, effort_minutes=45, due_on=TODAY)])
        assert "smallest_step" not in angles(ask(shot))

    def test_low_energy_from_the_request_or_from_today_only(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=30)])
        tired = ask(shot, context=RecommendContext(energy=2))
        assert only(tired, "smallest_step").reason.code == "low_energy_now"
        today = MoodState(energy=1, at=NOW - HOUR)
        yesterday = MoodState(energy=1, at=NOW - timedelta(days=1))
        noted = ask(snapshot(tasks=[task(effort_minutes=30)], mood=today))
        assert only(noted, "smallest_step").reason.code == "low_energy_today"
        assert ask(snapshot(tasks=[task(effort_minutes=30)], mood=yesterday)).candidates == []

    def test_what_the_person_kept_for_later_twice(self) -> None:
        later = [
            tip("do_now", "t", NOW - timedelta(days=days), f"do_now.{days}", reaction="snooze")
            for days in (2, 3)
        ]
        shot = snapshot(tasks=[task(effort_minutes=20)])
        assert only(ask(shot, recent=later), "smallest_step").reason.code == "set_aside"

    def test_a_task_of_five_minutes_is_its_own_smallest_step(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=5, postponed=3, due_on=TODAY)])
        assert angles(ask(shot)) == {"do_now"}

    def test_too_big_leaves_only_the_smallest_step(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=20, due_on=TODAY)])
        assert angles(ask(shot, blocks=[block("too_big")])) == {"smallest_step"}


class TestPlanSlot:
    def test_no_gap_now_one_after_the_event(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=30)], events=[meeting(-10, 50)])
        found = only(ask(shot), "plan_slot")
        assert found.anchor_ref == "e"
        assert found.reason.params["slot"] == (NOW + 50 * MIN).isoformat()
        assert found.expires_at == NOW + 50 * MIN

    def test_not_when_it_fits_now(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=30, due_on=TODAY)], events=[meeting(60, 90)])
        assert angles(ask(shot)) == {"do_now"}

    def test_not_when_it_is_planned(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=30)], events=[meeting(-10, 50)])
        agreed = [tip("plan_slot", "t", NOW - 8 * HOUR, reaction="done")]
        assert "plan_slot" not in angles(ask(shot, recent=agreed))

    def test_not_after_its_date(self) -> None:
        whole_day = [meeting(-10, 11 * 60)]  # until 21:20
        free = snapshot(tasks=[task(effort_minutes=30, due_on=TODAY + timedelta(days=1))], events=whole_day)
        late = snapshot(tasks=[task(effort_minutes=30, due_on=TODAY)], events=whole_day)
        assert only(ask(free), "plan_slot").reason.params["tomorrow"] == 1
        assert ask(late).candidates == []

    def test_the_whole_working_day_is_tried_before_the_early_morning(self) -> None:
        evening = NOW + 11 * HOUR  # 21:30 in Berlin
        shot = snapshot(tasks=[task(effort_minutes=120, due_on=TODAY + timedelta(days=1))])
        found = only(ask(shot, evening), "plan_slot")
        assert str(found.reason.params["slot"]).startswith("2026-11-24T08:00")  # 09:00 in Berlin

    def test_wrong_time_leaves_only_a_slot_at_least_an_hour_away(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=10, due_on=TODAY)], events=[meeting(300, 330)])
        proposal = ask(shot, blocks=[block("wrong_time", until=NOW + 5 * HOUR)])
        assert angles(proposal) == {"plan_slot"}
        found = only(proposal, "plan_slot")
        assert str(found.reason.params["slot"]) >= (NOW + HOUR).isoformat()
        assert found.reason.code == "wrong_time"
        ended = ask(shot, blocks=[block("wrong_time", until=NOW - MIN)])
        assert angles(ended) == {"do_now"}


class TestKeepStreak:
    yesterday = TODAY - timedelta(days=1)

    def test_three_days_and_not_done_today(self) -> None:
        found = only(ask(snapshot(habits=[habit(streak=3, last_done_on=self.yesterday)])), "keep_streak")
        assert found.reason.params["done"] == 3
        assert found.reason.params["day"] == 4

    @pytest.mark.parametrize(
        "values",
        [
            {"streak": 2, "last_done_on": yesterday},
            {"streak": 9, "last_done_on": TODAY},
            {"streak": 9, "last_done_on": TODAY - timedelta(days=2)},
            {"streak": 9, "last_done_on": None},
        ],
    )
    def test_not_otherwise(self, values: dict[str, object]) -> None:
        assert ask(snapshot(habits=[habit(**values)])).candidates == []

    def test_not_when_too_little_of_the_day_is_left(self) -> None:
        shot = snapshot(habits=[habit(streak=5, last_done_on=self.yesterday, effort_minutes=30)])
        assert "keep_streak" in angles(ask(shot, NOW + 11 * HOUR + 55 * MIN), "h")  # 22:25
        assert ask(shot, NOW + 12 * HOUR).candidates == []  # 22:30: 23:00 is the night

    def test_done_by_a_tip_of_today(self) -> None:
        shot = snapshot(habits=[habit(streak=5, last_done_on=self.yesterday)])
        said = [tip("keep_streak", "h", NOW - 4 * HOUR, reaction="done")]
        assert ask(shot, recent=said).candidates == []


class TestRest:
    booked = (meeting(-120, -60, "a"), meeting(-55, -5, "b"))

    def test_ninety_minutes_without_a_pause(self) -> None:
        found = only(ask(snapshot(events=[*self.booked])), "rest")
        assert (found.reason.code, found.kind, found.item_ref) == ("booked", "advice", None)

    def test_a_pause_between_or_long_ago_is_no_ground(self) -> None:
        apart = [meeting(-120, -60, "a"), meeting(-45, -5, "b")]
        past = [meeting(-220, -60, "a")]
        assert ask(snapshot(events=apart)).candidates == []
        assert ask(snapshot(events=past)).candidates == []

    def test_a_deadline_within_two_hours_forbids_it(self) -> None:
        shot = snapshot(events=[*self.booked], tasks=[task(effort_minutes=10, due_at=NOW + 2 * HOUR)])
        assert angles(ask(shot), None) == set()
        later = snapshot(events=[*self.booked], tasks=[task(effort_minutes=10, due_at=NOW + 3 * HOUR)])
        assert angles(ask(later), None) == {"rest"}

    def test_low_mood_entered_today(self) -> None:
        low = snapshot(mood=MoodState(valence=2, at=NOW - HOUR))
        assert only(ask(low), "rest").reason.code == "low_mood_today"
        assert ask(low, granted=["tasks"]).candidates == []

    def test_not_in_a_meeting_and_not_twice_in_a_row(self) -> None:
        busy = snapshot(events=[*self.booked, meeting(-1, 30, "c")])
        assert ask(busy).candidates == []
        just = [tip("rest", None, NOW - HOUR, exposed_at=NOW - HOUR)]
        assert ask(snapshot(events=[*self.booked]), recent=just).candidates == []
