"""The deployed stack towards the world: headers, other sites' pages, redirects, sizes, methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.e2e.people import Operation, anonymous, call, operations, person, problem

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

CHANGING = [operation for operation in operations() if operation.method not in {"GET", "HEAD"}]
PLAIN = [o for o in operations() if o.method == "GET" and not o.templated]
ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "https:evil.example", "javascript:alert(1)", "/%0d%0aLocation:https://evil.example\r\n", "",
    "http://127.0.0.1:8000@evil.example", "///evil.example", "/\x00/evil.example", " /x",
]  # fmt: skip


@pytest.mark.parametrize("operation", PLAIN, ids=str)
def test_every_answer_carries_the_headers(stack: RunningStack, operation: Operation) -> None:
    answer = stack.anonymous().get(operation.path)
    policy = {
        name: set(sources)
        for name, *sources in (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    }
    assert policy["default-src"] == {"'none'"}
    for kind in ("script-src", "style-src", "img-src", "connect-src", "worker-src", "manifest-src"):
        assert policy[kind] == {"'self'"}, kind
    assert policy["frame-ancestors"] == policy["base-uri"] == {"'none'"}
    assert policy["form-action"] == {"'self'"}
    assert policy["require-trusted-types-for"] == {"'script'"}
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    told = {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: answer.headers.get(name) for name in told} == told
    assert "charset" in answer.headers["Content-Type"] or "json" in answer.headers["Content-Type"]
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers.get("server", "oO") == "oO"
    assert "x-powered-by" not in answer.headers


@pytest.mark.parametrize("operation", [o for o in PLAIN if o.path.startswith("/api/")], ids=str)
def test_no_answer_of_the_api_is_kept_by_a_cache(stack: RunningStack, operation: Operation) -> None:
    kept = stack.anonymous().get(operation.path).headers["Cache-Control"]
    assert kept == ("no-cache" if operation.path == "/api/docs" else "no-store")


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_another_sites_page_changes_nothing(stack: RunningStack, operation: Operation) -> None:
    """With a live session of the person whose browser it is; it still is live afterwards."""
    if operation.path == "/api/auth/callback/{provider}":
        return  # a provider's form; state and cookie prove it (tests/unit/auth)
    who = person(stack)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        who.client.headers.update(headers)
        problem(call(who.client, operation, str(uuid4())), 403, "forbidden")
        for name in headers:
            del who.client.headers[name]
    assert who.client.get("/api/auth/session").json()["person_id"] == who.id


@pytest.mark.parametrize("there", ELSEWHERE, ids=repr)
def test_sign_in_leads_nowhere_else(stack: RunningStack, there: str) -> None:
    answer = anonymous(stack).get("/api/auth/login/oidc", params={"return_to": there})
    if answer.status_code == 303:
        # Harmless as it was read: it goes to the provider, and comes back here.
        assert urlsplit(answer.headers["location"]).hostname == "127.0.0.1"
    else:
        problem(answer, 422, "invalid")


def test_a_host_that_is_not_ours_is_in_no_redirect(stack: RunningStack) -> None:
    nobody = stack.anonymous()
    for headers in ({"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        begun = nobody.get("/api/auth/login/oidc", headers=headers)
        assert "evil.example" not in begun.headers["location"]
        back = nobody.get(
            "/api/auth/callback/oidc?state=x&code=y", headers={**headers, "Accept": "text/html"}
        )
        assert back.headers["location"].startswith(f"{stack.url}/?signin=failed")


def test_the_cookie_of_a_session_is_out_of_reach(stack: RunningStack) -> None:
    answer = stack.anonymous().post("/api/auth/token", json={"token": stack.admin_token})
    parts = {part.strip().partition("=")[0].lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite", "path", "max-age"} <= parts
    assert "SameSite=Lax" in answer.headers["set-cookie"]
    # Secure is added with https (tests/unit/auth); this machine has none.


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_methods_that_are_not_ours_do_nothing(stack: RunningStack, method: str) -> None:
    assert stack.anonymous().request(method, "/api/health").status_code in {404, 405}


def test_a_body_above_the_limit_is_refused_unread(stack: RunningStack) -> None:
    who = person(stack)
    limits: dict[str, Any] = {"/api/recommend": 64 * 1024, "/api/profile": 64 * 1024}
    for path, limit in limits.items():
        method = "PATCH" if path == "/api/profile" else "POST"
        answer = who.client.request(
            method,
            path,
            content=b'{"x":"' + b"a" * limit + b'"}',
            headers={"Content-Type": "application/json"},
        )
        problem(answer, 413, "too-large")
