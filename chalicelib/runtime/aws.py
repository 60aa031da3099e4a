"""AWS clients: one per service and process, each with timeouts and bounded retries.

`AWS_ENDPOINT_URL` switches every client to the emulator.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


@cache
def _descriptions() -> Any:
    from botocore.loaders import create_loader

    return create_loader()


@cache
def _client(service: str, read_timeout: float, attempts: int) -> Any:
    # boto3.client is this and 0.1 s of importing what only its resources and transfers need. What is
    # worth sharing between clients is what botocore has read of its service descriptions.
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    session.register_component("data_loader", _descriptions())
    return session.create_client(
        service,
        config=Config(
            # A deadline under two seconds holds for the connection too.
            connect_timeout=min(2, read_timeout),
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=10,
        ),
    )


def dynamodb() -> DynamoDBClient:
    """DynamoDB: 5 s, 3 attempts."""
    return _client("dynamodb", 5, 3)  # type: ignore[no-any-return]


def sns() -> SNSClient:
    """SNS: 5 s, 4 attempts; publishing the same event twice is harmless."""
    return _client("sns", 5, 4)  # type: ignore[no-any-return]


def sqs() -> SQSClient:
    """SQS: for operators' tools; 25 s so that long polling fits."""
    return _client("sqs", 25, 3)  # type: ignore[no-any-return]


def kms() -> KMSClient:
    """KMS: 3 s, 3 attempts."""
    return _client("kms", 3, 3)  # type: ignore[no-any-return]


def s3() -> S3Client:
    """S3: 10 s, 4 attempts."""
    return _client("s3", 10, 4)  # type: ignore[no-any-return]


def ssm() -> SSMClient:
    """SSM parameters: 5 s, 3 attempts."""
    return _client("ssm", 5, 3)  # type: ignore[no-any-return]


def functions(deadline_seconds: float) -> LambdaClient:
    """Lambda, for one synchronous attempt within the deadline."""
    return _client("lambda", deadline_seconds, 1)  # type: ignore[no-any-return]
