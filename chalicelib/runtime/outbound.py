"""The one way to call another host over HTTP: where to, how long it may take, how much it may bring.

    answer = Outbound().request("GET", url, attempts=2)     # raises OutboundError, never hangs
    client = OAuth2Client(..., transport=network())

A name may point anywhere: at this machine, at the metadata service, at a database beside us. So each name is
resolved here, every address that it has must be public, and the connection goes to the address that was
checked: what the name points to a moment later does not matter. The certificate is still checked against the
name. Redirects are never followed: an answer that says "ask elsewhere" is an answer for the caller to judge.

Importing this loads httpx; callers import it where they need it.
"""

from __future__ import annotations

import ipaddress
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import httpx

from chalicelib.runtime.deadline import DeadlineTransport, before
from chalicelib.runtime.settings import settings

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
MAX_BYTES: Final = 1024 * 1024
LONGEST_WAIT: Final = 2.0
_ADDRESSES: Final = 3
_BUSY: Final = 429
_BROKEN: Final = 500
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Inner = Callable[[], httpx.BaseTransport]


class OutboundError(Exception):
    """No usable answer: not allowed, not reached, not in time, or too much."""


class Barred(httpx.TransportError):
    """oO does not call there. Trying again changes nothing."""


class TooMuch(httpx.TransportError):
    """The answer is larger, or took longer, than is taken."""


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, IPv4 first (functions have no IPv6 route of their own)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in sorted(found, key=lambda entry: entry[0])))


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also looked at through IPv6's ways to write IPv4."""
    try:
        parsed: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class GuardedTransport(httpx.BaseTransport):
    """An httpx transport that keeps the rules of this module for every request that goes through it."""

    def __init__(
        self,
        *,
        one_machine: bool = False,
        max_bytes: int = MAX_BYTES,
        total_seconds: float = TOTAL_SECONDS,
        resolve: Resolve = resolve,
        inner: Inner | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`one_machine` also lets plain HTTP and loopback addresses through, and nothing else."""
        self._one_machine = one_machine
        self._max_bytes = max_bytes
        self._total = total_seconds
        self._resolve = resolve
        self._inner = inner or (lambda: DeadlineTransport(monotonic, verify=_tls(), retries=1))
        self._monotonic = monotonic
        # One pool per name: a connection whose certificate is one name's must not carry another's request.
        self._pools: dict[str, httpx.BaseTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Check, connect to the checked address, bound the answer. Raises httpx.TransportError."""
        until = self._monotonic() + self._total
        host, addresses = self._checked(request)
        # Packed answers unpack to any size; asked for plainly, what is counted is what is kept.
        request.headers["Accept-Encoding"] = "identity"
        pool = self._pools.get(host)
        if pool is None:
            pool = self._pools[host] = self._inner()
        for number, address in enumerate(addresses, start=1):
            sent = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                content=request.read(),
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                with before(until):
                    answer = pool.handle_request(sent)
            except httpx.ConnectError:
                if number == len(addresses):
                    raise
                continue
            except httpx.ReadTimeout as error:
                if self._monotonic() < until:
                    raise
                raise TooMuch("the answer takes too long") from error
            return self._bounded(answer, until)
        raise AssertionError("unreachable: there is at least one address")

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _checked(self, request: httpx.Request) -> tuple[str, Sequence[str]]:
        """The name and its addresses; Barred when one of the rules says no."""
        url = request.url
        host = url.raw_host.decode("ascii").strip("[]").rstrip(".").lower()
        if url.scheme not in ({"https", "http"} if self._one_machine else {"https"}):
            raise Barred("only https leaves this machine", request=request)
        if not host or url.userinfo:
            raise Barred("an address needs a host, and no password in it", request=request)
        try:
            addresses = self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("the name is not known", request=request) from error
        # Every one: of a name with a public and a private address the second is the trap.
        if not addresses or not all(self._allowed(address, url.scheme) for address in addresses):
            raise Barred("the name does not point to the public internet", request=request)
        return host, addresses[:_ADDRESSES]

    def _allowed(self, address: str, scheme: str) -> bool:
        if self._one_machine and _is_this_machine(address):
            return True
        return scheme == "https" and is_public(address)

    def _bounded(self, answer: httpx.Response, until: float) -> httpx.Response:
        packed = answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}
        length = answer.headers.get("Content-Length", "0")
        if packed or not length.isdigit() or int(length) > self._max_bytes:
            answer.close()
            raise TooMuch("the answer is packed or too large")
        assert isinstance(answer.stream, httpx.SyncByteStream)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Bounded(answer.stream, self._max_bytes, until, self._monotonic),
            extensions=answer.extensions,
        )


class _Bounded(httpx.SyncByteStream):
    """A body that ends with an error instead of going on for ever."""

    def __init__(
        self, stream: httpx.SyncByteStream, most: int, until: float, monotonic: Callable[[], float]
    ) -> None:
        self._stream = stream
        self._left = most
        self._until = until
        self._monotonic = monotonic

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._stream)
        while (chunk := self._next(chunks)) is not None:
            self._left -= len(chunk)
            if self._left < 0:
                raise TooMuch("the answer is too large")
            if self._monotonic() > self._until:
                raise TooMuch("the answer takes too long")
            yield chunk

    def _next(self, chunks: Iterator[bytes]) -> bytes | None:
        # Read by read: whoever takes the chunks may call elsewhere between two, with a deadline of its own.
        try:
            with before(self._until):
                return next(chunks, None)
        except httpx.ReadTimeout as error:
            if self._monotonic() < self._until:
                raise
            raise TooMuch("the answer takes too long") from error

    def close(self) -> None:
        self._stream.close()


def network() -> GuardedTransport:
    """The network as this stage may use it."""
    return GuardedTransport(one_machine=settings().stage == "local")


class Outbound:
    """Calls to other hosts, bounded and tried again where that is safe."""

    def __init__(
        self,
        *,
        transport: Inner = network,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`transport` and `pause` are for tests."""
        self._make = transport
        self._pause = pause

    def request(
        self,
        method: str,
        url: str,
        *,
        attempts: int = 2,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> httpx.Response:
        """One answer, read whole, whatever its status below 500 (429 is tried again). Raises OutboundError.

        `attempts` above 1 only for what may be done twice. The wait between them doubles, with jitter, and
        follows `Retry-After` up to `LONGEST_WAIT` seconds.
        """
        with httpx.Client(transport=self._make(), timeout=limits(), follow_redirects=False) as client:
            for attempt in range(1, attempts + 1):
                wait = 0.2 * 2 ** (attempt - 1) * (0.5 + random.random())  # noqa: S311 - jitter, no secret
                try:
                    answer = client.request(method, url, headers=headers, data=data, auth=auth)
                except (Barred, TooMuch, httpx.InvalidURL) as error:
                    raise OutboundError(type(error).__name__) from None
                except httpx.HTTPError as error:
                    failure: str = type(error).__name__
                else:
                    if answer.status_code != _BUSY and answer.status_code < _BROKEN:
                        return answer
                    failure = f"status {answer.status_code}"
                    after = answer.headers.get("Retry-After", "")
                    wait = max(wait, float(after)) if after.isdigit() else wait
                if attempt < attempts:
                    self._pause(min(wait, LONGEST_WAIT))
        raise OutboundError(failure)

    def document(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        """The JSON object of a 200. Raises OutboundError."""
        answer = self.request(method, url, **options)
        try:
            value = answer.json()
        except ValueError:
            value = None
        if answer.status_code != 200 or not isinstance(value, dict):
            raise OutboundError(f"status {answer.status_code}, not the JSON that was asked for")
        return value


def limits() -> httpx.Timeout:
    """How long a connection and each read may take."""
    return httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)


@cache
def _tls() -> ssl.SSLContext:
    """One context per process: reading the list of authorities costs more than a call."""
    return httpx.create_ssl_context()
