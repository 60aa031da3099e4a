"""The wire to the proxy: one POST of JSON, whole or not at all, by a deadline, bounded, tried twice at most.

Whoever answers may be slow, drip, send megabytes, break off, or be somebody else: each is ModelUnavailable
with its reason. The address is the operator's own setting and may be beside us, so the rules of
`runtime/outbound.py` on where people may send oO do not apply; its certificate is checked.

Importing this loads httpx; `client.py` does at the first call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from chalicelib.runtime.deadline import DeadlineTransport, before
from ml_lambda.llm.contract import ModelUnavailable
from ml_lambda.llm.refused import Refused

CONNECT_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.25
"""Before the second try, where the answer does not say how long."""
ATTEMPTS: Final = 2
_OK: Final = 200


class Proxy:
    """Whatever speaks OpenAI's protocol at an address."""

    def __init__(
        self,
        url: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`url` with or without `/v1`. `monotonic` and `pause` are for tests."""
        self._base = url.rstrip("/").removesuffix("/v1") + "/v1/"
        self._monotonic = monotonic
        self._pause = pause
        self._client = httpx.Client(
            transport=DeadlineTransport(monotonic),
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def post(
        self, path: str, body: Mapping[str, Any], *, key: str, until: float, most_bytes: int
    ) -> dict[str, Any]:
        """The JSON object of a 200, at most `most_bytes` of it, before `until`. Raises ModelUnavailable."""
        content = json.dumps(body, ensure_ascii=True).encode()
        # Packed answers unpack to any size; asked for plainly, what is counted is what is kept.
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        for attempt in range(1, ATTEMPTS + 1):
            answer, after = self._once(path, content, headers, until, most_bytes)
            if isinstance(answer, bytes):
                return _object(answer)
            if not answer.passing or attempt == ATTEMPTS or self._monotonic() + after >= until:
                raise answer
            self._pause(after)
        raise AssertionError("unreachable: the last attempt answers or raises")

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _once(
        self, path: str, content: bytes, headers: Mapping[str, str], until: float, most_bytes: int
    ) -> tuple[bytes | Refused, float]:
        """The body of a 200, or the refusal and after how many seconds to try again."""
        try:
            with (
                before(until),
                self._client.stream("POST", self._base + path, content=content, headers=headers) as answer,
            ):
                if answer.status_code != _OK:
                    return Refused(answer.status_code), _wait(answer.headers.get("Retry-After", ""))
                return _read(answer, most_bytes), 0.0
        # The cause holds the request and so the prompt: it is not kept.
        except httpx.TimeoutException as error:
            raise ModelUnavailable("timeout", type(error).__name__) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelUnavailable("unreachable", type(error).__name__) from None


def _wait(after: str) -> float:
    return max(float(after), PAUSE_SECONDS) if after.isdecimal() and len(after) < 6 else PAUSE_SECONDS


def _read(answer: httpx.Response, most: int) -> bytes:
    """The whole body. Nothing beyond `most` bytes is ever kept."""
    packed = answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}
    length = answer.headers.get("Content-Length", "0")
    if packed or not length.isdecimal() or int(length) > most:
        raise ModelUnavailable("too_large", "packed, or more than is taken")
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > most:
            raise ModelUnavailable("too_large", "more than is taken")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    # Not only JSON that is none: bytes that are no text, numbers of very many digits, very deep nesting.
    except (ValueError, RecursionError):
        raise ModelUnavailable("malformed", "not JSON") from None
    if not isinstance(value, dict):
        raise ModelUnavailable("malformed", "not an object")
    return value
