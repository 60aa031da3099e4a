"""What models may cost in a day (UTC): tokens per person, and of everybody together.

A call reserves the most that it can cost before it is made, and settles what it did cost after. Each
reservation is one conditional write per row, so that no two calls at once go beyond a budget; a process that
dies between the two leaves its reservation standing, so more is counted then, never less. Beyond a budget
rules serve.

The store `model-usage` has one row per person and day, and one per day of the deployment, under `DEPLOYMENT`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.logging import logger
from chalicelib.runtime.settings import Settings, settings
from ml_lambda.llm.contract import ModelUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEPLOYMENT: Final = "deployment"
"""Where the key of a person's row stands, in everybody's; no person is called so, their ids are random."""
KEPT: Final = timedelta(days=7)
_STORE: Final = "model-usage"
_ADD: Final = "ADD tokens :tokens, calls :one SET expires = :expires"
_ROOM: Final = "attribute_not_exists(tokens) OR tokens <= :room"
_REFUSED: Final = "ConditionalCheckFailed"
_CONFLICT: Final = "TransactionConflict"
_TRIES: Final = 8

_log = logger("llm")


class Budget(Protocol):
    """How many tokens may still be used. `person_id` None: nobody's, the deployment's alone."""

    def reserve(self, person_id: str | None, tokens: int, now: datetime) -> None:
        """Take that many before a call. Raises ModelUnavailable("budget") when they are not there."""
        ...

    def settle(self, person_id: str | None, reserved: int, used: int, now: datetime) -> None:
        """Put right what was taken, by what was used. `now` is that of the reservation: its day counts."""
        ...


class Unlimited:
    """No budget: for tools that an operator runs, which serve nobody."""

    def reserve(self, person_id: str | None, tokens: int, now: datetime) -> None:
        """Always there."""

    def settle(self, person_id: str | None, reserved: int, used: int, now: datetime) -> None:
        """Nothing was taken."""


class TokenBudget:
    """Budgets over the store `model-usage`, which is also a person's store: exported and erased."""

    name = _STORE

    def __init__(
        self,
        client: DynamoDBClient | None = None,
        configuration: Settings | None = None,
    ) -> None:
        self._client = client or aws.dynamodb()
        chosen = configuration or settings()
        self._stage = chosen.stage
        self._per_person = chosen.person_tokens_per_day
        self._together = chosen.deployment_tokens_per_day
        self._table = physical_name(self._stage, "model-usage")

    def reserve(self, person_id: str | None, tokens: int, now: datetime) -> None:
        """Take them from the person's day and from everybody's, or from none."""
        if person_id is not None:
            self._take_of_person(person_id, tokens, now)
        try:
            self._take_of_all(tokens, now)
        except ModelUnavailable:
            if person_id is not None:
                self._give_back(person_id, tokens, now)
            raise

    def settle(self, person_id: str | None, reserved: int, used: int, now: datetime) -> None:
        """Never raises: what cannot be given back stays taken."""
        if reserved != used:
            for key in filter(None, (person_id, DEPLOYMENT)):
                self._give_back(key, reserved - used, now)

    # --- as a person's store ----------------------------------------------------------------------

    def export(self, person_id: str) -> Iterable[Mapping[str, Any]]:
        """One row per day of the last week: how many calls were made, and their tokens."""
        for row in self._rows(person_id):
            yield {
                "day": row["day"]["S"],
                "tokens": int(row["tokens"]["N"]),
                "calls": int(row["calls"]["N"]),
            }

    def erase(self, person_id: str) -> int:
        """Delete them; how many rows went."""
        days = [row["day"]["S"] for row in self._rows(person_id)]
        for day in days:
            self._client.delete_item(TableName=self._table, Key=_key(person_id, day))
        return len(days)

    # --- the rows -----------------------------------------------------------------------------------

    def _rows(self, person_id: str) -> list[Mapping[str, Any]]:
        """A week's rows are one page."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="person_id = :p",
            ExpressionAttributeValues={":p": {"S": person_id}},
            ConsistentRead=True,
        )
        return cast("list[Mapping[str, Any]]", answer["Items"])

    def _take(self, key: str, tokens: int, most: int, now: datetime) -> dict[str, Any]:
        if tokens > most:
            raise ModelUnavailable("budget", "one call costs more than a day")
        return {
            "TableName": self._table,
            "Key": _key(key, _day(now)),
            "UpdateExpression": _ADD,
            "ConditionExpression": _ROOM,
            "ExpressionAttributeValues": {
                ":tokens": {"N": str(tokens)},
                ":one": {"N": "1"},
                ":expires": {"N": str(_expires(now))},
                ":room": {"N": str(most - tokens)},
            },
        }

    def _take_of_all(self, tokens: int, now: datetime) -> None:
        try:
            self._client.update_item(**self._take(DEPLOYMENT, tokens, self._together, now))
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ModelUnavailable("budget", "of the deployment") from None

    def _take_of_person(self, person_id: str, tokens: int, now: datetime) -> None:
        """With the tombstone in the same transaction: of who was erased no row is made again."""
        taken = self._take(person_id, tokens, self._per_person, now)
        erased = {
            "TableName": physical_name(self._stage, "profiles"),
            "Key": {"person_id": {"S": person_id}, "part": {"S": "erased"}},
            "ConditionExpression": "attribute_not_exists(person_id)",
        }
        for _ in range(_TRIES):
            try:
                self._client.transact_write_items(
                    TransactItems=cast("Any", [{"ConditionCheck": erased}, {"Update": taken}])
                )
                return
            except self._client.exceptions.TransactionCanceledException as error:
                codes = [r["Code"] for r in cast("Any", error.response)["CancellationReasons"]]
            if _REFUSED in codes:
                raise ModelUnavailable("budget", "of the person")
            if _CONFLICT not in codes:
                raise RuntimeError("the budget's write was cancelled: " + ", ".join(codes))
        raise ModelUnavailable("budget", "too many calls for one person at once")

    def _give_back(self, key: str, tokens: int, now: datetime) -> None:
        """Only where there is a row: a person erased meanwhile has none, and gets none."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(key, _day(now)),
                UpdateExpression="ADD tokens :tokens",
                ConditionExpression="attribute_exists(person_id)",
                ExpressionAttributeValues={":tokens": {"N": str(-tokens)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return
        # The answer is there and paid for; that more is counted than was used is no reason to lose it.
        except Exception as error:
            _log.exception("tokens stay taken", error)


def _key(key: str, day: str) -> dict[str, Any]:
    return {"person_id": {"S": key}, "day": {"S": day}}


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _expires(now: datetime) -> int:
    """Seconds: when the day's row is of no more use."""
    end = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    return int((end + KEPT).timestamp())
