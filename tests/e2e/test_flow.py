"""The main job, through the front door of the deployed stack: signals in, one tip, a reaction, the next."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningStack

SOURCES = ("tasks", "calendar", "habits", "mood", "context", "learning")


def agree(client: httpx.Client, *names: str) -> None:
    version = client.get("/api/profile/consents").json()["text_version"]
    body = {"consents": dict.fromkeys(names, True), "text_version": version}
    assert client.put("/api/profile/consents", json=body).status_code == 200


def task(ref: str, title: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "task", "item_ref": ref, "title": title, "effort_minutes": 5,
        "occurred_at": datetime.now(UTC).isoformat(), **fields,
    }  # fmt: skip


def send(client: httpx.Client, *signals: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post("/api/signals", json={"signals": list(signals)})
    assert answer.status_code == 202, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def ask(client: httpx.Client, **context: Any) -> dict[str, Any]:
    answer = client.post("/api/recommend", json={"context": {"minutes_free": 60, **context}})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def tip_about(stack: RunningStack, client: httpx.Client, words: str) -> dict[str, Any]:
    """Ask until the tip names the words: what was sent has come through every queue by then."""
    seen: dict[str, Any] = {}

    def told() -> bool:
        seen.update(ask(client))
        return seen["tip"] is not None and words.casefold() in seen["tip"]["text"].casefold()

    stack.wait_until(told)
    tip: dict[str, Any] = seen["tip"]
    return tip


def react(client: httpx.Client, tip: dict[str, Any], kind: str, **fields: Any) -> None:
    answer = client.post(f"/api/tips/{tip['id']}/reaction", json={"kind": kind, **fields})
    assert answer.status_code == 202, answer.text


@pytest.fixture
def person(stack: RunningStack) -> httpx.Client:
    client = stack.sign_in(f"person-{uuid4()}")
    agree(client, *SOURCES)
    # A zone where it is about noon now, whenever the test runs: at night oO is rightly silent.
    offset = 12 - datetime.now(UTC).hour
    zone = "UTC" if offset == 0 else f"Etc/GMT{-offset:+d}"
    assert client.patch("/api/profile", json={"timezone": zone}).status_code == 200
    return client


def test_a_signal_sent_at_the_front_changes_the_tip_at_the_end(
    stack: RunningStack, person: httpx.Client
) -> None:
    assert ask(person)["reason"] == "nothing_now"
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    assert send(person, task("t1", "Send the invoice to Mira", due_at=today))[0]["status"] == "accepted"
    tip = tip_about(stack, person, "Send the invoice to Mira")
    assert tip["why"]
    assert ask(person)["tip"]["id"] == tip["id"], "the open tip stays until the person reacts"
    send(person, task("t1", "Send the invoice to Mira", status="done"))
    stack.wait_until(lambda: (ask(person)["tip"] or {}).get("id") != tip["id"])


def test_a_tip_speaks_the_language_of_the_profile(stack: RunningStack, person: httpx.Client) -> None:
    assert person.patch("/api/profile", json={"locale": "de-DE"}).status_code == 200
    send(person, task("todo:rechnung", "Rechnung an Mira schicken", due_at=datetime.now(UTC).isoformat()))
    tip = tip_about(stack, person, "Rechnung an Mira schicken")
    assert tip["lang"] == "de"
    assert "Minute" in tip["text"]


def choice_of(stack: RunningStack, person_id: str, tip: dict[str, Any]) -> dict[str, Any]:
    """How a tip was chosen, as the decisions table has it."""
    row = stack.client("dynamodb").get_item(
        TableName="oo-local-decisions", Key={"person_id": {"S": person_id}, "decision_id": {"S": tip["id"]}}
    )["Item"]
    choice: dict[str, Any] = json.loads(row["body"]["S"])["choice"]
    return choice


def test_a_reaction_is_learned_and_the_next_choice_knows_it(
    stack: RunningStack, person: httpx.Client
) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    send(person, *(task(f"t{n}", f"Answer letter {n}", due_at=soon) for n in range(90)))
    person_id = person.get("/api/auth/session").json()["person_id"]
    table = stack.client("dynamodb")

    def known() -> bool:
        row = table.get_item(TableName="oo-local-snapshots", Key={"person_id": {"S": person_id}}).get("Item")
        return row is not None and row["body"]["S"].count('"item_ref":"t') == 90

    stack.wait_until(known)
    tips: list[dict[str, Any]] = []

    def scored() -> bool:
        """A scorer that starts or rests leaves the choice to rules, which have nothing to learn from."""
        tips.append(ask(person)["tip"])
        if choice_of(stack, person_id, tips[-1])["policy"]["name"] != "rules":
            return True
        react(person, tips[-1], "done")
        return False

    stack.wait_until(scored)
    first = tips[-1]
    assert person.post(f"/api/tips/{first['id']}/exposure", json={}).status_code == 202
    react(person, first, "done")

    def learned() -> list[str]:
        markers = table.query(
            TableName="oo-local-reward-markers",
            KeyConditionExpression="person_id = :p",
            ExpressionAttributeValues={":p": {"S": person_id}},
        )["Items"]
        return [marker["revision_key"]["S"].split("#")[0] for marker in markers]

    stack.wait_until(lambda: first["id"] in learned())
    later = ask(person)["tip"]
    assert later["id"] != first["id"]
    choice = choice_of(stack, person_id, later)
    assert choice["policy"]["name"] in {"epsilon_greedy_v2", "rules"}
    if choice["policy"]["name"] != "rules":
        assert choice["posterior_sequence"] >= 1, "the next choice was made with what was learned"
        assert "epsilon_greedy_v1" in choice["shadow"]
    assert sum(choice["probabilities"]) == pytest.approx(1)


def test_done_on_the_page_is_done_in_the_list(stack: RunningStack, person: httpx.Client) -> None:
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName="oo-local-complete")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})  # a minute, for an undo
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    send(person, task("bread", "Buy bread", due_at=today))
    tip = tip_about(stack, person, "Buy bread")
    assert tip["angle"] == "do_now"
    react(person, tip, "done")

    def done() -> bool:
        newest = person.get("/api/signals", params={"limit": 1}).json()["signals"][0]
        return (newest["item_ref"], newest["status"], newest["source"]) == ("bread", "done", "oo")

    stack.wait_until(done)


@pytest.mark.parametrize(
    ("reason", "allowed"),
    [("too_big", {"smallest_step"}), ("wrong_time", {"plan_slot"}), ("not_mine", set())],
)
def test_the_three_kinds_of_not_now(
    stack: RunningStack, person: httpx.Client, reason: str, allowed: set[str]
) -> None:
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    send(person, task("only", "Read the tax letter", due_at=today, effort_minutes=20))
    tip = tip_about(stack, person, "tax letter")
    react(person, tip, "dismiss", reason=reason)
    after = ask(person)["tip"]
    assert after is None or ("tax letter" in after["text"].casefold() and after["angle"] in allowed)


def test_later_means_later_and_undo_brings_it_back(stack: RunningStack, person: httpx.Client) -> None:
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    send(person, task("plants", "Water the plants", due_at=today))
    tip = tip_about(stack, person, "Water the plants")
    react(person, tip, "snooze")
    assert ask(person)["tip"] is None
    react(person, tip, "undo")
    assert ask(person)["tip"]["id"] == tip["id"]


def test_two_people_never_see_each_others(stack: RunningStack, person: httpx.Client) -> None:
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    send(person, task("x", "Return the library books", due_at=today))
    tip = tip_about(stack, person, "library books")
    other = stack.sign_in(f"other-{uuid4()}")
    agree(other, *SOURCES)
    for path, body in (("exposure", {}), ("reaction", {"kind": "done"})):
        answer = other.post(f"/api/tips/{tip['id']}/{path}", json=body)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert ask(other)["tip"] is None
    assert other.get("/api/tips").json()["tips"] == []


def test_words_rest_only_sealed(stack: RunningStack, person: httpx.Client) -> None:
    canary = "Zanzibarcanary"
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    send(person, task("c", f"Write to {canary}", due_at=today))
    tip = tip_about(stack, person, canary)
    react(person, tip, "done")
    table = stack.client("dynamodb")
    for name in table.list_tables()["TableNames"]:
        assert canary not in repr(table.scan(TableName=name)["Items"]), name
    logs = stack.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for event in logs.filter_log_events(logGroupName=group["logGroupName"]).get("events", []):
            assert canary not in event["message"], group["logGroupName"]


def test_forgetting_leaves_only_the_tombstone(stack: RunningStack) -> None:
    client = stack.sign_in(f"leaving-{uuid4()}")
    agree(client, *SOURCES)
    person_id = client.get("/api/auth/session").json()["person_id"]
    today = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    send(
        client,
        task("t", "Something private", due_at=today),
        {"type": "mood", "valence": 4, "occurred_at": datetime.now(UTC).isoformat()},
    )
    stack.wait_until(lambda: ask(client)["tip"] is not None or ask(client)["reason"] == "nothing_now")
    answer = client.request("DELETE", "/api/me")
    assert answer.status_code == 202
    assert answer.json()["receipt_id"]
    assert client.get("/api/auth/session").status_code == 401
    table = stack.client("dynamodb")

    def remains() -> list[str]:
        found = []
        for name in table.list_tables()["TableNames"]:
            for item in table.scan(TableName=name)["Items"]:
                if person_id in repr(item):
                    found.append(f"{name} {sorted(item)}")
        return sorted(found)

    tombstones = {"oo-local-profiles"}
    stack.wait_until(lambda: {line.split()[0] for line in remains()} <= tombstones, 60)
    s3 = stack.client("s3")
    buckets = [b["Name"] for b in s3.list_buckets()["Buckets"] if "decision-log" in b["Name"]]
    assert len(buckets) == 1
    for entry in s3.list_objects_v2(Bucket=buckets[0]).get("Contents", []):
        body = s3.get_object(Bucket=buckets[0], Key=entry["Key"])["Body"].read()
        assert person_id.encode() not in entry["Key"].encode() + body
