"""The running API keeps its contract: the document, the answers, who may call, and whose things are whose.

Cases are made from the OpenAPI document, so a new route is probed without a word here.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.people import (
    Operation,
    Person,
    anonymous,
    document,
    now,
    operations,
    person,
    problem,
    task,
)

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningStack

SECURED = [operation for operation in operations() if operation.secured]
OWNED = [operation for operation in SECURED if operation.templated]
LISTS = [o for o in SECURED if o.method == "GET" and not o.templated]


def minimal(operation: Operation) -> dict[str, Any]:
    """Keyword arguments of a valid request: the least that the body's schema takes."""
    content = operation.spec.get("requestBody", {}).get("content", {}).get("application/json")
    return {"json": least(content["schema"])} if content else {}


def least(schema: dict[str, Any]) -> Any:
    """The least value that a schema takes."""
    if "$ref" in schema:
        return least(document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return least(schema[choice][0])
    if told := [schema[part] for part in ("const", "default") if part in schema] + schema.get("enum", []):
        return told[0]
    kind = schema.get("type")
    if kind == "object":
        whole = {name: least(schema["properties"][name]) for name in schema.get("required", [])}
        if schema.get("minProperties"):
            whole[least(schema["propertyNames"])] = least(schema["additionalProperties"])
        return whole
    if kind == "array":
        return [least(schema["items"])] * schema.get("minItems", 0)
    plain = {"integer": schema.get("minimum", 0), "number": schema.get("minimum", 0), "boolean": False}
    return plain.get(str(kind), "x" * schema.get("minLength", 1))


def call(client: httpx.Client, operation: Operation, value: str = "x") -> httpx.Response:
    return client.request(operation.method, operation.at(value), **minimal(operation))


def ids_in(value: Any) -> set[str]:
    """Every id that a document tells, at any depth."""
    if isinstance(value, list):
        return {found for part in value for found in ids_in(part)}
    if isinstance(value, dict):
        own = {part for name, part in value.items() if name.endswith("id") and isinstance(part, str)}
        return own | {found for part in value.values() for found in ids_in(part)}
    return set()


def belongings(who: Person) -> dict[str, Any]:
    """All that the person's lists tell, without the moments, and their order, that a mere look changes."""
    told = {str(o): call(who.client, o).json() for o in LISTS}
    sessions = told["GET /api/auth/sessions"]["sessions"]
    for session in sessions:
        session.pop("last_seen_at")
    sessions.sort(key=lambda session: session["id"])
    return told


@pytest.fixture(scope="module")
def pair(stack: RunningStack) -> tuple[Person, Person]:
    """Two people with everything that can be had: signals, a tip, sessions."""
    ada, ben = person(stack), person(stack)
    for who in (ada, ben):
        who.send(task("rent"), {"type": "mood", "valence": 4, "occurred_at": now().isoformat()})
        stack.sign_in(who.subject)
    for who in (ada, ben):
        who.tip()
        # What is still on its way would look like a change.
        who.stack.wait_until(lambda who=who: len(who.rows("signals")) == 2)
    return ada, ben


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
    for operation in SECURED:
        if operation.path != "/api/auth/session":
            problem(call(admin, operation, str(uuid4())), 401, "unauthenticated")


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_another_persons_things_look_as_if_they_were_not(
    pair: tuple[Person, Person], operation: Operation
) -> None:
    for owner, intruder in (pair, pair[::-1]):
        before = belongings(owner)
        ids = ids_in(before) - {owner.id}
        assert len(ids) >= 4, "two signals, a tip, two sessions"
        unknown = call(intruder.client, operation, str(uuid4()))
        for value in sorted(ids):
            told = problem(call(intruder.client, operation, value), 404, "not-found")
            assert {**told, "instance": ""} == {**unknown.json(), "instance": ""}
            assert value not in json.dumps(told)
        assert belongings(owner) == before


@pytest.mark.parametrize("operation", OWNED, ids=str)
def test_the_probe_would_have_found_it(stack: RunningStack, operation: Operation) -> None:
    """The owner's own call with one of the same ids works: the 404 above is about whose it is."""
    owner = person(stack)
    owner.send(task("rent"))
    owner.tip()
    ids = sorted(ids_in(belongings(owner)))
    statuses = [call(owner.client, operation, value).status_code for value in ids]
    assert any(status < 300 for status in statuses), statuses


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
    assert nobody.post("/api/auth/token", json={"token": stack.admin_token}).status_code == 200
    assert nobody.post("/api/auth/logout").status_code == 204
    begun = nobody.get("/api/auth/login/oidc")
    assert begun.next_request is not None
    back = nobody.post(str(begun.next_request.url), data={"sub": f"life-{uuid4()}"})
    assert back.next_request is not None
    assert nobody.get(str(back.next_request.url)).status_code == 303
    assert who.client.delete("/api/me").status_code == 202
    # No provider of this stack posts a form.
    left_out = {"POST /api/auth/callback/{provider}"}
    assert {str(o) for o in operations()} - set(seen) == left_out
