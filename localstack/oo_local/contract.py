"""What the running API says that it answers to: tells a wrong method from a wrong path."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Final

CONTRACT: Final = "/api/openapi.json"
_FRESH_SECONDS: Final = 10


class Contract:
    """The methods of each path; asked for again after a while, for a redeploy may change them."""

    def __init__(self) -> None:
        self._of = ""
        self._read_at = 0.0
        self._routes: list[tuple[re.Pattern[str], tuple[str, ...]]] = []

    def methods(self, api_id: str, path: str, fetch: Callable[[], bytes]) -> tuple[str, ...]:
        """The methods that the path answers to; none when there is no such path, or no contract to read."""
        now = time.monotonic()
        if self._of != api_id or now - self._read_at > _FRESH_SECONDS:
            try:
                self._routes = _routes(fetch())
            except (OSError, http.client.HTTPException, ValueError, KeyError, AttributeError):
                self._routes = []
            self._of, self._read_at = api_id, now
        return next((methods for pattern, methods in self._routes if pattern.fullmatch(path)), ())


def _routes(document: bytes) -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    """Paths without parameters first, as API Gateway prefers them."""
    paths: dict[str, dict[str, object]] = json.loads(document)["paths"]
    return [
        (
            re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))),
            tuple(sorted(m.upper() for m in methods)),
        )
        for path, methods in sorted(paths.items(), key=lambda item: item[0].count("{"))
    ]
