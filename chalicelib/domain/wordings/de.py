"""German: "du", 24 hours, nouns with a capital and full sentences with one after a colon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from chalicelib.domain.wordings import cldr, de_verbs
from chalicelib.domain.wordings.base import Template
from chalicelib.domain.wordings.de_because import BECAUSE
from chalicelib.domain.wordings.de_reasons import REASONS
from chalicelib.domain.wordings.de_templates import TEMPLATES


class German(cldr.Regular):
    """German words, times and titles."""

    lang: str = "de"
    templates: Mapping[str, Mapping[str, Template]] = TEMPLATES
    reasons: Mapping[str, tuple[str, ...]] = REASONS
    because: Mapping[str, tuple[str, str]] = BECAUSE

    def is_action(self, title: str) -> bool:
        """Whether the title has an infinitive or begins with an imperative."""
        return de_verbs.is_action(title)

    def inside(self, title: str) -> str:
        """As it is: it follows a colon, and its first word may be a noun."""
        return title

    def minutes(self, count: int) -> str:
        """5 Minuten; hours and minutes by their symbols, which take no full stop."""
        said = cldr.whole(count)
        if said is None:
            hours, rest = divmod(count, cldr.HOUR)
            return f"{hours} h {rest} min"
        return cldr.of_unit(*said, self.lang)

    def clock(self, at: datetime, locale: str) -> str:
        """14 Uhr, or 14:05."""
        return (cldr.clock if at.minute else cldr.full_hour)(at, locale, self.lang)

    def slot(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """Um 14 Uhr, or morgen um 9 Uhr."""
        clock = f"um {self.clock(at, locale)}"
        return f"morgen {clock}" if tomorrow else clock

    def when(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """14 Uhr, or morgen 9 Uhr."""
        clock = self.clock(at, locale)
        return f"morgen {clock}" if tomorrow else clock


GERMAN: Final = German()
