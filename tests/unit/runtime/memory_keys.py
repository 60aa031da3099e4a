"""Key table and wrapping key in memory; tests/contract/test_sealing.py holds them to the real ones."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from chalicelib.contracts.ports import Unsealable
from chalicelib.runtime.sealing import KeyRow, PersonSealer


@dataclass
class MemoryKeyTable:
    rows: dict[str, KeyRow] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def read(self, person_id: str) -> KeyRow | None:
        self.calls.append("read")
        return self.rows.get(person_id)

    def create(self, person_id: str, wrapped: bytes) -> bool:
        self.calls.append("create")
        if person_id in self.rows:
            return False
        self.rows[person_id] = KeyRow(wrapped)
        return True

    def replace(self, person_id: str, seen: bytes, wrapped: bytes) -> bool:
        if self.rows.get(person_id) != KeyRow(seen):
            return False
        self.rows[person_id] = KeyRow(wrapped)
        return True

    def destroy(self, person_id: str) -> None:
        self.rows[person_id] = KeyRow(None)


@dataclass
class MemoryWrapper:
    """`generation` is the KMS key of now; wrapped keys begin with it."""

    keys: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    generation: int = 1
    calls: list[str] = field(default_factory=list)

    def generate(self, person_id: str) -> tuple[bytes, bytes]:
        self.calls.append("generate")
        key = os.urandom(32)
        return key, self._wrap(person_id, key)

    def unwrap(self, person_id: str, wrapped: bytes) -> bytes:
        self.calls.append("unwrap")
        try:
            return self.keys[person_id, wrapped]
        except KeyError:
            raise Unsealable from None

    def rewrap(self, person_id: str, wrapped: bytes) -> bytes | None:
        key = self.unwrap(person_id, wrapped)
        return None if wrapped[0] == self.generation else self._wrap(person_id, key)

    def _wrap(self, person_id: str, key: bytes) -> bytes:
        wrapped = bytes([self.generation]) + os.urandom(48)
        self.keys[person_id, wrapped] = key
        return wrapped


def memory_sealer() -> PersonSealer:
    return PersonSealer(MemoryKeyTable(), MemoryWrapper())
