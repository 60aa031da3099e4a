"""Calls per minute, counted inside the one write that reads a session.

A row cannot be reset by a condition in the same write that adds to it, but attributes can be removed.
So the minute is written as four digits in base 4, with one counter per place and digit; a call adds to
the four counters of its minute and removes the other twelve. Two minutes differ in some digit, and the
earlier minute's call removed the later one's counter there: it counts from zero, so the least of the
four is exactly the calls of this minute. Only a pause of a multiple of 256 minutes looks like none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BASE: Final = 4
PLACES: Final = 4


def counters(minute: int) -> Mapping[str, bool]:
    """Counter -> whether this minute's calls add to it (True) or remove it (False)."""
    return {
        f"r{place}{digit}": minute // BASE**place % BASE == digit
        for place in range(PLACES)
        for digit in range(BASE)
    }
