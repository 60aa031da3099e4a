"""CloudFormation by change sets: create or update, wait, and say what failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import CreateChangeSetInputTypeDef

_NOTHING_TO_DO: Final = ("didn't contain changes", "No updates are to be performed")


class StackFailed(Exception):
    """The stack did not come up; the message lists each resource that failed and why."""


def apply(
    client: CloudFormationClient,
    stack: str,
    parameters: Mapping[str, str],
    *,
    body: str = "",
    url: str = "",
    say: Callable[[str], None] = print,
    timeout_seconds: float = 1800,
) -> dict[str, str]:
    """Bring the stack to the template given as `body` or `url`; its outputs. Raises StackFailed."""
    name = f"oo-{uuid4().hex[:12]}"
    request: CreateChangeSetInputTypeDef = {
        "StackName": stack,
        "ChangeSetName": name,
        "ChangeSetType": "UPDATE" if _exists(client, stack) else "CREATE",
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        "Tags": [{"Key": "oo:stack", "Value": stack}],
    }
    if url:
        request["TemplateURL"] = url
    else:
        request["TemplateBody"] = body
    deadline = time.monotonic() + timeout_seconds
    client.create_change_set(**request)
    while (made := client.describe_change_set(StackName=stack, ChangeSetName=name))["Status"] in {
        "CREATE_PENDING",
        "CREATE_IN_PROGRESS",
    }:
        _pause(deadline, stack)
    if made["Status"] == "FAILED":
        reason = made.get("StatusReason", "")
        client.delete_change_set(StackName=stack, ChangeSetName=name)
        if not any(text in reason for text in _NOTHING_TO_DO):
            raise StackFailed(f"{stack}: {reason}")
        say(f"{stack} is up to date")
        return outputs(client, stack)
    say(f"{stack}: {len(made.get('Changes', []))} changes")
    client.execute_change_set(StackName=stack, ChangeSetName=name)
    while (status := _status(client, stack)).endswith("IN_PROGRESS"):
        _pause(deadline, stack)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise StackFailed(f"{stack} is {status}:\n" + "\n".join(_failures(client, stack)))
    say(f"{stack} is {status}")
    return outputs(client, stack)


def outputs(client: CloudFormationClient, stack: str) -> dict[str, str]:
    """The outputs of a stack that exists."""
    described = client.describe_stacks(StackName=stack)["Stacks"][0]
    return {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}


def _exists(client: CloudFormationClient, stack: str) -> bool:
    try:
        # A stack whose first change set was never executed is only a name.
        return _status(client, stack) != "REVIEW_IN_PROGRESS"
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return False
        raise


def _status(client: CloudFormationClient, stack: str) -> str:
    return client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]


def _failures(client: CloudFormationClient, stack: str) -> list[str]:
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"  {e.get('LogicalResourceId')}: {e.get('ResourceStatusReason', '')}"
        for e in events
        if e.get("ResourceStatus", "").endswith("FAILED")
    ]


def _pause(deadline: float, stack: str) -> None:
    if time.monotonic() > deadline:
        raise StackFailed(f"{stack} took too long: look at it in the console")
    time.sleep(0.5)
