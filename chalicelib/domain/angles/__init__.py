"""The angles, in the order in which equals are preferred. A new angle is one file and one line here."""

from __future__ import annotations

from typing import Final

from chalicelib.domain.angles.anchor import Anchor
from chalicelib.domain.angles.base import Angle, Offer
from chalicelib.domain.angles.batch import Batch
from chalicelib.domain.angles.close_day import CloseDay
from chalicelib.domain.angles.do_now import DoNow
from chalicelib.domain.angles.keep_or_let_go import KeepOrLetGo
from chalicelib.domain.angles.keep_streak import KeepStreak
from chalicelib.domain.angles.plan_slot import PlanSlot
from chalicelib.domain.angles.prepare import Prepare
from chalicelib.domain.angles.rest import Rest
from chalicelib.domain.angles.restart import Restart
from chalicelib.domain.angles.silence import Silence, next_look_at
from chalicelib.domain.angles.smallest_step import SmallestStep

ANGLES: Final[tuple[Angle, ...]] = (
    DoNow(),
    KeepStreak(),
    Restart(),
    Anchor(),
    Prepare(),
    Batch(),
    SmallestStep(),
    PlanSlot(),
    KeepOrLetGo(),
    Rest(),
    CloseDay(),
    Silence(),
)

COMPLETING: Final = frozenset(angle.name for angle in ANGLES if angle.completes)
"""Angles whose done tip means that the item is done."""

__all__ = ["ANGLES", "COMPLETING", "Angle", "Offer", "next_look_at"]
