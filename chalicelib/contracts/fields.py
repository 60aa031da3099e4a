"""Types of fields that enter: what JSON sends as another type is refused, never guessed at.

Pydantic would read `true` as 1, "yes" as true and 1700000000 as a moment; a consent or a time must not
come from a guess.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator, Field, StrictBool

__all__ = ["Day", "Moment", "Truth", "Whole"]

_YEAR_ENDS: Final = 4


def _written(value: Any) -> Any:
    """Numbers, also in quotes, are no dates; what is no text nor number is a date already."""
    if isinstance(value, int | float) or (isinstance(value, str) and value[_YEAR_ENDS:][:1] != "-"):
        raise ValueError("send text as in RFC 3339, e.g. 2026-11-22T10:00:00Z (a day: 2026-11-22)")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
Day = Annotated[date, BeforeValidator(_written)]
Whole = Annotated[int, Field(strict=True)]
Truth = StrictBool
