"""Models by alias at LITELLM_URL: bounded in time, size, tries and tokens; counted; believed as asked for.

    models = HttpModels.of(settings(), budget=TokenBudget(...))
    models.chat(TIP_GENERATOR, person_id).ask(messages, schema=..., max_tokens=60)
    models.embedder(person_id).embed(["…"])          # both raise ModelUnavailable, never anything of httpx

A call's tokens are reserved before and settled after; what a call that broke off has cost nobody knows, so it
counts as what was reserved. After `FAILURES` failures in a row an alias rests. The proxy is told no person,
and neither a prompt nor an answer is ever logged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.ports import Clock
from chalicelib.runtime.breaker import Breaker
from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from chalicelib.runtime.model_settings import ModelSettings
from chalicelib.runtime.parameters import secret_parameter
from ml_lambda.llm import reading
from ml_lambda.llm.budget import Budget, Unlimited
from ml_lambda.llm.contract import (
    EMBEDDER,
    Alias,
    Answer,
    ChatModel,
    EmbeddingModel,
    Message,
    ModelUnavailable,
    Usage,
)
from ml_lambda.llm.metrics import Call, Outcome, metric
from ml_lambda.llm.refused import Refused

if TYPE_CHECKING:
    from ml_lambda.llm.proxy import Proxy

FAILURES: Final = 3
REST_SECONDS: Final = 60.0
CHAT_BYTES: Final = 64 * 1024
"""The largest answer of a chat that is read."""
VECTOR_BYTES: Final = 80 * 1024
"""The same per embedded text: 3,072 numbers of 26 characters."""
TEXTS: Final = 32
"""Texts of one request; more are asked for in several, within one deadline."""
# What shows that the alias does not work now. Who answers too much or not to the point is there.
_DOWN: Final = frozenset({"timeout", "unreachable", "status"})
# What surely cost nothing.
_FREE: Final = frozenset({"unreachable", "status"})

T = TypeVar("T")
Read = Callable[[Mapping[str, Any]], T]

_log = logger("llm")


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request to the proxy: where to, with which texts in it, at most how many tokens and bytes."""

    path: str
    body: Mapping[str, Any]
    texts: Sequence[str]
    tokens: int
    most_bytes: int


class HttpModels:
    """All aliases at one address. One per process: it keeps connections and what failed lately."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float,
        key: Callable[[], str] = lambda: "",
        budget: Budget | None = None,
        count: Callable[[Call], None] = metric,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`url` empty: every call is ModelUnavailable("off"). `key` is called once, at the first call.

        Without a budget there is none. `count` hears of every call; a tool that prints for people takes
        another than `metric`. `monotonic` and `pause` are for tests.
        """
        self._url = url
        self._timeout = timeout_seconds
        self._find_key = key
        self._key: str | None = None
        self._budget = budget or Unlimited()
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._pause = pause
        self._count = count
        self._breakers: dict[Alias, Breaker] = {}

    @classmethod
    def of(cls, settings: ModelSettings, budget: Budget | None = None) -> HttpModels:
        """As the settings say."""
        name = settings.litellm_key_parameter
        return cls(
            settings.litellm_url,
            timeout_seconds=settings.model_timeout_ms / 1000,
            key=(lambda: secret_parameter(name)) if name else (lambda: ""),
            budget=budget,
        )

    def chat(self, alias: Alias, person_id: str | None = None) -> ChatModel:
        """An alias that writes. `person_id`: whose budget a call is on; None: the deployment's alone."""
        return _Chat(self, alias, person_id)

    def embedder(self, person_id: str | None = None) -> EmbeddingModel:
        """The alias that embeds."""
        return _Embedder(self, person_id)

    def resting(self, alias: Alias) -> bool:
        """Whether calls of the alias are skipped now."""
        return self._breaker(alias).resting()

    def close(self) -> None:
        """Close every connection; the next call opens one again."""
        if "_proxy" in self.__dict__:
            self._proxy.close()
            del self._proxy

    @cached_property
    def _proxy(self) -> Proxy:
        # httpx costs a function's cold start more than all else here: only who calls a model loads it.
        from ml_lambda.llm.proxy import Proxy

        return Proxy(self._url, monotonic=self._monotonic, pause=self._pause)

    def deadline(self) -> float:
        """When a call that begins now must be over."""
        return self._monotonic() + self._timeout

    def call(
        self, alias: Alias, person_id: str | None, ask: _Ask, read: Read[T], until: float
    ) -> tuple[T, Usage]:
        """One request of an alias before `until`, counted by its outcome. Raises ModelUnavailable."""
        began, usage = self._monotonic(), Usage(0, 0)
        outcome: Outcome = "answered"
        try:
            if not self._url:
                raise ModelUnavailable("off")
            if self.resting(alias):
                raise ModelUnavailable("open_circuit")
            answer = self._within_budget(alias, person_id, ask, until)
            usage = reading.usage(answer, ask.texts)
            return read(answer), usage
        except ModelUnavailable as error:
            outcome = error.reason
            raise
        finally:
            self._count(Call(alias, outcome, usage, 1000 * (self._monotonic() - began)))

    def _within_budget(self, alias: Alias, person_id: str | None, ask: _Ask, until: float) -> dict[str, Any]:
        now = self._clock.now()
        self._budget.reserve(person_id, ask.tokens, now)
        used = ask.tokens
        try:
            answer = self._watched(alias, ask, until)
            used = reading.usage(answer, ask.texts).total
        except ModelUnavailable as error:
            used = 0 if error.reason in _FREE else used
            raise
        finally:
            self._budget.settle(person_id, ask.tokens, used, now)
        return answer

    def _watched(self, alias: Alias, ask: _Ask, until: float) -> dict[str, Any]:
        """The proxy's answer, seen by the breaker."""
        breaker = self._breaker(alias)
        try:
            answer = self._proxy.post(
                ask.path, ask.body, key=self._secret(), until=until, most_bytes=ask.most_bytes
            )
        except ModelUnavailable as error:
            refused = error if isinstance(error, Refused) else None
            if refused and refused.by_key:
                # It may have been changed meanwhile.
                self._key = None
            status = refused.status if refused else None
            _log.warning("no answer of a model", alias=alias, why=error.reason, status=status)
            about_it = error.reason in _DOWN and not (refused and refused.by_request)
            if about_it and breaker.failed():
                _log.error("model rests", alias=alias, seconds=REST_SECONDS)
            raise
        breaker.succeeded()
        return answer

    def _secret(self) -> str:
        if self._key is None:
            try:
                self._key = self._find_key()
            except Unavailable:
                raise ModelUnavailable("unreachable", "no key") from None
        return self._key

    def _breaker(self, alias: Alias) -> Breaker:
        return self._breakers.setdefault(alias, Breaker(FAILURES, REST_SECONDS, self._monotonic))


@dataclass(frozen=True, slots=True)
class _Chat:
    models: HttpModels
    alias: Alias
    person_id: str | None

    def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any],
        max_tokens: int,
        temperature: float = 0.2,
        seed: int | None = None,
    ) -> Answer:
        """One JSON object of the schema. Raises ModelUnavailable."""
        body: dict[str, Any] = {
            "model": self.alias,
            "messages": [{"role": one.role, "content": one.content} for one in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            },
        }
        if seed is not None:
            body["seed"] = seed
        texts = [one.content for one in messages]
        tokens = reading.most_tokens(texts, schema) + max_tokens
        content, usage = self.models.call(
            self.alias,
            self.person_id,
            _Ask("chat/completions", body, texts, tokens, CHAT_BYTES),
            lambda answer: reading.chat(answer, schema),
            self.models.deadline(),
        )
        return Answer(content, usage)


@dataclass(frozen=True, slots=True)
class _Embedder:
    models: HttpModels
    person_id: str | None

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, all of one length, in the texts' order. Raises ModelUnavailable."""
        until = self.models.deadline()
        vectors: list[list[float]] = []
        for start in range(0, len(texts), TEXTS):
            vectors += self._some(list(texts[start : start + TEXTS]), until)
        if len({len(vector) for vector in vectors}) > 1:
            raise ModelUnavailable("malformed", "vectors of several lengths")
        return vectors

    def _some(self, texts: list[str], until: float) -> list[list[float]]:
        body = {"model": EMBEDDER, "input": texts, "encoding_format": "float"}
        ask = _Ask("embeddings", body, texts, reading.most_tokens(texts), VECTOR_BYTES * len(texts))
        found, _ = self.models.call(
            EMBEDDER, self.person_id, ask, lambda answer: reading.vectors(answer, len(texts)), until
        )
        return found
