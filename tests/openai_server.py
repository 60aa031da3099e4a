"""A scripted OpenAI-compatible server: what a model's proxy may answer, and every way in which it fails.

    def test_x(openai_server):                              # the fixture of tests/conftest.py
        openai_server.then(status(429, retry_after="1"), answer({"text": "…"}))
        ...                                                 # openai_server.url is what LITELLM_URL would be
        assert openai_server.asked[0].body["model"] == "tip-generator"

Each request takes the next behaviour of the queue. When it is empty, a chat is answered by `write` (at first
the least that is valid against the asked schema) and texts are embedded by the words in them. What hangs or
drips ends when the client leaves or the server stops.
"""

from __future__ import annotations

import json
import math
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

CHAT: Final = "/v1/chat/completions"
EMBEDDINGS: Final = "/v1/embeddings"
DIMENSIONS: Final = 64


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


Behaviour = Callable[["Exchange"], None]
Write = Callable[[Mapping[str, Any]], Mapping[str, Any] | str]


class Exchange(BaseHTTPRequestHandler):
    """One request under way; a behaviour answers it."""

    server: _Listening
    protocol_version = "HTTP/1.1"
    asked: Asked

    def do_POST(self) -> None:
        """Read the request, then behave."""
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked = Asked(self.path, headers, json.loads(raw or b"{}"))
        behave = self.server.owner.take(self.asked)
        try:
            behave(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def respond(self, code: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """An answer of known length."""
        self.head(code, {"Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def head(self, code: int, headers: Mapping[str, str]) -> None:
        """The status line and the headers."""
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def default(self) -> None:
        """What a working proxy answers."""
        owner, body = self.server.owner, self.asked.body
        if self.path.endswith(EMBEDDINGS):
            embedded(*(owner.embed(text) for text in body["input"]))(self)
        elif self.path.endswith(CHAT):
            answer(owner.write(body))(self)
        else:
            status(404)(self)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    owner: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no error here."""


class OpenAIServer:
    """The server: a queue of behaviours, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.write: Write = least
        self.embed: Callable[[str], Sequence[float]] = by_words
        self.stopping = threading.Event()
        self._script: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self._listening = _Listening(("127.0.0.1", 0), Exchange)
        self._listening.owner = self
        self.url = f"http://127.0.0.1:{self._listening.server_port}"
        # What it polls for is its own stop.
        self._thread = threading.Thread(target=self._listening.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def then(self, *behaviours: Behaviour) -> None:
        """Behave so at the next requests, one each."""
        self._script.extend(behaviours)

    def take(self, asked: Asked) -> Behaviour:
        """The behaviour for a request that came."""
        with self._lock:
            self.asked.append(asked)
            return self._script.popleft() if self._script else Exchange.default

    @property
    def left(self) -> int:
        """How many behaviours nobody asked for."""
        return len(self._script)

    def stop(self) -> None:
        """End everything under way."""
        self.stopping.set()
        self._listening.shutdown()
        self._listening.server_close()
        self._thread.join()


@contextmanager
def running() -> Iterator[OpenAIServer]:
    """A server while it is needed."""
    server = OpenAIServer()
    try:
        yield server
    finally:
        server.stop()


# --- behaviours -----------------------------------------------------------------------------------


def answer(content: Mapping[str, Any] | str, usage: tuple[int, int] | None = (50, 20)) -> Behaviour:
    """A chat's answer: an object, or a text whatever it is; `usage` None: it does not say what it cost."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
    }
    if usage:
        read, written = usage
        body["usage"] = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return raw(body)


def embedded(*vectors: Sequence[float], usage: int = 8) -> Behaviour:
    """An answer with these vectors."""
    data = [{"object": "embedding", "index": i, "embedding": list(v)} for i, v in enumerate(vectors)]
    return raw({"object": "list", "data": data, "usage": {"prompt_tokens": usage, "total_tokens": usage}})


def raw(body: object) -> Behaviour:
    """Any JSON with status 200."""
    return lambda exchange: exchange.respond(200, json.dumps(body).encode())


def text(body: str) -> Behaviour:
    """Any text with status 200, where JSON is due."""
    return lambda exchange: exchange.respond(200, body.encode())


def status(code: int, retry_after: str | None = None) -> Behaviour:
    """An error as a proxy words it."""
    body = json.dumps({"error": {"message": f"it is {code}", "code": str(code)}}).encode()
    return lambda exchange: exchange.respond(code, body, {"Retry-After": retry_after} if retry_after else {})


def hang(exchange: Exchange) -> None:
    """No answer at all, while the connection stands."""
    exchange.server.owner.stopping.wait()
    exchange.close_connection = True


def closed(exchange: Exchange) -> None:
    """The connection ends without an answer."""
    exchange.close_connection = True
    exchange.connection.shutdown(socket.SHUT_RDWR)


def truncated(exchange: Exchange) -> None:
    """The connection ends in the middle of the answer that its length announced."""
    body = b'{"choices": [{"message": {"content": "{\\"text\\": \\"Open'
    exchange.head(200, {"Content-Length": str(4 * len(body))})
    exchange.wfile.write(body)
    closed(exchange)


def huge(size: int = 1_000_000, announced: bool = True) -> Behaviour:
    """A valid answer around that many bytes, never whole in memory; `announced`: with its length."""

    def behave(exchange: Exchange) -> None:
        begin, end = json.dumps({"choices": [{"message": {"content": "*"}}]}).encode().split(b"*")
        length = len(begin) + size + len(end)
        exchange.close_connection = True
        exchange.head(200, {"Content-Length": str(length)} if announced else {"Connection": "close"})
        exchange.wfile.write(begin)
        for start in range(0, size, 4096):
            exchange.wfile.write(b"x" * min(4096, size - start))
        exchange.wfile.write(end)

    return behave


def drip(pause: float = 0.01) -> Behaviour:
    """A valid answer, one byte every `pause` seconds: each read is in time, the whole never."""

    def behave(exchange: Exchange) -> None:
        exchange.close_connection = True
        exchange.head(200, {"Connection": "close"})
        body = json.dumps({"choices": [{"message": {"content": "x" * 100_000}}]}).encode()
        for byte in body:
            if exchange.server.owner.stopping.wait(pause):
                return
            exchange.wfile.write(bytes([byte]))

    return behave


def headers_drip(exchange: Exchange) -> None:
    """One header after the other, for ever: the answer never begins."""
    exchange.close_connection = True
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(2000):
        if exchange.server.owner.stopping.wait(0.01):
            return
        exchange.wfile.write(b"X-%d: x\r\n" % number)


# --- what a working proxy answers -------------------------------------------------------------------


def least(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The least object that the asked schema allows."""
    made = _least(body["response_format"]["json_schema"]["schema"])
    assert isinstance(made, dict)
    return made


def _least(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _least(properties[name]) for name in schema.get("required", properties)}
        case "array":
            return [_least(schema["items"]) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return "words"


def by_words(text: str) -> list[float]:
    """A unit vector: texts with words in common lie near each other."""
    vector = [0.0] * DIMENSIONS
    for word in text.lower().split() or [""]:
        vector[sha256(word.encode()).digest()[0] % DIMENSIONS] += 1.0
    length = math.hypot(*vector)
    return [value / length for value in vector]
