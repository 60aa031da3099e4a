"""A provider's public documents (discovery, keys): fetched with time limits and retries, then kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.errors import Unavailable

if TYPE_CHECKING:
    import httpx

ATTEMPTS: Final = 2
KEEP_SECONDS: Final = 3600
FRESH_SECONDS: Final = 60
"""How often a kept document is asked for anew before its time: nobody may make oO ask at every call."""
# API Gateway gives up after 29 s; discovery, token and keys together stay under it.
CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0

Transport = Callable[[], "httpx.BaseTransport"]


def network() -> httpx.BaseTransport:
    """The real network, as `runtime/outbound.py` guards it. Only a connection that was never made is tried
    again there: a code works once."""
    from chalicelib.runtime import outbound

    return outbound.network()


class Documents:
    """JSON documents by URL, kept for an hour; an old copy serves while the provider is down."""

    def __init__(
        self,
        transport: Transport = network,
        pause: Callable[[float], None] = time.sleep,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pause` waits between attempts; `seconds` is a clock that never goes back."""
        self._transport = transport
        self._pause = pause
        self._seconds = seconds
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._forced: dict[str, float] = {}

    def get(self, url: str, *, fresh: bool = False) -> Mapping[str, Any]:
        """The document; `fresh` asks the provider even when a copy is kept, at most once a minute.

        Raises Unavailable.
        """
        kept = self._kept.get(url)
        if kept and fresh:
            fresh = self._seconds() - self._forced.get(url, float("-inf")) >= FRESH_SECONDS
            if fresh:
                self._forced[url] = self._seconds()
        if kept and not fresh and self._seconds() - kept[0] < KEEP_SECONDS:
            return kept[1]
        try:
            document = self._fetch(url)
        except Unavailable:
            if kept and not fresh:
                return kept[1]
            raise
        self._kept[url] = (self._seconds(), document)
        return document

    def _fetch(self, url: str) -> Mapping[str, Any]:
        import httpx

        limits = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        with httpx.Client(transport=self._transport(), timeout=limits) as client:
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._pause(0.2 * attempt)
                try:
                    answer = client.get(url, headers={"Accept": "application/json"})
                    if answer.status_code < 500:
                        return _document(answer)
                except httpx.HTTPError:
                    continue
        raise Unavailable("The sign-in provider does not answer. Try again in a minute.")


def _document(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        value = None
    if answer.status_code != 200 or not isinstance(value, dict):
        raise Unavailable("The sign-in provider answers, but not as OpenID Connect asks.")
    return value
