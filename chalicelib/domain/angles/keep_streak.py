"""Keep the streak: three days or more, intact until yesterday, not done today, time left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from chalicelib.contracts.ml import HabitState
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import HABIT, SLACK, Offer, clamp, until
from chalicelib.domain.grounds import USUAL_WITHIN, Ground, iso
from chalicelib.domain.situation import READS_BACK, Situation

# From here on the streak may be longer than what was read, and its number would be untrue.
COUNTED: Final = READS_BACK.days - 1


class KeepStreak:
    """Only an intact streak is ever named; a broken one is never mentioned."""

    name: Literal["keep_streak"] = "keep_streak"
    completes: Literal[True] = True

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per habit whose streak would end today."""
        for habit in situation.habits:
            minutes = habit.effort_minutes or HABIT
            if (
                grounds.intact(habit, situation)
                and situation.block(habit.item_ref) is None
                and minutes + SLACK <= situation.gap.minutes
                and situation.possible_here(habit.category)
            ):
                yield self._offer(habit, minutes, situation)

    def _offer(self, habit: HabitState, minutes: int, situation: Situation) -> Offer:
        ground = self._ground(habit, situation)
        params: dict[str, int | str] = {}
        traits = set()
        if habit.streak < COUNTED:
            params["day"] = habit.streak + 1
            # The number stands in the tip or in its why, not in both; so does the end of the gap.
            traits = set() if ground.code == "streak" else {"day"}
        if situation.gap.event is not None and not ground.code.startswith("free_until"):
            params["until"] = iso(situation.gap.until)
            traits.add("until")
        return Offer(
            angle=self.name,
            reason=ground.reason(**params),
            minutes=minutes,
            expires_at=until(
                situation, grounds.last_fit(minutes, situation), ground.until, habit.words_expire_at
            ),
            score=self._score(habit, ground, situation),
            item_ref=habit.item_ref,
            anchor_ref=ground.anchor_ref,
            category=habit.category,
            traits=frozenset(traits),
        )

    def _ground(self, habit: HabitState, situation: Situation) -> Ground:
        counted = habit.streak < COUNTED
        streak = Ground("streak", 0.4, {"done": habit.streak}) if counted else Ground("long_streak", 0.4)
        others = (grounds.usual_time(habit, situation), grounds.free_time(situation))
        return grounds.best([streak, *(ground for ground in others if ground is not None)]) or streak

    def _score(self, habit: HabitState, ground: Ground, situation: Situation) -> float:
        score = 0.36 + 0.4 * ground.weight + min(habit.streak, 30) / 300
        minute = calendar.minute_of_day(situation.now, situation.zone)
        if habit.usual_minute is not None and habit.usual_minute - minute > USUAL_WITHIN:
            score -= 0.15  # its time is yet to come
        if calendar.day_part(situation.now, situation.zone) in {"evening", "night"}:
            score += 0.1
        return clamp(score)
