"""OAuth on the wire: what is sent, byte for byte, and what every kind of answer becomes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chalicelib.integrations.contract import GrantEnded, SourceFailed, Tokens
from chalicelib.integrations.sources import configured_sources
from chalicelib.integrations.sources.google_calendar import ENDPOINTS as GOOGLE
from chalicelib.integrations.sources.oauth import Endpoints, OAuthSource
from chalicelib.integrations.sources.todoist import ENDPOINTS as TODOIST
from chalicelib.runtime.settings import load
from oo_local.third_party import challenge_of

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
BACK = "https://oo.example/api/integrations/s/callback"
PLAIN = Endpoints("https://s.example/authorize", "https://s.example/token", "https://s.example/revoke")
OLD = Tokens("old access", "old refresh", SECONDS, ("read",))
Answer = Callable[[httpx.Request], httpx.Response]


def json_answer(document: Any, status: int = 200) -> Answer:
    return lambda _: httpx.Response(status, json=document)


def source(
    answer: Answer, sent: list[httpx.Request], endpoints: Endpoints = PLAIN, secret: str = "client secret"
) -> OAuthSource:
    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answer(request)

    return OAuthSource(
        name="s", title="S", consent="tasks", scopes=("read", "more"), endpoints=endpoints,
        client_id="client", secret=lambda: secret, transport=lambda: httpx.MockTransport(handle),
    )  # fmt: skip


def form(request: httpx.Request) -> dict[str, str]:
    assert request.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    return {name: value for name, [value] in parse_qs(request.content.decode()).items()}


GOOD = {
    "access_token": "new access", "refresh_token": "new refresh", "expires_in": 3600,
    "scope": "read more", "token_type": "Bearer",
}  # fmt: skip


def test_the_way_there_carries_the_challenge_and_never_the_verifier() -> None:
    sent: list[httpx.Request] = []
    url = source(json_answer({}), sent).authorization_url(redirect_uri=BACK, state="st", verifier="v" * 43)
    asked = {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://s.example/authorize?")
    assert asked == {
        "response_type": "code", "client_id": "client", "redirect_uri": BACK, "scope": "read more",
        "state": "st", "code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256",
    }  # fmt: skip
    assert sent == []


def test_todoist_wants_commas_and_google_offline_access() -> None:
    asked = urlsplit(source(json_answer({}), [], TODOIST).authorization_url(
        redirect_uri=BACK, state="st", verifier="v" * 43))  # fmt: skip
    assert parse_qs(asked.query)["scope"] == ["read,more"]
    asked = urlsplit(source(json_answer({}), [], GOOGLE).authorization_url(
        redirect_uri=BACK, state="st", verifier="v" * 43))  # fmt: skip
    assert parse_qs(asked.query)["access_type"] == ["offline"]
    assert parse_qs(asked.query)["prompt"] == ["consent"]


def test_a_code_is_exchanged_with_verifier_and_secret() -> None:
    sent: list[httpx.Request] = []
    tokens = source(json_answer(GOOD), sent).exchange(
        redirect_uri=BACK, code="the code", verifier="v" * 43, now=NOW
    )
    assert tokens == Tokens("new access", "new refresh", SECONDS + 3600, ("read", "more"))
    [request] = sent
    assert (request.method, str(request.url)) == ("POST", "https://s.example/token")
    assert form(request) == {
        "grant_type": "authorization_code", "code": "the code", "code_verifier": "v" * 43,
        "redirect_uri": BACK, "client_id": "client", "client_secret": "client secret",
    }  # fmt: skip
    assert "Authorization" not in request.headers


def test_a_refresh_asks_for_no_scope_and_keeps_what_is_not_sent_anew() -> None:
    sent: list[httpx.Request] = []
    bare = {"access_token": "new access", "token_type": "bearer", "expires_in": "3600"}
    tokens = source(json_answer(bare), sent).refresh(OLD, now=NOW)
    assert tokens == Tokens("new access", "old refresh", SECONDS + 3600, ("read",))
    assert form(sent[0]) == {
        "grant_type": "refresh_token", "refresh_token": "old refresh", "client_id": "client",
        "client_secret": "client secret",
    }  # fmt: skip


def test_a_rotated_refresh_token_is_taken() -> None:
    assert source(json_answer(GOOD), []).refresh(OLD, now=NOW).refresh == "new refresh"


@pytest.mark.parametrize(
    ("told", "expires_at"),
    [
        ({}, None),
        ({"expires_in": None}, None),
        ({"expires_in": -5}, None),
        ({"expires_in": 0}, SECONDS),
        ({"expires_in": 59.9}, SECONDS + 59),
        ({"expires_in": 10**12}, SECONDS + 400 * 86_400),
    ],
)
def test_a_life_is_taken_as_it_is_told(told: dict[str, Any], expires_at: int | None) -> None:
    answer = json_answer({"access_token": "a", "token_type": "bearer", **told})
    assert source(answer, []).refresh(OLD, now=NOW).expires_at == expires_at


@pytest.mark.parametrize("error", ["invalid_grant", "access_denied", "bad_authorization_code"])
def test_a_grant_that_is_over_is_told_so(error: str) -> None:
    with pytest.raises(GrantEnded):
        source(json_answer({"error": error}, 400), []).refresh(OLD, now=NOW)


ODD: dict[str, Answer] = {
    "our set-up": json_answer({"error": "invalid_client"}, 401),
    "an error without a name": json_answer({"message": "no"}, 400),
    "broken": lambda _: httpx.Response(500, text="<html>"),
    "busy": json_answer({"error": "temporarily_unavailable"}, 503),
    "no JSON": lambda _: httpx.Response(200, text="access_token=a"),
    "nothing": lambda _: httpx.Response(200),
    "a list": json_answer([]),
    "a text": json_answer("token"),
    "null": json_answer(None),
    "a number": json_answer(7),
    "no token": json_answer({"token_type": "bearer"}),
    "an empty token": json_answer({"access_token": "", "token_type": "bearer"}),
    "a token that is none": json_answer({"access_token": ["a"], "token_type": "bearer"}),
    "a life that is none": json_answer({**GOOD, "expires_in": "soon"}),
    "elsewhere": lambda _: httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_what_is_no_answer_is_a_failure_that_tells_nothing(answer: Answer) -> None:
    sent: list[httpx.Request] = []
    for ask in (
        lambda: source(answer, sent).refresh(OLD, now=NOW),
        lambda: source(answer, sent).exchange(redirect_uri=BACK, code="c", verifier="v" * 43, now=NOW),
    ):
        with pytest.raises(SourceFailed) as caught:
            ask()
        assert "old" not in str(caught.value)
    assert {str(request.url) for request in sent} == {"https://s.example/token"}


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_network_that_fails_is_a_failure(error: type[httpx.TransportError]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("old refresh", request=request)

    with pytest.raises(SourceFailed, match=error.__name__):
        source(answer, []).refresh(OLD, now=NOW)


def test_a_changed_secret_is_read_again_after_it_was_refused() -> None:
    secrets = ["first", "second"]
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        right = form(request)["client_secret"] == "second"
        return (
            httpx.Response(200, json=GOOD) if right else httpx.Response(401, json={"error": "invalid_client"})
        )

    made = OAuthSource(
        name="s", title="S", consent="tasks", scopes=("read",), endpoints=PLAIN, client_id="client",
        secret=lambda: secrets.pop(0), transport=lambda: httpx.MockTransport(answer),
    )  # fmt: skip
    with pytest.raises(SourceFailed):
        made.refresh(OLD, now=NOW)
    assert made.refresh(OLD, now=NOW).access == "new access"
    made.refresh(OLD, now=NOW)
    assert [form(request)["client_secret"] for request in sent] == ["first", "second", "second"]


def test_revoking_sends_the_refresh_token_where_there_is_one() -> None:
    sent: list[httpx.Request] = []
    made = source(json_answer({}), sent)
    made.revoke(OLD)
    made.revoke(Tokens("only access"))
    assert [form(request) for request in sent] == [
        {"token": "old refresh", "token_type_hint": "refresh_token"},
        {"token": "only access", "token_type_hint": "access_token"},
    ]
    basic = base64.b64encode(b"client:client secret").decode()
    assert [r.headers["Authorization"] for r in sent] == [f"Basic {basic}"] * 2
    assert {str(request.url) for request in sent} == {"https://s.example/revoke"}


@pytest.mark.parametrize("error", ["invalid_token", "invalid_grant"])
def test_a_token_that_is_gone_already_is_as_good(error: str) -> None:
    source(json_answer({"error": error}, 400), []).revoke(OLD)


@pytest.mark.parametrize(
    "answer",
    [json_answer({"error": "invalid_client"}, 401), json_answer([], 400), lambda _: httpx.Response(503)],
)
def test_a_revocation_that_was_not_heard_is_a_failure(answer: Answer) -> None:
    with pytest.raises(SourceFailed):
        source(answer, []).revoke(OLD)


def test_only_what_is_set_up_can_be_connected() -> None:
    assert configured_sources(load({"OO_STAGE": "prod"})) == {}
    made = configured_sources(
        load(
            {
                "OO_STAGE": "local", "OO_TODOIST_CLIENT_ID": "t", "OO_GOOGLE_CALENDAR_CLIENT_ID": "g",
                "OO_SANDBOX_URL": "http://127.0.0.1:9401",
            }
        )
    )  # fmt: skip
    assert list(made) == ["todoist", "google_calendar", "sandbox"]
    assert {name: s.consent for name, s in made.items()} == {
        "todoist": "tasks", "google_calendar": "calendar", "sandbox": "tasks"
    }  # fmt: skip
    on_aws = load({"OO_STAGE": "prod", "OO_SANDBOX_URL": "http://127.0.0.1:9401"})
    assert "sandbox" not in configured_sources(on_aws)
