"""What an angle is: a way to help with an item, with the moment when it may be offered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from chalicelib.contracts.ml import Reason
from chalicelib.contracts.tips import Angle as AngleName
from chalicelib.domain import calendar
from chalicelib.domain.situation import Situation

LONGEST: Final = timedelta(hours=12)
SLACK: Final = 5  # minutes: an estimate fits a gap when this much is left over
LARGE: Final = 45  # minutes: beyond this a smallest step is offered too
BOX: Final = 15  # minutes: what is proposed for a task without an estimate
HABIT: Final = 10  # minutes: what is proposed for a habit without one
RESTS: Final = timedelta(hours=3)  # an angle on an item that was seen rests so long, whatever the answer


@dataclass(frozen=True, slots=True)
class Offer:
    """An angle on an item (or on none) that has a ground now; not yet worded.

    `traits` says which wordings can be filled: a wording names the traits it needs.
    """

    angle: AngleName
    reason: Reason
    minutes: int
    expires_at: datetime
    score: float
    kind: Literal["advice", "todo"] = "todo"
    item_ref: str | None = None
    anchor_ref: str | None = None
    category: str | None = None
    traits: frozenset[str] = frozenset()


class Angle(Protocol):
    """One angle. `offers` yields nothing when its preconditions do not hold or no fact speaks for it."""

    @property
    def name(self) -> AngleName:
        """Its name, as decisions carry it."""
        ...

    @property
    def completes(self) -> bool:
        """Whether doing the tip does the item itself, not a step towards it or a plan for it."""
        ...

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """Every item that this angle could take up now."""
        ...


def clamp(value: float) -> float:
    """Into [0, 1], to four places: a score that reads well in the decision log."""
    return round(min(1.0, max(0.0, value)), 4)


def until(situation: Situation, *limits: datetime | None) -> datetime:
    """When an offer ends: the first of the limits that lies ahead, the day's end, twelve hours."""
    moments = (calendar.utc(limit) for limit in limits if limit is not None)
    ahead = [moment for moment in moments if moment > situation.now]
    return min(*ahead, situation.day_end, situation.now + LONGEST)
