"""Small words of CloudFormation that the renderers share."""

from __future__ import annotations

from typing import Any, Final

STAGE: Final = "${Stage}"


def sub(text: str) -> dict[str, str]:
    """`Fn::Sub` of the text."""
    return {"Fn::Sub": text}


def named(name: str) -> dict[str, str]:
    """The physical name of a thing in the stack's stage."""
    return sub(f"oo-{STAGE}-{name}")


def logical(kind: str, name: str) -> str:
    """A logical id: `logical("queue", "ml-erase-dlq")` is `MlEraseDlqQueue`."""
    return "".join(word.capitalize() for word in (*name.split("-"), *kind.split("-")))


def private_bucket(name: str) -> dict[str, Any]:
    """The properties of a bucket that is encrypted and closed to the public."""
    return {
        "BucketName": sub(f"oo-{STAGE}-{name}-${{AWS::AccountId}}"),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    }
