"""The table `pools`: what models wrote ahead for a person. One row that `rank` reads, two that it does not.

Row `ready` is the Pool; it goes three days after it was last filled, and no word in it is shown longer. Row
`worded` has no words: what was written lately as vectors, for fourteen days, so that nothing is said twice.
Row `lease` is there while somebody refills (`leases.py`).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from chalicelib.contracts.consents import SOURCES, Consent
from chalicelib.contracts.pool import READY, Pool, Worded
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WORDED: Final = "worded"
LEASE: Final = "lease"
WORDS_LIVE: Final = timedelta(days=3)
"""How long a wording may rest at most, and with it the row that holds it."""
MEANINGS_LIVE: Final = timedelta(days=14)


class LostRace(Exception):
    """The pool, or what the person agrees to, changed meanwhile; read again."""


class PersonErased(Exception):
    """Nothing may be written about this person any more."""


def parse_pool(row: Mapping[str, Any] | None) -> Pool | None:
    """The pool of a raw row; None when there is none, or one of another shape."""
    try:
        return Pool.model_validate_json(row["body"]["S"]) if row else None
    except ValidationError:
        return None


def parse_worded(row: Mapping[str, Any] | None) -> Worded:
    """What was written lately, of a raw row; empty when there is none."""
    if not row:
        return Worded()
    return Worded(
        meanings={wording: _numbers(bytes(v["B"])) for wording, v in row["meanings"]["M"].items()},
        refused={draft: datetime.fromtimestamp(int(v["N"]), UTC) for draft, v in row["refused"]["M"].items()},
        themed={ref: v["S"] for ref, v in row["themed"]["M"].items()},
        themed_at=datetime.fromtimestamp(int(row["themed_at"]["N"]), UTC) if "themed_at" in row else None,
    )


def purpose(wording: str) -> str:
    """What the sealed words of an entry are bound to."""
    return f"pool:{wording}"


class PoolTable:
    """The store `pools`."""

    name = "pools"

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def save(self, pool: Pool, worded: Worded, granted: Collection[Consent], now: datetime) -> None:
        """Put both rows in the place of those that were read: `pool.version` is the version read, plus one.

        `granted`: the consents under which it was made. Raises LostRace or PersonErased; then none is kept.
        """
        # Without a version of its own the row went, by its expiry or by a withdrawal, or never was.
        unchanged: dict[str, Any] = (
            {
                "ConditionExpression": "version = :v",
                "ExpressionAttributeValues": {":v": {"N": str(pool.version - 1)}},
            }
            if pool.version > 1
            else {"ConditionExpression": "attribute_not_exists(person_id)"}
        )
        person, profiles = {"S": pool.person_id}, physical_name(self._stage, "profiles")
        absent = "attribute_not_exists(person_id)"
        writes = [
            {
                "ConditionCheck": {
                    "TableName": profiles,
                    "Key": {"person_id": person, "part": {"S": "erased"}},
                    "ConditionExpression": absent,
                }
            },
            {
                "ConditionCheck": {
                    "TableName": profiles,
                    "Key": {"person_id": person, "part": {"S": "consents"}},
                    **(
                        {
                            "ConditionExpression": "granted = :g",
                            "ExpressionAttributeValues": {":g": {"SS": sorted(granted)}},
                        }
                        if granted
                        else {"ConditionExpression": "attribute_not_exists(granted)"}
                    ),
                }
            },
            {"Put": {"TableName": self._table, "Item": _ready_row(pool, now), **unchanged}},
            {"Put": {"TableName": self._table, "Item": _worded_row(pool.person_id, worded, now)}},
        ]
        try:
            self._client.transact_write_items(TransactItems=cast("Any", writes))
        except self._client.exceptions.TransactionCanceledException as error:
            codes = [r["Code"] for r in cast("Any", error.response)["CancellationReasons"]]
            if codes[0] == "ConditionalCheckFailed":
                raise PersonErased from None
            if {"ConditionalCheckFailed", "TransactionConflict"} & set(codes):
                raise LostRace from None
            raise

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """One row per wording with its words, one of the themes, one of what was written lately."""
        # Not at the top: `rank` loads this file at every cold start, and exports nothing.
        from chalicelib.contracts.ports import SealedWords

        rows = self._rows(person_id)
        pool = parse_pool(rows.get(READY))
        for entry in pool.entries if pool else ():
            shown: dict[str, Any] = entry.model_dump(mode="json", exclude={"sealed", "titles"})
            sealed = b64decode(entry.sealed)
            words = SealedWords(purpose(entry.wording), sealed, until=entry.expires_at, document=True)
            yield {**shown, "words": words}
        if pool and pool.themes:
            yield {"themes": pool.themes}
        if meanings := parse_worded(rows.get(WORDED)).meanings:
            yield {"meanings": meanings}

    def erase(self, person_id: str) -> int:
        """Delete all rows."""
        return sum(self._delete(person_id, part) for part in (READY, WORDED, LEASE))

    def withdraw(self, person_id: str, consent: Consent) -> int:
        """A wording may rest on any source, and on past answers: all of it goes."""
        return self.erase(person_id) if consent in SOURCES or consent == "learning" else 0

    def _delete(self, person_id: str, part: str) -> int:
        answer = self._client.delete_item(
            TableName=self._table,
            Key={"person_id": {"S": person_id}, "part": {"S": part}},
            ReturnValues="ALL_OLD",
        )
        return 1 if answer.get("Attributes") else 0

    def _rows(self, person_id: str) -> dict[str, Mapping[str, Any]]:
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="person_id = :p",
            ExpressionAttributeValues={":p": {"S": person_id}},
            ConsistentRead=True,
        )["Items"]
        return {row["part"]["S"]: row for row in found}

    @property
    def _table(self) -> str:
        return physical_name(self._stage, self.name)


def _ready_row(pool: Pool, now: datetime) -> dict[str, Any]:
    return {
        "person_id": {"S": pool.person_id},
        "part": {"S": READY},
        "version": {"N": str(pool.version)},
        "body": {"S": pool.model_dump_json(exclude_defaults=True)},
        "expires": _epoch(now + WORDS_LIVE),
    }


def _worded_row(person_id: str, worded: Worded, now: datetime) -> dict[str, Any]:
    return {
        "person_id": {"S": person_id},
        "part": {"S": WORDED},
        "meanings": {"M": {w: {"B": _bytes(numbers)} for w, numbers in worded.meanings.items()}},
        "refused": {"M": {draft: _epoch(until) for draft, until in worded.refused.items()}},
        "themed": {"M": {ref: {"S": shape} for ref, shape in worded.themed.items()}},
        **({"themed_at": _epoch(worded.themed_at)} if worded.themed_at else {}),
        "expires": _epoch(now + MEANINGS_LIVE),
    }


def _epoch(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp()))}


def _bytes(numbers: Iterable[int]) -> bytes:
    """Numbers of -128 to 127, a byte each."""
    return bytes(number & 0xFF for number in numbers)


def _numbers(stored: bytes) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in stored]
