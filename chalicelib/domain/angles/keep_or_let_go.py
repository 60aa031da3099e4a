"""Keep it or let it go: a task put off four times or two weeks past its date, asked about plainly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, Literal

from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground
from chalicelib.domain.situation import Situation

DECIDING: Final = 1  # minutes
PUT_OFF: Final = 4  # times
PAST: Final = range(14, 1096)  # days: a date of long before is a slip of the pen
KEPT_FOR: Final = timedelta(days=14)  # all that is remembered: a task that was kept is not asked about
NAMELESS_AFTER: Final = 330  # days: a day and a month without a year could be taken for the coming one


class KeepOrLetGo:
    """A question. Done: it stays. Not mine: it goes, and is not mentioned until it changes."""

    name: Literal["keep_or_let_go"] = "keep_or_let_go"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per such task; none on a day on which one was asked about."""
        if situation.gap.minutes < DECIDING + SLACK:
            return
        kept = set()
        for tip in situation.recent:
            if tip.angle == self.name and (tip.exposed_at or tip.reaction):
                if situation.is_today(tip.decided_at):
                    return
                if tip.reaction == "done" and situation.now - calendar.utc(tip.decided_at) < KEPT_FOR:
                    kept.add(tip.item_ref)
        for task in situation.tasks:
            if situation.block(task.item_ref) is None and task.item_ref not in kept:
                ground = grounds.best(self._grounds(task, situation))
                if ground is not None:
                    yield self._offer(task, ground, situation)

    def _grounds(self, task: ItemRecord, situation: Situation) -> Iterator[Ground]:
        day, aside = grounds.due_day(task, situation), situation.set_aside(task.item_ref)
        if day is not None and (situation.today - day).days in PAST:
            yield _was_due(day, situation)
        if task.postponed + aside >= PUT_OFF:
            yield Ground("moved_dates", 0.55) if task.postponed >= aside else Ground("set_aside", 0.5)

    def _offer(self, task: ItemRecord, ground: Ground, situation: Situation) -> Offer:
        return Offer(
            angle=self.name,
            reason=ground.reason(),
            minutes=DECIDING,
            expires_at=until(situation, situation.gap.until, task.words_expire_at),
            score=clamp(0.24 + 0.45 * ground.weight),
            item_ref=task.item_ref,
            category=task.category,
        )


def _was_due(day: date, situation: Situation) -> Ground:
    if (situation.today - day).days > NAMELESS_AFTER:
        return Ground("was_due_year", 0.48, {"year": day.year})
    return Ground("was_due_date", 0.52, {"on": day.isoformat()})
