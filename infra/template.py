"""The CloudFormation of all that Chalice does not own, rendered to `infra/template.json`.

One template for every stage. On AWS the scoring functions are images, on one machine they are zips
(the emulator runs no images without an engine): same names, handlers, memory, timeouts and grants.
"""

from __future__ import annotations

import json
from typing import Any

from infra import buckets, observability, scoring
from infra.cfn import STAGE, logical, named, sub
from infra.function import STAGES
from infra.queues import DEAD_RETENTION, FAILURES, QUEUES, RETENTION, Queue, visibility_timeout
from infra.tables import cloudformation_properties, tables

Template = dict[str, Any]


def template() -> Template:
    """The whole template."""
    resources: dict[str, Any] = {}
    for table in tables():
        resources[logical("table", table.name)] = {
            "Type": "AWS::DynamoDB::Table",
            # A mistaken rename must not take people's data with it; DeletionProtectionEnabled keeps
            # prod's from a deleted stack, and dev's go with it.
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                **cloudformation_properties(table.name, STAGE),
                "TableName": named(table.name),
                "DeletionProtectionEnabled": {"Fn::If": ["IsProd", True, False]},
            },
        }
    resources |= _key()
    resources |= buckets.resources()
    resources |= _bus()
    for queue in QUEUES:
        resources |= _subscribed(queue)
    for name in FAILURES.values():
        resources[logical("queue", name)] = _dead_letter_queue(name)
    resources |= scoring.resources()
    resources |= observability.resources()
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "oO: everything that Chalice does not own. Rendered by `python -m infra render`.",
        "Parameters": {
            "Stage": {"Type": "String", "AllowedValues": list(STAGES)},
            **scoring.PARAMETERS,
            **observability.PARAMETERS,
        },
        "Conditions": {
            "IsLocal": {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            **observability.CONDITIONS,
        },
        "Resources": resources,
        "Outputs": _outputs(),
    }


def body() -> str:
    """The template as CloudFormation is given it, without white space."""
    return json.dumps(template(), separators=(",", ":"))


def _key() -> Template:
    """Wraps each person's data key. Retained: without it no sealed word ever opens again."""
    return {
        "PersonsKey": {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "Description": sub("oo-${Stage}: wraps the data key of each person"),
                "EnableKeyRotation": True,
                "PendingWindowInDays": 30,
                "KeyPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            # Hands the decision to IAM policies. A key policy's resource is the key
                            # itself, which it can only call "*".
                            "Sid": "AccountDecidesByIam",
                            "Effect": "Allow",
                            "Principal": {"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")},
                            "Action": "kms:*",
                            "Resource": "*",
                        }
                    ],
                },
            },
        },
        "PersonsKeyAlias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {
                "AliasName": sub("alias/oo-${Stage}-persons"),
                "TargetKeyId": {"Ref": "PersonsKey"},
            },
        },
    }


def _bus() -> Template:
    return {
        "EventsTopic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": named("events"), "KmsMasterKeyId": "alias/aws/sns"},
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": logical("queue", q.name)} for q in QUEUES],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "OnlyTheBusSends",
                            "Effect": "Allow",
                            "Principal": {"Service": "sns.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            # SQS refuses a statement about several queues; the policy of a queue is
                            # about that queue alone, whatever it says here.
                            "Resource": "*",
                            "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "EventsTopic"}}},
                        }
                    ],
                },
            },
        },
    }


def _subscribed(queue: Queue) -> Template:
    from infra.functions import function

    queue_id, dead_id = logical("queue", queue.name), logical("queue", queue.dead_letters)
    subscription: dict[str, Any] = {
        "TopicArn": {"Ref": "EventsTopic"},
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": [queue_id, "Arn"]},
        "RawMessageDelivery": True,
    }
    if queue.types:
        subscription["FilterPolicy"] = {"type": list(queue.types)}
    return {
        dead_id: _dead_letter_queue(queue.dead_letters),
        queue_id: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": named(queue.name),
                "VisibilityTimeout": visibility_timeout(function(queue.function).timeout),
                "MessageRetentionPeriod": RETENTION,
                "ReceiveMessageWaitTimeSeconds": 20,
                **({"DelaySeconds": queue.delay} if queue.delay else {}),
                "SqsManagedSseEnabled": True,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [dead_id, "Arn"]},
                    "maxReceiveCount": queue.receives,
                },
            },
        },
        logical("subscription", queue.name): {
            "Type": "AWS::SNS::Subscription",
            # A message that arrives before the policy lets it in would be lost.
            "DependsOn": "QueuePolicy",
            "Properties": subscription,
        },
    }


def _dead_letter_queue(name: str) -> Template:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": named(name),
            "MessageRetentionPeriod": DEAD_RETENTION,
            "SqsManagedSseEnabled": True,
        },
    }


def _outputs() -> Template:
    outputs = {
        "TopicArn": {"Ref": "EventsTopic"},
        "DecisionsStreamArn": {"Fn::GetAtt": [logical("table", "decisions"), "StreamArn"]},
        **{f"{bucket}Bucket": {"Ref": bucket} for bucket in buckets.BUCKETS.values()},
        "KeyArn": {"Fn::GetAtt": ["PersonsKey", "Arn"]},
        **{f"{logical('table', t.name)}Name": {"Ref": logical("table", t.name)} for t in tables()},
        **{f"{logical('queue', q.name)}Url": {"Ref": logical("queue", q.name)} for q in QUEUES},
    }
    return {name: {"Value": value} for name, value in outputs.items()}
