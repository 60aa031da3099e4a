"""An app signs in through the deployed stack: code and verifier, tokens, refresh, reuse, sign-out."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.e2e.people import check_answer, person, problem

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

REDIRECT = "oo://signin"


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Phone:
    """An app and the browser that it borrows."""

    stack: RunningStack
    subject: str = field(default_factory=lambda: f"phone-{uuid4()}")
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    tokens: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = self.stack.anonymous()
        self.api = self.stack.anonymous()
        self.api.event_hooks["response"].append(check_answer)

    def code(self) -> str:
        """Sign in in the browser; the code that the app is opened with."""
        query = {
            "client": "mobile", "redirect_uri": REDIRECT, "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256", "state": self.state,
        }  # fmt: skip
        login = self.browser.get("/api/auth/login/oidc", params=query)
        assert login.status_code == 303, login.text
        consent = self.browser.post(login.headers["location"], data={"sub": self.subject})
        back = self.browser.get(consent.headers["location"])
        assert back.status_code == 303, back.text
        there = back.headers["location"]
        assert there.startswith(REDIRECT + "?"), there
        told = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
        assert (told["state"], told["iss"]) == (self.state, self.stack.url)
        assert "sid" not in back.cookies, "the browser is only borrowed"
        return told["code"]

    def token(self, **form: str) -> httpx.Response:
        return self.api.post("/api/auth/oauth/token", data={"client_id": "mobile", **form})

    def redeem(self, given: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code", "code": given, "redirect_uri": REDIRECT,
            "code_verifier": self.verifier, **changes,
        }  # fmt: skip
        return self.token(**form)

    def refresh(self, token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def sign_in(self) -> None:
        answer = self.redeem(self.code())
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    def get(self, path: str, token: str = "") -> httpx.Response:
        return self.api.get(path, headers={"Authorization": f"Bearer {token or self.tokens['access_token']}"})


@pytest.fixture
def phone(stack: RunningStack) -> Phone:
    return Phone(stack)


def test_an_app_signs_in_uses_and_refreshes(stack: RunningStack, phone: Phone) -> None:
    phone.sign_in()
    who = phone.get("/api/auth/session").json()
    browser = stack.sign_in(phone.subject)
    assert who["person_id"] == browser.get("/api/auth/session").json()["person_id"], "the same person"
    fresh = phone.refresh(phone.tokens["refresh_token"])
    assert fresh.status_code == 200
    assert phone.get("/api/profile", fresh.json()["access_token"]).status_code == 200
    answer = phone.api.post(
        "/api/recommend", json={}, headers={"Authorization": f"Bearer {fresh.json()['access_token']}"}
    )
    assert answer.json()["reason"] == "consent_required"


def test_the_token_is_signed_by_a_published_key(stack: RunningStack, phone: Phone) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    phone.sign_in()
    head, body, signature = phone.tokens["access_token"].split(".")
    told = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert told["alg"] == "EdDSA"
    answer = stack.anonymous().get("/.well-known/jwks.json")
    assert "max-age" in answer.headers["Cache-Control"]
    (key,) = [key for key in answer.json()["keys"] if key["kid"] == told["kid"]]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    assert "d" not in key
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
    public.verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{body}".encode())
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert claims["exp"] - claims["iat"] <= 600


def test_a_wrong_verifier_gets_nothing_and_uses_the_code_up(phone: Phone) -> None:
    code = phone.code()
    assert problem(phone.redeem(code, code_verifier="w" * 64), 400)["error"] == "invalid_grant"
    assert problem(phone.redeem(code), 400)["error"] == "invalid_grant"


@pytest.mark.parametrize("missing", ["code", "code_verifier", "redirect_uri"])
def test_a_missing_proof_gets_nothing(phone: Phone, missing: str) -> None:
    assert problem(phone.redeem(phone.code(), **{missing: ""}), 400)["error"] == "invalid_request"


def test_an_app_is_sent_nowhere_but_home(phone: Phone) -> None:
    for there in ("evil://signin", "https://evil.example/", "oo://signin/", "oo://other", "OO://signin"):
        answer = phone.api.get(
            "/api/auth/login/oidc",
            params={"client": "mobile", "redirect_uri": there, "code_challenge": "c" * 43, "state": "s" * 16},
        )
        assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/redirect_uri"


def test_a_refresh_token_used_twice_ends_the_family(phone: Phone) -> None:
    phone.sign_in()
    first = phone.tokens["refresh_token"]
    second = phone.refresh(first).json()
    assert problem(phone.refresh(first), 400)["error"] == "invalid_grant"
    assert problem(phone.refresh(second["refresh_token"]), 400)["error"] == "invalid_grant"
    problem(phone.get("/api/auth/session", second["access_token"]), 401, "unauthenticated")


def test_the_page_lists_and_ends_an_apps_sign_in(stack: RunningStack, phone: Phone) -> None:
    phone.sign_in()
    browser = stack.sign_in(phone.subject)
    listed = browser.get("/api/auth/sessions").json()["sessions"]
    (app,) = [session for session in listed if session["client"] == "app"]
    assert browser.delete(f"/api/auth/sessions/{app['id']}").status_code == 204
    problem(phone.get("/api/auth/session"), 401, "unauthenticated")
    assert problem(phone.refresh(phone.tokens["refresh_token"]), 400)["error"] == "invalid_grant"


def test_an_app_signs_out(phone: Phone) -> None:
    phone.sign_in()
    assert (
        phone.api.post("/api/auth/oauth/revoke", data={"token": phone.tokens["refresh_token"]}).status_code
        == 200
    )
    problem(phone.get("/api/auth/session"), 401, "unauthenticated")


def test_a_bad_token_is_refused_although_the_cookie_would_do(stack: RunningStack) -> None:
    who = person(stack)
    for scheme in ("Bearer x", "Bearer", "bearer " + "a.b." + "c" * 86):
        answer = who.client.get("/api/auth/session", headers={"Authorization": scheme})
        problem(answer, 401, "unauthenticated")
    assert who.client.get("/api/auth/session").status_code == 200


def test_an_app_cannot_add_a_way_to_sign_in(phone: Phone) -> None:
    phone.sign_in()
    answer = phone.api.post(
        "/api/auth/link/oidc", json={}, headers={"Authorization": f"Bearer {phone.tokens['access_token']}"}
    )
    problem(answer, 403, "forbidden")


def test_erasure_ends_the_app(phone: Phone) -> None:
    phone.sign_in()
    erased = phone.api.delete("/api/me", headers={"Authorization": f"Bearer {phone.tokens['access_token']}"})
    assert erased.status_code == 202
    problem(phone.get("/api/auth/session"), 401, "unauthenticated")
    assert problem(phone.refresh(phone.tokens["refresh_token"]), 400)["error"] == "invalid_grant"
