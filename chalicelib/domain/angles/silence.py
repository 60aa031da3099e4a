"""Silence: the honest answer when nothing is grounded. It offers no tip, it says when to look again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from chalicelib.domain import calendar
from chalicelib.domain.angles.base import Offer
from chalicelib.domain.situation import QUIET_UNTIL, Situation

SOONEST: Final = timedelta(minutes=5)
LATEST: Final = timedelta(hours=6)


class Silence:
    """Always there, never a candidate: no tip is the empty list, and `next_look_at` beside it."""

    name: Literal["silence"] = "silence"

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """Nothing."""
        return iter(())


def next_look_at(situation: Situation) -> datetime:
    """When something changes that could ground a tip; in 5 minutes at the soonest, 6 hours at the latest.

    Changes: an event starts or ends, a block ends, the stated free time ends, the morning.
    """
    soonest, latest = situation.now + SOONEST, situation.now + LATEST
    if situation.asleep():
        return min(max(calendar.next_wall(situation.now, QUIET_UNTIL, situation.zone), soonest), latest)
    changes = [calendar.next_wall(situation.now, calendar.WAKING_FROM, situation.zone)]
    for span in situation.busy:
        changes += (span.start, span.end)
    changes += (calendar.utc(b.until) for b in situation.blocks.values() if b.until is not None)
    if situation.gap.stated:
        changes.append(situation.gap.until)
    return min((at for at in changes if soonest <= at <= latest), default=latest)
