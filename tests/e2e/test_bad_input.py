"""Bad input on the deployed stack: each is answered with what to change, and nothing is half stored."""

from __future__ import annotations

import json
import re
import socket
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.e2e.people import CANARY, Person, anonymous, now, person, problem, rows, task

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningStack

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def ada(stack: RunningStack) -> Person:
    """One person for what is only refused; each test that stores something has its own."""
    return person(stack)


def post(who: Person, path: str, body: bytes | str, **headers: str) -> httpx.Response:
    content = body.encode() if isinstance(body, str) else body
    return who.client.post(path, content=content, headers={**JSON, **headers})


def batch(*entries: dict[str, Any]) -> str:
    return json.dumps({"signals": list(entries)})


def entry(**fields: Any) -> dict[str, Any]:
    return {**task("one", CANARY), **fields}


# --- bodies that cannot be read -------------------------------------------------------------------

UNREADABLE: dict[str, tuple[bytes, int, str]] = {
    "half": (b'{"signals": [', 400, "malformed"),
    "array": (b"[]", 400, "malformed"),
    "null": (b"null", 400, "malformed"),
    "text": (b'"Zanzibar"', 400, "malformed"),
    "not-utf8": (b"\xff\xfe\x00", 400, "malformed"),
    "raw-nul": (b'{"signals": ["a\x00"]}', 400, "malformed"),
    "deep-arrays": (b'{"signals": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "malformed"),
    "deep-objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "malformed"),
    "endless-number": (b'{"signals": [' + b"9" * 5000 + b"]}", 400, "malformed"),
    "signals-twice": (b'{"signals": [1], "signals": [{"type": "mood"}]}', 400, "malformed"),
    "field-twice": (b'{"signals": [{"title": "Zanzibar", "title": "b"}]}', 400, "malformed"),
    "empty": (b"", 422, "invalid"),
    "nothing": (b'{"signals": []}', 422, "invalid"),
    "no-list": (b'{"signals": {"a": "Zanzibar"}}', 422, "invalid"),
    "unknown-field": (b'{"signals": [1], "extra": "Zanzibar"}', 422, "invalid"),
    "surrogate-field": (b'{"signals": [1], "\\ud800": "Zanzibar"}', 422, "invalid"),
    "a-megabyte": (b" " * (1 << 20), 413, "too-large"),
    "ten-megabytes": (b" " * (10 << 20), 413, "too-large"),
    "more-than-the-front-takes": (b" " * ((10 << 20) + 1), 413, "too-large"),
    "101-entries": (batch(*[entry()] * 101).encode(), 413, "too-large"),
    "10000-entries": (b'{"signals": [' + b",".join([b"{}"] * 10_000) + b"]}", 413, "too-large"),
    "10000-signals": (batch(*[entry()] * 10_000).encode(), 413, "too-large"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_cannot_be_taken_says_why(ada: Person, name: str) -> None:
    body, status, slug = UNREADABLE[name]
    told = problem(post(ada, "/api/signals", body), status, slug)
    if slug == "too-large":
        assert str(told["limit"]) in told["detail"], "it says how much is allowed"


def test_a_long_unknown_name_does_not_come_back_whole(ada: Person) -> None:
    answer = post(ada, "/api/signals", json.dumps({"signals": [1], "k" * 60_000: 1}))
    problem(answer, 422, "invalid")
    assert len(answer.content) < 1000


# --- entries ---------------------------------------------------------------------------------------


def ago(**delta: float) -> str:
    return (now() - timedelta(**delta)).isoformat()


def steady(value: object) -> str:
    """A test's name that is the same in every process: `ago` is not."""
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d+", "then", text)


NOBODYS = "00000000-0000-4000-8000-000000000000"
EVENT: dict[str, Any] = {"type": "event", "due_at": None, "effort_minutes": None}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "too-old": ({"occurred_at": ago(days=401)}, "/occurred_at"),
    "too-new": ({"occurred_at": ago(hours=-2)}, "/occurred_at"),
    "no-zone": ({"occurred_at": "2026-11-22T10:00:00"}, "/occurred_at"),
    "first-moment": ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
    "last-moment": ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "/occurred_at"),
    "epoch-seconds": ({"occurred_at": 1_790_000_000}, "/occurred_at"),
    "epoch-in-quotes": ({"occurred_at": "1790000000"}, "/occurred_at"),
    "endless-epoch": ({"occurred_at": 10**300}, "/occurred_at"),
    "due-first-moment": ({"due_at": "0001-01-01T00:00:00+14:00"}, "/due_at"),
    "due-last-moment": ({"due_at": "9999-12-31T23:59:59-12:00"}, "/due_at"),
    "due-last-day": ({"due_at": None, "due_on": "9999-12-31"}, "/due_on"),
    "due-no-day": ({"due_at": None, "due_on": "2026-02-30"}, "/due_on"),
    "due-twice": ({"due_on": "2026-11-23"}, ""),
    "missing": ({"occurred_at": None}, "/occurred_at"),
    "truth-for-a-number": ({"priority": True}, "/priority"),
    "text-for-a-number": ({"effort_minutes": "5"}, "/effort_minutes"),
    "half-a-minute": ({"effort_minutes": 0.5}, "/effort_minutes"),
    "huge": ({"effort_minutes": 10**100}, "/effort_minutes"),
    "not-a-number": ({"effort_minutes": float("nan")}, "/effort_minutes"),
    "infinite": ({"effort_minutes": float("inf")}, "/effort_minutes"),
    "title-list": ({"title": [CANARY]}, "/title"),
    "title-blank": ({"title": "   "}, "/title"),
    "title-long": ({"title": CANARY * 100}, "/title"),
    "title-surrogate": ({"title": f"{CANARY}\ud800"}, "/title"),
    "ref-nul": ({"item_ref": f"{CANARY}\x00"}, "/item_ref"),
    "ref-letters": ({"item_ref": f"{CANARY}é"}, "/item_ref"),
    "ref-long": ({"item_ref": "r" * 201}, "/item_ref"),
    "ref-deep": ({"item_ref": json.loads("[" * 500 + "]" * 500)}, "/item_ref"),
    "id": ({"id": CANARY}, "/id"),
    "origin": ({"origin": "connector"}, "/origin"),
    "source": ({"source": f"{CANARY} !"}, "/source"),
    "unknown": ({"extra": CANARY}, "/extra"),
    "unknown-odd": ({"a/b~c": CANARY}, "/a~1b~0c"),
    "type": ({"type": CANARY}, "/type"),
    "type-list": ({"type": ["task"]}, "/type"),
    "type-surrogate": ({"type": "\ud800"}, "/type"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_entry_names_its_field(ada: Person, name: str) -> None:
    fields, pointer = WRONG[name]
    wrong = entry(**fields)
    # Alone it refuses the batch; the pointer says which entry and field.
    told = problem(post(ada, "/api/signals", batch(wrong)), 422, "invalid")
    assert f"/signals/0{pointer}" in [e["pointer"] for e in told["errors"]]


@pytest.mark.parametrize("odd", [1, None, CANARY, [], True, {}, {"type": None}], ids=json.dumps)
def test_an_entry_of_no_kind(ada: Person, odd: Any) -> None:
    told = problem(post(ada, "/api/signals", json.dumps({"signals": [odd]})), 422, "invalid")
    assert told["errors"][0]["pointer"].startswith("/signals/0")


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T09:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "2026-11-22T09:00:00Z"),
        ("2026-11-22T10:00:00Z", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_an_event_that_cannot_be(ada: Person, starts: str, ends: str) -> None:
    event = {"type": "event", "item_ref": "e", "title": CANARY, "occurred_at": now().isoformat()}
    body = batch({**event, "starts_at": starts, "ends_at": ends})
    problem(post(ada, "/api/signals", body), 422, "invalid")


def test_nothing_of_what_was_refused_is_stored(ada: Person) -> None:
    """Runs after all of the above, with the same person."""
    assert ada.kept() == {"signals": 0, "items": 0, "item-words": 0}
    ada.sentinel()
    assert ada.kept() == {"signals": 1, "items": 0, "item-words": 0}


def test_the_bad_entry_is_answered_and_the_good_ones_are_stored_once(stack: RunningStack) -> None:
    bob = person(stack, "tasks")
    mood = {"type": "mood", "valence": 3, "occurred_at": now().isoformat()}
    entries: list[Any] = [
        task("good-1"),
        entry(priority=9),
        mood,
        task("good-2", None),
        CANARY,
        entry(occurred_at=ago(days=500)),
    ]
    entries.append(dict(entries[0]))
    first = bob.send(*entries)
    assert [r["index"] for r in first] == list(range(len(entries)))
    assert [r["status"] for r in first] == [
        "accepted", "rejected", "rejected", "accepted", "rejected", "rejected", "duplicate",
    ]  # fmt: skip
    assert [r["problem"]["status"] for r in first if r["problem"]] == [422, 403, 422, 422]
    assert first[1]["problem"]["errors"][0]["pointer"] == "/priority"
    assert first[2]["problem"]["consents"] == ["mood"]
    assert CANARY not in json.dumps(first)
    stack.wait_until(lambda: bob.kept() == {"signals": 2, "items": 2, "item-words": 1})
    again = bob.send(*entries)
    assert [r["status"] for r in again] == [
        "duplicate", "rejected", "rejected", "duplicate", "rejected", "rejected", "duplicate",
    ]  # fmt: skip
    assert [r["id"] for r in again] == [r["id"] for r in first]
    assert {r["signal_id"]["S"] for r in bob.rows("signals")} == {r["id"] for r in first if r["id"]}


def test_a_hundred_entries_are_taken(stack: RunningStack) -> None:
    bob = person(stack)
    results = bob.send(*(task(f"t{number}") for number in range(100)))
    assert [r["status"] for r in results] == ["accepted"] * 100
    stack.wait_until(lambda: bob.kept() == {"signals": 100, "items": 100, "item-words": 100}, 60)


# --- consents --------------------------------------------------------------------------------------


def test_without_consent_nothing_enters(stack: RunningStack) -> None:
    bob = person(stack, "learning")
    told = problem(post(bob, "/api/signals", batch(entry())), 403, "consent-required")
    assert told["consents"] == ["tasks"]
    assert "/api/profile/consents" in told["detail"]
    assert bob.ask() == {"tip": None, "reason": "consent_required", "next_look_at": None}
    assert bob.kept() == {"signals": 0, "items": 0, "item-words": 0}


@pytest.mark.parametrize(
    "body",
    [
        {"consents": {"tasks": "yes"}, "text_version": "2026-11"},
        {"consents": {"tasks": 1}, "text_version": "2026-11"},
        {"consents": {"everything": True}, "text_version": "2026-11"},
        {"consents": {}, "text_version": "2026-11"},
        {"consents": {"tasks": True}, "text_version": "1999"},
        {"consents": {"tasks": False}, "text_version": "v" * 60_000},
        {"consents": {"tasks": False}, "text_version": f"{CANARY}\x00"},
        {"consents": {"tasks": True}},
    ],
    ids=["yes", "one", "unknown", "none", "old-text", "long-text", "nul-text", "no-text"],
)
def test_a_consent_is_never_guessed(ada: Person, body: dict[str, Any]) -> None:
    before = ada.client.get("/api/profile/consents").json()
    problem(ada.client.put("/api/profile/consents", json=body), 422, "invalid")
    assert ada.client.get("/api/profile/consents").json() == before


@pytest.mark.parametrize(
    "body",
    [
        '{"timezone": NaN}', '{"timezone": "../../etc/passwd"}', '{"timezone": "a\\u0000"}',
        '{"timezone": ""}', '{"timezone": "Europe"}', '{"timezone": "\\ud800"}', '{"locale": "Zanzibar!"}',
        '{"display_name": ["Zanzibar"]}', '{"display_name": "\\ud800"}', '{"person_id": "Zanzibar"}',
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be(ada: Person, body: str) -> None:
    before = ada.client.get("/api/profile").json()
    answer = ada.client.patch("/api/profile", content=body.encode(), headers=JSON)
    problem(answer, 422, "invalid")
    assert ada.client.get("/api/profile").json() == before


# --- routes, methods, content types, headers, cookies ----------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/nowhere", 404, "not-found"),
        ("GET", "/api/tips/a/b/c", 404, "not-found"),
        ("GET", "/assets/..%2f..%2fapp.py", 404, "not-found"),
        ("GET", "/assets/%00", 404, "not-found"),
        ("GET", "/api/health/%E2%82", 404, "not-found"),
        ("POST", f"/api/tips/{CANARY}%00/exposure", 404, "not-found"),
        ("POST", f"/api/tips/{CANARY * 500}/exposure", 404, "not-found"),
        ("DELETE", f"/api/signals/{CANARY}", 404, "not-found"),
        ("DELETE", "/api/auth/sessions/%F0%9F", 404, "not-found"),
        ("GET", "/api/auth/login/nobody", 404, "not-found"),
        ("GET", "/api/recommend", 405, "method-not-allowed"),
        ("PUT", "/api/signals", 405, "method-not-allowed"),
        ("GET", f"/api/tips/{NOBODYS}/reaction", 405, "method-not-allowed"),
        ("TRACE", "/api/tips", 405, "method-not-allowed"),
        ("ZANZIBAR", "/api/tips", 405, "method-not-allowed"),
        ("GET", "/api/tips?limit=0", 422, "invalid"),
        ("GET", "/api/tips?limit=Zanzibar", 422, "invalid"),
        ("GET", f"/api/tips?limit={10**30}", 422, "invalid"),
        ("GET", "/api/tips?cursor=Zanzibar", 422, "invalid"),
        ("GET", "/api/signals?cursor=%00", 422, "invalid"),
        ("GET", "/api/signals?cursor=%F0%9F", 422, "invalid"),
        ("GET", "/api/signals?cursor=" + "A" * 401, 422, "invalid"),
        ("GET", "/api/signals?colour=Zanzibar", 422, "invalid"),
        ("GET", "/api/auth/login/oidc?return_to=//zanzibar.example", 422, "invalid"),
        ("GET", "/api/auth/login/oidc?return_to=%0d%0aSet-Cookie:x=1", 422, "invalid"),
    ],
)
def test_addresses_that_lead_nowhere(ada: Person, method: str, path: str, status: int, slug: str) -> None:
    body = {"content": b"{}", "headers": JSON} if method in {"POST", "PUT"} else {}
    answer = ada.client.request(method, path, **body)  # type: ignore[arg-type]
    problem(answer, status, slug)
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_another_content_type_is_refused(ada: Person, media: str) -> None:
    answer = post(ada, "/api/signals", batch(entry()), **{"Content-Type": media})
    assert "application/json" in problem(answer, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://zanzibar.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://zanzibar.example", "X-Forwarded-Host": "zanzibar.example"},
    ],
    ids=str,
)
def test_another_sites_page_may_not_speak_for_a_person(ada: Person, headers: dict[str, str]) -> None:
    problem(post(ada, "/api/recommend", "{}", **headers), 403, "forbidden")


@pytest.mark.parametrize("trace", ["x" * 5000, "no", "with space", "Zanzibar\xe9"])
def test_a_strange_trace_id_is_not_taken_over(ada: Person, trace: str) -> None:
    answer = ada.client.get("/api/auth/session", headers=[(b"X-Trace-Id", trace.encode())])
    assert answer.status_code == 200
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["X-Trace-Id"])


def test_cookies_that_are_no_session(stack: RunningStack, ada: Person) -> None:
    sid = ada.client.cookies["sid"]
    nobody = anonymous(stack)
    refused = [
        "sid=", "sid=garbage", "sid=" + "A" * 43, "sid=" + "A" * 7000, f'sid="{sid}"', f"sid={sid}x",
        f"sid={sid[:-1]}", f"SID={sid}", "sid=%00", "sid=é", f"xsid={sid}", f"sid=x; sid={sid}",
        f"sid={sid}; sid=x",
    ]  # fmt: skip
    for cookie in refused:
        answer = nobody.get("/api/auth/session", headers=[(b"Cookie", cookie.encode())])
        problem(answer, 401, "unauthenticated")
        assert sid not in answer.text
    for cookie in (f"sid={sid}", f"a=b;;;=;sid={sid}", f"theme=dark; sid={sid}"):
        assert nobody.get("/api/auth/session", headers={"Cookie": cookie}).status_code == 200


def test_what_is_hardly_http_is_a_problem_too(stack: RunningStack) -> None:
    address = urlsplit(stack.url)
    for sent, status in (
        (b"ZANZIBAR\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET /" + b"Z" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"Z" * 70_000 + b"\r\n\r\n", 431),
        (b"ZANZIBAR / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /", 405),
    ):
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(sent)
            answer = b""
            while more := connection.recv(65_536):
                answer += more
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode()), head[:200]
        assert b"application/problem+json" in head
        assert answer.count(b"HTTP/1.1 ") == 1, "what follows is not taken for another request"
        assert json.loads(body)["status"] == status
        assert b"ZANZIBAR" not in answer


# --- sign-in ---------------------------------------------------------------------------------------


def walked(stack: RunningStack) -> tuple[httpx.Client, str, dict[str, str]]:
    """A browser that came back from the provider but has not called the callback yet."""
    browser = anonymous(stack)
    begun = browser.get("/api/auth/login/oidc")
    assert begun.next_request is not None
    authorize = str(begun.next_request.url)
    back = browser.post(authorize, data={"sub": f"replay-{uuid4()}"})
    assert back.next_request is not None
    return browser, str(back.next_request.url), dict(browser.cookies)


def test_a_callback_works_once(stack: RunningStack) -> None:
    browser, callback, cookies = walked(stack)
    assert browser.get(callback).status_code == 303
    assert browser.get("/api/auth/session").status_code == 200
    for held in ({}, cookies):
        replayed = anonymous(stack)
        replayed.cookies.update(held)
        told = problem(replayed.get(callback), 400, "sign-in-refused")
        assert "Start it again" in told["detail"]
        assert replayed.get("/api/auth/session").status_code == 401
    page = anonymous(stack).get(callback, headers={"Accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["Location"].startswith(f"{stack.url}/?signin=failed")


def test_a_callback_works_only_in_its_browser(stack: RunningStack) -> None:
    _, callback, cookies = walked(stack)
    other, _, _ = walked(stack)
    problem(other.get(callback), 400, "sign-in-refused")
    assert other.get("/api/auth/session").status_code == 401
    # And nobody used it up by trying.
    own = anonymous(stack)
    own.cookies.update(cookies)
    assert own.get(callback).status_code == 303


def test_a_changed_state_or_code_is_refused(stack: RunningStack) -> None:
    for change in (("state=", "state=x"), ("code=", "code=x")):
        browser, callback, _ = walked(stack)
        problem(browser.get(callback.replace(*change)), 400, "sign-in-refused")
        assert browser.get("/api/auth/session").status_code == 401


# --- tips ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tip(stack: RunningStack) -> tuple[Person, dict[str, Any]]:
    """Someone who has a tip."""
    carl = person(stack)
    carl.send(task("rent"))
    return carl, carl.tip()


def decision(carl: Person, tip_id: str) -> dict[str, Any]:
    [row] = [r for r in carl.rows("decisions") if r["decision_id"]["S"] == tip_id]
    return row


@pytest.mark.parametrize(
    "body",
    [
        {}, {"kind": CANARY}, {"kind": ["done"]}, {"kind": "done", "extra": CANARY},
        {"kind": "done", "reason": "too_big"}, {"kind": "dismiss", "reason": CANARY},
        {"kind": "snooze", "until": ago(days=-31)}, {"kind": "snooze", "until": ago(minutes=1)},
        {"kind": "snooze", "until": "9999-12-31T23:59:59-12:00"},
        {"kind": "snooze", "until": "0001-01-01T00:00:00+14:00"},
        {"kind": "snooze", "until": "2026-11-22"}, {"kind": "done", "until": ago(days=-1)},
    ],
    ids=steady,
)  # fmt: skip
def test_a_reaction_that_cannot_be(tip: tuple[Person, dict[str, Any]], body: dict[str, Any]) -> None:
    carl, shown = tip
    before = decision(carl, shown["id"])
    problem(carl.client.post(f"/api/tips/{shown['id']}/reaction", json=body), 422, "invalid")
    assert decision(carl, shown["id"]) == before


@pytest.mark.parametrize(
    "at",
    [ago(days=-1), ago(days=1), "0001-01-01T00:00:00+14:00", 1_790_000_000, True],
    ids=steady,
)
def test_an_exposure_that_cannot_be(tip: tuple[Person, dict[str, Any]], at: Any) -> None:
    carl, shown = tip
    before = decision(carl, shown["id"])
    answer = carl.client.post(f"/api/tips/{shown['id']}/exposure", json={"exposed_at": at})
    problem(answer, 422, "invalid")
    assert decision(carl, shown["id"]) == before


def test_unknown_tips_and_another_persons_look_the_same(
    stack: RunningStack, tip: tuple[Person, dict[str, Any]]
) -> None:
    carl, shown = tip
    before = decision(carl, shown["id"])
    dora = person(stack)
    for tip_id in (shown["id"], str(uuid4()), shown["id"].upper(), "x"):
        for action, body in (("exposure", {}), ("reaction", {"kind": "done"})):
            told = problem(dora.client.post(f"/api/tips/{tip_id}/{action}", json=body), 404, "not-found")
            assert told["detail"] == "There is no such tip."
    assert decision(carl, shown["id"]) == before
    assert rows(stack, "decisions", dora.id) == []


def test_after_seven_days_a_tip_takes_no_reaction(stack: RunningStack) -> None:
    eve = person(stack)
    eve.send(task("rent"))
    tip_id = eve.tip()["id"]
    row = decision(eve, tip_id)
    body = json.loads(row["body"]["S"])
    body["decided_at"] = (now() - timedelta(days=7, minutes=1)).isoformat()
    stack.client("dynamodb").put_item(
        TableName="oo-local-decisions", Item={**row, "body": {"S": json.dumps(body)}}
    )
    aged = decision(eve, tip_id)
    for action, sent in (("exposure", {}), ("reaction", {"kind": "done"}), ("reaction", {"kind": "undo"})):
        told = problem(eve.client.post(f"/api/tips/{tip_id}/{action}", json=sent), 410, "gone")
        assert "7 days" in told["detail"]
    assert decision(eve, tip_id) == aged


def test_there_is_nothing_to_undo(tip: tuple[Person, dict[str, Any]]) -> None:
    carl, shown = tip
    answer = carl.client.post(f"/api/tips/{shown['id']}/reaction", json={"kind": "undo"})
    problem(answer, 409, "conflict")


# --- odd words -------------------------------------------------------------------------------------

ODD = {
    "right-to-left": "שלם את שכר הדירה",
    "overridden": "\u202egnp.exe\u202c pay \u2066rent\u2069",
    "zero-width": "p\u200ba\u200by\ufeff rent",
    "control": "pay\x00 the\x07 \x1b[31mrent\nnow\u2028",
    "emoji": "👩\u200d👩\u200d👧" * 100,
    "one-long-word": "x" * 500,
    "combining": "r\u0301" * 250,
    "markup": "<img src=x onerror=alert(1)> {{7*7}} %s ${x}",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_titles_are_kept_as_they_are_and_shown_safely(stack: RunningStack, name: str) -> None:
    finn = person(stack, "tasks")
    assert finn.send(task("odd", ODD[name]))[0]["status"] == "accepted"
    shown = finn.tip()
    text = shown["text"] + shown["why"]
    assert not [c for c in text if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [c for c in text if unicodedata.category(c) == "Cf" and c not in "\u200c\u200d"]
    assert len(text) < 400
    [signal] = finn.client.get("/api/signals").json()["signals"]
    assert signal["title"] == ODD[name].strip()


def test_an_invisible_title_is_never_a_tip_and_hides_no_other(stack: RunningStack) -> None:
    gina = person(stack, "tasks")
    gina.send(task("ghost", "\u200b\u202e\ufeff"))
    stack.wait_until(lambda: len(gina.rows("items")) == 1)
    gina.send(task("rent"))
    assert "ent" in gina.tip("ent")["text"]
    tips = [r["text"] for r in gina.client.get("/api/tips").json()["tips"]]
    assert all("rent" in text for text in tips), tips
