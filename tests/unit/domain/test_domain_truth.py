"""What a tip claims is true when it is given: the calendar, a habit's number, the day of a plan."""

from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.tips import RecommendContext
from tests.unit.domain.people import NOW, angles, ask, block, event, habit, only, snapshot, task

TODAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
MIN = timedelta(minutes=1)
CALENDAR = {"calendar": NOW - HOUR}


def codes(shot: Snapshot, now: datetime = NOW, **values: Any) -> set[str]:
    return {c.reason.code for c in ask(shot, now, **values).candidates}


class TestNothingElseToday:
    def test_an_empty_calendar_says_so(self) -> None:
        assert codes(snapshot(tasks=[task(effort_minutes=5)], as_of=CALENDAR)) == {"clear_day"}

    def test_not_with_an_entry_late_at_night(self) -> None:
        late = event("e", NOW + 13 * HOUR, NOW + 13 * HOUR + 15 * MIN)  # 23:30 in Berlin
        assert codes(snapshot(tasks=[task(effort_minutes=5)], events=[late])) == set()

    def test_not_with_an_entry_that_blocks_no_time(self) -> None:
        for values in ({"all_day": True}, {"busy": False}):
            entry = event("e", NOW + HOUR, NOW + 9 * HOUR, **values)
            assert codes(snapshot(tasks=[task(effort_minutes=5)], events=[entry])) == set()
        tomorrow = event("e", NOW + 20 * HOUR, NOW + 21 * HOUR, busy=False)
        assert codes(snapshot(tasks=[task(effort_minutes=5)], events=[tomorrow], as_of=CALENDAR)) == {
            "clear_day"
        }

    def test_not_from_a_snapshot_that_does_not_reach_so_far(self) -> None:
        shot = snapshot(tasks=[task(effort_minutes=5)], as_of=CALENDAR)
        assert "clear_day" in codes(shot, NOW + timedelta(days=5))
        assert "clear_day" not in codes(shot, NOW + timedelta(days=7))


class TestTheSlot:
    busy_today = event("day", NOW - HOUR, NOW + 12 * HOUR)  # until 22:30 in Berlin

    def test_tomorrow_is_not_clear_when_only_the_next_24_hours_were_looked_at(self) -> None:
        # Tomorrow 09:00 to 10:30 is within 24 hours; the entry at 11:00 is not.
        lunch = event("lunch", NOW + 24 * HOUR + 30 * MIN, NOW + 26 * HOUR)
        shot = snapshot(tasks=[task(effort_minutes=30)], events=[self.busy_today, lunch])
        found = only(ask(shot), "plan_slot")
        assert found.reason.code == "slot_free_tomorrow"
        assert found.reason.params["slot_until"] == (NOW + 24 * HOUR + 30 * MIN).isoformat()

    def test_nothing_after_that_only_when_nothing_comes_late(self) -> None:
        meeting = event("m", NOW - 10 * MIN, NOW + 50 * MIN)
        late = event("late", NOW + 11 * HOUR + 30 * MIN, NOW + 12 * HOUR)  # 22:00 in Berlin
        shot = snapshot(tasks=[task(effort_minutes=30)], events=[meeting])
        assert only(ask(shot), "plan_slot").reason.code == "slot_open"
        shot = snapshot(tasks=[task(effort_minutes=30)], events=[meeting, late])
        found = only(ask(shot), "plan_slot")
        assert (found.reason.code, found.reason.params["slot_until"]) == (
            "slot_free",
            (NOW + 11 * HOUR + 30 * MIN).isoformat(),
        )

    def test_a_plan_is_for_the_next_24_hours(self) -> None:
        """Twelve free hours from 20:00, then a full day: the first slot is not "tomorrow" any more."""
        evening = NOW + 9 * HOUR + 30 * MIN
        full = event("full", evening + 10 * HOUR, evening + 26 * HOUR)  # 06:00 to 22:00
        shot = snapshot(tasks=[task(effort_minutes=800, due_on=TODAY + timedelta(days=3))], events=[full])
        assert "plan_slot" not in angles(ask(shot, evening, context=RecommendContext(minutes_free=720)))
        small = snapshot(tasks=[task(effort_minutes=10)], events=[full], as_of=CALENDAR)
        again = ask(small, evening, blocks=[block("wrong_time", until=evening + 5 * HOUR)])
        assert all(
            str(c.reason.params["slot"]) <= (evening + 24 * HOUR).isoformat() for c in again.candidates
        )


class TestAStreakAsLongAsWhatIsRead:
    yesterday = TODAY - timedelta(days=1)

    def test_its_number_is_not_named(self) -> None:
        """Only four weeks of signals are read: "day 29" would be said every day from then on."""
        shot = snapshot(habits=[habit(streak=28, last_done_on=self.yesterday)])
        found = only(ask(shot), "keep_streak")
        assert "day" not in found.reason.params
        assert found.reason.code == "long_streak"
        shorter = only(ask(snapshot(habits=[habit(streak=26, last_done_on=self.yesterday)])), "keep_streak")
        assert shorter.reason.params["day"] == 27


def test_a_deadline_forbids_rest_also_of_a_task_that_cannot_be_named_now() -> None:
    booked = event("a", NOW - 2 * HOUR, NOW - 5 * MIN)
    due = task(effort_minutes=10, due_at=NOW + HOUR)
    assert angles(ask(snapshot(events=[booked])), None) == {"rest"}
    for hidden in (
        snapshot(events=[booked], tasks=[due.model_copy(update={"words_expire_at": None})]),
        snapshot(events=[booked], tasks=[due]),
    ):
        snoozed = [block("snoozed", until=NOW + 3 * HOUR)]
        assert angles(ask(hidden, blocks=snoozed), None) == set()


def test_what_is_summed_over_a_withdrawn_group_is_not_used() -> None:
    hours = [0.0] * 24
    hours[10] = 6.0
    shot = snapshot(
        tasks=[task(effort_minutes=5)],
        done_hours=hours,
        as_of={"tasks": NOW - HOUR, "habits": NOW - HOUR},
    )
    assert codes(shot) == {"good_hour"}
    assert codes(shot, granted=["tasks"]) == set()
