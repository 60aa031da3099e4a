"""The local provider refuses what a real one refuses."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from oo_local.identity import make_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

# The mock stands on parts of authlib that authlib wants replaced.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

REDIRECT = "http://127.0.0.1:8000/api/auth/callback/oidc"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
GOOD = {
    "response_type": "code",
    "client_id": "oo",
    "redirect_uri": REDIRECT,
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    return make_app("oo", "secret", REDIRECT).test_client()


def authorize(provider: FlaskClient, **changes: str) -> Any:
    return provider.post("/oauth2/authorize?" + urlencode({**GOOD, **changes}), data={"sub": "ada"})


def redeem(provider: FlaskClient, code: str, secret: str = "secret", **changes: str) -> Any:
    basic = base64.b64encode(f"oo:{secret}".encode()).decode()
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return provider.post(
        "/oauth2/token",
        data={**fields, "code_verifier": VERIFIER, **changes},
        headers={"Authorization": f"Basic {basic}"},
    )


def code_of(answer: Any) -> str:
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def test_the_right_flow_gives_tokens_once(provider: FlaskClient) -> None:
    code = code_of(authorize(provider))
    first = redeem(provider, code)
    assert first.status_code == 200
    assert first.get_json()["id_token"]
    assert redeem(provider, code).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "http://evil.example/"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_wrong_request_gets_no_code(provider: FlaskClient, changes: dict[str, str]) -> None:
    answer = authorize(provider, **changes)
    assert answer.status_code >= 400 or "code=" not in answer.headers.get("Location", "")


def test_no_nonce_gets_no_code(provider: FlaskClient) -> None:
    assert "code=" not in authorize(provider, nonce="").headers.get("Location", "")


@pytest.mark.parametrize("changes", [{"code_verifier": "x" * 64}, {"code_verifier": ""}, {"secret": "wrong"}])
def test_a_wrong_redemption_gets_no_token(provider: FlaskClient, changes: dict[str, str]) -> None:
    answer = redeem(provider, code_of(authorize(provider)), **changes)
    assert answer.status_code in {400, 401}
    assert "id_token" not in (answer.get_json() or {})


def test_there_is_no_debugger(provider: FlaskClient) -> None:
    assert provider.get("/console").status_code == 404


def test_the_page_asks_who_you_are_and_nobody_else_anything(provider: FlaskClient) -> None:
    authorize(provider)
    page = provider.get("/oauth2/authorize?" + urlencode(GOOD)).text
    assert 'name="sub"' in page
    assert 'value="ada"' in page
    assert "http" not in page
