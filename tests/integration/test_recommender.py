"""The recommender over HTTP on the emulator: calls counted, bad input answered, events settled."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import botocore.client
import pytest
from chalice.test import Client

from chalicelib import wiring
from chalicelib.contracts.consents import TEXT_VERSION
from chalicelib.contracts.events import from_json, type_of
from chalicelib.contracts.http import ConsentsPut
from chalicelib.contracts.ml import RankResponse
from chalicelib.contracts.tips import RecommendContext
from chalicelib.gateway.app import create_app
from chalicelib.recommender import consumers, schedules
from chalicelib.recommender.log import DecisionLog
from chalicelib.recommender.store import RecommenderTables
from chalicelib.runtime.settings import settings
from tests.conftest import Cloud
from tests.contract.test_recommender_store import stream_of
from tests.unit.recommender.fakes import candidate, choice

pytestmark = pytest.mark.parametrize("aws", ["emulator"], indirect=True)
RANK = "oo-local-rank"
SOURCE = """
import json, os

def handler(event, context):
    print("rank")
    return json.loads(os.environ["ANSWER"])
"""


class Site:
    """One signed-in person, the routes, and a scorer that really is invoked."""

    def __init__(self, aws: Cloud) -> None:
        self.aws = aws
        self.client, self.module = client()
        self.person = wiring.ids().person()
        self.cookie = self.sign_in(self.person)
        put = ConsentsPut(
            consents={"tasks": True, "calendar": True, "learning": True}, text_version=TEXT_VERSION
        )
        wiring.profile().decide(self.person, put, "trace")

    def sign_in(self, person: str) -> str:
        started = wiring.sessions().start(person_id=person, role="person", provider="oidc", previous={})
        return f"sid={started.secret}"

    def deploy_rank(self) -> None:
        now = datetime.now(UTC)
        sealed = wiring.sealer().seal(self.person, "item:todoist:1", "Send the invoice to Mira")
        answer = RankResponse(
            choice=choice([candidate(expires_at=now + timedelta(hours=6))]),
            words={"todoist:1": b64encode(sealed).decode()},
            words_expire_at=now + timedelta(days=3),
            next_look_at=now + timedelta(hours=1),
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("stand_in.py", SOURCE)
        self.aws.client("lambda").create_function(
            FunctionName=RANK,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/rank",
            Handler="stand_in.handler",
            Code={"ZipFile": packed.getvalue()},
            Environment={"Variables": {"ANSWER": answer.model_dump_json()}},
            Timeout=10,
        )
        # The first invocation starts a process; the deadline is for warm ones.
        self.aws.client("lambda").invoke(FunctionName=RANK, Payload=b"{}")["Payload"].read()

    def send(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, cookie: str | None = None
    ) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Cookie": self.cookie if cookie is None else cookie}
        sent = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
        answer = self.client.http.request(
            method, path, headers=headers, body=b"" if method == "GET" else sent
        )
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
        return answer.status_code, json.loads(answer.body) if answer.body else None

    def tip(self) -> dict[str, Any]:
        status, body = self.send("POST", "/api/recommend")
        assert status == 200
        tip: dict[str, Any] = body["tip"]
        assert tip is not None
        return tip


def client() -> tuple[Client, Any]:
    """The recommender's routes alone, from a copy of their module: a blueprint registers once."""
    spec = importlib.util.find_spec("chalicelib.recommender.routes")
    assert spec is not None
    assert spec.loader is not None
    module, known = importlib.util.module_from_spec(spec), list(wiring.api.specs)
    try:
        spec.loader.exec_module(module)
    finally:
        wiring.api.specs[:] = known
    app = create_app()
    app.register_blueprint(module.bp)
    return Client(app, project_dir=str(Path(__file__).parent)), module


@pytest.fixture
def site(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # A busy test machine may be slow; what happens after the deadline has its own tests.
    monkeypatch.setenv("OO_RANK_DEADLINE_MS", "10000")
    settings.cache_clear()
    made = Site(aws)
    made.deploy_rank()
    yield made
    aws.client("lambda").delete_function(FunctionName=RANK)
    settings.cache_clear()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every AWS call of this process, by any client, as `service:operation`."""
    made: list[str] = []
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, kwargs: Any) -> Any:
        made.append(f"{self.meta.service_model.service_name}:{operation}")
        return original(self, operation, kwargs)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    return made


def test_a_new_tip_takes_four_calls_and_the_open_one_two(site: Site, calls: list[str]) -> None:
    tip = site.tip()
    assert "Send the invoice to Mira" in tip["text"]
    assert [c for c in calls if not c.startswith("kms:")] == [
        "dynamodb:UpdateItem",
        "dynamodb:BatchGetItem",
        "lambda:Invoke",
        "dynamodb:TransactWriteItems",
    ]
    calls.clear()
    assert site.tip() == tip
    assert calls == ["dynamodb:UpdateItem", "dynamodb:BatchGetItem"]


def test_concurrent_calls_make_one_decision(site: Site) -> None:
    service = wiring.recommender()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: service.recommend(site.person, RecommendContext()), range(8)))
    assert len({a.tip.id for a in answers if a.tip}) == 1
    assert all(a.tip for a in answers)
    assert len(wiring.recommender().history(site.person, 10, None).tips) == 1


def test_a_scorer_that_is_not_there_leaves_an_honest_answer(aws: Cloud) -> None:
    site = Site(aws)
    status, body = site.send("POST", "/api/recommend")
    assert (status, body["tip"], body["reason"]) == (200, None, "nothing_now")
    assert body["next_look_at"]


def test_without_consent_there_is_no_tip(site: Site) -> None:
    stranger = site.sign_in(wiring.ids().person())
    assert site.send("POST", "/api/recommend", cookie=stranger)[1]["reason"] == "consent_required"
    assert site.send("POST", "/api/recommend", cookie="sid=nobody")[0] == 401


def test_exposure_reaction_history(site: Site) -> None:
    tip = site.tip()
    for _ in range(2):
        assert site.send("POST", f"/api/tips/{tip['id']}/exposure")[0] == 202
    reaction = {"kind": "dismiss", "reason": "too_big"}
    answers = [site.send("POST", f"/api/tips/{tip['id']}/reaction", reaction) for _ in range(2)]
    assert answers == [(202, {"revision": 2, "kind": "dismiss"})] * 2
    status, history = site.send("GET", "/api/tips?limit=1")
    assert (status, history["next"]) == (200, None)
    (entry,) = history["tips"]
    assert (entry["text"], entry["reaction"], entry["reason"]) == (tip["text"], "dismiss", "too_big")


def test_bad_input_says_what_to_change(site: Site) -> None:
    tip = site.tip()["id"]
    react, expose = f"/api/tips/{tip}/reaction", f"/api/tips/{tip}/exposure"
    now = datetime.now(UTC)
    cases: list[tuple[int, str, Any]] = [
        (400, react, b"{"),
        (400, react, b"[]"),
        (400, "/api/recommend", b"\xff"),
        (413, "/api/recommend", b" " * 1_000_000),
        (413, react, b" " * 1_000_000),
        (422, "/api/recommend", {"context": {"minutes_free": "many"}}),
        (422, "/api/recommend", {"mood": 1}),
        (422, react, {}),
        (422, react, {"kind": "love"}),
        (422, react, {"kind": "done", "extra": 1}),
        (422, react, {"kind": ["done"]}),
        (422, react, {"kind": "snooze", "until": "2026-11-05T10:00:00"}),
        (422, react, {"kind": "snooze", "until": (now - timedelta(minutes=1)).isoformat()}),
        (422, react, {"kind": "snooze", "until": (now + timedelta(days=31)).isoformat()}),
        (422, expose, {"exposed_at": "yesterday"}),
        (422, expose, {"exposed_at": (now + timedelta(hours=1)).isoformat()}),
        (409, react, {"kind": "undo"}),
        (404, f"/api/tips/{uuid4()}/reaction", {"kind": "done"}),
        (404, f"/api/tips/{uuid4()}/exposure", {}),
        (404, "/api/tips/not-a-tip/reaction", {"kind": "done"}),
    ]
    for expected, path, body in cases:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, problem = site.send("POST", path, raw=raw)
        assert (status, problem["status"]) == (expected, expected), (path, body)
        assert problem["detail"]
    for query in ("limit=0", "limit=101", "limit=x", "cursor=zzz", "page=2"):
        assert site.send("GET", f"/api/tips?{query}")[0] == 422, query
    decision = RecommenderTables().decision(site.person, tip)
    assert decision is not None
    assert decision.decision.revision == 0


def test_another_persons_tip_is_not_found(site: Site) -> None:
    tip = site.tip()["id"]
    stranger = site.sign_in(wiring.ids().person())
    for what, body in (("reaction", {"kind": "done"}), ("exposure", {})):
        assert site.send("POST", f"/api/tips/{tip}/{what}", body, cookie=stranger)[0] == 404


def test_after_seven_days_it_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = site.tip()["id"]
    service = wiring.recommender()

    class Later:
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(days=7, minutes=1)

    monkeypatch.setattr(service, "_clock", Later())
    assert site.send("POST", f"/api/tips/{tip}/reaction", {"kind": "done"})[0] == 410
    assert site.send("POST", f"/api/tips/{tip}/exposure")[0] == 410


def test_a_reaction_travels_from_the_route_to_the_reward_and_the_log(site: Site) -> None:
    records = stream_of(site.aws)
    heard = listen(site.aws)
    tip = site.tip()["id"]
    site.send("POST", f"/api/tips/{tip}/reaction", {"kind": "snooze"})
    consumers.relay({"Records": records()}, None)
    messages = heard()
    assert sorted(type_of(from_json(m)) for m in messages) == ["decision_made", "tip_exposed", "tip_reacted"]
    assert consumers.settle(batch(messages), None) == {"batchItemFailures": []}
    assert consumers.log(batch(messages), None) == {"batchItemFailures": []}
    consumers.relay({"Records": records()}, None)
    rewards = [m for m in heard() if type_of(from_json(m)) == "reward_settled"]
    events = [from_json(m) for m in rewards]
    assert {(e.reward_settled.revision, e.reward_settled.reward) for e in events} == {(1, 0.4)}
    assert consumers.log(batch(rewards), None) == {"batchItemFailures": []}
    log = DecisionLog()
    assert sorted(row["line"].split("/")[0] for row in log.export(site.person)) == ["decisions", "rewards"]
    assert log.erase(site.person) == 2


def test_the_schedule_fans_out_what_is_due(site: Site) -> None:
    tip = site.tip()["id"]
    store = RecommenderTables()
    stored = store.decision(site.person, tip)
    assert stored is not None
    store.change(stored, replace(stored, due_at=datetime.now(UTC) - timedelta(days=3)))
    heard = listen(site.aws)
    schedules.due(tick(), None)
    assert [from_json(m).tip_due.decision_id for m in heard()] == [tip]


def test_a_malformed_message_fails_alone(site: Site) -> None:
    answer = consumers.settle({"Records": [{"messageId": "m1", "body": "{"}]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def tick() -> dict[str, Any]:
    """What the rule sends."""
    texts = ("version", "account", "region", "detail-type", "source", "time", "id")
    return {**dict.fromkeys(texts, ""), "resources": [], "detail": {}}


def batch(messages: list[str]) -> dict[str, Any]:
    return {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(messages)]}


def listen(aws: Cloud) -> Any:
    """A queue on the events topic; call the result for the messages since."""
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue = sqs.create_queue(QueueName=f"heard-{uuid4()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(
        TopicArn="arn:aws:sns:eu-central-1:000000000000:oo-local-events",
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true"},
    )

    def read() -> list[str]:
        bodies = []
        while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages"
        ):
            for message in found:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    return read
