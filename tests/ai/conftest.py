"""The real proxy over the real small models, in `.oo/ai`: only `make test-ai` collects this folder.

    make test-ai                          # makes the environment, runs all of them
    make test-ai ARGS="-k langfuse"       # some of them

`proxy` is one proxy with its models per run. Its callback is Langfuse's, whose server stands in here, and
whatever it would fetch by https goes to a proxy that only notes it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ml_lambda.llm.client import HttpModels
from oo_local.configuration import configure
from oo_local.models.proxy import Models
from oo_local.models.proxy_config import DEFAULT, read_proxy_config
from oo_local.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
collect_ignore_glob = [] if os.environ.get("TEST_AI") else ["test_*.py"]


@dataclass
class Noted:
    """What a server was asked: the method and path, and the body."""

    asked: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def said(self) -> bytes:
        """All bodies."""
        return b"\n".join(body for _, body in self.asked)


@pytest.fixture(scope="session")
def langfuse() -> Iterator[Noted]:
    """Takes whatever is sent, as Langfuse's server would."""
    yield from _noting()


@pytest.fixture(scope="session")
def internet() -> Iterator[Noted]:
    """What would have gone out by https."""
    yield from _noting()


def _noting() -> Iterator[Noted]:
    noted = Noted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _note(self, status: int = 200) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            noted.asked.append((f"{self.command} {self.path}", body))
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_GET(self) -> None:
            self._note()

        def do_POST(self) -> None:
            self._note()

        def do_CONNECT(self) -> None:
            self._note(502)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    noted.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield noted
    server.shutdown()
    server.server_close()
    thread.join()


def free_ports(*names: str) -> dict[str, str]:
    """A free port for each variable, all different."""
    found: set[int] = set()
    while len(found) < len(names):
        found.add(free_port())
    return {name: str(port) for name, port in zip(names, sorted(found), strict=True)}


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory, langfuse: Noted, internet: Noted) -> Iterator[Models]:
    """The proxy and its models, ready."""
    settings = {
        **free_ports("OO_LITELLM_PORT", "OO_LANGUAGE_PORT", "OO_EMBEDDING_PORT"),
        "OO_PROFILES": "ai",
        "OO_LITELLM_CALLBACKS": "langfuse",
        "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
        "LANGFUSE_SECRET_KEY": "sk-lf-1",
        "LANGFUSE_HOST": f"http://127.0.0.1:{langfuse.port}",
    }
    config = read_proxy_config(ROOT / DEFAULT)
    home = tmp_path_factory.mktemp("models")
    models = Models(ROOT, home, configure(settings, config), config, "sk-test", "servers-test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{internet.port}")
        children = models.start()
    try:
        models.wait(children)
        yield models
    finally:
        for child in children:
            child.stop()


@pytest.fixture(scope="session")
def aliases(proxy: Models) -> Iterator[HttpModels]:
    """The client that the functions use, at that proxy."""
    client = HttpModels(proxy.configuration.litellm_url, timeout_seconds=60, key=lambda: proxy.key)
    yield client
    client.close()


def schema(**properties: Any) -> dict[str, Any]:
    """A JSON schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
