"""The smallest step: two minutes of something put off twice, large, too big, or met with low energy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from chalicelib.contracts.ml import HabitState
from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import grounds
from chalicelib.domain.angles.base import LARGE, SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground
from chalicelib.domain.situation import Situation

STEP: Final = 2  # minutes
PUT_OFF: Final = 2  # times
SMALL: Final = 10  # minutes: what low energy still allows as a whole
WHOLE: Final = 5  # minutes: up to here the whole is its own smallest step


class SmallestStep:
    """A beginning instead of the whole."""

    name: Literal["smallest_step"] = "smallest_step"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per task or habit whose size, history or moment asks for a beginning."""
        if situation.gap.minutes < STEP + SLACK:
            return
        moment = grounds.of_moment(situation)
        for task in situation.tasks:
            if self._open_to(task, situation):
                special = self._of_task(task, situation)
                if special:
                    found = special + grounds.of_task(task, situation, moment)
                    yield from self._offer(task, found, situation, "task")
        for habit in situation.habits:
            if habit.last_done_on != situation.today and self._open_to(habit, situation):
                yield from self._offer(habit, self._of_habit(habit, situation), situation, "habit")

    def _open_to(self, item: ItemRecord | HabitState, situation: Situation) -> bool:
        return situation.block(item.item_ref) in {None, "too_big"} and situation.possible_here(item.category)

    def _of_task(self, task: ItemRecord, situation: Situation) -> list[Ground]:
        """What makes the whole too much now; empty when nothing does."""
        found = []
        if situation.block(task.item_ref) == "too_big":
            found.append(Ground("too_big", 0.9))
        whole = (task.effort_minutes or WHOLE + 1) <= WHOLE
        if task.postponed >= PUT_OFF and not whole:
            found.append(Ground("moved_dates", 0.62))
        elif task.postponed + situation.set_aside(task.item_ref) >= PUT_OFF and not whole:
            found.append(Ground("set_aside", 0.58))
        if (task.effort_minutes or 0) > LARGE:
            found.append(Ground("large", 0.52, {"takes": task.effort_minutes or 0}))
        low = grounds.low_energy(situation)
        if low is not None and (task.effort_minutes or SMALL + 1) > SMALL:
            found.append(low)
        return found

    def _of_habit(self, habit: HabitState, situation: Situation) -> list[Ground]:
        usual = grounds.usual_time(habit, situation)
        if situation.block(habit.item_ref) == "too_big":
            return [Ground("too_big", 0.9)] if usual is not None or habit.usual_minute is None else []
        low = grounds.low_energy(situation)
        return [low] if low is not None and usual is not None else []

    def _offer(
        self, item: ItemRecord | HabitState, found: list[Ground], situation: Situation, trait: str
    ) -> Iterator[Offer]:
        ground = grounds.best(found)
        if ground is None:
            return
        due_at = item.due_at if isinstance(item, ItemRecord) else None
        yield Offer(
            angle=self.name,
            reason=ground.reason(),
            minutes=STEP,
            expires_at=until(situation, situation.gap.until, ground.until, due_at, item.words_expire_at),
            score=self._score(item, ground, situation),
            item_ref=item.item_ref,
            anchor_ref=ground.anchor_ref,
            category=item.category,
            traits=frozenset({trait}),
        )

    def _score(self, item: ItemRecord | HabitState, ground: Ground, situation: Situation) -> float:
        score = 0.22 + 0.5 * ground.weight
        if situation.low_energy:
            score += 0.12
        if isinstance(item, ItemRecord) and item.priority == 1:
            score += 0.06
        return clamp(score)
