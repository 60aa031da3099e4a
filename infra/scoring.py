"""The scoring functions: image functions on AWS, zip functions on one machine; roles, sources, logs."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.runtime.settings import PREFIX, Settings, field_of
from infra.cfn import STAGE, logical, named, sub
from infra.function import PARAMETERS as SETTINGS
from infra.function import RUNTIME, Function, Schedule
from infra.functions import ml_functions
from infra.merge import resource_name
from infra.queues import FAILURES


def parameter(variable: str) -> str:
    """`OO_CHAMPION` is the stack's parameter `Champion`."""
    return "".join(word.capitalize() for word in variable.removeprefix(PREFIX).split("_"))


PARAMETERS: Final[dict[str, Any]] = {
    "ImageUri": {
        "Type": "String",
        "Default": "unused",
        "Description": "The scoring image in ECR, by digest. Not used on stage local.",
    },
    "CodeBucket": {"Type": "String", "Default": "unused", "Description": "Stage local: where the zip is."},
    "CodeKey": {
        "Type": "String",
        "Default": "unused",
        "Description": "Stage local: the zip's key; name it by its content, or an update changes nothing.",
    },
    "PythonPath": {
        "Type": "String",
        "Default": "/opt/python",
        "Description": "Stage local: the folder that holds the dependencies.",
    },
    **{
        parameter(name): {
            "Type": "String",
            "Default": str(Settings.model_fields[field_of(name) or ""].default),
        }
        for name in SETTINGS
    },
    "TemporaryFolder": {
        "Type": "String",
        "Default": "/tmp",  # noqa: S108 - where Lambda itself lets a function write
        "Description": "Stage local: TMPDIR of the functions.",
    },
}


def resources() -> dict[str, Any]:
    """Role, function and event source mapping of each."""
    made: dict[str, Any] = {}
    for fn in ml_functions():
        role, lambda_ = logical("role", f"scoring-{fn.name}"), function_id(fn)
        made[role] = _role(fn)
        made[lambda_] = _function(fn, role)
        if fn.queue:
            made[logical("source", f"scoring-{fn.name}")] = {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "FunctionName": {"Ref": lambda_},
                    "EventSourceArn": {"Fn::GetAtt": [logical("queue", fn.queue.name), "Arn"]},
                    "BatchSize": fn.queue.batch_size,
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                },
            }
        if fn.schedule:
            made |= _schedule(fn, fn.schedule)
    return made


def _schedule(fn: Function, schedule: Schedule) -> dict[str, Any]:
    """The rule, its permission to call, and where a call goes that failed three times."""
    rule, function = logical("rule", f"scoring-{fn.name}"), {"Ref": function_id(fn)}
    expression = {"Fn::If": ["IsLocal", schedule.local, schedule.aws]}
    return {
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": named(fn.name),
                "ScheduleExpression": expression,
                "State": "ENABLED",
                "Targets": [{"Id": fn.name, "Arn": {"Fn::GetAtt": [function_id(fn), "Arn"]}}],
            },
        },
        logical("permission", f"scoring-{fn.name}"): {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": function,
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
                "SourceArn": {"Fn::GetAtt": [rule, "Arn"]},
            },
        },
        logical("failures", f"scoring-{fn.name}"): {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": function,
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 2,
                "DestinationConfig": {
                    "OnFailure": {"Destination": {"Fn::GetAtt": [logical("queue", FAILURES[fn.name]), "Arn"]}}
                },
            },
        },
    }


def function_id(fn: Function) -> str:
    """Its logical id, e.g. `RankFunction`."""
    return f"{resource_name(fn.name)}Function"


def _function(fn: Function, role: str) -> dict[str, Any]:
    nothing = {"Ref": "AWS::NoValue"}
    return {
        "Type": "AWS::Lambda::Function",
        "DependsOn": log_group_id(fn),
        "Properties": {
            "FunctionName": named(fn.name),
            "Role": {"Fn::GetAtt": [role, "Arn"]},
            "MemorySize": fn.memory,
            "Timeout": fn.timeout,
            "Architectures": [{"Fn::If": ["IsLocal", "x86_64", "arm64"]}],
            "PackageType": {"Fn::If": ["IsLocal", "Zip", "Image"]},
            "Code": {
                "Fn::If": [
                    "IsLocal",
                    {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}},
                    {"ImageUri": {"Ref": "ImageUri"}},
                ]
            },
            "Runtime": {"Fn::If": ["IsLocal", RUNTIME, nothing]},
            "Handler": {"Fn::If": ["IsLocal", fn.handler, nothing]},
            "ImageConfig": {"Fn::If": ["IsLocal", nothing, {"Command": [fn.handler]}]},
            "Environment": {
                "Variables": {
                    "OO_STAGE": {"Ref": "Stage"},
                    **{name: _VALUES[name] for name in fn.variables if name != "OO_STAGE"},
                    "PYTHONPATH": {"Fn::If": ["IsLocal", {"Ref": "PythonPath"}, nothing]},
                    "TMPDIR": {"Fn::If": ["IsLocal", {"Ref": "TemporaryFolder"}, nothing]},
                }
            },
        },
    }


_VALUES: Final[dict[str, Any]] = {
    "OO_TOPIC_ARN": {"Ref": "EventsTopic"},
    "OO_DECISION_LOG_BUCKET": {"Ref": "DecisionLog"},
    "OO_EXPORTS_BUCKET": {"Ref": "Exports"},
    "OO_REGISTRY_BUCKET": {"Ref": "Registry"},
    **{name: {"Ref": parameter(name)} for name in SETTINGS},
}


def log_group_id(fn: Function) -> str:
    """The logical id of its log group."""
    return logical("log-group", fn.name)


def _role(fn: Function) -> dict[str, Any]:
    document = fn.policy(STAGE, region="${AWS::Region}", account="${AWS::AccountId}")
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "Policies": [{"PolicyName": "grants", "PolicyDocument": _substituted(document)}],
        },
    }


def _substituted(value: Any) -> Any:
    """Every text with a `${...}` in it becomes a `Fn::Sub`."""
    if isinstance(value, dict):
        return {key: _substituted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner) for inner in value]
    return sub(value) if isinstance(value, str) and "${" in value else value
