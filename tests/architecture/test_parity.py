"""What `chalice deploy` would create is what the one machine runs.

The first is Chalice's own plan for stage dev on an empty account, completed by `infra.triggers`; the
second is the SAM template that `chalice package` makes for stage local, with infra's merge template.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import triggers
from infra.function import DUE_MINUTES
from infra.functions import ml_functions
from infra.merge import merge_template
from infra.scoring import function_id
from infra.template import template
from infra.tree import MERGE_FILE, app_tree

PROBE = Path(__file__).with_name("plan_probe.py")
ACCOUNT, REGION = "123456789012", "eu-central-1"
COMPLETED = (
    "FunctionResponseTypes",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "DestinationConfig",
)
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


def outputs(stage: str) -> dict[str, str]:
    return {
        "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:oo-{stage}-events",
        "DecisionsStreamArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/oo-{stage}-decisions/stream/2026",
        "DecisionLogBucket": f"oo-{stage}-decision-log-{ACCOUNT}",
        "ExportsBucket": f"oo-{stage}-exports-{ACCOUNT}",
    }


def run(tree: Path, *arguments: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OO_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=tree,
        env={**kept, "AWS_DEFAULT_REGION": REGION},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The plan of `chalice deploy --stage dev`, with names that say `local`."""
    tree = tmp_path_factory.mktemp("dev")
    app_tree(tree, "dev", outputs("dev"), dependencies=False, region=REGION, account=ACCOUNT)
    text = run(tree, str(PROBE), "dev").replace("oo-dev", "oo-local").replace("/oo/dev/", "/oo/local/")
    plan: dict[str, Any] = json.loads(text)
    return plan


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The template that the one machine deploys."""
    tree = tmp_path_factory.mktemp("local")
    app_tree(tree, "local", outputs("local"), dependencies=False, region=REGION, account=ACCOUNT)
    run(tree, "-c", CHALICE, "package", "--stage", "local", "--merge-template", MERGE_FILE, "out")
    sam: dict[str, Any] = json.loads((tree / "out/sam.json").read_text())
    return sam


def functions_of(sam: dict[str, Any]) -> dict[str, dict[str, Any]]:
    resources = sam["Resources"]
    found = {}
    for resource in resources.values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        p = resource["Properties"]
        role = resources[p["Role"]["Fn::GetAtt"][0]]["Properties"]
        assert len(role["Policies"]) == 1
        found[p["FunctionName"]] = {
            "handler": p["Handler"],
            "memory": p["MemorySize"],
            "timeout": p["Timeout"],
            "runtime": p["Runtime"],
            "environment": p["Environment"]["Variables"],
            "policy": role["Policies"][0]["PolicyDocument"],
            "sources": [source(event) for event in p.get("Events", {}).values()],
        }
    return found


def source(event: dict[str, Any]) -> dict[str, Any]:
    p = event["Properties"]
    if event["Type"] == "Schedule":
        return {"schedule": p["Schedule"]}
    arn = p["Queue"]["Fn::Sub"] if event["Type"] == "SQS" else p["Stream"]
    service, rest = arn.replace("${AWS::", "${").split(":", 5)[2::3]
    return {
        "source": f"{service}:{rest}",
        "batch_size": p["BatchSize"],
        "window": p["MaximumBatchingWindowInSeconds"],
        "position": p.get("StartingPosition"),
    }


def test_the_same_functions_under_the_same_names(deployed: dict[str, Any], packaged: dict[str, Any]) -> None:
    assert deployed["functions"].keys() == functions_of(packaged).keys()


@pytest.mark.parametrize("part", ["handler", "memory", "timeout", "runtime", "policy"])
def test_each_function_is_the_same(deployed: dict[str, Any], packaged: dict[str, Any], part: str) -> None:
    there = {name: fn[part] for name, fn in deployed["functions"].items()}
    here = {name: fn[part] for name, fn in functions_of(packaged).items()}
    assert there == here


def test_each_function_gets_the_same_variables(deployed: dict[str, Any], packaged: dict[str, Any]) -> None:
    there = {name: fn["environment"] for name, fn in deployed["functions"].items()}
    here = {name: fn["environment"] for name, fn in functions_of(packaged).items()}
    for variables in there.values():
        assert variables.pop("OO_STAGE") == "dev"
    for variables in here.values():
        assert variables.pop("OO_STAGE") == "local"
    assert there == here


def test_each_function_has_the_same_sources(deployed: dict[str, Any], packaged: dict[str, Any]) -> None:
    there = {name: fn["sources"] for name, fn in deployed["functions"].items()}
    here = {name: fn["sources"] for name, fn in functions_of(packaged).items()}
    # The one difference that is meant: a developer watches, so the clock ticks faster.
    assert there["oo-local-recommender-due"] == [{"schedule": f"rate({DUE_MINUTES['dev']} minutes)"}]
    assert here["oo-local-recommender-due"] == [{"schedule": "rate(1 minute)"}]
    assert DUE_MINUTES["local"] == 1
    del there["oo-local-recommender-due"], here["oo-local-recommender-due"]
    assert there == here


def test_the_api_has_the_same_routes_and_stage(deployed: dict[str, Any], packaged: dict[str, Any]) -> None:
    api = packaged["Resources"]["RestAPI"]["Properties"]
    routes = sorted(
        f"{method.upper()} {path}"
        for path, methods in api["DefinitionBody"]["paths"].items()
        for method in methods
        if method != "options"
    )
    assert deployed["api"] == {"stages": [api["StageName"]], "routes": routes}
    assert "POST /api/recommend" in routes
    assert api["StageName"] == "v1"


def test_the_merge_template_meets_chalices_names(packaged: dict[str, Any]) -> None:
    """A logical id that Chalice does not use would add half a resource instead of completing one."""
    for name, addition in merge_template("local")["Resources"].items():
        properties = packaged["Resources"][name]["Properties"]
        assert properties["CodeUri"]
        for event in addition["Properties"].get("Events", {}):
            assert properties["Events"][event]["Type"] in {"SQS", "DynamoDB"}


class RecordingLambda:
    """Stands for the Lambda API after `chalice deploy`: one mapping per function, which remembers updates."""

    def __init__(self) -> None:
        self.updates: dict[str, dict[str, Any]] = {}
        self.invoke_configs: dict[str, dict[str, Any]] = {}

    def list_event_source_mappings(self, FunctionName: str) -> dict[str, Any]:
        return {"EventSourceMappings": [{"UUID": FunctionName}]}

    def update_event_source_mapping(self, UUID: str, **settings: Any) -> None:
        self.updates[UUID] = settings

    def put_function_event_invoke_config(self, FunctionName: str, DestinationConfig: dict[str, Any]) -> None:
        self.invoke_configs[FunctionName] = DestinationConfig["OnFailure"]


def test_what_chalice_cannot_say_is_said_in_both_ways(packaged: dict[str, Any]) -> None:
    """By calls after `chalice deploy`, by the merge template in the package: with the same words."""
    there = RecordingLambda()
    triggers.complete(there, "local", region=REGION, account=ACCOUNT)  # type: ignore[arg-type]
    said = json.dumps(packaged["Resources"]).replace("${AWS::Region}", REGION)
    resources = json.loads(said.replace("${AWS::AccountId}", ACCOUNT))
    updates, invoke_configs = {}, {}
    for resource in resources.values():
        p = resource["Properties"]
        for event in p.get("Events", {}).values():
            if event["Type"] in {"SQS", "DynamoDB"}:
                updates[p["FunctionName"]] = without_sub(
                    {k: v for k, v in event["Properties"].items() if k in COMPLETED}
                )
        if "EventInvokeConfig" in p:
            failure = without_sub(p["EventInvokeConfig"])["DestinationConfig"]["OnFailure"]
            assert failure.pop("Type") == "SQS"
            invoke_configs[p["FunctionName"]] = failure
    assert there.updates == updates
    assert there.invoke_configs == invoke_configs
    assert all(u["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for u in updates.values())


def without_sub(value: Any) -> Any:
    if isinstance(value, dict):
        return value["Fn::Sub"] if "Fn::Sub" in value else {k: without_sub(v) for k, v in value.items()}
    return value


def chosen(value: Any, *, local: bool) -> Any:
    """The template with its conditions decided."""
    if isinstance(value, list):
        return [chosen(inner, local=local) for inner in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, yes, no = value["Fn::If"]
        return chosen(yes if local and condition == "IsLocal" else no, local=local)
    decided = {key: chosen(inner, local=local) for key, inner in value.items()}
    return {key: inner for key, inner in decided.items() if inner != {"Ref": "AWS::NoValue"}}


@pytest.mark.parametrize("fn", ml_functions(), ids=lambda fn: fn.name)
def test_a_scoring_function_is_the_same_as_zip_and_as_image(fn: Any) -> None:
    resource = template()["Resources"][function_id(fn)]["Properties"]
    zipped, image = chosen(resource, local=True), chosen(resource, local=False)
    assert zipped.pop("PackageType") == "Zip"
    assert image.pop("PackageType") == "Image"
    assert zipped.pop("Handler") == fn.handler
    assert image.pop("ImageConfig") == {"Command": [fn.handler]}
    assert zipped.pop("Code").keys() == {"S3Bucket", "S3Key"}
    assert image.pop("Code").keys() == {"ImageUri"}
    assert zipped.pop("Runtime") == "python3.11"
    for only_here in ("PYTHONPATH", "TMPDIR"):
        del zipped["Environment"]["Variables"][only_here]
    assert (zipped.pop("Architectures"), image.pop("Architectures")) == (["x86_64"], ["arm64"])
    assert zipped == image
