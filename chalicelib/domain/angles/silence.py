"""Silence: the honest answer when nothing is grounded. It offers no tip, it says when to look again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final, Literal

from chalicelib.domain import calendar
from chalicelib.domain.angles.base import Offer
from chalicelib.domain.angles.close_day import EVENING
from chalicelib.domain.angles.prepare import LATEST as LATEST_LOOK
from chalicelib.domain.situation import QUIET_UNTIL, Situation, start_of

SOONEST: Final = timedelta(minutes=5)
LATEST: Final = timedelta(hours=6)


class Silence:
    """Always there, never a candidate: no tip is the empty list, and `next_look_at` beside it."""

    name: Literal["silence"] = "silence"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """Nothing."""
        return iter(())


def next_look_at(situation: Situation) -> datetime:
    """When something changes that could ground a tip; in 5 minutes at the soonest, 6 hours at the latest.

    Changes: an event starts or ends, or comes near for what belongs to it, a block ends, the stated free
    time ends, a habit's usual time, the evening of a day on which something was done, the morning. After
    "enough for today" it is as at night.
    """
    soonest, latest = situation.now + SOONEST, situation.now + LATEST
    if situation.asleep() or situation.closed():
        return min(max(calendar.next_wall(situation.now, QUIET_UNTIL, situation.zone), soonest), latest)
    changes = [calendar.next_wall(situation.now, calendar.WAKING_FROM, situation.zone)]
    for span in situation.busy:
        changes += (span.start, span.end)
    linked = (situation.event_of(task.linked_ref) for task in situation.tasks)
    changes += (start_of(event) - LATEST_LOOK for event in linked if event is not None)
    if situation.done_today:
        changes.append(calendar.next_wall(situation.now, EVENING, situation.zone))
    changes += (calendar.utc(b.until) for b in situation.blocks.values() if b.until is not None)
    if situation.gap.stated:
        changes.append(situation.gap.until)
    changes += (_usual(minute, situation) for h in situation.habits if (minute := h.usual_minute) is not None)
    return min((at for at in changes if soonest <= at <= latest), default=latest)


def _usual(minute: int, situation: Situation) -> datetime:
    return calendar.next_wall(situation.now, time(minute // 60 % 24, minute % 60), situation.zone)
