"""Do it now: the estimate and a little slack fit the gap, nothing blocks it, it is possible here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from chalicelib.contracts.ml import HabitState
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import grounds
from chalicelib.domain.angles.base import BOX, HABIT, LARGE, SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground, iso
from chalicelib.domain.situation import Situation


class DoNow:
    """Tasks that fit the free time, and habits at their usual time."""

    name: Literal["do_now"] = "do_now"
    completes: Literal[True] = True

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per open task or due habit that fits."""
        moment = grounds.of_moment(situation)
        for task in situation.tasks:
            minutes = task.effort_minutes or BOX
            if self._free_for(task.item_ref, task.category, minutes, situation):
                ground = grounds.best(grounds.of_task(task, situation, moment))
                if ground is not None:
                    yield self._offer(task, minutes, ground, situation)
        for habit in situation.habits:
            minutes = habit.effort_minutes or HABIT
            if habit.last_done_on == situation.today or grounds.intact(habit, situation):
                continue  # keep_streak speaks for an intact streak
            ground = grounds.usual_time(habit, situation)
            if ground is not None and self._free_for(habit.item_ref, habit.category, minutes, situation):
                yield self._offer(habit, minutes, ground, situation)

    def _free_for(self, item_ref: str, category: str | None, minutes: int, situation: Situation) -> bool:
        return (
            situation.block(item_ref) is None
            and minutes + SLACK <= situation.gap.minutes
            and situation.possible_here(category)
        )

    def _offer(
        self, item: ItemRecord | HabitState, minutes: int, ground: Ground, situation: Situation
    ) -> Offer:
        params: dict[str, int | str] = {}
        traits = {"estimate" if item.effort_minutes else "box"}
        # The end of the gap stands in the tip or in its why, not in both.
        if situation.gap.event is not None and not ground.code.startswith("free_until"):
            params["until"] = iso(situation.gap.until)
            traits.add("until")
        due_at = item.due_at if isinstance(item, ItemRecord) else None
        return Offer(
            angle=self.name,
            reason=ground.reason(**params),
            minutes=minutes,
            expires_at=until(
                situation, grounds.last_fit(minutes, situation), ground.until, due_at, item.words_expire_at
            ),
            score=self._score(item, minutes, ground, situation),
            item_ref=item.item_ref,
            anchor_ref=ground.anchor_ref,
            category=item.category,
            traits=frozenset(traits),
        )

    def _score(
        self, item: ItemRecord | HabitState, minutes: int, ground: Ground, situation: Situation
    ) -> float:
        score = 0.3 + 0.5 * ground.weight
        priority = item.priority if isinstance(item, ItemRecord) else None
        score += {1: 0.1, 2: 0.05}.get(priority or 0, 0.0)
        if minutes <= 15:
            score += 0.05
        elif minutes > LARGE:
            score -= 0.08
        if situation.low_energy:
            score += 0.05 if minutes <= 10 else -0.05 - min(minutes, 120) / 600
        return clamp(score)
