"""English. Every wording begins with a verb, asks for one thing and says how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from chalicelib.domain.wordings.base import Template
from chalicelib.domain.wordings.en_because import BECAUSE
from chalicelib.domain.wordings.en_reasons import REASONS
from chalicelib.domain.wordings.en_templates import TEMPLATES
from chalicelib.domain.wordings.en_verbs import ALSO_NOUNS, MAKES_A_NOUN, VERBS
from chalicelib.domain.wordings.titles import small

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
TWELVE_HOURS: Final = frozenset({"en-us"})
_NO_CASES: Final[Mapping[str, str]] = {}


class English:
    """English words, times and titles. 24 hours, except for en-US."""

    lang: str = "en"
    templates: Mapping[str, Mapping[str, Template]] = TEMPLATES
    reasons: Mapping[str, tuple[str, ...]] = REASONS
    because: Mapping[str, tuple[str, str]] = BECAUSE

    def is_action(self, title: str) -> bool:
        """Whether the title begins with a verb; "Book club" and "Call with Jonas" do not."""
        words = [word.lower().strip("()[]\"'“”") for word in title.split()]
        if not words or words[0].rstrip(",") not in VERBS:
            return False
        return not (words[0] in ALSO_NOUNS and len(words) > 1 and words[1] in MAKES_A_NOUN)

    def inside(self, title: str) -> str:
        """The title with a small first letter, unless the word has capitals of its own."""
        return small(title)

    def minutes(self, count: int) -> str:
        """Minutes up to an hour and a half, whole hours as hours, else both."""
        if count < 60 or (count <= 90 and count != 60):
            return "1 minute" if count == 1 else f"{count} minutes"
        hours, rest = divmod(count, 60)
        if not rest:
            return "1 hour" if hours == 1 else f"{hours} hours"
        return f"{hours} h {rest} min"

    def length_cases(self, count: int) -> Mapping[str, str]:
        """None: English has no cases."""
        return _NO_CASES

    def clock(self, at: datetime, locale: str) -> str:
        """14:00, or 2 pm where the clock has twelve hours."""
        if locale.replace("_", "-").lower() not in TWELVE_HOURS:
            return f"{at.hour:02d}:{at.minute:02d}"
        half, hour = "am" if at.hour < 12 else "pm", at.hour % 12 or 12
        return f"{hour}:{at.minute:02d} {half}" if at.minute else f"{hour} {half}"

    def slot(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """At 14:00, or tomorrow at 09:00."""
        clock = f"at {self.clock(at, locale)}"
        return f"tomorrow {clock}" if tomorrow else clock

    def when(self, at: datetime, tomorrow: bool, locale: str) -> str:
        """14:00, or 09:00 tomorrow."""
        clock = self.clock(at, locale)
        return f"{clock} tomorrow" if tomorrow else clock

    def weekday(self, day: date) -> str:
        """The day's name."""
        return WEEKDAYS[day.weekday()]

    def day_cases(self, day: date, locale: str) -> Mapping[str, str]:
        """None."""
        return _NO_CASES

    def date(self, day: date, locale: str) -> str:
        """3 December, or December 3 in the United States."""
        month = MONTHS[day.month - 1]
        american = locale.replace("_", "-").lower() in TWELVE_HOURS
        return f"{month} {day.day}" if american else f"{day.day} {month}"

    def in_a_row(self, days: int) -> str:
        """6 days."""
        return "1 day" if days == 1 else f"{days} days"


ENGLISH: Final = English()
