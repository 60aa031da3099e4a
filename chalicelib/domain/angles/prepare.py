"""Prepare: a look at what belongs to an event that begins in 15 to 90 minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal

from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground, iso
from chalicelib.domain.situation import Situation, start_of

LOOK: Final = 5  # minutes
SOONEST: Final = timedelta(minutes=15)
LATEST: Final = timedelta(minutes=90)


class Prepare:
    """Getting ready, not getting it done."""

    name: Literal["prepare"] = "prepare"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per task that belongs to such an event and can be looked at before it."""
        for task in situation.tasks:
            event = situation.event_of(task.linked_ref)
            minutes = min(task.effort_minutes or LOOK, LOOK)
            if (
                event is not None
                and situation.can_name(event)
                and situation.is_today(start_of(event))
                and SOONEST <= start_of(event) - situation.now <= LATEST
                and situation.block(task.item_ref) is None
                and minutes + SLACK <= situation.gap.minutes
                and situation.possible_here(task.category)
            ):
                yield self._offer(task, event, minutes, situation)

    def _offer(self, task: ItemRecord, event: ItemRecord, minutes: int, situation: Situation) -> Offer:
        starts = start_of(event)
        # The nearer it is, the more it says.
        near = 1.0 - calendar.minutes_until(situation.now, starts) / 90
        ground = Ground("starts_at", 0.7 + 0.15 * near, {"at": iso(starts)}, event.item_ref)
        return Offer(
            angle=self.name,
            reason=ground.reason(),
            minutes=minutes,
            expires_at=until(
                situation,
                grounds.last_fit(minutes, situation),
                starts - SOONEST,
                starts,
                task.words_expire_at,
                event.words_expire_at,
            ),
            score=clamp(0.28 + 0.5 * ground.weight),
            item_ref=task.item_ref,
            anchor_ref=event.item_ref,
            category=task.category,
        )
