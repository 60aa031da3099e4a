"""The rules of docs/words.md that a machine can check, for templates and for a model's wordings alike.

A person's own words are exempt from what they may say, not from how long they may be. What a language finds
to be an order, a reproach or praise stands in its file; what all share is here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Final

from chalicelib.domain.wordings import LANGUAGES, MAX_CHARACTERS, MAX_WHY_WORDS, MAX_WORDS
from chalicelib.domain.wordings.titles import ZWJ, ZWNJ

__all__ = ["MAX_CHARACTERS", "MAX_WHY_WORDS", "MAX_WORDS", "violations"]

# What a pattern finds in any language; it is looked for where the person's own words have been taken out.
_EVERYWHERE: Final = (
    (r"[!¡]", "an exclamation mark"),
    (r"[{}]", "a hole"),
    (r"\s{2,}|^\s|\s$|\s[.,:?]|[.,:?]{2,}", "untidy marks"),
)


def violations(text: str, why: str, own_words: Iterable[str] = (), lang: str = "en") -> list[str]:
    """What is wrong with a tip, in words; empty when nothing is.

    `own_words` are the person's titles as the tip shows them (`Rendered.own_words`), `lang` the language that
    the tip is in; one without a file is held to the English rules.
    """
    from chalicelib.domain.style import plurals  # costs what babel costs

    lang = lang if lang in LANGUAGES else "en"
    own = tuple(own_words)
    found = []
    if len(text.split()) > MAX_WORDS:
        found.append(f"text: {len(text.split())} words")
    if len(text) > MAX_CHARACTERS:
        found.append(f"text: {len(text)} characters")
    if len(why.split()) > MAX_WHY_WORDS:
        found.append(f"why: {len(why.split())} words")
    for name, sentence in (("text", text), ("why", why)):
        if not sentence.strip():
            found.append(f"{name}: empty")
        if any(_hidden(char) for char in sentence):
            found.append(f"{name}: a control character")
        ours = _without(sentence, own)
        if any(unicodedata.category(char) == "So" for char in ours):
            found.append(f"{name}: an emoji")
        found += [f"{name}: {rule}" for pattern, rule in _rules(lang) if pattern.search(ours)]
        if plurals.wrong(ours, lang):
            found.append(f"{name}: a wrong plural")
    return found


@cache
def _rules(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    of_language = import_module(f"{__name__}.{lang}").RULES
    return tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in (*of_language, *_EVERYWHERE))


def _hidden(char: str) -> bool:
    return char not in {ZWJ, ZWNJ} and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}


def _without(sentence: str, own_words: Iterable[str]) -> str:
    for words in sorted({w for w in own_words if w}, key=lambda w: (-len(w), w)):
        sentence = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "X", sentence)
    return sentence
