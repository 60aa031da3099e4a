"""What the rest of `ml_lambda` knows of models: three aliases, two calls, one way to fail.

Which model answers an alias is the proxy's configuration. No module outside `ml_lambda/llm` calls one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

Alias = Literal["tip-generator", "embedder", "judge"]
TIP_GENERATOR: Final[Alias] = "tip-generator"
EMBEDDER: Final[Alias] = "embedder"
JUDGE: Final[Alias] = "judge"

Failure = Literal[
    "off", "budget", "open_circuit", "timeout", "unreachable", "status", "too_large", "malformed"
]


class ModelUnavailable(Exception):
    """No usable answer; `reason` is what is counted, the message says more. Never holds a prompt or words."""

    def __init__(self, reason: Failure, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason: Final[Failure] = reason


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call cost, in tokens; as the model counts them, or estimated where it does not say."""

    read: int
    written: int

    @property
    def total(self) -> int:
        """Both together: what budgets are about."""
        return self.read + self.written


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer: a JSON object that has the asked schema's required fields."""

    content: Mapping[str, Any]
    usage: Usage


class ChatModel(Protocol):
    """An alias that writes."""

    def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any],
        max_tokens: int,
        temperature: float = 0.2,
        seed: int | None = None,
    ) -> Answer:
        """One JSON object of `schema` (a JSON schema of an object). Raises ModelUnavailable."""
        ...


class EmbeddingModel(Protocol):
    """An alias that embeds."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, all of one length, in the texts' order. Raises ModelUnavailable."""
        ...
