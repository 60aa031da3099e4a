"""Restart: a habit that ran three days or more and then paused for one to three, which is never said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from chalicelib.contracts.ml import HabitState
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import HABIT, SLACK, Offer, clamp, until
from chalicelib.domain.grounds import STREAK, Ground
from chalicelib.domain.situation import Situation

SMALL: Final = 5  # minutes: a new start is small
DONE_BEFORE: Final = range(2, 5)  # days: done two days ago, it paused yesterday, for the first time


class Restart:
    """A small new beginning. It counts: the habit is done for today."""

    name: Literal["restart"] = "restart"
    completes: Literal[True] = True

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per habit that paused lately, when a fact speaks for now."""
        moment = grounds.of_moment(situation)
        for habit in situation.habits:
            minutes = min(habit.effort_minutes or HABIT, SMALL)
            if (
                self._paused(habit, situation)
                and situation.block(habit.item_ref) is None
                and minutes + SLACK <= situation.gap.minutes
                and situation.possible_here(habit.category)
            ):
                usual = grounds.usual_time(habit, situation)
                ground = grounds.best([*([usual] if usual else []), *moment])
                if ground is not None:
                    yield self._offer(habit, minutes, ground, situation)

    def _paused(self, habit: HabitState, situation: Situation) -> bool:
        if habit.last_done_on is None or habit.streak < STREAK:
            return False
        return (situation.today - habit.last_done_on).days in DONE_BEFORE

    def _offer(self, habit: HabitState, minutes: int, ground: Ground, situation: Situation) -> Offer:
        evening = calendar.day_part(situation.now, situation.zone) in {"evening", "night"}
        return Offer(
            angle=self.name,
            reason=ground.reason(),
            minutes=minutes,
            expires_at=until(
                situation, grounds.last_fit(minutes, situation), ground.until, habit.words_expire_at
            ),
            score=clamp(0.32 + 0.4 * ground.weight + (0.05 if evening else 0.0)),
            item_ref=habit.item_ref,
            anchor_ref=ground.anchor_ref,
            category=habit.category,
        )
