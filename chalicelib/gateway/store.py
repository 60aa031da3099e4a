"""DynamoDB behind the rate limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.operand import Path

from chalicelib.gateway.limits import person_bucket
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

_TOO_FAST: Final = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
)
_VERY_MANY: Final = 2**31


class RateRow(Row):
    """The calls of a minute, by bucket; the counters have names of `runtime/counting.py`."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("rates")

    bucket = UnicodeAttribute(hash_key=True)
    expires = NumberAttribute()


class RateTable:
    """A `RateStore`, and a `PersonalStore`."""

    name = "rates"

    def count(self, bucket: str, *, counters: Mapping[str, bool], expires: int) -> int:
        """One UpdateItem. A bucket that DynamoDB itself finds too busy is over any limit."""
        counted = [name for name, add in counters.items() if add]
        try:
            answer = RateRow(bucket).update(
                actions=[
                    RateRow.expires.set(expires),
                    *(Path(name).add(1) for name in counted),
                    *(Path(name).remove() for name, add in counters.items() if not add),
                ]
            )
        except UpdateError as error:
            if error.cause_response_code in _TOO_FAST:
                return _VERY_MANY
            raise
        return min(int(answer["Attributes"][name]["N"]) for name in counted)

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """Nothing: how many calls there were in a minute that is over says nothing about anybody."""
        yield from ()

    def erase(self, person_id: str) -> int:
        """Forget the person's bucket before it expires."""
        try:
            RateRow(person_bucket(person_id)).delete(condition=RateRow.bucket.exists())
        except DeleteError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                return 0
            raise
        return 1
