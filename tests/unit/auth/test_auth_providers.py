"""Google and Apple, as far as they differ from any other provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from chalicelib.auth.contract import SignInRefused
from chalicelib.auth.http import Callback
from chalicelib.auth.providers import apple, configured_providers, google
from chalicelib.auth.providers.apple import AppleProvider
from chalicelib.auth.providers.base import Provider
from chalicelib.auth.providers.google import GoogleProvider
from chalicelib.contracts.errors import Unavailable
from chalicelib.runtime.settings import Settings, SettingsError, load
from tests.unit.auth.memory import SETTINGS, Auth
from tests.unit.auth.provider import CLIENT, FakeIssuer, make_key

TEAM, KEY = "TEAM567890", "KEY4567890"


@dataclass
class World:
    """One provider, one browser."""

    issuer: FakeIssuer
    auth: Auth
    provider: Provider
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = self.auth.sign_in({self.provider.name: self.provider})

    def leave(self, subject: str = "ada") -> dict[str, str]:
        begun = self.service.begin(self.provider.name, "/", self.headers)
        self.headers = {"cookie": f"oo_signin={begun.browser}"}
        return self.issuer.consent(begun.url, subject)

    def finish(self, answer: dict[str, str]) -> str:
        started = self.service.finish(self.provider.name, Callback(**answer), self.headers).started
        assert started is not None
        assert started.session.person_id is not None
        return started.session.person_id

    def person(self, subject: str = "ada") -> str:
        return self.finish(self.leave(subject))

    def refused(self) -> str:
        with pytest.raises(SignInRefused) as refusal:
            self.person()
        return refusal.value.reason


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return make_key()


@pytest.fixture(scope="module")
def apple_key() -> ECKey:
    return ECKey.generate_key("P-256")


def pem(key: ECKey) -> str:
    return key.as_pem(private=True).decode()  # type: ignore[no-any-return]


def make_google(key: RSAKey, hosted_domain: str = "") -> World:
    auth = Auth()
    issuer = FakeIssuer(key, lambda: int(auth.clock.now().timestamp()), issuer=google.ISSUER)
    provider = GoogleProvider(
        hosted_domain=hosted_domain, client_id=CLIENT, secret=lambda: "hush", **issuer.network()
    )
    return World(issuer, auth, provider)


def make_apple(key: RSAKey, private_key: Any) -> World:
    auth = Auth()
    issuer = FakeIssuer(key, lambda: int(auth.clock.now().timestamp()), issuer=apple.ISSUER)
    provider = AppleProvider(
        team_id=TEAM, key_id=KEY, private_key=private_key, client_id=CLIENT, **issuer.network()
    )
    return World(issuer, auth, provider)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def form(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


# --- Google -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["https://accounts.google.com", "accounts.google.com"])
def test_google_spells_its_name_in_two_ways(key: RSAKey, name: str) -> None:
    world = make_google(key)
    known = world.person()
    world.issuer.claims = {"iss": name}
    assert world.person() == known
    assert world.finish({**world.leave(), "iss": name}) == known


@pytest.mark.parametrize("name", ["http://accounts.google.com", "accounts.google.com.evil.example", "google"])
def test_nobody_else_is_google(key: RSAKey, name: str) -> None:
    world = make_google(key)
    world.issuer.claims = {"iss": name}
    assert world.refused() == "token"


def test_google_checks_a_challenge_and_lets_people_choose(key: RSAKey) -> None:
    world = make_google(key)
    asked = query(world.service.begin("google", "/", {}).url)
    assert asked["code_challenge_method"] == "S256"
    assert (asked["prompt"], asked["scope"]) == ("select_account", "openid")
    assert "hd" not in asked
    world.person()
    assert form(world.issuer.sent("/token")[-1])["code_verifier"]


@pytest.mark.parametrize(("claim", "holds"), [("oo.example", True), ("evil.example", False), (None, False)])
def test_a_hosted_domain_is_asked_for_and_checked(key: RSAKey, claim: str | None, holds: bool) -> None:
    world = make_google(key, "oo.example")
    assert query(world.service.begin("google", "/", {}).url)["hd"] == "oo.example"
    world.issuer.claims = {"hd": claim}
    if holds:
        assert world.person()
    else:
        assert world.refused() == "token"


@pytest.mark.parametrize("verified", [True, False, "true"])
def test_an_address_is_nobody(key: RSAKey, verified: Any) -> None:
    world = make_google(key)
    world.issuer.claims = {"email": "ada@home.example", "email_verified": verified}
    ada, bob = world.person("ada"), world.person("bob")
    assert ada != bob
    assert "home.example" not in repr(vars(world.auth))


# --- Apple ------------------------------------------------------------------------------------


def test_apple_is_asked_for_a_form_and_gets_no_challenge(key: RSAKey, apple_key: ECKey) -> None:
    world = make_apple(key, lambda: pem(apple_key))
    begun = world.service.begin("apple", "/", {})
    asked = query(begun.url)
    assert begun.form_post
    assert (asked["response_mode"], asked["scope"]) == ("form_post", "openid")
    assert asked["nonce"]
    assert not {"code_challenge", "code_challenge_method"} & asked.keys()
    world.person()
    assert "code_verifier" not in form(world.issuer.sent("/token")[-1])


def test_the_client_secret_is_a_short_jwt_of_our_own(key: RSAKey, apple_key: ECKey) -> None:
    world = make_apple(key, lambda: pem(apple_key))
    world.person()
    (sent,) = world.issuer.sent("/token")
    assert "authorization" not in sent.headers
    token = jwt.decode(form(sent)["client_secret"], apple_key, algorithms=["ES256"])
    now = int(world.auth.clock.now().timestamp())
    assert token.header == {"typ": "JWT", "alg": "ES256", "kid": KEY} | token.header
    assert token.claims == {"iss": TEAM, "sub": CLIENT, "aud": apple.ISSUER, "iat": now, "exp": now + 300}


def test_the_client_secret_is_kept_until_it_is_nearly_over(key: RSAKey, apple_key: ECKey) -> None:
    reads: list[int] = []

    def private_key() -> str:
        reads.append(1)
        return pem(apple_key)

    world = make_apple(key, private_key)
    for minutes in (0, 3, 1):
        world.auth.clock.moment += timedelta(minutes=minutes)
        world.person()
    first, second, third = (form(r)["client_secret"] for r in world.issuer.sent("/token"))
    assert first == second != third
    assert len(reads) == 1


def test_a_replaced_key_is_read_again(key: RSAKey, apple_key: ECKey) -> None:
    keys = iter([ECKey.generate_key("P-256"), apple_key])
    world = make_apple(key, lambda: pem(next(keys)))
    back = world.leave()
    world.issuer.token_answer = httpx.Response(400, json={"error": "invalid_client"})
    with pytest.raises(Unavailable):
        world.finish(back)
    world.issuer.token_answer = None
    world.person()
    assert jwt.decode(form(world.issuer.sent("/token")[-1])["client_secret"], apple_key, algorithms=["ES256"])


@pytest.mark.parametrize(
    "broken", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_without_a_usable_key_apple_is_unavailable(key: RSAKey, broken: str) -> None:
    world = make_apple(key, lambda: broken)
    back = world.leave()
    with pytest.raises(Unavailable, match="OO_APPLE_KEY_PARAMETER"):
        world.finish(back)
    assert world.issuer.sent("/token") == []


def test_names_and_hidden_addresses_change_nothing(key: RSAKey, apple_key: ECKey) -> None:
    """Apple tells a name with the first sign-in alone, and booleans as text."""
    world = make_apple(key, lambda: pem(apple_key))
    hidden = {"email": "x7q@privaterelay.appleid.com", "is_private_email": "true", "email_verified": "true"}
    world.issuer.claims = {**hidden, "nonce_supported": True}
    first = world.finish({**world.leave(), "user": '{"name": {"firstName": "Ada"}}'})
    world.issuer.claims = {"email": None}
    assert world.finish(world.leave()) == first
    kept = repr(vars(world.auth))
    assert "privaterelay" not in kept
    assert "Ada" not in kept


def test_a_no_at_apple_is_said_plainly(key: RSAKey, apple_key: ECKey) -> None:
    world = make_apple(key, lambda: pem(apple_key))
    answer = {"state": world.leave()["state"], "error": "user_cancelled_authorize"}
    with pytest.raises(SignInRefused) as refusal:
        world.finish(answer)
    assert refusal.value.reason == "denied"


# --- which there are --------------------------------------------------------------------------

APPLE = {"OO_APPLE_CLIENT_ID": "com.oo", "OO_APPLE_TEAM_ID": TEAM, "OO_APPLE_KEY_ID": KEY}


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, []),
        ({"OO_OIDC_ISSUER": "https://id.example"}, ["oidc"]),
        ({"OO_GOOGLE_CLIENT_ID": "g"}, ["google"]),
        (APPLE, ["apple"]),
        (
            {"OO_GOOGLE_CLIENT_ID": "g", "OO_OIDC_ISSUER": "https://id.example", **APPLE},
            ["google", "apple", "oidc"],
        ),
    ],
)
def test_only_what_is_set_up_is_offered(environment: dict[str, str], names: list[str]) -> None:
    settings = load({"OO_STAGE": "dev", **environment})
    assert list(configured_providers(settings)) == names


@pytest.mark.parametrize("missing", APPLE)
def test_half_of_apples_settings_stop_the_start(missing: str) -> None:
    with pytest.raises(SettingsError, match="OO_APPLE"):
        load({"OO_STAGE": "dev", **{k: v for k, v in APPLE.items() if k != missing}})


def test_secrets_are_named_and_never_given() -> None:
    settings = load({"OO_STAGE": "prod"})
    assert settings.google_secret_parameter == "/oo/prod/google-client-secret"
    assert settings.apple_key_parameter == "/oo/prod/apple-private-key"
    assert not [name for name in Settings.model_fields if name.endswith(("_secret", "_private_key"))]


@pytest.mark.parametrize(
    "addresses",
    ["https://oo.example/", "javascript:/x", "oo:x", "oo://a,https://b", "oo://a b", "oo://a#b", "//a"],
)
def test_an_app_is_never_sent_to_a_web_address(addresses: str) -> None:
    with pytest.raises(SettingsError, match="OO_MOBILE_REDIRECTS"):
        load({"OO_STAGE": "dev", "OO_MOBILE_REDIRECTS": addresses})


def test_addresses_of_apps_are_read_one_by_one() -> None:
    assert load({"OO_STAGE": "dev"}).mobile_addresses == set()
    given = {"OO_STAGE": "dev", "OO_MOBILE_REDIRECTS": "oo://signin, com.oo.app:/back"}
    assert load(given).mobile_addresses == {"oo://signin", "com.oo.app:/back"}
    assert SETTINGS.mobile_addresses == {"oo://signin"}
