"""The two reads of `generate`: all about a person in one call, then the sealed titles that it needs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.contracts.consents import CONSENTS, Consent
from chalicelib.contracts.http import Profile
from chalicelib.contracts.ml import ItemBlock, RecentTip, Snapshot
from chalicelib.contracts.pool import READY, Pool, Worded
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.serving.pools import WORDED, parse_pool, parse_worded
from ml_lambda.serving.titles import SealedTitle, parse_titles

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH: Final = 100
"""Keys of one BatchGetItem, at most."""
_TRIES: Final = 4
Key = Mapping[str, Any]


M = TypeVar("M", bound=BaseModel)


class Throttled(Exception):
    """DynamoDB left keys out again and again; the message comes back."""


class TipMemory(BaseModel):
    """What the recommender's row `tip-states` says of what was shown and answered."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recent: list[RecentTip] = []
    blocks: list[ItemBlock] = []


@dataclass(frozen=True)
class Person:
    """All that wording a person's tips rests on."""

    erased: bool = False
    granted: frozenset[Consent] = frozenset()
    profile: Profile = field(default_factory=Profile)
    wrapped_key: bytes | None = None
    snapshot: Snapshot | None = None
    tips: TipMemory = field(default_factory=TipMemory)
    pool: Pool | None = None
    version: int = 0
    """Of the row that the pool was read from, whether or not it could be read; 0: there is none."""
    worded: Worded = field(default_factory=Worded)


class PoolReads:
    """Strongly consistent: what was written last counts."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def person(self, person_id: str) -> Person:
        """One call. Raises Throttled."""
        own = {"person_id": {"S": person_id}}
        parts = [{**own, "part": {"S": part}} for part in ("profile", "consents", "erased")]
        pools = [{**own, "part": {"S": part}} for part in (READY, WORDED)]
        rows = self._get(
            {
                **{self._table(name): [own] for name in ("person-keys", "snapshots", "tip-states")},
                self._table("profiles"): parts,
                self._table("pools"): pools,
            }
        )
        profile = _by_part(rows[self._table("profiles")])
        pool = _by_part(rows[self._table("pools")])
        key, snapshot, tips = (
            next(iter(rows[self._table(name)]), None) for name in ("person-keys", "snapshots", "tip-states")
        )
        erased = "erased" in profile
        granted = profile.get("consents", {}).get("granted", {}).get("SS", [])
        return Person(
            erased=erased,
            granted=frozenset() if erased else frozenset(c for c in CONSENTS if c in granted),
            profile=Profile.model_validate(json.loads(profile["profile"]["body"]["S"]))
            if "profile" in profile
            else Profile(),
            wrapped_key=bytes(key["wrapped"]["B"]) if key and "wrapped" in key else None,
            snapshot=_parsed(Snapshot, snapshot),
            tips=_parsed(TipMemory, tips) or TipMemory(),
            pool=parse_pool(pool.get(READY)),
            version=int(pool[READY]["version"]["N"]) if READY in pool else 0,
            worded=parse_worded(pool.get(WORDED)),
        )

    def titles(self, person_id: str, refs: Collection[str], now: datetime) -> dict[str, SealedTitle]:
        """The sealed titles by ref; those that have expired or are gone are left out. Raises Throttled."""
        table, found = self._table("item-words"), dict[str, SealedTitle]()
        ordered = sorted(set(refs))
        for start in range(0, len(ordered), _BATCH):
            keys = [
                {"person_id": {"S": person_id}, "item_ref": {"S": ref}}
                for ref in ordered[start : start + _BATCH]
            ]
            found |= parse_titles(self._get({table: keys})[table], now)
        return found

    def _table(self, name: str) -> str:
        return physical_name(self._stage, name)

    def _get(self, keys: Mapping[str, Iterable[Key]]) -> dict[str, list[Mapping[str, Any]]]:
        rows: dict[str, list[Mapping[str, Any]]] = {table: [] for table in keys}
        left: Any = {table: {"Keys": list(k), "ConsistentRead": True} for table, k in keys.items()}
        for _ in range(_TRIES):
            answer = self._client.batch_get_item(RequestItems=left)
            for table, found in answer["Responses"].items():
                rows[table] += found
            left = cast("Any", answer.get("UnprocessedKeys"))
            if not left:
                return rows
        raise Throttled


def _by_part(rows: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {row["part"]["S"]: row for row in rows}


def _parsed(model: type[M], row: Mapping[str, Any] | None) -> M | None:
    """The document in a row; None when there is none that this version can read."""
    try:
        return model.model_validate_json(row["body"]["S"]) if row is not None else None
    except ValidationError:
        return None
