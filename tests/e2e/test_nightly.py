"""A night over a log of real decisions: the prior published, the report there, `rank` serving what is new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.contracts.stores import physical_name
from oo_local.nightly import invoke, night, outputs
from oo_local.ports import wait_until
from oo_local.progress import Quiet
from tests.e2e.people import Person, anonymous, noon_zone, now, person, task

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

PEOPLE = 3
A_MINUTE_AND_MORE = 100
"""`rank` asks what serves when what it knows is a minute old."""


def settled_by_a_policy(stack: RunningStack) -> Person:
    """Someone who did a tip that the scorer chose, and from whom that was learned."""
    nobody = anonymous(stack)
    for _ in range(5):
        who = person(stack)
        who.send(*(task(f"errand-{n}") for n in range(3)))
        tip_id = who.tip()["id"]
        [row] = [r for r in who.rows("decisions") if r["decision_id"]["S"] == tip_id]
        if json.loads(row["body"]["S"])["choice"]["policy"]["name"] != "rules":
            assert who.client.post(f"/api/tips/{tip_id}/reaction", json={"kind": "done"}).status_code == 202
            stack.wait_until(lambda who=who: bool(who.rows("statistics")), 60)  # type: ignore[misc]
            return who
        # After a scorer that started too slowly rules decide for a while, and health says so.
        stack.wait_until(lambda: nobody.get("/api/health/recommender").json()["status"] == "ok", 60)
    raise AssertionError("the scorer does not answer in time")


def lines(stack: RunningStack, kind: str) -> int:
    bucket = outputs(stack.endpoint)["DecisionLogBucket"]
    return int(stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{kind}/").get("KeyCount", 0))


def serving(stack: RunningStack) -> dict[str, Any]:
    """The manifest in force; empty before the first."""
    row = stack.client("dynamodb").get_item(
        TableName=physical_name("local", "models"), Key={"name": {"S": "serving"}}, ConsistentRead=True
    )
    found: dict[str, Any] = json.loads(row["Item"]["body"]["S"]) if "Item" in row else {}
    return found


def asked(stack: RunningStack, who: Person) -> dict[str, Any]:
    """What `rank` answers about this person now; nothing is stored."""
    request = {
        "person_id": who.id, "now": now().isoformat(), "timezone": noon_zone(), "seed": 1,
        "granted": ["tasks", "calendar", "habits", "mood", "context", "learning"],
        "context": {"minutes_free": 60},
    }  # fmt: skip
    answer = stack.client("lambda").invoke(FunctionName="oo-local-rank", Payload=json.dumps(request))
    choice: dict[str, Any] = json.loads(answer["Payload"].read())["choice"]
    return choice


def test_a_night_publishes_what_people_taught_and_rank_serves_it(stack: RunningStack, tmp_path: Path) -> None:
    people = [settled_by_a_policy(stack) for _ in range(PEOPLE)]
    stack.wait_until(lambda: min(lines(stack, "decisions"), lines(stack, "rewards")) >= PEOPLE, 60)
    before = serving(stack).get("version", 0)
    challenged = invoke(
        stack.endpoint,
        "evaluate",
        {"step": "challenge", "policy": "mixed_ts", "reason": "a test of the night"},
    )
    assert challenged["manifest"] == before + 1

    trained, evaluated, page = night(stack.endpoint, tmp_path, Quiet())

    assert trained["outcome"] == "published"
    assert trained["people"] >= PEOPLE
    assert trained["decisions"] >= PEOPLE
    manifest = serving(stack)
    assert manifest["version"] == trained["manifest"] == evaluated["manifest"] == before + 2
    [spec] = [s for s in manifest["policies"] if s["id"] == "mixed_ts"]
    assert spec["prior"] == trained["prior"]
    assert evaluated["step"] == "stay", "a handful of decisions starts no canary"
    assert "vetoed" in evaluated["reason"]
    text = page.read_text()
    assert "mixed_ts only says what it would do" in text
    assert not any(who.id in text for who in people)
    numbers = json.loads(page.with_suffix(".json").read_text())
    assert numbers["training"]["prior"] == trained["prior"]
    assert numbers["basis"]["n"] >= PEOPLE

    again, after, _ = night(stack.endpoint, tmp_path, Quiet())
    assert (again["outcome"], again["prior"]) == ("unchanged", trained["prior"])
    assert after["manifest"] == evaluated["manifest"]

    # Asked once a second: each question is work for the machine, beside which other tests run.
    assert wait_until(
        lambda: asked(stack, people[0])["manifest_version"] == manifest["version"], A_MINUTE_AND_MORE, 1
    )
    choice = asked(stack, people[0])
    assert choice["challenger_id"] == "mixed_ts"
    assert len(choice["challenger"]) == len(choice["candidates"]) > 0
    # Who comes after finds nobody challenging.
    assert invoke(stack.endpoint, "evaluate", {"step": "roll back", "reason": "the test is over"})["manifest"]
