"""A person's own words, made safe to show and short enough, never rewritten."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ELLIPSIS: Final = "…"
ZWJ: Final = "\u200d"
ZWNJ: Final = "\u200c"
STUB: Final = 3  # characters
STUMP: Final = 3  # words that always stay
_LINK: Final = re.compile(r"!?\[([^\[\]]+)\]\([^()\s]*\)")
_EMPHASIS: Final = re.compile(r"(\*\*|__|~~|`)(?=\S)(.+?)(?<=\S)\1")
_TRAILING: Final = re.compile(r"[\s.,;:!…\-–—/]+$")
_SPACE: Final = re.compile(r"\s+")
_GLUES_ON: Final = frozenset("\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff" + ZWJ)


def clean(title: str) -> str:
    """The title on one line: control characters, bidi controls and markdown's marks are gone.

    The joiners stay: Persian and many emoji need them. Trailing punctuation goes, a question mark
    stays. Empty when nothing visible is left.
    """
    spaced = "".join(_shown(char) for char in unicodedata.normalize("NFC", title))
    spaced = _LINK.sub(r"\1", spaced)
    spaced = _EMPHASIS.sub(r"\2", spaced)
    spaced = _SPACE.sub(" ", spaced).strip().removeprefix("* ").strip()
    visible = any(char not in {ZWJ, ZWNJ} and not char.isspace() for char in spaced)
    return _TRAILING.sub("", spaced) or spaced if visible else ""


def _shown(char: str) -> str:
    if char in {ZWJ, ZWNJ}:
        return char
    category = unicodedata.category(char)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else char


def shorten(title: str, words: int, characters: int) -> str:
    """The title within both limits, cut after a word (within one only when the first is too long)."""
    if len(title.split()) <= words and len(title) <= characters:
        return title
    kept = ""
    for word in title.split()[: max(1, words)]:
        longer = f"{kept} {word}" if kept else word
        if len(longer) + 1 > characters:
            break
        kept = longer
    kept = _without_stub(kept) or _cut(title.split(maxsplit=1)[0] if title else "", characters - 1)
    return (_TRAILING.sub("", kept) or kept) + ELLIPSIS


def _without_stub(kept: str) -> str:
    """Without the small words at its end: "the last quarter…" reads on, "the last quarter of…" stops."""
    words = kept.split()
    while len(words) > STUMP and len(words[-1]) <= STUB:
        words.pop()
    return " ".join(words)


def _cut(word: str, characters: int) -> str:
    """The beginning of one long word, not between a letter and what belongs to it."""
    end = max(1, characters)
    while 1 < end < len(word) and (
        unicodedata.combining(word[end]) or word[end] in _GLUES_ON or word[end - 1] == ZWJ
    ):
        end -= 1
    return word[:end]


def capital(title: str) -> str:
    """The title as a sentence begins; a word with capitals of its own ("iPhone") stays."""
    first = title.split(" ", 1)[0]
    if not first or any(char.isupper() for char in first[1:]):
        return title
    return title[:1].upper() + title[1:] if len(title[:1].upper()) == 1 else title


def small(title: str) -> str:
    """The title as it stands inside a sentence; a word with capitals of its own ("PDF") stays."""
    first = title.split(" ", 1)[0]
    if any(char.isupper() for char in first[1:]):
        return title
    return title[:1].lower() + title[1:]
