"""The embedder of one machine: OpenAI's protocol, as far as it goes, and what it refuses."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence

import httpx
import pytest

from oo_local.models.embedding import MAX_BYTES, server

KEY = "k-1"


def embed(texts: Sequence[str]) -> list[list[float]]:
    """The count of letters and of spaces; of an empty text nothing."""
    return [[float(len(text) - text.count(" ")), float(text.count(" "))] for text in texts]


@pytest.fixture
def url() -> Iterator[str]:
    here = server(0, "counter", KEY, embed)
    thread = threading.Thread(target=here.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{here.server_port}"
    here.shutdown()
    here.server_close()
    thread.join()


def ask(url: str, key: str = KEY, path: str = "/v1/embeddings", **body: object) -> httpx.Response:
    return httpx.post(f"{url}{path}", json=body, headers={"Authorization": f"Bearer {key}"})


def test_vectors_of_length_one_in_the_texts_order(url: str) -> None:
    document = ask(url, model="embedder", input=["abc d", "xy"]).json()
    vectors = [one["embedding"] for one in document["data"]]
    assert vectors == [pytest.approx([4 / math.sqrt(17), 1 / math.sqrt(17)]), [1.0, 0.0]]
    assert [one["index"] for one in document["data"]] == [0, 1]
    assert document["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert ask(url, input="one text").json()["data"][0]["embedding"]


def test_a_text_without_a_known_word_is_no_nan(url: str) -> None:
    assert ask(url, input=[""]).json()["data"][0]["embedding"] == [0.0, 0.0]


def test_what_it_refuses(url: str) -> None:
    assert ask(url, key="wrong", input=["a"]).status_code == 401
    assert ask(url, path="/v1/chat/completions", input=["a"]).status_code == 404
    for wrong in ([], [1], None, {"a": 1}):
        assert ask(url, input=wrong).status_code == 400
    headers = {"Authorization": f"Bearer {KEY}"}
    assert httpx.post(f"{url}/v1/embeddings", content=b"{", headers=headers).status_code == 400
    assert httpx.post(f"{url}/v1/embeddings", headers=headers).status_code == 413
    assert httpx.post(f"{url}/v1/embeddings", content=b"x" * (MAX_BYTES + 1)).status_code == 413
    assert httpx.get(f"{url}/health").status_code == 200
