"""Deploys to the emulator as CloudFormation: first infra's stack, then the one that Chalice packages.

Everything is idempotent: a second deploy updates what changed and leaves the rest, data included.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.functions import ml_functions
from infra.scoring import function_id
from infra.template import template as infra_template
from oo_local.emulator import client
from oo_local.packaging import Archive, code_properties, package_app, scoring_archive

INFRA: Final = "oo-local-infra"
APP: Final = "oo-local-app"
BUCKET: Final = "oo-local-deploy"
WORKERS: Final = 2
"""How many batches of a queue are worked on at once; the emulator's 5 would swamp a small machine."""
_PATIENCE: Final = 60
_DONE: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class DeployFailed(Exception):
    """CloudFormation refused a stack; the message names the resource and why."""


@dataclass(frozen=True)
class Deployed:
    """What the front and tools need to know about the running stack."""

    rest_api_id: str
    outputs: Mapping[str, str]
    changed: tuple[str, ...]
    """The stacks that this deploy created or updated."""


@dataclass(frozen=True)
class Deployment:
    """One target: an emulator, and what its functions are given."""

    endpoint: str
    home: Path
    dependencies: Path
    """Becomes the functions' PYTHONPATH."""
    settings: Mapping[str, str]
    """Variables for every function."""
    secrets: Mapping[str, str]
    """SSM parameters by name."""

    @property
    def address_file(self) -> Path:
        """Where the front reads the REST API's id."""
        return self.home / "run" / "address.json"

    def run(self) -> Deployed:
        """Deploy everything that changed. Raises DeployFailed or PackagingFailed."""
        build = self.home / "build"
        s3 = client("s3", self.endpoint)
        _make_bucket(s3)
        self._put_secrets()
        scoring = scoring_archive(build)
        _upload(s3, scoring)
        parameters = {
            "Stage": "local",
            "CodeBucket": BUCKET,
            "CodeKey": scoring.key,
            "PythonPath": str(self.dependencies),
            "TemporaryFolder": str(self.home / "tmp"),
        }
        variables = {
            **self.settings,
            "PYTHONPATH": str(self.dependencies),
            "TMPDIR": str(self.home / "tmp"),
        }
        # Before anything changes: an app that cannot be packaged leaves all as it was, the scorer too.
        known = self._known_outputs()
        packaged = package_app(build, known, variables) if known else None
        changed = []
        if self._apply(INFRA, self._infra(), parameters):
            changed.append(INFRA)
        outputs = self._outputs(INFRA)
        if packaged is None or outputs != known:
            packaged = package_app(build, outputs, variables)
        sam, code = packaged
        _upload(s3, code)
        for properties in code_properties(sam):
            properties["CodeUri"] = f"s3://{BUCKET}/{code.key}"
            for event in properties.get("Events", {}).values():
                if event["Type"] == "SQS":
                    event["Properties"]["ScalingConfig"] = {"MaximumConcurrency": WORKERS}
        if self._apply(APP, sam, {}):
            changed.append(APP)
        rest_api_id = self._outputs(APP)["RestAPIId"]
        self.address_file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.address_file.with_suffix(".new")
        scratch.write_text(json.dumps({"rest_api_id": rest_api_id}))
        scratch.rename(self.address_file)
        return Deployed(rest_api_id, outputs, tuple(changed))

    def _infra(self) -> dict[str, Any]:
        """Infra's template; its functions too get the settings of `.env.local`."""
        template = infra_template()
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::EventSourceMapping":
                resource["Properties"]["ScalingConfig"] = {"MaximumConcurrency": WORKERS}
        for fn in ml_functions():
            properties = template["Resources"][function_id(fn)]["Properties"]
            properties["Environment"]["Variables"] |= self.settings
        return template

    def _put_secrets(self) -> None:
        ssm = client("ssm", self.endpoint)
        for name, value in self.secrets.items():
            ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def _apply(self, stack: str, template: Mapping[str, Any], parameters: Mapping[str, str]) -> bool:
        """Create or update the stack; whether anything changed."""
        body = json.dumps(template, separators=(",", ":"), sort_keys=True)
        cloudformation = client("cloudformation", self.endpoint)
        s3 = client("s3", self.endpoint)
        key = f"{stack}.json"
        s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
        request = {
            "StackName": stack,
            "TemplateURL": f"{self.endpoint}/{BUCKET}/{key}",
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        }
        try:
            if self._status(stack) is None:
                cloudformation.create_stack(**request)
            else:
                cloudformation.update_stack(**request)
        except cloudformation.exceptions.ClientError as error:
            message = error.response["Error"]["Message"]
            if "No updates" in message:
                return False
            raise DeployFailed(f"{stack}: {message}") from None
        self._wait(stack)
        return True

    def _status(self, stack: str) -> str | None:
        cloudformation = client("cloudformation", self.endpoint)
        with contextlib.suppress(cloudformation.exceptions.ClientError):
            status = str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
            return None if status == "DELETE_COMPLETE" else status
        return None

    def _wait(self, stack: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            status = self._status(stack) or "gone"
            if status in _DONE:
                return
            if not status.endswith("IN_PROGRESS") or time.monotonic() > deadline:
                raise DeployFailed(f"{stack} is {status}: {self._reasons(stack)}")
            time.sleep(0.1)

    def _reasons(self, stack: str) -> str:
        events = client("cloudformation", self.endpoint).describe_stack_events(StackName=stack)["StackEvents"]
        failed = [e for e in events if e["ResourceStatus"].endswith("FAILED")]
        return "; ".join(
            f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', 'no reason given')}"
            for e in failed[:3]
        )

    def _known_outputs(self) -> dict[str, str]:
        """What infra gave at an earlier deploy; nothing before the first."""
        with contextlib.suppress(client("cloudformation", self.endpoint).exceptions.ClientError):
            return self._outputs(INFRA)
        return {}

    def _outputs(self, stack: str) -> dict[str, str]:
        return stack_outputs(self.endpoint, stack)


def stack_outputs(endpoint: str, stack: str) -> dict[str, str]:
    """What a stack gave. Raises boto3's ClientError when there is no such stack."""
    found = client("cloudformation", endpoint).describe_stacks(StackName=stack)["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}


def renew_stream_mappings(endpoint: str) -> int:
    """Make each stream's mapping anew: after a restart the emulator's skips its first records."""
    functions = client("lambda", endpoint)
    renewed = 0
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if ":dynamodb:" not in mapping["EventSourceArn"]:
            continue
        kept = ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "BisectBatchOnFunctionError",
                "MaximumRetryAttempts", "DestinationConfig")  # fmt: skip
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
        functions.create_event_source_mapping(
            FunctionName=mapping["FunctionArn"],
            StartingPosition="LATEST",
            **{name: mapping[name] for name in kept if mapping.get(name)},
        )
        renewed += 1
    return renewed


def _make_bucket(s3: Any) -> None:
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})


def _upload(s3: Any, archive: Archive) -> None:
    s3.put_object(Bucket=BUCKET, Key=archive.key, Body=archive.content)
