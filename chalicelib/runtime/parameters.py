"""Secrets, from SSM parameters: the only place where one comes from."""

from __future__ import annotations

from chalicelib.contracts.errors import Unavailable


def secret_parameter(name: str) -> str:
    """The decrypted parameter; empty when there is none. Raises Unavailable when SSM does not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.runtime import aws

    try:
        answer = aws.ssm().get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ParameterNotFound":
            return ""
        raise Unavailable("oO cannot read its own settings now. Try again in a minute.") from error
    except BotoCoreError as error:
        raise Unavailable("oO cannot read its own settings now. Try again in a minute.") from error
    return answer["Parameter"].get("Value", "")
