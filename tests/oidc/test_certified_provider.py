"""Sign-in against a certified provider: what it refuses, and what oO refuses of it.

Everything here goes over real connections, through the guarded transport. The stores are in memory.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest

from chalicelib.auth.contract import APP, App, SignInRefused
from chalicelib.auth.endings import Ended
from chalicelib.auth.http import Callback, TokenRequest
from chalicelib.auth.providers.documents import FRESH_SECONDS, Documents
from chalicelib.auth.providers.oidc import OidcProvider
from chalicelib.auth.service import Begun
from chalicelib.contracts.errors import Conflict, Unavailable
from chalicelib.contracts.http import Principal
from oo_local.ports import free_port
from tests.unit.auth.memory import SETTINGS, Auth

HERE = Path(__file__).resolve().parent
CLIENT, SECRET = "oo", "a client secret of some length"
REDIRECT = f"{SETTINGS.public_url}/api/auth/callback/oidc"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider on a free port, stopped afterwards."""
    port = free_port()
    command = [
        "node",
        "provider.mjs",
        os.environ["OIDC_PROVIDER_MODULES"],
        str(port),
        CLIENT,
        SECRET,
        REDIRECT,
    ]
    process = subprocess.Popen(
        command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        assert any("ready" in line for line in process.stdout), "the provider did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@dataclass
class Person:
    """Somebody with a browser: logs in at the provider, says yes, and is sent back."""

    subject: str
    web: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def consent(self, url: str) -> dict[str, str]:
        """What comes back to the redirect URI; the pages between are the provider's own."""
        answer = self.web.get(url)
        for _ in range(12):
            if answer.is_redirect:
                there = urljoin(str(answer.request.url), answer.headers["location"])
                if there.startswith(REDIRECT):
                    return {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
                answer = self.web.get(there)
                continue
            assert answer.status_code == 200, answer.text[:500]
            answer = self.web.post(self._action(answer), data=self._fields(answer))
        raise AssertionError("the provider goes on asking")

    def _action(self, answer: httpx.Response) -> str:
        action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        assert action is not None, answer.text[:500]
        return urljoin(str(answer.request.url), unescape(action.group(1)))

    def _fields(self, answer: httpx.Response) -> dict[str, str]:
        prompt = re.search(r'name="prompt"\s+value="(\w+)"', answer.text)
        assert prompt is not None, answer.text[:500]
        if prompt.group(1) == "login":
            return {"prompt": "login", "login": self.subject, "password": "any"}
        return {"prompt": prompt.group(1)}


@dataclass
class Site:
    """oO's sign-in with this provider alone."""

    issuer: str
    auth: Auth = field(default_factory=Auth)
    secrets: list[str] = field(default_factory=lambda: [SECRET])
    """What the secret's parameter says, one after another; the last stays."""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.auth.clock.moment = datetime.now(UTC)
        self.provider = OidcProvider(
            issuer=self.issuer,
            client_id=CLIENT,
            secret=lambda: self.secrets.pop(0) if len(self.secrets) > 1 else self.secrets[0],
            allow_http=True,
            documents=Documents(seconds=lambda: self.seconds),
        )
        self.service = self.auth.sign_in({"oidc": self.provider})

    def leave(self, app: App | None = None) -> Begun:
        return self.service.begin("oidc", "/", {}, app)

    def come_back(self, begun: Begun, answer: dict[str, str], **cookies: str) -> Ended:
        headers = {
            "cookie": "; ".join(f"{k}={v}" for k, v in {"oo_signin": begun.browser, **cookies}.items())
        }
        return self.service.finish("oidc", Callback.model_validate(answer), headers)

    def sign_in(self, person: Person) -> Ended:
        begun = self.leave()
        return self.come_back(begun, person.consent(begun.url))

    def tamper(self, **changes: Any) -> None:
        """Change the one sign-in under way, as it rests."""
        ((state, row),) = self.auth.sign_ins.rows.items()
        self.auth.sign_ins.rows[state] = replace(row, **changes)


@pytest.fixture
def site(issuer: str) -> Site:
    return Site(issuer)


@pytest.fixture
def ada() -> Iterator[Person]:
    person = Person("ada")
    with person.web:
        yield person


def person_of(ended: Ended) -> str:
    assert ended.started is not None
    person_id = ended.started.session.person_id
    assert person_id is not None
    return person_id


def test_a_person_signs_in_and_stays_the_same_person(site: Site, ada: Person) -> None:
    first = person_of(site.sign_in(ada))
    assert person_of(site.sign_in(ada)) == first
    with httpx.Client(timeout=30) as web:
        assert person_of(site.sign_in(Person("ben", web))) != first
    assert len(site.auth.identities_table.rows) == 2
    assert site.auth.sign_ins.rows == {}


def test_a_wrong_verifier_is_refused_by_the_provider(site: Site, ada: Person) -> None:
    begun = site.leave()
    answer = ada.consent(begun.url)
    site.tamper(verifier="w" * 43)
    with pytest.raises(SignInRefused) as refusal:
        site.come_back(begun, answer)
    assert refusal.value.reason == "code"
    assert site.auth.sessions_table.rows == {}


def test_a_missing_verifier_is_refused_by_the_provider(site: Site, ada: Person) -> None:
    begun = site.leave()
    answer = ada.consent(begun.url)
    site.provider.pkce = False  # forgets to prove that it was oO who left
    with pytest.raises(SignInRefused) as refusal:
        site.come_back(begun, answer)
    assert refusal.value.reason == "code"


def test_to_leave_without_a_challenge_is_refused_by_the_provider(site: Site, ada: Person) -> None:
    site.provider.pkce = False
    begun = site.leave()
    answer = ada.consent(begun.url)
    assert answer["error"] == "invalid_request"
    with pytest.raises(SignInRefused) as refusal:
        site.come_back(begun, answer)
    assert refusal.value.reason == "denied"


def test_a_wrong_client_secret_is_refused_and_read_again(issuer: str, ada: Person) -> None:
    site = Site(issuer, secrets=["an older secret", SECRET])
    with pytest.raises(Unavailable, match="set-up"):
        site.sign_in(ada)
    assert site.auth.sessions_table.rows == {}
    assert person_of(site.sign_in(ada)), "the parameter is read again after a refusal"


def test_another_nonce_is_refused(site: Site, ada: Person) -> None:
    begun = site.leave()
    parts = urlsplit(begun.url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    other = parts._replace(query=urlencode({**asked, "nonce": "n" * 43})).geturl()
    with pytest.raises(SignInRefused) as refusal:
        site.come_back(begun, ada.consent(other))
    assert (refusal.value.reason, "nonce" in refusal.value.detail) == ("token", True)


def test_a_code_works_once(site: Site, ada: Person) -> None:
    first = site.leave()
    answer = ada.consent(first.url)
    assert person_of(site.come_back(first, answer))
    # The provider's own memory: oO's row of the first is used up, so the code comes with another sign-in.
    second = site.leave()
    state = parse_qs(urlsplit(second.url).query)["state"][0]
    with pytest.raises(SignInRefused) as refusal:
        site.come_back(second, {**answer, "state": state})
    assert refusal.value.reason == "code"


def test_an_answer_of_another_issuer_is_refused(site: Site, ada: Person) -> None:
    begun = site.leave()
    answer = ada.consent(begun.url)
    assert answer["iss"] == site.issuer, "it says who it is (RFC 9207)"
    with pytest.raises(SignInRefused, match="another provider"):
        site.come_back(begun, {**answer, "iss": "https://evil.example"})


def test_a_token_for_another_client_is_refused(site: Site, ada: Person) -> None:
    begun = site.leave()
    answer = ada.consent(begun.url)
    exchange = site.provider._exchange

    def for_another(*arguments: Any) -> Any:
        token = exchange(*arguments)
        site.provider._client_id = "another"  # whom the token is not for
        return token

    site.provider._exchange = for_another  # type: ignore[method-assign]
    with pytest.raises(SignInRefused) as refusal:
        site.come_back(begun, answer)
    assert "aud" in refusal.value.detail


def test_a_key_that_the_provider_rotated_is_fetched(site: Site, ada: Person) -> None:
    first = person_of(site.sign_in(ada))
    site.seconds += 1
    httpx.post(f"{site.issuer}/rotate", timeout=30).raise_for_status()
    assert person_of(site.sign_in(ada)) == first
    # At most once a minute: nobody makes oO fetch at every call. After that it follows again.
    httpx.post(f"{site.issuer}/rotate", timeout=30).raise_for_status()
    with pytest.raises(SignInRefused) as refusal:
        site.sign_in(ada)
    assert refusal.value.reason == "token"
    site.seconds += FRESH_SECONDS
    assert person_of(site.sign_in(ada)) == first


def test_an_app_signs_in_with_its_own_proof(site: Site, ada: Person) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    begun = site.leave(App("oo://signin", challenge, "the app's own state"))
    ended = site.come_back(begun, ada.consent(begun.url))
    assert ended.started is None, "an app gets no cookie"
    assert ended.location.startswith("oo://signin?")
    told = {name: values[0] for name, values in parse_qs(urlsplit(ended.location).query).items()}
    tokens = site.auth.tokens.exchange(
        TokenRequest(
            grant_type="authorization_code",
            client_id=APP,
            code=told["code"],
            redirect_uri="oo://signin",
            code_verifier=verifier,
        )
    )
    person = site.auth.tokens.authenticate(tokens.access_token).person_id
    assert person == person_of(site.sign_in(ada))


def test_another_account_is_linked_and_never_taken_over(site: Site, ada: Person) -> None:
    started = site.sign_in(ada).started
    assert started is not None
    me = Principal(person_id=started.session.person_id, session_id=started.session.key)
    secret = started.secret

    def link(other: Person) -> Ended:
        begun = site.service.link("oidc", me, "/", {"cookie": f"sid={secret}"})
        return site.come_back(begun, other.consent(begun.url), sid=secret)

    with httpx.Client(timeout=30) as web, httpx.Client(timeout=30) as third:
        ben = Person("ben", web)
        bens = person_of(site.sign_in(ben))
        with pytest.raises(Conflict):
            link(ben)
        assert person_of(site.sign_in(ben)) == bens
        again = site.sign_in(ada).started
        assert again is not None
        started, me = again, Principal(person_id=again.session.person_id, session_id=again.session.key)
        linked = link(Person("ada-at-work", third))
        assert person_of(linked) == me.person_id


def test_the_provider_is_asked_for_nothing_but_who_it_is(site: Site) -> None:
    asked = parse_qs(urlsplit(site.leave().url).query)
    assert asked["scope"] == ["openid"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]


def test_a_provider_that_is_down_is_said_in_time(ada: Person) -> None:
    site = Site(f"http://127.0.0.1:{free_port()}")
    began = time.monotonic()
    with pytest.raises(Unavailable):
        site.leave()
    assert time.monotonic() - began < 10
