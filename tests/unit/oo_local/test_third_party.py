"""The third party of one machine refuses what one in the world refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from oo_local.third_party import ACCESS_SECONDS, CODE_SECONDS, SCOPE, ThirdParty, challenge_of
from oo_local.third_party_web import make_app

REDIRECT = "http://127.0.0.1:8000/api/integrations/sandbox/callback"
VERIFIER = "v" * 64
ASKED = {
    "response_type": "code",
    "client_id": "oo",
    "redirect_uri": REDIRECT,
    "scope": SCOPE,
    "state": "s",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


class World:
    """The third party, a browser at it and a client of it."""

    def __init__(self, file: Path | None = None) -> None:
        self.at = 1_800_000_000.0
        self.file = file
        self.restart()

    def restart(self) -> None:
        self.party = ThirdParty("oo", "secret", REDIRECT, file=self.file, now=lambda: self.at)
        self.http = httpx.Client(
            transport=httpx.WSGITransport(make_app(self.party)), base_url="http://third.party"
        )

    def allow(self, account: str = "ada", **changes: str) -> httpx.Response:
        form = {"account": account, "answer": "allow"}
        return self.http.post("/authorize", params={**ASKED, **changes}, data=form)

    def code(self) -> str:
        return str(parse_qs(urlsplit(self.allow().headers["Location"]).query)["code"][0])

    def redeem(self, code: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER, "client_id": "oo", "client_secret": "secret",
        }  # fmt: skip
        return self.http.post("/token", data={**form, **changes})

    def refresh(self, token: str, auth: tuple[str, str] = ("oo", "secret")) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.http.post("/token", data=form, auth=auth)

    def tokens(self) -> dict[str, Any]:
        answer = self.redeem(self.code())
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def tasks(self, access: str, since: int = 0) -> httpx.Response:
        return self.http.get("/tasks", params={"since": since}, headers={"Authorization": f"Bearer {access}"})


@pytest.fixture
def world() -> World:
    return World()


def refused(answer: httpx.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_what_was_allowed_reads_the_accounts_tasks(world: World) -> None:
    told = world.tokens()
    assert told["scope"] == SCOPE
    answer = world.tasks(told["access_token"]).json()
    assert len(answer["tasks"]) == 3
    world.party.close("ada", answer["tasks"][0]["id"])
    added = world.party.add("ada", "Buy oats")
    changed = world.tasks(told["access_token"], answer["cursor"]).json()["tasks"]
    assert {task["status"] for task in changed} == {"done", "open"}
    assert {task["id"] for task in changed} == {answer["tasks"][0]["id"], added}
    assert len(world.tasks(told["access_token"]).json()["tasks"]) == 3


def test_a_person_may_say_no(world: World) -> None:
    answer = world.http.post("/authorize", params=ASKED, data={"answer": "deny"})
    assert answer.headers["Location"] == f"{REDIRECT}?error=access_denied&state=s"


@pytest.mark.parametrize("changes", [{"redirect_uri": "https://evil.example/"}, {"client_id": "other"}])
def test_nobody_is_sent_to_an_address_that_is_not_registered(world: World, changes: dict[str, str]) -> None:
    for answer in (world.allow(**changes), world.http.get("/authorize", params={**ASKED, **changes})):
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "tasks:write"}, "invalid_scope"),
    ],
)
def test_a_wrong_question_goes_back_with_its_error(world: World, changes: dict[str, str], error: str) -> None:
    assert f"error={error}" in world.allow(**changes).headers["Location"]


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant", 400),
        ({"code_verifier": ""}, "invalid_grant", 400),
        ({"redirect_uri": "https://evil.example/"}, "invalid_grant", 400),
        ({"client_secret": "guess"}, "invalid_client", 401),
        ({"client_secret": ""}, "invalid_client", 401),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
    ],
)
def test_a_code_is_not_given_to_who_cannot_show_the_rest(
    world: World, changes: dict[str, str], error: str, status: int
) -> None:
    refused(world.redeem(world.code(), **changes), error, status)
    assert world.party.grants == 0


def test_a_code_that_comes_twice_ends_what_came_of_it(world: World) -> None:
    code = world.code()
    told = world.redeem(code).json()
    refused(world.redeem(code), "invalid_grant")
    refused(world.tasks(told["access_token"]), "invalid_token", 401)
    refused(world.refresh(told["refresh_token"]), "invalid_grant")


def test_a_code_lives_for_a_minute(world: World) -> None:
    code = world.code()
    world.at += CODE_SECONDS
    refused(world.redeem(code), "invalid_grant")


def test_an_access_token_lives_for_two_minutes_and_a_refresh_token_works_once(world: World) -> None:
    first = world.tokens()
    world.at += ACCESS_SECONDS
    refused(world.tasks(first["access_token"]), "invalid_token", 401)
    second = world.refresh(first["refresh_token"]).json()
    assert world.tasks(second["access_token"]).status_code == 200
    refused(world.refresh(first["refresh_token"]), "invalid_grant")
    refused(world.tasks(second["access_token"]), "invalid_token", 401)
    refused(world.refresh(second["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("auth", [("oo", "guess"), ("other", "secret"), ("oo", "")])
def test_a_refresh_needs_the_client(world: World, auth: tuple[str, str]) -> None:
    told = world.tokens()
    refused(world.refresh(told["refresh_token"], auth), "invalid_client", 401)
    assert world.refresh(told["refresh_token"]).status_code == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_grant_is_over_and_revoking_again_is_fine(world: World, which: str) -> None:
    told = world.tokens()
    form = {"token": told[which]}
    refused(world.http.post("/revoke", data=form), "invalid_client", 401)
    for _ in range(2):
        assert world.http.post("/revoke", data=form, auth=("oo", "secret")).status_code == 200
    refused(world.tasks(told["access_token"]), "invalid_token", 401)
    refused(world.refresh(told["refresh_token"]), "invalid_grant")


def test_a_grant_outlives_a_restart_and_its_file_holds_no_token(tmp_path: Path) -> None:
    world = World(tmp_path / "third-party.json")
    told = world.tokens()
    kept = (tmp_path / "third-party.json").read_text()
    assert told["access_token"] not in kept
    assert told["refresh_token"] not in kept
    assert (tmp_path / "third-party.json").stat().st_mode & 0o077 == 0
    world.restart()
    assert world.tasks(told["access_token"]).status_code == 200
    assert world.refresh(told["refresh_token"]).status_code == 200
    (tmp_path / "third-party.json").write_text("{")
    world.restart()
    assert world.party.grants == 0


def test_the_pages_ask_no_network_and_echo_nothing_unescaped(world: World) -> None:
    world.party.allow(ASKED, "<b>ada</b>")
    for answer in (world.http.get("/"), world.http.get("/authorize", params=ASKED)):
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<b>ada" not in answer.text
        assert "http" not in answer.text


def test_the_board_adds_and_ticks_off(world: World) -> None:
    world.party.allow(ASKED, "ada")
    assert world.http.post("/", data={"account": "ada", "title": "Buy oats"}).status_code == 303
    [task] = [t for t in world.party.board()["ada"] if t["title"] == "Buy oats"]
    assert "Buy oats" in world.http.get("/").text
    assert world.http.post("/", data={"account": "ada", "done": task["id"]}).status_code == 303
    assert task["id"] not in {t["id"] for t in world.party.board()["ada"]}
    assert world.http.post("/", data={"account": "ada", "done": "nothing"}).status_code == 404
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    gone = world.http.post("/", data={"account": "ada", "title": "x"}, headers=from_elsewhere)
    assert gone.status_code == 403


def test_what_it_does_not_know_is_not_there(world: World) -> None:
    for method, path in (("GET", "/nothing"), ("PUT", "/tasks"), ("GET", "/token")):
        assert world.http.request(method, path).status_code == 404
    assert json.loads(world.http.get("/health").text) == {}
