"""What policies know of each person, and which rewards that rests on.

One item per person in `statistics` holds the state of champion and shadows (`states`, a map of bytes) and
`sequence`, which counts the rewards applied and is the version that every write checks. One marker per
applied reward revision in `reward-markers` carries the reward, so that a later revision can take it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from chalicelib.contracts.consents import ConsentState, trainable
from chalicelib.contracts.ml import Decision
from chalicelib.contracts.records import storable
from chalicelib.contracts.stores import physical_name
from chalicelib.domain.features import FEATURE_VERSION
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.policies.markers import Marker, parse_marker, revision_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH: Final = 25


@dataclass(frozen=True)
class StoredState:
    """The statistics of one person. `sequence` 0: none yet."""

    sequence: int = 0
    states: Mapping[str, bytes] = field(default_factory=dict)
    feature_version: int = FEATURE_VERSION


@dataclass(frozen=True)
class Applied:
    """The latest revision of a decision's reward that the statistics rest on."""

    revision: int
    reward: float
    policies: frozenset[str] = frozenset()
    """Whose statistics it is part of; a policy that serves only since then has nothing to take back."""
    manifest_version: int = 0
    """What served when it was applied; with the digest it says by which parameters was learned."""
    manifest_digest: str = ""


@dataclass(frozen=True)
class Learnable:
    """All that applying one reward needs."""

    decision: Decision | None
    state: StoredState
    applied: Applied | None
    consented: bool
    erased: bool


class LostRace(Exception):
    """Another reward of this person was applied meanwhile; read again."""


class PersonErased(Exception):
    """Nothing may be written about this person any more."""


def parse_statistics(row: Mapping[str, Any] | None) -> StoredState:
    """The state of a raw row; empty when there is none."""
    if not row:
        return StoredState()
    return StoredState(
        sequence=int(row["sequence"]["N"]),
        states={name: bytes(value["B"]) for name, value in row["states"]["M"].items()},
        feature_version=int(row["feature_version"]["N"]),
    )


def _trainable(decisions: Sequence[Any], consents: Mapping[str, Any] | None) -> bool:
    """Whether the decision may be learned from, by the rows as they are."""
    if not decisions or not consents:
        return False
    row = decisions[0]
    states = json.loads(consents["body"]["S"]).get("consents", {})
    return trainable(
        Decision.model_validate_json(row["body"]["S"]).decided_at,
        json.loads(row["granted"]["S"]) if "granted" in row else (),
        {name: ConsentState.model_validate(state) for name, state in states.items()},
    )


class StatisticsTable:
    """Reads what learning needs, writes statistics and marker in one transaction."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def _table(self, name: str) -> str:
        return physical_name(self._stage, name)

    def read(self, person_id: str, decision_id: str) -> Learnable:
        """Decision, statistics, consents and tombstone, then the decision's latest marker.

        The statistics are read before the marker: a reward applied in between fails the version check.
        """
        person = {"S": person_id}
        keys: dict[str, list[Any]] = {
            self._table("decisions"): [{"person_id": person, "decision_id": {"S": decision_id}}],
            self._table("statistics"): [{"person_id": person}],
            self._table("profiles"): [
                {"person_id": person, "part": {"S": p}} for p in ("consents", "erased")
            ],
        }
        answer = self._client.batch_get_item(
            RequestItems={table: {"Keys": k, "ConsistentRead": True} for table, k in keys.items()}
        )
        if answer.get("UnprocessedKeys"):
            raise RuntimeError("reads are throttled")
        rows = {table: answer["Responses"].get(table, []) for table in keys}
        decisions, statistics = rows[self._table("decisions")], rows[self._table("statistics")]
        parts = {row["part"]["S"]: row for row in rows[self._table("profiles")]}
        return Learnable(
            decision=Decision.model_validate_json(decisions[0]["body"]["S"]) if decisions else None,
            state=parse_statistics(statistics[0] if statistics else None),
            applied=self._applied(person_id, decision_id),
            consented=_trainable(decisions, parts.get("consents")),
            erased="erased" in parts,
        )

    def _applied(self, person_id: str, decision_id: str) -> Applied | None:
        markers = self._client.query(
            TableName=self._table("reward-markers"),
            KeyConditionExpression="person_id = :p AND begins_with(revision_key, :d)",
            ExpressionAttributeValues={":p": {"S": person_id}, ":d": {"S": f"{decision_id}#"}},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )["Items"]
        if not markers:
            return None
        marker, policies = parse_marker(markers[0]), frozenset(markers[0]["policies"]["SS"])
        return Applied(
            marker.revision, marker.reward, policies, marker.manifest_version, marker.manifest_digest
        )

    def apply(
        self,
        person_id: str,
        decision_id: str,
        applied: Applied,
        decided_at: datetime,
        before: StoredState,
        states: Mapping[str, bytes],
    ) -> None:
        """Write the new states and the marker, both or none. Raises LostRace or PersonErased."""
        sequence = {"N": str(before.sequence + 1)}
        statistics = {
            "person_id": {"S": person_id},
            "sequence": sequence,
            "feature_version": {"N": str(FEATURE_VERSION)},
            "states": {"M": {name: {"B": state} for name, state in states.items()}},
        }
        marker = {
            "person_id": {"S": person_id},
            "revision_key": {"S": revision_key(decision_id, applied.revision)},
            "reward": {"N": repr(applied.reward)},
            "policies": {"SS": sorted(applied.policies)},
            "decided_at": {"S": storable(decided_at)},
            "sequence": sequence,
            "manifest_version": {"N": str(applied.manifest_version)},
            "manifest_digest": {"S": applied.manifest_digest},
        }
        unchanged: dict[str, Any] = (
            {
                "ConditionExpression": "#s = :s",
                "ExpressionAttributeNames": {"#s": "sequence"},
                "ExpressionAttributeValues": {":s": {"N": str(before.sequence)}},
            }
            if before.sequence
            else {"ConditionExpression": "attribute_not_exists(person_id)"}
        )
        writes = [
            {
                "ConditionCheck": {
                    "TableName": self._table("profiles"),
                    "Key": {"person_id": {"S": person_id}, "part": {"S": "erased"}},
                    "ConditionExpression": "attribute_not_exists(person_id)",
                }
            },
            {
                # Withdrawn meanwhile counts as a lost race: read again, it is not learned from.
                "ConditionCheck": {
                    "TableName": self._table("profiles"),
                    "Key": {"person_id": {"S": person_id}, "part": {"S": "consents"}},
                    "ConditionExpression": "contains(granted, :learning)",
                    "ExpressionAttributeValues": {":learning": {"S": "learning"}},
                }
            },
            {"Put": {"TableName": self._table("statistics"), "Item": statistics, **unchanged}},
            {
                "Put": {
                    "TableName": self._table("reward-markers"),
                    "Item": marker,
                    "ConditionExpression": "attribute_not_exists(person_id)",
                }
            },
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

    def forget(self, person_id: str) -> int:
        """Delete the statistics; how many rows went."""
        answer = self._client.delete_item(
            TableName=self._table("statistics"), Key={"person_id": {"S": person_id}}, ReturnValues="ALL_OLD"
        )
        return 1 if answer.get("Attributes") else 0

    def statistics(self, person_id: str) -> StoredState:
        """The statistics alone."""
        answer = self._client.get_item(
            TableName=self._table("statistics"), Key={"person_id": {"S": person_id}}, ConsistentRead=True
        )
        return parse_statistics(answer.get("Item"))

    def markers(self, person_id: str) -> Iterable[dict[str, Any]]:
        """Every marker of the person: revision_key, reward, decided_at and sequence."""
        for row in self._marker_rows(person_id):
            yield {
                "revision_key": row["revision_key"]["S"],
                "reward": float(row["reward"]["N"]),
                "decided_at": row["decided_at"]["S"],
                "sequence": int(row["sequence"]["N"]),
            }

    def history(self, person_id: str) -> Iterable[Marker]:
        """Every marker of the person, as replay takes them, by decision and revision."""
        return (parse_marker(row) for row in self._marker_rows(person_id))

    def _marker_rows(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        query: dict[str, Any] = {
            "TableName": self._table("reward-markers"),
            "KeyConditionExpression": "person_id = :p",
            "ExpressionAttributeValues": {":p": {"S": person_id}},
            "ConsistentRead": True,
        }
        while True:
            page = self._client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def forget_markers(self, person_id: str) -> int:
        """Delete all markers, page by page; how many rows went."""
        table, gone = self._table("reward-markers"), 0
        keys = [
            {"person_id": {"S": person_id}, "revision_key": {"S": m["revision_key"]}}
            for m in self.markers(person_id)
        ]
        for start in range(0, len(keys), _BATCH):
            left: dict[str, Any] = {
                table: [{"DeleteRequest": {"Key": k}} for k in keys[start : start + _BATCH]]
            }
            while left:
                left = cast(
                    "Any", self._client.batch_write_item(RequestItems=left).get("UnprocessedItems", {})
                )
            gone += len(keys[start : start + _BATCH])
        return gone
