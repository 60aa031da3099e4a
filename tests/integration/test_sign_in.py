"""Sign-in end to end: the routes, DynamoDB and SSM of a cloud, and a real OpenID Connect provider."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from chalicelib import wiring
from chalicelib.runtime.settings import settings
from tests.unit.auth.browser import Browser, make_client
from tests.unit.auth.memory import SetClock

CALLBACK = "/api/auth/callback/oidc"
ADMIN = "an admin token of some length"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider on a free port, stopped afterwards."""
    from oo_local.ports import free_port

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/.well-known/openid-configuration", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the provider ended"
                assert time.monotonic() < deadline, "the provider did not start"
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Site:
    issuer: str
    browser: Browser
    sent: list[httpx.Request]
    """What sign-in sent to the provider."""
    cloud: Any

    def another(self, accept: str = "text/html") -> Browser:
        return Browser(self.browser.client, accept=accept)

    def leave(self, browser: Browser | None = None, return_to: str = "/") -> str:
        login = (browser or self.browser).get("/api/auth/login/oidc", return_to=return_to)
        assert login.status == 303, login.body
        return login.location

    def consent(self, url: str, subject: str = "", **form: str) -> str:
        """Answer the provider's page; where it sends the browser."""
        answer = httpx.post(url, data={**form, **({"sub": subject} if subject else {})}, timeout=30)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def sign_in(self, subject: str, browser: Browser | None = None) -> str:
        browser = browser or self.browser
        back = browser.get(self.consent(self.leave(browser), subject))
        assert back.status == 303, back.body
        assert back.location == "http://127.0.0.1:8000/"
        person = browser.get("/api/auth/session").json["person_id"]
        assert isinstance(person, str)
        return person

    def rows(self, store: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.cloud.client("dynamodb").scan(TableName=f"oo-local-{store}")[
            "Items"
        ]
        return items


@pytest.fixture
def site(aws: Any, issuer: str) -> Iterator[Site]:
    aws.client("ssm").put_parameter(
        Name="/oo/local/oidc-client-secret", Value="the secret", Type="SecureString", Overwrite=True
    )
    sent: list[httpx.Request] = []
    forward = httpx.HTTPTransport.handle_request

    def record(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return forward(transport, request)

    client, _ = make_client()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", record)
        patch.setenv("OO_ADMIN_TOKEN_SHA256", hashlib.sha256(ADMIN.encode()).hexdigest())
        patch.setenv("OO_OIDC_ISSUER", issuer)
        forget()
        yield Site(issuer, Browser(client), sent, aws)
    forget()


def forget() -> None:
    """Read the environment again."""
    for kept in (
        settings,
        wiring.sessions,
        wiring.sign_in,
        wiring.tokens,
        wiring.signing_keys,
        wiring.admins,
        wiring.limiter,
    ):
        kept.cache_clear()
    wiring.identities.cache_clear()


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_person_signs_in_and_stays_the_same_person(site: Site) -> None:
    zoe = site.sign_in("zoe")
    assert site.sign_in("zoe", site.another()) == zoe
    assert site.sign_in("bob", site.another()) != zoe
    assert len(site.rows("identities")) == 2
    assert len(site.rows("sessions")) == 3
    assert site.rows("sign-ins") == []
    kept = repr([site.rows(store) for store in ("identities", "sessions")])
    # A name that no hash can have in it by chance, as "ada" can.
    assert "zoe" not in kept
    assert site.browser.cookies["sid"] not in kept


def test_what_goes_to_the_provider_is_pkce_with_our_own_verifier(site: Site) -> None:
    # The provider accepts any verifier, so what is sent is checked here.
    url = site.leave()
    (row,) = site.rows("sign-ins")
    verifier = row["verifier"]["S"]
    hashed = hashlib.sha256(verifier.encode()).digest()
    asked = query(url)
    assert asked["code_challenge"] == base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    assert asked["code_challenge_method"] == "S256"
    assert asked["nonce"] == row["nonce"]["S"]
    assert hashlib.sha256(asked["state"].encode()).hexdigest() == row["state"]["S"]
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/api/auth/callback/oidc"
    site.browser.get(site.consent(url, "ada"))
    (exchange,) = [r for r in site.sent if r.url.path == "/oauth2/token"]
    form = {name: values[0] for name, values in parse_qs(exchange.content.decode()).items()}
    assert form["code_verifier"] == verifier
    assert form["redirect_uri"] == asked["redirect_uri"]
    basic = exchange.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic) == b"oo:the secret"


def test_a_replayed_callback_is_refused(site: Site) -> None:
    back = site.consent(site.leave(), "ada")
    mark = dict(site.browser.cookies)
    assert "sid" in site.browser.get(back).cookies
    replay = Browser(site.browser.client, mark, "application/json").get(back)
    assert (replay.status, replay.json["reason"]) == (400, "state")
    assert "sid" not in replay.cookies
    assert len(site.rows("sessions")) == 1


def test_of_concurrent_callbacks_one_signs_in(site: Site) -> None:
    back = site.consent(site.leave(), "ada")
    finish, start = wiring.sign_in().finish, threading.Barrier(4)
    headers = {"cookie": f"oo_signin={site.browser.cookies['oo_signin']}"}
    from chalicelib.auth.contract import SignInRefused
    from chalicelib.auth.http import Callback

    outcomes: list[str] = []

    def come_back() -> None:
        start.wait(10)
        try:
            finish("oidc", Callback(**query(back)), headers)  # type: ignore[arg-type]
            outcomes.append("in")
        except SignInRefused as refused:
            outcomes.append(refused.reason)

    threads = [threading.Thread(target=come_back) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["in", "state", "state", "state"]
    assert len(site.rows("sessions")) == 1


def test_another_browser_cannot_use_the_callback(site: Site) -> None:
    back = site.consent(site.leave(), "ada")
    thief = site.another("application/json").get(back)
    assert (thief.status, thief.json["reason"]) == (400, "state")
    assert "sid" in site.browser.get(back).cookies


def test_a_changed_state_is_refused(site: Site) -> None:
    back = query(site.consent(site.leave(), "ada"))
    site.browser.accept = "application/json"
    answer = site.browser.get(f"{CALLBACK}?{urlencode({**back, 'state': 'x' * 43})}")
    assert (answer.status, answer.json["reason"]) == (400, "state")


def test_a_made_up_code_is_refused_by_the_provider(site: Site) -> None:
    back = query(site.consent(site.leave(), "ada"))
    site.browser.accept = "application/json"
    answer = site.browser.get(f"{CALLBACK}?{urlencode({**back, 'code': 'made-up'})}")
    assert (answer.status, answer.json["reason"]) == (400, "code")


def test_a_token_with_another_nonce_is_refused(site: Site) -> None:
    # A code of another sign-in: the provider vouches for it, but with that sign-in's nonce.
    other = query(site.consent(site.leave(site.another()), "eve"))
    mine = query(site.consent(site.leave(), "ada"))
    site.browser.accept = "application/json"
    answer = site.browser.get(f"{CALLBACK}?{urlencode({'state': mine['state'], 'code': other['code']})}")
    assert (answer.status, answer.json["reason"]) == (400, "token")
    assert "nonce" in answer.json["detail"]
    assert site.rows("sessions") == []


def test_a_no_at_the_provider_brings_the_person_back(site: Site) -> None:
    answer = site.browser.get(site.consent(site.leave(), action="deny"))
    assert answer.status == 303
    assert answer.location == "http://127.0.0.1:8000/?signin=failed&reason=denied"


def test_an_unreachable_provider_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from oo_local.ports import free_port

    monkeypatch.setenv("OO_OIDC_ISSUER", f"http://127.0.0.1:{free_port()}")
    forget()
    answer = site.another("application/json").get("/api/auth/login/oidc")
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_sessions_are_listed_revoked_and_ended(site: Site) -> None:
    phone = site.another()
    site.sign_in("ada")
    site.sign_in("ada", phone)
    listed = site.browser.get("/api/auth/sessions").json["sessions"]
    (other,) = [s["id"] for s in listed if not s["current"]]
    assert site.browser.delete(f"/api/auth/sessions/{other}").status == 204
    assert phone.get("/api/auth/session").status == 401
    assert site.browser.post("/api/auth/logout").status == 204
    assert site.browser.get("/api/auth/session").status == 401
    assert site.rows("sessions") == []


def test_the_admin_signs_in_with_the_token(site: Site) -> None:
    assert site.browser.post("/api/auth/token", {"token": "wrong"}).status == 401
    assert site.browser.post("/api/auth/token", {"token": ADMIN}).json["role"] == "admin"
    who = site.browser.get("/api/auth/session").json
    assert (who["person_id"], who["role"]) == (None, "admin")


def test_an_address_and_a_person_are_counted_in_the_table(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OO_ADDRESS_CALLS_PER_MINUTE", "4")
    monkeypatch.setenv("OO_PERSON_CALLS_PER_MINUTE", "1")
    now = SetClock(datetime.now(UTC))  # no minute ends meanwhile
    monkeypatch.setattr(wiring, "clock", lambda: now)
    forget()
    site.sign_in("ada")  # two calls of the address, one of the person
    again = site.another()
    refused = again.get(site.consent(site.leave(again), "ada"))
    assert refused.location == "http://127.0.0.1:8000/?signin=failed&reason=rate-limited"
    over = site.another("application/json").get("/api/auth/login/oidc")
    assert (over.status, over.json["type"]) == (429, "urn:oo:problem:rate-limited")
    assert 0 < int(over.headers["Retry-After"]) <= 60
    assert len(site.rows("rates")) == 2
    assert "127.0.0.1" not in repr(site.rows("rates"))
    assert len(site.rows("sessions")) == 1


def test_health(site: Site) -> None:
    assert wiring.sign_in().health().status == "ok"
