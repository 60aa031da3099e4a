"""What must exist before the first deploy to AWS: the image's repository and a bucket for artefacts."""

from __future__ import annotations

from typing import Any

from infra.cfn import private_bucket, sub
from infra.function import AWS_STAGES


def bootstrap() -> dict[str, Any]:
    """The CloudFormation of `infra/bootstrap.json`."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "oO: what a deploy itself needs. Rendered by `python -m infra render`.",
        "Parameters": {"Stage": {"Type": "String", "AllowedValues": list(AWS_STAGES)}},
        "Resources": {
            "Images": {
                "Type": "AWS::ECR::Repository",
                "Properties": {
                    "RepositoryName": sub("oo-${Stage}-ml"),
                    "ImageTagMutability": "IMMUTABLE",
                    "ImageScanningConfiguration": {"ScanOnPush": True},
                    "LifecyclePolicy": {"LifecyclePolicyText": _KEEP_TEN},
                },
            },
            "Artefacts": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    **private_bucket("artefacts"),
                    "VersioningConfiguration": {"Status": "Enabled"},
                },
            },
        },
        "Outputs": {
            "ImageRepository": {"Value": {"Fn::GetAtt": ["Images", "RepositoryUri"]}},
            "ArtefactBucket": {"Value": {"Ref": "Artefacts"}},
        },
    }


_KEEP_TEN = (
    '{"rules":[{"rulePriority":1,"description":"keep ten","selection":'
    '{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":10},'
    '"action":{"type":"expire"}}]}'
)
