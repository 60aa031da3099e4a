"""What is counted of every call of a model: its outcome, its tokens, its time. No person, no words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from chalicelib.runtime.logging import logger
from ml_lambda.llm.contract import Alias, Failure, Usage

NAMESPACE: Final = "oO/models"
Outcome = Literal["answered"] | Failure

_log = logger("llm")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it ended. The usage of a call that broke off is not known: 0."""

    alias: Alias
    outcome: Outcome
    usage: Usage
    milliseconds: float


def metric(call: Call) -> None:
    """Count a call, by alias and outcome; the outcome `budget` counts refusals."""
    _log.metric(
        NAMESPACE,
        {"alias": call.alias, "outcome": call.outcome},
        calls=1,
        tokens_read=call.usage.read,
        tokens_written=call.usage.written,
        milliseconds=round(call.milliseconds),
    )
