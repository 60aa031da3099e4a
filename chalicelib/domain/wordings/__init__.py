"""Puts a candidate into words: a template of its angle, its reason, and the person's own titles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zlib import crc32

from chalicelib.contracts.http import Angle
from chalicelib.contracts.ml import Candidate
from chalicelib.domain import calendar
from chalicelib.domain.wordings.base import Language, Template
from chalicelib.domain.wordings.en import ENGLISH
from chalicelib.domain.wordings.titles import capital, clean, shorten

MAX_WORDS: Final = 14
MAX_CHARACTERS: Final = 90
MAX_WHY_WORDS: Final = 11
ANCHOR_WORDS: Final = 4
ANCHOR_CHARACTERS: Final = 28
LANGUAGES: Final[Mapping[str, Language]] = {"en": ENGLISH}
_DOUBLED: Final = re.compile(r"([?…])[.:](?=\s|$)")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A tip in words. `own_words` are the parts that are the person's, as shown."""

    text: str
    why: str
    lang: str
    own_words: tuple[str, ...] = ()


def language_of(locale: str) -> Language:
    """The language of a locale; English for one that has no file yet."""
    return LANGUAGES.get(locale.replace("_", "-").split("-")[0].lower(), ENGLISH)


def fitting(angle: Angle, traits: frozenset[str], locale: str) -> list[str]:
    """The wording ids of an angle that an offer with these traits can fill."""
    templates = language_of(locale).templates.get(angle, {})
    return [wording for wording, template in templates.items() if template.needs <= traits]


def render(candidate: Candidate, words: Mapping[str, str], *, timezone: str, locale: str) -> Rendered:
    """The tip's text, at most 14 words and 90 characters, and its why, at most 11 words.

    `words` are titles by reference: the item's, and the anchor's when the candidate names one.
    Raises KeyError for a title that is missing or has nothing to show.
    """
    language = language_of(locale)
    title = _own(words, candidate.item_ref)
    anchor = shorten(_own(words, candidate.anchor_ref), ANCHOR_WORDS, ANCHOR_CHARACTERS)
    template = _template(language, candidate)
    action = language.is_action(title)
    pattern = template.action if action else template.thing
    values = _values(candidate, language, locale, timezone) | {"anchor": anchor}

    def filled(shown: str) -> str:
        inside = language.inside(shown) if action else shown
        return _sentence(pattern, values | {"title": capital(shown) if action else shown, "act": inside})

    # What the template takes without the title is what the title must leave.
    bare = filled("x") if title else filled("")
    shown = title and shorten(title, MAX_WORDS + 1 - len(bare.split()), MAX_CHARACTERS + 1 - len(bare))
    text = filled(shown)

    variants = language.reasons[candidate.reason.code]
    seed = f"{candidate.wording}|{candidate.item_ref}|{candidate.reason.code}"
    why = _sentence(variants[crc32(seed.encode()) % len(variants)], values)
    own = {capital(shown), language.inside(shown), shown, anchor, capital(anchor)} - {""}
    return Rendered(text, why, language.lang, tuple(sorted(own, key=lambda part: (-len(part), part))))


def reason_alone(candidate: Candidate, *, timezone: str, locale: str) -> str | None:
    """The candidate's reason without any title; None when it can only be told with one."""
    language = language_of(locale)
    values = _values(candidate, language, locale, timezone)
    code = _WITHOUT_EVENT.get(candidate.reason.code, candidate.reason.code)
    for variant in language.reasons.get(code, ()):
        try:
            return _sentence(variant, values)
        except KeyError:
            continue
    return None


_WITHOUT_EVENT: Final[Mapping[str, str]] = {"free_until_event": "free_until"}


def _own(words: Mapping[str, str], ref: str | None) -> str:
    if ref is None:
        return ""
    title = clean(words[ref])
    if not title:
        raise KeyError(ref)
    return title


def _template(language: Language, candidate: Candidate) -> Template:
    templates = language.templates[candidate.angle]
    found = templates.get(candidate.wording)
    if found is None:  # a decision worded by an older version, or in another language
        found = next(t for t in templates.values() if not t.needs & {"anchor", "until", "desk"})
    return found


def _values(candidate: Candidate, language: Language, locale: str, timezone: str) -> dict[str, str]:
    """Every parameter in words: moments on the person's wall clock, days by name."""
    zone = calendar.zone_of(timezone)
    values = {"minutes": language.minutes(candidate.minutes)}
    for name, value in candidate.reason.params.items():
        values[name] = _value(name, value, language, locale)
        if name in _MOMENTS:
            at = calendar.local(datetime.fromisoformat(str(value)), zone)
            values[name] = language.clock(at, locale)
            if name == "slot":
                tomorrow = bool(candidate.reason.params.get("tomorrow"))
                values["slot"] = language.slot(at, tomorrow, locale)
                values["when"] = language.when(at, tomorrow, locale)
        elif name == "on":
            day = date.fromisoformat(str(value))
            values["weekday"], values["on"] = language.weekday(day), language.date(day, locale)
    return values


_MOMENTS: Final = frozenset({"at", "until", "slot", "slot_until", "start", "end"})


def _value(name: str, value: int | str, language: Language, locale: str) -> str:
    if name in {"minute", "hour"}:
        minute = int(value) * (60 if name == "hour" else 1) % 1440
        return language.clock(datetime(2000, 1, 1, minute // 60, minute % 60, tzinfo=UTC), locale)
    if name in {"stated", "takes"}:
        return language.minutes(int(value))
    return str(value)


def _sentence(pattern: str, values: Mapping[str, str]) -> str:
    text = _DOUBLED.sub(r"\1", pattern.format_map(values))
    return capital(text)
