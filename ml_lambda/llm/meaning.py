"""How alike two wordings are: their meaning without the person's own words and without numbers. Pure.

Two tips about different tasks are the same wording when only the task differs, so it is taken out before
the wording is embedded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Final

# Cosine from which two masked wordings count as the same one.
TOO_ALIKE: Final = 0.9
_SCALE: Final = 127
OWN: Final = "…"
_NUMBER: Final = "#"
_DIGITS: Final = re.compile(r"\d+(?:[.:]\d+)*")


def mask(text: str, own_words: Iterable[str]) -> str:
    """The wording alone: the person's own words as `…`, numbers and clock times as `#`, in small letters."""
    for words in sorted({w for w in own_words if w}, key=lambda w: (-len(w), w)):
        text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", OWN, text)
    return _DIGITS.sub(_NUMBER, text).lower()


def plain(masked: str) -> str:
    """A masked wording without marks: "… now? # minutes" and "…, now. # minutes" are the same."""
    return " ".join(re.findall(rf"[\w{OWN}{_NUMBER}]+", masked))


def quantise(vector: Sequence[float]) -> list[int]:
    """The unit vector × 127, rounded: what a pool keeps. Zeros stay zeros."""
    length = sqrt(sum(x * x for x in vector))
    return [round(_SCALE * x / length) for x in vector] if length else [0] * len(vector)


def alike(a: Sequence[float], b: Sequence[float]) -> float:
    """Cosine of two vectors, quantised or not; 0 where one is zero or their lengths differ.

    Vectors of different lengths come from different embedders, and say nothing about each other.
    """
    if len(a) != len(b):
        return 0.0
    lengths = sqrt(sum(x * x for x in a)) * sqrt(sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def repeated(meaning: Sequence[float], seen: Iterable[Sequence[float]]) -> bool:
    """Whether it reads like one of those that were seen."""
    return any(alike(meaning, other) >= TOO_ALIKE for other in seen)
