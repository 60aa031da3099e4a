"""The routes: statuses, cookies, redirects, problems, and what importing them costs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from chalicelib import wiring
from chalicelib.runtime.settings import Settings
from tests.unit.auth.browser import Answer, Browser, make_client
from tests.unit.auth.memory import SETTINGS, Auth, MemorySessions, SetClock
from tests.unit.auth.provider import FakeIssuer, make_key

CALLBACK = "/api/auth/callback/oidc"


@dataclass
class Site:
    issuer: FakeIssuer
    clock: SetClock
    sessions: MemorySessions
    browser: Browser
    settings: Settings
    auth: Auth

    def another(self, accept: str = "text/html") -> Browser:
        return Browser(self.browser.client, accept=accept)

    def leave(self, subject: str = "ada", browser: Browser | None = None) -> dict[str, str]:
        login = (browser or self.browser).get("/api/auth/login/oidc")
        assert login.status == 303
        return self.issuer.consent(login.location, subject)

    def sign_in(self, subject: str = "ada", browser: Browser | None = None) -> Answer:
        return (browser or self.browser).get(CALLBACK, **self.leave(subject, browser))


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return make_key()


@pytest.fixture
def make_site(key: RSAKey, monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(**changes: Any) -> Site:
        form_post = changes.pop("form_post", False)
        settings = SETTINGS.model_copy(update={"calls_per_minute": 50, **changes})
        clock = SetClock()
        auth = Auth(clock, settings)
        issuer = FakeIssuer(key, lambda: int(clock.now().timestamp()))
        provider = issuer.provider()
        provider.form_post = form_post
        service = auth.sign_in({"oidc": provider})
        monkeypatch.setattr(wiring, "sessions", lambda: auth.sessions)
        monkeypatch.setattr(wiring, "sign_in", lambda: service)
        monkeypatch.setattr(wiring, "tokens", lambda: auth.tokens)
        monkeypatch.setattr(wiring, "admins", lambda: auth.admins)
        monkeypatch.setattr(wiring, "identities", lambda: auth.identities)
        monkeypatch.setattr(wiring.api, "_limiter", lambda: auth.limiter)
        client, routes = make_client()
        monkeypatch.setattr(routes, "settings", lambda: settings)
        return Site(issuer, clock, auth.sessions_table, Browser(client), settings, auth)

    return make


@pytest.fixture
def site(make_site: Any) -> Site:
    made: Site = make_site()
    return made


def attributes(cookie: str) -> set[str]:
    return {part.strip() for part in cookie.split(";")[1:]}


def problem(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json
    assert document["status"] == status
    assert set(document) >= {"type", "title", "detail", "instance"}
    return document


def test_importing_the_routes_loads_no_sign_in_library() -> None:
    heavy = ["authlib", "joserfc", "httpx", "cryptography", "boto3", "pynamodb"]
    code = f"import sys, chalicelib.auth.routes; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_learns_how_to_sign_in(site: Site) -> None:
    assert site.browser.get("/api/auth/providers").json == {
        "providers": [{"name": "oidc", "title": "your account", "login": "api/auth/login/oidc"}]
    }


def test_login_goes_to_the_provider_and_marks_the_browser(site: Site) -> None:
    answer = site.browser.get("/api/auth/login/oidc")
    assert answer.status == 303
    assert answer.location.startswith("https://id.example/authorize?")
    assert attributes(answer.cookies["oo_signin"]) == {
        "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Secure",
    }  # fmt: skip


def test_the_way_back_sets_the_session_and_goes_to_the_page(site: Site) -> None:
    answer = site.sign_in()
    assert (answer.status, answer.location) == (303, "https://oo.example/")
    assert attributes(answer.cookies["sid"]) == {
        "Path=/", "HttpOnly", "SameSite=Lax", f"Max-Age={30 * 86400}", "Secure",
    }  # fmt: skip
    assert "Max-Age=0" in attributes(answer.cookies["oo_signin"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    who = site.browser.get("/api/auth/session").json
    assert who["role"] == "person"
    assert who["person_id"]
    assert who["expires_at"] == "2026-03-31T12:00:00Z"


def test_on_plain_http_the_cookies_are_not_secure(make_site: Any) -> None:
    site: Site = make_site(public_url="http://127.0.0.1:8000")
    cookie = site.sign_in().cookies["sid"]
    assert "Secure" not in attributes(cookie)
    assert {"HttpOnly", "SameSite=Lax"} <= attributes(cookie)


def test_it_comes_back_to_where_it_left(site: Site) -> None:
    login = site.browser.get("/api/auth/login/oidc", return_to="/?from=tip")
    back = site.browser.get(CALLBACK, **site.issuer.consent(login.location, "ada"))
    assert back.location == "https://oo.example/?from=tip"


def test_a_stage_in_the_address_is_part_of_every_redirect(make_site: Any) -> None:
    site: Site = make_site(public_url="https://x.example/v1")
    login = site.browser.get("/api/auth/login/oidc")
    (redirect,) = parse_qs(urlsplit(login.location).query)["redirect_uri"]
    assert redirect == "https://x.example/v1/api/auth/callback/oidc"
    back = site.browser.get(CALLBACK, **site.issuer.consent(login.location, "ada"))
    assert back.location == "https://x.example/v1/"


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "x"])
def test_an_open_redirect_is_refused(site: Site, path: str) -> None:
    answer = site.browser.get("/api/auth/login/oidc", return_to=path)
    assert problem(answer, 422)["errors"][0]["pointer"] == "/return_to"
    assert "oo_signin" not in answer.cookies


def test_a_replayed_callback_gets_no_session(site: Site) -> None:
    back = site.leave()
    mark = dict(site.browser.cookies)
    assert site.browser.get(CALLBACK, **back).status == 303
    for accept in ("application/json", "*/*"):
        replay = Browser(site.browser.client, dict(mark), accept)
        answer = replay.get(CALLBACK, **back)
        assert problem(answer, 400)["reason"] == "state"
        assert "sid" not in answer.cookies
    assert len(site.sessions.rows) == 1


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"error": "access_denied"}, "denied"),
        ({"code": "x", "state": "y"}, "state"),
        ({}, "state"),
    ],
)
def test_a_failed_callback_brings_a_person_back_to_the_page(
    site: Site, query: dict[str, str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.leave()
    answer = site.browser.get(CALLBACK, **query)
    assert answer.status == 303
    assert answer.location == f"https://oo.example/?signin=failed&reason={reason}"
    assert "sid" not in answer.cookies
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["reason"] for line in lines if line["message"] == "sign-in failed"] == [reason]


def test_a_provider_that_is_down_brings_a_person_back_to_the_page(site: Site) -> None:
    site.issuer.failing = [503] * 2
    answer = site.browser.get("/api/auth/login/oidc")
    assert answer.location == "https://oo.example/?signin=failed&reason=unavailable"
    site.issuer.failing = [503] * 2
    assert problem(site.another("application/json").get("/api/auth/login/oidc"), 503)


def test_nothing_personal_is_logged(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    back = site.leave("ada@home.example")
    site.browser.get(CALLBACK, **back)
    site.browser.get(CALLBACK, **back)
    logged = capsys.readouterr().out
    assert "sign-in failed" in logged
    for secret in ("ada@home.example", back["code"], back["state"], *site.browser.cookies.values()):
        assert secret not in logged


def test_an_unknown_provider_is_not_found(site: Site) -> None:
    assert problem(site.browser.get("/api/auth/login/nope"), 404)
    assert problem(site.browser.get("/api/auth/callback/nope"), 404)


def test_a_provider_may_post_the_answer_from_its_own_page(make_site: Any) -> None:
    site: Site = make_site(form_post=True)
    login = site.browser.get("/api/auth/login/oidc")
    assert {"SameSite=None", "Secure"} <= attributes(login.cookies["oo_signin"])
    theirs = {"Origin": "https://id.example", "Host": "oo.example", "Sec-Fetch-Site": "cross-site"}
    back = site.browser.post_form(CALLBACK, site.issuer.consent(login.location, "ada"), theirs)
    assert back.status == 303
    assert "sid" in back.cookies
    assert site.browser.get("/api/auth/session").status == 200


def test_a_posted_answer_from_another_browser_is_refused(site: Site) -> None:
    answer = site.another("application/json").post_form(CALLBACK, site.leave())
    assert problem(answer, 400)["reason"] == "state"


@pytest.mark.parametrize("fields", [{"state": "x" * 600}, {f"f{n}": "x" for n in range(21)}])
def test_a_form_that_is_not_a_providers_is_malformed(site: Site, fields: dict[str, str]) -> None:
    assert problem(site.browser.post_form(CALLBACK, fields), 400)


def test_a_second_sign_in_ends_the_first_session(site: Site) -> None:
    site.sign_in()
    old = site.browser.cookies["sid"]
    site.sign_in()
    assert site.browser.cookies["sid"] != old
    assert problem(Browser(site.browser.client, {"sid": old}).get("/api/auth/session"), 401)
    assert len(site.sessions.rows) == 1


def test_logout_ends_the_session_and_removes_the_cookie(site: Site) -> None:
    site.sign_in()
    old = site.browser.cookies["sid"]
    answer = site.browser.post("/api/auth/logout")
    assert answer.status == 204
    assert "Max-Age=0" in attributes(answer.cookies["sid"])
    assert problem(Browser(site.browser.client, {"sid": old}).get("/api/auth/session"), 401)
    assert site.browser.post("/api/auth/logout").status == 204


def test_another_sites_page_cannot_log_anybody_out(site: Site) -> None:
    site.sign_in()
    answer = site.browser.post("/api/auth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert problem(answer, 403)
    assert site.browser.get("/api/auth/session").status == 200


def test_a_person_sees_and_ends_their_other_sessions(site: Site) -> None:
    laptop, phone, stranger = site.browser, site.another(), site.another()
    site.sign_in("ada", laptop)
    site.sign_in("ada", phone)
    site.sign_in("bob", stranger)
    listed = laptop.get("/api/auth/sessions").json["sessions"]
    assert [s["current"] for s in listed].count(True) == 1
    assert len(listed) == 2
    (other,) = [s["id"] for s in listed if not s["current"]]
    assert problem(stranger.delete(f"/api/auth/sessions/{other}"), 404)
    assert laptop.delete(f"/api/auth/sessions/{other}").status == 204
    assert problem(phone.get("/api/auth/session"), 401)
    assert laptop.get("/api/auth/session").status == 200


def test_the_admin_token(make_site: Any) -> None:
    site: Site = make_site(admin_token_sha256=hashlib.sha256(b"open sesame").hexdigest())
    assert problem(site.browser.post("/api/auth/token", {"token": "open"}), 401)
    assert "sid" not in site.browser.cookies
    answer = site.browser.post("/api/auth/token", {"token": "open sesame"})
    assert (answer.status, answer.json["role"], answer.json["person_id"]) == (200, "admin", None)
    assert site.browser.get("/api/auth/session").json["role"] == "admin"
    assert problem(site.browser.delete("/api/auth/sessions/" + "a" * 64), 401)


def test_the_admin_token_is_off_unless_set(site: Site) -> None:
    assert problem(site.browser.post("/api/auth/token", {"token": "x"}), 403)


def test_over_the_rate_a_call_waits(make_site: Any) -> None:
    site: Site = make_site(calls_per_minute=3)
    site.sign_in()
    statuses = [site.browser.get("/api/auth/session").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = site.browser.get("/api/auth/session")
    assert problem(answer, 429)["retry_after"] == int(answer.headers["Retry-After"]) == 60
    site.clock.forward(seconds=60)
    assert site.browser.get("/api/auth/session").status == 200


@pytest.mark.parametrize("path", ["/api/auth/login/oidc", CALLBACK])
def test_an_address_signs_in_so_often(make_site: Any, path: str) -> None:
    site: Site = make_site(address_calls_per_minute=3)
    for _ in range(3):
        assert site.browser.get(path).status == 303
    refused = site.browser.get(path)
    assert problem(refused, 429)["type"] == "urn:oo:problem:rate-limited"
    assert int(refused.headers["Retry-After"]) <= 60


def test_the_admin_token_is_guessed_so_often(make_site: Any) -> None:
    site: Site = make_site(address_calls_per_minute=3, admin_token_sha256=hashlib.sha256(b"x").hexdigest())
    statuses = [site.browser.post("/api/auth/token", {"token": f"guess {n}"}).status for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


def test_a_person_signs_in_so_often(make_site: Any) -> None:
    """From whatever address: who holds an account at a provider cannot make sessions without end."""
    site: Site = make_site(person_calls_per_minute=3)
    for _ in range(3):
        assert site.sign_in(browser=site.another()).location == "https://oo.example/"
    assert site.sign_in(browser=site.another()).location == (
        "https://oo.example/?signin=failed&reason=rate-limited"
    )
    assert site.sign_in("ben", site.another()).location == "https://oo.example/"
    assert len(site.sessions.rows) == 4
