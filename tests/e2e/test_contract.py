"""The running API keeps its contract: the document, the answers, who may call. Whose things are whose is in
test_cross_person.py.

Cases are made from the OpenAPI document, so a new route is probed without a word here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.people import (
    Operation,
    Person,
    anonymous,
    call,
    connect,
    document,
    now,
    operations,
    person,
    problem,
    task,
)
from tests.e2e.test_mobile import Phone

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningStack

SECURED = [operation for operation in operations() if operation.secured]
PERSONS = [operation for operation in SECURED if operation.for_whom == {"person"}]
ADMINS = [operation for operation in SECURED if operation.for_whom == {"admin"}]
LISTS = [o for o in PERSONS if o.method == "GET" and not o.templated]


def test_the_running_contract_is_the_committed_one(stack: RunningStack) -> None:
    assert stack.anonymous().get("/api/openapi.json").json() == document()


@pytest.mark.parametrize("operation", SECURED, ids=str)
def test_nobody_gets_in_without_a_session(stack: RunningStack, operation: Operation) -> None:
    nobody = anonymous(stack)
    for cookie in ("", "sid=" + "A" * 43):
        nobody.headers["Cookie"] = cookie
        problem(call(nobody, operation, str(uuid4())), 401, "unauthenticated")


@pytest.mark.parametrize(
    "operation", [o for o in operations() if not o.secured and o.path.startswith("/api/auth")], ids=str
)
def test_what_needs_no_session_asks_for_none(stack: RunningStack, operation: Operation) -> None:
    status = call(anonymous(stack), operation).status_code
    wrong_token = operation.path == "/api/auth/token"
    assert (status == 401) == wrong_token


def test_an_admin_is_no_person(stack: RunningStack) -> None:
    """The admin's session opens no person's routes, and touches nothing."""
    admin = anonymous(stack)
    assert admin.post("/api/auth/token", json={"token": stack.admin_token}).status_code == 200
    assert admin.get("/api/auth/session").json()["role"] == "admin"
    for operation in PERSONS:
        problem(call(admin, operation, str(uuid4())), 401, "unauthenticated")
    for operation in ADMINS:
        # What it asks for is not there; that it may ask is what counts.
        assert call(admin, operation, str(uuid4())).status_code in {200, 202, 204, 404}


def test_a_person_is_no_admin(stack: RunningStack) -> None:
    who = person(stack)
    assert ADMINS
    for operation in ADMINS:
        problem(call(who.client, operation, str(uuid4())), 403, "forbidden")


def link_and_unlink(who: Person) -> None:
    """Add a second account at the provider, and take it away."""

    def known() -> set[str]:
        return {one["id"] for one in who.client.get("/api/auth/identities").json()["identities"]}

    first = known()
    begun = who.client.post("/api/auth/link/oidc", json={})
    assert begun.status_code == 200, begun.text
    back = who.stack.anonymous().post(begun.json()["url"], data={"sub": f"second-{uuid4()}"})
    assert who.client.get(back.headers["location"]).status_code == 303
    (second,) = known() - first
    assert who.client.delete(f"/api/auth/identities/{second}").status_code == 204


def test_every_answer_of_a_life_has_its_documented_shape(stack: RunningStack) -> None:
    """`person` and `anonymous` hold every answer against the contract; here each operation is called."""
    seen: list[str] = []

    def note(answer: httpx.Response) -> None:
        found = [o for o in operations() if o.method == answer.request.method]
        matching = [o for o in found if o.matches(answer.request.url.path)]
        if matching and answer.status_code < 400:
            seen.append(str(matching[0]))

    who, nobody = person(stack), anonymous(stack)
    for client in (who.client, nobody):
        client.event_hooks["response"].append(note)
    soon, later = now() + timedelta(hours=3), now() + timedelta(hours=4)
    who.send(
        task("rent"),
        {"type": "event", "item_ref": "e", "title": "Dentist", "occurred_at": now().isoformat(),
         "starts_at": soon.isoformat(), "ends_at": later.isoformat()},
        {"type": "habit", "item_ref": "h", "title": "Read", "occurred_at": now().isoformat()},
        {"type": "mood", "valence": 4, "energy": 2, "occurred_at": now().isoformat()},
        {"type": "context", "place": "home", "occurred_at": now().isoformat()},
    )  # fmt: skip
    tip = who.tip()
    tips = f"/api/tips/{tip['id']}"
    assert who.client.get(tips).json()["text"] == tip["text"]
    assert who.client.post(f"{tips}/exposure", json={}).status_code == 202
    for body in ({"kind": "snooze"}, {"kind": "undo"}, {"kind": "helpful"}, {"kind": "done"}):
        assert who.client.post(f"{tips}/reaction", json=body).status_code == 202
    stack.wait_until(lambda: len(who.rows("signals")) >= 5)
    who.ask()
    names = {"display_name": "Ada", "locale": "en-GB"}
    assert who.client.patch("/api/profile", json=names).json()["display_name"] == "Ada"
    version = who.client.get("/api/profile/consents").json()["text_version"]
    withdrawn = {"consents": {"mood": False}, "text_version": version}
    assert who.client.put("/api/profile/consents", json=withdrawn).status_code == 200
    first = who.client.get("/api/signals", params={"limit": 2}).json()
    assert who.client.get("/api/signals", params={"cursor": first["next"]}).status_code == 200
    assert who.client.delete(f"/api/signals/{first['signals'][0]['id']}").status_code == 204
    for operation in LISTS:
        assert call(who.client, operation).status_code == 200
    assert who.client.get("/api/auth/session").status_code == 200
    connect(who)
    assert who.client.post("/api/integrations/sandbox/sync").status_code == 202
    assert who.client.delete("/api/integrations/sandbox").status_code == 204
    link_and_unlink(who)
    copy = who.client.post("/api/me/export").json()["export_id"]
    assert who.client.get(f"/api/me/export/{copy}").status_code == 200
    line = who.client.get("/api/me/profile-card").json()["lines"][0]["id"]
    assert who.client.delete(f"/api/me/profile-card/{line}").status_code == 202
    second = stack.sign_in(who.subject).get("/api/auth/sessions").json()["sessions"]
    other = next(s["id"] for s in second if s["current"])
    assert who.client.delete(f"/api/auth/sessions/{other}").status_code == 204
    for operation in operations():
        if operation.method == "GET" and not operation.secured and not operation.templated:
            assert nobody.get(operation.path).status_code == 200
    page = nobody.get("/").text
    asset = page.split('href="assets/')[1].split('"')[0]
    assert nobody.get(f"/assets/{asset}").status_code == 200
    assert nobody.get("/api/health/events").status_code == 200
    assert nobody.get(f"/api/profile/consents/texts/{version}").status_code == 200
    assert nobody.post("/api/auth/token", json={"token": stack.admin_token}).status_code == 200
    for operation in ADMINS:
        if not operation.templated:
            assert call(nobody, operation).status_code == 200
    sessions = nobody.get("/api/admin/sessions").json()["sessions"]
    mine = next(session["id"] for session in sessions if session["current"])
    assert nobody.delete(f"/api/admin/sessions/{mine}").status_code == 204
    assert nobody.post("/api/auth/logout").status_code == 204
    begun = nobody.get("/api/auth/login/oidc")
    assert begun.next_request is not None
    back = nobody.post(str(begun.next_request.url), data={"sub": f"life-{uuid4()}"})
    assert back.next_request is not None
    assert nobody.get(str(back.next_request.url)).status_code == 303
    phone = Phone(stack)
    phone.api.event_hooks["response"].append(note)
    phone.sign_in()
    form = {"token": phone.tokens["refresh_token"]}
    assert phone.api.post("/api/auth/oauth/revoke", data=form).status_code == 200
    erased = who.client.delete("/api/me")
    assert erased.status_code == 202
    assert nobody.get(f"/api/erasures/{erased.json()['receipt_id']}").status_code == 200
    # No provider of this stack posts a form.
    left_out = {"POST /api/auth/callback/{provider}"}
    assert {str(o) for o in operations()} - set(seen) == left_out
