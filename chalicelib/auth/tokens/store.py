"""DynamoDB and KMS behind the signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.auth.tokens.keys import SigningKey
from chalicelib.contracts.errors import Unavailable
from chalicelib.runtime import aws
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

ACCESS: Final = "access-token"


class SigningKeyRow(Row):
    """A key, under what it is used for, by its number with leading zeros."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("signing-keys")

    use = UnicodeAttribute(hash_key=True)
    serial = UnicodeAttribute(range_key=True)
    kid = UnicodeAttribute()
    public = BinaryAttribute(legacy_encoding=False)
    wrapped = BinaryAttribute(legacy_encoding=False)
    signs_until = NumberAttribute()
    expires = NumberAttribute()


class SigningKeyTable:
    """A `KeyStore`."""

    def all(self) -> Sequence[SigningKey]:
        """One consistent query."""
        return [
            SigningKey(
                serial=int(row.serial),
                kid=row.kid,
                public=bytes(row.public),
                wrapped=bytes(row.wrapped),
                signs_until=int(row.signs_until),
                expires=int(row.expires),
            )
            for row in SigningKeyRow.query(ACCESS, consistent_read=True)
        ]

    def add(self, key: SigningKey) -> bool:
        """A conditional put."""
        row = SigningKeyRow(
            ACCESS,
            _serial(key.serial),
            kid=key.kid,
            public=key.public,
            wrapped=key.wrapped,
            signs_until=key.signs_until,
            expires=key.expires,
        )
        try:
            row.save(condition=SigningKeyRow.serial.does_not_exist())
        except PutError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def remove(self, serial: int) -> None:
        """A delete, which only an operator may do: the API's policy has no such grant."""
        SigningKeyRow(ACCESS, _serial(serial)).delete()


class KmsSeeds:
    """A `SeedWrapper`: KMS data keys of the stage's key, with the key id as encryption context."""

    def __init__(self, key_alias: str) -> None:
        self._alias = key_alias

    def generate(self, kid: str) -> tuple[bytes, bytes]:
        """One GenerateDataKey."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = aws.kms().generate_data_key(
                KeyId=self._alias, KeySpec="AES_256", EncryptionContext=_context(kid)
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("No access token can be signed right now; try again.") from error
        return bytes(answer["Plaintext"]), bytes(answer["CiphertextBlob"])

    def unwrap(self, kid: str, wrapped: bytes) -> bytes:
        """One Decrypt, which KMS refuses for what was wrapped as another key or as a person's."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = aws.kms().decrypt(
                KeyId=self._alias, CiphertextBlob=wrapped, EncryptionContext=_context(kid)
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("No access token can be signed right now; try again.") from error
        return bytes(answer["Plaintext"])


def _context(kid: str) -> dict[str, str]:
    return {"use": ACCESS, "kid": kid}


def _serial(number: int) -> str:
    return f"{number:08d}"
