"""Batch: three short tasks of one theme, done in a row; the one to start with is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal

from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import RESTS, SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground
from chalicelib.domain.situation import Situation

COUNT: Final = 3
SHORT: Final = 10  # minutes
GAP: Final = 30  # minutes
LASTS: Final = timedelta(hours=1)  # one of the other two may be done meanwhile


class Batch:
    """Done, it is the named task that is done: what became of the other two is not known."""

    name: Literal["batch"] = "batch"
    completes: Literal[True] = True

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """At most one per theme; none at all for some hours after one was seen."""
        if situation.gap.minutes < GAP or not situation.themes or self._rests(situation):
            return
        kinds: dict[str, list[tuple[ItemRecord, Ground | None]]] = defaultdict(list)
        for task in situation.tasks:
            theme = situation.themes.get(task.item_ref)
            if (
                theme is not None
                and 0 < (task.effort_minutes or 0) <= SHORT
                and situation.block(task.item_ref) is None
                and situation.possible_here(task.category)
            ):
                kinds[theme].append((task, grounds.deadline(task, situation)))
        for kind in kinds.values():
            three = sorted(kind, key=_order)[:COUNT]
            minutes = sum(task.effort_minutes or 0 for task, _ in three)
            if len(three) == COUNT and minutes + SLACK <= situation.gap.minutes:
                yield self._offer([task for task, _ in three], three[0][1], minutes, situation)

    def _rests(self, situation: Situation) -> bool:
        return any(
            tip.angle == self.name
            and (tip.exposed_at or tip.reaction)
            and situation.now - calendar.utc(tip.decided_at) < RESTS
            for tip in situation.recent
        )

    def _offer(
        self, three: list[ItemRecord], due: Ground | None, minutes: int, situation: Situation
    ) -> Offer:
        first = three[0]
        longest = max(task.effort_minutes or 0 for task in three)
        found = (Ground("three_short", 0.44, {"takes": longest}), due, grounds.free_time(situation))
        ground = grounds.best(g for g in found if g is not None) or Ground("alike", 0.24)
        return Offer(
            angle=self.name,
            reason=ground.reason(),
            minutes=minutes,
            expires_at=until(
                situation,
                grounds.last_fit(minutes, situation),
                ground.until,
                situation.now + LASTS,
                *(task.due_at for task in three),
                first.words_expire_at,
            ),
            score=clamp(0.34 + 0.45 * ground.weight),
            item_ref=first.item_ref,
            anchor_ref=ground.anchor_ref,
            category=first.category,
        )


def _order(found: tuple[ItemRecord, Ground | None]) -> tuple[float, int, str]:
    """What is due says most; then the shortest."""
    task, due = found
    return (-(due.weight if due else 0.0), task.effort_minutes or 0, task.item_ref)
