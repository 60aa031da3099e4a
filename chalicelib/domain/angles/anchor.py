"""Anchor: something small tied to a routine, at the time of day when the routine is usually done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final, Literal

from chalicelib.contracts.ml import HabitState
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import HABIT, SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground
from chalicelib.domain.situation import Situation

STEADY: Final = 9  # of the last 14 days: more than 60%
WITHIN: Final = timedelta(minutes=30)  # of the routine's usual time
SMALL: Final = 10  # minutes: what a task may take to be tied to a routine
SHORT: Final = 15  # minutes: the same for a habit


class Anchor:
    """An if-then plan whose "if" is a habit that hardly ever fails."""

    name: Literal["anchor"] = "anchor"
    completes: Literal[True] = True

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per short habit that is no routine itself, and per short task, beside the nearest routine."""
        found = self._routine(situation)
        if found is None or situation.gap.minutes <= 0:
            return
        routine, at = found
        # Where it was not done yet, the routine itself comes first.
        first = (routine.effort_minutes or HABIT) if routine.last_done_on != situation.today else 0
        starts = max(situation.now, at) + timedelta(minutes=first)
        for habit in situation.habits:
            if habit.last_done_on != situation.today and habit.steady_days < STEADY:
                yield from self._offer(habit, SHORT, 0.6, routine, at, starts, situation)
        for task in situation.tasks:
            if task.effort_minutes is not None:
                yield from self._offer(task, SMALL, 0.42, routine, at, starts, situation)

    def _routine(self, situation: Situation) -> tuple[HabitState, datetime] | None:
        """The routine whose usual time is nearest, and that moment today."""
        near = []
        for habit in situation.habits:
            if habit.usual_minute is not None and habit.steady_days >= STEADY:
                clock = time(habit.usual_minute // 60 % 24, habit.usual_minute % 60)
                at = calendar.wall(situation.today, clock, situation.zone)
                if -WITHIN <= situation.now - at < WITHIN:
                    near.append((abs(situation.now - at), habit.item_ref, habit, at))
        if not near:
            return None
        _, _, routine, at = min(near, key=lambda found: found[:2])
        return routine, at

    def _offer(
        self,
        item: ItemRecord | HabitState,
        longest: int,
        weight: float,
        routine: HabitState,
        at: datetime,
        starts: datetime,
        situation: Situation,
    ) -> Iterator[Offer]:
        minutes = item.effort_minutes or HABIT
        ends = starts + timedelta(minutes=minutes + SLACK)
        if (
            minutes > longest
            or item.item_ref == routine.item_ref
            or situation.block(item.item_ref) is not None
            or ends > situation.gap.until
            or not situation.possible_here(item.category)
        ):
            return
        ground = Ground(
            "routine", weight, {"minute": routine.usual_minute or 0}, routine.item_ref, at + WITHIN
        )
        due_at = item.due_at if isinstance(item, ItemRecord) else None
        first = isinstance(item, ItemRecord) and item.priority == 1
        yield Offer(
            angle=self.name,
            reason=ground.reason(),
            minutes=minutes,
            expires_at=until(
                situation,
                grounds.last_fit(minutes, situation),
                ground.until,
                due_at,
                item.words_expire_at,
                routine.words_expire_at,
            ),
            score=clamp(0.3 + 0.5 * weight + (0.06 if first else 0.0)),
            item_ref=item.item_ref,
            anchor_ref=ground.anchor_ref,
            category=item.category,
        )
