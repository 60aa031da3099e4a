"""What `chalice deploy` cannot say about its event sources, said by calls after it. Repeating is harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import grants
from infra.function import Function
from infra.functions import chalice_functions
from infra.queues import FAILURES

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class TriggerMissing(Exception):
    """A function has no event source where it should have one."""


def complete(client: LambdaClient, stage: str, *, region: str, account: str) -> list[str]:
    """Partial batch responses on every batch source, a place for what fails; what was done, a line each.

    Raises TriggerMissing when a deploy left a function without its source.
    """
    done = []
    for fn in chalice_functions():
        if fn.kind in {"queue", "stream"}:
            done.append(_source(client, fn, stage, region, account))
        elif fn.name in FAILURES:
            target = grants.arn(f"queue:{FAILURES[fn.name]}", stage, region=region, account=account)
            client.put_function_event_invoke_config(
                FunctionName=fn.physical(stage), DestinationConfig={"OnFailure": {"Destination": target}}
            )
            done.append(f"{fn.physical(stage)}: failures go to {FAILURES[fn.name]}")
    return done


def _source(client: LambdaClient, fn: Function, stage: str, region: str, account: str) -> str:
    name = fn.physical(stage)
    found = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    if not found:
        raise TriggerMissing(f"{name} has no event source: run `chalice deploy` again")
    for mapping in found:
        if fn.kind == "queue":
            client.update_event_source_mapping(
                UUID=mapping["UUID"], FunctionResponseTypes=["ReportBatchItemFailures"]
            )
            continue
        target = grants.arn(f"queue:{FAILURES[fn.name]}", stage, region=region, account=account)
        client.update_event_source_mapping(
            UUID=mapping["UUID"],
            FunctionResponseTypes=["ReportBatchItemFailures"],
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=5,
            DestinationConfig={"OnFailure": {"Destination": target}},
        )
    if fn.kind == "queue":
        return f"{name}: failed messages are reported one by one"
    return f"{name}: a poison record is put aside in {FAILURES[fn.name]}"
