"""The table `models`: what serves, the priors it names, and the gate's evidence. Nothing personal.

| name | attributes | |
|---|---|---|
| `serving` | version, body, priors | the manifest in force, with the text of every prior it names |
| `serving#<version>` | version, body, priors | every manifest that served: the decision log names them |
| `prior#<version>` | body | a prior as published; never changed |
| `gate#<experiment>` | decisions, body | how far the evidence of an experiment has come |
| `observed#<experiment>` | days | marks of the decisions that it rests on, by day of the log |

The priors are in the manifest's own item, so that one read brings all that a scorer needs and a manifest
never comes into force before its priors.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, cast

from chalicelib.contracts.experiments import GateState, Manifest
from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.policies.priors import shipped

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SERVING: Final = "serving"
"""The name of the item that `rank` and `learn` read."""
LIMIT: Final = 300_000
"""Bytes of a manifest with its priors; DynamoDB refuses an item of more than 400 KB."""
_DIGITS: Final = 10
_MARK: Final = 6
"""Bytes of a mark: 28 days of 2,000 decisions fit one item, and no two are likely to share one."""


class ManifestConflict(Exception):
    """Somebody published, or the gate went on, meanwhile: read again and decide again."""


class UnknownPrior(ValueError):
    """A manifest names a prior that is neither shipped nor kept here."""


@dataclass(frozen=True)
class Published:
    """A manifest and the text of the priors it names that are not shipped with the code, by version."""

    manifest: Manifest
    priors: Mapping[str, str] = field(default_factory=dict)


def parse_published(row: Mapping[str, Any]) -> Published:
    """A raw row. Raises ValueError (pydantic's, too) when this code cannot read it."""
    priors = row.get("priors", {"M": {}})["M"]
    return Published(
        Manifest.model_validate_json(row["body"]["S"]), {v: text["S"] for v, text in priors.items()}
    )


class ManifestTable:
    """Publishes and reads; used by pipelines. `rank` and `learn` read the item within their own batch."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._table = physical_name(stage or settings().stage, "models")

    def current(self) -> Published | None:
        """What was published last; None: nothing yet, the settings say what serves."""
        row = self.row()
        return parse_published(row) if row else None

    def row(self) -> Mapping[str, Any] | None:
        """The item `serving` as it is; for who keeps it only when its version changed."""
        return self._row(SERVING)

    def version(self, number: int) -> Published | None:
        """The manifest of that version, whether or not it still serves."""
        row = self._row(_past(number))
        return parse_published(row) if row else None

    def publish(self, manifest: Manifest) -> None:
        """Bring a manifest into force: live within a minute, without deploy or cold start.

        Its version must be one more than the last (1 for the first). Raises ManifestConflict when
        another was published meanwhile, UnknownPrior, and ValueError when it is too large.
        """
        priors = self._priors(manifest)
        body = manifest.model_dump_json()
        if len(body) + sum(len(text.encode()) for text in priors.values()) > LIMIT:
            raise ValueError(f"a manifest with its priors has at most {LIMIT} bytes")
        content = {
            "version": {"N": str(manifest.version)},
            "body": {"S": body},
            "priors": {"M": {version: {"S": text} for version, text in priors.items()}},
        }
        follows: dict[str, Any] = (
            {
                "ConditionExpression": "version = :before",
                "ExpressionAttributeValues": {":before": {"N": str(manifest.version - 1)}},
            }
            if manifest.version > 1
            else {
                "ConditionExpression": "attribute_not_exists(#n)",
                "ExpressionAttributeNames": {"#n": "name"},
            }
        )
        puts = [
            {"Put": {"TableName": self._table, "Item": {"name": {"S": SERVING}, **content}, **follows}},
            {"Put": {"TableName": self._table, "Item": {"name": {"S": _past(manifest.version)}, **content}}},
        ]
        try:
            self._client.transact_write_items(TransactItems=cast("Any", puts))
        except self._client.exceptions.TransactionCanceledException as error:
            codes = {r["Code"] for r in cast("Any", error.response)["CancellationReasons"]}
            if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
                raise ManifestConflict(f"version {manifest.version} does not follow the last") from None
            raise

    def keep_prior(self, version: str, body: str) -> None:
        """Keep a prior's JSON. The same text again changes nothing; ValueError for another text."""
        json.loads(body)
        try:
            self._client.put_item(
                TableName=self._table,
                Item={"name": {"S": f"prior#{version}"}, "body": {"S": body}},
                ConditionExpression="attribute_not_exists(#n) OR body = :b",
                ExpressionAttributeNames={"#n": "name"},
                ExpressionAttributeValues={":b": {"S": body}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ValueError(f"prior {version} is published already, with other content") from None

    def prior(self, version: str) -> str | None:
        """The text of a prior that was published; None when it was not."""
        row = self._row(f"prior#{version}")
        return cast("str", row["body"]["S"]) if row else None

    def gate(self, experiment: str) -> GateState | None:
        """The evidence of an experiment so far; None: none yet."""
        row = self._row(_gate(experiment))
        return GateState.model_validate_json(row["body"]["S"]) if row else None

    def observed(self, experiment: str) -> dict[str, frozenset[int]]:
        """By day of the decisions log, the marks (`mark`) of what that evidence rests on."""
        row = self._row(_observed(experiment))
        return {day: _unpacked(held["B"]) for day, held in row["days"]["M"].items()} if row else {}

    def keep_gate(
        self, state: GateState, before: GateState | None, observed: Mapping[str, Collection[int]]
    ) -> None:
        """Go on from `before`: the evidence and what it rests on, both or none.

        `observed`: marks by day, all that are to be kept. Raises ManifestConflict when another run went on
        from `before` meanwhile.
        """
        condition: dict[str, Any] = (
            {
                "ConditionExpression": "decisions = :d",
                "ExpressionAttributeValues": {":d": {"N": str(before.decisions)}},
            }
            if before
            else {
                "ConditionExpression": "attribute_not_exists(#n)",
                "ExpressionAttributeNames": {"#n": "name"},
            }
        )
        evidence = {
            "name": {"S": _gate(state.experiment)},
            "decisions": {"N": str(state.decisions)},
            "body": {"S": state.model_dump_json()},
        }
        marks = {
            "name": {"S": _observed(state.experiment)},
            "days": {"M": {day: {"B": _packed(held)} for day, held in observed.items()}},
        }
        puts = [
            {"Put": {"TableName": self._table, "Item": evidence, **condition}},
            {"Put": {"TableName": self._table, "Item": marks}},
        ]
        try:
            self._client.transact_write_items(TransactItems=cast("Any", puts))
        except self._client.exceptions.TransactionCanceledException as error:
            codes = {r["Code"] for r in cast("Any", error.response)["CancellationReasons"]}
            if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
                raise ManifestConflict(f"the gate of {state.experiment} has gone on meanwhile") from None
            raise

    def _priors(self, manifest: Manifest) -> dict[str, str]:
        found: dict[str, str] = {}
        for version in sorted({spec.prior for spec in manifest.policies if spec.prior}):
            text = self.prior(version)
            if text is not None:
                found[version] = text
            elif not shipped(version):
                raise UnknownPrior(f"no prior {version}: keep it before the manifest that names it")
        return found

    def _row(self, name: str) -> Mapping[str, Any] | None:
        answer = self._client.get_item(TableName=self._table, Key={"name": {"S": name}}, ConsistentRead=True)
        return answer.get("Item")


def mark(decision_id: str) -> int:
    """Six bytes that stand for a decision: enough to know it again, too few to look it up."""
    return int.from_bytes(sha256(decision_id.encode()).digest()[:_MARK], "big")


def _packed(marks: Collection[int]) -> bytes:
    return b"".join(m.to_bytes(_MARK, "big") for m in sorted(marks))


def _unpacked(held: Any) -> frozenset[int]:
    data = bytes(held)
    return frozenset(int.from_bytes(data[i : i + _MARK], "big") for i in range(0, len(data), _MARK))


def _past(version: int) -> str:
    return f"{SERVING}#{version:0{_DIGITS}d}"


def _gate(experiment: str) -> str:
    return f"gate#{experiment}"


def _observed(experiment: str) -> str:
    return f"observed#{experiment}"
