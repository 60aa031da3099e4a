"""People of the end-to-end tests: sign up, say something, and have every answer held against the contract."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jsonschema  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningStack

SOURCES = ("tasks", "calendar", "habits", "mood", "context", "learning")
COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.json"
CANARY = "Zanzibar"
"""What bad input carries; it must never come back in a problem."""


# --- the contract -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One operation of the OpenAPI document."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def secured(self) -> bool:
        return bool(self.spec.get("security"))

    @property
    def for_whom(self) -> set[str]:
        """The roles that may call; empty: anyone signed in."""
        return {role for way in self.spec.get("security", []) for roles in way.values() for role in roles}

    @property
    def templated(self) -> bool:
        return "{" in self.path

    def matches(self, path: str) -> bool:
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None

    def at(self, value: str) -> str:
        return re.sub(r"\{\w+\}", value, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def document() -> dict[str, Any]:
    """The committed contract."""
    loaded: dict[str, Any] = json.loads(COMMITTED.read_text())
    return loaded


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(method.upper(), path, spec)
        for path, methods in sorted(document()["paths"].items(), key=lambda item: "{" in item[0])
        for method, spec in methods.items()
    )


def conforms(value: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": document()["components"]}
    jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


def check_answer(answer: httpx.Response) -> None:
    """Every answer of a route has a documented status, type and shape; every error is a problem."""
    answer.read()
    request = answer.request
    found = [o for o in operations() if o.method == request.method and o.matches(request.url.path)]
    if answer.status_code >= 400:
        problem(answer, answer.status_code)
    if not found or not request.url.path.startswith("/api/"):
        return
    told = found[0].spec["responses"].get(str(answer.status_code))
    assert told is not None, f"{found[0]} answered {answer.status_code}, which is not documented"
    for media, content in told.get("content", {}).items():
        assert answer.headers["Content-Type"].split(";")[0] == media, f"{found[0]}: {answer.headers}"
        if "schema" in content:
            conforms(answer.json(), content["schema"])
    if "content" not in told and answer.status_code != 303:
        assert answer.content == b"", f"{found[0]}: a body that is not documented"


def problem(answer: httpx.Response, status: int, slug: str | None = None) -> dict[str, Any]:
    """The problem document: whole, telling what to change, without what was sent."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:300]}"
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text[:300]
    if answer.request.method == "HEAD":
        return {}
    told: dict[str, Any] = answer.json()
    assert told["type"].startswith("urn:oo:problem:"), told
    assert told["status"] == status, told
    assert told["title"], told
    assert len(told["detail"]) > 10, told
    assert told["instance"], told
    assert CANARY not in answer.text, "a value was echoed"
    if slug is not None:
        assert told["type"] == f"urn:oo:problem:{slug}", told
    if slug == "invalid":
        assert told["errors"], told
        assert all(set(e) == {"pointer", "detail"} and e["detail"] for e in told["errors"]), told
    return told


def minimal(operation: Operation) -> dict[str, Any]:
    """Keyword arguments of a valid request: the least that the body's schema takes."""
    content = operation.spec.get("requestBody", {}).get("content", {})
    if form := content.get("application/x-www-form-urlencoded"):
        # An empty form would be sent as no body at all, and so as no form; a field too many is ignored.
        return {"data": {"unknown": "x", **least(form["schema"])}}
    return {"json": least(content["application/json"]["schema"])} if content else {}


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


# --- people -------------------------------------------------------------------------------------


@dataclass
class Person:
    """A signed-in person, whose every answer is checked."""

    stack: RunningStack
    client: httpx.Client
    id: str
    subject: str
    answers: list[httpx.Response] = field(default_factory=list)

    def send(self, *signals: dict[str, Any]) -> list[dict[str, Any]]:
        """Send signals and return the results."""
        answer = self.client.post("/api/signals", json={"signals": list(signals)})
        assert answer.status_code == 202, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def ask(self) -> dict[str, Any]:
        """Ask for a tip."""
        answer = self.client.post("/api/recommend", json={"context": {"minutes_free": 60}})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def tip(self, words: str = "") -> dict[str, Any]:
        """Ask until there is a tip that names the words."""
        seen: dict[str, Any] = {}

        def told() -> bool:
            seen.update(self.ask())
            return seen["tip"] is not None and words in seen["tip"]["text"]

        self.stack.wait_until(told)
        tip: dict[str, Any] = seen["tip"]
        return tip

    def rows(self, store: str) -> list[dict[str, Any]]:
        """This person's rows of a table."""
        return rows(self.stack, store, self.id)

    def kept(self) -> dict[str, int]:
        """How many rows each table of events holds about this person."""
        return {store: len(self.rows(store)) for store in ("signals", "items", "item-words")}

    def sentinel(self) -> None:
        """Send one more good signal and wait until it is stored: whatever came before it has settled."""
        before = len(self.rows("signals"))
        identity = str(uuid4())
        self.send({"type": "mood", "valence": 3, "id": identity, "occurred_at": now().isoformat()})
        self.stack.wait_until(lambda: any(r["signal_id"]["S"] == identity for r in self.rows("signals")))
        assert len(self.rows("signals")) == before + 1


def person(stack: RunningStack, *consents: str, subject: str = "") -> Person:
    """A person who agreed to the consents, by default to all, where it is about noon."""
    subject = subject or f"person-{uuid4()}"
    client = stack.sign_in(subject)
    client.event_hooks["response"].append(check_answer)
    made = Person(stack, client, client.get("/api/auth/session").json()["person_id"], subject)
    version = client.get("/api/profile/consents").json()["text_version"]
    body = {"consents": dict.fromkeys(consents or SOURCES, True), "text_version": version}
    assert client.put("/api/profile/consents", json=body).status_code == 200
    assert client.patch("/api/profile", json={"timezone": noon_zone()}).status_code == 200
    return made


def connect(who: Person) -> None:
    """Connect the third party of this machine."""
    begun = who.client.post("/api/integrations/sandbox/connect")
    assert begun.status_code == 200, begun.text
    allowed = who.stack.anonymous().post(
        begun.json()["location"], data={"answer": "allow", "account": f"account-{who.id}"}
    )
    assert allowed.is_redirect, allowed.text
    back = who.client.get(allowed.headers["location"].replace("http://127.0.0.1:8000", who.stack.url))
    assert back.status_code == 303, back.text
    assert "connected=sandbox" in back.headers["location"]


def noon_zone() -> str:
    """A time zone where it is about noon: at night oO is rightly silent."""
    offset = 12 - now().hour
    return "UTC" if offset == 0 else f"Etc/GMT{-offset:+d}"


def anonymous(stack: RunningStack) -> httpx.Client:
    """A client without a session, whose every answer is checked."""
    client = stack.anonymous()
    client.event_hooks["response"].append(check_answer)
    return client


def rows(stack: RunningStack, store: str, person_id: str) -> list[dict[str, Any]]:
    """The rows of a table about a person."""
    found: list[dict[str, Any]] = stack.client("dynamodb").query(
        TableName=f"oo-local-{store}",
        KeyConditionExpression="person_id = :p",
        ExpressionAttributeValues={":p": {"S": person_id}},
        ConsistentRead=True,
    )["Items"]
    return found


def now() -> datetime:
    return datetime.now(UTC)


def task(ref: str, title: str | None = "Pay the rent", **fields: Any) -> dict[str, Any]:
    """A task that is due today."""
    return {
        "type": "task", "item_ref": ref, "title": title, "effort_minutes": 5,
        "occurred_at": now().isoformat(), "due_at": (now() + timedelta(hours=4)).isoformat(), **fields,
    }  # fmt: skip


def until(condition: Any, seconds: float) -> bool:
    """Whether the condition came true in time; for what may never be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return bool(condition())
