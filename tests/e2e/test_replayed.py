"""What the deployed functions chose is made again here, to the last bit, from what they wrote down."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.people import Person, task
from tests.e2e.test_schedules import with_a_tip

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "DecisionLogBucket"


def learned(who: Person) -> int:
    """How many rewards the person's statistics rest on."""
    found = who.rows("statistics")
    return int(found[0]["sequence"]["N"]) if found else 0


def bucket(stack: RunningStack) -> str:
    assert stack.inner.deployed is not None
    return str(stack.inner.deployed.outputs[BUCKET])


def lines(stack: RunningStack, who: Person) -> list[dict[str, Any]]:
    """The person's decisions in the log; a line is written after the pointer to it."""
    s3, name = stack.client("s3"), bucket(stack)
    listed = s3.list_objects_v2(Bucket=name, Prefix=f"people/{who.id}/decisions/").get("Contents", [])
    found = []
    for entry in listed:
        key = entry["Key"].split("/", 2)[2] + ".json"
        with contextlib.suppress(s3.exceptions.NoSuchKey):
            found.append({**json.loads(s3.get_object(Bucket=name, Key=key)["Body"].read()), "key": key})
    return found


def replay(stack: RunningStack, who: Person) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": stack.endpoint,
        "OO_STAGE": "local",
        "OO_DECISION_LOG_BUCKET": bucket(stack),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "ml_lambda.pipelines.replay", "--days", "2", "--person", who.id]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_what_was_served_is_replayed_and_what_was_changed_is_named(stack: RunningStack) -> None:
    who, tip_id = with_a_tip(stack)
    who.send(*(task(f"thing{n}") for n in range(4)))
    for number, reaction in enumerate(({"kind": "done"}, {"kind": "dismiss", "reason": "not_mine"}), 1):
        assert who.client.post(f"/api/tips/{tip_id}/reaction", json=reaction).status_code == 202
        stack.wait_until(lambda least=number: learned(who) >= least, 60)
        tip_id = who.tip()["id"]
    decided = {row["decision_id"]["S"] for row in who.rows("decisions")}
    stack.wait_until(lambda: {line["decision_id"] for line in lines(stack, who)} >= decided - {"silence"}, 60)

    told = replay(stack, who)
    assert told.returncode == 0, told.stdout + told.stderr
    served = [line for line in lines(stack, who) if line["choice"]["arm"] != "rules"]
    assert f"the same to the last bit │ {len(served)} │" in " ".join(told.stdout.split())
    assert max(line["choice"]["posterior_sequence"] for line in served) >= 1

    wrong = max(served, key=lambda line: line["choice"]["posterior_sequence"])
    key = wrong.pop("key")
    wrong["choice"]["contributions"][0] += 1e-12
    stack.client("s3").put_object(Bucket=bucket(stack), Key=key, Body=json.dumps(wrong).encode())
    told = replay(stack, who)
    assert told.returncode == 1, told.stdout
    assert f"decision {wrong['decision_id']}: contributions" in told.stdout
