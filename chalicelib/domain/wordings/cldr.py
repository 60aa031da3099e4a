"""Plural, time and date rules of languages as CLDR has them, read through babel.

English does without: every cold start needs it, and babel costs about 0.04 CPU seconds. A test holds English
to the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Final, Literal

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.units import format_unit

Unit = Literal["minute", "hour", "day"]
HOUR: Final = 60
LONGEST_IN_MINUTES: Final = 90


@lru_cache(maxsize=64)
def locale_of(locale: str, lang: str) -> Locale:
    """The locale with its own conventions; that of the language alone when it is not known."""
    try:
        found = Locale.parse(locale.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale(lang)
    return found if found.language == lang else Locale(lang)


@cache
def plural(lang: str, count: int) -> str:
    """The plural form that a count takes: "one", "few", "many", "other"."""
    return str(Locale(lang).plural_form(count))


def clock(at: datetime, locale: str, lang: str) -> str:
    """A wall time of 24 hours: "09:05", or "9:05" where the hour stands alone."""
    return _plain(format_skeleton("Hm", at, locale=locale_of(locale, lang)))


def full_hour(at: datetime, locale: str, lang: str) -> str:
    """A full hour, with the word that the language has for it: "14 Uhr"."""
    return _plain(format_skeleton("H", at, locale=locale_of(locale, lang))).removeprefix("0")


def weekday(day: date, lang: str) -> str:
    """A weekday's name, in the nominative."""
    return _plain(format_date(day, "EEEE", locale=Locale(lang)))


def day_of_year(day: date, locale: str, lang: str) -> str:
    """A day with its month: "3. Dezember"."""
    return _plain(format_skeleton("MMMMd", day, locale=locale_of(locale, lang)))


def of_unit(count: int, unit: Unit, lang: str, *, short: bool = False) -> str:
    """A count with its unit: "5 minutos", short "5 min"."""
    return _plain(format_unit(count, unit, length="short" if short else "long", locale=Locale(lang)))


def whole(count: int) -> tuple[int, Unit] | None:
    """How a length of `count` minutes is said: in minutes up to an hour and a half, in whole hours, or
    (None) in both.
    """
    if count != HOUR and count <= LONGEST_IN_MINUTES:
        return count, "minute"
    return None if count % HOUR else (count // HOUR, "hour")


def length(count: int, lang: str) -> str:
    """A length of time in words: "1 minuto", "2 horas", "2 h 30 min"."""
    said = whole(count)
    if said is not None:
        return of_unit(*said, lang)
    hours, rest = divmod(count, HOUR)
    return f"{of_unit(hours, 'hour', lang, short=True)} {of_unit(rest, 'minute', lang, short=True)}"


class Regular:
    """What CLDR says of a language, as a `Language` says it; each names what it says otherwise."""

    lang: str

    def minutes(self, count: int) -> str:
        """A length of time: "5 minutos", "2 horas", "2 h 30 min"."""
        return length(count, self.lang)

    def length_cases(self, count: int) -> Mapping[str, str]:
        """None: a length stands everywhere as it is."""
        return {}

    def clock(self, at: datetime, locale: str) -> str:
        """A wall time: "14:00"."""
        return clock(at, locale, self.lang)

    def weekday(self, day: date) -> str:
        """A weekday: "Freitag", "viernes", "пятница"."""
        return weekday(day, self.lang)

    def day_cases(self, day: date, locale: str) -> Mapping[str, str]:
        """None: a day stands everywhere as it is."""
        return {}

    def date(self, day: date, locale: str) -> str:
        """A day of the year: "3. Dezember", "3 de diciembre", "3 декабря"."""
        return day_of_year(day, locale, self.lang)

    def in_a_row(self, days: int) -> str:
        """A number of days: "6 Tage"."""
        return of_unit(days, "day", self.lang)


def _plain(text: str) -> str:
    """With spaces that break: lines are counted in words, and the page wraps where it must."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")
