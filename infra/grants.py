"""Least privilege as data: what a function may do, on what, by oO's own names.

A grant names a resource as `<kind>:<name>`, for example `table:signals`; `arn` turns it into an ARN
of a stage. Policies for Chalice and roles for CloudFormation are rendered from the same grants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.contracts.stores import store

BARE_STARS: Final[dict[str, str]] = {}
"""Actions that AWS refuses to limit to a resource, each with its reason. None is needed today."""


@dataclass(frozen=True)
class Grant:
    """Allowed actions on resources, e.g. Grant(("dynamodb:GetItem",), ("table:profiles",))."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str, str], ...] = ()
    """(operator, key, value); `${Stage}` in the value becomes the stage."""


def read(*tables: str) -> Grant:
    """Read rows by key and by index."""
    return Grant(
        ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"),
        tuple(r for t in tables for r in _with_indexes(t)),
    )


def write(*tables: str) -> Grant:
    """Put rows, alone and in transactions (which need the same action)."""
    return Grant(("dynamodb:PutItem",), tuple(f"table:{t}" for t in tables))


def write_batches(*tables: str) -> Grant:
    """Put rows many at a time, without conditions."""
    return Grant(("dynamodb:BatchWriteItem",), tuple(f"table:{t}" for t in tables))


def update(*tables: str) -> Grant:
    """Change attributes of rows."""
    return Grant(("dynamodb:UpdateItem",), tuple(f"table:{t}" for t in tables))


def query_index(*tables: str) -> Grant:
    """Query a table's indexes and nothing of the table itself."""
    return Grant(("dynamodb:Query",), tuple(f"index:{t}" for t in tables))


def delete(*tables: str) -> Grant:
    """Delete rows, alone, in batches and in transactions."""
    return Grant(
        ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem"),
        tuple(f"table:{t}" for t in tables),
    )


def check(*tables: str) -> Grant:
    """Make a transaction depend on rows that it does not write."""
    return Grant(("dynamodb:ConditionCheckItem",), tuple(f"table:{t}" for t in tables))


def look(*tables: str) -> Grant:
    """See whether a table is there, for health checks."""
    return Grant(("dynamodb:DescribeTable",), tuple(f"table:{t}" for t in tables))


def publish() -> Grant:
    """Publish on the bus. The topic's key is AWS's own for SNS, which needs no grant."""
    return Grant(("sns:Publish",), ("topic:events",))


def consume(queue: str) -> Grant:
    """Take messages from a queue."""
    return Grant(
        (
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ),
        (f"queue:{queue}",),
    )


def dead_letter(queue: str) -> Grant:
    """Let Lambda put what failed into a queue."""
    return Grant(("sqs:SendMessage",), (f"queue:{queue}",))


def follow(table: str) -> Grant:
    """Read a table's stream."""
    return Grant(
        (
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ),
        (f"stream:{table}",),
    )


def invoke(function: str) -> Grant:
    """Invoke a function and wait for its answer."""
    return Grant(("lambda:InvokeFunction",), (f"function:{function}",))


def unseal() -> Grant:
    """Make and open data keys. A KMS policy cannot name an alias as resource, so a condition does.

    `oo-<stage>-persons-previous` is the alias of the key before, while its wrapped keys are brought over.
    """
    return Grant(
        ("kms:Decrypt", "kms:GenerateDataKey"),
        ("key:any",),
        (("ForAnyValue:StringLike", "kms:ResourceAliases", "alias/oo-${Stage}-persons*"),),
    )


def open_keys() -> Grant:
    """Open data keys and make none."""
    return Grant(
        ("kms:Decrypt",),
        ("key:any",),
        (("ForAnyValue:StringLike", "kms:ResourceAliases", "alias/oo-${Stage}-persons*"),),
    )


def append(bucket: str) -> Grant:
    """Write new objects, and take back one just written."""
    return Grant(("s3:DeleteObject", "s3:PutObject"), (f"objects:{bucket}",))


def empty(bucket: str) -> Grant:
    """Find objects and delete them."""
    return Grant(("s3:DeleteObject",), (f"objects:{bucket}",))


def fetch(bucket: str) -> Grant:
    """Read objects."""
    return Grant(("s3:GetObject",), (f"objects:{bucket}",))


def keep(bucket: str) -> Grant:
    """Write objects, also over earlier ones; delete none."""
    return Grant(("s3:PutObject",), (f"objects:{bucket}",))


def find(bucket: str) -> Grant:
    """List a bucket's objects."""
    return Grant(("s3:ListBucket",), (f"bucket:{bucket}",))


def secrets() -> Grant:
    """Read the stage's secrets."""
    return Grant(("ssm:GetParameter",), ("parameter:*",))


def secret(name: str) -> Grant:
    """Read one of the stage's secrets, `/oo/<stage>/<name>`."""
    return Grant(("ssm:GetParameter",), (f"parameter:{name}",))


def logs(function: str) -> Grant:
    """Write the function's own log; the group itself is infra's."""
    return Grant(("logs:CreateLogStream", "logs:PutLogEvents"), (f"log:{function}",))


def arn(resource: str, stage: str, *, region: str = "*", account: str = "*") -> str:
    """The ARN of `<kind>:<name>`, e.g. `index:signals` or `queue:settle-dlq`; KeyError on an unknown kind."""
    kind, _, name = resource.partition(":")
    physical = f"oo-{stage}-{name}"
    if kind in {"table", "index", "stream", "bucket", "objects"}:
        store(name)  # an unlisted store is a mistake in the grants
    return {
        "table": f"arn:aws:dynamodb:{region}:{account}:table/{physical}",
        "index": f"arn:aws:dynamodb:{region}:{account}:table/{physical}/index/*",
        "stream": f"arn:aws:dynamodb:{region}:{account}:table/{physical}/stream/*",
        "topic": f"arn:aws:sns:{region}:{account}:{physical}",
        "queue": f"arn:aws:sqs:{region}:{account}:{physical}",
        "function": f"arn:aws:lambda:{region}:{account}:function:{physical}",
        "key": f"arn:aws:kms:{region}:{account}:key/*",
        # Bucket names are global, so the account is part of them.
        "bucket": f"arn:aws:s3:::{physical}-{account}",
        "objects": f"arn:aws:s3:::{physical}-{account}/*",
        "parameter": f"arn:aws:ssm:{region}:{account}:parameter/oo/{stage}/{name}",
        # A log's name is the function's physical name, which for the API is only `oo-<stage>`.
        "log": f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{name}:*",
    }[kind]


def document(grants: Iterable[Grant], stage: str, *, region: str = "*", account: str = "*") -> dict[str, Any]:
    """The IAM policy document of the grants."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": list(grant.actions),
                "Resource": [arn(r, stage, region=region, account=account) for r in grant.resources],
                **(
                    {
                        "Condition": {
                            op: {key: value.replace("${Stage}", stage)} for op, key, value in grant.condition
                        }
                    }
                    if grant.condition
                    else {}
                ),
            }
            for grant in grants
        ],
    }


def _with_indexes(table: str) -> tuple[str, ...]:
    indexed = store(table).local_indexes or store(table).global_indexes
    return (f"table:{table}", f"index:{table}") if indexed else (f"table:{table}",)
