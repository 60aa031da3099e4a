"""What a language model thinks of the tips' words: the alias `judge` at LITELLM_URL, over plain HTTP.

It grades how a tip reads. What a tip is worth to a simulated person is known without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml_lambda.simulation.measures import Trace, band

if TYPE_CHECKING:
    import httpx

ALIAS: Final = "judge"
TIMEOUT: Final = 20.0
"""Seconds for one answer."""
_ASK: Final = (
    "You grade short tips of an assistant. A good tip is clear, kind, concrete and short, and says one true "
    'reason. Answer with JSON alone: {"score": n}, n from 1 (bad) to 5 (very good).'
)
_SCHEMA: Final = {
    "type": "json_schema",
    "json_schema": {
        "name": "grade",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
            "required": ["score"],
            "additionalProperties": False,
        },
    },
}


class JudgeUnreachable(Exception):
    """Nobody answers, or not as a judge; the message says what to do."""


class Judge:
    """Grades tips one by one."""

    def __init__(self, client: httpx.Client) -> None:
        """`client` has the proxy's address as its base."""
        self._client = client

    def check(self) -> None:
        """Grade one tip. Raises JudgeUnreachable, so that nothing is simulated in vain."""
        self.grade("Monday 09:00", "Call grandma now, it takes five minutes.", "You both have time.")

    def grade(self, when: str, text: str, why: str) -> int:
        """1 to 5. Raises JudgeUnreachable."""
        import httpx

        body = {
            "model": ALIAS,
            "temperature": 0,
            "max_tokens": 20,
            "response_format": _SCHEMA,
            "messages": [
                {"role": "system", "content": _ASK},
                {"role": "user", "content": json.dumps({"when": when, "tip": text, "why": why})},
            ],
        }
        try:
            answer = self._client.post("/v1/chat/completions", json=body).raise_for_status().json()
            score = int(json.loads(answer["choices"][0]["message"]["content"])["score"])
        except httpx.HTTPStatusError as error:
            raise JudgeUnreachable(
                f"the alias `{ALIAS}` at {self._client.base_url} answers {error.response.status_code}"
            ) from error
        except httpx.HTTPError as error:
            raise JudgeUnreachable(
                f"no answer from {self._client.base_url} ({type(error).__name__}): start a LiteLLM proxy "
                f"that has the alias `{ALIAS}`, name it in LITELLM_URL, or simulate without --judge"
            ) from error
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise JudgeUnreachable(f"the alias `{ALIAS}` does not answer with a grade") from error
        if not 1 <= score <= 5:
            raise JudgeUnreachable(f"the alias `{ALIAS}` graded {score}, not 1 to 5")
        return score


def connect(environment: Mapping[str, str] = os.environ) -> Judge:
    """The judge at LITELLM_URL, with the key LITELLM_API_KEY if there is one. Raises JudgeUnreachable."""
    import httpx

    address = environment.get("LITELLM_URL", "")
    if not address:
        raise JudgeUnreachable("LITELLM_URL is not set: name the proxy that has the alias `judge`")
    key = environment.get("LITELLM_API_KEY")
    headers: dict[str, Any] = {"Authorization": f"Bearer {key}"} if key else {}
    judge = Judge(httpx.Client(base_url=address, timeout=TIMEOUT, headers=headers))
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
