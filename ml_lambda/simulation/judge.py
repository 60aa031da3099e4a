"""What a language model thinks of the tips' words: the alias `judge` at LITELLM_URL.

It grades how a tip reads. What a tip is worth to a simulated person is known without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ml_lambda.llm.client import HttpModels
from ml_lambda.llm.contract import JUDGE, ChatModel, Message, ModelUnavailable
from ml_lambda.simulation.measures import Trace, band

TIMEOUT: Final = 20.0
"""Seconds for one answer."""
_ASK: Final = (
    "You grade short tips of an assistant. A good tip is clear, kind, concrete and short, and says one true "
    'reason. Answer with JSON alone: {"score": n}, n from 1 (bad) to 5 (very good).'
)
_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["score"],
    "additionalProperties": False,
}
_MOST_TOKENS: Final = 20


class JudgeUnreachable(Exception):
    """Nobody answers, or not as a judge; the message says what to do."""


class Judge:
    """Grades tips one by one."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    def check(self) -> None:
        """Grade one tip. Raises JudgeUnreachable, so that nothing is simulated in vain."""
        self.grade("Monday 09:00", "Call grandma now, it takes five minutes.", "You both have time.")

    def grade(self, when: str, text: str, why: str) -> int:
        """1 to 5. Raises JudgeUnreachable."""
        tip = json.dumps({"when": when, "tip": text, "why": why})
        try:
            answer = self._model.ask(
                [Message("system", _ASK), Message("user", tip)],
                schema=_SCHEMA,
                max_tokens=_MOST_TOKENS,
                temperature=0,
            )
        except ModelUnavailable as error:
            raise JudgeUnreachable(_said(error)) from error
        return int(answer.content["score"])


def _said(error: ModelUnavailable) -> str:
    """What was wrong, and what to do."""
    match error.reason:
        case "off":
            return f"LITELLM_URL is not set: name the proxy that has the alias `{JUDGE}`"
        case "malformed" | "too_large":
            return f"the alias `{JUDGE}` does not answer with a grade"
        case "status":
            return f"the proxy at LITELLM_URL does not serve the alias `{JUDGE}` ({error})"
        case _:
            return (
                f"no answer from LITELLM_URL ({error}): start a LiteLLM proxy that has the alias `{JUDGE}`, "
                "or simulate without --judge"
            )


def connect(environment: Mapping[str, str] = os.environ) -> Judge:
    """The judge at LITELLM_URL, with the key LITELLM_API_KEY if there is one. Raises JudgeUnreachable."""
    models = HttpModels(
        environment.get("LITELLM_URL", ""),
        timeout_seconds=TIMEOUT,
        key=lambda: environment.get("LITELLM_API_KEY", ""),
        count=lambda call: None,
    )
    judge = Judge(models.chat(JUDGE))
    judge.check()
    return judge


def verdicts(judge: Judge, traces: Sequence[Trace]) -> dict[str, str]:
    """Per policy the mean grade with its band over the tips graded."""
    found: dict[str, list[float]] = {}
    for trace in traces:
        found.setdefault(trace.policy, []).extend(float(judge.grade(*tip)) for tip in trace.tips)
    return {
        policy: f"{band(grades)} of {len(grades)} tips" if grades else "no tips"
        for policy, grades in found.items()
        if not np.isnan(grades).any()
    }
