"""Close the day: something is done, the evening has nothing more in store, and it is enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final, Literal

from chalicelib.contracts.ml import HabitState
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import Offer, clamp, until
from chalicelib.domain.grounds import Ground
from chalicelib.domain.situation import QUIET_FROM, Situation

EVENING: Final = time(20)


class CloseDay:
    """The last word of a day. Done: nothing more is said until the morning."""

    name: Literal["close_day"] = "close_day"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """At most one, at the day's last point of decision: nothing that is known comes before the night."""
        bedtime = calendar.wall(situation.today, QUIET_FROM, situation.zone)
        if (
            situation.done_today < 1
            or calendar.local(situation.now, situation.zone).time() < EVENING
            or situation.now >= bedtime
            or self._more_to_come(bedtime, situation)
        ):
            return
        habit = self._done(situation)
        ground = Ground("done_today", 0.5, {"done": situation.done_today})
        yield Offer(
            angle=self.name,
            kind="advice",
            reason=ground.reason(),
            minutes=0,
            expires_at=until(situation, bedtime, habit.words_expire_at if habit else None),
            score=clamp(0.3 + 0.5 * ground.weight),
            anchor_ref=habit.item_ref if habit else None,
            traits=frozenset({"anchor"} if habit else ()),
        )

    def _more_to_come(self, bedtime: datetime, situation: Situation) -> bool:
        """An event, a date, a habit at its time or a streak before the night."""
        return (
            any(span.end > situation.now and span.start < bedtime for span in situation.busy)
            or any(
                timedelta(0) < due_at - situation.now for due_at in situation.deadlines if due_at <= bedtime
            )
            or any(
                habit.last_done_on != situation.today
                and (grounds.intact(habit, situation) or self._ahead(habit, situation))
                for habit in situation.habits
            )
        )

    def _ahead(self, habit: HabitState, situation: Situation) -> bool:
        minute = habit.usual_minute
        return minute is not None and minute > calendar.minute_of_day(situation.now, situation.zone)

    def _done(self, situation: Situation) -> HabitState | None:
        """The habit done today that can be named, the one with the longest streak."""
        done = [habit for habit in situation.habits if habit.last_done_on == situation.today]
        return max(done, key=lambda habit: (habit.streak, habit.item_ref), default=None)
