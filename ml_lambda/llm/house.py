"""The templates as masked wordings: what a model repeats is not its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final

from chalicelib.domain.wordings import LANGUAGES
from ml_lambda.llm.meaning import OWN, mask, plain

_AT: Final = datetime(2000, 1, 1, 14, 30, tzinfo=UTC)
_HOLE: Final = re.compile(r"\{(\w+)\}")


@cache
def templates(lang: str) -> frozenset[str]:
    """Every template of a language, masked and without marks; empty for one that has none."""
    language = LANGUAGES.get(lang)
    if language is None:
        return frozenset()
    shown = {
        "until": language.clock(_AT, lang),
        "slot": language.slot(_AT, False, lang),
        "when": language.when(_AT, False, lang),
    }
    lengths = {language.minutes(5), language.minutes(1), language.minutes(60), language.minutes(120)}
    found = set()
    for patterns in language.templates.values():
        for template in patterns.values():
            for pattern in (template.action, template.thing):
                for length in lengths:
                    values = {**shown, "minutes": length, "takes": length, "day": "5", "count": "3"}
                    found.add(plain(mask(_filled(pattern, values), (OWN,))))
    return frozenset(found)


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: values.get(hole[1], OWN), pattern)
