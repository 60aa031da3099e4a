"""New keys for old, while everything serves. For operators: `python -m infra keys`.

Two keys rotate, apart from each other:

- **The KMS key** that wraps. A new one takes over the alias, the old one gets `<alias>-previous`; from then
  on new people are wrapped under the new one, everyone else still opens, and `rewrap` brings them over.
- **A person's data key.** `rotate` adds a version, which seals from now on; every earlier one still opens.
  `reseal` seals again what rests under an earlier one (contracts/stores.py says where), and `retire` drops
  the versions that nothing needs any more. The first stays: keyed hashes, and so ids, come from it. What
  models wrote ahead (`pools`) is left: it is gone long before a version may be.

Each step is a conditional write of one row, so each can be broken off and begun again at any point, and none
brings back a key that was destroyed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib.contracts.errors import Conflict
from chalicelib.contracts.ports import KeyDestroyed, Unsealable
from chalicelib.contracts.stores import STORES, Sealed, Store, physical_name
from chalicelib.runtime.key_ring import KeyRing, read_ring
from chalicelib.runtime.sealing import KeyTable, KeyWrapper, PersonSealer, version_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTEMPTS: Final = 5
DAY: Final = 86_400
RETIRE_AFTER: Final = 15 * DAY
"""Sealed titles wait in queues too: a dead letter for up to 14 days. Also far beyond `CACHE_SECONDS`."""


class KeyRotation:
    """Changes the rings of `person-keys`."""

    def __init__(self, table: KeyTable, wrapper: KeyWrapper, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._wrapper = wrapper
        self._now = now

    def rewrap(self, person_id: str) -> bool:
        """All versions under the KMS key of today; False when they were.

        Raises `KeyDestroyed`, `Unsealable`.
        """

        def change(ring: KeyRing) -> KeyRing:
            news = ((key, self._wrapper.rewrap(person_id, key.wrapped)) for key in ring.keys)
            return KeyRing(tuple(replace(key, wrapped=new) if new else key for key, new in news))

        return self._change(person_id, change)

    def rotate(self, person_id: str) -> int:
        """A new version, which seals from now on; its number. Raises `KeyDestroyed`, `Unsealable`."""
        now = int(self._now())
        self._change(person_id, lambda ring: ring.with_new(self._wrapper.generate(person_id)[1], now))
        return self._ring(person_id)[1].current.version

    def retire(self, person_id: str) -> bool:
        """Drop the versions between the first and the current; False when nothing was dropped.

        Only when the current one is older than `RETIRE_AFTER`, and after `reseal` found nothing more to do.
        """
        ring = self._ring(person_id)[1]
        if ring.current.made_at > self._now() - RETIRE_AFTER:
            return False
        return self._change(person_id, lambda ring: KeyRing(tuple(dict.fromkeys((ring.first, ring.current)))))

    def _change(self, person_id: str, change: Callable[[KeyRing], KeyRing]) -> bool:
        for _ in range(ATTEMPTS):
            seen, ring = self._ring(person_id)
            changed = change(ring)
            if changed == ring:
                return False
            if self._table.replace(person_id, seen, changed.to_bytes()):
                return True
        raise Conflict("The person's keys are being changed elsewhere; try again.")

    def _ring(self, person_id: str) -> tuple[bytes, KeyRing]:
        row = self._table.read(person_id)
        if row is None:
            raise Unsealable("this person has no key")
        if row.wrapped is None:
            raise KeyDestroyed("this person's key was destroyed")
        return row.wrapped, read_ring(row.wrapped)


@dataclass
class Resealed:
    """What one run over a person did."""

    sealed: int = 0
    left: int = 0
    """Could not be opened: expired keys, another's bytes. They stay as they are."""


class Resealer:
    """Seals again, under the current version, what rests under an earlier one."""

    def __init__(self, client: DynamoDBClient, stage: str, sealer: PersonSealer) -> None:
        self._client = client
        self._stage = stage
        self._sealer = sealer

    def reseal(self, person_id: str) -> Resealed:
        """Everything of one person; a second run finds nothing to do. Raises `KeyDestroyed`."""
        current = self._sealer.current_version(person_id)
        done = Resealed()
        for store in STORES:
            for sealed in store.sealed:
                for row in self._rows(store, sealed, person_id):
                    self._again(store, sealed, row, person_id, current, done)
        return done

    def _rows(self, store: Store, sealed: Sealed, person_id: str) -> Iterator[dict[str, Any]]:
        names = {"#p": store.key, "#s": store.sort or store.key, "#a": sealed.attribute}
        for page in self._client.get_paginator("query").paginate(
            TableName=physical_name(self._stage, store.name),
            ConsistentRead=True,
            KeyConditionExpression="#p = :p",
            FilterExpression="attribute_exists(#a)",
            ProjectionExpression="#p, #s, #a" if store.sort else "#p, #a",
            ExpressionAttributeNames=names if store.sort else {k: names[k] for k in ("#p", "#a")},
            ExpressionAttributeValues={":p": {"S": person_id}},
        ):
            yield from page["Items"]

    def _again(
        self, store: Store, sealed: Sealed, row: dict[str, Any], person_id: str, current: int, done: Resealed
    ) -> None:
        seen = bytes(row[sealed.attribute]["B"])
        key = {name: row[name] for name in (store.key, store.sort) if name}
        purpose = sealed.purpose(row[store.sort]["S"] if store.sort else "")
        try:
            if version_of(seen) == current:
                return
            again = self._sealer.seal(person_id, purpose, self._sealer.open(person_id, purpose, seen))
        except Unsealable:
            done.left += 1
            return
        try:
            self._client.update_item(
                TableName=physical_name(self._stage, store.name),
                Key=key,
                UpdateExpression="SET #a = :new",
                # Changed or deleted meanwhile: the next run finds what was sealed under an earlier version.
                ConditionExpression="#a = :seen",
                ExpressionAttributeNames={"#a": sealed.attribute},
                ExpressionAttributeValues={":new": {"B": again}, ":seen": {"B": seen}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return
        done.sealed += 1
