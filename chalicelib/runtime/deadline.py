"""One deadline for a whole HTTP call: connecting, sending, waiting and reading together.

    with httpx.Client(transport=DeadlineTransport(), timeout=limits) as client, before(monotonic() + 8):
        client.post(...)                     # httpx.TimeoutException at the latest then

httpx's own timeouts are per read: a server that drips a byte a second is in time for ever, in its headers as
in its body. Here every single operation on the connection gets no more than what is left. Not bounded is the
name service (the system's resolver has its own limit).

Importing this loads httpx; callers import it where they need it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore
import httpx

KEPT_SECONDS: Final = 5.0
"""How long an unused connection is kept."""

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def before(until: float) -> Iterator[None]:
    """Every call inside ends by then, by the clock of its transport; one inside another is no later."""
    outer = _until.get()
    token = _until.set(until if outer is None else min(outer, until))
    try:
        yield
    finally:
        _until.reset(token)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's transport over connections that know the deadline. Connections are kept, as there."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        verify: ssl.SSLContext | None = None,
        retries: int = 0,
    ) -> None:
        """`retries`: of connecting alone."""
        tls = verify or httpx.create_ssl_context()
        super().__init__(verify=tls, trust_env=False)
        # httpx has no way to hand in a network backend; its pool is httpcore's, which has one.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            retries=retries,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Backend(monotonic),
        )


class _Left:
    """How long an operation may take: its own limit, or what is left."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic

    def __call__(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        until = _until.get()
        if until is None:
            return timeout
        left = until - self._monotonic()
        if left <= 0:
            raise late("the deadline is over")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, left: _Left) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._inner = httpcore.SyncBackend()
        self._left = _Left(monotonic)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._left)
