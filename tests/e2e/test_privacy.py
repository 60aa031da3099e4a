"""Everything about a person on the running stack: a copy of it, what oO knows, and its end."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import jsonschema  # type: ignore[import-untyped]

from chalicelib.contracts.consents import CONSENTS
from chalicelib.contracts.exports import personal
from tests.e2e.people import Person, anonymous, now, person, problem, task

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack


def lived(stack: RunningStack, word: str, *, learned: bool = True) -> Person:
    """Someone with a life behind them, in words of their own."""
    ada = person(stack, *CONSENTS)
    named = ada.client.patch("/api/profile", json={"display_name": f"{word}name", "goals": ["errands"]})
    assert named.status_code == 200
    ada.send(
        task("rent", f"Write to {word}", category="errands"),
        task("bank", f"Call {word}", category="errands"),
        {
            "type": "habit", "item_ref": "run", "title": f"{word}run", "status": "done",
            "occurred_at": now().isoformat(),
        },
        {"type": "mood", "valence": 4, "energy": 4, "occurred_at": now().isoformat()},
        {"type": "context", "place": "home", "occurred_at": now().isoformat()},
        {
            "type": "event", "item_ref": "c1", "title": f"{word}day", "status": "confirmed",
            "occurred_at": now().isoformat(), "starts_at": (now() + timedelta(days=1)).isoformat(),
            "ends_at": (now() + timedelta(days=1, hours=1)).isoformat(),
        },
    )  # fmt: skip
    tip = ada.tip()
    assert ada.client.post(f"/api/tips/{tip['id']}/reaction", json={"kind": "helpful"}).status_code == 202
    if learned:
        stack.wait_until(lambda: bool(ada.rows("statistics")))
    return ada


def lines(ada: Person) -> dict[str, dict[str, Any]]:
    answer = ada.client.get("/api/me/profile-card")
    assert answer.status_code == 200, answer.text
    return {line["id"]: line for line in answer.json()["lines"]}


# --- a copy -------------------------------------------------------------------------------------


def test_a_copy_is_asked_for_fetched_and_whole(stack: RunningStack) -> None:
    ada = lived(stack, "Quetzalcoatl", learned=False)
    bob = lived(stack, "Popocatepetl", learned=False)
    asked = ada.client.post("/api/me/export")
    assert asked.status_code == 202, asked.text
    export_id = asked.json()["export_id"]
    seen: dict[str, Any] = {}

    def ready() -> bool:
        seen.update(ada.client.get(f"/api/me/export/{export_id}").json())
        return seen["state"] == "ready"

    stack.wait_until(ready, 60)
    problem(bob.client.get(f"/api/me/export/{export_id}"), 404, "not-found")
    # Whoever has the link has the zip: no session goes along.
    fetched = httpx.get(seen["link"])
    assert fetched.status_code == 200
    assert fetched.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(fetched.content))
    assert archive.testzip() is None

    told: dict[str, Any] = {}
    for store in personal():
        document = json.loads(archive.read(f"data/{store}.json"))
        jsonschema.validate(document, json.loads(archive.read(f"schemas/{store}.schema.json")))
        told[store] = document["rows"]
    # No model is set up here: none wrote anything.
    nothing_said = {"person-keys", "rates", "roles", "provider-tokens", "pools", "model-usage"}
    # Nothing is learned of a tip that rules chose, as they do when the scorer is slow.
    learned = {"statistics", "reward-markers"}
    assert {store for store, rows in told.items() if not rows} - learned == nothing_said
    assert {row["title"] for row in told["item-words"]} == {
        "Write to Quetzalcoatl", "Call Quetzalcoatl", "Quetzalcoatlrun", "Quetzalcoatlday",
    }  # fmt: skip
    [tip] = ada.client.get("/api/tips").json()["tips"]
    assert [row["words"]["text"] for row in told["decisions"]] == [tip["text"]]
    assert len(told["signals"]) == len(ada.rows("signals"))

    everything = "".join(archive.read(name).decode() for name in archive.namelist())
    page = archive.read("index.html").decode()
    assert "Write to Quetzalcoatl" in page
    for other in ("Popocatepetl", bob.id):
        assert other not in everything
    # No key to anything: neither the session's secret nor its hash.
    sid = ada.client.cookies["sid"]
    session = [r["session"]["S"] for r in _sessions(stack, ada)]
    for secret in (sid, *session):
        assert secret not in everything
    # The link is signed for what is left of an hour, and that moment is told.
    assert 0 < int(httpx.URL(seen["link"]).params["X-Amz-Expires"]) <= 3600

    assert ada.client.delete("/api/me").status_code == 202
    stack.wait_until(lambda: httpx.get(seen["link"]).status_code in {403, 404}, 30)


def _sessions(stack: RunningStack, ada: Person) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = stack.client("dynamodb").scan(TableName="oo-local-sessions")["Items"]
    return [row for row in rows if row.get("person_id") == {"S": ada.id}]


# --- what oO knows ------------------------------------------------------------------------------


def test_what_oo_knows_is_told_with_what_is_behind_it_and_goes_line_by_line(stack: RunningStack) -> None:
    ada = lived(stack, "Xochimilco")
    stack.wait_until(lambda: {"tasks", "calendar", "mood", "context", "learning"} <= lines(ada).keys())
    card = lines(ada)
    assert "Xochimilco" in card["tasks"]["text"]
    assert (card["tasks"]["consents"], card["tasks"]["signals"]["count"]) == (["tasks"], 2)
    habit = next(line for line in card if line.startswith("habit-"))
    assert card[habit]["text"].startswith("Xochimilcorun")
    for line in ("mood", habit, "tasks", "learning", "goals"):
        answer = ada.client.delete(f"/api/me/profile-card/{line}")
        assert answer.status_code == 202, answer.text
        stack.wait_until(lambda line=line: line not in lines(ada))  # type: ignore[misc]
    # What was behind it is gone, the features were made anew, and no other line went along.
    assert {row["type"]["S"] for row in ada.rows("signals") if "body" in row} == {"event", "context"}
    assert ada.rows("statistics") == []
    stack.wait_until(lambda: '"tasks":[{' not in ada.rows("snapshots")[0]["body"]["S"])
    assert '"mood":{' not in ada.rows("snapshots")[0]["body"]["S"]
    ada.sentinel()
    left = lines(ada)
    assert {"calendar", "context", "profile"} <= left.keys()
    assert not {habit, "tasks", "learning", "goals"} & left.keys()
    problem(ada.client.delete("/api/me/profile-card/tasks"), 404, "not-found")


# --- consents -----------------------------------------------------------------------------------


def test_a_consent_has_its_text_and_its_history(stack: RunningStack) -> None:
    ada = person(stack)
    version = ada.client.get("/api/profile/consents").json()["text_version"]
    text = anonymous(stack).get(f"/api/profile/consents/texts/{version}")
    assert text.status_code == 200
    assert set(text.json()["texts"]) == set(CONSENTS)
    assert text.json()["in_force"]
    problem(anonymous(stack).get("/api/profile/consents/texts/1999-01"), 404, "not-found")
    body = {"consents": {"mood": False}, "text_version": version}
    assert ada.client.put("/api/profile/consents", json=body).status_code == 200
    told = ada.client.get("/api/profile/consents/history?limit=1").json()
    assert [(d["consent"], d["granted"]) for d in told["decisions"]] == [("mood", False)]
    older = ada.client.get("/api/profile/consents/history", params={"cursor": told["next"]}).json()
    assert {d["consent"] for d in older["decisions"]} >= {"tasks", "mood"}


# --- the end ------------------------------------------------------------------------------------


def everything(stack: RunningStack) -> dict[str, list[str]]:
    """Every row, every object, every message of the cloud, as text, by where it lies."""
    found: dict[str, list[str]] = {}
    dynamodb, s3, sqs = stack.client("dynamodb"), stack.client("s3"), stack.client("sqs")
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            found.setdefault(table, []).extend(repr(row) for row in page["Items"])
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if name.endswith("deploy") or "artifact" in name:
            continue
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for entry in page.get("Contents", []):
                try:
                    body = s3.get_object(Bucket=name, Key=entry["Key"])["Body"].read()
                except s3.exceptions.NoSuchKey:
                    continue  # erased between the list and the look
                found.setdefault(name, []).append(entry["Key"] + body.decode(errors="replace"))
    for url in sqs.list_queues()["QueueUrls"]:
        seen = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
        )
        found[url.rpartition("/")[2]] = [message["Body"] for message in seen.get("Messages", [])]
    return found


def test_who_leaves_is_found_nowhere_and_holds_a_receipt(stack: RunningStack) -> None:
    word = "Tenochtitlan"
    ada = lived(stack, word, learned=False)
    assert ada.client.post("/api/me/export").status_code == 202
    needles = [
        ada.id, word, ada.subject,
        *(row["signal_id"]["S"] for row in ada.rows("signals")),
        *(row["decision_id"]["S"] for row in ada.rows("decisions") if row["decision_id"]["S"] != "silence"),
        *(row["session"]["S"] for row in _sessions(stack, ada)),
    ]  # fmt: skip
    ada.send(*(task(f"late-{uuid4()}", f"{word} {n}") for n in range(30)))
    receipt = ada.client.delete("/api/me").json()["receipt_id"]
    told: dict[str, Any] = {}

    def complete() -> bool:
        answer = anonymous(stack).get(f"/api/erasures/{receipt}")
        assert answer.status_code == 200, answer.text
        told.update(answer.json())
        return bool(told["complete"])

    stack.wait_until(complete, 60)
    assert told["key_destroyed"]
    assert {store["store"] for store in told["stores"]} == set(personal())
    assert told["backups_until"] > told["requested_at"]
    assert ada.id not in json.dumps(told)

    def remains() -> dict[str, list[str]]:
        named = {
            place: [text for text in texts if any(needle in text for needle in needles)]
            for place, texts in everything(stack).items()
        }
        return {place: texts for place, texts in named.items() if texts}

    stack.wait_until(lambda: set(remains()) == {"oo-local-profiles"}, 60)
    [tombstone] = remains()["oo-local-profiles"]
    assert word not in tombstone
    [row] = ada.rows("profiles")
    assert set(row) == {"person_id", "part", "body"}
    assert set(json.loads(row["body"]["S"])) == {"receipt_id", "at"}
    problem(anonymous(stack).get(f"/api/erasures/{uuid4()}"), 404, "not-found")
