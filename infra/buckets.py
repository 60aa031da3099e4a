"""The private buckets: who may not read them, what goes when."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.contracts.stores import STORES
from infra.cfn import private_bucket

BUCKETS: Final = {"decision-log": "DecisionLog", "exports": "Exports", "registry": "Registry"}
"""Logical ids of the stores that are buckets."""

_ABANDONED: Final = {
    "Id": "abandoned-uploads",
    "Status": "Enabled",
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
REPORT_DAYS: Final = 400
"""A year and a month: this month can be looked at beside the same one a year ago."""


def resources() -> dict[str, Any]:
    """Each bucket with the policy that only TLS reaches it."""
    made: dict[str, Any] = {}
    # No versioning: an erased person's lines must not live on as an older version.
    made |= _bucket("decision-log", _ABANDONED, _rule("cool", Transitions=[_transition("STANDARD_IA", 90)]))
    # A copy of a whole life: it is gone after a day, whether anyone fetched it or not.
    made |= _bucket("exports", _ABANDONED, _rule("a-day", ExpirationInDays=1))
    # Nobody is in it, and a damaged registry file must be had back.
    made |= _bucket(
        "registry",
        _ABANDONED,
        _rule("reports", Prefix="reports/", ExpirationInDays=REPORT_DAYS),
        _rule("earlier-registries", NoncurrentVersionExpiration={"NoncurrentDays": 30}),
        VersioningConfiguration={"Status": "Enabled"},
    )
    return made


def _bucket(name: str, *rules: dict[str, Any], **properties: Any) -> dict[str, Any]:
    bucket = {"Fn::GetAtt": [BUCKETS[name], "Arn"]}
    return {
        BUCKETS[name]: {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                **private_bucket(name),
                **properties,
                "LifecycleConfiguration": {"Rules": list(rules)},
            },
        },
        f"{BUCKETS[name]}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": BUCKETS[name]},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            # A denial must cover every action and everyone to mean anything.
                            "Sid": "OnlyOverTls",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [bucket, {"Fn::Join": ["", [bucket, "/*"]]}],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
    }


def _rule(name: str, **does: Any) -> dict[str, Any]:
    return {"Id": name, "Status": "Enabled", **does}


def _transition(storage: str, days: int) -> dict[str, Any]:
    return {"StorageClass": storage, "TransitionInDays": days}


if unknown := {s.name for s in STORES if s.kind == "bucket"} ^ BUCKETS.keys():
    raise RuntimeError(f"buckets without a resource, or resources without a store: {sorted(unknown)}")
