"""Plan a slot: it does not fit now, it fits within 24 hours, and it is not planned yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final, Literal

from chalicelib.contracts.records import ItemRecord
from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import BOX, SLACK, Offer, clamp, until
from chalicelib.domain.calendar import Span
from chalicelib.domain.grounds import Ground, iso
from chalicelib.domain.situation import Situation, end_of

DECIDING: Final = 1  # minutes: planning is what is asked now, not the task
NOT_SOON: Final = timedelta(hours=1)  # after "wrong time"
CIVIL_FROM: Final = time(9)  # tried before the whole waking day
PLANNED_FOR: Final = timedelta(hours=24)
WITHIN: Final = timedelta(hours=24)  # of now: later than "tomorrow" is nobody's plan


class PlanSlot:
    """An if-then plan: after an event, or at a time."""

    name: Literal["plan_slot"] = "plan_slot"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """One per task that has a slot later but none now."""
        for task in situation.tasks:
            minutes = task.effort_minutes or BOX
            wrong_time = situation.block(task.item_ref) == "wrong_time"
            no_gap = minutes + SLACK > situation.gap.minutes and situation.block(task.item_ref) is None
            if (wrong_time or no_gap) and not self._planned(task, situation):
                slot = self._slot(minutes + SLACK, situation, wrong_time)
                if slot is not None and self._in_time(task, slot, situation):
                    yield from self._offer(task, minutes, slot, situation, wrong_time)

    def _planned(self, task: ItemRecord, situation: Situation) -> bool:
        """Agreed to plan it within the last day, or it has its place beside a coming event."""
        return situation.event_of(task.linked_ref) is not None or any(
            tip.item_ref == task.item_ref
            and tip.angle == self.name
            and tip.reaction == "done"
            and situation.now - calendar.utc(tip.decided_at) < PLANNED_FOR
            for tip in situation.recent
        )

    def _slot(self, minutes: int, situation: Situation, wrong_time: bool) -> Span | None:
        start = _half_hour_after(situation.now + NOT_SOON) if wrong_time else situation.now
        if situation.gap.stated:
            start = max(start, _half_hour_after(situation.gap.until))
        within = situation.now + WITHIN - start
        for opens in (CIVIL_FROM, calendar.WAKING_FROM):
            slot = calendar.next_free_slot(
                situation.busy, start, minutes, situation.zone, horizon=within, opens=opens
            )
            if slot is not None and slot.start > situation.now:
                return slot
        return None

    def _in_time(self, task: ItemRecord, slot: Span, situation: Situation) -> bool:
        """A slot after its date is no help; a date that has gone by sets no end."""
        if task.due_at is not None and calendar.utc(task.due_at) > situation.now:
            return slot.start < calendar.utc(task.due_at)
        day = grounds.due_day(task, situation)
        return day is None or day < situation.today or calendar.local_day(slot.start, situation.zone) <= day

    def _offer(
        self, task: ItemRecord, minutes: int, slot: Span, situation: Situation, wrong_time: bool
    ) -> Iterator[Offer]:
        ground = grounds.best(self._grounds(task, slot, situation, wrong_time))
        if ground is None:
            return
        tomorrow = calendar.local_day(slot.start, situation.zone) != situation.today
        anchor = None if tomorrow else self._anchor(slot.start, situation)
        yield Offer(
            angle=self.name,
            reason=ground.reason(slot=iso(slot.start), tomorrow=int(tomorrow), takes=minutes),
            minutes=DECIDING,
            expires_at=until(situation, slot.start, ground.until, task.words_expire_at),
            score=self._score(task, ground, situation, anchor is not None),
            item_ref=task.item_ref,
            anchor_ref=anchor.item_ref if anchor else None,
            category=task.category,
            traits=frozenset({"anchor"} if anchor else {"time"}),
        )

    def _grounds(
        self, task: ItemRecord, slot: Span, situation: Situation, wrong_time: bool
    ) -> Iterator[Ground]:
        if wrong_time:
            yield Ground("wrong_time", 0.9)
        due = grounds.deadline(task, situation)
        if due is not None:
            yield due
        if situation.calendar_known:
            tomorrow = calendar.local_day(slot.start, situation.zone) != situation.today
            # The slot ends with the waking day or the 24 hours; what it says of the time goes further.
            day_end = calendar.end_of_day(slot.start, situation.zone)
            following = [b.start for b in situation.busy if slot.start < b.start < day_end]
            open_end = situation.nothing_between(slot.start, day_end)
            code = ("slot_open" if open_end else "slot_free") + ("_tomorrow" if tomorrow else "")
            yield Ground(code, 0.42, {"slot_until": iso(min(following, default=slot.end))})

    def _anchor(self, start: datetime, situation: Situation) -> ItemRecord | None:
        ending = (e for e in situation.events if end_of(e) == start and situation.can_name(e))
        return next(ending, None)

    def _score(self, task: ItemRecord, ground: Ground, situation: Situation, anchored: bool) -> float:
        score = 0.22 + 0.45 * ground.weight + (0.05 if anchored else 0.0)
        score += {1: 0.08, 2: 0.04}.get(task.priority or 0, 0.0)
        return clamp(score - (0.1 if situation.gap.stated else 0.0))


def _half_hour_after(at: datetime) -> datetime:
    """The next full or half hour: a plan at 10:37 is a machine's."""
    past = timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)
    return at - past + timedelta(minutes=30) if past else at
