"""What holds of every route, made from what the routes themselves promise: a new one is held to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.test import Client

from app import app
from chalicelib import wiring
from chalicelib.gateway.call import FORM, Spec
from chalicelib.gateway.endpoint import SECURITY_HEADERS
from tests.unit.gateway.memory import Unlimited

SPECS = sorted(wiring.api.specs, key=lambda spec: (spec.path, spec.method))
CHANGING = [spec for spec in SPECS if spec.method not in {"GET", "HEAD"}]
# Another site must be able to send this: a provider's form. State and cookie are its proof.
CROSS_SITE = {"POST /api/auth/callback/{provider}"}
# What anyone may ask for at any rate: nothing secret can be guessed there, and nothing is changed.
UNLIMITED = {
    "GET /", "GET /admin", "GET /assets/{name}", "GET /sw.js", "GET /manifest.webmanifest", "GET /api/docs",
    "GET /api/health", "GET /api/health/{module}", "GET /api/openapi.json", "GET /api/auth/providers",
    "GET /.well-known/jwks.json", "GET /api/profile/consents/texts/{version}",
    # To sign out must always work; without a session it does nothing.
    "POST /api/auth/logout",
    # Its signature is checked before anything is done.
    "POST /api/webhooks/{source}",
}  # fmt: skip
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://oo.example"[:-8] + "oo.example.evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "invented"},
]


def named(spec: Spec) -> str:
    return f"{spec.method} {spec.path}"


every_change = pytest.mark.parametrize("spec", CHANGING, ids=named)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Unlimited:
    """Whoever is asked who calls, or how often, is noted; nobody is known."""
    limiter = Unlimited()

    class Nobody:
        def authenticate(self, headers: Any) -> Any:
            limiter.asked.append("who")
            from chalicelib.contracts.errors import Unauthenticated

            raise Unauthenticated("Sign in first.")

    monkeypatch.setattr(wiring.api, "_limiter", lambda: limiter)
    monkeypatch.setattr(wiring.api, "_authenticator", Nobody)
    monkeypatch.setattr(wiring.api, "_proxies", lambda: 0)
    return limiter


@pytest.fixture
def client(asked: Unlimited) -> Iterator[Client]:
    with Client(app) as made:
        yield made


def send(client: Client, spec: Spec, headers: dict[str, str]) -> Any:
    content = {"Content-Type": FORM if spec.form or spec.cross_site else "application/json"}
    path = spec.path.replace("{", "").replace("}", "")
    return client.http.request(
        spec.method, path, headers={"Host": "oo.example", **content, **headers}, body=b"{}"
    )


def test_all_routes_are_seen() -> None:
    assert len(SPECS) > 40
    assert {"POST /api/signals", "POST /api/recommend", "DELETE /api/me"} <= {named(s) for s in CHANGING}


@every_change
def test_another_sites_page_changes_nothing(client: Client, asked: Unlimited, spec: Spec) -> None:
    """Refused before anybody is asked who calls: a cookie that the browser sent along is worth nothing."""
    if named(spec) in CROSS_SITE:
        assert spec.cross_site
        return
    for headers in FOREIGN:
        answer = send(client, spec, {"Cookie": "sid=" + "A" * 43, **headers})
        assert answer.status_code == 403, headers
        assert json.loads(answer.body)["type"] == "urn:oo:problem:forbidden"
    assert asked.asked == []


@every_change
def test_no_other_route_takes_what_another_site_sends(spec: Spec) -> None:
    assert spec.cross_site is (named(spec) in CROSS_SITE)


@pytest.mark.parametrize("spec", [s for s in CHANGING if s.body is not None], ids=named)
@pytest.mark.parametrize("content", ["text/plain", FORM, "multipart/form-data; boundary=x"])
def test_what_a_form_can_send_is_no_json(client: Client, asked: Unlimited, spec: Spec, content: str) -> None:
    """The wall behind: a page without scripts can send only these, and no browser asks before it does."""
    answer = send(client, spec, {"Content-Type": content})
    assert answer.status_code == 415
    assert asked.asked == []


@pytest.mark.parametrize("spec", [s for s in SPECS if s.access != "anyone"], ids=named)
def test_nobody_unknown_gets_in(client: Client, asked: Unlimited, spec: Spec) -> None:
    answer = send(client, spec, {})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_somebodys_calls_are_counted(spec: Spec) -> None:
    """Beside the session's own: an address where there is none, and a person who changes things."""
    if spec.access == "anyone":
        assert spec.limit == ("none" if named(spec) in UNLIMITED else "address")
    elif spec.access == "person" and spec in CHANGING:
        # The recommender counts new tips itself, in the row that it writes anyway.
        assert spec.limit == ("none" if named(spec) == "POST /api/recommend" else "person")
