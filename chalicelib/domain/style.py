"""The rules of docs/words.md that a machine can check, for templates and for a model's wordings alike.

A person's own words are exempt from what they may say, not from how long they may be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from chalicelib.domain.wordings.titles import ZWJ, ZWNJ

MAX_WORDS: Final = 14
MAX_CHARACTERS: Final = 90
MAX_WHY_WORDS: Final = 11

# What a pattern finds; it is looked for where the person's own words have been taken out.
_RULES: Final = (
    (r"\b(must|should|need(s|ed)? to|have to|ought)\b", "an order"),
    (r"\bdo(n['’]t| not) forget\b", "an order"),
    (r"\b(finally|still|again|overdue|behind|late)\b", "a reproach"),
    (r"\b(quick|quickly|just a second|real fast)\b", "a size that says nothing"),
    (r"\b(missed|skipped|failed|broke|broken|put off|postponed|delayed)\b", "a count of what was missed"),
    (r"\b\d+ (times|days? (ago|late|past|over))\b", "a count of what was missed"),
    (r"\b(great|awesome|amazing|well done|good job|proud|you can do)\b", "praise"),
    (r"\b(feel|feeling|stressed|anxious|overwhelmed|burn(t|ed)? ?out|depressed)\b", "a diagnosis"),
    (r"!", "an exclamation mark"),
    (r"\band\b", "a second action"),
    (r"\b1 (minutes|hours|days)\b", "a wrong plural"),
    (r"\b([2-9]|\d{2,}) (minute|hour|day)\b(?! \d)", "a wrong plural"),
    (r"[{}]", "a hole"),
    (r"\s{2,}|^\s|\s$|\s[.,:?]|[.,:?]{2,}", "untidy marks"),
)
_COMPILED: Final = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in _RULES)


def violations(text: str, why: str, own_words: Iterable[str] = ()) -> list[str]:
    """What is wrong with a tip, in words; empty when nothing is.

    `own_words` are the person's titles as the tip shows them (`Rendered.own_words`).
    """
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
        ours = _without(sentence, own_words)
        if any(unicodedata.category(char) == "So" for char in ours):
            found.append(f"{name}: an emoji")
        found += [f"{name}: {rule}" for pattern, rule in _COMPILED if pattern.search(ours)]
    return found


def _hidden(char: str) -> bool:
    return char not in {ZWJ, ZWNJ} and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}


def _without(sentence: str, own_words: Iterable[str]) -> str:
    for words in sorted({w for w in own_words if w}, key=lambda w: (-len(w), w)):
        sentence = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "X", sentence)
    return sentence
