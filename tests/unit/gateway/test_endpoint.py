"""Every route goes through `endpoint`: authentication, validation, errors, headers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from chalice.app import Blueprint
from chalice.test import Client
from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.errors import Forbidden, NotFound, RateLimited, Unauthenticated
from chalicelib.contracts.http import Principal
from chalicelib.gateway.app import App
from chalicelib.gateway.call import Call, Reply
from chalicelib.gateway.endpoint import Gateway
from chalicelib.gateway.limits import Limits
from chalicelib.gateway.openapi import document
from chalicelib.runtime.clock import RandomIds
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import Settings
from tests.unit.auth.memory import SetClock
from tests.unit.gateway.memory import MemoryRates

SETTINGS = Settings(stage="local", address_calls_per_minute=3, person_calls_per_minute=4)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int


class Answer(BaseModel):
    doubled: int


class Doors:
    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        match headers.get("cookie", ""):
            case "sid=person":
                return Principal(person_id="p1")
            case "sid=admin":
                return Principal(role="admin")
            case "sid=eager":
                raise RateLimited("Wait.", retry_after=7)
        raise Unauthenticated("Sign in first.")

    def admit(self, principal: Principal, action: str, trace_id: str) -> None:
        if principal.role != "admin":
            raise Forbidden("This needs an admin's session.")


def make() -> tuple[App, Gateway]:
    app = App(app_name="t", configure_logs=False)
    bp = Blueprint(__name__)
    limiter = Limits(MemoryRates(), SetClock(), SETTINGS)
    api = Gateway(Doors, lambda: limiter, RandomIds(), logger("test"), proxies=lambda: 1)

    @api.endpoint(bp, "POST", "/double", body=Body, answers={200: Answer}, access="person")
    def double(call: Call[Body]) -> Answer:
        """Double a number."""
        return Answer(doubled=2 * call.body.number)

    @api.endpoint(bp, "GET", "/things/{thing}", answers={200: Answer}, access="person")
    def thing(call: Call[bytes]) -> Answer:
        """Read a thing."""
        raise NotFound(f"No thing of yours is called {len(call.path['thing'])} letters.")

    @api.endpoint(bp, "GET", "/boom", answers={200: Answer}, access="anyone")
    def boom(call: Call[bytes]) -> Answer:
        """Fail."""
        raise ValueError("personal: Mira's invoice")

    @api.endpoint(bp, "POST", "/admin-only", answers={204: None}, access="admin")
    def admin_only(call: Call[bytes]) -> Reply:
        """For admins."""
        return Reply(status=204)

    @api.endpoint(bp, "GET", "/cookies", answers={200: "text/plain"}, access="anyone")
    def cookies(call: Call[bytes]) -> Reply:
        """Two cookies."""
        return Reply(body="hi", content_type="text/plain", cookies=["a=1", "b=2"])

    @api.endpoint(bp, "POST", "/knock", answers={204: None}, access="anyone", limit="address")
    def knock(call: Call[bytes]) -> Reply:
        """For anyone, but not too often."""
        return Reply(status=204)

    app.register_blueprint(bp)
    return app, api


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(make()[0]) as client:
        yield client


PERSON = {"Cookie": "sid=person", "Content-Type": "application/json"}


def send(client: Client, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    return getattr(client.http, method)(path, headers={**PERSON, **headers}, body=body)


def problem(answer: Any) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answer.body)
    assert document["type"].startswith("urn:oo:problem:")
    assert document["status"] == answer.status_code
    assert document["detail"]
    return document


def test_a_good_request_is_answered(client: Client) -> None:
    answer = send(client, "post", "/double", b'{"number": 21}')
    assert (answer.status_code, answer.json_body) == (200, {"doubled": 42})
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Trace-Id"]


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[1]", 400, "malformed"),
        (b"[" * 60_000, 400, "malformed"),
        (b"{}", 422, "invalid"),
        (b'{"number": "many"}', 422, "invalid"),
        (b'{"number": 1, "colour": "red"}', 422, "invalid"),
        (b'{"number": 1, "number": 2}', 400, "malformed"),
        (b'{"number": 1, "colour": {"a": [], "a": []}}', 400, "malformed"),
        (b"x" * 1_000_000, 413, "too-large"),
    ],
    ids=["json", "utf8", "array", "deep", "missing", "type", "unknown", "twice", "twice-inside", "large"],
)
def test_bad_bodies_are_named(client: Client, body: bytes, status: int, slug: str) -> None:
    document = problem(send(client, "post", "/double", body))
    assert (document["status"], document["type"]) == (status, f"urn:oo:problem:{slug}")


def test_each_wrong_field_is_named_without_its_value(client: Client) -> None:
    document = problem(send(client, "post", "/double", b'{"number": "Mira", "extra": 1}'))
    assert [e["pointer"] for e in document["errors"]] == ["/number", "/extra"]
    assert "Mira" not in json.dumps(document)


def test_who_is_asked_first(client: Client) -> None:
    assert problem(send(client, "post", "/double", b"{", Cookie=""))["status"] == 401
    assert problem(send(client, "post", "/double", b"{", Cookie="sid=admin"))["status"] == 401
    assert problem(send(client, "post", "/admin-only"))["status"] == 403
    assert send(client, "post", "/admin-only", Cookie="sid=admin").status_code == 204
    limited = send(client, "post", "/double", Cookie="sid=eager")
    assert problem(limited)["status"] == 429
    assert limited.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Host": "oo.example"},
        {"Origin": "http://[::1", "Host": "oo.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_page_is_refused(client: Client, headers: dict[str, str]) -> None:
    assert problem(send(client, "post", "/double", b'{"number": 1}', **headers))["status"] == 403


def test_own_page_behind_the_proxy_is_accepted(client: Client) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Host": "inner", "X-Forwarded-Host": "127.0.0.1:8000"}
    assert send(client, "post", "/double", b'{"number": 1}', **headers).status_code == 200


def test_an_unexpected_error_tells_nothing_personal(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = send(client, "get", "/boom")
    assert problem(answer)["instance"] == answer.headers["X-Trace-Id"]
    output = capsys.readouterr().out
    assert "Mira" not in answer.body.decode() + output
    assert "ValueError" in output


def test_errors_that_chalice_answers_have_the_one_shape() -> None:
    app, _ = make()
    with Client(app) as client:
        assert problem(send(client, "get", "/double"))["status"] == 405
        assert problem(send(client, "post", "/double", b"x", **{"Content-Type": "text/xml"}))["status"] == 415


def test_a_given_trace_id_is_kept_and_a_strange_one_replaced(client: Client) -> None:
    assert (
        send(client, "get", "/cookies", **{"X-Trace-Id": "trace-12345"}).headers["X-Trace-Id"]
        == "trace-12345"
    )
    assert (
        "\n" not in send(client, "get", "/cookies", **{"X-Trace-Id": "a\nb: c d e f"}).headers["X-Trace-Id"]
    )


def test_several_cookies(client: Client) -> None:
    answer = send(client, "get", "/cookies")
    assert answer.status_code == 200
    assert answer.body == b"hi"


def test_the_document_says_all_of_it() -> None:
    _, api = make()
    paths = document(api.specs)["paths"]
    assert paths["/double"]["post"]["summary"] == "Double a number"
    assert set(paths["/double"]["post"]["responses"]) >= {
        "200",
        "400",
        "401",
        "403",
        "413",
        "422",
        "429",
        "500",
    }
    assert paths["/things/{thing}"]["get"]["parameters"][0]["name"] == "thing"
    assert "security" not in paths["/boom"]["get"]


# --- how often --------------------------------------------------------------------------------


def knock(client: Client, address: str) -> Any:
    return send(
        client, "post", "/knock", b"", **{"Content-Type": "application/json", "X-Forwarded-For": address}
    )


def test_an_address_without_a_session_is_counted(client: Client) -> None:
    assert [knock(client, "203.0.113.7").status_code for _ in range(4)] == [204, 204, 204, 429]
    refused = knock(client, "10.1.1.1, 203.0.113.7")
    assert problem(refused)["type"] == "urn:oo:problem:rate-limited"
    assert refused.headers["Retry-After"] == "60"
    assert knock(client, "203.0.113.8").status_code == 204


def test_a_person_who_changes_things_is_counted_over_all_sessions(client: Client) -> None:
    answers = [send(client, "post", "/double", b'{"number": 1}').status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert send(client, "get", "/things/x").status_code == 404  # reading is the session's affair


def test_another_sites_page_spends_nobodys_calls(client: Client) -> None:
    for _ in range(9):
        foreign = send(client, "post", "/double", b'{"number": 1}', Origin="https://evil.example")
        assert foreign.status_code == 403
    assert send(client, "post", "/double", b'{"number": 1}').status_code == 200
