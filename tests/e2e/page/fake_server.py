"""The server of the stand-in: the page as the gateway serves it, and a `World` behind the OpenAPI."""

from __future__ import annotations

import json
import re
import threading
from functools import cache
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ValidationError

from chalicelib.contracts.errors import Gone, Invalid, NotFound, OoError
from chalicelib.gateway.call import Reply
from chalicelib.gateway.endpoint import SECURITY_HEADERS
from chalicelib.gateway.pages import page
from chalicelib.gateway.problems import problem_document
from tests.e2e.page.fake_api import World

OPENAPI: Final = Path(__file__).resolve().parents[3] / "docs/api/openapi.json"
_PAGES: Final = {"": "index.html", "sw.js": "sw.js", "manifest.webmanifest": "manifest.webmanifest"}


class FakeApi:
    """The server: static pages and a World, under a path prefix like API Gateway's stage."""

    def __init__(self, world: World, prefix: str = "/") -> None:
        self.world = world
        self.prefix = prefix
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        world.account.site = self.url
        self.stopped = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.origin + self.prefix

    def stop(self) -> None:
        """Stop answering: new connections are refused, those kept alive are cut."""
        self.stopped = True
        for event in self.world.held.values():
            event.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, target: str, raw: bytes, headers: dict[str, str]) -> Reply:
        """One HTTP request."""
        path = urlsplit(target).path
        if not path.startswith(self.prefix):
            self.world.broken.append(f"outside the stage's prefix: {path}")
            return problem_document(NotFound("Outside the prefix."), "")
        path = unquote(path.removeprefix(self.prefix))
        self.world.requests.append((method, path))
        if path in self.world.held:
            self.world.held[path].wait(20)
        try:
            return self._answer(method, path, urlsplit(target).query, raw, headers)
        except OoError as error:
            return problem_document(error, "t")
        except ValidationError as error:
            self.world.broken.append(f"{method} {path}: {error}")
            return problem_document(Invalid("Against the contract."), "t")
        except (AttributeError, ValueError) as error:
            self.world.broken.append(f"{method} {path}: no such route ({error})")
            return problem_document(Gone("No such route."), "t")

    def _answer(self, method: str, path: str, query: str, raw: bytes, headers: dict[str, str]) -> Reply:
        if path.startswith("assets/"):
            return page(path.removeprefix("assets/"), headers, query.removeprefix("v="))
        if path in _PAGES:
            return page(_PAGES[path], headers)
        if path == self.world.account.link:
            disposition = {"Content-Disposition": 'attachment; filename="oo.zip"'}
            return Reply(body=b"PK", content_type="application/zip", headers=disposition)
        if not any(method == known and pattern.fullmatch(f"/{path}") for known, pattern in _routes()):
            self.world.broken.append(f"not in the OpenAPI: {method} /{path}")
        sid = SimpleCookie(headers.get("cookie", "")).get("sid")
        return self.world.handle(method, path, query, raw, sid.value if sid else "")


@cache
def _routes() -> list[tuple[str, re.Pattern[str]]]:
    """Every route of the OpenAPI: its method, and its path as a pattern."""
    document = json.loads(OPENAPI.read_text())
    return [
        (method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)))
        for path, methods in document["paths"].items()
        for method in methods
    ]


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if api.stopped:
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = api.answer(self.command, self.path, raw, headers)
            body = reply.body
            if isinstance(body, BaseModel):
                body = body.model_dump_json()
            content = body.encode() if isinstance(body, str) else body or b""
            self.send_response(reply.status)
            sent = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Content-Type": reply.content_type}
            for name, value in {**sent, **reply.headers}.items():
                self.send_header(name, value)
            for cookie in reply.cookies:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if reply.status not in {204, 304}:
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Tests need no access log."""

    return Handler
