"""Every function has all that it needs: nothing is deployed with a default that nobody chose."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Blueprint, Chalice, Cron

from infra.function import STAGES, Function
from infra.functions import FUNCTIONS, chalice_functions, ml_functions
from infra.merge import event_id, logical_id, merge_template
from infra.queues import FAILURES, QUEUES, dead_letter_queues
from infra.rendering import differing
from infra.requirements import rendered
from infra.scoring import function_id
from infra.template import template
from infra.tree import app_tree, ml_tree

ROOT = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).with_name("import_probe.py")
PARTIAL = ["ReportBatchItemFailures"]
OUTPUTS = {"TopicArn": "t", "DecisionsStreamArn": "s", "DecisionLogBucket": "b", "ExportsBucket": "e"}

# Statements that must say `*`, by resource and Sid, and why.
STARS = {
    ("PersonsKey", "AccountDecidesByIam"): "a key policy speaks of its own key, which it calls *",
    ("DecisionLogPolicy", "OnlyOverTls"): "a denial that left an action or someone out would deny nothing",
    ("ExportsPolicy", "OnlyOverTls"): "the same",
    ("RegistryPolicy", "OnlyOverTls"): "the same",
    ("QueuePolicy", "OnlyTheBusSends"): "SQS refuses a statement that names several queues",
}


# --- every function of app.py ------------------------------------------------------------------


def handlers(app: Chalice) -> Iterator[tuple[str, str, str]]:
    """(Chalice's name, handler, kind) of all that an app would deploy, from its own registries."""
    if app.routes:
        yield "api_handler", "app.app", "http"
    kinds = {
        "SQSEventConfig": "queue",
        "DynamoDBEventConfig": "stream",
        "ScheduledEventConfig": "schedule",
    }
    for source in app.event_sources:
        yield source.name, source.handler_string, kinds.get(type(source).__name__, type(source).__name__)
    for function in (*app.pure_lambda_functions, *app.builtin_auth_handlers):
        yield function.name, function.handler_string, "invoked"
    for socket in app.websocket_handlers.values():
        yield socket.name, socket.handler_string, "websocket"


def lacks(app: Chalice, config: dict[str, Any], root: Path) -> list[str]:
    """What functions of the app lack: an entry in the table, memory, timeout, a policy per stage."""
    known = {fn.chalice_name: fn for fn in chalice_functions()}
    wrong = []
    for name, handler, kind in handlers(app):
        fn = known.get(name)
        if fn is None or (fn.handler, fn.kind) != (handler, kind):
            wrong.append(f"{name} ({kind}, {handler}) is not in infra/functions.py")
        for stage in STAGES:
            said = config["stages"][stage]["lambda_functions"].get(name, {})
            wrong += [
                f"{name} has no {key} in {stage}"
                for key in ("lambda_memory_size", "lambda_timeout", "iam_policy_file")
                if not said.get(key)
            ]
            policy = root / ".chalice" / said.get("iam_policy_file", "?")
            if not policy.is_file() or not json.loads(policy.read_text())["Statement"]:
                wrong.append(f"{name} has no policy in {stage}")
    return wrong


@pytest.fixture(scope="module")
def app() -> Chalice:
    from app import app as real

    assert isinstance(real, Chalice)
    return real


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / ".chalice/config.json").read_text())
    return loaded


def test_no_function_of_the_app_lacks_anything(app: Chalice, config: dict[str, Any]) -> None:
    assert lacks(app, config, ROOT) == []


def test_no_function_is_told_of_that_the_app_has_not(app: Chalice, config: dict[str, Any]) -> None:
    found = {name for name, _, _ in handlers(app)}
    assert {fn.chalice_name for fn in chalice_functions()} == found
    for stage in STAGES:
        assert config["stages"][stage]["lambda_functions"].keys() == found


def test_a_function_that_nobody_told_of_is_found(config: dict[str, Any]) -> None:
    stray = Chalice("oo")
    blueprint = Blueprint("chalicelib.recommender.schedules")

    @blueprint.schedule(Cron(0, 3, "*", "*", "?", "*"))  # type: ignore[untyped-decorator]
    def nightly(event: Any) -> None: ...

    stray.register_blueprint(blueprint, name_prefix="recommender-")
    found = lacks(stray, config, ROOT)
    assert "recommender-nightly has no lambda_memory_size in prod" in found
    assert "recommender-nightly has no policy in dev" in found
    assert any("is not in infra/functions.py" in line for line in found)


def test_policies_are_written_by_hand_nowhere(config: dict[str, Any]) -> None:
    assert config["autogen_policy"] is False
    assert differing() == []


# --- queues, streams, schedules ----------------------------------------------------------------


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    made: dict[str, Any] = template()["Resources"]
    return made


def named(resources: dict[str, Any], name: str) -> dict[str, Any]:
    found = [r for r in resources.values() if r["Properties"].get("QueueName") == {"Fn::Sub": name}]
    assert len(found) == 1, name
    properties: dict[str, Any] = found[0]["Properties"]
    return properties


def test_the_app_listens_to_the_queues_that_infra_makes(app: Chalice) -> None:
    listened = {s.queue: (s.name, s.batch_size) for s in app.event_sources if hasattr(s, "queue")}
    by_chalice = {fn.name for fn in chalice_functions()}
    assert listened == {
        f"oo-local-{q.name}": (q.function, q.batch_size) for q in QUEUES if q.function in by_chalice
    }


@pytest.mark.parametrize("queue", QUEUES, ids=lambda q: q.name)
def test_every_queue_has_a_dead_letter_queue_and_patience(resources: dict[str, Any], queue: Any) -> None:
    properties = named(resources, f"oo-${{Stage}}-{queue.name}")
    redrive = properties["RedrivePolicy"]
    dead = resources[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]
    assert dead["QueueName"] == {"Fn::Sub": f"oo-${{Stage}}-{queue.name}-dlq"}
    assert dead["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert redrive["maxReceiveCount"] == queue.receives >= 5
    consumer = next(fn for fn in FUNCTIONS if fn.name == queue.function)
    assert properties["VisibilityTimeout"] >= 6 * consumer.timeout


def test_every_dead_letter_queue_has_an_alarm(resources: dict[str, Any]) -> None:
    watched = [
        r["Properties"]["Dimensions"][0]["Value"]["Fn::Sub"].removeprefix("oo-${Stage}-")
        for r in resources.values()
        if r["Type"] == "AWS::CloudWatch::Alarm" and r["Properties"]["Namespace"] == "AWS/SQS"
    ]
    assert sorted(watched) == sorted(dead_letter_queues())


@pytest.mark.parametrize(
    "fn", [fn for fn in FUNCTIONS if fn.kind in {"queue", "stream"}], ids=lambda fn: fn.name
)
def test_every_batch_source_reports_failures_one_by_one(resources: dict[str, Any], fn: Function) -> None:
    if fn.owner == "chalice":
        properties = merge_template("prod")["Resources"][logical_id(fn)]["Properties"]
        assert properties["Events"][event_id(fn)]["Properties"]["FunctionResponseTypes"] == PARTIAL
        return
    sources = [
        r["Properties"]
        for r in resources.values()
        if r["Type"] == "AWS::Lambda::EventSourceMapping"
        and r["Properties"]["FunctionName"] == {"Ref": function_id(fn)}
    ]
    assert [s["FunctionResponseTypes"] for s in sources] == [PARTIAL]


def test_what_no_queue_feeds_has_a_place_for_its_failures(resources: dict[str, Any]) -> None:
    unfed = {fn.name for fn in FUNCTIONS if fn.kind in {"stream", "schedule"}}
    assert FAILURES.keys() == unfed
    for name, queue in FAILURES.items():
        assert named(resources, f"oo-${{Stage}}-{queue}")["MessageRetentionPeriod"] == 14 * 24 * 3600
        fn = next(f for f in FUNCTIONS if f.name == name)
        if fn.owner == "chalice":
            merged = json.dumps(merge_template("prod")["Resources"][logical_id(fn)])
            assert f":oo-prod-{queue}" in merged
            continue
        [failures] = [
            r["Properties"]
            for r in resources.values()
            if r["Type"] == "AWS::Lambda::EventInvokeConfig"
            and r["Properties"]["FunctionName"] == {"Ref": function_id(fn)}
        ]
        target = failures["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        assert resources[target]["Properties"]["QueueName"] == {"Fn::Sub": f"oo-${{Stage}}-{queue}"}


def test_a_night_that_never_began_raises_an_alarm(resources: dict[str, Any]) -> None:
    alarms = {
        r["Properties"]["Dimensions"][0]["Value"]["Fn::Sub"]: r["Properties"]
        for r in resources.values()
        if r["Type"] == "AWS::CloudWatch::Alarm" and r["Properties"]["MetricName"] == "Invocations"
    }
    assert set(alarms) == {"oo-${Stage}-train", "oo-${Stage}-evaluate"}
    for alarm in alarms.values():
        assert alarm["TreatMissingData"] == "breaching"
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
        seconds = alarm["Period"] * alarm["EvaluationPeriods"]
        # Longer than from night to night, no longer than CloudWatch looks back.
        assert 86_400 < seconds <= 604_800


def test_a_scoring_schedule_calls_its_function_and_may(resources: dict[str, Any]) -> None:
    for fn in (fn for fn in ml_functions() if fn.kind == "schedule"):
        assert fn.schedule
        [(rule_id, rule)] = [
            (name, r["Properties"])
            for name, r in resources.items()
            if r["Type"] == "AWS::Events::Rule" and r["Properties"]["Targets"][0]["Id"] == fn.name
        ]
        assert rule["ScheduleExpression"] == {"Fn::If": ["IsLocal", fn.schedule.local, fn.schedule.aws]}
        assert rule["Targets"][0]["Arn"] == {"Fn::GetAtt": [function_id(fn), "Arn"]}
        assert any(
            r["Type"] == "AWS::Lambda::Permission"
            and r["Properties"]["FunctionName"] == {"Ref": function_id(fn)}
            and r["Properties"]["SourceArn"] == {"Fn::GetAtt": [rule_id, "Arn"]}
            for r in resources.values()
        )


def test_every_subscription_is_raw_and_knows_its_types(resources: dict[str, Any]) -> None:
    from chalicelib.contracts.events import Envelope

    types = {field.name for field in Envelope.DESCRIPTOR.oneofs_by_name["payload"].fields}
    found = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::SNS::Subscription"]
    assert len(found) == len(QUEUES)
    assert all(s["RawMessageDelivery"] is True for s in found)
    for queue in QUEUES:
        assert set(queue.types) <= types, queue.name


# --- the scoring functions ---------------------------------------------------------------------


def test_every_handler_of_the_image_is_told_of() -> None:
    found = set()
    for path in (ROOT / "ml_lambda/serving").glob("*.py"):
        tree = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "handler" for node in tree.body):
            found.add(f"ml_lambda.serving.{path.stem}.handler")
    assert found == {fn.handler for fn in ml_functions()}


@pytest.mark.parametrize("fn", ml_functions(), ids=lambda fn: fn.name)
def test_every_scoring_function_has_memory_timeout_and_a_role(
    resources: dict[str, Any], fn: Function
) -> None:
    properties = resources[function_id(fn)]["Properties"]
    assert properties["MemorySize"] == fn.memory >= 128
    assert properties["Timeout"] == fn.timeout >= 3
    role = resources[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert role["Policies"][0]["PolicyDocument"]["Statement"]


# --- least privilege ---------------------------------------------------------------------------


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((ROOT / ".chalice/policies").rglob("*.json")):
        for statement in json.loads(path.read_text())["Statement"]:
            yield str(path.relative_to(ROOT)), statement
    for name, resource in template()["Resources"].items():
        for statement in inner_statements(resource):
            yield name, statement


def inner_statements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield from (s for s in value.get("Statement", []) if s.get("Effect"))
        for inner in value.values():
            yield from inner_statements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from inner_statements(inner)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_policy_says_star() -> None:
    stars = set()
    for where, statement in statements():
        bare = [a for a in listed(statement["Action"]) if a == "*" or a.endswith(":*")]
        bare += [r for r in listed(statement.get("Resource", [])) if r == "*"]
        if bare:
            stars.add((where, statement.get("Sid", "")))
    assert stars == STARS.keys()


def test_every_resource_of_a_policy_is_of_its_stage() -> None:
    for path in sorted((ROOT / ".chalice/policies").rglob("*.json")):
        stage = path.parent.name
        for statement in json.loads(path.read_text())["Statement"]:
            for arn in statement["Resource"]:
                of_stage = f"oo-{stage}" in arn or f"/oo/{stage}/" in arn
                by_alias = f"alias/oo-{stage}-persons" in json.dumps(statement.get("Condition", {}))
                assert of_stage or by_alias, f"{path.name}: {arn}"


# --- what is packaged imports ------------------------------------------------------------------


def probed(tree: Path, lock: str, more: str, names: list[str]) -> dict[str, Any]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OO_", "PYTHON"))}
    command = [sys.executable, "-I", str(PROBE), str(tree), str(ROOT / "locks" / lock), more, *names]
    done = subprocess.run(
        command,
        cwd=tree,
        env={**kept, "OO_STAGE": "local", "OO_TOPIC_ARN": "arn", "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_every_handler_of_the_zip_imports_from_the_zip(tmp_path: Path) -> None:
    tree = app_tree(tmp_path, "local", OUTPUTS, dependencies=False)
    answer = probed(tree, "run.txt", "chalice", [fn.handler for fn in chalice_functions()])
    assert answer["wrong"] == {}
    assert "numpy" not in answer["loaded"]


def test_every_handler_of_the_image_imports_from_the_image(tmp_path: Path) -> None:
    tree = ml_tree(tmp_path)
    assert sorted(p.name for p in (tree / "chalicelib").iterdir()) == [
        "__init__.py",
        "contracts",
        "domain",
        "runtime",
    ]
    answer = probed(tree, "ml.txt", "", [fn.handler for fn in ml_functions()])
    assert answer["wrong"] == {}
    assert {"chalice", "pynamodb", "chalicelib"} & set(answer["loaded"]) == {"chalicelib"}


def test_a_handler_that_needs_what_is_not_packaged_is_found(tmp_path: Path) -> None:
    tree = ml_tree(tmp_path)
    (tree / "ml_lambda/serving/stray.py").write_text("import pytest\ndef handler(e, c): ...\n")
    answer = probed(tree, "ml.txt", "", ["ml_lambda.serving.stray.handler", "ml_lambda.serving.gone.handler"])
    assert "pytest is not packaged" in answer["wrong"]["ml_lambda.serving.stray.handler"]
    assert "No module named" in answer["wrong"]["ml_lambda.serving.gone.handler"]


def test_requirements_are_the_lock() -> None:
    assert (ROOT / "requirements.txt").read_text() == rendered()
