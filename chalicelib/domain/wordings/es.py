"""Spanish: "tú", 24 hours, questions between their two marks, small letters after a colon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from chalicelib.domain.wordings import cldr, es_verbs
from chalicelib.domain.wordings.base import Template
from chalicelib.domain.wordings.es_because import BECAUSE
from chalicelib.domain.wordings.es_reasons import REASONS
from chalicelib.domain.wordings.es_templates import TEMPLATES
from chalicelib.domain.wordings.titles import small


class Spanish(cldr.Regular):
    """Spanish words, times and titles."""

    lang: str = "es"
    templates: Mapping[str, Mapping[str, Template]] = TEMPLATES
    reasons: Mapping[str, tuple[str, ...]] = REASONS
    because: Mapping[str, tuple[str, str]] = BECAUSE

    def is_action(self, title: str) -> bool:
        """Whether the title begins with an infinitive or an imperative."""
        return es_verbs.is_action(title)

    def inside(self, title: str) -> str:
        """The title with a small first letter, unless the word has capitals of its own."""
        return small(title)

    def clock(self, at: datetime, locale: str) -> str:
        """Las 14:00, with the article that it always takes."""
        return f"{'la' if at.hour == 1 else 'las'} {super().clock(at, locale)}"

    def slot(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """A las 14:00, or mañana a las 9:00."""
        clock = f"a {self.clock(at, locale)}"
        return f"mañana {clock}" if tomorrow else clock

    def when(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """Las 14:00, or mañana a las 9:00: "para" stands before both."""
        return self.slot(at, tomorrow, locale) if tomorrow else self.clock(at, locale)


SPANISH: Final = Spanish()
