"""Where the sealer's keys come from and rest: KMS wraps them, the table `person-keys` keeps them.

Plain clients, not PynamoDB: the scoring image opens words with this code and carries no PynamoDB.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.errors import Unavailable
from chalicelib.contracts.ports import Unsealable
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.sealing import KeyRow, PersonSealer
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ATTEMPTS: Final = 6
_UNREACHABLE: Final = "Keys cannot be reached right now; nothing was kept, try again."


class DynamoKeyTable:
    """`person-keys`: attribute `wrapped` (binary, a ring). No row: never a key, or the person was erased,
    which the tombstone in `profiles` tells; so nothing of an erased person is left here."""

    def __init__(self, stage: str) -> None:
        self._name = physical_name(stage, "person-keys")
        self._profiles = physical_name(stage, "profiles")

    def read(self, person_id: str) -> KeyRow | None:
        """The person's row."""
        with _reachable():
            answer = aws.dynamodb().get_item(
                TableName=self._name, Key={"person_id": {"S": person_id}}, ConsistentRead=True
            )
        if row := answer.get("Item"):
            return KeyRow(bytes(row["wrapped"]["B"]))
        return KeyRow(None) if self._erased(person_id) else None

    def _erased(self, person_id: str) -> bool:
        with _reachable():
            answer = aws.dynamodb().get_item(
                TableName=self._profiles,
                Key=_tombstone(person_id),
                ProjectionExpression="person_id",
                ConsistentRead=True,
            )
        return "Item" in answer

    def create(self, person_id: str, wrapped: bytes) -> bool:
        """Keep a new key unless there is a row or a tombstone; one transaction."""
        client = aws.dynamodb()
        absent = "attribute_not_exists(person_id)"
        item = {"person_id": {"S": person_id}, "wrapped": {"B": wrapped}}
        writes: list[Any] = [
            {
                "ConditionCheck": {
                    "TableName": self._profiles,
                    "Key": _tombstone(person_id),
                    "ConditionExpression": absent,
                }
            },
            {"Put": {"TableName": self._name, "Item": item, "ConditionExpression": absent}},
        ]
        for attempt in range(ATTEMPTS):
            try:
                with _reachable():
                    client.transact_write_items(TransactItems=writes)
            except client.exceptions.TransactionCanceledException as error:
                reasons: Any = error.response.get("CancellationReasons", [])
                codes = {str(reason.get("Code")) for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    return False
                if "TransactionConflict" not in codes:
                    raise Unavailable(_UNREACHABLE) from error
                # Another maker is at it: whose key it is can be read only when they are done.
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
            else:
                return True
        raise Unavailable(_UNREACHABLE)

    def replace(self, person_id: str, seen: bytes, wrapped: bytes) -> bool:
        """Change the ring unless someone else has, erasure among them."""
        client = aws.dynamodb()
        try:
            with _reachable():
                client.put_item(
                    TableName=self._name,
                    Item={"person_id": {"S": person_id}, "wrapped": {"B": wrapped}},
                    ConditionExpression="#w = :seen",
                    ExpressionAttributeNames={"#w": "wrapped"},
                    ExpressionAttributeValues={":seen": {"B": seen}},
                )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def people(self, after: str = "") -> Iterator[str]:
        """Everyone who has a key, in the table's own order, from behind `after`. A scan: for operators."""
        client = aws.dynamodb()
        start: dict[str, Any] = {"ExclusiveStartKey": {"person_id": {"S": after}}} if after else {}
        while True:
            with _reachable():
                page = client.scan(
                    TableName=self._name,
                    ProjectionExpression="person_id",
                    **start,
                )
            yield from (row["person_id"]["S"] for row in page["Items"])
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def destroy(self, person_id: str) -> None:
        """The row goes."""
        with _reachable():
            aws.dynamodb().delete_item(TableName=self._name, Key={"person_id": {"S": person_id}})


class KmsKeyWrapper:
    """The KMS key that the alias names; the person id is the encryption context, so KMS refuses to unwrap
    for another person.

    Wrapped keys name their KMS key themselves, so that those of the key before the alias moved still open;
    a function's policy allows no KMS key but those that carry oO's aliases.
    """

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
                answer = client.decrypt(CiphertextBlob=wrapped, EncryptionContext={"person_id": person_id})
        except (client.exceptions.InvalidCiphertextException, client.exceptions.IncorrectKeyException):
            raise Unsealable("the key was not wrapped for this person") from None
        return bytes(answer["Plaintext"])

    def rewrap(self, person_id: str, wrapped: bytes) -> bytes | None:
        """KMS opens and wraps again inside itself; the data key never leaves it."""
        from botocore.exceptions import ClientError

        client, context = aws.kms(), {"person_id": person_id}
        try:
            with _reachable():
                answer = client.re_encrypt(
                    CiphertextBlob=wrapped,
                    SourceEncryptionContext=context,
                    DestinationKeyId=self._alias,
                    DestinationEncryptionContext=context,
                )
        except (client.exceptions.InvalidCiphertextException, client.exceptions.IncorrectKeyException):
            raise Unsealable("the key was not wrapped for this person") from None
        except Unavailable as error:
            cause = error.__cause__
            if not isinstance(cause, ClientError) or not _is_unknown(cause):
                raise
            return self._rewrap_here(person_id, wrapped)
        same = answer["SourceKeyId"] == answer["KeyId"]
        return None if same else bytes(answer["CiphertextBlob"])

    def _rewrap_here(self, person_id: str, wrapped: bytes) -> bytes | None:
        """For an emulator without ReEncrypt."""
        context = {"person_id": person_id}
        with _reachable():
            opened = aws.kms().decrypt(CiphertextBlob=wrapped, EncryptionContext=context)
            again = aws.kms().encrypt(
                KeyId=self._alias, Plaintext=opened["Plaintext"], EncryptionContext=context
            )
        return None if opened["KeyId"] == again["KeyId"] else bytes(again["CiphertextBlob"])


def _is_unknown(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in {"InvalidAction", "UnknownOperationException"}


def _tombstone(person_id: str) -> Any:
    return {"person_id": {"S": person_id}, "part": {"S": "erased"}}


_EXPECTED: Final = frozenset(
    {
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "InvalidCiphertextException",
        "IncorrectKeyException",
    }
)


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn a failing key service into the 503 that callers can retry; answers pass as they are."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _EXPECTED:
            raise
        raise Unavailable(_UNREACHABLE) from error
    except BotoCoreError as error:
        raise Unavailable(_UNREACHABLE) from error


def make_sealer() -> PersonSealer:
    """The sealer over KMS and DynamoDB; its clients are made at the first key."""
    return PersonSealer(DynamoKeyTable(settings().stage), KmsKeyWrapper(settings().key_alias))
