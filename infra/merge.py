"""The SAM merge template: what Chalice cannot say about its own functions.

`chalice package --merge-template` lays it over the template that Chalice makes: physical names, partial
batch responses, where failures go. After `chalice deploy` the same is done by calls (`deploy.py`).
"""

from __future__ import annotations

from typing import Any

from infra import grants
from infra.function import Function
from infra.functions import chalice_functions
from infra.queues import FAILURES


def resource_name(name: str) -> str:
    """The logical id that Chalice gives a name: words joined in camel case."""
    return "".join(word[0].upper() + word[1:] for word in name.replace("_", "-").split("-") if word)


def logical_id(fn: Function) -> str:
    """Its logical id in Chalice's template."""
    return "APIHandler" if fn.kind == "http" else resource_name(fn.name)


def event_id(fn: Function) -> str:
    """The id of its event source there."""
    suffix = {"queue": "sqs-event-source", "stream": "dynamodb-event-source"}[fn.kind]
    return resource_name(f"{fn.name}-{suffix}")


def merge_template(stage: str) -> dict[str, Any]:
    """The template to lay over Chalice's, for one stage."""
    return {
        "Resources": {logical_id(fn): {"Properties": _properties(fn, stage)} for fn in chalice_functions()}
    }


def _properties(fn: Function, stage: str) -> dict[str, Any]:
    properties: dict[str, Any] = {"FunctionName": fn.physical(stage)}
    if fn.kind in {"queue", "stream"}:
        event: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
        if fn.kind == "stream":
            event |= stream_failures(_target(fn, stage))
        properties["Events"] = {event_id(fn): {"Properties": event}}
    elif fn.name in FAILURES:
        properties["EventInvokeConfig"] = {
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": _target(fn, stage)}}
        }
    return properties


def stream_failures(target: Any) -> dict[str, Any]:
    """A poison record is halved out of its batch, tried five times and put aside."""
    return {
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 5,
        "DestinationConfig": {"OnFailure": {"Destination": target}},
    }


def _target(fn: Function, stage: str) -> dict[str, str]:
    queue = f"queue:{FAILURES[fn.name]}"
    return {"Fn::Sub": grants.arn(queue, stage, region="${AWS::Region}", account="${AWS::AccountId}")}
