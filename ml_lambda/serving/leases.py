"""Row `lease` of the table `pools`: who refills a person's pool now, and who came meanwhile.

A lease lasts as long as its holder can live: one who was killed is in nobody's way for longer. Who finds it
taken leaves a note; the holder cannot give it back without reading that.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from chalicelib.contracts.stores import physical_name
from chalicelib.runtime import aws
from chalicelib.runtime.settings import settings
from ml_lambda.serving.pools import LEASE, LostRace, PersonErased

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES: Final = 6
"""How often it looks again at a lease that is taken and given back at the same moment."""
_REFUSED: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to refill one person's pool, until it is given back or its holder can no longer live."""

    person_id: str
    holder: str


class LeaseTable:
    """Leases in DynamoDB: one call to take one, one to give it back, one more for each time somebody came."""

    def __init__(self, client: DynamoDBClient | None = None, stage: str | None = None) -> None:
        self._client = client or aws.dynamodb()
        self._stage = stage or settings().stage

    def claim(self, person_id: str, closed: Collection[str], now: datetime, until: datetime) -> Lease | None:
        """The lease; None when another holds it, who is told to look again and which items are `closed`.

        Raises PersonErased, and LostRace when it changed hands at every try.
        """
        lease = Lease(person_id, uuid4().hex)
        for _ in range(_TRIES):
            if self._take(lease, now, until):
                return lease
            if self._tell(person_id, closed, now):
                return None
        raise LostRace

    def end(self, lease: Lease) -> frozenset[str] | None:
        """Give it back: None. Or, when somebody came, keep it: the items that they said are closed."""
        mine: Any = {"ExpressionAttributeValues": {":h": {"S": lease.holder}}}
        try:
            self._client.delete_item(
                **self._row(lease.person_id),
                ConditionExpression="holder = :h AND attribute_not_exists(told)",
                **mine,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            pass
        else:
            return None
        try:
            answer = self._client.update_item(
                **self._row(lease.person_id),
                UpdateExpression="REMOVE told",
                ConditionExpression="holder = :h",
                ReturnValues="UPDATED_OLD",
                **mine,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            # It lapsed and another has it, or it went with the person: nothing is left to be done here.
            return None
        return frozenset(ref["S"] for ref in answer["Attributes"]["told"]["L"])

    def drop(self, lease: Lease) -> None:
        """Give it back unread, after a failure: the message of who held it comes again."""
        try:
            self._client.delete_item(
                **self._row(lease.person_id),
                ConditionExpression="holder = :h",
                ExpressionAttributeValues={":h": {"S": lease.holder}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _take(self, lease: Lease, now: datetime, until: datetime) -> bool:
        row = self._row(lease.person_id)
        item = {
            **row["Key"],
            "holder": {"S": lease.holder},
            "expires": {"N": str(math.ceil(until.timestamp()))},
        }
        erased = {"person_id": {"S": lease.person_id}, "part": {"S": "erased"}}
        try:
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "ConditionCheck": {
                            "TableName": physical_name(self._stage, "profiles"),
                            "Key": erased,
                            "ConditionExpression": "attribute_not_exists(person_id)",
                        }
                    },
                    {
                        "Put": {
                            "TableName": row["TableName"],
                            "Item": item,
                            "ConditionExpression": "attribute_not_exists(person_id) OR expires <= :now",
                            "ExpressionAttributeValues": {":now": _seconds(now)},
                        }
                    },
                ]
            )
        except self._client.exceptions.TransactionCanceledException as error:
            response: Any = error.response
            left, taken = (reason["Code"] for reason in response["CancellationReasons"])
            if left == "ConditionalCheckFailed":
                raise PersonErased from None
            if _REFUSED & {left, taken}:
                return False
            raise
        return True

    def _tell(self, person_id: str, closed: Collection[str], now: datetime) -> bool:
        """Leave a note for the holder; False when there is none any more."""
        refs: list[Any] = [{"S": ref} for ref in sorted(closed)]
        try:
            self._client.update_item(
                **self._row(person_id),
                UpdateExpression="SET told = list_append(if_not_exists(told, :none), :refs)",
                ConditionExpression="expires > :now",
                ExpressionAttributeValues={":none": {"L": []}, ":refs": {"L": refs}, ":now": _seconds(now)},
            )
        except (
            self._client.exceptions.ConditionalCheckFailedException,
            self._client.exceptions.TransactionConflictException,
        ):
            return False
        return True

    def _row(self, person_id: str) -> Any:
        key = {"person_id": {"S": person_id}, "part": {"S": LEASE}}
        return {"TableName": physical_name(self._stage, "pools"), "Key": key}


def _seconds(at: datetime) -> Any:
    return {"N": str(int(at.timestamp()))}
