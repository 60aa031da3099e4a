"""Client secrets and private keys, from SSM parameters."""

from __future__ import annotations

from chalicelib.contracts.errors import Unavailable


def client_secret(name: str) -> str:
    """The decrypted parameter; empty when there is none, which makes a public client (PKCE alone).

    Raises Unavailable when SSM does not answer or refuses.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.runtime import aws

    try:
        answer = aws.ssm().get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ParameterNotFound":
            return ""
        raise Unavailable("Sign-in cannot read its own settings now. Try again in a minute.") from error
    except BotoCoreError as error:
        raise Unavailable("Sign-in cannot read its own settings now. Try again in a minute.") from error
    return answer["Parameter"].get("Value", "")
