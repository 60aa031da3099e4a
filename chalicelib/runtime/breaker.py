"""A circuit breaker: whoever failed several times in a row is left alone for a while.

if breaker.resting(): ...            # answer without it
breaker.succeeded()                  # after each call, or:
if breaker.failed(): ...             # it rests from now on
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Breaker:
    """Counts failures in a row; of one process, kept in memory."""

    def __init__(
        self, failures: int, rest_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Opens after `failures` in a row, for `rest_seconds`. `monotonic` is for tests."""
        self.rest_seconds = rest_seconds
        self._limit = failures
        self._monotonic = monotonic
        self._failures = 0
        self._rest_until = -math.inf

    def resting(self) -> bool:
        """Whether calls are skipped now."""
        return self._monotonic() < self._rest_until

    def succeeded(self) -> None:
        """It answers: all failures before are forgotten."""
        self._failures = 0

    def failed(self) -> bool:
        """One more failure; whether it rests from now on."""
        self._failures += 1
        if self._failures < self._limit:
            return False
        # One more failure after the rest opens the breaker again at once.
        self._failures = self._limit - 1
        self._rest_until = self._monotonic() + self.rest_seconds
        return True
