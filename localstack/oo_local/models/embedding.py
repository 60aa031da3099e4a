"""An embedder behind an OpenAI-compatible address.

    python -m oo_local.models.embedding PORT WEIGHTS NAME

Runs in the environment `.oo/ai`, on wordllama: static vectors of words, pooled; thousands of texts a second.
The key stands in OO_MODEL_SERVERS_KEY. Nothing of a request is logged.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

HOST: Final = "127.0.0.1"
DIMENSIONS: Final = 256
MAX_BYTES: Final = 1_000_000
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


def server(port: int, name: str, key: str, embed: Embed) -> ThreadingHTTPServer:
    """A server of `GET /health` and, with the key, `POST /v1/embeddings`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two of them wait for each other (40 ms).
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/health" else 404, {})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= MAX_BYTES:
                self.close_connection = True
                return self._answer(413, _error("the body is empty or too large"))
            body = self.rfile.read(length)
            said = self.headers.get("Authorization", "")
            if not hmac.compare_digest(said.encode(), f"Bearer {key}".encode()):
                return self._answer(401, _error("the key is wrong"))
            if self.path != "/v1/embeddings":
                return self._answer(404, _error("there is only /v1/embeddings"))
            try:
                texts = _texts(json.loads(body))
            except ValueError as error:
                return self._answer(400, _error(str(error)))
            return self._answer(200, _document(name, texts, embed(texts)))

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    return ThreadingHTTPServer((HOST, port), Handler)


def _texts(asked: Any) -> list[str]:
    given = asked.get("input") if isinstance(asked, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError("input must be a text or a list of texts")
    return texts


def _document(name: str, texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> dict[str, Any]:
    # It has no tokens in a model's sense: words are what it reads.
    read = sum(len(text.split()) for text in texts)
    return {
        "object": "list",
        "model": name,
        "data": [
            {"object": "embedding", "index": index, "embedding": _unit(vector)}
            for index, vector in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }


def _unit(vector: Sequence[float]) -> list[float]:
    """Of length 1; of a text without a known word all zeros, where the library's own division gives NaN."""
    values = [float(value) for value in vector]
    length = math.hypot(*values) or 1.0
    return [value / length for value in values]


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error"}}


def main(arguments: list[str]) -> int:
    """Serve until the process is ended."""
    import wordllama

    port, weights, name = arguments
    folder = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(weights, cache_dir=folder, dim=DIMENSIONS, disable_download=True)
    here = server(int(port), name, os.environ["OO_MODEL_SERVERS_KEY"], model.embed)
    print(f"{name} answers at http://{HOST}:{here.server_port}/v1", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        here.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
