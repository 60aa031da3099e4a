"""The scoring function behind the Scorer port: one attempt within the deadline, and a breaker."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationError

from chalicelib.contracts.ml import RankRequest, RankResponse
from chalicelib.contracts.ports import ScorerUnavailable
from chalicelib.runtime.breaker import Breaker
from chalicelib.runtime.logging import logger

FAILURES: Final = 3
REST_SECONDS: Final = 10.0

_log = logger("recommender")


class LambdaScorer:
    """Invokes `rank` synchronously. After 3 failures in a row nobody waits for it for 10 seconds."""

    def __init__(
        self,
        function: str,
        deadline_seconds: float,
        *,
        client: Callable[[], Any] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`client` makes the Lambda client at the first call; `monotonic` is for tests."""
        self._function = function
        self._deadline = deadline_seconds
        self._make_client = client or self._aws_client
        self._breaker = Breaker(FAILURES, REST_SECONDS, monotonic)

    def rank(self, request: RankRequest) -> RankResponse:
        """Choose one candidate. Raises ScorerUnavailable after the deadline, or at once while resting."""
        if self.resting():
            raise ScorerUnavailable("resting")
        try:
            response = self._invoke(request)
        except ScorerUnavailable as error:
            self._failed(str(error))
            raise
        self._breaker.succeeded()
        return response

    def resting(self) -> bool:
        """Whether calls are skipped now."""
        return self._breaker.resting()

    def _invoke(self, request: RankRequest) -> RankResponse:
        try:
            answer = self._make_client().invoke(
                FunctionName=self._function,
                InvocationType="RequestResponse",
                Payload=request.model_dump_json().encode(),
            )
            payload: bytes = answer["Payload"].read()
        # Whatever keeps the scorer from answering (time, network, throttling, a missing function), the
        # person must not notice: rules take over. The code tells the operator which it was.
        except Exception as error:
            raise ScorerUnavailable(type(error).__name__) from error
        if answer.get("FunctionError"):
            raise ScorerUnavailable("FunctionError")
        try:
            response = RankResponse.model_validate_json(payload)
        except ValidationError:
            raise ScorerUnavailable("unreadable answer") from None
        if wrong := _nonsense(response, request):
            raise ScorerUnavailable(wrong)
        return response

    def _failed(self, why: str) -> None:
        _log.warning("scorer unavailable", why=why)
        if self._breaker.failed():
            _log.error("scorer rests", seconds=REST_SECONDS)

    def _aws_client(self) -> Any:
        from chalicelib.runtime import aws

        return aws.functions(self._deadline)


def _nonsense(response: RankResponse, request: RankRequest) -> str:
    """What makes a readable answer unusable; empty when nothing does."""
    choice = response.choice
    chosen, spread = choice.chosen, choice.probabilities
    if chosen is None:
        return ""
    checks = {
        "chosen is not a candidate": 0 <= chosen < len(choice.candidates),
        "not one probability per candidate": len(spread) == len(choice.candidates),
        "probabilities do not sum to 1": math.isclose(math.fsum(spread), 1.0, abs_tol=1e-6),
    }
    if wrong := next((why for why, fine in checks.items() if not fine), ""):
        return wrong
    if spread[chosen] <= 0:
        return "chosen with probability 0"
    expired = choice.candidates[chosen].candidate.expires_at <= request.now
    return "expired when chosen" if expired else ""
