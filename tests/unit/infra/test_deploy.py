from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from infra import stacks, triggers
from infra.deploy import Deploy, DeployError


class NoSuchStack(Exception):
    """Stands for botocore's ClientError."""


class FakeCloudFormation:
    """A stack's life as CloudFormation tells it: `describe_*` answers come in turn."""

    exceptions = SimpleNamespace(ClientError=NoSuchStack)

    def __init__(self, *, exists: bool, change_set: dict[str, str], statuses: list[str]) -> None:
        self.exists = exists
        self.change_set = change_set
        self.statuses = statuses
        self.calls: list[str] = []
        self.request: dict[str, Any] = {}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if not self.exists:
            raise NoSuchStack(f"Stack with id {StackName} does not exist")
        status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        outputs = [{"OutputKey": "TopicArn", "OutputValue": "arn"}]
        return {"Stacks": [{"StackStatus": status, "Outputs": outputs}]}

    def create_change_set(self, **request: Any) -> None:
        self.request = request
        self.exists = True

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return {"Changes": [1], **self.change_set}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("deleted")

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("executed")

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        failed = {"LogicalResourceId": "Key", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no"}
        return {"StackEvents": [failed, {"LogicalResourceId": "Topic", "ResourceStatus": "CREATE_COMPLETE"}]}


def apply(client: FakeCloudFormation, said: list[str]) -> dict[str, str]:
    return stacks.apply(client, "oo-dev-infra", {"Stage": "dev"}, body="{}", say=said.append)  # type: ignore[arg-type]


def test_a_new_stack_is_created_and_its_outputs_come_back() -> None:
    client = FakeCloudFormation(
        exists=False,
        change_set={"Status": "CREATE_COMPLETE"},
        statuses=["CREATE_COMPLETE"],
    )
    said: list[str] = []
    assert apply(client, said) == {"TopicArn": "arn"}
    assert client.request["ChangeSetType"] == "CREATE"
    assert client.calls == ["executed"]
    assert said == ["oo-dev-infra: 1 changes", "oo-dev-infra is CREATE_COMPLETE"]


def test_a_stack_that_needs_nothing_is_left_alone() -> None:
    client = FakeCloudFormation(
        exists=True,
        change_set={"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."},
        statuses=["UPDATE_COMPLETE"],
    )
    said: list[str] = []
    assert apply(client, said) == {"TopicArn": "arn"}
    assert client.request["ChangeSetType"] == "UPDATE"
    assert client.calls == ["deleted"]


def test_a_stack_that_fails_says_which_resource_and_why() -> None:
    client = FakeCloudFormation(
        exists=True, change_set={"Status": "CREATE_COMPLETE"}, statuses=["UPDATE_ROLLBACK_COMPLETE"]
    )
    with pytest.raises(stacks.StackFailed, match=r"(?s)UPDATE_ROLLBACK_COMPLETE.*Key: no"):
        apply(client, [])


def test_a_template_that_is_refused_says_why() -> None:
    client = FakeCloudFormation(
        exists=True, change_set={"Status": "FAILED", "StatusReason": "no such type"}, statuses=["X"]
    )
    with pytest.raises(stacks.StackFailed, match="no such type"):
        apply(client, [])


def test_a_function_without_its_source_stops_the_deploy() -> None:
    class Bare:
        def list_event_source_mappings(self, FunctionName: str) -> dict[str, Any]:
            return {"EventSourceMappings": []}

    with pytest.raises(triggers.TriggerMissing, match="oo-dev-events-store has no event source"):
        triggers.complete(Bare(), "dev", region="r", account="a")  # type: ignore[arg-type]


def test_a_plan_says_every_step_and_does_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Without credentials or network: the sockets are off here."""
    assert Deploy("dev").run(plan=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("]")[0] for line in lines] == [f"[{n}/12" for n in range(1, 13)]
    order = [
        next(i for i, line in enumerate(lines) if text in line) for text in ("-infra:", "chalice deploy")
    ]
    assert order == sorted(order)


class FakeParameters:
    def __init__(self, **values: str) -> None:
        self.values = values

    def get_paginator(self, _: str) -> FakeParameters:
        return self

    def paginate(self, Path: str) -> list[dict[str, Any]]:
        return [{"Parameters": [{"Name": Path + k, "Value": v} for k, v in self.values.items()]}]


def test_settings_come_from_ssm_and_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    deploy = Deploy("dev")
    parameters = FakeParameters(**{"public-url": "https://oo.example", "session-days": "14"})
    monkeypatch.setattr(deploy, "_client", lambda service: parameters)
    deploy._read_settings()
    assert deploy.settings == {"OO_PUBLIC_URL": "https://oo.example", "OO_SESSION_DAYS": "14"}
    parameters.values["litellm-url"] = "https://models.example"
    deploy._read_settings()
    assert deploy.settings["LITELLM_URL"] == "https://models.example", "its variable has a name of its own"
    parameters.values["litelm-url"] = "https://misspelt.example"
    with pytest.raises(DeployError, match="nothing reads OO_LITELM_URL: mend the name below"):
        deploy._read_settings()
    del parameters.values["litelm-url"], deploy.settings["OO_LITELM_URL"]
    parameters.values["topic-arn"] = "arn:elsewhere"
    with pytest.raises(DeployError, match="OO_TOPIC_ARN come from the stack"):
        deploy._read_settings()


def test_a_wrong_setting_stops_before_anything_is_deployed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy = Deploy("dev")
    monkeypatch.setattr(deploy, "_client", lambda service: FakeParameters(**{"session-days": "many"}))
    step = next(s for s in deploy.steps() if "SSM" in s.title)
    monkeypatch.setattr(deploy, "steps", lambda: [step])
    assert deploy.run() == 1
    assert "OO_SESSION_DAYS" in capsys.readouterr().err
