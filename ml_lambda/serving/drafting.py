"""From a planned tip to a finished draft, and what is known of a wording that a model made of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Final

from chalicelib.contracts.ml import Candidate, RecentTip
from chalicelib.domain import pooling, wordings
from chalicelib.domain.wordings import ANCHOR_CHARACTERS, ANCHOR_WORDS, language_of
from chalicelib.domain.wordings.titles import clean, shorten
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.meaning import mask
from ml_lambda.serving.ahead import Planned

LEANING: Final = 4
"""Letters of a word from which it may be what a text took over from the reason; numbers always are."""
_WORDS: Final = re.compile(r"\w+(?:[:.]\w+)*")
_OWN: Final = frozenset({"title", "act", "anchor"})


def draft_of(
    candidate: Candidate,
    titles: Mapping[str, str],
    *,
    timezone: str,
    locale: str,
    context: Sequence[str] = (),
) -> Draft:
    """The tip as its template words it. `titles`: opened, by ref. Raises KeyError where one shows nothing."""
    rendered = wordings.render(candidate, titles, timezone=timezone, locale=locale)
    anchor = titles[candidate.anchor_ref] if candidate.anchor_ref else ""
    anchor = shorten(clean(anchor), ANCHOR_WORDS, ANCHOR_CHARACTERS)
    shown = [own for own in rendered.own_words if own in rendered.text]
    title = next((own for own in shown if own.casefold() != anchor.casefold()), "")
    return Draft(
        angle=candidate.angle,
        lang=rendered.lang,
        text=rendered.text,
        why=rendered.why,
        title=title if candidate.item_ref else "",
        anchor=next((own for own in shown if anchor and own.casefold() == anchor.casefold()), ""),
        own_words=rendered.own_words,
        context=tuple(context),
    )


def stated_in(text: str, draft: Draft, planned: Planned) -> tuple[str, ...]:
    """What a wording states of the reason: what its template does; all, when it has words of the why."""
    known = _words(draft.text) | {word for own in draft.own_words for word in _words(own)}
    taken = (_words(text) - known) & _words(draft.why)
    return (pooling.WHOLE,) if taken else planned.stated


def shown_lately(recent: Sequence[RecentTip], locale: str) -> list[str]:
    """The templates that were shown, masked as a wording is."""
    language = language_of(locale)
    masked: list[str] = []
    for tip in recent:
        template = language.templates.get(tip.angle, {}).get(tip.wording)
        for pattern in (template.action, template.thing) if template else ():
            names = {name for _, name, _, _ in Formatter().parse(pattern) if name}
            values = {name: "…" if name in _OWN else "#" for name in names}
            values["minutes"] = language.minutes(tip.minutes)
            values |= {f"minutes_{case}": said for case, said in language.length_cases(tip.minutes).items()}
            masked.append(mask(pattern.format_map(values), ()))
    return masked


def _words(text: str) -> set[str]:
    found = {word.casefold() for word in _WORDS.findall(text)}
    return {word for word in found if len(word) >= LEANING or any(char.isdigit() for char in word)}
