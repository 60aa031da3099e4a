"""Puts a candidate into words: a template of its angle, its reason, and the person's own titles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from typing import Final, cast
from zlib import crc32

from chalicelib.contracts.ml import Candidate
from chalicelib.contracts.tips import Angle
from chalicelib.domain import calendar
from chalicelib.domain.wordings.base import Language, Template
from chalicelib.domain.wordings.en import ENGLISH
from chalicelib.domain.wordings.titles import capital, clean, shorten

MAX_WORDS: Final = 14
MAX_CHARACTERS: Final = 90
MAX_WHY_WORDS: Final = 11
ANCHOR_WORDS: Final = 4
ANCHOR_CHARACTERS: Final = 28
_NUMBER: Final = re.compile(r"\d+$")
_DOUBLED: Final = re.compile(r"(?:(\?)[.:?]|(…)[.:])(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A tip in words. `own_words` are the parts that are the person's, as shown."""

    text: str
    why: str
    lang: str
    own_words: tuple[str, ...] = ()


# Where a language's words are; all but English are loaded when they are first spoken.
_ELSEWHERE: Final = {"de": "GERMAN", "es": "SPANISH", "ru": "RUSSIAN"}


class _Languages(Mapping[str, Language]):
    def __getitem__(self, lang: str) -> Language:
        return ENGLISH if lang == ENGLISH.lang else _loaded(lang)

    def __iter__(self) -> Iterator[str]:
        return iter((ENGLISH.lang, *_ELSEWHERE))

    def __len__(self) -> int:
        return 1 + len(_ELSEWHERE)


@cache
def _loaded(lang: str) -> Language:
    name = _ELSEWHERE[lang]
    return cast("Language", getattr(import_module(f"{__name__}.{lang}"), name))


LANGUAGES: Final[Mapping[str, Language]] = _Languages()


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
    language = _speaking(candidate, locale)
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


def _speaking(candidate: Candidate, locale: str) -> Language:
    """The person's language, or English while that has no words for this angle or reason."""
    language = language_of(locale)
    knows = candidate.angle in language.templates and candidate.reason.code in language.reasons
    return language if knows else ENGLISH


def _template(language: Language, candidate: Candidate) -> Template:
    """The wording of the id. One of an older version or of another language is replaced by the first of
    its group (the letter says what it needs), or else by one that asks little.
    """
    templates = language.templates[candidate.angle]
    found = templates.get(candidate.wording) or templates.get(_NUMBER.sub("1", candidate.wording))
    return found or next(t for t in templates.values() if not t.needs & {"anchor", "until", "desk"})


def _values(candidate: Candidate, language: Language, locale: str, timezone: str) -> dict[str, str]:
    """Every parameter in words: moments on the person's wall clock, days by name."""
    zone = calendar.zone_of(timezone)
    values: dict[str, str] = {}
    lengths = {"minutes": candidate.minutes}
    for name, value in candidate.reason.params.items():
        if name in _LENGTHS:
            lengths[name] = int(value)
            continue
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
            values |= language.day_cases(day, locale)
        elif name == "done":
            values["done_days"] = language.in_a_row(int(value))
    for name, count in lengths.items():
        values[name] = language.minutes(count)
        values |= {f"{name}_{case}": said for case, said in language.length_cases(count).items()}
    return values


_LENGTHS: Final = frozenset({"stated", "takes"})
_MOMENTS: Final = frozenset({"at", "until", "slot", "slot_until", "start", "end"})


def _value(name: str, value: int | str, language: Language, locale: str) -> str:
    if name in {"minute", "hour"}:
        minute = int(value) * (60 if name == "hour" else 1) % 1440
        return language.clock(datetime(2000, 1, 1, minute // 60, minute % 60, tzinfo=UTC), locale)
    return str(value)


def _sentence(pattern: str, values: Mapping[str, str]) -> str:
    text = _DOUBLED.sub(r"\1\2", pattern.format_map(values)).replace("¿¿", "¿")
    return capital(text)
