"""The clock: what nobody reacted to is settled by the schedule itself, which fires each minute."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.contracts.records import storable
from chalicelib.recommender.contract import due_hour
from chalicelib.runtime.settings import settings
from tests.e2e.people import Person, anonymous, now, person, task

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

A_MINUTE_AND_MORE = 100
"""The rule fires each minute, the first time a little later; then a queue, a stream and a queue follow."""


def with_a_tip(stack: RunningStack) -> tuple[Person, str]:
    """Someone with a tip that the scorer chose: from what rules chose while it started nobody can learn."""
    nobody = anonymous(stack)
    for _ in range(5):
        who = person(stack)
        who.send(task("rent"))
        tip_id = who.tip()["id"]
        if body(who, tip_id)["choice"]["policy"]["name"] == settings().champion:
            return who, tip_id
        # After a scorer that started too slowly rules decide for a while, and health says so.
        stack.wait_until(lambda: nobody.get("/api/health/recommender").json()["status"] == "ok", 60)
    pytest.fail("the scorer does not answer in time")


def decision(who: Person, tip_id: str) -> dict[str, Any]:
    [row] = [r for r in who.rows("decisions") if r["decision_id"]["S"] == tip_id]
    return row


def body(who: Person, tip_id: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(decision(who, tip_id)["body"]["S"])
    return told


def make_due(who: Person, tip_id: str) -> None:
    """As if its deadline had passed five minutes ago: in document and index, as the store writes."""
    row = decision(who, tip_id)
    passed = now() - timedelta(minutes=5)
    document = {**json.loads(row["body"]["S"]), "settle_at": passed.isoformat()}
    who.stack.client("dynamodb").put_item(
        TableName="oo-local-decisions",
        Item={
            **row,
            "body": {"S": json.dumps(document)},
            "due_hour": {"S": due_hour(passed)},
            "settle_at": {"S": storable(passed)},
        },
    )


def settled_once(stack: RunningStack, trace: str) -> bool:
    """Whether `settle` has consumed the event of that trace."""
    group = "/aws/lambda/oo-local-recommender-settle"
    events = stack.client("logs").filter_log_events(logGroupName=group).get("events", [])
    return any(trace in event["message"] for event in events)


def looked_at(who: Person, tip_id: str) -> bool:
    """Whether its deadline has been dealt with: what is due now is at most the end of its words."""
    row = decision(who, tip_id)
    return "settle_at" not in row or row["settle_at"]["S"] > storable(now())


def test_the_schedule_settles_what_was_seen_and_passes_over_what_was_not(stack: RunningStack) -> None:
    """The one wait of the suite for a schedule."""
    seen, seen_tip = with_a_tip(stack)
    unseen, unseen_tip = with_a_tip(stack)
    patient, patient_tip = with_a_tip(stack)
    for who, tip_id in ((seen, seen_tip), (patient, patient_tip)):
        trace = {"X-Trace-Id": f"seen-{tip_id}"}
        assert who.client.post(f"/api/tips/{tip_id}/exposure", json={}, headers=trace).status_code == 202
        # Else the news of it would find the deadline passed, and settle before the clock does.
        stack.wait_until(lambda tip_id=tip_id: settled_once(stack, f"seen-{tip_id}"))
    for who, tip_id in ((seen, seen_tip), (unseen, unseen_tip)):
        make_due(who, tip_id)
    untouched = decision(patient, patient_tip)

    # Nobody calls anything from here on but the clock.
    stack.wait_until(lambda: bool(seen.rows("reward-markers")), A_MINUTE_AND_MORE)
    stack.wait_until(lambda: looked_at(unseen, unseen_tip))

    settled = body(seen, seen_tip)
    assert settled["reward"] == settings().no_reaction_reward
    assert settled["reward_revision"] == 1
    [marker] = seen.rows("reward-markers")
    assert marker["revision_key"]["S"].startswith(seen_tip)
    assert seen.rows("statistics"), "it was learned from"
    assert body(unseen, unseen_tip)["reward"] is None, "nobody learns from what nobody saw"
    assert unseen.rows("reward-markers") == []
    assert unseen.rows("statistics") == []
    assert decision(patient, patient_tip) == untouched, "its time has not come"
    assert patient.rows("reward-markers") == []


def test_every_schedule_of_the_app_is_a_rule_that_is_on(stack: RunningStack) -> None:
    from infra.function import DUE_MINUTES
    from infra.functions import FUNCTIONS

    events = stack.client("events")
    targets = {
        target["Arn"].rsplit(":", 1)[-1]: rule
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    }
    expected = {
        fn.physical("local"): fn.schedule.local if fn.schedule else f"rate({DUE_MINUTES['local']} minute)"
        for fn in FUNCTIONS
        if fn.kind == "schedule"
    }
    assert {name: rule["ScheduleExpression"] for name, rule in targets.items()} == expected
    assert {rule["State"] for rule in targets.values()} == {"ENABLED"}
