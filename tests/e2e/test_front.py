"""The front: one origin, problems for what is not there, the flow of sign-in through it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack


def test_health_comes_through(stack: RunningStack) -> None:
    answer = stack.anonymous().get("/api/health/gateway")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_an_unknown_path_is_a_404_problem(stack: RunningStack) -> None:
    answer = stack.anonymous().get("/api/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:oo:problem:not-found"


def test_head_is_get_without_the_body(stack: RunningStack) -> None:
    client = stack.anonymous()
    answer = client.head("/api/health/gateway")
    assert answer.status_code == 200
    assert answer.content == b""
    # The same connection still works: no stray body was left on it.
    assert client.get("/api/health/gateway").json()["module"] == "gateway"


def raw(stack: RunningStack, head: str, body: str = "") -> bytes:
    """The first line of the answer to a request that no client would send."""
    address = urlsplit(stack.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        sent = f"POST /api/signals HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n"
        connection.sendall((sent + body).encode())
        return connection.recv(64)


def test_wild_lengths_are_problems(stack: RunningStack) -> None:
    for head, status in (
        ("Content-Length: -5", 400),
        ("Content-Length: x", 400),
        (f"Content-Length: {10**9}", 413),
        # Two readers could find two ends of it.
        ("Transfer-Encoding: chunked\r\nContent-Length: 2", 400),
        ("Transfer-Encoding: gzip, chunked", 400),
    ):
        assert raw(stack, head).startswith(f"HTTP/1.1 {status} ".encode()), head


def test_a_body_may_come_in_chunks(stack: RunningStack) -> None:
    chunked = "Transfer-Encoding: chunked"
    assert raw(stack, chunked, "2\r\n{}\r\n0\r\n\r\n").startswith(b"HTTP/1.1 401 ")
    assert raw(stack, chunked, "x\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(stack, chunked, "fffffff\r\n").startswith(b"HTTP/1.1 413 ")


def test_the_page_by_another_name_is_sent_to_its_own(stack: RunningStack) -> None:
    """At http://localhost the sign-in could not finish: its cookies and its return belong to 127.0.0.1."""
    client, other = stack.anonymous(), {"Host": f"localhost:{urlsplit(stack.url).port}"}
    answer = client.get("/?signin=done", headers=other, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{stack.url}/?signin=done"
    assert answer.headers["cache-control"] == "no-store"
    assert stack.url in answer.text
    # Its own name, and what is no page, are answered as they are.
    assert client.get("/", follow_redirects=False).status_code == 200
    assert client.get("/api/health/gateway", headers=other, follow_redirects=False).status_code == 200


def test_two_people_sign_in_and_stay_apart(stack: RunningStack) -> None:
    ada, ben = stack.sign_in("front-ada"), stack.sign_in("front-ben")
    people = {client.get("/api/auth/session").json()["person_id"] for client in (ada, ben)}
    assert len(people) == 2
    again = stack.sign_in("front-ada").get("/api/auth/session").json()["person_id"]
    assert again in people


def test_who_does_not_sign_in_gets_401(stack: RunningStack) -> None:
    assert stack.anonymous().post("/api/recommend", json={}).status_code == 401


def test_every_function_has_its_real_name(stack: RunningStack) -> None:
    from infra.functions import FUNCTIONS

    found = {f["FunctionName"] for f in stack.client("lambda").list_functions(MaxItems=50)["Functions"]}
    assert found >= {fn.physical("local") for fn in FUNCTIONS}
