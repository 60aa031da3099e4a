"""The front: page and API on one origin, forwarded to the emulator's API Gateway.

    python -m oo_local.front PORT EMULATOR_PORT ADDRESS_FILE

The standard library's server is enough and was as fast as any other. ADDRESS_FILE holds the id of
the REST API; it is read again when it changes, so a redeploy needs no restart.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote
from uuid import uuid4

from oo_local.chunks import TooLong, read_chunked
from oo_local.contract import CONTRACT, Contract
from oo_local.ports import HOST

STAGE: Final = "v1"
MAX_BODY: Final = 10 * 1024 * 1024
"""API Gateway's own limit."""
_TIMEOUT: Final = 40
_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade", "content-length", "host",
    }
)  # fmt: skip
# What only the front may say.
_OWN: Final = ("x-forwarded-host", "x-forwarded-for", "x-forwarded-proto", "forwarded")
_NO_ROUTE: Final = "Missing Authentication Token"
# As the gateway words them; the rest are the standard's own.
_TITLES: Final = {
    "not-found": "No such thing",
    "method-not-allowed": "Not with this method",
    "too-large": "Too large",
    "malformed": "The request could not be read",
    "unavailable": "Not available right now",
}


class AddressFile:
    """The REST API's id, as the deploy wrote it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = 0
        self._api_id = ""

    def api_id(self) -> str:
        """The current id; empty before the first deploy."""
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._read_at:
                self._api_id = str(json.loads(self._path.read_text())["rest_api_id"])
                self._read_at = changed
        except (OSError, ValueError, KeyError):
            pass
        return self._api_id


class Front(ThreadingHTTPServer):
    """A thread per connection; each thread keeps its connection to the emulator."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port: int, emulator_port: int, address: AddressFile) -> None:
        """Bind the port; serve with `serve_forever`."""
        super().__init__((HOST, port), _Handler)
        self.emulator_port = emulator_port
        self.address = address
        self.contract = Contract()
        self.local = threading.local()

    def upstream(self, fresh: bool = False) -> http.client.HTTPConnection:
        """This thread's connection to the emulator."""
        kept: http.client.HTTPConnection | None = getattr(self.local, "connection", None)
        if kept is not None and not fresh:
            return kept
        if kept is not None:
            kept.close()
        self.local.connection = http.client.HTTPConnection(HOST, self.emulator_port, timeout=_TIMEOUT)
        connection: http.client.HTTPConnection = self.local.connection
        return connection

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write per answer
    disable_nagle_algorithm = True
    timeout = 75
    server: Front

    def _forward(self) -> None:
        body = self._body()
        if body is None or self._sent_on():
            return
        api_id = self.server.address.api_id()
        if not api_id:
            self._problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "oO is still being deployed; try again."
            )
            return
        # HEAD is GET without the body (RFC 9110, section 9.3.2); the API need not declare it.
        method = "GET" if self.command == "HEAD" else self.command
        path = self.path if self.path.startswith("/") else "/"
        target = f"/_aws/execute-api/{api_id}/{STAGE}{path}"
        try:
            answer, content = self._ask(method, target, body)
        except (OSError, http.client.HTTPException):
            self.server.upstream(fresh=True)
            self._problem(
                HTTPStatus.BAD_GATEWAY,
                "unavailable",
                "The local cloud did not answer; see .oo/logs/emulator.log.",
            )
            return
        if answer.status == HTTPStatus.FORBIDDEN and _NO_ROUTE.encode() in content:
            self._no_route(api_id, path.partition("?")[0])
            return
        self._answer(answer.status, answer.getheaders(), content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _forward  # noqa: N815

    def _sent_on(self) -> bool:
        """Send who opens the page by another name to its own: cookies and sign-in belong to that one."""
        if self.command not in {"GET", "HEAD"} or self.path.partition("?")[0] != "/":
            return False
        own = f"{HOST}:{self.server.server_port}"
        if self.headers.get("Host", own) == own:
            return False
        told = f"oO is at http://{own}: sign-in returns there, so the page is opened there too.\n"
        there = ("Location", f"http://{own}{self.path}")
        head = [there, ("Cache-Control", "no-store"), ("Content-Type", "text/plain; charset=utf-8")]
        self._answer(HTTPStatus.TEMPORARY_REDIRECT, head, told.encode())
        return True

    def _no_route(self, api_id: str, path: str) -> None:
        """API Gateway tells neither a wrong path nor a wrong method; the contract tells both."""
        contract = f"/_aws/execute-api/{api_id}/{STAGE}{CONTRACT}"
        methods = self.server.contract.methods(
            api_id, unquote(path), lambda: self._ask("GET", contract, b"")[1]
        )
        if methods and self.command not in methods:
            self._problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "method-not-allowed",
                f"See {CONTRACT} for the methods of this route.",
                headers={"Allow": ", ".join(methods)},
            )
            return
        self._problem(HTTPStatus.NOT_FOUND, "not-found", f"There is no such route; see {CONTRACT}.")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the server itself refuses: what it cannot read, and methods that HTTP does not know."""
        self.close_connection = True
        # To a request line that it cannot read it would answer without a head, as in HTTP 0.9.
        self.request_version = self.protocol_version
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._no_route(self.server.address.api_id(), self.path.partition("?")[0])
            return
        self._problem(HTTPStatus(code), "malformed", "The request could not be read.")

    def _ask(self, method: str, target: str, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask the emulator. Only GET is asked twice: another method may already have done its work."""
        headers = self._request_headers()
        for attempt in (1, 2):
            connection = self.server.upstream(fresh=attempt == 2)
            try:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                connection.putheader("Host", f"{HOST}:{self.server.emulator_port}")
                for name, value in headers:
                    connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body or None)
                answer = connection.getresponse()
                return answer, answer.read()
            except (OSError, http.client.HTTPException):
                self.server.upstream(fresh=True)
                if attempt == 2 or method != "GET":
                    raise
        raise AssertionError("unreachable")

    def _request_headers(self) -> list[tuple[str, str]]:
        # The emulator's own paths are chosen by these; they must not come from outside.
        passed = [
            (name, value)
            for name, value in self.headers.items()
            if name.lower() not in _HOP and name.lower() not in _OWN and not name.lower().startswith("x-amz-")
        ]
        host = self.headers.get("Host", f"{HOST}:{self.server.server_port}")
        return [
            *passed,
            ("X-Forwarded-Host", host),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-For", self.client_address[0]),
        ]

    def _body(self) -> bytes | None:
        """The whole body; None after answering for a body that cannot be taken."""
        coding, told = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length", "0")
        try:
            if coding is not None:
                # With a length beside it two readers could find two ends (RFC 9112, section 11.2).
                if coding.strip().lower() != "chunked" or "Content-Length" in self.headers:
                    raise ValueError(coding)
                return read_chunked(self.rfile, MAX_BODY)
            if not (told.isascii() and told.isdigit()):
                raise ValueError(told)
            if int(told) > MAX_BODY:
                raise TooLong
        except ValueError:
            self.close_connection = True
            detail = "Send a Content-Length that is a number, or chunks that end, and not both."
            self._problem(HTTPStatus.BAD_REQUEST, "malformed", detail)
            return None
        except TooLong:
            self.close_connection = True
            detail = f"Send at most {MAX_BODY} bytes."
            self._problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", detail, limit=MAX_BODY)
            return None
        return self.rfile.read(int(told)) if int(told) else b""

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP and name.lower() not in {"server", "date"}:
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        if status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _problem(
        self,
        status: HTTPStatus,
        slug: str,
        detail: str,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        **extra: Any,
    ) -> None:
        document = {
            "type": f"urn:oo:problem:{slug}",
            "title": _TITLES.get(slug, status.phrase),
            "status": int(status),
            "detail": detail,
            "instance": str(uuid4()),
            **extra,
        }
        self._answer(
            status,
            [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"),
             ("X-Content-Type-Options", "nosniff"), *headers.items()],
            json.dumps(document).encode(),
        )  # fmt: skip

    def version_string(self) -> str:
        """The Server header, without versions."""
        return "oO"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: the functions log each request."""


def main(arguments: list[str]) -> None:
    """Serve until SIGINT."""
    port, emulator_port, address = arguments
    front = Front(int(port), int(emulator_port), AddressFile(Path(address)))
    try:
        front.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        front.server_close()


if __name__ == "__main__":
    main(sys.argv[1:])
