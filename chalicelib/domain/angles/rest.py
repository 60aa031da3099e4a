"""Rest: 90 minutes booked without a pause, or a low mood entered today; no deadline within 2 hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal

from chalicelib.domain import calendar, grounds
from chalicelib.domain.angles.base import SLACK, Offer, clamp, until
from chalicelib.domain.grounds import Ground, iso
from chalicelib.domain.situation import Situation

BOOKED: Final = 90  # minutes
PAUSE: Final = timedelta(minutes=10)  # shorter than this is no pause
JUST_NOW: Final = timedelta(minutes=20)
DEADLINE: Final = timedelta(hours=2)
LASTS: Final = timedelta(hours=1)
LONG, SHORT = 10, 5  # minutes


class Rest:
    """A pause, with a fact for it."""

    name: Literal["rest"] = "rest"
    completes: Literal[False] = False

    def offers(self, situation: Situation) -> Iterator[Offer]:
        """At most one."""
        minutes = LONG if situation.gap.minutes >= LONG + SLACK and not self._too_big(situation) else SHORT
        if minutes + SLACK > situation.gap.minutes or self._pressed(situation):
            return
        low = grounds.low_energy(situation)
        ground = grounds.best([g for g in (self._booked(situation), low) if g is not None])
        if ground is None:
            return
        params: dict[str, int | str] = {}
        traits = set() if situation.place in {"out", "travel"} else {"desk"}
        if situation.gap.event is not None:
            params["until"] = iso(situation.gap.until)
            traits.add("until")
        yield Offer(
            angle=self.name,
            kind="advice",
            reason=ground.reason(**params),
            minutes=minutes,
            expires_at=until(
                situation, grounds.last_fit(minutes, situation), ground.until, situation.now + LASTS
            ),
            score=clamp(0.3 + 0.5 * ground.weight),
            traits=frozenset(traits),
        )

    def _too_big(self, situation: Situation) -> bool:
        """Whether a pause was too long for them today."""
        return any(
            tip.angle == self.name and tip.reason == "too_big" and situation.is_today(tip.decided_at)
            for tip in situation.recent
        )

    def _pressed(self, situation: Situation) -> bool:
        """Whether a task is due within two hours, be it snoozed or without a title to show."""
        return any(timedelta(0) < due_at - situation.now <= DEADLINE for due_at in situation.deadlines)

    def _booked(self, situation: Situation) -> Ground | None:
        for span in calendar.merge(situation.busy, within=PAUSE):
            over = situation.now - span.end
            if timedelta(0) <= over <= JUST_NOW and span.minutes >= BOOKED:
                weight = 0.6 if span.minutes < 2 * BOOKED else 0.75
                return Ground(
                    "booked", weight, {"start": iso(span.start), "end": iso(span.end)}, until=span.end + LASTS
                )
        return None
