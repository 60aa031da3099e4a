"""Russian: "ты", 24 hours, lengths of time and days in the cases that the sentences need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from chalicelib.domain.wordings import cldr, ru_verbs
from chalicelib.domain.wordings.base import Template
from chalicelib.domain.wordings.ru_because import BECAUSE
from chalicelib.domain.wordings.ru_reasons import REASONS
from chalicelib.domain.wordings.ru_templates import TEMPLATES
from chalicelib.domain.wordings.titles import small

# CLDR's plural form -> the word, in the cases that babel does not give.
ACCUSATIVE: Final[Mapping[cldr.Unit, Mapping[str, str]]] = {
    "minute": {"one": "минуту", "few": "минуты", "many": "минут"},
    "hour": {"one": "час", "few": "часа", "many": "часов"},
}
GENITIVE: Final[Mapping[cldr.Unit, Mapping[str, str]]] = {
    "minute": {"one": "минуты", "few": "минут", "many": "минут"},
    "hour": {"one": "часа", "few": "часов", "many": "часов"},
}
WEEKDAYS_ACCUSATIVE: Final = (
    "понедельник",
    "вторник",
    "среду",
    "четверг",
    "пятницу",
    "субботу",
    "воскресенье",
)
WEEKDAYS_GENITIVE: Final = (
    "понедельника",
    "вторника",
    "среды",
    "четверга",
    "пятницы",
    "субботы",
    "воскресенья",
)
# "Во вторник", "со вторника", "со среды", "со второго": where a lone consonant would run into others.
_VO: Final = frozenset({1})
_SO_WEEKDAYS: Final = frozenset({1, 2})
_SO_DATES: Final = frozenset({2})


class Russian(cldr.Regular):
    """Russian words, times and titles."""

    lang: str = "ru"
    templates: Mapping[str, Mapping[str, Template]] = TEMPLATES
    reasons: Mapping[str, tuple[str, ...]] = REASONS
    because: Mapping[str, tuple[str, str]] = BECAUSE

    def is_action(self, title: str) -> bool:
        """Whether the title begins with an infinitive or an imperative."""
        return ru_verbs.is_action(title)

    def inside(self, title: str) -> str:
        """The title with a small first letter, unless the word has capitals of its own."""
        return small(title)

    def length_cases(self, count: int) -> Mapping[str, str]:
        """Accusative ("на 1 минуту") and genitive ("до 2 минут")."""
        said = cldr.whole(count)
        if said is None:
            both = self.minutes(count)
            return {"acc": both, "gen": both}
        number, unit = said
        form = cldr.plural(self.lang, number)
        return {
            "acc": f"{number} {ACCUSATIVE[unit][form]}",
            "gen": f"{number} {GENITIVE[unit][form]}",
        }

    def slot(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """В 14:00, or завтра в 09:00."""
        clock = f"в {self.clock(at, locale)}"
        return f"завтра {clock}" if tomorrow else clock

    def when(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """14:00, or завтра в 09:00: "на" stands before both."""
        return self.slot(at, tomorrow, locale) if tomorrow else self.clock(at, locale)

    def day_cases(self, day: date, locale: str) -> Mapping[str, str]:
        """On and since that weekday, and since that date."""
        number = day.weekday()
        accusative, genitive = WEEKDAYS_ACCUSATIVE[number], WEEKDAYS_GENITIVE[number]
        return {
            "weekday_acc": accusative,
            "weekday_on": f"{'во' if number in _VO else 'в'} {accusative}",
            "weekday_since": f"{'со' if number in _SO_WEEKDAYS else 'с'} {genitive}",
            "on_since": f"{'со' if day.day in _SO_DATES else 'с'} {self.date(day, locale)}",
        }


RUSSIAN: Final = Russian()
