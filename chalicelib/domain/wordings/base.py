"""What a language gives: templates by wording id, the words of each reason, times and titles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of an angle. `needs` are the traits an offer must have to fill it.

    `action` is used for a title that begins with a verb, `thing` for any other. Placeholders:
    {title} as a sentence begins, {act} inside one, {minutes}, {until}, {anchor}, {slot}, {when}, {day},
    {takes}.
    """

    action: str
    thing: str
    needs: frozenset[str] = frozenset()


class Language(Protocol):
    """One language; one file each, listed in `wordings/__init__.py`. `lang` is its BCP 47 tag."""

    lang: str
    templates: Mapping[str, Mapping[str, Template]]
    reasons: Mapping[str, tuple[str, ...]]
    because: Mapping[str, tuple[str, str]]
    """Why a tip was chosen (`domain/because.py`): while it is open, and when one looks back."""

    def is_action(self, title: str) -> bool:
        """Whether the title already begins with a verb that asks for something."""
        ...

    def inside(self, title: str) -> str:
        """An action's title as it stands inside a sentence."""
        ...

    def minutes(self, count: int) -> str:
        """A length of time: "1 minute", "10 minutes", "2 hours"."""
        ...

    def clock(self, at: datetime, locale: str) -> str:
        """A wall time: "14:00", "2 pm"."""
        ...

    def slot(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """A coming wall time with its day: "at 14:00", "tomorrow at 09:00"."""
        ...

    def when(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """The same as a noun: "14:00", "tomorrow 09:00"."""
        ...

    def weekday(self, day: date) -> str:
        """A weekday: "Friday"."""
        ...

    def date(self, day: date, locale: str) -> str:
        """A day of the year: "3 December"."""
        ...
