"""What a language gives: templates by wording id, the words of each reason, times and titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of an angle. `needs` are the traits an offer must have to fill it.

    `action` is used for a title that asks for something by itself, `thing` for any other. Placeholders:
    {title} as a sentence begins, {act} inside one, {minutes}, {until}, {anchor}, {slot}, {when}, {day},
    {takes}, and what a language's `length_cases` and `day_cases` add.
    """

    action: str
    thing: str
    needs: frozenset[str] = frozenset()


def rows(angle: str, needs: str, pairs: Iterable[Row], letter: str = "") -> dict[str, Template]:
    """Rows of (for a title with a verb, for any other), numbered from 1: `do_now.b3`.

    A letter stands for the same needs in every language, so that an id of one finds words in another.
    """
    traits = frozenset(needs.split())
    return {f"{angle}.{letter}{n}": Template(*pair, traits) for n, pair in enumerate(pairs, 1)}


def same(angle: str, needs: str, lines: Iterable[str], letter: str = "") -> dict[str, Template]:
    """Rows that read alike for every title, or name none."""
    return rows(angle, needs, ((line, line) for line in lines), letter)


def always(sentence: str) -> tuple[str, str]:
    """A sentence that reads alike while the tip is open and when one looks back."""
    return sentence, sentence


class Language(Protocol):
    """One language; one file each, listed in `wordings/__init__.py`. `lang` is its BCP 47 tag."""

    lang: str
    templates: Mapping[str, Mapping[str, Template]]
    reasons: Mapping[str, tuple[str, ...]]
    because: Mapping[str, tuple[str, str]]
    """Why a tip was chosen (`domain/because.py`): while it is open, and when one looks back."""

    def is_action(self, title: str) -> bool:
        """Whether the title already has the verb that asks for something, where the language puts it."""
        ...

    def inside(self, title: str) -> str:
        """An action's title as it stands inside a sentence."""
        ...

    def minutes(self, count: int) -> str:
        """A length of time: "1 minute", "10 minutes", "2 hours"."""
        ...

    def length_cases(self, count: int) -> Mapping[str, str]:
        """The length in further cases, by the ending of their placeholders: "acc" for {minutes_acc}."""
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

    def day_cases(self, day: date, locale: str) -> Mapping[str, str]:
        """Weekday and date in further cases, by their whole placeholders: "weekday_since"."""
        ...

    def date(self, day: date, locale: str) -> str:
        """A day of the year: "3 December"."""
        ...

    def in_a_row(self, days: int) -> str:
        """A number of days: "6 days"."""
        ...
