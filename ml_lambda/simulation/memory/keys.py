"""KeyTable and Wrapper in memory: sealing for real, under keys that never leave the process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.contracts.ports import Unsealable
from chalicelib.runtime.sealing import KeyRow


@dataclass
class MemoryKeyTable:
    """Wrapped keys by person."""

    rows: dict[str, KeyRow] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def read(self, person_id: str) -> KeyRow | None:
        """The person's row."""
        self.calls.append("read")
        return self.rows.get(person_id)

    def create(self, person_id: str, wrapped: bytes) -> bool:
        """Keep a new ring unless there is a row."""
        self.calls.append("create")
        if person_id in self.rows:
            return False
        self.rows[person_id] = KeyRow(wrapped)
        return True

    def replace(self, person_id: str, seen: bytes, wrapped: bytes) -> bool:
        """Put a changed ring in the place of the one seen."""
        if self.rows.get(person_id) != KeyRow(seen):
            return False
        self.rows[person_id] = KeyRow(wrapped)
        return True

    def destroy(self, person_id: str) -> None:
        """As if the tombstone stood."""
        self.rows[person_id] = KeyRow(None)


@dataclass
class MemoryWrapper:
    """`generation` is the wrapping key of now; wrapped keys begin with it. `draw` makes n random bytes."""

    keys: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    generation: int = 1
    calls: list[str] = field(default_factory=list)
    draw: Callable[[int], bytes] = os.urandom

    def generate(self, person_id: str) -> tuple[bytes, bytes]:
        """A fresh data key, in the clear and wrapped."""
        self.calls.append("generate")
        key = self.draw(32)
        return key, self._wrap(person_id, key)

    def unwrap(self, person_id: str, wrapped: bytes) -> bytes:
        """The data key. Raises Unsealable for another person's."""
        self.calls.append("unwrap")
        try:
            return self.keys[person_id, wrapped]
        except KeyError:
            raise Unsealable from None

    def rewrap(self, person_id: str, wrapped: bytes) -> bytes | None:
        """The same data key under the wrapping key of now; None: it is already."""
        key = self.unwrap(person_id, wrapped)
        return None if wrapped[0] == self.generation else self._wrap(person_id, key)

    def _wrap(self, person_id: str, key: bytes) -> bytes:
        wrapped = bytes([self.generation]) + self.draw(48)
        self.keys[person_id, wrapped] = key
        return wrapped
