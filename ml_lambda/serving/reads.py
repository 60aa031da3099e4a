"""The two reads of `rank`: what is known about a person, then the sealed words of what was chosen.

Once a minute the first one brings the manifest along, so that it stays at two.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from chalicelib.contracts.ml import Snapshot
from chalicelib.contracts.pool import READY, Pool
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.experiments.manifests import SERVING
from ml_lambda.policies.store import StoredState, parse_statistics
from ml_lambda.serving.configuration import Serving
from ml_lambda.serving.pools import parse_pool
from ml_lambda.serving.titles import SealedTitle, parse_titles

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Throttled(Exception):
    """DynamoDB left keys out; a third read is not made, the rules take over."""


@dataclass(frozen=True)
class Known:
    """What is known about a person."""

    snapshot: Snapshot | None = None
    """Of whatever feature version; None: none that can be read."""
    state: StoredState = field(default_factory=StoredState)
    pool: Pool | None = None
    """None: no model wrote anything."""


class RankReads:
    """One BatchGetItem each. Both are strongly consistent: what was written last counts."""

    def __init__(
        self,
        serving: Serving | None = None,
        client: DynamoDBClient | None = None,
        stage: str | None = None,
    ) -> None:
        """`serving`: is given the manifest's row when it is due, from the same read."""
        self._serving = serving
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def person(self, person_id: str) -> Known:
        """Snapshot, statistics and pool."""
        snapshots, statistics = self._table("snapshots"), self._table("statistics")
        pools, models = self._table("pools"), self._table("models")
        own = {"person_id": {"S": person_id}}
        keys = {snapshots: [own], statistics: [own], pools: [{**own, "part": {"S": READY}}]}
        if self._serving and self._serving.due:
            keys[models] = [{"name": {"S": SERVING}}]
        rows = self._get(keys)
        if self._serving and models in rows:
            self._serving.take(next(iter(rows[models]), None))
        return Known(
            _snapshot(next(iter(rows.get(snapshots, [])), None)),
            parse_statistics(next(iter(rows.get(statistics, [])), None)),
            parse_pool(next(iter(rows.get(pools, [])), None)),
        )

    def words(self, person_id: str, refs: Collection[str], now: datetime) -> dict[str, SealedTitle]:
        """The sealed words by ref; those that have expired or are gone are left out."""
        table = self._table("item-words")
        keys = [{"person_id": {"S": person_id}, "item_ref": {"S": ref}} for ref in dict.fromkeys(refs)]
        return parse_titles(self._get({table: keys}).get(table, []), now)

    def _table(self, name: str) -> str:
        return physical_name(self._stage, name)

    def _get(self, keys: Mapping[str, Any]) -> Mapping[str, list[Any]]:
        answer = self._client.batch_get_item(
            RequestItems={table: {"Keys": k, "ConsistentRead": True} for table, k in keys.items()}
        )
        left = set(answer.get("UnprocessedKeys", {}))
        if left - {self._table("models"), self._table("pools")}:
            raise Throttled
        # A manifest that was left out is asked for again with the next request; without a pool there are
        # templates.
        return {table: answer["Responses"].get(table, []) for table in keys if table not in left}


def _snapshot(row: Mapping[str, Any] | None) -> Snapshot | None:
    try:
        return Snapshot.model_validate_json(row["body"]["S"]) if row is not None else None
    except ValidationError:
        # Another version's, of another shape: as if there were none, until it is made anew.
        return None
