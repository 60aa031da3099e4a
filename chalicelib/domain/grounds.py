"""The facts that can speak for an item now. No fact, no tip.

Each is true when it is found and stays true until the tip expires; none counts what was missed. A
parameter is a number, a moment (ISO, UTC) or a day (ISO); `wordings` puts it into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.contracts.ml import HabitState, Reason
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar
from chalicelib.domain.situation import LOW, Situation, start_of

GOOD_HOUR_AT_LEAST: Final = 3.0  # things done, decayed, before an hour says anything
USUAL_WITHIN: Final = 60  # minutes around a habit's usual time
LINKED_WITHIN: Final = timedelta(hours=24)
LISTED_FOR: Final = range(2, 31)  # days
STREAK: Final = 3  # days in a row that are worth keeping
ALIKE: Final = 2  # others


@dataclass(frozen=True, slots=True)
class Ground:
    """A true fact that makes this the moment, and how much it says for acting now (0 to 1)."""

    code: str
    weight: float
    params: Mapping[str, int | str] = field(default_factory=dict)
    anchor_ref: str | None = None
    until: datetime | None = None  # when it stops being true, where that is before the day's end

    def reason(self, **more: int | str) -> Reason:
        """The fact as the contract carries it; `more` is what the wording needs beside it."""
        return Reason(code=self.code, params={**self.params, **more})


def iso(at: datetime) -> str:
    """A moment as a reason's parameter; wordings show it in the person's zone."""
    return at.isoformat()


def best(grounds: Iterable[Ground]) -> Ground | None:
    """The fact that says most; of equals the one found first."""
    return max(grounds, key=lambda g: g.weight, default=None)


def due_day(task: ItemRecord, situation: Situation) -> date | None:
    """The local day that the task is due, by moment or by day."""
    if task.due_at is not None:
        return calendar.local_day(task.due_at, situation.zone)
    return task.due_on


def deadline(task: ItemRecord, situation: Situation) -> Ground | None:
    """What its date says: due from today to two weeks ahead, or set for one of the last 14 days."""
    day = due_day(task, situation)
    if day is None:
        return None
    days = (day - situation.today).days
    if days == 0:
        return _today(task, situation)
    if days == 1:
        return Ground("due_tomorrow", 0.6)
    for nearest, farthest, code, weight in _DATED:
        if nearest <= days <= farthest:
            # A date close ahead says more than one at the end of its week.
            less = 0.04 * (days - nearest) if nearest > 0 else 0.0
            return Ground(code, round(weight - less, 2), {"on": day.isoformat()})
    return None


# Days from today, both included; what the fact is called; what it weighs at its nearest day.
_DATED: Final = (
    (2, 6, "due_weekday", 0.46),
    (7, 10, "due_date", 0.22),
    (-6, -1, "was_due_weekday", 0.55),
    (-14, -7, "was_due_date", 0.4),
)


def _today(task: ItemRecord, situation: Situation) -> Ground:
    if task.due_at is None:
        return Ground("moved_to_today" if task.postponed else "due_today", 0.75)
    due_at = calendar.utc(task.due_at)
    left = due_at - situation.now
    at = {"at": iso(due_at)}
    if left <= timedelta(0):
        return Ground("was_due_at", 0.6, at)
    return Ground("due_today_at", 0.95 if left <= timedelta(hours=3) else 0.8, at)


def linked_event(task: ItemRecord, situation: Situation) -> Ground | None:
    """The coming event that the task belongs to, when it can be named."""
    event = situation.event_of(task.linked_ref)
    if event is None or not situation.can_name(event):
        return None
    ahead = start_of(event) - situation.now
    if ahead > LINKED_WITHIN or calendar.local_day(start_of(event), situation.zone) != situation.today:
        return None
    weight = 0.9 if ahead <= timedelta(hours=4) else 0.7
    return Ground("for_event", weight, {"at": iso(start_of(event))}, event.item_ref, start_of(event))


def free_time(situation: Situation) -> Ground | None:
    """The gap that starts now: said by the person, ended by the calendar, or the rest of the day."""
    gap = situation.gap
    if gap.stated:
        return Ground("said_free", 0.5, {"stated": gap.minutes}, until=gap.until)
    if gap.minutes <= 0:
        return None
    if gap.event is not None:
        at = {"at": iso(gap.until)}
        if situation.can_name(gap.event):
            return Ground("free_until_event", 0.46, at, gap.event.item_ref, gap.until)
        return Ground("free_until", 0.42, at, until=gap.until)
    # Without an entry to end it the gap is known to be free only where a calendar is.
    clear = situation.calendar_known and situation.nothing_between(situation.now, situation.day_end)
    return Ground("clear_day", 0.3) if clear else None


def alike(task: ItemRecord, situation: Situation) -> Ground | None:
    """Others of its theme on the list, at least two of them."""
    size = situation.sizes.get(situation.themes.get(task.item_ref, ""), 0)
    return Ground("alike", 0.24) if size > ALIKE else None


def good_hour(situation: Situation) -> Ground | None:
    """The hour in which this person finishes most, when it is this one."""
    hours = situation.done_hours
    hour = calendar.local(situation.now, situation.zone).hour
    if len(hours) != 24 or sum(hours) < GOOD_HOUR_AT_LEAST:
        return None
    if hours[hour] <= max(count for other, count in enumerate(hours) if other != hour):
        return None
    ends = situation.now + timedelta(minutes=60 - calendar.minute_of_day(situation.now, situation.zone) % 60)
    return Ground("good_hour", 0.48, {"hour": hour}, until=ends)


def standing(task: ItemRecord, situation: Situation) -> list[Ground]:
    """What the person said about the task itself: its priority, since when it is listed."""
    found = []
    if task.priority == 1:
        found.append(Ground("top_priority", 0.44))
    listed = calendar.local_day(task.first_seen_at, situation.zone)
    age = (situation.today - listed).days
    if age == 0:
        found.append(Ground("added_today", 0.32))
    elif age in LISTED_FOR:
        code = "listed_since_weekday" if age <= 6 else "listed_since"
        found.append(Ground(code, 0.2, {"on": listed.isoformat()}))
    return found


def usual_time(habit: HabitState, situation: Situation) -> Ground | None:
    """The time of day at which the habit is usually done, when that is about now."""
    if habit.usual_minute is None or habit.done_in_14_days < 3:
        return None
    apart = abs(habit.usual_minute - calendar.minute_of_day(situation.now, situation.zone))
    apart = min(apart, 24 * 60 - apart)
    if apart > USUAL_WITHIN:
        return None
    return Ground("usual_time", 0.85 - apart / 200, {"minute": habit.usual_minute})


def intact(habit: HabitState, situation: Situation) -> bool:
    """Whether a streak worth keeping ends today unless the habit is done."""
    return habit.streak >= STREAK and habit.last_done_on == calendar.add_days(situation.today, -1)


def low_energy(situation: Situation) -> Ground | None:
    """What the person said about themselves: with this request, or today."""
    if situation.context.energy is not None:
        return Ground("low_energy_now", 0.66) if situation.low_energy else None
    if situation.mood is None or not situation.low_energy:
        return None
    tired = situation.mood.energy is not None and situation.mood.energy <= LOW
    return Ground("low_energy_today" if tired else "low_mood_today", 0.56)


def last_fit(minutes: int, situation: Situation) -> datetime:
    """The last moment at which it fits the gap: "30 minutes" shortly before a call is untrue."""
    return situation.gap.until - timedelta(minutes=minutes)


def of_moment(situation: Situation) -> list[Ground]:
    """Every fact that speaks for doing anything at all now."""
    return [ground for ground in (free_time(situation), good_hour(situation)) if ground is not None]


def of_task(task: ItemRecord, situation: Situation, moment: Iterable[Ground]) -> list[Ground]:
    """Every fact that speaks for doing the task now. `moment`: of_moment, which is the same for all."""
    found = (linked_event(task, situation), deadline(task, situation))
    dated = [ground for ground in found if ground is not None]
    like = alike(task, situation)
    return [*dated, *moment, *([like] if like else []), *standing(task, situation)]
