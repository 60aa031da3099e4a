"""Sign-in against a provider whose every answer may be wrong."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from chalicelib.auth.contract import SIGN_IN_SECONDS, Session, SignInRefused
from chalicelib.auth.http import Callback, LoginQuery
from chalicelib.auth.service import Begun, Ended, SignInService, Started
from chalicelib.contracts.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unavailable
from chalicelib.runtime.settings import Settings
from tests.unit.auth.memory import SETTINGS, Auth, SetClock
from tests.unit.auth.provider import CLIENT, ISSUER, FakeIssuer, make_key

REDIRECT = "https://oo.example/api/auth/callback/oidc"


@dataclass
class House:
    """The services over memory, and a browser that keeps its cookies."""

    issuer: FakeIssuer
    clock: SetClock
    settings: Settings = SETTINGS
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.auth = Auth(self.clock, self.settings)
        self.sign_ins, self.identities = self.auth.sign_ins, self.auth.identities_table
        self.sessions, self.sessions_table = self.auth.sessions, self.auth.sessions_table
        self.service = self.make(self.issuer.provider())

    def make(self, provider: Any) -> SignInService:
        return self.auth.sign_in({"oidc": provider})

    def begin(self, return_to: str = "/") -> Begun:
        begun = self.service.begin("oidc", return_to, self.headers)
        self.headers = {"cookie": f"oo_signin={begun.browser}"}
        return begun

    def leave(self, subject: str = "ada") -> dict[str, str]:
        return self.issuer.consent(self.begin().url, subject)

    def come_back(self, answer: dict[str, str], provider: str = "oidc") -> Ended:
        return self.service.finish(provider, Callback(**answer), self.headers)

    def signed_in(self, answer: dict[str, str]) -> Started:
        started = self.come_back(answer).started
        assert started is not None
        return started

    def refused(self, answer: dict[str, str]) -> str:
        with pytest.raises(SignInRefused) as refusal:
            self.come_back(answer)
        assert self.sessions_table.rows == {}
        assert refusal.value.status == 400
        return refusal.value.reason


@pytest.fixture(scope="session")
def key() -> RSAKey:
    return make_key()


@pytest.fixture
def house(key: RSAKey) -> House:
    clock = SetClock()
    return House(FakeIssuer(key, lambda: int(clock.now().timestamp())), clock)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def form(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


# --- it works ---------------------------------------------------------------------------------


def test_who_comes_back_gets_a_session(house: House) -> None:
    done = house.signed_in(house.leave("zanzibar"))
    who = house.sessions.authenticate({"cookie": f"sid={done.secret}"})
    assert who.role == "person"
    assert who.person_id is not None
    assert "zanzibar" not in repr(house.identities)  # only hashed


def test_the_same_person_returns_and_another_is_another(house: House) -> None:
    persons = [house.signed_in(house.leave(subject)).session.person_id for subject in ("ada", "ada", "bob")]
    assert persons[0] == persons[1] != persons[2]


def test_an_erased_person_comes_back_as_a_new_one(house: House) -> None:
    first = house.signed_in(house.leave()).session.person_id
    assert first is not None
    assert house.identities.erase(first) == 1
    assert house.signed_in(house.leave()).session.person_id != first


def test_a_person_erased_during_the_sign_in_gets_no_session(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = house.sessions_table.put

    def erased_meanwhile(session: Session) -> None:
        assert session.person_id is not None
        house.identities.erase(session.person_id)
        house.sessions_table.erase(session.person_id)
        put(session)

    answer = house.leave()
    with monkeypatch.context() as patch:
        patch.setattr(house.sessions_table, "put", erased_meanwhile)
        with pytest.raises(Conflict):
            house.come_back(answer)
    assert (house.sessions_table.rows, house.identities.rows) == ({}, {})
    assert house.signed_in(house.leave()).secret


def test_what_is_sent_is_the_code_flow_with_pkce_state_and_nonce(house: House) -> None:
    begun = house.begin()
    house.come_back(house.issuer.consent(begun.url, "ada"))
    asked = query(begun.url)
    assert begun.url.startswith(f"{ISSUER}/authorize?")
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT
    assert asked["scope"] == "openid"
    assert asked["redirect_uri"] == REDIRECT
    assert asked["code_challenge_method"] == "S256"
    (exchange,) = house.issuer.sent("/token")
    sent = form(exchange)
    assert sent["grant_type"] == "authorization_code"
    assert sent["code"] == "the-code"
    assert sent["redirect_uri"] == REDIRECT
    hashed = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    assert len({asked["state"], asked["nonce"], sent["code_verifier"], begun.browser}) == 4
    basic = base64.b64encode(f"{CLIENT}:hush".encode()).decode()
    assert exchange.headers["authorization"] == f"Basic {basic}"


def test_nothing_that_lets_a_thief_finish_rests(house: House) -> None:
    begun = house.begin()
    kept = repr(house.sign_ins)
    assert query(begun.url)["state"] not in kept
    assert begun.browser not in kept


def test_each_sign_in_has_its_own_secrets(house: House) -> None:
    one, two = query(house.begin().url), query(house.begin().url)
    assert all(one[name] != two[name] for name in ("state", "nonce", "code_challenge"))


def test_two_tabs_of_one_browser_may_both_finish(house: House) -> None:
    first = house.issuer.consent(house.begin().url, "ada")
    second_url = house.begin().url
    one = house.issuer.consent(second_url, "ada")
    assert house.signed_in(one).secret
    house.issuer.claims = {"nonce": next(iter(house.sign_ins.rows.values())).nonce}
    assert house.signed_in(first).secret


def test_a_public_client_sends_no_secret(house: House) -> None:
    house.service = house.make(house.issuer.provider(secret=lambda: ""))
    house.come_back(house.leave())
    (exchange,) = house.issuer.sent("/token")
    assert "authorization" not in exchange.headers
    assert form(exchange)["client_id"] == CLIENT


def test_the_secret_goes_into_the_form_where_the_provider_wants_it(house: House) -> None:
    house.issuer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    house.come_back(house.leave())
    (exchange,) = house.issuer.sent("/token")
    assert form(exchange)["client_secret"] == "hush"


# --- the callback is not ours -----------------------------------------------------------------


def test_a_callback_works_once(house: House) -> None:
    answer = house.leave()
    house.come_back(answer)
    house.sessions_table.rows.clear()
    assert house.refused(answer) == "state"
    assert len(house.issuer.sent("/token")) == 1


def test_a_callback_is_used_up_even_when_it_fails(house: House) -> None:
    answer = house.leave()
    house.issuer.claims = {"nonce": "another"}
    assert house.refused(answer) == "token"
    house.issuer.claims = {}
    assert house.refused(answer) == "state"


@pytest.mark.parametrize("state", [None, "", "x", "a" * 43])
def test_an_unknown_state_is_refused(house: House, state: str | None) -> None:
    answer: dict[str, Any] = {**house.leave(), "state": state}
    assert house.refused(answer) == "state"
    assert house.issuer.sent("/token") == []


@pytest.mark.parametrize("headers", [{}, {"cookie": "oo_signin=" + "b" * 43}])
def test_another_browsers_callback_is_refused_and_leaves_the_sign_in(
    house: House, headers: dict[str, str]
) -> None:
    answer = house.leave()
    own, house.headers = house.headers, headers
    assert house.refused(answer) == "state"
    house.headers = own
    assert house.signed_in(answer).secret


def test_a_sign_in_that_takes_too_long_is_refused(house: House) -> None:
    answer = house.leave()
    house.clock.forward(seconds=SIGN_IN_SECONDS)
    assert house.refused(answer) == "state"


def test_a_sign_in_may_take_nearly_ten_minutes(house: House) -> None:
    answer = house.leave()
    house.clock.forward(seconds=SIGN_IN_SECONDS - 1)
    assert house.signed_in(answer).secret


def test_another_providers_callback_is_refused(house: House) -> None:
    provider = house.issuer.provider()
    house.service = house.auth.sign_in({"oidc": provider, "other": provider})
    answer = house.leave()
    with pytest.raises(SignInRefused):
        house.come_back(answer, provider="other")
    assert house.issuer.sent("/token") == []


def test_an_unknown_provider_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.service.begin("nope", "/", {})
    with pytest.raises(NotFound):
        house.come_back(house.leave(), provider="nope")


def test_a_no_at_the_provider_is_said_plainly(house: House) -> None:
    answer = house.leave()
    assert house.refused({"error": "access_denied", "state": answer["state"]}) == "denied"
    assert house.refused({"error": "access_denied"}) == "denied"
    assert house.refused(answer) == "state"  # used up by the no


def test_no_code_is_refused(house: House) -> None:
    assert house.refused({"state": house.leave()["state"]}) == "code"


def test_an_answer_in_another_issuers_name_is_refused(house: House) -> None:
    assert house.refused({**house.leave(), "iss": "https://evil.example"}) == "token"
    assert house.issuer.sent("/token") == []
    assert house.signed_in({**house.leave(), "iss": ISSUER}).secret


# --- the token does not hold ------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "someone-else"},
        {"aud": ["someone-else"]},
        {"aud": [CLIENT, "someone-else"]},
        {"aud": [CLIENT, "someone-else"], "azp": "someone-else"},
        {"azp": "someone-else"},
        {"aud": None},
        {"aud": 7},
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("nan")},
        {"iat": None},
    ],
    ids=repr,
)
def test_wrong_claims_are_refused(house: House, claims: dict[str, Any]) -> None:
    answer = house.leave()
    house.issuer.claims = claims
    assert house.refused(answer) == "token"
    assert house.identities.rows == {}


@pytest.mark.parametrize(
    ("name", "seconds", "holds"),
    [("exp", -61, False), ("exp", -59, True), ("iat", 61, False), ("iat", 59, True), ("nbf", 61, False)],
)
def test_times_hold_to_a_minute(house: House, name: str, seconds: int, holds: bool) -> None:
    answer = house.leave()
    house.issuer.claims = {name: int(house.clock.now().timestamp()) + seconds}
    if holds:
        assert house.signed_in(answer).secret
    else:
        assert house.refused(answer) == "token"


def test_several_audiences_hold_when_we_are_the_authorized_one(house: House) -> None:
    answer = house.leave()
    house.issuer.claims = {"aud": [CLIENT, "other"], "azp": CLIENT}
    assert house.signed_in(answer).secret


def test_a_token_signed_by_a_stranger_is_refused(house: House) -> None:
    answer = house.leave()
    house.issuer.published = [house.issuer.key]
    house.issuer.sign_with = make_key("one")
    assert house.refused(answer) == "token"


def test_a_changed_token_is_refused(house: House) -> None:
    answer = house.leave()
    tokens = house.issuer._tokens()
    head, body, signature = tokens["id_token"].split(".")
    padded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    other = base64.urlsafe_b64encode(padded.replace(b'"ada"', b'"eve"')).rstrip(b"=").decode()
    assert other != body
    house.issuer.token_answer = httpx.Response(
        200, json={**tokens, "id_token": f"{head}.{other}.{signature}"}
    )
    assert house.refused(answer) == "token"


@pytest.mark.parametrize("shape", ["", "x", "a.b.c", "a.b.c.d.e", None, 7])
def test_what_is_no_token_is_refused(house: House, shape: Any) -> None:
    answer = house.leave()
    house.issuer.token_answer = httpx.Response(
        200, json={"access_token": "a", "token_type": "Bearer", "id_token": shape}
    )
    assert house.refused(answer) == "token"


def test_a_token_signed_with_a_public_value_is_refused(house: House) -> None:
    answer = house.leave()
    house.issuer.header = {"alg": "HS256", "kid": "one"}
    house.issuer.sign_with = OctKey.import_key(house.issuer.key.as_pem(private=False).hex())
    assert house.refused(answer) == "token"


def test_an_unsigned_token_is_refused(house: House) -> None:
    answer = house.leave()
    tokens = house.issuer._tokens()
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = tokens["id_token"].split(".")[1]
    house.issuer.token_answer = httpx.Response(200, json={**tokens, "id_token": f"{header}.{body}."})
    assert house.refused(answer) == "token"


# --- keys, caching, trouble at the provider ---------------------------------------------------


def test_discovery_and_keys_are_asked_once(house: House) -> None:
    for _ in range(3):
        house.come_back(house.leave())
    assert len(house.issuer.sent("/.well-known/openid-configuration")) == 1
    assert len(house.issuer.sent("/jwks")) == 1


def test_they_are_asked_again_after_an_hour_and_kept_while_the_provider_is_down(house: House) -> None:
    house.begin()
    house.issuer.seconds = 3601
    house.issuer.failing = [503, 503]
    house.begin()
    assert len(house.issuer.sent("/.well-known/openid-configuration")) == 3
    house.begin()
    assert len(house.issuer.sent("/.well-known/openid-configuration")) == 4


@pytest.mark.parametrize("kid", ["two", None])
def test_a_rotated_key_is_fetched_at_once(house: House, kid: str | None) -> None:
    house.come_back(house.leave())
    house.issuer.key = make_key("two")
    house.issuer.header = {"alg": "RS256", **({"kid": kid} if kid else {})}
    assert house.signed_in(house.leave()).secret
    assert len(house.issuer.sent("/jwks")) == 2


def test_unknown_keys_make_it_ask_once_a_minute_at_most(house: House) -> None:
    house.come_back(house.leave())
    house.sessions_table.rows.clear()
    house.issuer.header = {"alg": "RS256", "kid": "invented"}
    house.issuer.published = [make_key("one")]
    for _ in range(5):
        assert house.refused(house.leave()) == "token"
    assert len(house.issuer.sent("/jwks")) == 2
    house.issuer.seconds += 60
    assert house.refused(house.leave()) == "token"
    assert len(house.issuer.sent("/jwks")) == 3


@pytest.mark.parametrize("stumble", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), 502])
def test_a_stumble_is_tried_again(house: House, stumble: Exception | int) -> None:
    house.issuer.failing = [stumble]
    assert house.begin().url
    assert house.issuer.pauses == [0.2]


@pytest.mark.parametrize("failing", [[503] * 2, [httpx.ReadTimeout("slow")] * 2, [404], [204]])
def test_a_provider_that_is_down_is_said(house: House, failing: list[Exception | int]) -> None:
    house.issuer.failing = failing
    with pytest.raises(Unavailable):
        house.begin()
    assert house.sign_ins.rows == {}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(401, json={"error": "invalid_client"}),
    ],
    ids=["503", "html", "list", "our secret is wrong"],
)
def test_trouble_at_the_exchange_is_unavailable(house: House, answer: httpx.Response) -> None:
    back = house.leave()
    house.issuer.token_answer = answer
    with pytest.raises(Unavailable):
        house.come_back(back)
    assert house.sessions_table.rows == {}


def test_a_broken_connection_at_the_exchange_is_unavailable(house: House) -> None:
    back = house.leave()
    house.issuer.failing = [httpx.ReadTimeout("slow")]
    with pytest.raises(Unavailable):
        house.come_back(back)


def test_a_refused_code_is_refused(house: House) -> None:
    back = house.leave()
    house.issuer.token_answer = httpx.Response(400, json={"error": "invalid_grant"})
    assert house.refused(back) == "code"


def test_a_rotated_client_secret_is_read_again(house: House) -> None:
    secrets = iter(["old", "new"])
    house.service = house.make(house.issuer.provider(secret=lambda: next(secrets)))
    back = house.leave()
    house.issuer.token_answer = httpx.Response(401, json={"error": "invalid_client"})
    with pytest.raises(Unavailable):
        house.come_back(back)
    house.issuer.token_answer = None
    house.come_back(house.leave())
    sent = house.issuer.sent("/token")[-1].headers["authorization"]
    assert base64.b64decode(sent.split()[1]) == b"oo:new"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://id.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
    ids=repr,
)
def test_a_discovery_document_that_does_not_hold_stops_sign_in(
    house: House, metadata: dict[str, Any]
) -> None:
    house.issuer.metadata = metadata
    with pytest.raises(Unavailable):
        house.begin()


# --- return_to, admin, health -----------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/?from=tip", "/admin", "/a%20b#c", "/x?next=https://e.example"])
def test_paths_of_this_site_are_kept(house: House, path: str) -> None:
    begun = house.begin(LoginQuery(return_to=path).return_to)
    came_back = house.come_back(house.issuer.consent(begun.url, "ada"))
    assert came_back.location == f"https://oo.example{path}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/é",
        "/" + "a" * 512,
    ],
    ids=repr,
)
def test_addresses_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="return_to"):
        LoginQuery(return_to=path)


def admin_house(key: RSAKey, token: str) -> House:
    hashed = hashlib.sha256(token.encode()).hexdigest() if token else ""
    return House(
        FakeIssuer(key, lambda: int(time.time())),
        SetClock(),
        SETTINGS.model_copy(update={"admin_token_sha256": hashed}),
    )


def test_the_admin_token_makes_an_admins_session(key: RSAKey) -> None:
    house = admin_house(key, "a long token")
    started = house.service.admin("a long token", {})
    who = house.sessions.authenticate({"cookie": f"sid={started.secret}"})
    assert (who.role, who.person_id) == ("admin", None)
    assert house.sessions.list(who).sessions == []


@pytest.mark.parametrize("token", ["", "a long toke", "a long token ", "é"])
def test_a_wrong_admin_token_is_refused(key: RSAKey, token: str) -> None:
    house = admin_house(key, "a long token")
    with pytest.raises(Unauthenticated):
        house.service.admin(token, {})
    assert house.sessions_table.rows == {}


def test_the_admin_token_may_be_off(key: RSAKey) -> None:
    with pytest.raises(Forbidden):
        admin_house(key, "").service.admin("", {})


def test_health_tells_what_would_not_work(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert house.service.health().status == "ok"
    assert house.issuer.requests == []
    assert house.auth.sign_in({}).health().status == "degraded"

    def broken(state: str) -> None:
        raise ConnectionError(state)

    monkeypatch.setattr(house.sign_ins, "get", broken)
    assert house.service.health().status == "down"
