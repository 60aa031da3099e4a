"""Where the sealer's keys come from and rest: KMS wraps them, the table `person-keys` keeps them.

Plain clients, not PynamoDB: the scoring image opens words with this code and carries no PynamoDB.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.ports import Unsealable
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.sealing import KeyRow, PersonSealer
from chalicelib.runtime.settings import settings


class DynamoKeyTable:
    """`person-keys`: attribute `wrapped` (binary), or `destroyed` (true) after erasure."""

    def __init__(self, stage: str) -> None:
        self._name = physical_name(stage, "person-keys")

    def read(self, person_id: str) -> KeyRow | None:
        """The person's row."""
        with _reachable():
            answer = aws.dynamodb().get_item(
                TableName=self._name, Key={"person_id": {"S": person_id}}, ConsistentRead=True
            )
        row = answer.get("Item")
        if row is None:
            return None
        return KeyRow(None if "destroyed" in row else bytes(row["wrapped"]["B"]))

    def create(self, person_id: str, wrapped: bytes) -> bool:
        """Keep a new key unless there is a row."""
        client = aws.dynamodb()
        try:
            with _reachable():
                client.put_item(
                    TableName=self._name,
                    Item={"person_id": {"S": person_id}, "wrapped": {"B": wrapped}},
                    ConditionExpression="attribute_not_exists(person_id)",
                )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def destroy(self, person_id: str) -> None:
        """The marker replaces the key."""
        with _reachable():
            aws.dynamodb().put_item(
                TableName=self._name, Item={"person_id": {"S": person_id}, "destroyed": {"BOOL": True}}
            )


class KmsKeyWrapper:
    """One KMS key; the person id is the encryption context, so KMS refuses to unwrap for another person."""

    def __init__(self, key_alias: str) -> None:
        self._alias = key_alias

    def generate(self, person_id: str) -> tuple[bytes, bytes]:
        """A new 256-bit key."""
        with _reachable():
            answer = aws.kms().generate_data_key(
                KeyId=self._alias, KeySpec="AES_256", EncryptionContext={"person_id": person_id}
            )
        return bytes(answer["Plaintext"]), bytes(answer["CiphertextBlob"])

    def unwrap(self, person_id: str, wrapped: bytes) -> bytes:
        """The plaintext key."""
        client = aws.kms()
        try:
            with _reachable():
                answer = client.decrypt(
                    KeyId=self._alias, CiphertextBlob=wrapped, EncryptionContext={"person_id": person_id}
                )
        except (client.exceptions.InvalidCiphertextException, client.exceptions.IncorrectKeyException):
            raise Unsealable("the key was not wrapped for this person") from None
        return bytes(answer["Plaintext"])


_EXPECTED = {"ConditionalCheckFailedException", "InvalidCiphertextException", "IncorrectKeyException"}


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn a failing key service into the 503 that callers can retry; answers pass as they are."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _EXPECTED:
            raise
        raise Unavailable("Keys cannot be reached right now; nothing was kept, try again.") from error
    except BotoCoreError as error:
        raise Unavailable("Keys cannot be reached right now; nothing was kept, try again.") from error


def make_sealer() -> PersonSealer:
    """The sealer over KMS and DynamoDB; its clients are made at the first key."""
    return PersonSealer(DynamoKeyTable(settings().stage), KmsKeyWrapper(settings().key_alias))
