"""What a size is said with: about, at most, at least. "About 15 minutes" is neither "15" nor "just 15". Pure.

A hedge stands right before a number or right after its unit; elsewhere the same words say something else
("the time left until 10:15", "how about"). What only makes a size sound small (just, only) is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

Kind = Literal["about", "most", "least"]
_NUMBER: Final = r"\d+(?:[.:,]\d+)*"


@dataclass(frozen=True, slots=True)
class Hedges:
    """One language's, as patterns of small letters: `before` a number, or `after` its unit."""

    before: Mapping[Kind, str]
    after: Mapping[Kind, str]


HEDGES: Final[Mapping[str, Hedges]] = {
    "en": Hedges(
        before={
            "about": "(?<!how )about|around|roughly|approximately|some",
            "most": "up to|at most|at best|no more than|no longer than|under|within|less than",
            "least": "at least|over|no less than|more than",
        },
        after={
            "about": "or so|or thereabouts",
            "most": "at most|at best|or less|tops",
            "least": "at least|or more",
        },
    ),
    "de": Hedges(
        before={
            "about": "etwa|rund|ungefähr|circa|ca|so|gegen|an die",
            "most": "bis zu|höchstens|maximal|nicht mehr als|nicht länger als|weniger als",
            "least": "mindestens|wenigstens|gut|über|mehr als",
        },
        after={
            "about": "oder so|etwa|ungefähr",
            "most": "höchstens|maximal",
            "least": "mindestens|wenigstens",
        },
    ),
    "es": Hedges(
        before={
            "about": "más o menos|un[oa]s|alrededor de|aproximadamente|cerca de|casi|como|"
            "(?:hacia|sobre)(?: las?)?",
            "most": "hasta|como mucho|como máximo|a lo sumo|no más de|menos de",
            "least": "al menos|por lo menos|como mínimo|más de",
        },
        after={
            "about": "más o menos|aproximadamente|o así",
            "most": "como mucho|como máximo|a lo sumo|o menos",
            "least": "al menos|por lo menos|como mínimo|o más",
        },
    ),
    "ru": Hedges(
        before={
            "about": "примерно|около|приблизительно|где-то|порядка",
            "most": "до|не больше|не более|не дольше|максимум|меньше",
            "least": "от|не меньше|не менее|хотя бы|минимум|больше",
        },
        after={
            "about": "примерно|приблизительно|или около того",
            "most": "максимум|не больше|не более|или меньше",
            "least": "минимум|не меньше|не менее|или больше",
        },
    ),
}


def hedged(text: str, lang: str, units: Collection[str]) -> frozenset[tuple[Kind, str]]:
    """Each number that is hedged, and how. A moment has only `about`: "until 10:15" bounds no size."""
    found: set[tuple[Kind, str]] = set()
    for kind, pattern in _patterns(lang):
        for match in pattern.finditer(text.casefold()):
            if kind == "about" or match["unit"] in units:
                found.add((kind, match["number"]))
    return frozenset(found)


@cache
def _patterns(lang: str) -> list[tuple[Kind, re.Pattern[str]]]:
    hedges, sized = HEDGES[lang], rf"(?P<number>{_NUMBER})(?: (?P<unit>[^\W\d_]+))?"
    before = [(kind, rf"(?<!\w)(?:{words}) {sized}") for kind, words in hedges.before.items()]
    # No further number: "15 minutes at most 3 times" would hedge the other.
    after = [(kind, rf"(?<!\w){sized},? (?:{words})(?!\w| \d)") for kind, words in hedges.after.items()]
    return [(kind, re.compile(pattern)) for kind, pattern in (*before, *after)]
