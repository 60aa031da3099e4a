"""Whether a number and its unit agree: "1 minute", "2 минуты", by the plural rules of CLDR."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from chalicelib.domain.wordings import cldr
from chalicelib.domain.wordings.ru import ACCUSATIVE, GENITIVE

Forms = Mapping[str, frozenset[str]]
"""By a unit's word, in small letters: the plural forms whose word it is."""

UNITS: Final[tuple[cldr.Unit, ...]] = ("minute", "hour", "day")
_COUNTS: Final = range(101)
# What babel does not give, by plural form: dative days, and the cases of Russian.
_MORE: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "de": ({"other": "Tagen"},),
    "ru": tuple(ACCUSATIVE.values()),
}
_GENITIVE: Final = (*GENITIVE.values(), {"one": "дня", "few": "дней", "many": "дней"})
_ASKS_GENITIVE: Final = re.compile(
    r"\b(до|около|больше|меньше|более|менее|дольше|после|с|со|от|из|без|достаточно|хватит|порядка)\s$",
    re.IGNORECASE,
)


def wrong(text: str, lang: str) -> bool:
    """Whether any number stands before a form of its unit that it does not take."""
    for found in _numbers(lang).finditer(text):
        form = cldr.plural(lang, int(found["count"]))
        genitive = lang == "ru" and _ASKS_GENITIVE.search(text[: found.start()])
        allowed = _genitive() if genitive else _forms(lang)
        if form not in allowed.get(found["unit"].lower(), ()):
            return True
    return False


@cache
def _numbers(lang: str) -> re.Pattern[str]:
    words = sorted({*_forms(lang), *(_genitive() if lang == "ru" else ())}, key=len, reverse=True)
    # Part of a longer number or of a clock is no count; "day 5 10" is one day's number before another.
    return re.compile(rf"(?<![\w.,:])(?P<count>\d+) (?P<unit>{'|'.join(words)})\b(?! \d)", re.IGNORECASE)


@cache
def _forms(lang: str) -> Forms:
    said = (
        (cldr.of_unit(count, unit, lang).partition(" ")[2], cldr.plural(lang, count))
        for unit in UNITS
        for count in _COUNTS
    )
    more = ((word, form) for words in _MORE.get(lang, ()) for form, word in words.items())
    return _by_word([*said, *more])


@cache
def _genitive() -> Forms:
    return _by_word((word, form) for words in _GENITIVE for form, word in words.items())


def _by_word(pairs: Iterable[tuple[str, str]]) -> Forms:
    forms: dict[str, set[str]] = {}
    for word, form in pairs:
        forms.setdefault(word.lower(), set()).add(form)
    return {word: frozenset(of_word) for word, of_word in forms.items()}
