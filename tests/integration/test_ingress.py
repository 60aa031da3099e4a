"""From the request to the tables: routes, bus, queue, consumers; and nowhere a word in the clear."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import wiring
from chalicelib.contracts.consents import TEXT_VERSION
from chalicelib.contracts.stores import STORES, physical_name
from tests.conftest import Cloud

CANARY = "Xylophonunterricht"
OF_PERSON = ("signals", "items", "item-words", "profiles", "sessions")


class Site:
    """The app over HTTP, a signed-in person, and a queue that takes everything from the bus."""

    def __init__(self, aws: Cloud) -> None:
        from app import app

        self.aws = aws
        self.client = Client(app, project_dir=str(Path(__file__).parent))
        self.sqs = aws.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="ingress-test")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]
        topic = aws.client("sns").create_topic(Name="oo-local-events")["TopicArn"]
        self.subscription = aws.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"],
            Attributes={"RawMessageDelivery": "true"}, ReturnSubscriptionArn=True,
        )["SubscriptionArn"]  # fmt: skip
        self.person = wiring.ids().person()
        self.cookie = self.sign_in(self.person)
        self.bodies: list[str] = []

    def close(self) -> None:
        self.aws.client("sns").unsubscribe(SubscriptionArn=self.subscription)
        self.sqs.delete_queue(QueueUrl=self.queue)

    def sign_in(self, person: str) -> str:
        started = wiring.sessions().start(person_id=person, role="person", provider="oidc", previous={})
        return f"sid={started.secret}"

    def call(self, method: str, path: str, body: Any = None, cookie: str | None = None) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/json", "Cookie": cookie or self.cookie}
        answer = self.client.http.request(method, path, headers=headers, body=raw)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
        return answer.status_code, json.loads(answer.body) if answer.body else None

    def agree(self, **consents: bool) -> None:
        put = {"consents": consents, "text_version": TEXT_VERSION}
        assert self.call("PUT", "/api/profile/consents", put)[0] == 200

    def deliver(self) -> list[dict[str, Any]]:
        """Take what is on the bus through the consumers until nothing new comes; the events."""
        from chalicelib.events import consumers as events
        from chalicelib.profile import consumers as profile

        passed: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=0 if passed else 2
            )
            messages = answer.get("Messages", [])
            if not messages:
                return passed
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                self.bodies.append(message["Body"])
                event = json.loads(message["Body"])
                passed.append(event)
                consumers: list[Callable[..., Any]] = [events.tail]
                if "signalReceived" in event:
                    consumers.append(events.store)
                if "erasureRequested" in event or "consentsChanged" in event:
                    consumers.append(profile.erase)
                for consumer in consumers:
                    record = {"messageId": message["MessageId"], "body": message["Body"]}
                    assert consumer({"Records": [record]}, None) == {"batchItemFailures": []}

    def rows(self, name: str) -> list[dict[str, Any]]:
        client = self.aws.client("dynamodb")
        pages = client.get_paginator("scan").paginate(TableName=physical_name("local", name))
        return [row for page in pages for row in page["Items"]]

    def mine(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.rows(name) if row.get("person_id") == {"S": self.person}]


@pytest.fixture
def site(aws: Cloud) -> Any:
    site = Site(aws)
    yield site
    site.close()


def task(ref: str = "t1", hours: float = 1, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=hours)
    return {"type": "task", "item_ref": ref, "occurred_at": at.isoformat(), **fields}


def send(site: Site, *entries: Any) -> tuple[int, Any]:
    return site.call("POST", "/api/signals", {"signals": list(entries)})


def test_a_signal_goes_in_at_the_front_and_comes_out_of_the_store(site: Site) -> None:
    site.agree(tasks=True)
    status, answer = send(site, task(title=CANARY, effort_minutes=20))
    assert (status, [r["status"] for r in answer["results"]]) == (202, ["accepted"])
    events = site.deliver()
    assert [next(k for k in e if k.startswith("signal")) for e in events if "consentsChanged" not in e] == [
        "signalReceived", "signalStored",
    ]  # fmt: skip
    status, page = site.call("GET", "/api/signals")
    [signal] = page["signals"]
    assert (status, signal["id"], signal["title"]) == (200, answer["results"][0]["id"], CANARY)
    _, again = send(site, {**task(), "id": signal["id"]})
    assert [r["status"] for r in again["results"]] == ["duplicate"]
    assert site.call("DELETE", f"/api/signals/{signal['id']}")[0] == 204
    [mark] = site.mine("signals")
    assert set(mark) == {"person_id", "signal_id", "type", "taken_back_at", "told"}
    assert [site.mine(name) for name in ("items", "item-words")] == [[], []]
    assert site.call("DELETE", f"/api/signals/{signal['id']}")[0] == 404
    types = {entry.type for entry in wiring.events().tail()}
    assert {"consents_changed", "signal_received", "signal_stored"} <= types


def test_no_word_rests_or_travels_in_the_clear(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.agree(tasks=True)
    send(
        site, task("a", 3, title=f"{CANARY} bezahlen"), {**task("b", title=CANARY), "priority": 99}, task("c")
    )
    send(site, task("a", 2, title=f"{CANARY} absagen", status="done"))
    site.deliver()
    assert site.mine("items")
    for store in STORES:
        if store.kind == "table":
            assert CANARY not in repr(site.rows(store.name)), store.name
    assert len(site.bodies) >= 5
    assert all(CANARY not in body for body in site.bodies)
    logged = capsys.readouterr().out
    assert "consumed" in logged
    assert CANARY not in logged


def test_what_is_too_large_or_unreadable_is_refused_whole(site: Site) -> None:
    site.agree(tasks=True)
    path = "/api/signals"
    assert site.call("POST", path, {"signals": [{}] * 10_000})[0] == 413
    assert site.call("POST", path, {"signals": [task(str(n), title="x") for n in range(10_000)]})[0] == 413
    assert site.call("POST", path, b"[" + b" " * 1_000_000 + b"]")[0] == 413
    for junk in (b"{", b"\xff", b"[" * 100_000, b'{"signals": ' + b"9" * 5000 + b"}", b"[]"):
        assert site.call("POST", path, junk)[0] == 400, junk[:20]
    wrongs: list[dict[str, Any]] = [
        {}, {"signals": []}, {"signals": {}}, {"signals": [1]}, {"signals": [task()], "more": 1}
    ]  # fmt: skip
    for wrong in wrongs:
        status, problem = site.call("POST", path, wrong)
        assert (status, problem["errors"] != []) == (422, True), wrong
    assert site.mine("signals") == []


def test_a_bad_entry_in_a_good_batch_is_answered_and_the_rest_stored(site: Site) -> None:
    site.agree(tasks=True)
    status, answer = send(site, task("a"), {**task("b"), "due_at": "soon"}, task("c"))
    assert (status, [r["status"] for r in answer["results"]]) == (202, ["accepted", "rejected", "accepted"])
    assert answer["results"][1]["problem"]["errors"][0]["pointer"] == "/due_at"
    site.deliver()
    assert {row["item_ref"]["S"] for row in site.mine("items")} == {"a", "c"}


def test_without_consent_the_door_stays_shut(site: Site) -> None:
    status, problem = send(site, task())
    assert (status, problem["type"]) == (403, "urn:oo:problem:consent-required")
    site.agree(mood=True)
    assert send(site, task())[0] == 403


def test_another_persons_signal_is_not_there(site: Site) -> None:
    site.agree(tasks=True)
    _, answer = send(site, task())
    site.deliver()
    theirs, other = answer["results"][0]["id"], site.sign_in(wiring.ids().person())
    assert site.call("DELETE", f"/api/signals/{theirs}", cookie=other)[0] == 404
    assert site.call("GET", "/api/signals", cookie=other)[1]["signals"] == []
    assert len(site.mine("signals")) == 1


def test_withdrawing_a_consent_removes_what_rests_on_it(site: Site) -> None:
    site.agree(tasks=True, mood=True)
    mood = {"type": "mood", "occurred_at": datetime.now(UTC).isoformat(), "energy": 3}
    send(site, task(title=CANARY), mood)
    site.deliver()
    send(site, task("late"))
    site.agree(tasks=False)
    site.deliver()
    assert [row["type"]["S"] for row in site.mine("signals")] == ["mood"]
    assert [site.mine(name) for name in ("items", "item-words")] == [[], []]


def test_a_person_leaves_and_nothing_is_left(site: Site) -> None:
    site.agree(tasks=True)
    assert site.call("PATCH", "/api/profile", {"timezone": "Europe/Berlin", "display_name": "Ann"})[0] == 200
    send(site, task(title=CANARY))
    site.deliver()
    send(site, task("late", title=CANARY))
    status, answer = site.call("DELETE", "/api/me")
    assert status == 202
    assert site.call("GET", "/api/profile")[0] == 401, "the session ended"
    done = {e["erasureDone"]["store"] for e in site.deliver() if "erasureDone" in e}
    stores = {store.name for store in wiring.personal_stores()}
    assert done == stores >= {"signals", "items", "item-words", "profiles", "person-keys", "sessions"}
    for name in OF_PERSON:
        assert [row.get("part") for row in site.mine(name)] in ([], [{"S": "erased"}]), name
    assert site.mine("person-keys") == []
    assert answer["receipt_id"] in repr(site.mine("profiles"))


@pytest.mark.parametrize(
    "change", [{"timezone": "Mars/Olympus"}, {"locale": "not a locale"}, {"colour": "red"}]
)
def test_a_profile_refuses_what_it_does_not_know(site: Site, change: dict[str, str]) -> None:
    status, problem = site.call("PATCH", "/api/profile", change)
    assert (status, problem["errors"][0]["pointer"]) == (422, f"/{next(iter(change))}")


def test_an_old_consent_text_is_refused(site: Site) -> None:
    put = {"consents": {"tasks": True}, "text_version": "2020-01"}
    status, problem = site.call("PUT", "/api/profile/consents", put)
    assert (status, problem["text_version"]) == (422, TEXT_VERSION)
    assert site.call("GET", "/api/profile/consents")[1]["consents"]["tasks"] is None


def test_when_the_bus_is_down_the_sender_is_told_and_nothing_is_kept(site: Site) -> None:
    site.agree(tasks=True)
    site.deliver()
    wiring.bus()._topic_arn += "-gone"  # type: ignore[attr-defined]
    status, problem = send(site, task())
    assert (status, problem["type"]) == (503, "urn:oo:problem:unavailable")
    wiring.bus()._topic_arn = wiring.bus()._topic_arn.removesuffix("-gone")  # type: ignore[attr-defined]
    assert site.deliver() == []
    assert site.mine("signals") == []
