"""Who may be learned from, and what is known of them: read in batches, for people seen in the log."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.consents import ConsentState
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.policies.store import StoredState, parse_statistics

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PEOPLE: Final = 2000
"""People whose statistics a refit rests on at most."""
_BATCH: Final = 100
"""Keys that one BatchGetItem takes; a hundred statistics of at most 64 KB fit its 16 MB."""
_ATTEMPTS: Final = 6


class Throttled(Exception):
    """DynamoDB left keys out again and again; the night is tried again later."""


def sample(people: Iterable[str], most: int = PEOPLE) -> list[str]:
    """At most so many of them, by the hash of their ids: the same choice for the same people."""
    return sorted(set(people), key=lambda person: sha256(person.encode()).digest())[:most]


class PeopleReader:
    """Reads `profiles` and `statistics` by key."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def consenting(self, people: Sequence[str]) -> set[str]:
        """Those who consent to learning now and have not been erased."""
        willing, gone = set(), set()
        keys = [_part(person, part) for person in people for part in ("consents", "erased")]
        for row in self._rows("profiles", keys):
            person = row["person_id"]["S"]
            if row["part"]["S"] == "erased":
                gone.add(person)
            elif "learning" in row.get("granted", {}).get("SS", []):
                willing.add(person)
        return willing - gone

    def muted(self, people: Sequence[str], since: datetime) -> set[str]:
        """Those who withdrew the consent to nudges at that moment or later, and have not given it again."""
        found = set()
        for row in self._rows("profiles", [_part(person, "consents") for person in people]):
            states = json.loads(row["body"]["S"]).get("consents", {})
            if "notifications" in states:
                state = ConsentState.model_validate(states["notifications"])
                if not state.granted and state.at >= since:
                    found.add(row["person_id"]["S"])
        return found

    def statistics(self, people: Sequence[str]) -> dict[str, StoredState]:
        """The statistics of those who have any."""
        keys = [{"person_id": {"S": person}} for person in people]
        return {row["person_id"]["S"]: parse_statistics(row) for row in self._rows("statistics", keys)}

    def _rows(self, name: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        table = physical_name(self._stage, name)
        for start in range(0, len(keys), _BATCH):
            left: Any = {table: {"Keys": list(keys[start : start + _BATCH]), "ConsistentRead": True}}
            for attempt in range(_ATTEMPTS):
                answer = self._client.batch_get_item(RequestItems=left)
                yield from answer["Responses"].get(table, [])
                left = answer.get("UnprocessedKeys")
                if not left:
                    break
                time.sleep(0.05 * 2**attempt)
            else:
                raise Throttled(name)


def _part(person_id: str, part: str) -> dict[str, dict[str, str]]:
    return {"person_id": {"S": person_id}, "part": {"S": part}}
