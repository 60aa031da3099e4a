"""Model against template, by the alias `judge`: each pair in both orders, and whether the judge can be used.

A judge that prefers what stands first says the opposite when the order is swapped. Only verdicts that survive
the swap count, and none do when they survive no more often than a coin's would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any, Final

from ml_lambda.bench.measures import Row
from ml_lambda.llm.contract import ChatModel, Message, ModelUnavailable

CHANCE: Final = 0.05
"""How likely a coin agrees with itself so often, at most, for a judge to be believed."""
_ASK: Final = (
    "Two wordings of one tip. Which one reads clearer, kinder and more natural to the person who gets it? "
    'Answer with JSON alone: {"better": "A"} or {"better": "B"}.'
)
_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"better": {"type": "string", "enum": ["A", "B"]}},
    "required": ["better"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a judge said of all pairs."""

    pairs: int
    agreeing: int
    """Pairs in which both orders name the same wording."""
    model: int
    """Of these, those for the model."""
    first: int
    """Of all answers, those that name what stands first."""
    unanswered: int

    @property
    def usable(self) -> bool:
        """Whether it agrees with itself more often than a coin would (one-sided binomial test)."""
        return self.pairs > 0 and _at_least(self.agreeing, self.pairs) <= CHANCE

    @property
    def said(self) -> str:
        """One sentence."""
        if not self.pairs:
            return "The judge answered nothing."
        agreement = f"agrees with itself in {self.agreeing} of {self.pairs} pairs"
        if not self.usable:
            return (
                f"The judge {agreement}, no better than a coin, and names the first in "
                f"{self.first} of {2 * self.pairs}: not used."
            )
        return f"The judge {agreement}; of these the model wins {self.model}."


def judge(
    rows: Sequence[Row], model: ChatModel, *, step: Callable[[str], None] = lambda name: None
) -> Verdicts:
    """Every row that the model worded, in both orders. A pair that is not answered twice does not count."""
    agreeing = wins = first = unanswered = pairs = 0
    for row in rows:
        if not row.by_model:
            continue
        ours, theirs = (row.text, row.why), (row.draft.text, row.draft.why)
        try:
            straight, swapped = _ask(model, ours, theirs), _ask(model, theirs, ours)
        except ModelUnavailable:
            unanswered += 1
            continue
        finally:
            step(row.context)
        pairs += 1
        first += (straight == "A") + (swapped == "A")
        if straight != swapped:
            agreeing += 1
            wins += straight == "A"
    return Verdicts(pairs, agreeing, wins, first, unanswered)


def _ask(model: ChatModel, a: tuple[str, str], b: tuple[str, str]) -> str:
    pair = {name: {"tip": text, "why": why} for name, (text, why) in (("A", a), ("B", b))}
    messages = [Message("system", _ASK), Message("user", json.dumps(pair, ensure_ascii=False))]
    answer = model.ask(messages, schema=_SCHEMA, max_tokens=20, temperature=0)
    return str(answer.content.get("better"))


def _at_least(successes: int, trials: int) -> float:
    ways: int = sum(comb(trials, k) for k in range(successes, trials + 1))
    return ways / float(2**trials)
