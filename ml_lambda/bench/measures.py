"""What is measured of a model's wordings, and the figures over all contexts. Pure.

`grounded` is a check of its own, simpler than the guard and not made of it: what was delivered is looked at,
whoever worded it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from chalicelib.domain.style import MAX_CHARACTERS, MAX_WHY_WORDS, MAX_WORDS
from ml_lambda.llm.draft import Draft
from ml_lambda.llm.lexicon import LEXICONS
from ml_lambda.llm.meaning import alike, mask, plain, repeated

_DIGITS: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Row:
    """One context, and what was delivered in it. `reason` empty: the model worded it."""

    context: str
    person: str
    draft: Draft
    text: str
    why: str
    reason: str
    asked: bool
    read: int = 0
    written: int = 0
    milliseconds: float = 0.0
    meaning: tuple[float, ...] = ()
    topic: float | None = None
    """Cosine of text and title; None where there is no title or no embedder."""

    @property
    def by_model(self) -> bool:
        """Whether the model's words are shown."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one model. Shares are of the contexts that have a tip, unless said."""

    contexts: int
    silent: int
    delivered: int
    asked: int
    valid: float
    """Of the drafts asked about: the model answered with a tip at all."""
    accepted: float
    """Of the drafts asked about: one of its tries passed the guard."""
    worded: float
    grounded: float
    within: float
    repeated: int
    """Deliveries that a person saw in the same words, without their own, within the fourteen days; a
    template's that returns is the rules' and not counted."""
    wordings: int
    """Different masked wordings by the model."""
    spread: float
    """One less the mean cosine of a model wording to the nearest other of its person; 0 without any."""
    topic: float
    p50: float
    p95: float
    read: int
    written: int
    cost: float
    """For a thousand delivered tips, in the unit of the prices."""
    reasons: Mapping[str, int] = field(default_factory=dict)


def grounded(row: Row) -> bool:
    """Whether what is shown has the person's words, the draft's numbers, and no word from elsewhere."""
    draft = row.draft
    free = LEXICONS[draft.lang].free if draft.lang in LEXICONS else frozenset()
    for shown, said in ((row.text, draft.text), (row.why, draft.why)):
        if sorted(_DIGITS.findall(shown)) != sorted(_DIGITS.findall(said)):
            return False
        if draft.title and (draft.title.casefold() in said.casefold()) != (
            draft.title.casefold() in shown.casefold()
        ):
            return False
        if {w.casefold() for w in _WORD.findall(shown)} - {w.casefold() for w in _WORD.findall(said)} - free:
            return False
    return True


def within(row: Row) -> bool:
    """Whether it has the size that docs/words.md allows."""
    short = len(row.text.split()) <= MAX_WORDS and len(row.text) <= MAX_CHARACTERS
    return short and len(row.why.split()) <= MAX_WHY_WORDS


def returns(rows: Sequence[Row]) -> list[Row]:
    """Model wordings that are like one that the same person was shown before, whoever worded that."""
    shown: dict[str, list[Row]] = defaultdict(list)
    found = []
    for row in rows:
        before = shown[row.person]
        same = any(_masked(row) == _masked(other) for other in before)
        near = bool(row.meaning) and repeated(row.meaning, [r.meaning for r in before if r.meaning])
        if row.by_model and (same or near):
            found.append(row)
        before.append(row)
    return found


def summary(rows: Sequence[Row], *, contexts: int, prices: tuple[float, float] = (0.0, 0.0)) -> Summary:
    """The figures. `prices`: of a million tokens, read and written."""
    asked, own = [r for r in rows if r.asked], [r for r in rows if r.by_model]
    times = sorted(r.milliseconds for r in asked)
    topics = [r.topic for r in own if r.topic is not None]
    read, written = sum(r.read for r in rows), sum(r.written for r in rows)
    price = (read * prices[0] + written * prices[1]) / 1e6
    return Summary(
        contexts=contexts,
        silent=contexts - len(rows),
        delivered=len(rows),
        asked=len(asked),
        valid=_share(sum(r.reason not in UNANSWERED for r in asked), len(asked)),
        accepted=_share(len(own), len(asked)),
        worded=_share(len(own), len(rows)),
        grounded=_share(sum(map(grounded, rows)), len(rows)),
        within=_share(sum(map(within, rows)), len(rows)),
        repeated=len(returns(rows)),
        wordings=len({plain(_masked(r)) for r in own}),
        spread=_spread(own),
        topic=_share(sum(topics), len(topics)),
        p50=quantile(times, 0.5),
        p95=quantile(times, 0.95),
        read=read,
        written=written,
        cost=_share(1000 * price, len(rows)),
        reasons=Counter(r.reason for r in rows if r.reason),
    )


UNANSWERED: Final = frozenset(
    {"malformed", "timeout", "unreachable", "status", "too_large", "open_circuit", "off"}
)
"""Reasons that are no wording at all: the guard's first, and the failures of a call."""


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that this share does not exceed; 0 of none."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _masked(row: Row) -> str:
    return mask(row.text, row.draft.own_words)


def _spread(own: Sequence[Row]) -> float:
    people: dict[str, list[Row]] = defaultdict(list)
    for row in own:
        if row.meaning:
            people[row.person].append(row)
    nearest = [
        max(alike(row.meaning, other.meaning) for other in others if other is not row)
        for others in people.values()
        if len(others) > 1
        for row in others
    ]
    return 1 - _share(sum(nearest), len(nearest)) if nearest else 0.0


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0
