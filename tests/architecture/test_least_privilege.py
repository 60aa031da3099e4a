"""Least privilege is enough: a person's whole life in oO needs no AWS call that a function's policy lacks.

The emulator enforces no policies, so here every function runs in this process on moto, each AWS call is
noted under the function that made it, and compared with that function's rendered policy.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.client
import pytest
from chalice.test import Client

from chalicelib import wiring, wiring_integrations
from chalicelib.auth.contract import Session
from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION
from chalicelib.contracts.errors import Forbidden
from chalicelib.contracts.events import from_json, type_of
from chalicelib.contracts.http import Principal
from chalicelib.integrations.service import Sources
from chalicelib.runtime.parameters import secret_parameter
from chalicelib.runtime.settings import settings
from infra.functions import FUNCTIONS, function, ml_functions
from infra.queues import QUEUES
from ml_lambda.serving import generate
from oo_local.third_party import ThirdParty
from tests.openai_server import OpenAIServer
from tests.unit.integrations.world import SECRET, Wire, sandbox, third_party

pytestmark = pytest.mark.parametrize("aws", ["moto"], indirect=True)
REGION, ACCOUNT = "eu-central-1", "000000000000"
ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}"
# Signed, but never sent to a service that checks it.
NOT_CHECKED = {"sts"}


def needs(service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(action, resource) pairs that IAM asks for when a call is made."""
    if service == "dynamodb":
        yield from _dynamodb(operation, params)
    elif service == "sns":
        yield "sns:Publish", params["TopicArn"]
    elif service == "kms":
        yield f"kms:{operation}", ARN.format("kms", "key/any")
    elif service == "s3":
        bucket = f"arn:aws:s3:::{params['Bucket']}-{ACCOUNT}"
        listing = operation.startswith("List")
        action = {"DeleteObjects": "DeleteObject", "ListObjectsV2": "ListBucket"}.get(operation, operation)
        yield f"s3:{action}", bucket if listing else f"{bucket}/key"
    elif service == "lambda":
        yield "lambda:InvokeFunction", ARN.format("lambda", f"function:{params['FunctionName']}")
    elif service == "ssm":
        yield f"ssm:{operation}", ARN.format("ssm", f"parameter{params['Name']}")
    else:
        yield f"{service}:{operation}", "unknown"


def _dynamodb(operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    def table(name: str) -> str:
        return ARN.format("dynamodb", f"table/{name}")

    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            [(kind, write)] = item.items()
            action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
            yield f"dynamodb:{action}", table(write["TableName"])
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for name in params["RequestItems"]:
            yield f"dynamodb:{operation}", table(name)
    else:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield f"dynamodb:{operation}", table(params["TableName"]) + index


def allowed(policy: dict[str, Any], action: str, resource: str) -> bool:
    return any(
        action in statement["Action"]
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )


CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 180_000)


class Cloud:
    """Runs functions by name, notes their calls, carries events from the topic to the queues' consumers."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.now: list[str] = []
        self.used: dict[str, set[tuple[str, str]]] = {fn.name: set() for fn in FUNCTIONS}
        self.waiting: list[str] = []
        self.party = third_party(time.time, "http://127.0.0.1:8000")
        secret = partial(secret_parameter, "/oo/local/sandbox-client-secret")
        self.sources = Sources({"sandbox": sandbox(Wire(self.party).transport, secret)})
        self.make_call: Callable[..., Any] = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self, client: Any, operation: str, params: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        if self.now and service not in NOT_CHECKED:
            self.used[self.now[-1]] |= set(needs(service, operation, params))
        if service == "lambda":
            with self.running("rank"):
                answer = handler("rank")(json.loads(params["Payload"]), None)
            return {"StatusCode": 200, "Payload": Body(json.dumps(answer).encode())}
        if operation == "PublishBatch":
            self.waiting += [entry["Message"] for entry in params["PublishBatchRequestEntries"]]
        return self.make_call(client, operation, params)

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        self.now.append(name)
        try:
            yield
        finally:
            self.now.pop()

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        with self.running(name):
            if name in {fn.name for fn in ml_functions()}:
                return handler(name)(event, CONTEXT)
            return self.app.handler_map[name](event, None)

    def settle_down(self) -> None:
        """Hand every waiting event to every queue that takes it, until nothing is left."""
        while self.waiting:
            body = self.waiting.pop(0)
            kind = type_of(from_json(body))
            for queue in QUEUES:
                if not queue.types or kind in queue.types:
                    record = {"messageId": "1", "body": body, "receiptHandle": "r", "attributes": {}}
                    answer = self.invoke(queue.function, {"Records": [record]})
                    assert answer == {"batchItemFailures": []}, f"{queue.function} failed on {kind}"

    def relay(self, aws: Any, event_name: str, before: dict[str, Any]) -> dict[str, Any]:
        """What the stream would say of the decisions since `before`."""
        rows = aws.client("dynamodb").scan(TableName="oo-local-decisions")["Items"]
        now = {row["decision_id"]["S"]: row for row in rows}
        records = [
            {
                "eventID": key,
                "eventName": event_name,
                "eventSourceARN": ARN.format("dynamodb", "table/oo-local-decisions/stream/1"),
                "dynamodb": {
                    "Keys": {"person_id": row["person_id"], "decision_id": row["decision_id"]},
                    "NewImage": wire(row),
                    **({"OldImage": wire(before[key])} if key in before else {}),
                },
            }
            for key, row in now.items()
        ]
        self.invoke("recommender-relay", {"Records": records})
        self.settle_down()
        return now


def wire(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a stream's JSON has it: bytes as text."""
    from base64 import b64encode

    return {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value for name, value in row.items()
    }


class Body:
    """A streaming body that is read once."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, *_: Any) -> bytes:
        return self.data


def handler(name: str) -> Callable[[dict[str, Any], Any], Any]:
    module, _, attribute = function(name).handler.rpartition(".")
    found: Callable[[dict[str, Any], Any], Any] = getattr(importlib.import_module(module), attribute)
    return found


@pytest.fixture
def cloud(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    from app import app

    made = Cloud(app)
    for name in (fn.handler.split(".")[-2] for fn in ml_functions()):
        # Services of an earlier test hold clients of an earlier cloud.
        for value in vars(importlib.import_module(f"ml_lambda.serving.{name}")).values():
            if hasattr(value, "cache_clear") and value.__module__ == f"ml_lambda.serving.{name}":
                value.cache_clear()
    monkeypatch.setattr(wiring_integrations, "sources", lambda: made.sources)
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *args: made.call(*args))  # noqa: PLW0108
    return made


@pytest.fixture
def models(openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A proxy of models with a key of its own."""
    monkeypatch.setenv("LITELLM_URL", openai_server.url)
    monkeypatch.setenv("OO_LITELLM_KEY_PARAMETER", "/oo/local/litellm-key")
    yield
    generate.models().close()
    generate.models.cache_clear()


@pytest.fixture
def nights(aws: Any, blank_registry: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry file in the bucket, as after the first night; a prior that one person is enough for."""
    for name, value in {"OO_PRIOR_LEAST_PEOPLE": "1", "OO_SHADOWS": "mixed_ts"}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    aws.client("s3").put_object(
        Bucket="oo-local-registry", Key="mlflow/registry.db", Body=blank_registry.read_bytes()
    )
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.usefixtures("models", "nights")
def test_a_whole_life_needs_nothing_that_is_not_granted(cloud: Cloud, aws: Any) -> None:
    person = wiring.ids().person()
    live(cloud, aws, person)
    for name, used in cloud.used.items():
        policy = function(name).policy("local", region=REGION, account=ACCOUNT)
        lacking = {need for need in used if not allowed(policy, *need)}
        assert lacking == set(), name
    # And it was a life: each function did something.
    assert {name for name, used in cloud.used.items() if not used} == set()


def connect(cloud: Cloud, http: Callable[..., Any]) -> None:
    """Leave for the third party, allow it, come back."""
    asked = parse_qs(urlsplit(http("post", "/api/integrations/sandbox/connect")["location"]).query)
    party: ThirdParty = cloud.party
    code = party.allow({name: value for name, [value] in asked.items()}, "ann")
    http("get", f"/api/integrations/sandbox/callback?code={code}&state={asked['state'][0]}")
    shown = http("get", "/api/integrations")["integrations"]
    assert [one["status"] for one in shown] == ["connected"]
    assert http("post", "/api/integrations/sandbox/sync", {})["rejected"] == 0


def sign_in_otherwise(person: str) -> None:
    """What the API does at sign-in, for apps, for links and for admins; the providers are left out."""
    from chalicelib.auth.admins.store import RoleTable
    from chalicelib.auth.contract import APP, App, SignIn
    from chalicelib.auth.http import AuditQuery, TokenRequest
    from chalicelib.auth.store import IdentityTable, SignInTable

    sign_ins, identities, tokens, admins = SignInTable(), IdentityTable(), wiring.tokens(), wiring.admins()
    sign_ins.put(SignIn("s" * 64, "oidc", "b" * 64, "verifier", "nonce", "/", 2**31))
    assert sign_ins.get("s" * 64)
    assert sign_ins.consume("s" * 64)
    for identity in ("i1", "i2"):
        identities.resolve(identity, new_person_id=person, provider="oidc", now=0)
    assert identities.unlink("i2", person_id=person, other="i1")
    verifier = "v" * 64
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    code, _ = tokens.code(person, "oidc", App("oo://signin", challenge, "state"))
    got = tokens.exchange(
        TokenRequest(
            grant_type="authorization_code",
            client_id=APP,
            code=code,
            redirect_uri="oo://signin",
            code_verifier=verifier,
        )
    )
    assert tokens.authenticate(got.access_token).person_id == person
    refresh = TokenRequest(grant_type="refresh_token", client_id=APP, refresh_token=got.refresh_token)
    tokens.revoke(tokens.exchange(refresh).refresh_token)
    assert admins.role_of(person) == "person"
    with pytest.raises(Forbidden):
        admins.admit(Principal(person_id=person, role="admin", session_id="k" * 64), "GET /", "t")
    admins.signed_in(Session("k" * 64, person, "admin", "oidc", 0, 0, 2**31), "t")
    assert admins.audit(AuditQuery()).entries
    assert admins.sessions(Principal(person_id=person, role="admin")).sessions == []
    assert not RoleTable().admins()


def live(cloud: Cloud, aws: Any, person: str) -> None:
    """Agree, tell, be told, react, ask what is known, take a copy, take back, leave."""
    with cloud.running("api"):
        started = wiring.sessions().start(person_id=person, role="person", provider="oidc", previous={})
        sign_in_otherwise(person)
    client = Client(cloud.app, stage_name="local")
    headers = {"Cookie": f"sid={started.secret}", "Content-Type": "application/json"}

    def http(method: str, path: str, body: Any = None) -> Any:
        with cloud.running("api"):
            sent = json.dumps(body).encode() if body is not None else b""
            answer = getattr(client.http, method)(path, headers=headers, body=sent)
        assert answer.status_code < 400, (path, answer.body)
        cloud.settle_down()
        return json.loads(answer.body) if answer.body else None

    aws.client("ssm").put_parameter(
        Name="/oo/local/sandbox-client-secret", Value=SECRET, Type="SecureString", Overwrite=True
    )
    aws.client("ssm").put_parameter(
        Name="/oo/local/litellm-key", Value=SECRET, Type="SecureString", Overwrite=True
    )
    agreed = {"consents": dict.fromkeys(CONSENTS, True), "text_version": TEXT_VERSION}
    http("put", "/api/profile/consents", agreed)
    now = datetime.now(UTC)
    # Where it is about noon: at night oO is rightly silent.
    http("patch", "/api/profile", {"timezone": f"Etc/GMT{now.hour - 12:+d}" if now.hour != 12 else "UTC"})
    tasks = [
        {
            "type": "task", "item_ref": f"t{n}", "title": f"Call number {n}", "effort_minutes": 5,
            "occurred_at": now.isoformat(), "due_at": (now + timedelta(hours=3)).isoformat(),
        }
        for n in range(3)
    ]  # fmt: skip
    sent = http("post", "/api/signals", {"signals": tasks})
    tip = http("post", "/api/recommend", {"context": {"minutes_free": 60}})["tip"]
    assert tip is not None
    rows = cloud.relay(aws, "INSERT", {})
    http("post", f"/api/tips/{tip['id']}/exposure", {})
    http("post", f"/api/tips/{tip['id']}/reaction", {"kind": "done"})
    rows = cloud.relay(aws, "MODIFY", rows)
    cloud.relay(aws, "MODIFY", rows)
    for path in ("/api/signals", "/api/tips", "/api/profile", "/api/auth/sessions", "/api/health"):
        http("get", path)
    http("delete", f"/api/signals/{sent['results'][0]['id']}")
    cloud.invoke("recommender-due", {"source": "aws.events", "detail": {}, "detail-type": "",
                                     "version": "0", "account": "", "time": "", "region": "",
                                     "resources": [], "id": "1"})  # fmt: skip
    http("post", "/api/signals", {"signals": [tasks[1] | {"status": "done"}]})
    assert cloud.invoke("train", {})["outcome"] == "published"
    assert cloud.invoke("evaluate", {})["rewards"] == 1
    for line in ("tasks", "learning", "profile"):
        assert line in {known["id"] for known in http("get", "/api/me/profile-card")["lines"]}
    export = http("post", "/api/me/export")
    assert http("get", f"/api/me/export/{export['export_id']}")["state"] == "ready"
    connect(cloud, http)
    http("delete", "/api/integrations/sandbox")
    connect(cloud, http)
    http("delete", "/api/me/profile-card/tasks")
    http("put", "/api/profile/consents", {**agreed, "consents": {"tasks": False}})
    http("put", "/api/profile/consents", agreed)
    connect(cloud, http)
    http("get", "/api/profile/consents/history")
    receipt = http("delete", "/api/me")["receipt_id"]
    assert http("get", f"/api/erasures/{receipt}")["complete"]
