"""The angles, in the order in which equals are preferred. A new angle is one file and one line here."""

from __future__ import annotations

from typing import Final

from chalicelib.domain.angles.base import Angle, Offer
from chalicelib.domain.angles.do_now import DoNow
from chalicelib.domain.angles.silence import Silence, next_look_at

ANGLES: Final[tuple[Angle, ...]] = (
    DoNow(),
    Silence(),
)

__all__ = ["ANGLES", "Angle", "Offer", "next_look_at"]
