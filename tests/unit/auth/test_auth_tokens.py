"""Access and refresh tokens of apps: what they are, how long they hold, what ends them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as jose
from joserfc.jwk import KeySet, OKPKey

from chalicelib.auth.contract import APP, CODE_SECONDS, App
from chalicelib.auth.http import TokenRequest, Tokens
from chalicelib.auth.tokens import jwt
from chalicelib.auth.tokens.keys import FORCED_SECONDS, KEEP_SECONDS, SigningKeys
from chalicelib.auth.tokens.service import OAuthRefused
from chalicelib.contracts.errors import RateLimited, Unauthenticated
from tests.unit.auth.memory import IDS, SETTINGS, Auth

PERSON = "6d2c9e5e-4a3a-4b55-b1d8-0f6b5d6f7a10"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
THERE = App("oo://signin", CHALLENGE, "the app's own state")
ISSUER = SETTINGS.public_url

by_another_library = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
"""joserfc says so of the name alone: RFC 9864 would write `Ed25519` for the same signature. Most libraries
that an app may bring know only the older name (ADR 9), so oO writes that one."""


@pytest.fixture
def auth() -> Auth:
    return Auth()


def code(auth: Auth) -> str:
    return auth.tokens.code(PERSON, "oidc", THERE)[0]


def redeem(auth: Auth, given: str, **changes: str) -> Tokens:
    fields = {
        "grant_type": "authorization_code",
        "client_id": APP,
        "code": given,
        "redirect_uri": THERE.redirect_uri,
        "code_verifier": VERIFIER,
    }
    return auth.tokens.exchange(TokenRequest(**{**fields, **changes}))


def refresh(auth: Auth, token: str) -> Tokens:
    return auth.tokens.exchange(TokenRequest(grant_type="refresh_token", client_id=APP, refresh_token=token))


def refused(auth: Auth, call: Any, *args: Any, **changes: str) -> str:
    with pytest.raises(OAuthRefused) as refusal:
        call(auth, *args, **changes)
    assert refusal.value.status == 400
    assert refusal.value.document()["error"] == refusal.value.error
    return refusal.value.error


def signed_in(auth: Auth) -> Tokens:
    return redeem(auth, code(auth))


# --- the code ---------------------------------------------------------------------------------


def test_a_code_gives_tokens(auth: Auth) -> None:
    tokens = signed_in(auth)
    assert (tokens.token_type, tokens.expires_in) == ("Bearer", 600)
    who = auth.tokens.authenticate(tokens.access_token)
    assert (who.person_id, who.role, who.by) == (PERSON, "person", "token")


def test_nothing_that_signs_in_rests(auth: Auth) -> None:
    given = code(auth)
    kept = repr(vars(auth.sessions_table))
    assert not [part for part in given.split(".") if part in kept]
    tokens = redeem(auth, given)
    kept = repr(vars(auth.sessions_table))
    assert not [part for part in tokens.refresh_token.split(".") if part in kept]


def test_a_code_works_once_and_ends_what_it_gave(auth: Auth) -> None:
    given = code(auth)
    tokens = redeem(auth, given)
    assert refused(auth, redeem, given) == "invalid_grant"
    assert refused(auth, refresh, tokens.refresh_token) == "invalid_grant"
    with pytest.raises(Unauthenticated):
        auth.tokens.authenticate(tokens.access_token)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": CHALLENGE},
        {"code_verifier": "v" * 42},
        {"redirect_uri": "oo://signin/"},
        {"redirect_uri": "evil://signin"},
    ],
)
def test_a_code_without_its_proof_gives_nothing(auth: Auth, changes: dict[str, str]) -> None:
    assert refused(auth, redeem, code(auth), **changes) == "invalid_grant"


def test_a_thief_has_one_try(auth: Auth) -> None:
    given = code(auth)
    assert refused(auth, redeem, given, code_verifier="w" * 64) == "invalid_grant"
    assert refused(auth, redeem, given) == "invalid_grant"
    assert auth.sessions_table.rows == {}


def test_a_code_is_for_a_minute(auth: Auth) -> None:
    late, in_time = code(auth), code(auth)
    auth.clock.forward(seconds=CODE_SECONDS - 1)
    assert redeem(auth, in_time)
    auth.clock.forward(seconds=1)
    assert refused(auth, redeem, late) == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "other"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": "x"}, "invalid_grant"),
        ({"code": "a" * 43 + "." + "b" * 43}, "invalid_grant"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(auth: Auth, changes: dict[str, str], error: str) -> None:
    assert refused(auth, redeem, changes.pop("code", code(auth)), **changes) == error


def test_a_session_that_waits_for_its_code_is_nobody_and_is_not_listed(auth: Auth) -> None:
    from chalicelib.contracts.http import Principal

    given = code(auth)
    assert auth.sessions.list(Principal(person_id=PERSON)).sessions == []
    for part in given.split("."):
        with pytest.raises(Unauthenticated):
            auth.sessions.authenticate({"cookie": f"sid={part}"})


# --- refresh ----------------------------------------------------------------------------------


def test_a_refresh_token_is_replaced_each_time(auth: Auth) -> None:
    tokens = signed_in(auth)
    seen = {tokens.refresh_token}
    for _ in range(5):
        auth.clock.forward(minutes=10)
        tokens = refresh(auth, tokens.refresh_token)
        assert auth.tokens.authenticate(tokens.access_token).person_id == PERSON
        seen.add(tokens.refresh_token)
    assert len(seen) == 6


@pytest.mark.parametrize("generation", [0, 1, 3])
def test_a_refresh_token_used_again_ends_the_family(auth: Auth, generation: int) -> None:
    family = [signed_in(auth)]
    for _ in range(4):
        family.append(refresh(auth, family[-1].refresh_token))
    assert refused(auth, refresh, family[generation].refresh_token) == "invalid_grant"
    assert refused(auth, refresh, family[-1].refresh_token) == "invalid_grant"
    with pytest.raises(Unauthenticated):
        auth.tokens.authenticate(family[-1].access_token)
    assert auth.sessions_table.rows == {}


def test_another_sign_in_of_the_person_goes_on(auth: Auth) -> None:
    stolen, other = signed_in(auth), signed_in(auth)
    refresh(auth, stolen.refresh_token)
    refused(auth, refresh, stolen.refresh_token)
    assert refresh(auth, other.refresh_token)


def test_of_concurrent_refreshes_one_wins_and_the_family_ends(auth: Auth) -> None:
    token, start, outcomes = signed_in(auth).refresh_token, threading.Barrier(4), list[str]()

    def ask() -> None:
        start.wait(10)
        try:
            refresh(auth, token)
            outcomes.append("fresh")
        except OAuthRefused as refusal:
            outcomes.append(refusal.error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) in (["fresh", *["invalid_grant"] * 3], ["invalid_grant"] * 4)
    assert auth.sessions_table.rows == {}


def test_a_family_has_an_absolute_end(auth: Auth) -> None:
    tokens = signed_in(auth)
    for _ in range(SETTINGS.mobile_session_days - 1):
        auth.clock.forward(days=1)
        tokens = refresh(auth, tokens.refresh_token)
    auth.clock.forward(days=1, seconds=-5)
    tokens = refresh(auth, tokens.refresh_token)
    assert tokens.expires_in == 5
    auth.clock.forward(seconds=5)
    assert refused(auth, refresh, tokens.refresh_token) == "invalid_grant"


def test_a_family_unused_too_long_has_ended(auth: Auth) -> None:
    tokens = signed_in(auth)
    auth.clock.forward(days=SETTINGS.mobile_idle_days)
    assert refused(auth, refresh, tokens.refresh_token) == "invalid_grant"


@pytest.mark.parametrize("token", ["", "x", "a" * 87, "a" * 43 + "." + "b" * 43, "a" * 43 + "." + "b" * 44])
def test_what_is_no_refresh_token_gives_nothing(auth: Auth, token: str) -> None:
    living = signed_in(auth)
    assert refused(auth, refresh, token) in {"invalid_grant", "invalid_request"}
    assert refresh(auth, living.refresh_token)


def test_an_access_token_refreshes_nothing(auth: Auth) -> None:
    assert refused(auth, refresh, signed_in(auth).access_token) == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_an_app_signs_out(auth: Auth, which: str) -> None:
    tokens = signed_in(auth)
    auth.tokens.revoke(getattr(tokens, which))
    auth.tokens.revoke(getattr(tokens, which))
    assert refused(auth, refresh, tokens.refresh_token) == "invalid_grant"
    with pytest.raises(Unauthenticated):
        auth.tokens.authenticate(tokens.access_token)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é" * 20])
def test_signing_out_with_something_else_harms_nobody(auth: Auth, text: str) -> None:
    tokens = signed_in(auth)
    auth.tokens.revoke(text)
    assert refresh(auth, tokens.refresh_token)


def test_to_refresh_is_a_call_of_the_person(auth: Auth) -> None:
    tokens = signed_in(auth)
    for _ in range(SETTINGS.person_calls_per_minute - 1):
        auth.limiter.person(PERSON)
    with pytest.raises(RateLimited):
        refresh(auth, tokens.refresh_token)


# --- erased -----------------------------------------------------------------------------------


def test_an_erased_person_gets_no_tokens_any_more(auth: Auth) -> None:
    given, tokens = code(auth), signed_in(auth)
    auth.tombstones.add(PERSON)
    assert refused(auth, redeem, given) == "invalid_grant"
    assert refused(auth, refresh, tokens.refresh_token) == "invalid_grant"
    assert auth.sessions_table.rows == {}


def test_erasure_ends_apps_like_browsers(auth: Auth) -> None:
    tokens = signed_in(auth)
    code(auth)
    assert auth.sessions_table.erase(PERSON) == 2
    with pytest.raises(Unauthenticated):
        auth.tokens.authenticate(tokens.access_token)


# --- the access token -------------------------------------------------------------------------


def test_what_does_not_hold_costs_no_call(auth: Auth) -> None:
    token = signed_in(auth).access_token
    auth.sessions_table.calls.clear()
    reads = auth.keys_table.reads
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            auth.tokens.authenticate(token[:-10] + "A" * 10)
        assert auth.tokens.read(token)["sub"] == PERSON
    assert (auth.sessions_table.calls, auth.keys_table.reads) == ([], reads)


def test_a_call_writes_once_and_counts(auth: Auth) -> None:
    token = signed_in(auth).access_token
    auth.sessions_table.calls.clear()
    for _ in range(SETTINGS.calls_per_minute):
        auth.tokens.authenticate(token)
    assert auth.sessions_table.calls == ["touch"] * SETTINGS.calls_per_minute
    with pytest.raises(RateLimited):
        auth.tokens.authenticate(token)


def test_an_access_token_is_for_ten_minutes(auth: Auth) -> None:
    token = signed_in(auth).access_token
    auth.clock.forward(seconds=599)
    auth.tokens.read(token)
    auth.clock.forward(seconds=1)
    with pytest.raises(Unauthenticated, match="time"):
        auth.tokens.read(token)


def public_set(auth: Auth) -> KeySet:
    return KeySet.import_key_set(auth.tokens.jwks().model_dump())


@by_another_library
def test_another_library_reads_what_oo_signs(auth: Auth) -> None:
    token = jose.decode(signed_in(auth).access_token, public_set(auth), algorithms=["EdDSA"])
    assert token.header["typ"] == "at+jwt"
    assert token.claims["sub"] == PERSON
    assert (token.claims["iss"], token.claims["aud"], token.claims["client_id"]) == (ISSUER, ISSUER, APP)
    assert token.claims["exp"] - token.claims["iat"] == 600


@by_another_library
def test_oo_reads_what_another_library_signs() -> None:
    key = OKPKey.generate_key("Ed25519")
    claims = {"iss": "i", "aud": "a", "iat": 5, "exp": 9}
    token = jose.encode({"alg": "EdDSA", "typ": "at+jwt", "kid": "k"}, claims, key, algorithms=["EdDSA"])
    raw = base64.urlsafe_b64decode(key.as_dict(private=False)["x"] + "=")
    assert jwt.decode(token, {"k": raw}.get, issuer="i", audience="a", now=7) == claims


def crafted(auth: Auth, head: dict[str, Any], changes: dict[str, Any], seed: bytes | None = None) -> str:
    """A token signed with oO's own key, for what only the key's holder could try."""
    kid, own = auth.keys.signing()
    now = int(auth.clock.now().timestamp())
    claims = {
        "iss": ISSUER, "aud": ISSUER, "sub": PERSON, "sid": "s", "client_id": APP,
        "iat": now, "exp": now + 60,
        **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    if not head:
        return jwt.encode(claims, kid, seed or own)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    head = {"alg": "EdDSA", "typ": "at+jwt", "kid": kid, **head}
    parts = [{k: v for k, v in head.items() if v is not None}, claims]
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
    raw = Ed25519PrivateKey.from_private_bytes(seed or own).sign(signed.encode())
    return f"{signed}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def test_the_crafted_token_would_hold(auth: Auth) -> None:
    for head in ({}, {"typ": "at+jwt"}):
        assert auth.tokens.read(crafted(auth, head, {}))["sub"] == PERSON


@pytest.mark.parametrize(
    ("head", "changes"),
    [
        ({}, {"iss": "https://evil.example"}),
        ({}, {"iss": None}),
        ({}, {"aud": "another"}),
        ({}, {"aud": [ISSUER]}),
        ({}, {"exp": None}),
        ({}, {"exp": "9999999999"}),
        ({}, {"exp": True}),
        ({}, {"exp": 1e12}),
        ({}, {"iat": None}),
        ({}, {"iat": 2**40, "exp": 2**41}),
        ({"alg": "none"}, {}),
        ({"alg": "HS256"}, {}),
        ({"alg": "ES256"}, {}),
        ({"typ": "JWT"}, {}),
        ({"typ": None}, {}),
        ({"kid": None}, {}),
        ({"kid": "another"}, {}),
        ({"kid": ["k"]}, {}),
        ({"kid": "../k"}, {}),
        ({"crit": ["exp"]}, {}),
        ({"jwk": {"kty": "OKP"}}, {}),
        ({"jku": "https://evil.example/jwks"}, {}),
    ],
    ids=repr,
)
def test_a_token_that_is_not_as_oo_makes_them_is_refused(
    auth: Auth, head: dict[str, Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        auth.tokens.read(crafted(auth, head, changes))


def test_a_token_by_another_key_is_refused(auth: Auth) -> None:
    with pytest.raises(Unauthenticated, match="signature"):
        auth.tokens.read(crafted(auth, {}, {}, seed=b"x" * 32))


def test_no_character_of_a_token_may_be_another(auth: Auth) -> None:
    token = signed_in(auth).access_token
    for place, now in enumerate(token):
        other = "A" if now != "A" else "B"
        with pytest.raises(Unauthenticated):
            auth.tokens.read(token[:place] + other + token[place + 1 :])
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for other in set(last) - {token[-1]}:
        with pytest.raises(Unauthenticated):
            auth.tokens.read(token[:-1] + other)


@given(
    text=st.one_of(
        st.text(max_size=60), st.from_regex(r"[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{86}", fullmatch=True)
    )
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(jwt.BadToken):
        jwt.decode(text, lambda _: b"x" * 32, issuer=ISSUER, audience=ISSUER, now=1)


def test_a_token_of_another_persons_session_is_refused(auth: Auth) -> None:
    signed_in(auth)
    (session,) = auth.sessions_table.rows.values()
    token = crafted(auth, {}, {"sid": session.key, "sub": "another"})
    with pytest.raises(Unauthenticated):
        auth.tokens.authenticate(token)


# --- keys -------------------------------------------------------------------------------------


def test_the_first_key_is_made_when_it_is_needed(auth: Auth) -> None:
    assert auth.keys_table.rows == {}
    (key,) = auth.tokens.jwks().keys
    signed_in(auth)
    assert auth.tokens.jwks().keys == [key]
    assert auth.seeds.opened == []  # whoever made it has it


@by_another_library
def test_a_key_is_replaced_in_time_and_published_until_its_tokens_are_over(auth: Auth) -> None:
    signed_in(auth)
    auth.clock.forward(days=SETTINGS.signing_key_days, seconds=-1)
    old = signed_in(auth).access_token
    auth.clock.forward(seconds=1)
    new = signed_in(auth).access_token
    first, second = auth.tokens.jwks().keys
    assert [jose.decode(t, public_set(auth), algorithms=["EdDSA"]).header["kid"] for t in (old, new)] == [
        first.kid, second.kid,
    ]  # fmt: skip
    auth.clock.forward(seconds=598)
    auth.tokens.read(old)
    auth.clock.forward(hours=2)
    assert [key.kid for key in auth.tokens.jwks().keys] == [second.kid]


def process(auth: Auth) -> SigningKeys:
    """Another process over the same table."""
    return SigningKeys(
        auth.keys_table,
        auth.seeds,
        auth.clock,
        IDS.new,
        SETTINGS,
        seconds=lambda: auth.clock.now().timestamp(),
    )


def test_processes_share_keys(auth: Auth) -> None:
    one, two = process(auth), process(auth)
    kid, seed = one.signing()
    assert two.signing() == (kid, seed)
    assert auth.seeds.opened == [kid]
    assert len(auth.keys_table.rows) == 1


def test_of_two_processes_that_rotate_at_once_one_makes_the_key(auth: Auth) -> None:
    one, two = process(auth), process(auth)
    one.published()
    two.published()
    first = one.make()
    second = two.make()  # knows nothing of the first
    assert second.kid == first.kid or second.serial == first.serial + 1
    if not one.public(second.kid):
        auth.clock.forward(seconds=FORCED_SECONDS)
    assert one.public(second.kid)


def test_a_new_key_is_known_elsewhere_at_once(auth: Auth) -> None:
    elsewhere = process(auth)
    elsewhere.published()
    auth.clock.forward(seconds=FORCED_SECONDS)
    made = process(auth).make()
    assert elsewhere.public(made.kid) == made.public


def test_invented_keys_cause_few_reads(auth: Auth) -> None:
    auth.keys.published()
    reads = auth.keys_table.reads
    for number in range(50):
        assert auth.keys.public(f"invented-{number}") is None
    assert auth.keys_table.reads <= reads + 1


def test_a_removed_key_is_believed_for_five_minutes_at_most(auth: Auth) -> None:
    token = signed_in(auth).access_token
    auth.keys_table.rows.clear()
    auth.clock.forward(seconds=KEEP_SECONDS)
    with pytest.raises(Unauthenticated, match="key"):
        auth.tokens.read(token)


def test_a_key_whose_time_is_over_checks_nothing(auth: Auth) -> None:
    signed_in(auth)
    (key,) = auth.keys_table.rows.values()
    auth.keys_table.rows[1] = replace(key, expires=int(auth.clock.now().timestamp()) + 5)
    fresh = process(auth)
    assert fresh.public(key.kid)
    auth.clock.forward(seconds=5)
    assert fresh.public(key.kid) is None
